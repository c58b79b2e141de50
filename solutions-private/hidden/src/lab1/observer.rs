//! Part C's observer on networks that students have not seen, with a stranger who sends to it.

use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::simulation::Link;
use faultline::{codec, ms};
use lab1_kit::message::{Kind, Message};
use lab1_kit::pinger;
use lab1_kit::scenarios::simulated::{Pings, Player, Run};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    id: "HC3",
    name: "the report is exact on any network, and strangers do not change it",
    part: 'C',
    points: 2,
    world: World::Simulation,
    seeds: 20,
    hint: "Rules C1 to C8. The report was right until the last steps of the story: what came then?",
    run: any_network,
}];

const COUNT: u32 = 110;

fn any_network(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x1AB1);
    let interval = Duration::from_micros(3_000 + random.below(9_000));
    let pings = Pings { session: random.bits() as u32, count: COUNT, interval };
    let link = Link { latency_max: ms(5 + random.below(60)), ..Link::swarm(random.bits()) };
    let mut run = Run::with_echoer(bench, link, pings)?;
    let plan =
        (0..30).map(|_| (random.between(ms(0), interval * COUNT), stray(&mut random, pings))).collect();
    let player = Player { to: run.hosts[0], plan };
    run.simulation.start_given(run.hosts[2], player, pinger::describe)?;
    run.watch(interval * COUNT, 5 * interval)?;
    run.watch(ms(10_000), ms(500))
}

/// A message that is no good reply, though it has one thing in common with those.
fn stray(random: &mut Random, pings: Pings) -> Vec<u8> {
    let near = random.below(u64::from(COUNT)) as u32;
    let (kind, session, seq) = match random.below(3) {
        0 => (Kind::Echo, pings.session ^ (1 << random.below(32)), near),
        1 => (Kind::Ping, pings.session, near),
        _ => (Kind::Echo, pings.session, COUNT + near),
    };
    codec::seal(&Message { kind, session, seq, payload: vec![0; 4] })
}
