//! Part B: calls over UDP. The scenarios of a client by itself are in `asking.rs`.

use super::asking;
use super::checks::{
    ANN, Alone, BOB, NEXT, Served, THERE, call, client_config, done, fault_to, not_executed, reply_to,
    request, server_config, unknown, working,
};
use super::fuzz;
use super::history::{Ends, History, Promise};
use super::searched::{Calls, Mortal, search};
use super::world::{Load, World as Net};
use crate::{CLIENT, CallId, Fault, Incarnation, MAX_ARGUMENTS, MAX_RESULT, Message, SERVER, Why};
use faultline::disk::Unsynced;
use faultline::ms;
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::PEER;
use faultline::search::Limits;
use faultline::simulation::{Change, Link, Simulation};
use std::collections::BTreeSet;
use std::time::Duration;

/// The server after the next one.
const LAST: Incarnation = Incarnation(0x5E33 << 48);

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "B1",
        name: "a client greets the server, asks, and hands on the reply",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules B1, B2 and B4. What does a client have to know before it can ask, and who tells it?",
        run: asking::asks,
    },
    Scenario {
        id: "B2",
        name: "a server says who it is, has a request executed, and replies",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules B2 and B6. The server does not execute anything itself; when does it know the result?",
        run: answers,
    },
    Scenario {
        id: "B3",
        name: "what is not answered is sent again, each time after twice as long",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B3. Each call that waits has a time-out of its own; so has the greeting.",
        run: asking::asks_again,
    },
    Scenario {
        id: "B4",
        name: "calls do not wait for each other, and each gets its own reply",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules B3 and B5. What in a reply tells which call it answers?",
        run: asking::many_at_once,
    },
    Scenario {
        id: "B5",
        name: "replies that are old, foreign or unasked for change nothing",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B4. There are at least five ways in which a reply can be the wrong one.",
        run: asking::wrong_replies,
    },
    Scenario {
        id: "B6",
        name: "what is too large for a datagram is refused, clearly and at once",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule B8. Who can know that it is too large, and whom does it have to tell?",
        run: too_large,
    },
    Scenario {
        id: "B7",
        name: "a request for a server that is gone is not executed, and its client is told the truth",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B7. Which server was asked is written in the request. What can the new one know of what the old one did?",
        run: gone,
    },
    Scenario {
        id: "B8",
        name: "garbage and messages for somebody else change nothing",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule B9. Which kinds of messages has a client any use for, and which a server?",
        run: garbage,
    },
    Scenario {
        id: "B9",
        name: "each call is answered with its own result, whatever is lost, copied or late",
        part: 'B',
        points: 5,
        world: World::Search,
        seeds: 1,
        hint: "Rules B2 to B6. The story is the shortest there is: ask at each step what that machine could know.",
        run: every_order,
    },
    Scenario {
        id: "B10",
        name: "a call costs two datagrams in a good network, and is answered in a bad one",
        part: 'B',
        points: 4,
        world: World::Simulation,
        seeds: 10,
        hint: "Rules B3 and B10. The reply is the acknowledgement: who would need another one?",
        run: cost,
    },
    Scenario {
        id: "B11",
        name: "a client forgets what is finished, and is quiet when nothing is to be done",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule B10. What does a client still need to know about a call that is finished? Which timers?",
        run: asking::forgets,
    },
    Scenario {
        id: "B12",
        name: "thousands of malformed datagrams change nothing, cost little and leave nothing",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 4,
        hint: "Rule B9. The reason shows the datagram: who may have sent it, and what did you do before you knew?",
        run: |bench| fuzz::client(bench, 24).and_then(|()| fuzz::server(bench, 24)),
    },
    Scenario {
        id: "B13",
        name: "every life of a client and of a server has an incarnation of its own, all of it chance",
        part: 'B',
        points: 2,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule B1. How many bits does `ctx.random()` draw, and how many of them do you keep?",
        run: lives,
    },
];

