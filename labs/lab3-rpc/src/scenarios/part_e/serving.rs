//! Handlers: how many run at once, how they end, and what goes on meanwhile.

use crate::samples::{ENCODE, Value};
use crate::scenarios::office::{Office, TRIP, good_network, serve_config};
use crate::scenarios::storm::Storm;
use crate::shells::{Ends, Job, WORK};
use crate::{CallError, Fault, Message};
use faultline::ms;
use faultline::scenario::{Bench, Outcome};
use std::time::Duration;

pub(super) fn slow_handler(bench: &Bench<'_>) -> Outcome {
    const LONG: Duration = Duration::from_secs(600);
    let mut office = Office::start(bench, good_network(), serve_config(4, 4))?;
    office.call(0, Job::new("slow", LONG))?;
    office.pass(ms(1_000))?;
    office.expect_begun(&["slow"], "Rule E3: nothing else is running")?;
    for minute in 0..9 {
        for client in [0, 1] {
            let name = format!("quick{minute}.{client}");
            office.call(client, Job::new(name.clone(), ms(0)))?;
            // A round trip for the call, and one for HELLO.
            office.pass(4 * TRIP + ms(5))?;
            let why =
                "Rules E1 and E4: a handler that takes ten minutes runs, and there is room for three more";
            office.expect_result(client, &name, why)?;
        }
        office.pass(Duration::from_secs(60))?;
    }
    let sent = office.simulation.counts(office.clients[0].host, office.server.host).sent;
    // HELLO, ten requests, perhaps a copy, and a question every five seconds.
    let most = 1 + 10 + 2 + 600 / 5;
    if sent > most {
        return Err(office.simulation.fail(format!(
            "Rule E4: the server answers while a handler runs, so the client need not repeat its request. At most {most} \
             datagrams are needed, but it has sent {sent}."
        )));
    }
    office.pass(Duration::from_secs(60))?;
    office.expect_result(0, "slow", "Rule E5: the handler has returned")
}

pub(super) fn at_most_so_many(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::start(bench, good_network(), serve_config(3, 4))?;
    for (round, earlier) in [("a", 0), ("b", 7)] {
        let names: Vec<String> = (1..=9).map(|number| format!("{round}{number}")).collect();
        let expect = |office: &Office<'_>, count: usize, why: &str| -> Outcome {
            let begun = office.begun()?;
            let all: Vec<&str> =
                begun.iter().take(earlier).chain(&names[..count]).map(String::as_str).collect();
            office.expect_begun(&all, why)
        };
        for (name, more) in names.iter().zip(0..) {
            // One takes 1000 ms, the next one 1100 ms, and so on.
            office.call(0, Job::new(name.clone(), ms(1_000 + 100 * more)))?;
        }
        office.pass(4 * TRIP + ms(5))?;
        expect(&office, 3, "Rule E3: three handlers may run at once")?;
        for name in &names[7..] {
            office.expect_fault(0, name, &Fault::Busy, "Rule E3: three handlers run, and four calls wait")?;
        }
        for (ended, name) in names[..3].iter().enumerate() {
            office.pass(if ended == 0 { ms(1_000) } else { ms(100) })?;
            let why = "Rule E3: a handler has ended, so the call that has waited longest begins";
            expect(&office, 4 + ended, why)?;
            office.expect_result(0, name, "Rule E5: its handler has returned")?;
        }
        office.pass(ms(10_000))?;
        expect(&office, 7, "Rule E3: a call that was refused is not executed")?;
        for name in &names[..7] {
            office.expect_result(0, name, "Rule E5: its handler has returned")?;
        }
    }
    // Where nobody may wait, there is still room for one.
    let mut office = Office::start(bench, good_network(), serve_config(1, 0))?;
    office.call(0, Job::new("c1", ms(1_000)))?;
    office.call(0, Job::new("c2", ms(0)))?;
    office.pass(4 * TRIP + ms(5))?;
    office.expect_begun(&["c1"], "Rule E3: one handler may run, and none does")?;
    office.expect_fault(0, "c2", &Fault::Busy, "Rule E3: one handler runs, and no call may wait")
}

