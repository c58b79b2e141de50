//! Part B: attempts and what becomes of them.

use super::cluster::{Cluster, LEASE as CLUSTER_LEASE, Plan};
use super::office::{LEASE, Office, SLOW, W2, W3, W4, job, life};
use crate::files::{File, UNFINISHED};
use crate::message::{Body, Message, Reply, Request};
use crate::types::{Attempt, Place, Task};
use faultline::disk::Unsynced;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World};
use faultline::simulation::Change;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "B1",
        name: "an attempt counts once, and no other one beside it",
        part: 'B',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule B1. A Done says which attempt, and who did it. Compare both with what is running, before you change anything.",
        run: counts_once,
    },
    Scenario {
        id: "B2",
        name: "what is late changes nothing",
        part: 'B',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rules B1 and B2. What can a worker say that you have taken for lost? What can it say of a task of the phase before?",
        run: late,
    },
    Scenario {
        id: "B3",
        name: "a worker brings back what it has finished, as far as it is of use",
        part: 'B',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule B3. Which of the attempts that a worker names has this coordinator ever given to anybody?",
        run: brings_back,
    },
    Scenario {
        id: "B4",
        name: "a worker that crashes at any step leaves no file that is not whole",
        part: 'B',
        points: 5,
        world: World::Simulation,
        seeds: 2,
        hint: "Rules B4 and B5. What of a file has reached the disk when it gets its name? What does a worker that comes up find?",
        run: whole_files,
    },
    Scenario {
        id: "B5",
        name: "what a worker has finished survives its crash",
        part: 'B',
        points: 4,
        world: World::Simulation,
        seeds: 5,
        hint: "Rules B4, B5 and B3. Is the name of a file on the disk when Done is said? Whom does the worker tell what it has?",
        run: survives,
    },
    Scenario {
        id: "B6",
        name: "a worker that was taken for dead does no harm when it comes back",
        part: 'B',
        points: 3,
        world: World::Simulation,
        seeds: 5,
        hint: "Rules A8, B3 and B6. It has missed everything. What is the first thing that it says, and what does it hear?",
        run: zombie,
    },
];

fn counts_once(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[]], 2), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let first = office.gives(w2, Task::Map(0), "rule A3")?;
    let rule = "rule B1: it is not running on this worker";
    office.done(w3, first, &Reply::Useless, rule)?;
    office.done(w2, Attempt { number: first.number ^ 1, ..first }, &Reply::Useless, rule)?;
    office.done(w2, Attempt { task: Task::Reduce(0), ..first }, &Reply::Useless, rule)?;
    office.done(
        w2,
        Attempt { task: Task::Map(7), ..first },
        &Reply::Useless,
        "rule B1: there is no such task",
    )?;
    office.works(w2, first, &Reply::GoOn, "rule B2")?;
    office.done(w2, first, &Reply::Kept, "rule B1")?;
    for _ in 0..3 {
        office.done(w2, first, &Reply::Kept, "rule B1: it came again")?;
    }
    let second = office.gives(w2, Task::Map(1), "rule A3")?;
    office
        .gives_nothing(w3, "rule A3: the second map task is running, though the first was done four times")?;
    office.pass(SLOW + ms(100), &[(w2, second)])?;
    office.register(W3, 2, &[], &[])?;
    let backup = office.gives(life(W3, 2), Task::Map(1), "rule D1")?;
    office.done(life(W3, 2), backup, &Reply::Kept, "rule B1")?;
    office.done(w2, second, &Reply::Useless, "rule B1: another attempt counts")?;
    office.done(life(W3, 2), backup, &Reply::Kept, "rule B1: it came again")?;
    office.done(w2, first, &Reply::Kept, "rule B1: it came again, and still counts")?;
    let places = [(first, w2), (backup, life(W3, 2))].map(|(attempt, holder)| Place { attempt, holder });
    let reduce = office.gives_with(w2, Task::Reduce(0), &places, "rules A3 and B1")?;
    office.done(w2, reduce, &Reply::Kept, "rule B1")?;
    let done = office.status()?;
    if (done.maps_done, done.reduces_done) == (2, 1) {
        return Ok(());
    }
    Err(office.simulation.fail(format!(
        "{} map and {} reduce tasks are said to be done; it is 2 and 1 (rule A7).",
        done.maps_done, done.reduces_done
    )))
}