fn answers(bench: &Bench<'_>) -> Outcome {
    let mut server = Served::start(bench)?;
    server.request(ANN, 1, 1, "a")?;
    server.expect_execute(ANN, 1, "a", "rule B6: this request is for this server")?;
    server.request(BOB, 1, 1, "b")?;
    server.expect_execute(BOB, 1, "b", "rule B6: this request is for this server")?;
    server.finish(BOB, 1, Ok("B"))?;
    server.expect(&reply_to(BOB, 1, "B"), "rule B6: the result goes to the client that asked")?;
    server.finish(ANN, 1, Err(Fault::NoSuchMethod))?;
    server.expect(&fault_to(ANN, 1, Fault::NoSuchMethod), "rule B6: a fault is an answer too")?;
    let other = server.script.peer("other");
    server.script.deliver(other, &request(BOB, server.me, 2, 2, "c"))?;
    server.expect_execute(BOB, 2, "c", "rule B6: this request is for this server")?;
    server.finish(BOB, 2, Ok("C"))?;
    let reply = reply_to(BOB, 2, "C");
    server.script.expect_datagram(other, &reply, "rule B6: the reply goes where the request came from")?;
    server.request(ANN, 2, 2, "d")?;
    server.expect_execute(ANN, 2, "d", "rule B6: this request is for this server")?;
    server.script.deliver(other, &request(ANN, server.me, 3, 2, "e"))?;
    server.expect_execute(ANN, 3, "e", "rule B6: this request is for this server")?;
    server.finish(ANN, 2, Ok("D"))?;
    let moved = "rule B6: the last REQUEST of this client for this server came from there";
    server.script.expect_datagram(other, &reply_to(ANN, 2, "D"), moved)?;
    server.script.deliver(PEER, &Message::Hello { client: ANN }.encode())?;
    let welcome = Message::Welcome { client: ANN, server: server.me };
    server.expect(&welcome.encode(), "rule B2: each HELLO is answered")?;
    server.script.deliver(PEER, &request(ANN, NEXT, 4, 2, "f"))?;
    let gone = Message::Gone { client: ANN, asked: NEXT, server: server.me };
    server.expect(&gone.encode(), "rule B7: another server was asked")?;
    server.finish(ANN, 3, Ok("E"))?;
    server.script.expect_datagram(other, &reply_to(ANN, 3, "E"), moved)?;
    server.finish(ANN, 9, Ok("Z"))?;
    server.script.expect_nothing("rule B9: nobody has asked for this call")
}

fn too_large(bench: &Bench<'_>) -> Outcome {
    let too_large = call(&"x".repeat(MAX_ARGUMENTS + 1));
    let mut client = Alone::start(bench)?;
    client.script.command(&too_large)?;
    client.script.expect_notice(&not_executed(1, Why::TooLarge), "rule B8: this can never be sent")?;
    client.script.expect_nothing("rule B8: nothing is sent, no HELLO either")?;
    client.script.expect_no_timer("rule B10: no call is unfinished")?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    client.script.command(&too_large)?;
    let rule = "rule B8: this can never be sent, whoever the server is";
    client.script.expect_notice(&not_executed(3, Why::TooLarge), rule)?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 2, 2, "a", "rule B2: now the client knows the server")?;
    client.script.command(&too_large)?;
    client.script.expect_notice(&not_executed(4, Why::TooLarge), "rule B8: this can never be sent")?;
    client.script.expect_nothing("rule B8: nothing is sent")?;
    let largest = "x".repeat(MAX_ARGUMENTS);
    client.script.command(&call(&largest))?;
    client.expect_request(THERE, 5, 2, &largest, "rule B8: this is just small enough, and call 5")?;

    let mut server = Served::start(bench)?;
    for (number, len) in [(1, MAX_RESULT), (2, MAX_RESULT + 1)] {
        server.request(ANN, number, 1, "a")?;
        server.expect_execute(ANN, number, "a", "rule B6: this request is for this server")?;
        let result = "x".repeat(len);
        server.finish(ANN, number, Ok(&result))?;
        let wanted = if len > MAX_RESULT {
            fault_to(ANN, number, Fault::TooLarge)
        } else {
            reply_to(ANN, number, &result)
        };
        server.expect(&wanted, "rule B8: a result has at most MAX_RESULT bytes")?;
    }
    Ok(())
}

fn gone(bench: &Bench<'_>) -> Outcome {
    let mut server = Served::start(bench)?;
    server.script.deliver(PEER, &request(ANN, NEXT, 1, 1, "a"))?;
    let gone = Message::Gone { client: ANN, asked: NEXT, server: server.me };
    server.expect(&gone.encode(), "rule B7: another server was asked")?;
    server.script.expect_nothing("rule B7: nothing is executed")?;
    server.serve(ANN, 2, 2, "b")?;

    let mut client = Alone::start(bench)?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    client.gone(NEXT, THERE)?;
    client.script.expect_nothing("rule B7: the client knows of no server yet")?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 1, 1, "a", "rule B2: now the client knows the server")?;
    client.script.command(&call("b"))?;
    client.expect_request(THERE, 2, 1, "b", "rule B2: the server is known")?;
    client.gone(NEXT, THERE)?;
    client.script.expect_nothing("rule B7: the client knows of another server, and not of this one")?;
    client.gone(THERE, NEXT)?;
    for number in [1, 2] {
        let rule = "rule B7: nobody knows what the server did before it was gone";
        client.script.expect_notice(&unknown(number, Why::Restarted), rule)?;
    }
    client.script.expect_no_timer("rule B10: no call is unfinished")?;
    client.script.command(&call("c"))?;
    client.expect_request(NEXT, 3, 3, "c", "rule B7: now the client knows the other server")?;
    client.gone(THERE, NEXT)?;
    client.script.expect_nothing("rule B7: an old GONE says nothing new")?;
    client.reply(3, "C")?;
    client.script.expect_notice(&done(3, "C"), "rule B4: this is the reply to call 3")?;
    client.gone(NEXT, LAST)?;
    client.script.expect_nothing("rule B7: no call is unfinished")?;
    client.script.command(&call("d"))?;
    let rule = "rule B7: the client was told who is there now, also when it had no call";
    client.expect_request(LAST, 4, 4, "d", rule)
}

