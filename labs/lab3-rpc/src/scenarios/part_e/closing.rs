//! A server that closes.

use crate::scenarios::office::{Office, TRIP, good_network, serve_config};
use crate::shells::{Close, Job};
use crate::{Fault, ServeConfig};
use faultline::scenario::{Bench, Outcome};
use faultline::simulation::Change;
use faultline::{Time, ms};
use std::time::Duration;

const WAITED_FOR: &str = "Rule E6: a handler that runs is waited for, and its call finished like any other";

/// How long the servers of [`closes`] linger.
const LINGER: Duration = ms(10_000);

pub(super) fn closes(bench: &Bench<'_>) -> Outcome {
    let config = ServeConfig { linger: LINGER, ..serve_config(2, 5) };
    // The first one is what the book shows.
    closes_at_work(bench, config)?;
    closes_idle(bench, config)
}

fn closes_at_work(bench: &Bench<'_>, config: ServeConfig) -> Outcome {
    let mut office = Office::start(bench, good_network(), config)?;
    for (name, takes) in [("a", 5_000), ("b", 8_000), ("c", 100), ("d", 100)] {
        office.call(0, Job::new(name, ms(takes)))?;
    }
    office.pass(ms(1_000))?;
    office.simulation.command(office.server, &Close)?;
    office.pass(2 * TRIP + ms(5))?;
    for name in ["c", "d"] {
        office.expect_fault(0, name, &Fault::Closing, "Rule E6: this call waits, and the server closes")?;
    }
    refused(&mut office, 0, "e")?;
    refused(&mut office, 1, "f")?;
    office.pass(ms(4_500))?;
    office.expect_result(0, "a", WAITED_FOR)?;
    refused(&mut office, 0, "g")?;
    office.pass(ms(3_000))?;
    office.expect_result(0, "b", WAITED_FOR)?;
    refused(&mut office, 0, "h")?;
    until(&mut office, ENDED + LINGER - ms(500))?;
    refused(&mut office, 0, "i")?;
    until(&mut office, ENDED + LINGER - ms(5))?;
    let why = "its last handler has ended at 8030 ms, and from then on it answers for 10 s";
    expect_closed(&office, false, why)?;
    until(&mut office, ENDED + LINGER + ms(5))?;
    expect_closed(&office, true, why)?;
    office.expect_begun(&["a", "b"], "Rule E6: a server that closes begins nothing")
}

/// A server that nobody asks for anything.
fn closes_idle(bench: &Bench<'_>, config: ServeConfig) -> Outcome {
    let mut idle = Office::start(bench, good_network(), config)?;
    idle.simulation.command(idle.server, &Close)?;
    let why = "no handler runs when it is told to close, and it answers for 10 s";
    until(&mut idle, LINGER - ms(5))?;
    expect_closed(&idle, false, why)?;
    until(&mut idle, LINGER + ms(5))?;
    expect_closed(&idle, true, why)
}

/// A reply is lost just before the server would be free to go.
pub(super) fn lingers(bench: &Bench<'_>) -> Outcome {
    let config = ServeConfig { linger: ms(12_000), ..serve_config(2, 5) };
    let mut office = Office::start(bench, good_network(), config)?;
    let (server, ann) = (office.server.host, office.clients[0].host);
    office.call(0, Job::new("a", ms(300)))?;
    office.call(0, Job::new("b", ms(20_000)))?;
    office.pass(ms(200))?;
    office.simulation.command(office.server, &Close)?;
    office.simulation.change(&Change::Cut(server, ann))?;
    until(&mut office, ms(1_500))?;
    office.simulation.change(&Change::Heal(server, ann))?;
    until(&mut office, ms(5_000))?;
    let why = "Rule E6: while a handler runs, a server that closes answers copies of what is done";
    office.expect_result(0, "a", why)?;
    until(&mut office, ms(19_000))?;
    office.simulation.change(&Change::Cut(server, ann))?;
    until(&mut office, ms(23_000))?;
    office.simulation.change(&Change::Heal(server, ann))?;
    until(&mut office, ms(40_000))?;
    let why = "Rule E6: the reply was lost at about 20 s, from 23 s on the network was there again, and the server answers \
               until 32 s";
    office.expect_result(0, "b", why)
}

/// When the last handler of [`closes`] ends: HELLO, WELCOME and REQUEST took a trip each.
const ENDED: Duration = Duration::from_millis(8_030);

/// Lets time pass until then.
fn until(office: &mut Office<'_>, then: Duration) -> Outcome {
    let passed = office.simulation.now().since(Time::ZERO);
    office.pass(then.saturating_sub(passed))
}

fn refused(office: &mut Office<'_>, client: usize, name: &str) -> Outcome {
    office.call(client, Job::new(name, ms(100)))?;
    office.pass(4 * TRIP + ms(5))?;
    office.expect_fault(
        client,
        name,
        &Fault::Closing,
        "Rule E6: this call comes when the server closes already",
    )
}

fn expect_closed(office: &Office<'_>, closed: bool, why: &str) -> Outcome {
    let (now, has) = (office.simulation.now(), |closed| if closed { "has" } else { "has not" });
    match office.is_closed()? == closed {
        true => Ok(()),
        false => Err(office.simulation.fail(format!(
            "Rule E6: {why}. Expected at {now}: `serve` {} returned. But it {}.",
            has(closed),
            has(!closed)
        ))),
    }
}
