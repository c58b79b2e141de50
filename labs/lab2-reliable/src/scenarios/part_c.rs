//! Part C: a window of messages.

use super::checks::{RTO, ack_with, data, receiver_config, send, sender_config};
use crate::{Deliver, RECEIVER, SENDER, SenderConfig};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::{PEER, Script};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "C1",
        name: "as many messages as the window allows are in flight at once",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules C1 and C2. Which number is the first that must wait? What may follow when one ACK has come?",
        run: fills_the_window,
    },
    Scenario {
        id: "C2",
        name: "an early message is kept until those before it have come",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules C4 and C5. What does the receiver know when message 1 is there and message 0 is not?",
        run: keeps_early_messages,
    },
];

fn fills_the_window(bench: &Bench<'_>) -> Outcome {
    let config = SenderConfig { window: 3, ..sender_config(PEER, RTO) };
    let mut s = Script::start(bench, SENDER, ["sender", "receiver"], &config)?;
    for text in ["a", "b", "c", "d", "e", "f"] {
        s.command(&send(text))?;
    }
    for (number, text) in (0..).zip(["a", "b", "c"]) {
        s.expect_datagram(PEER, &data(number, text), "rule C1: the window has room for it")?;
    }
    s.expect_nothing("rule C1: three are in flight")?;
    s.deliver(PEER, &ack_with(2, 3))?;
    s.expect_datagram(PEER, &data(3, "d"), "rules C1 and C2: two were acknowledged, so two may follow")?;
    s.expect_datagram(PEER, &data(4, "e"), "rules C1 and C2: two were acknowledged, so two may follow")?;
    s.expect_no_datagram("rule C1: three are in flight")
}

fn keeps_early_messages(bench: &Bench<'_>) -> Outcome {
    let config = crate::ReceiverConfig { window: 3, ..receiver_config(PEER) };
    let mut r = Script::start(bench, RECEIVER, ["receiver", "sender"], &config)?;
    r.deliver(PEER, &data(1, "b"))?;
    r.expect_datagram(PEER, &ack_with(0, 3), "rules A5 and C5: message 0 is still expected")?;
    r.expect_nothing("rule C4: message 0 must come first")?;
    r.deliver(PEER, &data(0, "a"))?;
    for text in ["a", "b"] {
        r.expect_notice(&Deliver::Message(text.into()), "rule C4: now both are in order")?;
    }
    r.expect_datagram(PEER, &ack_with(2, 3), "rule A5: message 2 is expected now")
}
