//! Part D, hidden: longer disasters, and deadlines among many calls.

use faultline::disk::Unsynced;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::search::Limits;
use faultline::simulation::{Change, HostOptions, Link};
use lab3_kit::scenarios::checks::client_config;
use lab3_kit::scenarios::history::{Ends, History, Promise};
use lab3_kit::scenarios::searched::{Calls, Mortal, search};
use lab3_kit::scenarios::world::{Load, World as Net};
use lab3_kit::{ClientConfig, Host};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HD1",
        name: "long calls over a bad network are answered, each executed once",
        part: 'D',
        points: 3,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules C1 and D1 to D3. Replay the seed with --full: which of WORKING, PROBE and REPLY was lost or came late?",
        run: long_and_bad,
    },
    Scenario {
        id: "HD2",
        name: "many short deadlines, a slow server, crashes: what the clients are told is true",
        part: 'D',
        points: 3,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules B7, C2, D4 and D5. Follow the one call that the reason names through all its datagrams.",
        run: hurried,
    },
    Scenario {
        id: "HD3",
        name: "a server that crashes in the middle of a long call is not waited for in vain",
        part: 'D',
        points: 3,
        world: World::Search,
        seeds: 1,
        hint: "Rules B7, D2 and D3. What does the restarted server make of each datagram that the client may send?",
        run: crash_at_work,
    },
];

fn long_and_bad(bench: &Bench<'_>) -> Outcome {
    let history = History::new(Promise::AtMostOnce, Ends::Done);
    let client = ClientConfig { give_up: Duration::from_secs(90_000), ..client_config(Host(0)) };
    let load = Load { calls: 30, at_once: 5, work: ms(90_000), client, ..Load::default() };
    let mut world = Net::start(bench, Link::swarm(bench.seed() ^ 0x4844), load, history)?;
    world.begin()?;
    world.finish(Duration::from_secs(50_000))?;
    world.simulation.require_faults()
}

fn hurried(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4844_3200);
    let history = History::new(Promise::AtMostOnce, Ends::Any);
    let client = ClientConfig { give_up: ms(20_000), ..client_config(Host(0)) };
    let deadline = ms(200 + random.below(4_000));
    let load = Load { calls: 150, at_once: 6, work: ms(3_000), deadline, client, ..Load::default() };
    let link = Link { reorder: 0.2, reorder_delay: ms(9_000), ..Link::swarm(bench.seed()) };
    let mut world = Net::start(bench, link, load, history)?;
    let slow = HostOptions { work: ms(random.below(30)), clock_ppm: 200, ..HostOptions::default() };
    world.simulation.host(world.server, slow);
    world.begin()?;
    for _ in 0..bench.amount(4) {
        world.pass(ms(random.below(20_000)))?;
        let server = world.server;
        world.simulation.change(&Change::Crash(server, Unsynced::Lost))?;
        world.pass(ms(random.below(10_000)))?;
        world.simulation.change(&Change::Restart(server))?;
    }
    world.simulation.stop_faults()?;
    world.finish(Duration::from_secs(20_000))?;
    world.simulation.require_faults()
}

fn crash_at_work(bench: &Bench<'_>) -> Outcome {
    let calls = Calls { ann: &["a"], bob: &[], mortal: Mortal::Server, promise: Promise::AtMostOnce };
    let limits =
        Limits { losses: 1, duplicates: 1, timers: 3, crashes: 1, in_flight: 5, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}
