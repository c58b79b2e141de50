//! Part D: long calls. The scenarios of calls that end without an answer are in `giving_up.rs`.

use super::checks::{
    ACKNOWLEDGE_AFTER, ANN, Alone, FORGET_AFTER, NEXT, RTO, Served, THERE, WATCH, call, client_config, done,
    reply_to, request, working,
};
use super::giving_up;
use super::history::{Ends, History, Promise};
use super::searched::{Calls, Mortal, search};
use super::world::{Load, World as Net};
use crate::{CallId, ClientConfig, Host, Incarnation, Message, RtoConfig};
use faultline::disk::Unsynced;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::PEER;
use faultline::search::Limits;
use faultline::simulation::{Change, Link};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "D1",
        name: "a server that needs long for a call says so, once, and a quick one does not",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule D1. When is a call long, and from when is that counted? What ends the waiting?",
        run: acknowledges,
    },
    Scenario {
        id: "D2",
        name: "a client whose call is worked on asks now and then, and repeats no request",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule D2. Which timer does WORKING change, and which does it not?",
        run: watches,
    },
    Scenario {
        id: "D3",
        name: "a server says how a call goes when it is asked",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule D3. What can be the state of a call that somebody asks about?",
        run: is_asked,
    },
    Scenario {
        id: "D4",
        name: "a call ends at its deadline, and says whether it can have been executed",
        part: 'D',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule D4. Of which calls does a client know for sure that nobody has ever heard of them?",
        run: giving_up::deadlines,
    },
    Scenario {
        id: "D5",
        name: "a silent server is given up, and any sign of life counts",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule D5. When does the time begin, and what begins it anew?",
        run: giving_up::silence,
    },
    Scenario {
        id: "D6",
        name: "a call that takes ten minutes costs few datagrams",
        part: 'D',
        points: 3,
        world: World::Simulation,
        seeds: 5,
        hint: "Rules D1 to D3. Count the requests: how many of them did the server not know of yet?",
        run: long_calls,
    },
    Scenario {
        id: "D7",
        name: "a long call is answered in the end, whichever datagrams are lost, copied or late",
        part: 'D',
        points: 4,
        world: World::Search,
        seeds: 1,
        hint: "Rules D1 to D3. Who waits for whom at the end of the story? Who would have to ask?",
        run: every_order,
    },
    Scenario {
        id: "D8",
        name: "a call that was given up is not executed after a newer one",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules C2 and D4. What does the first request after a deadline tell the server?",
        run: giving_up::given_up,
    },
    Scenario {
        id: "D9",
        name: "through crashes, cuts and deadlines every client is told the truth, and no call is executed twice",
        part: 'D',
        points: 5,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules B7, C1, D4 and D5. Replay the seed with --full and follow the one call that the reason names through all its datagrams.",
        run: disasters,
    },
    Scenario {
        id: "D10",
        name: "what the server says to this client is a sign of life, and nothing else is",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule D5. Which messages does a server send, to whom, and from where do they come?",
        run: giving_up::signs_of_life,
    },
];

fn acknowledges(bench: &Bench<'_>) -> Outcome {
    let mut server = Served::start(bench)?;
    server.request(ANN, 1, 1, "a")?;
    server.expect_execute(ANN, 1, "a", "rule B6: this request is for this server")?;
    server.script.pass(ACKNOWLEDGE_AFTER - ms(100))?;
    server.script.expect_nothing("rule D1: this may still be a quick call")?;
    server.request(ANN, 2, 1, "b")?;
    server.expect_execute(ANN, 2, "b", "rule B6: this request is for this server")?;
    server.probe(ANN, 1)?;
    server.expect(&working(ANN, 1), "rule D3: call 1 is being executed")?;
    let other = server.script.peer("other");
    server.script.deliver(other, &request(ANN, server.me, 1, 1, "a"))?;
    server.script.expect_datagram(other, &working(ANN, 1), "rule C1: call 1 is being executed")?;
    server.script.pass(ms(100))?;
    let rule = "rule D1: call 1 takes long, counted from its first request, also when it was asked about; and the last \
                REQUEST of this client came from there";
    server.script.expect_datagram(other, &working(ANN, 1), rule)?;
    server.script.pass(ACKNOWLEDGE_AFTER - ms(101))?;
    server.script.expect_nothing("rule D1: call 2 came later")?;
    server.serve(ANN, 3, 1, "c")?;
    server.request(ANN, 4, 3, "d")?;
    server.expect_execute(ANN, 4, "d", "rule B6: this request is for this server")?;
    server.script.pass(ACKNOWLEDGE_AFTER - ms(1))?;
    server.script.expect_nothing(
        "rules C2 and D1: the client does not want call 2 any more, and the others came later",
    )?;
    server.script.pass(ms(1))?;
    server.expect(&working(ANN, 4), "rule D1: call 4 takes long; call 3 was quick")?;
    server.script.pass(20 * ACKNOWLEDGE_AFTER)?;
    server.script.expect_nothing("rule D1: call 3 was quick, and call 4 is acknowledged")?;
    server.finish(ANN, 4, Ok("D"))?;
    server.expect(&reply_to(ANN, 4, "D"), "rule B6: call 4 is done, at last")
}