fn garbage(bench: &Bench<'_>) -> Outcome {
    let (number, client, server) = (CallId(1), ANN, THERE);
    let mut c = Alone::calling(bench, "a")?;
    let me = c.me;
    let cut = reply_to(me, 1, "Z").split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default();
    let flipped: Vec<u8> =
        reply_to(me, 1, "Z").iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 9)).collect();
    let hello = Message::Hello { client: me }.encode();
    let probe = Message::Probe { client: me, server, call: number }.encode();
    for datagram in [vec![], b"garbage".to_vec(), cut, flipped, hello, probe, request(me, server, 1, 1, "a")]
    {
        c.script.deliver(PEER, &datagram)?;
        c.script.expect_nothing("rule B9: a client has no use for this")?;
    }
    c.reply(1, "A")?;
    c.script.expect_notice(&done(1, "A"), "rule B9: the others changed nothing")?;

    let mut s = Served::start(bench)?;
    let whole = request(ANN, s.me, 1, 1, "a");
    let cut = whole[..whole.len() - 1].to_vec();
    let welcome = Message::Welcome { client, server: s.me }.encode();
    let gone = Message::Gone { client, asked: s.me, server: NEXT }.encode();
    for datagram in [vec![], b"garbage".to_vec(), cut, welcome, gone, reply_to(ANN, 1, "Z"), working(ANN, 1)]
    {
        s.script.deliver(PEER, &datagram)?;
        s.script.expect_nothing("rule B9: a server has no use for this")?;
    }
    s.serve(ANN, 1, 1, "a")
}

fn every_order(bench: &Bench<'_>) -> Outcome {
    let calls = Calls { ann: &["a", "b"], bob: &[], mortal: Mortal::Nobody, promise: Promise::AtLeastOnce };
    let limits = Limits { losses: 1, duplicates: 1, timers: 2, in_flight: 5, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}

fn cost(bench: &Bench<'_>) -> Outcome {
    let history = || History::new(Promise::AtLeastOnce, Ends::Done);
    let mut world = Net::start(bench, Link::default(), Load::default(), history())?;
    world.begin()?;
    world.finish(Duration::from_secs(100))?;
    let [_, calls] = world.progress();
    let counts = |from, to| world.simulation.counts(from, to).sent;
    let all: u64 = world
        .clients
        .iter()
        .map(|client| counts(*client, world.server) + counts(world.server, *client))
        .sum();
    let most = 2 * calls as u64 + 2 * world.clients.len() as u64;
    if all > most {
        return Err(world.simulation.fail(format!(
            "Rule B10: {calls} calls of {} clients cost at most {most} datagrams when nothing is lost, but {all} were sent.",
            world.clients.len()
        )));
    }
    let swarm = Link::swarm(bench.seed());
    let load = Load { calls: 30, work: ms(1_500), ..Load::default() };
    let mut world = Net::start(bench, swarm, load, history())?;
    world.begin()?;
    world.finish(Duration::from_secs(3_000))?;
    world.simulation.require_faults()
}

fn lives(bench: &Bench<'_>) -> Outcome {
    const LIVES: usize = 100;
    let (mut simulation, [s, c]) = Simulation::new(bench, ["server", "client"]);
    simulation.keep_deliveries();
    simulation.start(s, &SERVER, &server_config())?;
    let client = simulation.start(c, &CLIENT, &client_config(s))?;
    for _ in 0..LIVES {
        simulation.command(client, &call("a"))?;
        simulation.run_for(ms(100))?;
        for host in [s, c] {
            simulation.change(&Change::Crash(host, Unsynced::Lost))?;
            simulation.change(&Change::Restart(host))?;
        }
    }
    let (mut clients, mut servers) = (BTreeSet::new(), BTreeSet::new());
    for delivery in simulation.deliveries() {
        if let Ok(Message::Welcome { client, server }) = Message::decode(&delivery.datagram) {
            clients.insert(client.0);
            servers.insert(server.0);
        }
    }
    for (who, seen) in [("clients", clients), ("servers", servers)] {
        if seen.len() != LIVES {
            return Err(simulation.fail(format!(
                "Rule B1: {LIVES} {who} were started one after another, and they had {} different incarnations.",
                seen.len()
            )));
        }
        let ever = seen.iter().fold(0, |ever, name| ever | name);
        let always = seen.iter().fold(u64::MAX, |always, name| always & name);
        let fixed = 64 - (ever & !always).count_ones();
        if fixed > 0 {
            return Err(simulation.fail(format!(
                "Rule B1: in the incarnations of {LIVES} {who} {fixed} of the 64 bits are always the same; all that \
                 `ctx.random()` draws is wanted."
            )));
        }
    }
    Ok(())
}
