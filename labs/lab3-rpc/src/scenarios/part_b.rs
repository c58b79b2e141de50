//! Part B: calls over UDP.

use super::checks::{
    ANN, Alone, BOB, NEXT, RTO, RTO_MAX, Served, THERE, call, done, fault_to, finished, not_executed,
    reply_to, request, unknown, working,
};
use super::fuzz;
use super::history::{Ends, History, Promise};
use super::searched::{Calls, Mortal, search};
use super::world::{Load, World as Net};
use crate::{CallId, CallOutcome, Fault, Incarnation, MAX_ARGUMENTS, MAX_RESULT, Message, Why};
use faultline::ms;
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::PEER;
use faultline::search::Limits;
use faultline::simulation::Link;
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "B1",
        name: "a client greets the server, asks, and hands on the reply",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules B1, B2 and B4. What does a client have to know before it can ask, and who tells it?",
        run: asks,
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
        run: asks_again,
    },
    Scenario {
        id: "B4",
        name: "calls do not wait for each other, and each gets its own reply",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules B3 and B5. What in a reply tells which call it answers?",
        run: many_at_once,
    },
    Scenario {
        id: "B5",
        name: "replies that are old, foreign or unasked for change nothing",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B4. There are at least five ways in which a reply can be the wrong one.",
        run: wrong_replies,
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
        run: forgets,
    },
    Scenario {
        id: "B12",
        name: "thousands of malformed datagrams change nothing, cost little and leave nothing",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 20,
        hint: "Rule B9. The reason shows the datagram: who may have sent it, and what did you do before you knew?",
        run: |bench| fuzz::client(bench, 24).and_then(|()| fuzz::server(bench, 24)),
    },
];

fn asks(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.expect_nothing("rule B2: nothing is asked for yet")?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    client.script.command(&call("b"))?;
    client.script.expect_nothing("rule B2: calls wait until the server is known")?;
    let stale = Message::Welcome { client: Incarnation(client.me.0 ^ 1 << 60), server: NEXT };
    client.script.deliver(PEER, &stale.encode())?;
    client.script.expect_nothing("rule B2: this WELCOME is for an earlier life")?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 1, 1, "a", "rule B2: the calls that waited are sent, in order")?;
    client.expect_request(THERE, 2, 1, "b", "rule B2: the calls that waited are sent, in order")?;
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B4: this is the reply to call 1")?;
    client.welcome(NEXT)?;
    client.script.command(&call("c"))?;
    client.expect_request(THERE, 3, 2, "c", "rule B2: the server is known, and a late WELCOME is dropped")?;
    client.script.expect_nothing("rule B2: one request is enough")
}

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
    server.finish(ANN, 9, Ok("Z"))?;
    server.script.expect_nothing("rule B9: nobody has asked for this call")
}

fn asks_again(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    client.script.pass(RTO - ms(1))?;
    client.script.expect_nothing("rule B3: the RTO is not over")?;
    client.script.pass(ms(1))?;
    client.greeted()?;
    client.script.pass(2 * RTO - ms(1))?;
    client.script.expect_nothing("rule B3: the RTO of HELLO has doubled")?;
    client.script.pass(ms(1))?;
    client.greeted()?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 1, 1, "a", "rule B2: now the client knows the server")?;
    client.script.pass(RTO / 2)?;
    client.script.command(&call("b"))?;
    client.expect_request(THERE, 2, 1, "b", "rule B5: call 2 does not wait for call 1")?;
    client.script.pass(RTO / 2)?;
    client.expect_request(THERE, 1, 1, "a", "rule B3: the first RTO of call 1 is over")?;
    client.script.expect_nothing("rule B3: that of call 2 is not, for it is its own")?;
    client.script.pass(RTO / 2)?;
    client.expect_request(THERE, 2, 1, "b", "rule B3: the first RTO of call 2 is over")?;
    client.reply(2, "B")?;
    client.script.expect_notice(&done(2, "B"), "rule B4: this is the reply to call 2")?;
    let mut rto = 2 * RTO;
    client.script.pass(rto - RTO / 2 - ms(1))?;
    for _ in 0..4 {
        client.script.expect_nothing("rule B3: the RTO of call 1 has doubled")?;
        client.script.pass(ms(1))?;
        client.expect_request(THERE, 1, 1, "a", "rule B3: its RTO is over again")?;
        rto = (rto * 2).min(RTO_MAX);
        client.script.pass(rto - ms(1))?;
    }
    Ok(())
}

