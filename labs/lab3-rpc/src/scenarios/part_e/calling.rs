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

pub(super) fn nobody_waits(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::start(bench, good_network(), serve_config(100, 100))?;
    let [ann, _] = office.clients;
    let mut before = [0, 0];
    for round in 0..6 {
        for number in 0..10 {
            let job = |kind: &str, takes| Job::new(format!("{kind}{round}.{number}"), takes);
            office.call(0, job("left", ms(300)))?;
            office.call_within(0, job("late", ms(400)), ms(200))?;
        }
        office.simulation.command(ann, &CallerCommand::Leave)?;
        // Nobody waits for those that were left; the others are over before the handler has ended.
        for number in 0..10 {
            let job = Job::new(format!("soon{round}.{number}"), ms(500));
            office.call_within(0, job, ms(100 + 40 * number))?;
        }
        office.pass(ms(5_000))?;
        for number in 0..10 {
            let late = |result: &Result<_, _>| *result == Err(CallError::Unknown(Why::Deadline));
            let name = format!("soon{round}.{number}");
            office.expect(0, &name, "Rule D4: its deadline is over", "that nobody knows", late)?;
        }
        let hosts = [office.server.host, ann.host];
        let tasks = [office.simulation.tasks(hosts[0])?, office.simulation.tasks(hosts[1])?];
        if round > 0 && tasks.iter().zip(before).any(|(now, before)| *now > before) {
            return Err(office.simulation.fail(format!(
                "Rule E2: of finished calls nothing is kept. But after one more round of calls the server has {} tasks, and \
                 had {} before it; the client has {}, and had {}.",
                tasks[0], before[0], tasks[1], before[1]
            )));
        }
        before = tasks;
    }
    let begun = office.begun()?.len();
    if begun != 6 * 30 {
        return Err(office.simulation.fail(format!(
            "Rule E2: a call that is dropped is not taken back. 180 calls were sent, but only {begun} were executed."
        )));
    }
    parts(&mut office)
}

/// The last call is left before it can be sent, and the `Caller` is dropped with it.
fn parts(office: &mut Office<'_>) -> Outcome {
    let [_, bob] = office.clients;
    let links = [(bob.host, office.server.host), (office.server.host, bob.host)];
    links.iter().try_for_each(|(from, to)| office.simulation.change(&Change::Cut(*from, *to)))?;
    office.call(1, Job::new("last", ms(100)))?;
    office.simulation.command(bob, &CallerCommand::Leave)?;
    office.simulation.command(bob, &CallerCommand::Part)?;
    office.pass(ms(5_000))?;
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
