//! Part F, a bonus: congestion control.

use super::bottleneck::{Bottleneck, Road};
use super::checks::{RTO, SenderScript, ack_with, data, send, sender_config};
use crate::{SENDER, SenderConfig};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World};
use faultline::script::{PEER, Script};
use std::ops::Range;
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "F1",
        name: "slow start: the congestion window grows by what is acknowledged",
        part: 'F',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules F1 and F2. How many messages may be in flight after one ACK, and after one that acknowledges two?",
        run: slow_start,
    },
    Scenario {
        id: "F2",
        name: "after a time-out one message is in flight, and from the threshold on the window grows slowly",
        part: 'F',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules F3, F4 and F6. Write down window, threshold and what is in flight after each ACK.",
        run: after_a_time_out,
    },
    Scenario {
        id: "F3",
        name: "the third ACK that acknowledges nothing sends the oldest message again at once",
        part: 'F',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule F5. What makes a receiver say the same again? What else could be the reason for it once, or twice?",
        run: fast_retransmit,
    },
    Scenario {
        id: "F4",
        name: "several losses in a window are repaired one by one without a time-out",
        part: 'F',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule F6. After a loss an ACK comes that acknowledges something, but not all that was in flight then. What does it tell?",
        run: several_losses,
    },
    Scenario {
        id: "F5",
        name: "two transfers share a slow link fairly and use most of it",
        part: 'F',
        points: 4,
        world: World::Simulation,
        seeds: 3,
        hint: "Rules F2 to F6. Look at the chart of each transfer's rate: who gives way, and who takes what is free?",
        run: shared_link,
    },
];

/// A sender that has been given messages 0, 1, 2 and so on, with a congestion window.
fn start(bench: &Bench<'_>, messages: u32) -> Result<SenderScript, Failure> {
    let config = SenderConfig { window: 64, congestion: true, ..sender_config(PEER, RTO) };
    let mut s = Script::start(bench, SENDER, ["sender", "receiver"], &config)?;
    (0..messages).try_for_each(|number| s.command(&send(&format!("m{number}"))))?;
    Ok(s)
}

fn expect(s: &mut SenderScript, numbers: Range<u32>, rule: &str) -> Outcome {
    numbers
        .into_iter()
        .try_for_each(|number| s.expect_datagram(PEER, &data(number, &format!("m{number}")), rule))?;
    s.expect_no_datagram(rule)
}

/// Acknowledges everything before `next`, and expects these to follow.
fn acknowledge(s: &mut SenderScript, next: u32, follows: Range<u32>, rule: &str) -> Outcome {
    s.deliver(PEER, &ack_with(next, 64))?;
    expect(s, follows, rule)
}

/// A sender that has messages 7 to 14 in flight, by slow start.
fn eight_in_flight(bench: &Bench<'_>) -> Result<SenderScript, Failure> {
    let mut s = start(bench, 60)?;
    expect(&mut s, 0..1, "rule F1: the congestion window begins with 1")?;
    for (next, follows) in [(1, 1..3), (3, 3..7), (7, 7..15)] {
        acknowledge(&mut s, next, follows, "rule F2: slow start")?;
    }
    Ok(s)
}

fn slow_start(bench: &Bench<'_>) -> Outcome {
    let mut s = start(bench, 40)?;
    expect(&mut s, 0..1, "rule F1: the congestion window begins with 1")?;
    acknowledge(&mut s, 1, 1..3, "rule F2: one is acknowledged, so the window is 2")?;
    acknowledge(&mut s, 2, 3..5, "rule F2: one more, so the window is 3")?;
    acknowledge(&mut s, 4, 5..9, "rule F2: two more, so the window is 5")?;
    acknowledge(&mut s, 9, 9..19, "rule F2: five more, so the window is 10")
}

fn after_a_time_out(bench: &Bench<'_>) -> Outcome {
    let mut s = eight_in_flight(bench)?;
    s.pass(RTO)?;
    expect(&mut s, 7..8, "rule C3: the oldest is sent again when the timer runs out")?;
    acknowledge(
        &mut s,
        15,
        15..16,
        "rules F4 and F6: the window is 1, and does not grow until the loss is repaired",
    )?;
    acknowledge(&mut s, 16, 16..18, "rule F2: from here it grows again, to 2")?;
    acknowledge(
        &mut s,
        18,
        18..22,
        "rules F2 and F4: to the threshold of 4, half of the 8 that were in flight",
    )?;
    acknowledge(&mut s, 20, 22..24, "rule F3: two of the window's four are acknowledged, so it is still 4")?;
    acknowledge(&mut s, 22, 24..27, "rule F3: four are acknowledged, so the window is 5")?;
    acknowledge(&mut s, 27, 27..33, "rule F3: five are acknowledged, so the window is 6")
}

