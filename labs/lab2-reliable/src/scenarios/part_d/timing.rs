//! Part D, the sender by itself: for how long it sets its timer. The scenario is its receiver.

use crate::scenarios::checks::{
    SenderScript, ack_with, data, expect_accepted, expect_data, send_all, sender_config, sender_of,
};
use crate::{RtoConfig, SenderConfig};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::script::PEER;
use std::time::Duration;

/// An RTO may be off by 1 µs; several in a row by a little more.
const SLACK: Duration = Duration::from_micros(5);

/// A sender whose first RTO is 1 s, with a window of three.
fn start(bench: &Bench<'_>) -> Result<SenderScript, Failure> {
    let rto = RtoConfig { first: ms(1_000), min: ms(200), max: ms(60_000), granularity: ms(1) };
    sender_of(bench, &SenderConfig { window: 3, rto, ..sender_config(PEER, rto.first) })
}

/// Sends these messages, and expects that they are sent at once.
fn send(s: &mut SenderScript, first: u32, texts: &[&str]) -> Outcome {
    send_all(s, texts)?;
    expect_data(s, first, texts, "rule C1: the window has room for it")
}

/// Acknowledges `count` messages from `first` on.
fn acknowledge(s: &mut SenderScript, first: u32, count: u32) -> Outcome {
    s.deliver(PEER, &ack_with(first + count, 3))?;
    expect_accepted(s, first, count, "rule C2: each number before this one is acknowledged")
}

/// The timer was set `ago` before now, for `rto`. Expects that message `number` is sent again when it runs out, and not
/// before; [`SLACK`] has passed since then when this returns.
fn expect_again(
    s: &mut SenderScript,
    (rto, ago): (Duration, Duration),
    (number, text): (u32, &str),
    rule: &str,
) -> Outcome {
    let span = rto.as_millis();
    s.pass(rto - ago - SLACK)?;
    s.expect_nothing(&format!("{rule}. The RTO is {span} ms, and it has not passed"))?;
    s.pass(2 * SLACK)?;
    s.expect_datagram(PEER, &data(number, text), &format!("{rule}. The RTO is {span} ms, and it has passed"))
}

pub(super) fn measures(bench: &Bench<'_>) -> Outcome {
    let mut s = start(bench)?;
    send(&mut s, 0, &["a"])?;
    expect_again(&mut s, (ms(1_000), ms(0)), (0, "a"), "rule D1: nothing was measured yet")?;

    let mut s = start(bench)?;
    send(&mut s, 0, &["a"])?;
    s.pass(ms(40))?;
    send(&mut s, 1, &["b"])?;
    s.pass(ms(60))?;
    send(&mut s, 2, &["c"])?;
    s.pass(ms(100))?;
    acknowledge(&mut s, 0, 2)?;
    let rule = "rules D4 and D6: the first sample is the 160 ms since message 1 was sent";
    expect_again(&mut s, (ms(480), ms(0)), (2, "c"), rule)?;

    let mut s = start(bench)?;
    for (number, text) in (0..).zip(["a", "b", "c"]) {
        send(&mut s, number, &[text])?;
        s.pass(ms(if number == 2 { 200 } else { 100 }))?;
        acknowledge(&mut s, number, 1)?;
    }
    send(&mut s, 3, &["d"])?;
    let rule = "rules D2 and D3: the samples are 100, 100 and 200 ms";
    expect_again(&mut s, (ms(325), ms(0)), (3, "d"), rule)?;
    expect_again(&mut s, (ms(650), SLACK), (3, "d"), "rule D5: the RTO has doubled")
}

pub(super) fn karn(bench: &Bench<'_>) -> Outcome {
    let rule = "rule D4: message 0 was sent twice, so its ACK gives no sample";
    let mut s = start(bench)?;
    send(&mut s, 0, &["a"])?;
    expect_again(&mut s, (ms(1_000), ms(0)), (0, "a"), "rule D1: nothing was measured yet")?;
    s.pass(ms(100))?;
    acknowledge(&mut s, 0, 1)?;
    send(&mut s, 1, &["b"])?;
    expect_again(&mut s, (ms(2_000), ms(0)), (1, "b"), rule)?;

    let mut s = start(bench)?;
    send(&mut s, 0, &["a", "b"])?;
    expect_again(&mut s, (ms(1_000), ms(0)), (0, "a"), "rule D1: nothing was measured yet")?;
    send(&mut s, 2, &["c"])?;
    s.pass(ms(100))?;
    acknowledge(&mut s, 0, 3)?;
    send(&mut s, 3, &["d"])?;
    let rule = "rule D4: this ACK covers message 0, which was sent twice, so it gives no sample";
    expect_again(&mut s, (ms(2_000), ms(0)), (3, "d"), rule)?;

    let mut s = start(bench)?;
    send(&mut s, 0, &["a"])?;
    s.pass(ms(100))?;
    s.deliver(PEER, &ack_with(1, 0))?;
    expect_accepted(&mut s, 0, 1, "rule C2: message 0 is acknowledged")?;
    send_all(&mut s, &["b"])?;
    expect_again(&mut s, (ms(300), ms(0)), (1, "b"), "rules C8 and D3: this is a probe")?;
    s.pass(ms(50))?;
    s.deliver(PEER, &ack_with(1, 3))?;
    expect_data(
        &mut s,
        1,
        &["b"],
        "rule C8: the window opens; the probe does not count as sent, so it is sent now",
    )?;
    s.pass(ms(20))?;
    acknowledge(&mut s, 1, 1)?;
    send(&mut s, 2, &["c"])?;
    let rule = "rule D4: message 1 was sent twice, once as a probe, so its ACK gives no sample";
    expect_again(&mut s, (ms(600), ms(0)), (2, "c"), rule)?;

    let mut s = start(bench)?;
    send(&mut s, 0, &["a"])?;
    s.pass(ms(100))?;
    s.deliver(PEER, &ack_with(1, 0))?;
    expect_accepted(&mut s, 0, 1, "rule C2: message 0 is acknowledged")?;
    send_all(&mut s, &["b"])?;
    expect_again(&mut s, (ms(300), ms(0)), (1, "b"), "rules C8 and D3: this is a probe")?;
    s.pass(ms(100) - SLACK)?;
    acknowledge(&mut s, 1, 1)?;
    send(&mut s, 2, &["c"])?;
    let rule =
        "rule D4: message 1 was sent once, as a probe, so its ACK gives a sample, the second of 100 ms";
    expect_again(&mut s, (ms(250), ms(0)), (2, "c"), rule)
}

