//! Part E: tasks that fail.

use super::cluster::{Cluster, Plan};
use super::office::{FAILURES, LEASE, Office, SLOW, W2, W3, job, life};
use crate::message::{Phase, Reply, Request};
use crate::types::{Attempt, Cause, JobFailure, Place, Task, WorkerId};
use faultline::ms;
use faultline::scenario::{Bench, Outcome, Scenario, World};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "E1",
        name: "a task that fails too often ends the job, with who and why",
        part: 'E',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule E1. Of which task is a failure, and of which worker? Which causes are nobody's fault?",
        run: too_often,
    },
    Scenario {
        id: "E2",
        name: "a failure counts once, and a crash is none",
        part: 'E',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules E1 and C1. The same Failed comes twice: is the attempt still running when the second one comes?",
        run: counted_once,
    },
    Scenario {
        id: "E3",
        name: "a poison task ends the job, and the workers go home",
        part: 'E',
        points: 4,
        world: World::Simulation,
        seeds: 3,
        hint: "Rules E1, E2 and A5. What does a worker say when the engine fails? Who tells the other workers?",
        run: poison,
    },
    Scenario {
        id: "E4",
        name: "a task that fails once is done again",
        part: 'E',
        points: 3,
        world: World::Simulation,
        seeds: 3,
        hint: "Rules E1, E2 and B6. What has a failed attempt left on the disk, and what does the next one find?",
        run: once,
    },
];

fn failed(worker: WorkerId, attempt: Attempt, why: &str) -> Request {
    Request::Failed { worker, attempt, cause: Cause::Failed(why.into()) }
}

fn too_often(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[]], 1), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let good = office.does(w3, Task::Map(0))?;
    for number in 1..FAILURES {
        let worker = if number % 2 == 0 { w2 } else { w3 };
        let attempt = office.gives(worker, Task::Map(1), "rule E1: it may be tried again")?;
        let why = format!("failure {number}");
        office.says(worker.address.0 as usize, &failed(worker, attempt, &why), &Reply::Noted, "rule E1")?;
        office.is_in(&Phase::Working, "rule E1: that was not often enough")?;
    }
    // The files of another one cannot be had: this is no failure of the task.
    for _ in 0..FAILURES {
        let attempt = office.gives(w2, Task::Map(1), "rule E1")?;
        let cause =
            Cause::Missing(Place { attempt: Attempt { number: good.number ^ 1, ..good }, holder: w3 });
        office.says(W2, &Request::Failed { worker: w2, attempt, cause }, &Reply::Noted, "rule E1")?;
    }
    office.is_in(&Phase::Working, "rule E1: what is missing is no failure")?;
    let attempt = office.gives(w2, Task::Map(1), "rule E1")?;
    let cause = Cause::NoChunk(1);
    let last = Request::Failed { worker: w2, attempt, cause: cause.clone() };
    office.says(W2, &last, &Reply::Noted, "rule E1")?;
    let failure = JobFailure { task: Task::Map(1), worker: w2, cause };
    office.is_in(&Phase::Failed(failure.clone()), "rule E1: that was the last one")?;
    office.says(W3, &Request::Ask { worker: w3 }, &Reply::Over, "rule A5")?;
    office.client_says(&Request::Collected, &Reply::Noted, "rule A5")?;
    office.is_in(&Phase::Failed(failure), "rule E1: it has failed, whatever comes then")
}

