//! Part E: connections.

use super::checks::message;
use super::talk::{Plan, Talk, search};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::search::Limits;
use faultline::simulation::Link;
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "E1",
        name: "a connection opens, carries a message each way and closes, whatever is lost, copied or late",
        part: 'E',
        points: 5,
        world: World::Search,
        seeds: 1,
        hint: "Rules E1 to E6. The story is the shortest there is: ask at each step what that side could know.",
        run: every_order,
    },
    Scenario {
        id: "E2",
        name: "a long talk over a bad network arrives whole in both directions",
        part: 'E',
        points: 4,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules E1 to E6.",
        run: bad_network,
    },
];

fn every_order(bench: &Bench<'_>) -> Outcome {
    let limits = Limits {
        losses: 1,
        duplicates: 1,
        timers: 1,
        in_flight: 3,
        lifetime: Duration::from_secs(10),
        ..Limits::default()
    };
    search(bench, limits, Plan::whole(&["a"], &["b"])).map(drop)
}

fn bad_network(bench: &Bench<'_>) -> Outcome {
    let mut talk = Talk::start(bench, Link::swarm(bench.seed()), |config| config)?;
    talk.open()?;
    for side in 0..2 {
        talk.send(side, (0..bench.amount(60)).map(message))?;
        talk.finish(side)?;
    }
    talk.close(Duration::from_secs(3_000))
}