fn late(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[]], 2), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let zombie = office.gives(w2, Task::Map(0), "rule A3")?;
    let one = office.gives(w3, Task::Map(1), "rule A3")?;
    office.pass(LEASE / 2, &[])?;
    office.done(w3, one, &Reply::Kept, "rule B1")?;
    office.pass(LEASE / 2 + ms(100), &[])?;
    let rule = "rule C1: nothing was heard of w2 for the lease";
    let again = office.gives(w3, Task::Map(0), rule)?;
    office.done(w2, zombie, &Reply::Unknown, rule)?;
    office.works(w2, zombie, &Reply::Unknown, rule)?;
    office.works(w3, again, &Reply::GoOn, "rule B1: what a worker says that is not known changes nothing")?;
    office.done(w3, again, &Reply::Kept, "rule B1")?;
    let w2 = life(W2, 2);
    office.register(W2, 2, &[], &[])?;
    let reduce = office.gives(w2, Task::Reduce(0), "rule A3")?;
    let rule = "rule B1: a map task that is done says nothing of the reduce task of the same number";
    office.done(w3, again, &Reply::Kept, rule)?;
    office.works(w2, reduce, &Reply::GoOn, rule)?;
    office.works(w3, again, &Reply::Stop, "rule B2: it is done, and not running")?;
    office.works(w3, reduce, &Reply::Stop, "rule B2: it is running on another worker")?;
    office.done(w2, reduce, &Reply::Kept, "rule B1")?;
    office.does(w2, Task::Reduce(1)).map(drop)
}

fn brings_back(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[], &[]], 1), &[W2, W3, W4])?;
    let [w2, w3, w4] = [W2, W3, W4].map(|worker| life(worker, 1));
    let first = office.does(w2, Task::Map(0))?;
    let second = office.gives(w2, Task::Map(1), "rule A3")?;
    let third = office.gives(w3, Task::Map(2), "rule A3")?;
    let foreign = Attempt { task: Task::Map(2), number: third.number ^ 1 << 63 ^ 1 };
    let beyond = Attempt { task: Task::Map(9), number: third.number };
    // It has finished the second one too, but crashed before it could say so.
    let finished = [first, second, foreign, beyond];
    office.register(W2, 2, &finished, &[foreign, beyond])?;
    office.register(W2, 2, &finished, &[foreign, beyond])?;
    office.gives_nothing(w4, "rule B3: two map tasks were brought back, and the third is running")?;
    let w2 = life(W2, 2);
    office.pass(LEASE / 2, &[])?;
    office.works(w3, third, &Reply::GoOn, "rule B2")?;
    office.gives_nothing(w4, "rule A3")?;
    office.pass(LEASE / 2 + ms(100), &[])?;
    // Now the second life of w2 is lost as well.
    office.gives(w4, Task::Map(0), "rule C1: nothing was heard of w2 for the lease")?;
    office.says(W2, &Request::Ask { worker: w2 }, &Reply::Unknown, "rule C1")?;
    office.register(W2, 3, &[first, second], &[])?;
    let w2 = life(W2, 3);
    office.gives_nothing(w4, "rule B3: what it worked on was brought back, and nothing else is idle")?;
    office.done(w3, third, &Reply::Kept, "rule B1")?;
    office.register(W4, 2, &[third], &[third])?;
    let places = [(first, w2), (second, w2), (third, w3)].map(|(attempt, holder)| Place { attempt, holder });
    office.gives_with(w2, Task::Reduce(0), &places, "rule B3")?;
    // A copy of the registration comes when one of these is known to be gone.
    office.client_says(&Request::Missing { place: places[0] }, &Reply::Noted, "rule F1")?;
    office.tries(W2, &Request::Register { worker: w2, finished: vec![first, second] })?;
    let done = office.status()?.maps_done;
    if done != 2 {
        return Err(office.simulation.fail(format!(
            "The files of {first} are gone, and then a copy of an old registration comes: {done} map tasks are said to be done, not 2 \
             (rule A1: it changes nothing)."
        )));
    }
    // Another coordinator, with another job, and the disk of the same worker.
    office.replace()?;
    office.submit(&job(&[&[], &[], &[]], 2))?;
    office.register(W2, 4, &[first, second], &[first, second])?;
    office.gives(life(W2, 4), Task::Map(0), "rules A6 and B3: the files are those of another job").map(drop)
}

/// How many operations a worker makes on its disk in a job, when nobody crashes.
fn operations(bench: &Bench<'_>, plan: &Plan) -> Result<u64, Failure> {
    let mut cluster = Cluster::start(bench, plan.clone())?;
    cluster.finish(ms(120_000))?;
    Ok(cluster.simulation.disk_ops(cluster.hosts()[0]))
}

