//! Part B, hidden: who is who, and the wire as it was frozen.

use faultline::disk::Unsynced;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::simulation::{Change, Fault as Strike, Link, Rule, Simulation, Which};
use lab3_kit::scenarios::checks::{call, client_config, server_config};
use lab3_kit::scenarios::history::{Ends, History, Promise};
use lab3_kit::scenarios::world::{Load, World as Net};
use lab3_kit::{CLIENT, ClientConfig, Host, Message, RtoConfig, SERVER};
use std::collections::BTreeSet;
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HB1",
        name: "of thousands of clients and servers no two have the same incarnation",
        part: 'B',
        points: 2,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule B1. How many bits of chance does an incarnation have? Two that start at the same moment must differ too.",
        run: incarnations,
    },
    Scenario {
        id: "HB2",
        name: "calls cross a network with other round trips and time-outs, many at once",
        part: 'B',
        points: 3,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules B2 to B5. Each seed has a round trip, time-outs and faults of its own: replay it with --full.",
        run: other_times,
    },
    Scenario {
        id: "HB3",
        name: "a lost greeting, a lost welcome and a late one cost time, and nothing else",
        part: 'B',
        points: 2,
        world: World::Simulation,
        seeds: 1,
        hint: "Rules B2 and B3. Which of the datagrams that open a conversation can be lost, and who sends it again?",
        run: greetings,
    },
];

fn incarnations(bench: &Bench<'_>) -> Outcome {
    const MOMENTS: usize = 50;
    const EACH: usize = 30;
    let (mut simulation, [s, c]) = Simulation::new(bench, ["server", "client"]);
    simulation.keep_deliveries();
    simulation.start(s, &SERVER, &server_config())?;
    let client = simulation.start(c, &CLIENT, &client_config(s))?;
    for _ in 0..MOMENTS {
        for _ in 0..EACH {
            simulation.command(client, &call("a"))?;
            simulation.change(&Change::Crash(c, Unsynced::Lost))?;
            simulation.change(&Change::Restart(c))?;
        }
        simulation.run_for(ms(10))?;
        simulation.change(&Change::Crash(s, Unsynced::Lost))?;
        simulation.change(&Change::Restart(s))?;
    }
    let (mut clients, mut servers) = (BTreeSet::new(), BTreeSet::new());
    for delivery in simulation.deliveries() {
        match Message::decode(&delivery.datagram) {
            Ok(Message::Hello { client }) => clients.insert(client),
            Ok(Message::Welcome { server, .. }) => servers.insert(server),
            _ => false,
        };
    }
    let both = clients.intersection(&servers).count();
    for (who, seen, lives) in
        [("clients", clients.len(), MOMENTS * EACH), ("servers", servers.len(), MOMENTS)]
    {
        if seen + both < lives || both > 0 {
            return Err(simulation.fail(format!(
                "Rule B1: {lives} {who} were started one after another, and they had only {seen} different incarnations, \
                 {both} of them also used by the other side."
            )));
        }
    }
    Ok(())
}

fn other_times(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4842_3200);
    let first = ms(20 + random.below(3_000));
    let rto = RtoConfig { first, max: first * (1 + random.below(20) as u32) };
    let client = ClientConfig { rto, give_up: Duration::from_secs(90_000), ..client_config(Host(0)) };
    let at_once = 1 + random.below(12) as usize;
    let work = ms(random.below(2_000));
    let load = Load { calls: 80, at_once, work, client, ..Load::default() };
    let history = History::new(Promise::AtLeastOnce, Ends::Done);
    let mut world = Net::start(bench, Link::swarm(bench.seed() ^ 0x48), load, history)?;
    world.begin()?;
    world.finish(Duration::from_secs(80_000))?;
    world.simulation.require_faults()
}

fn greetings(bench: &Bench<'_>) -> Outcome {
    let load = Load { calls: 5, at_once: 2, ..Load::default() };
    let history = History::new(Promise::AtLeastOnce, Ends::Done);
    let mut world = Net::start(bench, Link::default(), load, history)?;
    let (server, [ann, bob]) = (world.server, [world.clients[0], world.clients[1]]);
    for (from, to, which, strike) in [
        (ann, server, Which::Nth(1), Strike::Lose),
        (server, ann, Which::Nth(1), Strike::Lose),
        (server, bob, Which::Nth(1), Strike::Delay(ms(2_500))),
        (bob, server, Which::Nth(2), Strike::Duplicate(ms(30_000))),
    ] {
        world.simulation.rule(Rule::new(from, to, which, strike));
    }
    world.begin()?;
    world.finish(Duration::from_secs(100))?;
    world.simulation.run_for(Duration::from_secs(60))?;
    world.simulation.require_faults()
}
