//! Part C: at most once. The scenarios of how long a server remembers are in `forgetting.rs`.

use super::checks::{ANN, BOB, NEXT, Served, fault_to, reply_to, request, working};
use super::forgetting;
use super::history::{Ends, History, Promise};
use super::searched::{Calls, Mortal, search};
use super::world::{Load, World as Net};
use crate::{Fault, Incarnation, MAX_RESULT, Message};
use faultline::ms;
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::PEER;
use faultline::search::Limits;
use faultline::simulation::Link;
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "C1",
        name: "a copy of a request that is done is answered again and not executed again",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C1. Why would a client repeat a request that was executed? What does it need to hear?",
        run: done_before,
    },
    Scenario {
        id: "C2",
        name: "a copy of a request that is being executed does not start a second execution",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C1. From which moment on does the server know of a call?",
        run: in_progress,
    },
    Scenario {
        id: "C3",
        name: "what a client does not want any more is neither executed nor answered nor kept",
        part: 'C',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule C2. Which numbers are before the horizon, and which only before the newest call?",
        run: horizon,
    },
    Scenario {
        id: "C4",
        name: "a reply is kept for as long as it may be asked for, however many there are",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C3. Is there a moment at which a server can be sure that no copy of a request is on its way?",
        run: forgetting::kept,
    },
    Scenario {
        id: "C5",
        name: "two clients, and two lives of one client, use the same numbers without harm",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C1. What names a call?",
        run: same_numbers,
    },
    Scenario {
        id: "C6",
        name: "memory does not grow with what is done, nor with strangers who say hello",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C4. What does the server still need to know of a call that is before the horizon? Of a client that only greets?",
        run: forgetting::memory,
    },
    Scenario {
        id: "C7",
        name: "no call is executed twice, whatever is lost, copied or late",
        part: 'C',
        points: 5,
        world: World::Search,
        seeds: 1,
        hint: "Rules C1 and C2. The story is the shortest there is: when the second execution begins, what does the server know?",
        run: once,
    },
    Scenario {
        id: "C8",
        name: "two clients that call at once each have their call executed once",
        part: 'C',
        points: 4,
        world: World::Search,
        seeds: 1,
        hint: "Rules B4 and C1. The story is the shortest there is. Whose call is it, and who is told its result?",
        run: two_clients,
    },
    Scenario {
        id: "C9",
        name: "a server that crashes executes no call twice, and its clients are told the truth",
        part: 'C',
        points: 4,
        world: World::Search,
        seeds: 1,
        hint: "Rules B2, B7 and C1. A restarted server remembers nothing. How can it know that a request was meant for the one before it?",
        run: server_crash,
    },
    Scenario {
        id: "C10",
        name: "a client that is started again is not given the replies of its earlier life",
        part: 'C',
        points: 4,
        world: World::Search,
        seeds: 1,
        hint: "Rules B1 and B4. Both lives have a call 1. What tells them apart, at the server and at the client?",
        run: client_crash,
    },
    Scenario {
        id: "C11",
        name: "hundreds of calls of two clients cross a bad network, each executed once",
        part: 'C',
        points: 5,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules C1 to C3. Each seed has faults of its own: replay it with --full, and find the request that came late or twice.",
        run: bad_network,
    },
    Scenario {
        id: "C12",
        name: "a client is forgotten when nothing was heard of it for long, neither sooner nor later",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C3. Go through all that can happen at a server: which of it sets a client's Forget timer, and what is done when it runs out?",
        run: forgetting::forgotten,
    },
];

fn done_before(bench: &Bench<'_>) -> Outcome {
    let mut server = Served::start(bench)?;
    server.serve(ANN, 1, 1, "a")?;
    for _ in 0..3 {
        server.request(ANN, 1, 1, "a")?;
        server.expect(&reply_to(ANN, 1, "A"), "rule C1: the client may have missed the reply")?;
        server.script.expect_nothing("rule C1: call 1 was executed before")?;
    }
    server.request(ANN, 2, 1, "b")?;
    server.expect_execute(ANN, 2, "b", "rule B6: call 2 is new")?;
    let fault = || Fault::Failed("no".into());
    server.finish(ANN, 2, Err(fault()))?;
    server.expect(&fault_to(ANN, 2, fault()), "rule B6: a fault is an answer too")?;
    server.request(ANN, 2, 1, "b")?;
    server.expect(&fault_to(ANN, 2, fault()), "rule C1: the same answer, also when it is a fault")?;
    server.script.expect_nothing("rule C1: call 2 was executed before")?;
    server.request(ANN, 3, 1, "c")?;
    server.expect_execute(ANN, 3, "c", "rule B6: call 3 is new")?;
    server.finish(ANN, 3, Ok(&"x".repeat(MAX_RESULT + 1)))?;
    for _ in 0..2 {
        let rule = "rules B8 and C1: the result was too large, and that is the answer to every copy";
        server.expect(&fault_to(ANN, 3, Fault::TooLarge), rule)?;
        server.script.expect_nothing("rule C1: call 3 was executed once")?;
        server.request(ANN, 3, 1, "c")?;
    }
    server.script.take_datagrams();
    let other = server.script.peer("other");
    server.script.deliver(other, &request(ANN, server.me, 1, 1, "a"))?;
    server.script.expect_datagram(
        other,
        &reply_to(ANN, 1, "A"),
        "rule C1: this is still call 1 of this client",
    )?;
    server.script.expect_nothing("rule C1: where a copy comes from does not matter")
}