fn whole_files(bench: &Bench<'_>) -> Outcome {
    let plan = Plan { workers: 2, chunks: 3, reduces: 2, ..Plan::default() };
    let all = operations(bench, &plan)?;
    for number in 1..=all {
        let unsynced = match (number + bench.seed()) % 4 {
            0 => Unsynced::Lost,
            1 => Unsynced::Kept,
            2 => Unsynced::Hollow,
            _ => Unsynced::Torn(bench.seed() ^ number),
        };
        let mut cluster = Cluster::start(bench, plan.clone())?;
        let first = cluster.hosts()[0];
        cluster.simulation.change(&Change::CrashAtDiskOp(first, number, unsynced))?;
        for _ in 0..60_000 / 50 {
            cluster.simulation.run_for(ms(50))?;
            if !cluster.simulation.is_up(first) {
                break;
            }
        }
        if !cluster.simulation.is_up(first) {
            cluster.check_whole(first)?;
            cluster.simulation.change(&Change::Restart(first))?;
            cluster.simulation.run_for(ms(2))?;
            cluster.check_offered(first)?;
        }
        cluster.finish(ms(120_000))?;
    }
    Ok(())
}

fn survives(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan { workers: 2, ..Plan::default() })?;
    let first = cluster.hosts()[0];
    // When it has heard for the second time that something counts, its computer loses its power.
    let kept = |_, to, body: &Body| to == first && matches!(body, Body::Reply(Reply::Kept));
    if !cluster.run_until_heard(2, ms(60_000), kept)? {
        return cluster.finish(ms(1));
    }
    cluster.simulation.change(&Change::Crash(first, Unsynced::Lost))?;
    cluster.simulation.run_for(ms(300))?;
    cluster.simulation.change(&Change::Restart(first))?;
    cluster.finish(ms(60_000))?;
    // It had not begun with anything else.
    cluster.check_executions(0)
}

fn zombie(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan::default())?;
    let first = cluster.hosts()[0];
    let mut random = Random::new(bench.seed() ^ 0x7a6f_6d62);
    let begins = ms(500 + random.below(7_000));
    cluster.simulation.schedule(begins, Change::Pause(first));
    cluster
        .simulation
        .schedule(begins + CLUSTER_LEASE + ms(1_000 + random.below(9_000)), Change::Resume(first));
    // What it hears to be useless is gone.
    let useless =
        |to, reply: &Reply| to == first && matches!(reply, Reply::Welcome { useless } if !useless.is_empty());
    if let Some((_, Reply::Welcome { useless })) = cluster.run_until_asks(ms(20_000), useless)? {
        cluster.check_removed(
            first,
            &useless,
            "it has heard at its registration that this is useless (rule B6)",
        )?;
    }
    cluster.finish(ms(90_000))?;
    // What it had done, and what it worked on.
    cluster.check_executions(6)
}

impl Cluster<'_> {
    /// A worker that has come up has whole attempts on its disk, and has offered no others.
    fn check_offered(&self, host: faultline::Host) -> Outcome {
        let files = self.simulation.files(host);
        let is_whole = |attempt: &Attempt| {
            let all = File::all_of(*attempt, self.plan.reduces);
            all.iter().all(|file| files.contains_key(&file.name()))
        };
        let there = files.keys().filter_map(|name| File::of_name(name)?.attempt());
        if let Some(attempt) = there.into_iter().find(|attempt| !is_whole(attempt)) {
            return Err(self.simulation.fail(format!(
                "w{} has come up again, and {attempt}, of which some files are missing, is still on its disk (rule B5).",
                host.0
            )));
        }
        if let Some(name) = files.keys().find(|name| name.starts_with(UNFINISHED)) {
            return Err(self.simulation.fail(format!(
                "w{} has come up again, and {name}, which is not finished, is still on its disk (rule B5).",
                host.0
            )));
        }
        let sent = self.simulation.deliveries().iter().rev().filter(|it| it.from == host);
        let registered = sent.filter_map(|it| Message::decode(&it.datagram)).find_map(|it| match it.body {
            Body::Request(Request::Register { finished, .. }) => Some(finished),
            _ => None,
        });
        match registered.unwrap_or_default().iter().find(|attempt| !is_whole(attempt)) {
            Some(attempt) => Err(self.simulation.fail(format!(
                "w{} has come up again, and offers {attempt}, of which some files are missing (rule B5).",
                host.0
            ))),
            None => Ok(()),
        }
    }

    /// The files on this host's disk that have the names of finished ones are those that the tasks make.
    fn check_whole(&self, host: faultline::Host) -> Outcome {
        for (name, content) in self.simulation.files(host) {
            let Some(file) = File::of_name(&name) else { continue };
            if let Some(expected) = self.expected(file)
                && expected != content
            {
                return Err(self.simulation.fail(format!(
                    "After the crash {name} is on the disk of w{} with {} bytes, and the whole file has {} (rule B4).",
                    host.0,
                    content.len(),
                    expected.len()
                )));
            }
        }
        Ok(())
    }
}
