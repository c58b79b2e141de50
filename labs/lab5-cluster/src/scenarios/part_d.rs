//! Part D: stragglers.

use super::cluster::{Cluster, Plan};
use super::crowd::{Crowd, Load};
use super::office::{FAILURES, Office, SLOW, W2, W3, W4, job, life};
use crate::message::{Body, Reply, Request};
use crate::types::{Attempt, Cause, CoordinatorConfig, Place, Task};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::simulation::Link;
use faultline::{Host, ms};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "D1",
        name: "a slow task is given to another worker too, when nothing else is left",
        part: 'D',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule D1. It has four conditions. Which of them have you looked at when a worker asks?",
        run: backups,
    },
    Scenario {
        id: "D2",
        name: "of two attempts the first to be done counts, and the other one is told",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules B1, B2 and D2. What becomes of the other attempt in your tables, and what when it fails?",
        run: first_wins,
    },
    Scenario {
        id: "D3",
        name: "one slow worker does not hold up the job",
        part: 'D',
        points: 4,
        world: World::Simulation,
        seeds: 3,
        hint: "Rules D1, D2 and B6. Follow the task of the slow worker: when could another one have begun with it?",
        run: straggler,
    },
    Scenario {
        id: "D4",
        name: "nothing is done twice when nobody is slow",
        part: 'D',
        points: 3,
        world: World::Simulation,
        seeds: 2,
        hint: "Rules A3 and D1. From when on is a task slow? Is an attempt whose place was taken by another one still slow?",
        run: no_copies,
    },
];

fn backups(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[], &[]], 1), &[W2])?;
    let [w2, w3, w4] = [W2, W3, W4].map(|worker| life(worker, 1));
    let first = office.gives(w2, Task::Map(0), "rule A3")?;
    office.pass(SLOW - ms(3_000), &[(w2, first)])?;
    office.register(W3, 1, &[], &[])?;
    office.register(W4, 1, &[], &[])?;
    let second = office.gives(w3, Task::Map(1), "rule A3")?;
    office.does(w4, Task::Map(2))?;
    office.gives_nothing(w4, "rule D1: no attempt was given so long ago")?;
    office.pass(ms(4_000), &[(w2, first), (w3, second)])?;
    office.gives_again(w2, first, "rules A4 and D1: it works on the slow task itself")?;
    let failed = Request::Failed { worker: w3, attempt: second, cause: Cause::Failed("no".into()) };
    office.says(W3, &failed, &Reply::Noted, "rule E1")?;
    let second = office.gives(w4, Task::Map(1), "rule D1: an idle task comes before a slow one")?;
    let backup = office.gives(w3, Task::Map(0), "rule D1: the attempt was given so long ago")?;
    office.done(w4, second, &Reply::Kept, "rule B1")?;
    office.gives_nothing(w4, "rule D1: two attempts at the slow task are running, which is enough")?;
    office.done(w3, backup, &Reply::Kept, "rule D2")?;
    let reduce = office.gives(w3, Task::Reduce(0), "rule A3")?;
    for _ in 0..SLOW.as_secs() / 5 - 1 {
        office.simulation.run_for(ms(4_900))?;
        office.works(w3, reduce, &Reply::GoOn, "rule B2")?;
        office.gives_nothing(w2, "rule D1: the reduce task was not given so long ago")?;
        office.gives_nothing(w4, "rule D1: the reduce task was not given so long ago")?;
    }
    office.pass(ms(5_500), &[(w3, reduce)])?;
    let backup = office.gives(w2, Task::Reduce(0), "rule D1: a reduce task can be slow too")?;
    office.gives_nothing(w4, "rule D1: two attempts at it are running")?;
    let failed = Request::Failed { worker: w2, attempt: backup, cause: Cause::Failed("no".into()) };
    office.says(W2, &failed, &Reply::Noted, "rule E1")?;
    office.works(w3, reduce, &Reply::GoOn, "rule E1: it is the other attempt that has failed")?;
    let backup = office.gives(w4, Task::Reduce(0), "rule D1: just one attempt is running again")?;
    let failed = Request::Failed { worker: w3, attempt: reduce, cause: Cause::Failed("no".into()) };
    office.says(W3, &failed, &Reply::Noted, "rule E1")?;
    office.gives_nothing(w2, "rule D1: the slow attempt is gone, and the other one was given just now")?;
    office.done(w4, backup, &Reply::Kept, "rule B1")?;
    which_backup(bench)
}

