//! Part C, the sender by itself; the scenario is its receiver.

use crate::scenarios::checks::{RTO, ack_with, expect_accepted, expect_data, send, send_all, window_sender};
use faultline::ms;
use faultline::scenario::{Bench, Outcome};
use faultline::script::PEER;

const OPEN: &str = "rule C1: the window has room for it";

pub(super) fn fills_the_window(bench: &Bench<'_>) -> Outcome {
    let mut s = window_sender(bench, 3)?;
    send_all(&mut s, &["a", "b", "c", "d", "e", "f"])?;
    expect_data(&mut s, 0, &["a", "b", "c"], OPEN)?;
    s.expect_nothing("rule C1: three are in flight")?;
    s.deliver(PEER, &ack_with(2, 3))?;
    expect_accepted(&mut s, 0, 2, "rule C2: each number before 2 is acknowledged")?;
    expect_data(&mut s, 3, &["d", "e"], "rules C1 and C2: two were acknowledged, so two may follow")?;
    s.expect_nothing("rule C1: three are in flight")?;
    s.deliver(PEER, &ack_with(5, 3))?;
    expect_accepted(&mut s, 2, 3, "rule C2: each number before 5 is acknowledged")?;
    expect_data(&mut s, 5, &["f"], OPEN)?;
    s.command(&send("g"))?;
    expect_data(&mut s, 6, &["g"], "rule C1: one is in flight, and the window has room for two more")?;
    s.deliver(PEER, &ack_with(7, 3))?;
    expect_accepted(&mut s, 5, 2, "rule C2: each number before 7 is acknowledged")?;
    s.expect_nothing("rule C1: nothing is left to be sent")?;
    s.expect_no_timer("rule A4: nothing is in flight")
}

pub(super) fn one_ack_for_many(bench: &Bench<'_>) -> Outcome {
    let texts = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];
    let mut s = window_sender(bench, 8)?;
    send_all(&mut s, &texts)?;
    expect_data(&mut s, 0, &texts[..8], OPEN)?;
    for _ in 1..8 {
        s.deliver(PEER, &ack_with(0, 8))?;
        s.expect_nothing("rules C1 and B3: message 0 is missing, so the window begins with it as before")?;
    }
    s.pass(RTO)?;
    expect_data(&mut s, 0, &texts[..1], "rule C3: the oldest is sent again")?;
    s.deliver(PEER, &ack_with(8, 8))?;
    expect_accepted(&mut s, 0, 8, "rule C2: each number before 8 is acknowledged")?;
    expect_data(&mut s, 8, &texts[8..], "rules C1 and C2: eight were acknowledged, so eight may follow")?;
    s.expect_nothing("rule C1: each is sent once")
}

pub(super) fn untrue_acks(bench: &Bench<'_>) -> Outcome {
    let mut s = window_sender(bench, 2)?;
    send_all(&mut s, &["a", "b", "c", "d", "e"])?;
    expect_data(&mut s, 0, &["a", "b"], OPEN)?;
    s.deliver(PEER, &ack_with(1, 2))?;
    expect_accepted(&mut s, 0, 1, "rule C2: message 0 is acknowledged")?;
    expect_data(&mut s, 2, &["c"], OPEN)?;
    s.pass(RTO / 2)?;
    for next in [4, 5, 50, 0, u32::MAX, 1] {
        s.deliver(PEER, &ack_with(next, 2))?;
        let why = "only messages 1 and 2 are in flight";
        s.expect_nothing(&format!("rule B3: {why}, so this acknowledges nothing and lets nothing out"))?;
    }
    s.pass(RTO / 2)?;
    expect_data(&mut s, 1, &["b"], "rule B3: message 1 is still in flight, and its timer as it was")?;
    s.deliver(PEER, &ack_with(3, 2))?;
    expect_accepted(&mut s, 1, 2, "rule C2: each number before 3 is acknowledged")?;
    expect_data(&mut s, 3, &["d", "e"], OPEN)
}

