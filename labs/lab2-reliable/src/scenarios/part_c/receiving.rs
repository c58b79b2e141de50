//! Part C, the receiver by itself; the scenario is its sender.

use crate::ReceiverCommand;
use crate::scenarios::checks::{
    ack_with, data, deliver, expect_accepted, expect_delivered, send, window_receiver, window_sender,
};
use faultline::scenario::{Bench, Outcome, ensure};
use faultline::script::PEER;

const EARLY: &str = "rules C5 and A5: the same number is still expected, and early messages take no room";

pub(super) fn keeps_early_messages(bench: &Bench<'_>) -> Outcome {
    let mut r = window_receiver(bench, 4)?;
    for (number, text) in [(1, "b"), (3, "d"), (1, "b")] {
        r.deliver(PEER, &data(number, text))?;
        r.expect_datagram(PEER, &ack_with(0, 4), EARLY)?;
        r.expect_nothing("rule C4: message 0 must come first")?;
    }
    r.deliver(PEER, &data(0, "a"))?;
    expect_delivered(&mut r, &["a", "b"], "rule C4: now messages 0 and 1 are in order")?;
    r.expect_datagram(PEER, &ack_with(2, 4), "rules A5 and C5: message 2 is expected now")?;
    r.expect_nothing("rules A5 and C4: one ACK for one DATA, and message 2 is missing")?;
    r.deliver(PEER, &data(1, "b"))?;
    r.expect_datagram(PEER, &ack_with(2, 4), "rule B2: an old copy is answered")?;
    r.deliver(PEER, &data(2, "c"))?;
    expect_delivered(&mut r, &["c", "d"], "rule C4: message 3 was kept")?;
    r.expect_datagram(PEER, &ack_with(4, 4), "rules A5 and C5: message 4 is expected now")?;
    r.deliver(PEER, &data(3, "d"))?;
    r.expect_datagram(PEER, &ack_with(4, 4), "rule B2: an old copy is answered")?;
    r.expect_nothing("rule B1: each message is delivered once, also one that came early")?;
    r.deliver(PEER, &data(5, "f"))?;
    r.deliver(PEER, &data(5, "other"))?;
    r.deliver(PEER, &data(4, "e"))?;
    expect_delivered(&mut r, &["e", "f"], "rule C4: of two DATA of one number the first counts")
}

pub(super) fn beyond_the_room(bench: &Bench<'_>) -> Outcome {
    let mut r = window_receiver(bench, 3)?;
    r.deliver(PEER, &data(0, "a"))?;
    expect_delivered(&mut r, &["a"], "rule A5: this is the message that it was waiting for")?;
    r.expect_datagram(PEER, &ack_with(1, 3), "rule C5: there is room for messages 1 to 3")?;
    let far = 1_000_000..1_000_200;
    for number in [4, 5, 65_537, 1 << 31, (1 << 31) + 2, u32::MAX, u32::MAX - 1].into_iter().chain(far) {
        r.deliver(PEER, &data(number, "far"))?;
        r.expect_datagram(PEER, &ack_with(1, 3), "rule B2: it is answered with what is still expected")?;
        r.expect_nothing("rule C4: there is no room for this number")?;
    }
    r.deliver(PEER, &data(3, "d"))?;
    r.expect_datagram(PEER, &ack_with(1, 3), EARLY)?;
    r.deliver(PEER, &data(2, "c"))?;
    r.expect_datagram(PEER, &ack_with(1, 3), EARLY)?;
    r.deliver(PEER, &data(1, "b"))?;
    expect_delivered(&mut r, &["b", "c", "d"], "rule C4: there was room for messages 1 to 3")?;
    r.expect_datagram(
        PEER,
        &ack_with(4, 3),
        "rule C4: message 4 was not kept when there was no room for it",
    )?;
    r.expect_nothing("rule C4: nothing else was kept")?;
    for (number, text) in [(5, "f"), (4, "e")] {
        r.deliver(PEER, &data(number, text))?;
    }
    expect_delivered(
        &mut r,
        &["e", "f"],
        "rule C4: what came too early before was not kept, and now it has come",
    )
}

