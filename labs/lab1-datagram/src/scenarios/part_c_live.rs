//! Part C: ping, as a real process.

use super::live_ping::{Setup, ping_through, read_report};
use super::truth;
use crate::golden::Golden;
use crate::report::Report;
use faultline::live::relay::{Direction, Fault, Plan};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

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
    use Direction::{ToClient, ToServer};
    let golden = Golden::load();
    let garbage = golden.bad.iter().find(|bad| bad.name == "kind-250").map(|bad| bad.datagram.clone());
    let garbage = garbage.unwrap_or_default();
    let [other_echo, a_ping] =
        ["five-bytes-echo", "five-bytes"].map(|it| golden.message(it).datagram.clone());
    let plan = Plan::new()
        .fault(ToServer, 3, Fault::Lose)
        .fault(ToServer, 7, Fault::Duplicate)
        .fault(ToServer, 9, Fault::Corrupt { bit: 8 * 30 + 3 })
        .fault(ToServer, 11, Fault::Lose)
        .fault(ToServer, 15, Fault::Corrupt { bit: 8 * 16 })
        .fault(ToServer, 22, Fault::HoldUntil(25))
        .fault(ToServer, 30, Fault::Replace(garbage.clone()))
        .fault(ToClient, 2, Fault::Lose)
        .fault(ToClient, 5, Fault::Duplicate)
        .fault(ToClient, 8, Fault::Corrupt { bit: 8 * 20 })
        .fault(ToClient, 12, Fault::Corrupt { bit: 8 * 11 + 5 })
        .fault(ToClient, 14, Fault::HoldUntil(17))
        .fault(ToClient, 15, Fault::HoldUntil(18))
        .fault(ToClient, 19, Fault::Inject(other_echo.clone()))
        .fault(ToClient, 23, Fault::Inject(garbage))
        .fault(ToClient, 26, Fault::Duplicate)
        .fault(ToClient, 29, Fault::Inject(a_ping.clone()))
        .delay(ToServer, ms(4))
        .delay(ToClient, ms(8));
    let setup = Setup { count: 40, interval: ms(5), wait: ms(300), size: 40 };
    let run = ping_through(bench, &plan, setup)?;
    run.check(ms(12), &[other_echo, a_ping])
}

fn waits_to_the_end(bench: &Bench<'_>) -> Outcome {
    let plan = Plan::new().fault(Direction::ToClient, 10, Fault::Duplicate);
    let setup = Setup { count: 10, interval: ms(10), wait: ms(300), size: 1_200 };
    let run = ping_through(bench, &plan, setup)?;
    run.check(ms(0), &[])
}

fn no_server(bench: &Bench<'_>) -> Outcome {
    let nobody = unused_address()?;
    let setup = Setup { count: 10, interval: ms(10), wait: ms(100), size: 32 };
    let report = read_report(setup.spawn(bench, nobody)?, setup.patience())?;
    let truth = Report { sent: 10, lost: 10, ..Report::default() };
    truth::compare(&report, &truth).map_err(Failure::new)?;

    ping_through(bench, &Plan::new(), Setup { wait: ms(300), ..setup })?.check(ms(0), &[])
}

/// An address where nobody listens: below the ports that the system hands out, so that nobody comes meanwhile.
fn unused_address() -> Result<SocketAddr, Failure> {
    let start = 20_000 + (std::process::id() % 5_000) as u16;
    let addresses = (start..start + 5_000).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let found = addresses.into_iter().find(|address| UdpSocket::bind(address).is_ok());
    found.ok_or_else(|| Failure::of_the_kit("The machine has no unused port."))
}