fn in_progress(bench: &Bench<'_>) -> Outcome {
    let mut server = Served::start(bench)?;
    server.request(ANN, 1, 1, "a")?;
    server.expect_execute(ANN, 1, "a", "rule B6: this request is for this server")?;
    for _ in 0..3 {
        server.request(ANN, 1, 1, "a")?;
        server.expect(&working(ANN, 1), "rule C1: call 1 is being executed")?;
        server.script.expect_nothing("rule C1: it is not executed a second time")?;
    }
    server.request(ANN, 2, 1, "b")?;
    server.expect_execute(ANN, 2, "b", "rule B5: call 2 does not wait for call 1")?;
    let other = server.script.peer("other");
    server.script.deliver(other, &request(ANN, server.me, 1, 1, "a"))?;
    server.script.expect_datagram(other, &working(ANN, 1), "rule C1: call 1 is being executed")?;
    server.script.expect_nothing("rule C1: where a copy comes from does not matter")?;
    server.finish(ANN, 2, Ok("B"))?;
    let rule = "rule B6: call 2 is done, and the last REQUEST of this client, a copy, came from there";
    server.script.expect_datagram(other, &reply_to(ANN, 2, "B"), rule)?;
    server.request(ANN, 1, 1, "a")?;
    server.expect(&working(ANN, 1), "rule C1: call 1 is being executed")?;
    server.finish(ANN, 1, Ok("A"))?;
    server.expect(&reply_to(ANN, 1, "A"), "rule B6: call 1 is done")?;
    server.finish(ANN, 1, Ok("Z"))?;
    server.script.expect_nothing("rule B9: call 1 was done before")?;
    server.request(ANN, 1, 1, "a")?;
    server.expect(&reply_to(ANN, 1, "A"), "rule C1: the first result counts")
}

fn horizon(bench: &Bench<'_>) -> Outcome {
    let mut server = Served::start(bench)?;
    server.serve(ANN, 2, 1, "b")?;
    server.serve(ANN, 1, 1, "a")?;
    server.request(ANN, 2, 1, "b")?;
    server.expect(&reply_to(ANN, 2, "B"), "rule C3: the client still wants call 2")?;
    server.serve(ANN, 5, 3, "e")?;
    for (number, arguments) in [(1, "a"), (2, "b")] {
        server.request(ANN, number, 1, arguments)?;
        server.script.expect_nothing("rule C2: the client does not want what is before call 3 any more")?;
    }
    server.serve(ANN, 4, 3, "d")?;
    server.request(ANN, 3, 3, "c")?;
    server.expect_execute(ANN, 3, "c", "rule C2: call 3 is wanted, though later ones are done")?;
    server.serve(ANN, 6, 4, "f")?;
    server.finish(ANN, 3, Ok("C"))?;
    server.script.expect_nothing("rule C2: by now the client does not want call 3 any more")?;
    server.request(ANN, 3, 3, "c")?;
    server.script.expect_nothing("rule C2: an old copy does not move the horizon back")?;
    server.request(ANN, 5, 3, "e")?;
    server.expect(&reply_to(ANN, 5, "E"), "rule C3: the client still wants call 5")?;
    server.script.expect_nothing("rule C1: call 5 was executed before")?;
    server.serve(BOB, 3, 3, "c")?;
    server.request(BOB, 2, 2, "b")?;
    server.script.expect_nothing("rule C2: a client's first request has a horizon too")?;
    horizon_of_what_is_not_executed(&mut server)
}

