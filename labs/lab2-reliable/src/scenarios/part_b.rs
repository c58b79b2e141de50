//! Part B: exactly once, in order.

use super::checks::{
    RTO, ack, data, deliver, message, receiver, receiver_config, send, sender, sender_config,
};
use super::pair::{Pair, search};
use super::progress::Promise;
use crate::{Accepted, RECEIVER, SENDER, SeqNo};
use faultline::Host;
use faultline::scenario::{Bench, Outcome, Scenario, World, ensure};
use faultline::script::{PEER, Script};
use faultline::search::Limits;
use faultline::simulation::Link;
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "B1",
        name: "a repeated message is acknowledged again but delivered once",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules B1 and B2. Why would a sender repeat a message that has arrived? What does it need to hear?",
        run: repeated,
    },
    Scenario {
        id: "B2",
        name: "a copy that comes late, after newer messages, is not delivered",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B2. How many old messages can still be on their way when a new one arrives?",
        run: late_copy,
    },
    Scenario {
        id: "B3",
        name: "each message is delivered once, in order, whatever is lost, copied or late",
        part: 'B',
        points: 5,
        world: World::Search,
        seeds: 1,
        hint: "Rules B1 to B3. The story is the shortest there is: ask at each step what that machine could know.",
        run: every_order,
    },
    Scenario {
        id: "B4",
        name: "an ACK that came before is not taken for the ACK of the message in flight",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B3. Which numbers can an ACK bear while message 1 is in flight, and what does each of them tell?",
        run: stale_ack,
    },
    Scenario {
        id: "B5",
        name: "an ACK of something that was never sent is dropped",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule B3. An ACK can also be wrong: it may come from an earlier run. Could this one be true?",
        run: ack_from_the_future,
    },
    Scenario {
        id: "B6",
        name: "a message from the future is neither delivered nor skipped to",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B2. An ACK promises that everything before its number is there.",
        run: message_from_the_future,
    },
    Scenario {
        id: "B7",
        name: "two hundred messages cross a bad network exactly once, in order",
        part: 'B',
        points: 5,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules B1 to B3. Each seed has faults of its own: try the seed with --full, and find the datagram that came late or twice.",
        run: bad_network,
    },
    Scenario {
        id: "B8",
        name: "a message costs two datagrams, and no more than its losses explain",
        part: 'B',
        points: 3,
        world: World::Simulation,
        seeds: 10,
        hint: "Rules A2 and B5. Count the DATA and the ACK segments: which of them did nobody need?",
        run: cost,
    },
    Scenario {
        id: "B9",
        name: "strangers and wrong kinds of segments change nothing",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule B4. Every handler is told who sent the datagram.",
        run: strangers,
    },
    Scenario {
        id: "B10",
        name: "memory does not grow with the number of messages or copies",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B5. What does each machine still need to know about a message that is done?",
        run: memory,
    },
];

fn repeated(bench: &Bench<'_>) -> Outcome {
    let mut r = receiver(bench)?;
    r.deliver(PEER, &data(0, "a"))?;
    r.expect_notice(&deliver("a"), "rule A5: this is the message that it was waiting for")?;
    r.expect_datagram(PEER, &ack(1), "rule A5: the ACK says what is expected next")?;
    for _ in 0..3 {
        r.deliver(PEER, &data(0, "a"))?;
        r.expect_datagram(PEER, &ack(1), "rule B2: the sender may have missed the ACK")?;
        r.expect_nothing("rule B1: message 0 was delivered before")?;
    }
    r.deliver(PEER, &data(1, "a"))?;
    r.expect_notice(&deliver("a"), "rule B1: message 1 is new, even if it says the same")?;
    r.expect_datagram(PEER, &ack(2), "rule A5: the ACK says what is expected next")
}

fn late_copy(bench: &Bench<'_>) -> Outcome {
    let mut r = receiver(bench)?;
    for (number, text) in (0..).zip(["a", "b", "c"]) {
        r.deliver(PEER, &data(number, text))?;
        r.expect_notice(&deliver(text), "rule A5: this is the message that it was waiting for")?;
        r.expect_datagram(PEER, &ack(number + 1), "rule A5: the ACK says what is expected next")?;
    }
    for (number, text) in (0..).zip(["a", "b", "c"]) {
        r.deliver(PEER, &data(number, text))?;
        r.expect_datagram(PEER, &ack(3), "rule B2: the answer to an old message is what is expected now")?;
        r.expect_nothing("rule B1: it was delivered before")?;
    }
    r.deliver(PEER, &data(3, "d"))?;
    r.expect_notice(&deliver("d"), "rule A5: this is the message that it was waiting for")
}

