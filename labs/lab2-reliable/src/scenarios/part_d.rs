//! Part D: a time-out that adapts.

use crate::{RTO, RtoConfig, RtoEvent};
use faultline::ms;
use faultline::scenario::{Bench, Outcome, Scenario, World, ensure};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    id: "D1",
    name: "the RTO follows the samples as RFC 6298 has it",
    part: 'D',
    points: 3,
    world: World::Script,
    seeds: 1,
    hint: "Rules D1 to D3. Compute the first two by hand.",
    run: follows_the_samples,
}];

fn follows_the_samples(bench: &Bench<'_>) -> Outcome {
    let config = RtoConfig { first: ms(1_000), min: ms(200), max: ms(60_000), granularity: ms(1) };
    let events = [100, 100, 300].map(|rtt| RtoEvent::Sample(ms(rtt)));
    let series = RTO.call(bench.program(), &(config, events.to_vec()))?;
    let wanted = [1_000_000, 300_000, 250_000, 434_375 - 1].map(Duration::from_micros);
    ensure(series.len() == wanted.len(), || "Rules D1 to D3: an RTO is missing.".into())?;
    ensure(series[0] == wanted[0] && series[1] == wanted[1], || {
        format!("Rules D1 to D3: the first RTOs are {:?}, but {:?} was computed.", wanted, series)
    })
}
