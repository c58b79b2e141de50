//! Part D, both machines: a path that is longer than the first RTO, one that is cut, one that changes, and every order.

use crate::RtoConfig;
use crate::scenarios::checks::message;
use crate::scenarios::pair::{Pair, Plan, Step, search_plan};
use faultline::ms;
use faultline::scenario::{Bench, Outcome};
use faultline::search::Limits;
use faultline::simulation::{Fault, Link, Rule, Which};
use std::time::Duration;

const ADAPTS: RtoConfig = RtoConfig { first: ms(1_000), min: ms(200), max: ms(8_000), granularity: ms(1) };

/// A link on which every datagram takes so long.
fn one_way(latency: Duration) -> Link {
    Link { latency_min: latency, latency_max: latency, ..Link::default() }
}

pub(super) fn long_path(bench: &Bench<'_>) -> Outcome {
    // The RTO doubles twice before it is longer than the round trip; one more copy may be on its way then.
    const COPIES: u64 = 3;
    for window in [1, 4] {
        let mut pair = Pair::with_window(bench, one_way(ms(1_100)), window, ADAPTS)?;
        let [s, r] = pair.hosts();
        let messages = bench.amount(60) as u64;
        pair.send((0..messages as usize).map(message))?;
        pair.finish(Duration::from_secs(1_000))?;
        let sent = pair.simulation.counts(s, r).sent;
        if sent > messages + COPIES {
            return Err(pair.simulation.fail(format!(
                "Rules D2 to D5: nothing was lost. With a first RTO of 1 s, a round trip of 2.2 s and a window of {window}, \
                 {messages} messages take at most {} DATA segments, but {sent} were sent.",
                messages + COPIES
            )));
        }
    }
    Ok(())
}

pub(super) fn long_cut(bench: &Bench<'_>) -> Outcome {
    // After 1, 2 and 4 s it runs out every 8 s.
    const TIME_OUTS: u64 = 70;
    const CUT: Duration = Duration::from_secs(7 + 8 * (TIME_OUTS - 3));
    let cut = Link { cut: true, ..Link::default() };
    let mut pair = Pair::with_window(bench, cut, 1, ADAPTS)?;
    let [s, r] = pair.hosts();
    pair.send((0..3).map(message))?;
    pair.run_for(CUT + ms(1))?;
    let sent = pair.simulation.counts(s, r).sent;
    if sent != 1 + TIME_OUTS {
        return Err(pair.simulation.fail(format!(
            "Rule D5: in a cut of {} s the timer runs out {TIME_OUTS} times, after 1, 2, 4 and then each 8 s, so DATA is sent \
             {} times, but it was sent {sent} times.",
            CUT.as_secs(),
            1 + TIME_OUTS
        )));
    }
    pair.simulation.stop_faults()?;
    pair.finish(ADAPTS.max + ms(10))
}

pub(super) fn changing_path(bench: &Bench<'_>) -> Outcome {
    // Each time the round trip grows, the RTO doubles a few times before there is a sample again.
    const COPIES: u64 = 4;
    const MESSAGES: usize = 40;
    let mut pair = Pair::with_window(bench, Link::default(), 4, ADAPTS)?;
    let [s, r] = pair.hosts();
    let mut number = 0;
    for latency in [10, 290, 1_490, 290, 10].map(ms) {
        let trip = 2 * latency;
        pair.simulation.links(one_way(latency));
        let before = pair.simulation.counts(s, r).sent;
        pair.send((number..number + MESSAGES).map(message))?;
        pair.finish(Duration::from_secs(1_000))?;
        let copies = (pair.simulation.counts(s, r).sent - before).saturating_sub(MESSAGES as u64);
        if copies > COPIES {
            return Err(pair.simulation.fail(format!(
                "Rules D2 to D5: nothing was lost, and since the round trip is {} ms, {MESSAGES} messages were sent, and \
                 {copies} copies of them; {COPIES} would do until the RTO has adapted.",
                trip.as_millis()
            )));
        }
        pair.simulation.rule(Rule::new(s, r, Which::First(1), Fault::Lose));
        let began = pair.simulation.now();
        pair.send([message(number + MESSAGES)])?;
        pair.finish(Duration::from_secs(1_000))?;
        let (took, most) = (pair.done_at().since(began), ADAPTS.min.max(2 * trip) + trip + ms(1));
        if took > most {
            return Err(pair.simulation.fail(format!(
                "Rules D2 and D3: after {MESSAGES} round trips of {} ms one DATA was lost, and its message was accepted \
                 after {} ms. By then the RTO is so short that it takes at most {} ms.",
                trip.as_millis(),
                took.as_millis(),
                most.as_millis()
            )));
        }
        number += MESSAGES + 1;
    }
    Ok(())
}

pub(super) fn every_order(bench: &Bench<'_>) -> Outcome {
    let steps = ["a", "b"].map(Step::Send);
    let limits = Limits { losses: 1, duplicates: 1, timers: 2, in_flight: 3, ..Limits::default() };
    search_plan(bench, limits, Plan { window: 2, rto: ADAPTS, ..Plan::new(&steps) }).map(drop)
}