/// The horizon is 4, and calls 4 to 6 are done.
fn horizon_of_what_is_not_executed(server: &mut Served) -> Outcome {
    server.script.deliver(PEER, &request(ANN, NEXT, 9, 9, "i"))?;
    let gone = Message::Gone { client: ANN, asked: NEXT, server: server.me };
    server.expect(&gone.encode(), "rule B7: another server was asked")?;
    server.request(ANN, 4, 4, "d")?;
    let rule = "rule C2: only a request for this server moves the horizon, so the client still wants call 4";
    server.expect(&reply_to(ANN, 4, "D"), rule)?;
    server.script.expect_nothing("rule C1: call 4 was executed before")?;
    server.request(ANN, 6, 5, "f")?;
    server.expect(&reply_to(ANN, 6, "F"), "rule C1: call 6 is done")?;
    server.request(ANN, 4, 4, "d")?;
    server
        .script
        .expect_nothing("rule C2: the copy of call 6 has moved the horizon to 5, though it was one")?;
    server.request(ANN, 7, 8, "g")?;
    server.script.expect_nothing("rule C2: this request says itself that nothing before call 8 is wanted")?;
    server.request(ANN, 6, 5, "f")?;
    server.script.expect_nothing("rule C2: by now nothing before call 8 is wanted")?;
    server.request(ANN, 8, 8, "h")?;
    server.expect_execute(ANN, 8, "h", "rule B6: call 8 is new")?;
    let other = server.script.peer("other");
    server.script.deliver(other, &request(ANN, server.me, 6, 5, "f"))?;
    server.script.expect_nothing("rule C2: nothing before call 8 is wanted")?;
    server.finish(ANN, 8, Ok("H"))?;
    let rule = "rule B6: the last REQUEST of this client came from there, though it was dropped";
    server.script.expect_datagram(other, &reply_to(ANN, 8, "H"), rule)
}

fn same_numbers(bench: &Bench<'_>) -> Outcome {
    let mut server = Served::start(bench)?;
    let again = Incarnation(0xA111 << 48);
    server.serve(ANN, 1, 1, "a")?;
    server.serve(BOB, 1, 1, "b")?;
    server.serve(again, 1, 1, "c")?;
    for (client, arguments, result) in [(ANN, "a", "A"), (BOB, "b", "B"), (again, "c", "C")] {
        server.request(client, 1, 1, arguments)?;
        server.expect(&reply_to(client, 1, result), "rule C1: each of them has a call 1 of its own")?;
        server.script.expect_nothing("rule C1: it was executed before")?;
    }
    server.serve(ANN, 9, 9, "i")?;
    server.request(BOB, 1, 1, "b")?;
    server.expect(&reply_to(BOB, 1, "B"), "rule C2: one client's horizon is not another's")?;
    server.serve(again, 2, 2, "d")
}

fn once(bench: &Bench<'_>) -> Outcome {
    let calls = Calls { ann: &["a", "b"], bob: &[], mortal: Mortal::Nobody, promise: Promise::AtMostOnce };
    let limits = Limits { losses: 1, duplicates: 2, timers: 1, in_flight: 5, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}

fn two_clients(bench: &Bench<'_>) -> Outcome {
    let calls = Calls { ann: &["a"], bob: &["b"], mortal: Mortal::Nobody, promise: Promise::AtMostOnce };
    let limits = Limits { losses: 1, duplicates: 1, timers: 1, in_flight: 5, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}

fn server_crash(bench: &Bench<'_>) -> Outcome {
    let calls = Calls { ann: &["a", "b"], bob: &[], mortal: Mortal::Server, promise: Promise::AtMostOnce };
    let limits =
        Limits { duplicates: 1, timers: 2, crashes: 1, in_flight: 4, states: 400_000, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}

fn client_crash(bench: &Bench<'_>) -> Outcome {
    let mortal = Mortal::Client(&["b"]);
    let calls = Calls { ann: &["a"], bob: &[], mortal, promise: Promise::AtMostOnce };
    let limits =
        Limits { losses: 1, duplicates: 1, timers: 2, crashes: 1, in_flight: 5, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}

fn bad_network(bench: &Bench<'_>) -> Outcome {
    let history = History::new(Promise::AtMostOnce, Ends::Done);
    let work = ms([0, 300, 4_000][(bench.seed() % 3) as usize]);
    let load = Load { calls: 100, at_once: 4, work, ..Load::default() };
    let mut world = Net::start(bench, Link::swarm(bench.seed()), load, history)?;
    world.begin()?;
    world.finish(Duration::from_secs(20_000))?;
    world.simulation.require_faults()
}