fn many_at_once(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::calling(bench, "a")?;
    for (number, arguments) in [(2, "b"), (3, "c")] {
        client.script.command(&call(arguments))?;
        client.expect_request(THERE, number, 1, arguments, "rule B5: calls do not wait for each other")?;
    }
    client.reply(2, "B")?;
    client.script.expect_notice(&done(2, "B"), "rule B5: replies come in any order")?;
    client.script.pass(RTO)?;
    client.expect_request(THERE, 1, 1, "a", "rule B3: call 1 is not answered")?;
    client.expect_request(THERE, 3, 1, "c", "rule B3: neither is call 3")?;
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B5: replies come in any order")?;
    client.script.pass(2 * RTO)?;
    client.expect_request(THERE, 3, 3, "c", "rule B3: now call 3 is the oldest")?;
    client.reply(3, "C")?;
    client.script.expect_notice(&done(3, "C"), "rule B4: this is the reply to call 3")?;
    client.script.expect_nothing("rule B4: each call is finished once")
}

fn wrong_replies(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    client.reply(1, "Z")?;
    client.script.expect_nothing("rule B4: call 1 is not sent yet, so this is no reply to it")?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 1, 1, "a", "rule B2: now the client knows the server")?;
    let stranger = client.script.peer("stranger");
    let wrong = [
        (stranger, reply_to(client.me, 1, "Z"), "rule B4: this does not come from the server's host"),
        (PEER, reply_to(BOB, 1, "Z"), "rule B4: this is for another client"),
        (PEER, reply_to(client.me, 2, "Z"), "rule B4: there is no call 2 yet"),
        (PEER, reply_to(client.me, 0, "Z"), "rule B4: there is no call 0"),
        (PEER, working(BOB, 1), "rule B4: this is for another client"),
    ];
    for (from, datagram, rule) in wrong {
        client.script.deliver(from, &datagram)?;
        client.script.expect_nothing(rule)?;
    }
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B4: the others changed nothing")?;
    client.reply(1, "A")?;
    client.script.expect_nothing("rule B4: call 1 is finished")?;
    client.script.command(&call("b"))?;
    client.expect_request(THERE, 2, 2, "b", "rule B2: the server is known")?;
    client.reply(1, "A")?;
    client.script.expect_nothing("rule B4: this is the reply to call 1, once more")?;
    client.script.pass(RTO)?;
    client.expect_request(THERE, 2, 2, "b", "rule B3: call 2 is not answered")?;
    let fault = Fault::Failed("no".into());
    client.script.deliver(PEER, &fault_to(client.me, 2, fault.clone()))?;
    client.script.expect_notice(&finished(2, CallOutcome::Done(Err(fault))), "rule B4: a fault is an answer")
}

fn too_large(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::calling(bench, "a")?;
    client.script.command(&call(&"x".repeat(MAX_ARGUMENTS + 1)))?;
    client.script.expect_notice(&not_executed(2, Why::TooLarge), "rule B8: this can never be sent")?;
    client.script.expect_nothing("rule B8: nothing is sent")?;
    let largest = "x".repeat(MAX_ARGUMENTS);
    client.script.command(&call(&largest))?;
    client.expect_request(THERE, 3, 1, &largest, "rule B8: this is just small enough, and call 3")?;

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

    let mut client = Alone::calling(bench, "a")?;
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
    client.script.expect_notice(&done(3, "C"), "rule B4: this is the reply to call 3")
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

fn forgets(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::calling(bench, "a")?;
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B4: this is the reply to call 1")?;
    let mut early = 0;
    for number in 2..=2_000 {
        client.script.command(&call("a"))?;
        client.expect_request(THERE, number, number, "a", "rule B2: the server is known")?;
        client.reply(number, "A")?;
        client.script.expect_notice(&done(number, "A"), "rule B4: this is the reply")?;
        if number == 1_000 {
            early = client.script.state_size();
        }
    }
    client.script.expect_no_timer("rule B10: no call is unfinished")?;
    let late = client.script.state_size();
    if late > early {
        return Err(client.script.fail(format!(
            "Rule B10: after 1,000 finished calls the client's state took {early} bytes when printed, after 2,000 {late}. \
             It remembers what is finished."
        )));
    }
    Ok(())
}