fn fast_retransmit(bench: &Bench<'_>) -> Outcome {
    let mut s = eight_in_flight(bench)?;
    s.pass(ms(10))?;
    for _ in 0..2 {
        acknowledge(&mut s, 7, 0..0, "rule F5: once or twice may be a matter of order")?;
    }
    acknowledge(&mut s, 7, 7..8, "rule F5: the third of them is a sign that message 7 is lost")?;
    for _ in 0..3 {
        acknowledge(&mut s, 7, 0..0, "rule F6: it was sent again already")?;
    }
    acknowledge(&mut s, 15, 15..19, "rule F5: the window is 4, half of the 8 that were in flight")?;
    for _ in 0..3 {
        s.deliver(PEER, &ack_with(19, 60))?;
    }
    expect(&mut s, 19..24, "rules F3 and F5: the window is 5, and two more of this ACK tell nothing yet")?;
    acknowledge(&mut s, 19, 0..0, "rule F5: this one came because the receiver's window has grown")?;
    acknowledge(&mut s, 20, 24..25, "rule F3: one of the window's five is acknowledged, so it is still 5")?;
    for _ in 0..2 {
        acknowledge(&mut s, 20, 0..0, "rule F5: these are the first two since something was acknowledged")?;
    }
    acknowledge(&mut s, 20, 20..21, "rule F5: the third of them is a sign that message 20 is lost")
}

fn several_losses(bench: &Bench<'_>) -> Outcome {
    let mut s = eight_in_flight(bench)?;
    for _ in 0..2 {
        acknowledge(&mut s, 7, 0..0, "rule F5: once or twice may be a matter of order")?;
    }
    acknowledge(&mut s, 7, 7..8, "rule F5: the third of them is a sign that message 7 is lost")?;
    acknowledge(&mut s, 9, 9..10, "rule F6: message 9 was lost too")?;
    for _ in 0..3 {
        acknowledge(
            &mut s,
            9,
            0..0,
            "rule F6: until the loss is repaired there is no further fast retransmit",
        )?;
    }
    s.deliver(PEER, &ack_with(12, 64))?;
    s.expect_datagram(PEER, &data(12, "m12"), "rule F6: and so was message 12")?;
    expect(&mut s, 15..16, "rule F5: with 12 to 14 in flight the window of 4 has room for one more")?;
    acknowledge(&mut s, 15, 16..19, "rule F6: all is repaired; the window is 4 since rule F5")
}

fn shared_link(bench: &Bench<'_>) -> Outcome {
    const ALONE: Duration = Duration::from_secs(5);
    const SHARED: Duration = Duration::from_secs(40);
    let mut both = Bottleneck::start(bench, Road::NARROW, 64)?;
    both.begin(0);
    both.run_for(ALONE)?;
    both.begin(1);
    both.run_for(SHARED)?;
    bench.draw(both.chart("Two transfers on one slow link"));
    // The first half of the time is for finding each other.
    let delivered = both.delivered(SHARED / 2).map(|count| count as f64);
    let [one, other] = delivered;
    let fairness = (one + other).powi(2) / (2.0 * (one * one + other * other)).max(1.0);
    let used = (one + other) / both.capacity(SHARED / 2);
    let (sent, lost) = both.losses();
    let lost = lost as f64 / sent.max(1) as f64;
    bench.note(format!(
        "fairness {fairness:.2} (at least 0.80), use of the link {used:.2} (at least 0.75), lost {lost:.3} (at most 0.10)"
    ));
    if fairness < 0.8 || used < 0.75 || lost > 0.1 {
        return Err(both.fail(format!(
            "Rules F2 to F6: in the last {} s of a shared link the transfers got {one} and {other} messages through, which \
             is a fairness of {fairness:.2} (Jain's index; 0.80 at least) and {used:.2} of what the link carries (0.75 at \
             least); {lost:.3} of all datagrams were lost in its queue (0.10 at most).",
            (SHARED / 2).as_secs()
        )));
    }
    Ok(())
}