pub(super) fn keeps_backing_off(bench: &Bench<'_>) -> Outcome {
    let doubled = "rule D5: the RTO doubles each time the timer runs out";
    let stays = "rule D5: the RTO stays doubled until there is a sample";
    let mut s = start(bench)?;
    send(&mut s, 0, &["a"])?;
    s.pass(ms(100))?;
    acknowledge(&mut s, 0, 1)?;
    send(&mut s, 1, &["b"])?;
    expect_again(&mut s, (ms(300), ms(0)), (1, "b"), "rule D3: the first sample was 100 ms")?;
    expect_again(&mut s, (ms(600), SLACK), (1, "b"), doubled)?;
    send(&mut s, 2, &["c"])?;
    acknowledge(&mut s, 1, 1)?;
    expect_again(&mut s, (ms(1_200), ms(0)), (2, "c"), stays)?;
    acknowledge(&mut s, 2, 1)?;
    send(&mut s, 3, &["d"])?;
    s.pass(ms(100))?;
    acknowledge(&mut s, 3, 1)?;
    send(&mut s, 4, &["e"])?;
    let rule = "rules D2 and D5: message 3 gave a sample of 100 ms, the second one";
    expect_again(&mut s, (ms(250), ms(0)), (4, "e"), rule)?;

    let mut s = start(bench)?;
    send(&mut s, 0, &["a"])?;
    s.pass(ms(100))?;
    s.deliver(PEER, &ack_with(1, 0))?;
    expect_accepted(&mut s, 0, 1, "rule C2: message 0 is acknowledged")?;
    send_all(&mut s, &["b"])?;
    expect_again(&mut s, (ms(300), ms(0)), (1, "b"), "rules C8 and D3: this is a probe")?;
    expect_again(&mut s, (ms(600), SLACK), (1, "b"), "rules C8 and D5: the timer of a probe runs out too")?;
    s.deliver(PEER, &ack_with(1, 3))?;
    expect_data(&mut s, 1, &["b"], "rule C8: the window opens")?;
    expect_again(&mut s, (ms(1_200), ms(0)), (1, "b"), stays)
}

pub(super) fn nothing_else(bench: &Bench<'_>) -> Outcome {
    let rule = "rules B3 and D6: nothing was acknowledged since";
    let mut s = start(bench)?;
    send(&mut s, 0, &["a"])?;
    s.pass(ms(100))?;
    s.deliver(PEER, &ack_with(1, 2))?;
    expect_accepted(&mut s, 0, 1, "rule C2: message 0 is acknowledged")?;
    send(&mut s, 1, &["b"])?;
    expect_again(&mut s, (ms(300), ms(0)), (1, "b"), "rule D3: the first sample was 100 ms")?;
    let mut ago = SLACK;
    for rto in [600, 1_200].map(ms) {
        for next in [1_000, 3, 0, u32::MAX, 1] {
            s.pass(ms(50))?;
            s.deliver(PEER, &ack_with(next, 2))?;
            s.expect_nothing("rule B3: this ACK acknowledges nothing")?;
        }
        s.deliver(PEER, &data(1, "b"))?;
        s.expect_nothing("rule B4: a sender has no use for a message")?;
        expect_again(&mut s, (rto, 5 * ms(50) + ago), (1, "b"), rule)?;
        ago = SLACK;
    }
    s.deliver(PEER, &ack_with(1, 3))?;
    send(&mut s, 2, &["c", "d"])?;
    expect_again(&mut s, (ms(2_400), SLACK), (1, "b"), rule)?;
    acknowledge(&mut s, 1, 3)?;
    s.expect_no_timer("rule A4: nothing is in flight")
}