/// Of two slow tasks the smaller one; and no reduce task as long as a map task is to be done again.
fn which_backup(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[]], 1), &[W2, W3])?;
    let [w2, w3, w4] = [W2, W3, W4].map(|worker| life(worker, 1));
    let first = office.gives(w2, Task::Map(0), "rule A3")?;
    let second = office.gives(w3, Task::Map(1), "rule A3")?;
    office.pass(SLOW + ms(100), &[(w2, first), (w3, second)])?;
    office.register(W4, 1, &[], &[])?;
    let backup =
        office.gives(w4, Task::Map(0), "rule D1: of two slow tasks the one with the smallest number")?;
    office.done(w4, backup, &Reply::Kept, "rule D2")?;
    office.done(w3, second, &Reply::Kept, "rule B1")?;
    let reduce = office.gives(w4, Task::Reduce(0), "rule A3")?;
    // Meanwhile nothing is heard of w3, which has done a map task.
    office.pass(SLOW + ms(100), &[(w4, reduce)])?;
    office.register(W2, 2, &[], &[])?;
    let again = office.gives(life(W2, 2), Task::Map(1), "rule C1")?;
    office.register(W3, 2, &[], &[])?;
    office.gives_nothing(life(W3, 2), "rule D1: a map task is not done, and it is not slow")?;
    let running = office.status()?.running;
    if running != [(again, life(W2, 2)), (reduce, w4)] {
        return Err(office.simulation.fail(format!(
            "The status says that {running:?} is running; it is {again} on {} and {reduce} on {w4} (rules A7 and D1).",
            life(W2, 2)
        )));
    }
    office.done(life(W2, 2), again, &Reply::Kept, "rule B1")?;
    office.gives(life(W3, 2), Task::Reduce(0), "rule D1: all map tasks are done").map(drop)
}

fn first_wins(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[]], 1), &[W2])?;
    let w2 = life(W2, 1);
    let slow = office.gives(w2, Task::Map(0), "rule A3")?;
    office.pass(SLOW + ms(100), &[(w2, slow)])?;
    office.register(W3, 1, &[], &[])?;
    let w3 = life(W3, 1);
    let backup = office.gives(w3, Task::Map(0), "rule D1")?;
    office.works(w2, slow, &Reply::GoOn, "rule B2: both are running")?;
    office.works(w3, backup, &Reply::GoOn, "rule B2: both are running")?;
    let running = office.status()?.running;
    if !(running.len() == 2 && running.contains(&(slow, w2)) && running.contains(&(backup, w3))) {
        return Err(office.simulation.fail(format!(
            "The status says that {running:?} is running; it is {slow} on {w2} and {backup} on {w3} (rule A7)."
        )));
    }
    office.pass(SLOW + ms(100), &[(w2, slow), (w3, backup)])?;
    office.register(W4, 1, &[], &[])?;
    office.gives_nothing(life(W4, 1), "rule D1: two attempts are running, though both are slow")?;
    office.done(w3, backup, &Reply::Kept, "rule D2")?;
    let rule = "rule D2: another attempt has counted";
    office.works(w2, slow, &Reply::Stop, rule)?;
    for _ in 0..FAILURES {
        let cause = Cause::Failed("too late to fail".into());
        let failed = Request::Failed { worker: w2, attempt: slow, cause };
        office.says(W2, &failed, &Reply::Noted, "rule E1")?;
    }
    office.done(w2, slow, &Reply::Useless, rule)?;
    let places = [Place { attempt: backup, holder: w3 }];
    let reduce = office.gives_with(w2, Task::Reduce(0), &places, "rules A3 and D2")?;
    office.done(w2, reduce, &Reply::Kept, "rule B1")?;
    // The slow one may be the first all the same.
    let mut office = Office::with(bench, &job(&[&[]], 1), &[W2])?;
    let slow = office.gives(w2, Task::Map(0), "rule A3")?;
    office.pass(SLOW + ms(100), &[(w2, slow)])?;
    office.register(W3, 1, &[], &[])?;
    let backup = office.gives(w3, Task::Map(0), "rule D1")?;
    office.done(w2, slow, &Reply::Kept, "rule D2")?;
    office.done(w3, backup, &Reply::Useless, rule)?;
    let places = [Place { attempt: slow, holder: w2 }];
    office.gives_with(w3, Task::Reduce(0), &places, "rules A3 and D2").map(drop)
}