pub(super) fn oldest_again(bench: &Bench<'_>) -> Outcome {
    const TIMES: usize = 4;
    let mut s = window_sender(bench, 4)?;
    send_all(&mut s, &["a", "b"])?;
    expect_data(&mut s, 0, &["a", "b"], OPEN)?;
    s.pass(RTO - ms(1))?;
    s.command(&send("c"))?;
    expect_data(&mut s, 2, &["c"], OPEN)?;
    s.pass(ms(1))?;
    expect_data(
        &mut s,
        0,
        &["a"],
        "rule C3: an RTO has passed since message 0 was sent, whatever was sent since",
    )?;
    for _ in 1..TIMES {
        s.pass(RTO - ms(1))?;
        s.expect_nothing(
            "rule C3: only the oldest is sent again, and then the timer is set for a whole RTO",
        )?;
        s.pass(ms(1))?;
        expect_data(&mut s, 0, &["a"], "rule C3: one more RTO has passed without an ACK")?;
        s.expect_nothing("rule C3: that one only")?;
    }
    if s.timers_fired() > TIMES {
        return Err(s.fail(format!(
            "Rule A4: a machine waits, it does not poll. {TIMES} RTOs have passed, and timers ran out {} times.",
            s.timers_fired()
        )));
    }
    s.deliver(PEER, &ack_with(3, 4))?;
    expect_accepted(&mut s, 0, 3, "rule C2: all three are acknowledged")?;
    s.pass(10 * RTO)?;
    s.expect_nothing("rule A3: what is accepted is not sent again")
}

pub(super) fn part_acknowledged(bench: &Bench<'_>) -> Outcome {
    let mut s = window_sender(bench, 4)?;
    send_all(&mut s, &["a", "b", "c", "d"])?;
    expect_data(&mut s, 0, &["a", "b", "c", "d"], OPEN)?;
    s.pass(RTO - ms(5))?;
    s.deliver(PEER, &ack_with(2, 4))?;
    expect_accepted(&mut s, 0, 2, "rule C2: each number before 2 is acknowledged")?;
    s.pass(RTO - ms(1))?;
    s.expect_nothing("rule C3: the timer was set anew, for a whole RTO, when the ACK came")?;
    s.pass(ms(1))?;
    expect_data(
        &mut s,
        2,
        &["c"],
        "rule C3: a whole RTO has passed since that ACK; message 2 is the oldest now",
    )?;
    s.pass(RTO / 2)?;
    s.deliver(PEER, &ack_with(3, 4))?;
    expect_accepted(&mut s, 2, 1, "rule C2: message 2 is acknowledged")?;
    s.pass(RTO - ms(1))?;
    s.expect_nothing("rule C3: the timer was set anew when the ACK came")?;
    s.pass(ms(1))?;
    expect_data(&mut s, 3, &["d"], "rule C3: message 3 was lost too, and it is the oldest now")?;
    s.deliver(PEER, &ack_with(4, 4))?;
    expect_accepted(&mut s, 3, 1, "rule C2: message 3 is acknowledged")?;
    s.expect_nothing("rule C3: nothing is in flight")?;
    s.expect_no_timer("rule A4: nothing is in flight")
}

pub(super) fn keeps_to_the_end(bench: &Bench<'_>) -> Outcome {
    let mut s = window_sender(bench, 4)?;
    send_all(&mut s, &["a", "b"])?;
    expect_data(&mut s, 0, &["a", "b"], OPEN)?;
    s.deliver(PEER, &ack_with(1, 2))?;
    expect_accepted(&mut s, 0, 1, "rule C2: message 0 is acknowledged")?;
    send_all(&mut s, &["c", "d", "e", "f", "g"])?;
    expect_data(&mut s, 2, &["c"], "rule C1: the receiver has room for messages 1 and 2")?;
    s.expect_nothing("rule C1: the end of the receiver's window is 3")?;
    s.pass(RTO / 2)?;
    s.deliver(PEER, &ack_with(1, 3))?;
    expect_data(&mut s, 3, &["d"], "rule C7: the end has moved on to 4, though nothing was acknowledged")?;
    for window in [0, 2, 1, 3] {
        s.deliver(PEER, &ack_with(1, window))?;
        s.expect_nothing("rule C7: the end of this ACK is not beyond the one that the sender knows")?;
    }
    s.pass(RTO / 2)?;
    expect_data(
        &mut s,
        1,
        &["b"],
        "rule B3: message 1 is still in flight, and no ACK since has moved its timer",
    )?;
    s.deliver(PEER, &ack_with(2, 2))?;
    expect_accepted(&mut s, 1, 1, "rule C2: message 1 is acknowledged")?;
    s.expect_nothing("rule C1: the end of the receiver's window is still 4")?;
    s.deliver(PEER, &ack_with(4, 4))?;
    expect_accepted(&mut s, 2, 2, "rule C2: each number before 4 is acknowledged")?;
    expect_data(&mut s, 4, &["e", "f", "g"], "rule C1: the end of the receiver's window is 8")?;
    s.deliver(PEER, &ack_with(4, 1))?;
    s.command(&send("h"))?;
    expect_data(&mut s, 7, &["h"], "rule C7: the last ACK was an older one, so the end is still 8")?;

    let mut s = window_sender(bench, 4)?;
    send_all(&mut s, &["a", "b", "c", "d", "e"])?;
    expect_data(&mut s, 0, &["a", "b", "c", "d"], OPEN)?;
    s.deliver(PEER, &ack_with(1, 1))?;
    expect_accepted(&mut s, 0, 1, "rule C2: message 0 is acknowledged")?;
    s.pass(RTO)?;
    expect_data(&mut s, 1, &["b"], "rules C1 and C3: messages 1 to 3 are in flight, and 1 is the oldest")?;
    s.deliver(PEER, &ack_with(4, 0))?;
    let stays = "rule C1: what was sent stays in flight, even if the end turned out to be 2";
    expect_accepted(&mut s, 1, 3, stays)?;
    s.expect_nothing("rule C1: message 4 does not lie before the end")
}

