//! Part C: ping, as a real process.

use super::live_ping::{Setup, ping_through, read_report};
use super::truth;
use crate::golden::Golden;
use crate::report::Report;
use faultline::live::port::Port;
use faultline::live::relay::{CLIENTS, Relay, SERVER};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World};
use faultline::simulation::{Change, Corruption, Fault, Link, Rule, Which};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "C10",
        name: "ping reports what a bad network did to its pings and their echoes",
        part: 'C',
        points: 3,
        world: World::Live,
        seeds: 1,
        hint: "Rules C9 to C11. If C1 to C8 pass, the observer is right: what does it get to hear in a real run?",
        run: bad_network,
    },
    Scenario {
        id: "C11",
        name: "ping waits to the end, even when every ping has been answered",
        part: 'C',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rule C10. What may still come when every ping has its answer?",
        run: waits_to_the_end,
    },
    Scenario {
        id: "C12",
        name: "ping without a server reports every ping as lost and ends well, and with one reports none",
        part: 'C',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rules B4 and C8. The operating system may tell a socket that nobody was there. Is that the end?",
        run: no_server,
    },
];

fn bad_network(bench: &Bench<'_>) -> Outcome {
    let golden = Golden::load();
    let garbage = golden.bad.iter().find(|bad| bad.name == "kind-250").map(|bad| bad.datagram.clone());
    let garbage = garbage.unwrap_or_default();
    let [other_echo, a_ping] =
        ["five-bytes-echo", "five-bytes"].map(|it| golden.message(it).datagram.clone());
    let flip = |bit| Fault::Corrupt(Corruption::FlipBit(bit));
    let twice = Fault::Duplicate(Duration::ZERO);
    let to_server = [
        (3, Fault::Lose),
        (7, twice.clone()),
        (9, flip(8 * 30 + 3)),
        (11, Fault::Lose),
        (15, flip(8 * 16)),
        (30, Fault::Corrupt(Corruption::Replace(garbage.clone()))),
    ];
    let to_client =
        [(2, Fault::Lose), (5, twice.clone()), (8, flip(8 * 20)), (12, flip(8 * 11 + 5)), (26, twice)];
    let injected = [(19, other_echo.clone()), (23, garbage), (29, a_ping.clone())];
    let faults = |relay: &Relay| {
        relay.link(CLIENTS, SERVER, late(4));
        relay.link(SERVER, CLIENTS, late(8));
        for (number, fault) in to_server.clone() {
            relay.rule(Rule::new(CLIENTS, SERVER, Which::Nth(number), fault));
        }
        for (number, fault) in to_client.clone() {
            relay.rule(Rule::new(SERVER, CLIENTS, Which::Nth(number), fault));
        }
        relay.hold(CLIENTS, SERVER, 22, 25);
        relay.hold(SERVER, CLIENTS, 14, 17);
        relay.hold(SERVER, CLIENTS, 15, 18);
        for (number, datagram) in injected.clone() {
            relay.after_datagram(SERVER, CLIENTS, number, Change::Inject(SERVER, CLIENTS, datagram));
        }
    };
    let setup = Setup { count: 40, interval: ms(5), wait: ms(300), size: 40 };
    let run = ping_through(bench, setup, faults)?;
    run.check(ms(12), &[other_echo, a_ping])
}

/// A link on which everything takes so long, and nothing happens.
fn late(latency_ms: u64) -> Link {
    Link { latency_min: ms(latency_ms), latency_max: ms(latency_ms), ..Link::default() }
}

fn waits_to_the_end(bench: &Bench<'_>) -> Outcome {
    let setup = Setup { count: 10, interval: ms(10), wait: ms(300), size: 1_200 };
    let run = ping_through(bench, setup, |relay| {
        relay.rule(Rule::new(SERVER, CLIENTS, Which::Nth(10), Fault::Duplicate(Duration::ZERO)));
    })?;
    run.check(ms(0), &[])
}

fn no_server(bench: &Bench<'_>) -> Outcome {
    let network = bench.network()?;
    let nobody = Port::reserve_on(&network).map_err(Failure::from)?;
    let setup = Setup { count: 10, interval: ms(10), wait: ms(100), size: 32 };
    let report = read_report(setup.spawn(bench, &network, nobody.addr())?, setup.patience())?;
    let truth = Report { sent: 10, lost: 10, ..Report::default() };
    truth::compare(&report, &truth).map_err(Failure::new)?;

    ping_through(bench, Setup { wait: ms(300), ..setup }, |_| ())?.check(ms(0), &[])
}