fn watches(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::calling(bench, "a")?;
    client.script.pass(RTO / 4)?;
    client.script.command(&call("b"))?;
    client.expect_request(THERE, 2, 1, "b", "rule B2: the server is known")?;
    client.script.pass(RTO / 4)?;
    client.script.deliver(PEER, &working(client.me, 1))?;
    client.script.expect_nothing("rule D2: the server is at it")?;
    client.script.pass(RTO / 2)?;
    client.script.expect_nothing("rule D2: the request of call 1 is not sent again")?;
    client.script.pass(RTO / 4)?;
    client.expect_request(THERE, 2, 1, "b", "rule B3: nothing was heard of call 2")?;
    client.reply(2, "B")?;
    client.script.expect_notice(&done(2, "B"), "rule B4: this is the reply to call 2")?;
    client.script.pass(WATCH - 3 * RTO / 4 - ms(1))?;
    client.script.expect_nothing("rule D2: the request of call 1 is not sent again")?;
    client.script.pass(ms(1))?;
    client.expect_probe(1, "rule D2: the client asks how it goes")?;
    client.script.pass(WATCH / 2)?;
    client.script.deliver(PEER, &working(client.me, 1))?;
    client.script.expect_nothing("rule D2: a further WORKING changes nothing")?;
    client.script.pass(WATCH / 2)?;
    client.expect_probe(1, "rule D2: a further WORKING does not put it off")?;
    client.script.pass(WATCH)?;
    client.expect_probe(1, "rule D2: it goes on asking, also when it was not answered")?;
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B4: this is the reply to call 1")?;
    client.script.deliver(PEER, &working(client.me, 1))?;
    client.script.pass(2 * WATCH)?;
    client.script.expect_nothing("rule B4: call 1 is finished")?;
    client.script.expect_no_timer("rule B10: no call is unfinished")
}

fn is_asked(bench: &Bench<'_>) -> Outcome {
    let mut server = Served::start(bench)?;
    let before = server.script.state_size();
    for stranger in 1..100 {
        server.probe(Incarnation(stranger << 48), 1)?;
        server.script.expect_nothing("rule D3: nobody knows of this call")?;
    }
    let after = server.script.state_size();
    if after > before + 200 {
        return Err(server.script.fail(format!(
            "Rules D3 and C4: before the PROBEs of 99 unknown clients the server's state took {before} bytes when printed, and \
             {after} after them. It remembers what it drops."
        )));
    }
    server.request(ANN, 1, 1, "a")?;
    server.expect_execute(ANN, 1, "a", "rule B6: this request is for this server")?;
    let other = server.script.peer("other");
    let probe = |server, call| Message::Probe { client: ANN, server, call: CallId(call) }.encode();
    server.script.deliver(other, &probe(server.me, 1))?;
    let rule = "rule D3: call 1 is being executed, wherever the PROBE comes from";
    server.script.expect_datagram(other, &working(ANN, 1), rule)?;
    server.finish(ANN, 1, Ok("A"))?;
    let rule = "rule B6: call 1 is done, and the last PROBE of this client came from there";
    server.script.expect_datagram(other, &reply_to(ANN, 1, "A"), rule)?;
    for _ in 0..2 {
        server.probe(ANN, 1)?;
        server.expect(&reply_to(ANN, 1, "A"), "rule D3: the client may have missed the reply")?;
    }
    server.probe(ANN, 2)?;
    server.script.expect_nothing("rule D3: nobody knows of call 2")?;
    server.script.deliver(PEER, &probe(NEXT, 1))?;
    let gone = Message::Gone { client: ANN, asked: NEXT, server: server.me };
    server.expect(&gone.encode(), "rule D3: another server was asked")?;
    server.script.expect_nothing("rule D3: nothing is executed")?;
    keeps_whom_it_hears(&mut server)
}