pub(super) fn probes(bench: &Bench<'_>) -> Outcome {
    let mut s = window_sender(bench, 2)?;
    send_all(&mut s, &["a"])?;
    expect_data(&mut s, 0, &["a"], OPEN)?;
    s.deliver(PEER, &ack_with(1, 0))?;
    expect_accepted(&mut s, 0, 1, "rule C2: message 0 is acknowledged")?;
    s.expect_no_timer("rule A4: nothing is in flight and nothing waits")?;
    send_all(&mut s, &["b", "c"])?;
    s.expect_nothing("rule C1: the window is closed")?;
    for text in ["d", "e", "f"] {
        s.pass(RTO / 2)?;
        s.command(&send(text))?;
        s.expect_nothing("rule C1: the window is closed, so this one waits too")?;
        s.pass(RTO / 2 - ms(1))?;
        s.expect_nothing("rule C8: a probe is sent at the end of an RTO, and not before")?;
        s.pass(ms(1))?;
        expect_data(
            &mut s,
            1,
            &["b"],
            "rules C8 and A4: an RTO has passed, whatever the application sent since; the first that waits is a probe",
        )?;
        s.deliver(PEER, &ack_with(1, 0))?;
        s.expect_nothing("rule C8: the window is still closed")?;
    }
    s.pass(RTO / 2)?;
    s.deliver(PEER, &ack_with(1, 1))?;
    expect_data(
        &mut s,
        1,
        &["b"],
        "rule C8: the window opens; the probe does not count as sent, so it is sent now",
    )?;
    s.expect_nothing("rule C1: the receiver has room for one")?;
    s.pass(RTO - ms(1))?;
    s.expect_nothing("rule C3: the timer was set anew when something was sent and nothing was in flight")?;
    s.pass(ms(1))?;
    expect_data(&mut s, 1, &["b"], "rule C3: a whole RTO has passed")?;
    s.deliver(PEER, &ack_with(2, 0))?;
    expect_accepted(&mut s, 1, 1, "rule C2: message 1 is acknowledged")?;
    s.pass(RTO)?;
    expect_data(&mut s, 2, &["c"], "rule C8: the window is closed again, and an RTO has passed")?;
    s.pass(RTO / 2)?;
    s.deliver(PEER, &ack_with(3, 0))?;
    expect_accepted(&mut s, 2, 1, "rule C8: a probe may be acknowledged like any message")?;
    s.pass(RTO - ms(1))?;
    s.expect_nothing(
        "rule C8: messages still wait, and the timer was set anew when the probe was acknowledged",
    )?;
    s.pass(ms(1))?;
    expect_data(&mut s, 3, &["d"], "rule C8: the window is still closed, and an RTO has passed")?;
    s.deliver(PEER, &ack_with(4, 2))?;
    expect_accepted(&mut s, 3, 1, "rule C8: a probe may be acknowledged like any message")?;
    expect_data(&mut s, 4, &["e", "f"], OPEN)?;
    s.expect_nothing("rule C8: what was acknowledged is not sent again")
}