fn every_order(bench: &Bench<'_>) -> Outcome {
    let limits = Limits { losses: 1, duplicates: 1, timers: 2, in_flight: 4, ..Limits::default() };
    search(bench, limits, Promise::ExactlyOnce, &["a", "b"]).map(drop)
}

fn stale_ack(bench: &Bench<'_>) -> Outcome {
    let mut s = sender(bench)?;
    s.command(&send("a"))?;
    s.command(&send("b"))?;
    s.deliver(PEER, &ack(1))?;
    s.expect_datagram(PEER, &data(0, "a"), "rule A1: a message is sent at once")?;
    s.expect_notice(&Accepted(SeqNo(0)), "rule A3: message 0 is acknowledged")?;
    s.expect_datagram(PEER, &data(1, "b"), "rule A3: the next one follows")?;
    s.pass(RTO / 2)?;
    for next in [1, 0] {
        s.deliver(PEER, &ack(next))?;
        s.expect_nothing("rule B3: this ACK does not acknowledge message 1")?;
    }
    s.pass(RTO / 2)?;
    s.expect_datagram(PEER, &data(1, "b"), "rule B3: a stale ACK moves no timer")?;
    s.deliver(PEER, &ack(2))?;
    s.expect_notice(&Accepted(SeqNo(1)), "rule A3: message 1 is acknowledged")?;
    s.deliver(PEER, &ack(2))?;
    s.expect_nothing("rule B3: the same ACK again, and nothing is in flight")?;
    s.expect_no_timer("rule A4: nothing is in flight")
}

fn ack_from_the_future(bench: &Bench<'_>) -> Outcome {
    let mut s = sender(bench)?;
    s.deliver(PEER, &ack(1))?;
    s.expect_nothing("rule B3: nothing was sent yet")?;
    s.command(&send("a"))?;
    s.expect_datagram(PEER, &data(0, "a"), "rule A1: a message is sent at once")?;
    s.command(&send("b"))?;
    s.pass(RTO / 2)?;
    for next in [2, 50, u32::MAX] {
        s.deliver(PEER, &ack(next))?;
        s.expect_nothing("rule B3: only message 0 was ever sent")?;
    }
    s.pass(RTO / 2)?;
    s.expect_datagram(PEER, &data(0, "a"), "rule B3: message 0 is still in flight, and its timer as it was")?;
    s.deliver(PEER, &ack(1))?;
    s.expect_notice(&Accepted(SeqNo(0)), "rule A3: message 0 is acknowledged")?;
    s.expect_datagram(PEER, &data(1, "b"), "rule A3: the next one follows")
}

fn message_from_the_future(bench: &Bench<'_>) -> Outcome {
    let mut r = receiver(bench)?;
    for number in [1, 5, 1_000_000] {
        r.deliver(PEER, &data(number, "later"))?;
        r.expect_datagram(PEER, &ack(0), "rule B2: message 0 is still expected")?;
        r.expect_nothing("rule B2: what is not expected is not delivered")?;
    }
    for (number, text) in (0..).zip(["a", "b", "c"]) {
        r.deliver(PEER, &data(number, text))?;
        r.expect_notice(&deliver(text), "rule B2: the early one was not kept, and nothing was skipped")?;
        r.expect_datagram(PEER, &ack(number + 1), "rule A5: the ACK says what is expected next")?;
    }
    r.expect_nothing("rule B1: three messages came, and three were delivered")
}

fn bad_network(bench: &Bench<'_>) -> Outcome {
    let mut pair = Pair::start(bench, Link::swarm(bench.seed()), Promise::ExactlyOnce)?;
    pair.send((0..bench.amount(200)).map(message))?;
    pair.finish(Duration::from_secs(3_000))
}