/// Call 1 of this client is done.
fn keeps_whom_it_hears(server: &mut Served) -> Outcome {
    for asked in [1, 2, 1] {
        server.probe(ANN, asked)?;
        server.script.take_datagrams();
        server.script.pass(FORGET_AFTER - ms(1))?;
    }
    server.probe(ANN, 1)?;
    let rule = "rule C3: a PROBE of this client has come for this server within forget_after, if for an unknown call";
    server.expect(&reply_to(ANN, 1, "A"), rule)?;
    server.script.pass(FORGET_AFTER / 2)?;
    server.script.deliver(PEER, &Message::Probe { client: ANN, server: NEXT, call: CallId(1) }.encode())?;
    server.script.take_datagrams();
    server.script.pass(FORGET_AFTER / 2)?;
    server.probe(ANN, 1)?;
    server.script.expect_nothing(
        "rule C3: the last PROBE for this server was forget_after ago, so the client is forgotten",
    )
}

fn long_calls(bench: &Bench<'_>) -> Outcome {
    const LONG: Duration = Duration::from_secs(600);
    let history = History::new(Promise::AtMostOnce, Ends::Done);
    // Who goes on asking as if nothing had been heard sends a request each second.
    let rto = RtoConfig { first: RTO, max: RTO };
    let client = ClientConfig { rto, ..client_config(Host(0)) };
    let load = Load { calls: 4, at_once: 2, work: LONG, client, ..Load::default() };
    let link = Link { loss: 0.01, latency_max: ms(20), ..Link::default() };
    let mut world = Net::start(bench, link, load, history)?;
    world.begin()?;
    world.finish(Duration::from_secs(10_000))?;
    let span = world.simulation.now().since(faultline::Time::ZERO);
    let [_, calls] = world.progress();
    let most = calls as u64 * 6 + 2 * 2 * world.clients.len() as u64 * (span.as_secs() / WATCH.as_secs() + 1);
    let counts = |from, to| world.simulation.counts(from, to).sent;
    let sent: u64 = world
        .clients
        .iter()
        .map(|client| counts(*client, world.server) + counts(world.server, *client))
        .sum();
    if sent > most {
        return Err(world.simulation.fail(format!(
            "Rules D1 to D3: {calls} calls took {} s in all; a question and an answer each {} s for each of them are {most} \
             datagrams, but {sent} were sent.",
            span.as_secs(),
            WATCH.as_secs()
        )));
    }
    Ok(())
}

fn every_order(bench: &Bench<'_>) -> Outcome {
    let calls = Calls { ann: &["a"], bob: &[], mortal: Mortal::Nobody, promise: Promise::AtMostOnce };
    let limits = Limits { losses: 2, duplicates: 1, timers: 4, in_flight: 5, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}

fn disasters(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4439);
    let history = History::new(Promise::AtMostOnce, Ends::Any);
    let client = ClientConfig { give_up: ms(30_000), ..client_config(Host(0)) };
    let deadline = ms([20_000, 90_000][(bench.seed() % 2) as usize]);
    let load = Load { calls: 60, at_once: 3, work: ms(6_000), deadline, client, ..Load::default() };
    let link =
        Link { loss: 0.05, duplicate: 0.2, copy_delay: ms(40_000), latency_max: ms(30), ..Link::default() };
    let mut world = Net::start(bench, link, load, history)?;
    world.begin()?;
    for _ in 0..bench.amount(6) {
        world.pass(ms(random.below(40_000)))?;
        let client = random.below(2) as usize;
        let (server, other) = (world.server, world.clients[client]);
        let span = ms(random.below(50_000));
        match random.below(3) {
            0 => {
                world.simulation.change(&Change::Crash(server, Unsynced::Lost))?;
                world.pass(span)?;
                world.simulation.change(&Change::Restart(server))?;
            }
            1 => {
                world.simulation.change(&Change::Crash(other, Unsynced::Lost))?;
                world.forget(client);
                world.pass(span)?;
                world.simulation.change(&Change::Restart(other))?;
                world.begin_one(client)?;
            }
            _ => {
                let links = [(server, other), (other, server)];
                let cut = &links[random.below(2) as usize..];
                cut.iter().try_for_each(|(from, to)| world.simulation.change(&Change::Cut(*from, *to)))?;
                world.pass(span)?;
                cut.iter().try_for_each(|(from, to)| world.simulation.change(&Change::Heal(*from, *to)))?;
            }
        }
    }
    world.simulation.stop_faults()?;
    world.finish(Duration::from_secs(20_000))?;
    world.simulation.require_faults()
}
