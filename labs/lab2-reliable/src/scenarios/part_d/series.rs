//! Part D, the RTO by itself: what it is at first, and after each sample and time-out. All values are in microseconds.

use crate::{RTO, RtoConfig, RtoEvent};
use faultline::ms;
use faultline::picture::Chart;
use faultline::scenario::{Bench, Failure, Outcome, ensure};
use std::time::Duration;

/// From one to sixty seconds, with a clock of 1 ms and an RTO of at least 200 ms.
const CONFIG: RtoConfig = RtoConfig { first: ms(1_000), min: ms(200), max: ms(60_000), granularity: ms(1) };

/// How far an RTO may be off.
const TOLERANCE: Duration = Duration::from_micros(1);

const TIMED_OUT: RtoEvent = RtoEvent::TimedOut;

const fn sample(us: u64) -> RtoEvent {
    RtoEvent::Sample(Duration::from_micros(us))
}

/// Compares the RTO after each event with what it is by the rules: the first with that before all events.
fn expect(bench: &Bench<'_>, rules: &str, config: RtoConfig, events: &[RtoEvent], wanted: &[f64]) -> Outcome {
    let series = RTO.call(bench.program(), &(config, events.to_vec()))?;
    ensure(series.len() == wanted.len(), || {
        format!("{rules}: {} events have {} RTOs, but {} came.", events.len(), wanted.len(), series.len())
    })?;
    for (place, (got, wanted)) in series.iter().zip(wanted).enumerate() {
        let wanted = Duration::from_nanos((wanted * 1e3) as u64);
        ensure(got.abs_diff(wanted) <= TOLERANCE, || {
            let RtoConfig { first, min, max, granularity } = config;
            let so_far: Vec<String> = events[..place].iter().map(shown).collect();
            let after = if place == 0 { "at first".into() } else { format!("after {}", so_far.join(", ")) };
            format!(
                "{rules}: {after} the RTO is {wanted:?}, but it was {got:?}. (first {first:?}, min {min:?}, max {max:?}, \
                 G {granularity:?})"
            )
        })?;
    }
    Ok(())
}

fn shown(event: &RtoEvent) -> String {
    match event {
        RtoEvent::Sample(rtt) => format!("a sample of {rtt:?}"),
        RtoEvent::TimedOut => "a time-out".into(),
    }
}

pub(super) fn follows_the_samples(bench: &Bench<'_>) -> Outcome {
    let rules = "Rules D1 to D3";
    expect(bench, rules, CONFIG, &[], &[1_000_000.0])?;
    let events = [100_000, 100_000, 300_000].map(sample);
    expect(bench, rules, CONFIG, &events, &[1_000_000.0, 300_000.0, 250_000.0, 437_500.0])?;
    let events = [80_000, 120_000, 45_000, 500_000, 62_000, 61_000, 123_457, 60_000].map(sample);
    let wanted = [
        1_000_000.0,
        240_000.0,
        245_000.0,
        240_000.0,
        672_500.0,
        599_187.5,
        535_164.062_5,
        438_892.054_688,
        408_071.563_477,
    ];
    expect(bench, rules, CONFIG, &events, &wanted)?;
    let config = RtoConfig { first: ms(3_000), min: ms(1), ..CONFIG };
    expect(
        bench,
        rules,
        config,
        &[7_000, 9_000, 5_001].map(sample),
        &[3_000_000.0, 21_000.0, 19_750.0, 18_592.875],
    )?;
    // A drawing judges nothing.
    if let Ok(chart) = chart(bench) {
        bench.draw(chart);
    }
    Ok(())
}

/// The RTO on three paths, one after the other: a short one, a long one, and one that is as long but restless.
fn chart(bench: &Bench<'_>) -> Result<Chart, Failure> {
    const EACH: u64 = 30;
    let paths = [(80, 4), (300, 4), (300, 120)];
    let trips: Vec<u64> = paths
        .iter()
        // Steps of 13 out of 31 look like chance and are the same in each run.
        .flat_map(|(base, spread)| (0..EACH).map(move |step| base + spread * (step * 13 % 31) / 30))
        .collect();
    let events: Vec<_> = trips.iter().map(|trip| sample(1_000 * trip)).collect();
    let config = RtoConfig { first: ms(600), min: ms(20), ..CONFIG };
    let series = RTO.call(bench.program(), &(config, events))?;
    let line = |values: Vec<f64>| (0..).map(f64::from).zip(values).collect();
    Ok(Chart {
        title: "A round trip, and the time-out that follows it".into(),
        across: "samples".into(),
        up: "milliseconds".into(),
        lines: vec![
            ("round trip".into(), line(trips.iter().map(|trip| *trip as f64).collect())),
            // The first is the RTO before any sample.
            ("RTO".into(), line(series.iter().skip(1).map(|rto| 1e3 * rto.as_secs_f64()).collect())),
        ],
    })
}

pub(super) fn bounds(bench: &Bench<'_>) -> Outcome {
    let rules = "Rule D3";
    let events = [1_000, 1_000, 1_000, 100_000, 100_000].map(sample);
    let wanted = [1_000_000.0, 200_000.0, 200_000.0, 200_000.0, 200_000.0, 200_000.0];
    expect(bench, rules, CONFIG, &events, &wanted)?;
    let events = [30_000_000, 30_000_000, 1_000_000].map(sample);
    expect(bench, rules, CONFIG, &events, &[1_000_000.0, 60_000_000.0, 60_000_000.0, 60_000_000.0])?;
    let config = RtoConfig { granularity: ms(1_000), ..CONFIG };
    let wanted = [1e6, 3e6, 2.5e6, 2.125e6, 2e6, 2e6, 2e6];
    expect(bench, rules, config, &[sample(1_000_000); 6], &wanted)
}

pub(super) fn doubles(bench: &Bench<'_>) -> Outcome {
    let rules = "Rules D3 and D5";
    let events = [sample(100_000), TIMED_OUT, TIMED_OUT, sample(100_000), TIMED_OUT, sample(300_000)];
    let wanted = [1_000_000.0, 300_000.0, 600_000.0, 1_200_000.0, 250_000.0, 500_000.0, 437_500.0];
    expect(bench, rules, CONFIG, &events, &wanted)?;
    expect(bench, rules, CONFIG, &[TIMED_OUT, TIMED_OUT, sample(100_000)], &[1e6, 2e6, 4e6, 3e5])?;
    let config = RtoConfig { first: ms(3_000), ..CONFIG };
    let mut wanted = vec![60e6; 71];
    wanted[..5].copy_from_slice(&[3e6, 6e6, 12e6, 24e6, 48e6]);
    expect(bench, rules, config, &[TIMED_OUT; 70], &wanted)
}