fn counted_once(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[]], 1), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let other = office.gives(w3, Task::Map(0), "rule A3")?;
    let attempt = office.gives(w2, Task::Map(1), "rule A3")?;
    for _ in 0..2 * FAILURES {
        office.says(W2, &failed(w2, attempt, "once"), &Reply::Noted, "rule E1")?;
        office.says(W3, &failed(w3, attempt, "not mine"), &Reply::Noted, "rule E1")?;
    }
    office.is_in(&Phase::Working, "rule E1: one failure that is told often is one")?;
    office.works(w3, other, &Reply::GoOn, "rule E1: another attempt has failed, not this one")?;
    // Every task has failures of its own.
    office.says(W3, &failed(w3, other, "mine"), &Reply::Noted, "rule E1")?;
    let other = office.gives(w3, Task::Map(0), "rule E1")?;
    office.says(W3, &failed(w3, other, "mine again"), &Reply::Noted, "rule E1")?;
    office.is_in(&Phase::Working, "rule E1: no task has failed too often")?;
    let other = office.gives(w3, Task::Map(0), "rule E1")?;
    for number in 1..=u64::from(FAILURES) {
        let worker = life(W2, number);
        let attempt = office.gives(worker, Task::Map(1), "rule C1: the life before is over")?;
        office.pass(LEASE + ms(100), &[(w3, other)])?;
        office.works(w3, other, &Reply::GoOn, "rule B2")?;
        office.says(W2, &failed(worker, attempt, "from the grave"), &Reply::Unknown, "rule A1")?;
        office.register(W2, number + 1, &[], &[])?;
    }
    office.is_in(&Phase::Working, "rule E1: a worker that is lost is no failure of its task")?;
    // Slow ones that fail, too.
    let worker = life(W2, u64::from(FAILURES) + 1);
    let attempt = office.gives(worker, Task::Map(1), "rule C1")?;
    office.pass(SLOW + ms(100), &[(w3, other), (worker, attempt)])?;
    office.says(W3, &failed(w3, other, "late"), &Reply::Noted, "rule E1")?;
    let failure = JobFailure { task: Task::Map(0), worker: w3, cause: Cause::Failed("late".into()) };
    office.is_in(&Phase::Failed(failure), "rule E1: this was the third failure of map 0")?;
    // A task that was done once and is to be done again has the failures that it had.
    let mut office = Office::with(bench, &job(&[&[]], 1), &[W2])?;
    for _ in 1..FAILURES {
        let attempt = office.gives(w2, Task::Map(0), "rule E1")?;
        office.says(W2, &failed(w2, attempt, "before"), &Reply::Noted, "rule E1")?;
    }
    let attempt = office.does(w2, Task::Map(0))?;
    let place = Place { attempt, holder: w2 };
    office.client_says(&Request::Missing { place }, &Reply::Noted, "rule F1")?;
    let attempt = office.gives(w2, Task::Map(0), "rule F1")?;
    office.says(W2, &failed(w2, attempt, "after"), &Reply::Noted, "rule E1")?;
    let failure = JobFailure { task: Task::Map(0), worker: w2, cause: Cause::Failed("after".into()) };
    office.is_in(
        &Phase::Failed(failure),
        "rule E1: this was the third failure of map 0, which was done in between",
    )
}

fn poison(bench: &Bench<'_>) -> Outcome {
    for task in [Task::Map(2), Task::Reduce(1)] {
        let fails = vec![(task, u32::MAX)];
        let mut cluster = Cluster::new(bench, Plan { fails, ..Plan::default() })?;
        cluster.start_coordinator()?;
        cluster.start_client()?;
        // When a map task is poison, one worker is busy with another one for longer than anybody wants to wait.
        let takes = if task.is_map() { ms(300_000) } else { cluster.plan.map };
        cluster.start_worker_with(0, |setting| setting.map = takes)?;
        (1..3).try_for_each(|index| cluster.start_worker(index))?;
        let failure = cluster.fails_within(ms(60_000))?;
        let right = Cause::Failed(format!("the application cannot do {task}"));
        if failure.task != task || failure.cause != right {
            return Err(cluster.simulation.fail(format!(
                "The job has failed with this: {failure}. It should name {task}, and what the engine has said (rules E1 and E2)."
            )));
        }
        let times = cluster.executions()?.iter().filter(|(_, executed)| *executed == task).count();
        if times != cluster.plan.config.max_failures as usize {
            return Err(cluster.simulation.fail(format!(
                "{task} was executed {times} times, and {} failures end the job (rule E1).",
                cluster.plan.config.max_failures
            )));
        }
    }
    Ok(())
}

fn once(bench: &Bench<'_>) -> Outcome {
    // On each of two workers each of these fails once, which is one less than ends the job.
    let fails = vec![(Task::Map(0), 1), (Task::Map(3), 1), (Task::Reduce(0), 1), (Task::Reduce(2), 1)];
    let mut cluster = Cluster::start(bench, Plan { workers: 2, fails, ..Plan::default() })?;
    if let Some((worker, _)) = cluster.run_until_asks(ms(60_000), |_, reply| *reply == Reply::Noted)? {
        cluster.check_drafts(worker, "its attempt has failed (rule B6)")?;
    }
    cluster.finish(ms(90_000))?;
    cluster.check_executions(8)
}