/// A cluster in which somebody is slow: the backup comes long before the slow one is done.
fn plan() -> Plan {
    let mut plan = Plan { chunks: 9, ..Plan::default() };
    plan.config.backup_after = ms(4_000);
    plan
}

fn straggler(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::new(bench, plan())?;
    cluster.start_coordinator()?;
    cluster.start_client()?;
    cluster.start_worker_with(0, |setting| (setting.map, setting.reduce) = (ms(14_000), ms(14_000)))?;
    cluster.start_worker(1)?;
    cluster.start_worker(2)?;
    let slow = cluster.hosts()[0];
    // A worker that hears that its attempt is of no use leaves nothing of it behind.
    let useless =
        |_, to, body: &Body| to == slow && matches!(body, Body::Reply(Reply::Stop | Reply::Useless));
    let rule = "it has heard that its attempt is not wanted (rule B6)";
    let mut works = None;
    // Its first attempt takes longer than that.
    if cluster.run_until_heard(1, ms(13_000), useless)?
        && let Some(first) = cluster.began(0)?.first().copied()
    {
        works = Some((first, cluster.alive(slow, first)));
        if cluster.run_until_next_question(slow, ms(5_000))? {
            cluster.check_removed(slow, &[first], rule)?;
        }
    }
    // Two workers do nine map and three reduce tasks of two seconds, and wait for nobody.
    cluster.finish(ms(12_000))?;
    bench.draw_svg(cluster.timeline());
    if let Some((first, before)) = works
        && cluster.alive(slow, first) > before + 1
    {
        return Err(cluster.simulation.fail(format!(
            "w{} has heard that {first} is not wanted, and works on it all the same (rules B6 and D2).",
            slow.0
        )));
    }
    cluster.check_executions(4)?;
    // One that hears it only when it is done.
    let mut plan = plan();
    plan.config.lease = ms(60_000);
    let mut cluster = Cluster::new(bench, plan)?;
    cluster.start_coordinator()?;
    cluster.start_client()?;
    cluster.start_worker_with(0, |setting| (setting.map, setting.config.beat) = (ms(12_000), ms(60_000)))?;
    cluster.start_worker(1)?;
    cluster.start_worker(2)?;
    let useless = |to, reply: &Reply| to == slow && *reply == Reply::Useless;
    if cluster.run_until_asks(ms(20_000), useless)?.is_some() {
        let first = cluster.began(0)?.into_iter().take(1);
        cluster.check_removed(slow, &first.collect::<Vec<_>>(), rule)?;
    }
    cluster.finish(ms(30_000))?;
    cluster.check_executions(4)
}

impl Cluster<'_> {
    /// How often a worker has said that it works on this.
    fn alive(&self, host: Host, on: Attempt) -> usize {
        self.heard(|from, _, body| {
            from == host && matches!(body, Body::Request(Request::Alive { attempt, .. }) if *attempt == on)
        })
    }
}

fn no_copies(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, plan())?;
    cluster.finish(ms(60_000))?;
    cluster.check_executions(0)?;
    let load = Load {
        maps: 180,
        reduces: 20,
        takes: ms(3_000),
        straggler: 20,
        config: CoordinatorConfig { lease: ms(10_000), backup_after: ms(9_000), max_failures: 4 },
        link: Link::default(),
        failures: 0,
    };
    let mut crowd = Crowd::start(bench, load)?;
    let finished = crowd.finish(ms(45_000))?;
    let (executions, tasks) = (crowd.executions(), crowd.tasks());
    bench.note(format!("one of 50 workers was twenty times slower: finished after {finished}"));
    if executions <= tasks + 3 {
        return Ok(());
    }
    Err(crowd
        .simulation
        .fail(format!("The {tasks} tasks were executed {executions} times, though only one worker is slow.")))
}
