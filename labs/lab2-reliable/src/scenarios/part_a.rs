//! Part A: acknowledgement and time-out.

use super::checks::{RTO, ack, data, deliver, message, receiver, send, sender, sender_with};
use super::pair::{Pair, search};
use super::progress::Promise;
use crate::{Accepted, SeqNo};
use faultline::ms;
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::PEER;
use faultline::search::Limits;
use faultline::simulation::Link;
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "A1",
        name: "a message is sent at once, and messages are numbered from 0",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A1. What does the sender know when a command comes in? Print what it sends for the first message and for the second.",
        run: numbered_from_zero,
    },
    Scenario {
        id: "A2",
        name: "a lost message is sent again at the end of each RTO, and not before",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A2. Nobody tells a sender that a datagram was lost. What else can it go by, and what must still be there when the time comes?",
        run: sent_again,
    },
    Scenario {
        id: "A3",
        name: "an accepted message is not sent again, and an idle sender sets no timer",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules A3 and A4. Which timers are set in the moment after the last acknowledgement?",
        run: quiet_when_done,
    },
    Scenario {
        id: "A4",
        name: "one message is in flight at a time, and the others wait in order",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules A1 and A3. Three messages come at once: where are the second and the third until the first is accepted?",
        run: one_at_a_time,
    },
    Scenario {
        id: "A5",
        name: "each message has a whole RTO of its own",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A3. The first message is accepted just before its timer runs out. When does the timer of the second one run out?",
        run: own_rto,
    },
    Scenario {
        id: "A6",
        name: "new messages do not put off the retransmission of the one in flight",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A4. A busy application gives a message every half RTO. Does the timer ever run out?",
        run: busy_application,
    },
    Scenario {
        id: "A7",
        name: "the receiver delivers what arrives and answers with what it expects next",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A5. An ACK does not name the message that came but the one that is wanted now.",
        run: answers,
    },
    Scenario {
        id: "A8",
        name: "undecodable bytes are dropped on both sides, and the work goes on",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A6. A datagram may be anything. What does decode return, and what happens before its answer is looked at?",
        run: undecodable,
    },
    Scenario {
        id: "A9",
        name: "a message arrives whichever two datagrams are lost",
        part: 'A',
        points: 4,
        world: World::Search,
        seeds: 1,
        hint: "Rules A2 and A5. The story ends where the message can no longer get through, or where something wrong was said. Who should still do something, and when?",
        run: two_losses,
    },
    Scenario {
        id: "A10",
        name: "a hundred messages cross a network that loses every fourth datagram",
        part: 'A',
        points: 4,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules A2 to A5. The reason says which message is stuck. Replay with --full: what became of its DATA and of the answers?",
        run: lossy_network,
    },
];

fn numbered_from_zero(bench: &Bench<'_>) -> Outcome {
    let mut s = sender(bench)?;
    s.expect_nothing("rule A1: nothing was asked yet")?;
    s.command(&send("a"))?;
    s.expect_datagram(PEER, &data(0, "a"), "rule A1: the first message is sent at once and has number 0")?;
    s.expect_nothing("rules A1 and A3: it is sent once, and nobody has acknowledged it yet")?;
    s.deliver(PEER, &ack(1))?;
    s.expect_notice(&Accepted(SeqNo(0)), "rule A3: message 0 is acknowledged")?;
    s.command(&send("b"))?;
    s.expect_datagram(PEER, &data(1, "b"), "rule A1: the second message has number 1")?;
    s.expect_nothing("rule A1: each message is sent once")
}

fn sent_again(bench: &Bench<'_>) -> Outcome {
    const TIMES: usize = 5;
    for rto in [RTO, ms(250)] {
        let mut s = sender_with(bench, rto)?;
        s.command(&send("a"))?;
        s.expect_datagram(PEER, &data(0, "a"), "rule A1: a message is sent at once")?;
        for _ in 0..TIMES {
            s.pass(rto - ms(1))?;
            s.expect_nothing(&format!("rule A2: the RTO of {} ms has not passed yet", rto.as_millis()))?;
            s.pass(ms(1))?;
            let rule = format!("rule A2: the RTO of {} ms has passed without an ACK", rto.as_millis());
            s.expect_datagram(PEER, &data(0, "a"), &rule)?;
            s.expect_nothing("rule A2: it is sent once for each RTO")?;
        }
        let fired = s.timers_fired();
        if fired > TIMES {
            return Err(s.fail(format!(
                "Rule A4: a machine waits, it does not poll. {TIMES} RTOs have passed, and timers ran out {fired} times."
            )));
        }
        s.deliver(PEER, &ack(1))?;
        s.expect_notice(&Accepted(SeqNo(0)), "rule A3: message 0 is acknowledged at last")?;
    }
    Ok(())
}