pub(super) fn panics(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::start(bench, good_network(), serve_config(2, 20))?;
    let ends =
        [Ends::Panics, Ends::PanicsAtOnce, Ends::Returns, Ends::Panics, Ends::Fails, Ends::PanicsAtOnce];
    let jobs: Vec<Job> = (ends.iter().enumerate())
        .map(|(number, ends)| Job { ends: *ends, ..Job::new(format!("job{number}"), ms(100)) })
        .collect();
    for job in &jobs {
        office.call(0, job.clone())?;
    }
    office.pass(ms(2_000))?;
    for job in &jobs {
        match job.ends {
            Ends::Returns => office.expect_result(0, &job.name, "Rule E5: its handler has returned")?,
            Ends::Fails => {
                let fault = Fault::Failed(job.last_words());
                office.expect_fault(0, &job.name, &fault, "Rule E5: its handler has returned this fault")?;
            }
            Ends::Panics | Ends::PanicsAtOnce => {
                let words = job.last_words();
                let wanted = format!("a fault `Failed` in which {words:?} occurs");
                let why = "Rule E5: its handler has panicked";
                office.expect(0, &job.name, why, &wanted, |result| {
                    matches!(result, Err(CallError::Fault(Fault::Failed(why))) if why.contains(&words))
                })?;
            }
        }
    }
    // A name so long that the text of its panic would not fit into a datagram with the rest.
    let long = Job { ends: Ends::Panics, ..Job::new("x".repeat(700), ms(0)) };
    office.call(1, long.clone())?;
    office.pass(ms(1_000))?;
    let cut = |result: &Result<_, _>| matches!(result, Err(CallError::Fault(Fault::Failed(why))) if why.len() < 300);
    office.expect(1, &long.name, "Rule E5: its handler has panicked", "the fault of `Fault::failed`", cut)?;
    office.call(0, Job::new("after", ms(100)))?;
    office.call(1, Job::new("all", ms(100)))?;
    office.pass(ms(1_000))?;
    office.expect_result(0, "after", "Rule E5: after a panic everything else goes on")?;
    office.expect_result(1, "all", "Rule E5: after a panic everything else goes on")
}

pub(super) fn storm(bench: &Bench<'_>) -> Outcome {
    const COPIES: u32 = 300;
    let mut office = Office::start(bench, good_network(), serve_config(50, 50))?;
    let server = office.server.host;
    let idle = office.simulation.tasks(server)?;
    office.call(0, Job::new("first", ms(30_000)))?;
    office.pass(ms(500))?;
    let one = office.simulation.tasks(server)?.saturating_sub(idle);
    office.expect_begun(&["first"], "Rule E3: nothing else is running")?;
    let job = Job::new("second", ms(20_000));
    let arguments = ENCODE.call(bench.program(), &Value::Text(job.to_string()))?;
    office.add(&job);
    let storm = office.stranger;
    office.simulation.start_given(storm, Storm::new(server, WORK, arguments, COPIES), Message::describe)?;
    for _ in 0..10 {
        office.pass(ms(100))?;
        let tasks = office.simulation.tasks(server)?.saturating_sub(idle);
        if tasks > one.max(1).saturating_mul(2) {
            return Err(office.simulation.fail(format!(
                "Rule E4: copies of one request begin no tasks. For one call there were {one}; but now, with two calls and \
                 many copies, there are {tasks}."
            )));
        }
    }
    office.expect_begun(&["first", "second"], "Rule C1: copies of a request are not executed again")?;
    let answers = office.simulation.counts(server, storm).sent;
    if answers < u64::from(COPIES) {
        return Err(office.simulation.fail(format!(
            "Rules C1 and E4: each copy is answered at once with WORKING. {COPIES} copies were sent, but there were only \
             {answers} answers."
        )));
    }
    office.pass(ms(60_000))?;
    office.expect_begun(&["first", "second"], "Rule C1: copies of a request are not executed again")?;
    office.expect_result(0, "first", "Rule E5: its handler has returned")
}