pub(super) fn busy_application(bench: &Bench<'_>) -> Outcome {
    let mut r = window_receiver(bench, 3)?;
    r.command(&ReceiverCommand::Resume)?;
    r.command(&ReceiverCommand::Stop)?;
    r.expect_nothing("rule C6: nothing waits, so nothing changes")?;
    r.deliver(PEER, &data(0, "a"))?;
    r.expect_datagram(PEER, &ack_with(1, 2), "rule C6: one message waits, so there is room for two")?;
    r.deliver(PEER, &data(2, "c"))?;
    r.expect_datagram(PEER, &ack_with(1, 2), "rule C5: an early message lies in the window")?;
    r.deliver(PEER, &data(3, "d"))?;
    r.expect_datagram(PEER, &ack_with(1, 2), "rule C4: there is no room for message 3, but it is answered")?;
    r.deliver(PEER, &data(1, "b"))?;
    r.expect_datagram(PEER, &ack_with(3, 0), "rule C6: three messages wait, so there is no room")?;
    r.deliver(PEER, &data(3, "d"))?;
    r.expect_datagram(PEER, &ack_with(3, 0), "rule C8: a probe is answered")?;
    r.deliver(PEER, &data(0, "a"))?;
    r.expect_datagram(PEER, &ack_with(3, 0), "rule B2: an old copy is answered")?;
    r.expect_nothing("rule C6: after Stop nothing is delivered")?;
    r.command(&ReceiverCommand::Resume)?;
    expect_delivered(&mut r, &["a", "b", "c"], "rule C6: at Resume all that waits is delivered")?;
    r.expect_datagram(PEER, &ack_with(3, 3), "rule C6: the window has grown, and the sender must know")?;
    r.expect_nothing("rule C4: message 3 was not kept, for there was no room")?;
    r.command(&ReceiverCommand::Resume)?;
    r.expect_nothing("rule C6: nothing waits, so no ACK is due")?;
    r.deliver(PEER, &data(3, "d"))?;
    expect_delivered(&mut r, &["d"], "rule C6: after Resume what comes is delivered")?;
    r.expect_datagram(PEER, &ack_with(4, 3), "rule A5: the ACK says what is expected next")
}

pub(super) fn memory(bench: &Bench<'_>) -> Outcome {
    const ROUNDS: u32 = 2_000;
    const GROWTH: usize = 64;
    let (mut s, mut r) = (window_sender(bench, 4)?, window_receiver(bench, 4)?);
    let mut sizes = vec![];
    for number in 0..ROUNDS {
        let [first, second] = [2 * number, 2 * number + 1];
        s.command(&send("message"))?;
        s.command(&send("message"))?;
        s.deliver(PEER, &ack_with(first, 4))?;
        s.deliver(PEER, &ack_with(second + 1, 4))?;
        expect_accepted(&mut s, first, 2, "rule C2: both are acknowledged")?;
        for early in [second, second + 4, second + 1_000 + number] {
            r.deliver(PEER, &data(early, "message"))?;
        }
        r.deliver(PEER, &data(first, "message"))?;
        r.expect_notice(&deliver("message"), "rule A5: this is the message that it was waiting for")?;
        r.expect_notice(&deliver("message"), "rule C4: the next one was kept")?;
        r.deliver(PEER, &data(first, "message"))?;
        r.deliver(PEER, &data(number / 2, "message"))?;
        s.take_datagrams();
        r.take_datagrams();
        r.expect_nothing("rules B1 and C4: what is old or out of reach is not delivered")?;
        if (number + 1) % (ROUNDS / 2) == 0 {
            sizes.push([s.state_size(), r.state_size()]);
        }
    }
    for (index, name) in ["sender", "receiver"].into_iter().enumerate() {
        let (early, late) = (sizes[0][index], sizes[1][index]);
        ensure(late <= early + GROWTH, || {
            format!(
                "Rules B5 and C9: the {name}'s state, as Debug prints it, grew from {early} characters after {ROUNDS} \
                 messages to {late} after {}: it keeps something that is no longer needed.",
                2 * ROUNDS
            )
        })?;
    }
    Ok(())
}