fn quiet_when_done(bench: &Bench<'_>) -> Outcome {
    let mut s = sender(bench)?;
    s.command(&send("a"))?;
    s.expect_datagram(PEER, &data(0, "a"), "rule A1: a message is sent at once")?;
    s.deliver(PEER, &ack(1))?;
    s.expect_notice(&Accepted(SeqNo(0)), "rule A3: message 0 is acknowledged")?;
    s.expect_no_timer("rule A4: nothing is in flight")?;
    s.pass(10 * RTO)?;
    s.expect_nothing("rule A3: an accepted message is done with")?;
    s.command(&send("b"))?;
    s.expect_datagram(PEER, &data(1, "b"), "rule A1: the next message is sent at once")?;
    s.pass(RTO)?;
    s.expect_datagram(PEER, &data(1, "b"), "rule A2: this one is not acknowledged")
}

fn one_at_a_time(bench: &Bench<'_>) -> Outcome {
    let mut s = sender(bench)?;
    for text in ["a", "b", "c"] {
        s.command(&send(text))?;
    }
    for (number, text) in (0..).zip(["a", "b", "c"]) {
        s.expect_datagram(PEER, &data(number, text), "rules A1 and A3: the turn of the next one has come")?;
        s.expect_nothing("rule A1: one message is in flight at a time")?;
        s.deliver(PEER, &ack(number + 1))?;
        s.expect_notice(&Accepted(SeqNo(number)), "rule A3: it is acknowledged")?;
    }
    s.expect_nothing("rule A3: all three are done")
}

fn own_rto(bench: &Bench<'_>) -> Outcome {
    let mut s = sender(bench)?;
    s.command(&send("a"))?;
    s.command(&send("b"))?;
    s.pass(RTO - ms(5))?;
    s.deliver(PEER, &ack(1))?;
    s.expect_datagram(PEER, &data(0, "a"), "rule A1: a message is sent at once")?;
    s.expect_datagram(PEER, &data(1, "b"), "rule A3: the next one follows")?;
    s.pass(RTO - ms(1))?;
    s.expect_no_datagram("rule A3: message 1 has a whole RTO of its own")?;
    s.pass(ms(1))?;
    s.expect_datagram(PEER, &data(1, "b"), "rule A2: the RTO of message 1 has passed")
}

fn busy_application(bench: &Bench<'_>) -> Outcome {
    let mut s = sender(bench)?;
    s.command(&send("a"))?;
    s.expect_datagram(PEER, &data(0, "a"), "rule A1: a message is sent at once")?;
    for _ in 0..3 {
        s.pass(RTO / 2)?;
        s.command(&send("more"))?;
        s.pass(RTO / 2)?;
        s.expect_datagram(PEER, &data(0, "a"), "rule A4: a new message does not put the timer off")?;
        s.expect_nothing("rule A1: one message is in flight at a time")?;
    }
    Ok(())
}

fn answers(bench: &Bench<'_>) -> Outcome {
    let mut r = receiver(bench)?;
    for (number, text) in (0..).zip(["a", "", "c"]) {
        r.deliver(PEER, &data(number, text))?;
        r.expect_notice(&deliver(text), "rule A5: this is the message that it was waiting for")?;
        r.expect_datagram(PEER, &ack(number + 1), "rule A5: the ACK says what is expected next")?;
        r.expect_nothing("rule A5: one delivery and one ACK")?;
    }
    Ok(())
}

fn undecodable(bench: &Bench<'_>) -> Outcome {
    let mut r = receiver(bench)?;
    let mut damaged = data(0, "hello");
    if let Some(byte) = damaged.last_mut() {
        *byte ^= 0x10;
    }
    for bytes in [&damaged[..], &[], &[0xff, 0x00, 0x01], &data(0, "hello")[..6]] {
        r.deliver(PEER, bytes)?;
        r.expect_nothing("rule A6: these bytes are no segment")?;
    }
    r.deliver(PEER, &data(0, "hello"))?;
    r.expect_notice(&deliver("hello"), "rule A6: the undecodable ones changed nothing")?;
    r.expect_datagram(PEER, &ack(1), "rule A5: now there is something to acknowledge")?;

    let mut s = sender(bench)?;
    s.command(&send("a"))?;
    s.expect_datagram(PEER, &data(0, "a"), "rule A1: a message is sent at once")?;
    s.pass(RTO / 2)?;
    for bytes in [&ack(1)[..5], &[], &[0xff, 0x00, 0x01]] {
        s.deliver(PEER, bytes)?;
        s.expect_nothing("rule A6: these bytes are no segment")?;
    }
    s.pass(RTO / 2)?;
    s.expect_datagram(
        PEER,
        &data(0, "a"),
        "rule A6: the undecodable bytes acknowledged nothing and moved no timer",
    )
}

fn two_losses(bench: &Bench<'_>) -> Outcome {
    let limits = Limits { losses: 2, timers: 3, ..Limits::default() };
    search(bench, limits, Promise::AtLeastOnce, &["a"]).map(drop)
}

fn lossy_network(bench: &Bench<'_>) -> Outcome {
    let link = Link { loss: 0.25, latency_min: ms(5), latency_max: ms(50), ..Link::default() };
    let mut pair = Pair::start(bench, link, Promise::AtLeastOnce)?;
    pair.send((0..bench.amount(100)).map(message))?;
    pair.finish(Duration::from_secs(1_000))
}