fn cost(bench: &Bench<'_>) -> Outcome {
    for loss in [0.0, 0.2] {
        let mut pair = Pair::start(bench, Link { loss, ..Link::default() }, Promise::ExactlyOnce)?;
        let messages = bench.amount(100) as u64;
        pair.send((0..messages as usize).map(message))?;
        pair.finish(Duration::from_secs(1_000))?;
        let [s, r] = pair.hosts();
        let (there, back) = (pair.simulation.counts(s, r), pair.simulation.counts(r, s));
        let losses = there.lost + back.lost;
        let (explained, sent) = (messages + losses, there.sent);
        if sent > explained {
            return Err(pair.simulation.fail(format!(
                "Rules A2 and B5: {messages} messages and {losses} losses explain {explained} DATA segments, but {sent} \
                 were sent."
            )));
        }
        if back.sent != there.delivered {
            return Err(pair.simulation.fail(format!(
                "Rule A5: {} DATA segments arrived, and each is answered once, but {} ACK segments were sent.",
                there.delivered, back.sent
            )));
        }
    }
    Ok(())
}

fn strangers(bench: &Bench<'_>) -> Outcome {
    let (stranger, peer) = (PEER, Host(2));
    let mut r = Script::start(bench, RECEIVER, ["receiver", "stranger"], &receiver_config(peer))?;
    r.peer("sender");
    r.deliver(stranger, &data(0, "x"))?;
    r.expect_nothing("rule B4: a stranger's message is dropped")?;
    r.deliver(peer, &ack(1))?;
    r.expect_nothing("rule B4: a receiver has no use for an ACK")?;
    r.deliver(peer, &data(0, "a"))?;
    r.expect_notice(&deliver("a"), "rule B4: the others changed nothing")?;
    r.expect_datagram(peer, &ack(1), "rule A5: the sender is answered")?;

    let config = sender_config(peer, RTO);
    let mut s = Script::start(bench, SENDER, ["sender", "stranger"], &config)?;
    s.peer("receiver");
    s.command(&send("a"))?;
    s.expect_datagram(peer, &data(0, "a"), "rule A1: a message is sent at once")?;
    s.pass(RTO / 2)?;
    s.deliver(stranger, &ack(1))?;
    s.expect_nothing("rule B4: a stranger's ACK is dropped")?;
    s.deliver(peer, &data(0, "a"))?;
    s.expect_nothing("rule B4: a sender has no use for a message")?;
    s.pass(RTO / 2)?;
    s.expect_datagram(peer, &data(0, "a"), "rule B4: message 0 is still in flight, and its timer as it was")?;
    s.deliver(peer, &ack(1))?;
    s.expect_notice(&Accepted(SeqNo(0)), "rule A3: message 0 is acknowledged")
}

fn memory(bench: &Bench<'_>) -> Outcome {
    const ROUNDS: u32 = 2_000;
    const GROWTH: usize = 64;
    let mut r = receiver(bench)?;
    let mut s = sender(bench)?;
    let mut sizes = vec![];
    for number in 0..ROUNDS {
        let text = format!("{number:08}");
        s.command(&send(&text))?;
        s.expect_datagram(PEER, &data(number, &text), "rule A1: a message is sent at once")?;
        s.deliver(PEER, &ack(number / 2))?;
        s.deliver(PEER, &ack(number + 1))?;
        s.expect_notice(&Accepted(SeqNo(number)), "rule A3: it is acknowledged")?;
        r.deliver(PEER, &data(number, &text))?;
        r.expect_notice(&deliver(&text), "rule A5: this is the message that it was waiting for")?;
        r.deliver(PEER, &data(number / 2, "old copy"))?;
        r.deliver(PEER, &data(2 * ROUNDS + number, "early"))?;
        r.take_datagrams();
        r.expect_nothing("rules B1 and B2: neither the old copy nor the early message is delivered")?;
        if (number + 1) % (ROUNDS / 2) == 0 {
            sizes.push([s.state_size(), r.state_size()]);
        }
    }
    for (index, name) in ["sender", "receiver"].into_iter().enumerate() {
        let (early, late) = (sizes[0][index], sizes[1][index]);
        ensure(late <= early + GROWTH, || {
            format!(
                "Rule B5: the {name}'s state, as Debug prints it, grew from {early} characters after {} messages to \
                 {late} after {ROUNDS}: it keeps something that is no longer needed.",
                ROUNDS / 2
            )
        })?;
    }
    Ok(())
}
