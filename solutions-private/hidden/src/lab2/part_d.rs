//! Part D, hidden: random series and histories beside a model, and networks that lose and change.

use super::model::{self, Timeout};
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World, ensure};
use faultline::simulation::{Link, Simulation};
use lab2_kit::scenarios::checks::{message, receiver_config, sender_config};
use lab2_kit::scenarios::pair::Pair;
use lab2_kit::scenarios::progress::Promise;
use lab2_kit::{RTO, ReceiverConfig, RtoConfig, RtoEvent, SenderConfig};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HD1",
        name: "the RTO is right to the microsecond after any samples and time-outs",
        part: 'D',
        points: 1,
        world: World::Script,
        seeds: 40,
        hint: "Rules D1 to D3 and D5. The reason says after which event it is another. Compute that one by hand.",
        run: any_series,
    },
    Scenario {
        id: "HD2",
        name: "a sender that adapts does just what the contract says in random histories",
        part: 'D',
        points: 2,
        world: World::Script,
        seeds: 40,
        hint: "The rule is in the reason. Which step of the story is the first that your sender took otherwise?",
        run: model::timeout_history,
    },
    Scenario {
        id: "HD3",
        name: "a sender that adapts gets everything through a network that loses and changes, soon after it mends",
        part: 'D',
        points: 1,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules C3, D4 and D5. Replay with --full: how long is the RTO when the faults stop, and what makes it shorter?",
        run: changing_network,
    },
];

fn any_series(bench: &Bench<'_>) -> Outcome {
    const TOLERANCE: Duration = Duration::from_micros(1);
    let mut random = Random::new(bench.seed() ^ 0x4844_3153);
    let us = |most: u64, random: &mut Random| Duration::from_micros(1 + random.below(most));
    let min = us(1_000_000, &mut random);
    let first = min + us(3_000_000, &mut random);
    let config = RtoConfig {
        first,
        min,
        max: first + us(90_000_000, &mut random),
        granularity: us([1, 1_000, 500_000][random.below(3) as usize], &mut random),
    };
    let usual = us(2_000_000, &mut random);
    let events: Vec<RtoEvent> = (0..60)
        .map(|_| match random.below(8) {
            0..=1 => RtoEvent::TimedOut,
            2 => RtoEvent::Sample(us(20_000_000, &mut random)),
            _ => RtoEvent::Sample(usual + us(100_000, &mut random)),
        })
        .collect();
    let series = RTO.call(bench.program(), &(config, events.clone()))?;
    ensure(series.len() == events.len() + 1, || {
        "Rule D1: one RTO at first, and one after each event.".into()
    })?;
    let mut timeout = Timeout::new(config);
    for place in 0..series.len() {
        if place > 0 {
            timeout.happens(events[place - 1]);
        }
        let (got, wanted) = (series[place], timeout.span());
        ensure(got.abs_diff(wanted) <= TOLERANCE, || {
            format!(
                "Rules D1 to D3 and D5: the RTO is {wanted:?}, but it was {got:?}, after {place} events, of which the last \
                 are {:?}. ({config:?})",
                &events[place.saturating_sub(3)..place]
            )
        })?;
    }
    Ok(())
}

fn changing_network(bench: &Bench<'_>) -> Outcome {
    const MESSAGES: usize = 150;
    let mut random = Random::new(bench.seed() ^ 0x4844_3353);
    let (simulation, [receiver, sender]) = Simulation::new(bench, ["receiver", "sender"]);
    let window = 1 + random.below(8) as u32;
    let rto = RtoConfig { first: ms(100), min: ms(50), max: ms(4_000), granularity: ms(1) };
    let ours = SenderConfig { window, rto, ..sender_config(receiver, rto.first) };
    let theirs = ReceiverConfig { window, ..receiver_config(sender) };
    let mut pair = Pair::join(simulation, ours, theirs, Promise::ExactlyOnce)?;
    let messages = bench.amount(MESSAGES);
    pair.send((0..messages).map(message))?;
    for _ in 0..5 {
        let latency_max = ms(1 + random.below(400));
        let swarm = Link::swarm(random.bits());
        pair.simulation.links(Link { latency_max, cut: random.chance(0.2), ..swarm });
        pair.run_for(random.between(ms(0), ms(10_000)))?;
    }
    let round_trip = ms(800);
    pair.simulation.stop_faults()?;
    // Each message may have been lost, and then costs an RTO; what is left after a window of losses goes at the network's pace.
    let holes = window.min(messages as u32) + 2;
    pair.finish((rto.max + round_trip) * holes + round_trip * messages as u32)
}
