//! Tasks that call, and tasks that leave.

use crate::scenarios::checks::{FAR, client_config};
use crate::scenarios::office::{Office, good_network, serve_config};
use crate::shells::{CallerCommand, Ends, Job};
use crate::{CallError, ClientConfig, Host, Why};
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome};
use faultline::simulation::{Change, Ended, Link};
use std::time::Duration;

pub(super) fn many_at_once(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4531);
    let link = Link { loss: 0.1, duplicate: 0.1, latency_min: ms(5), latency_max: ms(50), ..Link::default() };
    let client = ClientConfig { give_up: FAR, ..client_config(Host(0)) };
    let mut office = Office::start_with(bench, link, serve_config(200, 200), client)?;
    let count = bench.amount(40);
    for number in 0..count {
        for (client, letter) in ["a", "b"].iter().enumerate() {
            let takes = random.between(Duration::ZERO, ms(3_000));
            let ends = if random.chance(0.1) { Ends::Fails } else { Ends::Returns };
            office.call(client, Job { ends, ..Job::new(format!("{letter}{number}"), takes) })?;
        }
    }
    let clients = office.clients;
    let ended = office.simulation.run_until(Duration::from_secs(1_000), |world| {
        Ok(clients.iter().all(|client| world.notice_count(*client) >= count))
    })?;
    office.check_truth()?;
    let returned = office.done(0)?.len() + office.done(1)?.len();
    if ended != Ended::Reached || returned != 2 * count {
        return Err(office.simulation.fail(format!(
            "Rule E1: {} calls were made, and nobody has crashed; but only {returned} have returned.",
            2 * count
        )));
    }
    for client in [0, 1] {
        for name in office.done(client)? {
            let why = "Rule E1: its handler has ended, and nobody has crashed";
            let answered = |result: &Result<_, _>| matches!(result, Ok(_) | Err(CallError::Fault(_)));
            office.expect(client, &name, why, "what it has ended with", answered)?;
        }
    }
    office.simulation.require_faults()
}

/// How many calls of each kind there are in a round of [`nobody_waits`].
const CALLS: u64 = 10;

/// How many bytes may remain of a call.
const BYTES: usize = 16;

pub(super) fn nobody_waits(bench: &Bench<'_>) -> Outcome {
    const ROUNDS: u64 = 20;
    const WARM: u64 = 4;
    let mut office = Office::start(bench, good_network(), serve_config(100, 100))?;
    let hosts = |office: &Office<'_>| [office.server.host, office.clients[0].host];
    let mut before = [[0; 2]; 2];
    for number in 0..ROUNDS {
        round(&mut office, number)?;
        let [server, ann] = hosts(&office);
        let tasks = [office.simulation.tasks(server)?, office.simulation.tasks(ann)?];
        let held = [office.simulation.held(office.server)?, office.simulation.held(office.clients[0])?];
        if number < WARM {
            before = [tasks, held];
            continue;
        }
        let calls = usize::try_from(3 * CALLS * (number + 1 - WARM)).unwrap_or(usize::MAX);
        for (index, who) in ["server", "client"].iter().enumerate() {
            let [was, is] = [before[0][index], tasks[index]];
            if is > was {
                return Err(office.simulation.fail(format!(
                    "Rule E2: of finished calls nothing is kept. But after {calls} more of them the {who} has {is} tasks, and \
                     had {was} before."
                )));
            }
            let more = held[index].saturating_sub(before[1][index]);
            if number == ROUNDS - 1 && more > calls * BYTES {
                return Err(office.simulation.fail(format!(
                    "Rule E2: of finished calls nothing is kept. But after {calls} more of them the {who} holds {more} bytes \
                     more than before."
                )));
            }
        }
    }
    let (sent, begun) = (3 * CALLS * ROUNDS, office.begun()?.len() as u64);
    if begun != sent {
        return Err(office.simulation.fail(format!(
            "Rule E2: a call that is dropped is not taken back. {sent} calls were made, but only {begun} were executed."
        )));
    }
    parts(&mut office)
}

/// Some calls are left by their tasks, before or after their deadline; of the others some are answered in time.
fn round(office: &mut Office<'_>, round: u64) -> Outcome {
    let [ann, _] = office.clients;
    let job = |kind: &str, number: u64, takes| Job::new(format!("{kind}{round}.{number}"), takes);
    for number in 0..CALLS {
        office.call(0, job("left", number, ms(300)))?;
        office.call_within(0, job("late", number, ms(400)), ms(200))?;
    }
    office.simulation.command(ann, &CallerCommand::Leave)?;
    for number in 0..CALLS {
        office.call_within(0, job("soon", number, ms(500)), ms(100 + 100 * number))?;
    }
    office.pass(ms(5_000))?;
    for number in 0..CALLS {
        let name = format!("soon{round}.{number}");
        let is_over = |result: &Result<_, _>| *result == Err(CallError::Unknown(Why::Deadline));
        // The first round trip is one of HELLO.
        match number {
            0..4 => office.expect(0, &name, "Rule D4: its deadline is over", "that nobody knows", is_over)?,
            4 => {}
            _ => office.expect_result(0, &name, "Rule E1: its handler has returned in time")?,
        }
    }
    Ok(())
}

/// The last call is left before it can be sent, and the `Caller` is dropped with it.
fn parts(office: &mut Office<'_>) -> Outcome {
    let [_, bob] = office.clients;
    let links = [(bob.host, office.server.host), (office.server.host, bob.host)];
    links.iter().try_for_each(|(from, to)| office.simulation.change(&Change::Cut(*from, *to)))?;
    office.call(1, Job::new("last", ms(100)))?;
    office.simulation.command(bob, &CallerCommand::Leave)?;
    office.pass(ms(2_500))?;
    office.simulation.command(bob, &CallerCommand::Part)?;
    office.pass(ms(2_500))?;
    links.iter().try_for_each(|(from, to)| office.simulation.change(&Change::Heal(*from, *to)))?;
    office.pass(ms(20_000))?;
    if !office.begun()?.iter().any(|name| name == "last") {
        return Err(office.simulation.fail(
            "Rule E2: the task ends when no call is unfinished. But `last` was never sent, after the network had come back.",
        ));
    }
    match office.simulation.tasks(bob.host)? {
        1 => Ok(()),
        tasks => Err(office.simulation.fail(format!(
            "Rule E2: the `Caller` is dropped, and no call is unfinished: its task ends. But the host still has {} besides \
             its main task.",
            tasks - 1
        ))),
    }
}
