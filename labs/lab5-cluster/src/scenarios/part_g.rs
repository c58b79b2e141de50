//! Part G: a coordinator that crashes.

use super::cluster::{Cluster, Plan};
use super::office::{FAILURES, LEASE, Office, W2, W3, W4, job, life};
use super::searched::{Mortal, Scope, search};
use crate::message::{Body, Phase, Reply, Request};
use crate::types::{Attempt, Cause, JobFailure, Place, Task, WorkerId};
use faultline::disk::Unsynced;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World};
use faultline::search::Limits;
use faultline::simulation::Change;
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "G1",
        name: "what was answered is known after a crash",
        part: 'G',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rules G1 and G2. When is a reply sent, and when is what it says on the disk?",
        run: remembers,
    },
    Scenario {
        id: "G2",
        name: "a crash may come at any step of any write",
        part: 'G',
        points: 4,
        world: World::Script,
        seeds: 4,
        hint: "Rules G1 and G2. What is at the end of the journal after a torn write? Where does the next entry go?",
        run: torn,
    },
    Scenario {
        id: "G3",
        name: "who has finished work is given time to come back",
        part: 'G',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule G3. Done once, and now nobody is there who has the files. For how long is that all right?",
        run: waits,
    },
    Scenario {
        id: "G4",
        name: "the end of a job survives",
        part: 'G',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules A5 and G3. What does a worker hear that has slept through the end?",
        run: ends,
    },
    Scenario {
        id: "G5",
        name: "a job outlives its coordinator's crashes, and finished work is not done again",
        part: 'G',
        points: 5,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules A8, B3 and G3. What does each worker hear first, and what does it say then? How many tasks were being worked on?",
        run: outlives,
    },
    Scenario {
        id: "G6",
        name: "a coordinator that crashes at any moment, in every order of events",
        part: 'G',
        points: 5,
        world: World::Search,
        seeds: 1,
        hint: "Rules A6, B3 and G1. A worker of before the crash speaks to the coordinator of after it.",
        run: every_crash,
    },
];

fn remembers(bench: &Bench<'_>) -> Outcome {
    let job = job(&[&[], &[]], 1);
    let mut office = Office::with(bench, &job, &[])?;
    office.crash(Unsynced::Lost)?;
    office.is_in(&Phase::Working, "rule G1: a job was accepted")?;
    office.submit(&job)?;
    office.register(W2, 1, &[], &[])?;
    let w2 = life(W2, 1);
    office.gives(w2, Task::Map(0), "rule A3")?;
    office.crash(Unsynced::Lost)?;
    office.register(W2, 7, &[], &[])?;
    let w2 = life(W2, 7);
    let first = office.does(w2, Task::Map(0))?;
    let second = office.gives(w2, Task::Map(1), "rule A3")?;
    office.crash(Unsynced::Lost)?;
    office.says(W2, &Request::Alive { worker: w2, attempt: second }, &Reply::Unknown, "rule G2")?;
    office.register(W2, 2, &[first], &[])?;
    let w2 = life(W2, 2);
    let again = office.gives(w2, Task::Map(1), "rule G2: nobody works on it that is known")?;
    office.done(w2, again, &Reply::Kept, "rule B1")?;
    let places = [first, again].map(|attempt| Place { attempt, holder: w2 });
    let reduce = office.gives_with(w2, Task::Reduce(0), &places, "rules B3 and G1")?;
    office.done(w2, reduce, &Reply::Kept, "rule B1")?;
    office.crash(Unsynced::Lost)?;
    // It has finished this one in the life of the coordinator before the last.
    office.register(W2, 3, &[first, again, reduce], &[])?;
    let place = Place { attempt: reduce, holder: life(W2, 3) };
    office.is_in(&Phase::Finished(vec![place]), "rules A7 and G1")
}

/// What a coordinator has promised.
#[derive(Default)]
struct Promised {
    accepted: bool,
    kept: Vec<Attempt>,
}

/// A worker does what it is given, until the coordinator crashes.
fn until_crash(office: &mut Office<'_>, worker: WorkerId, promised: &mut Promised) -> Outcome {
    let client = 1;
    let peer = worker.address.0 as usize;
    let submit = Request::Submit { job: job(&[&[], &[], &[]], 2) };
    promised.accepted |= office.tries(client, &submit)? == Some(Reply::Accepted);
    office.tries(peer, &Request::Register { worker, finished: promised.kept.clone() })?;
    while office.is_up() {
        let Some(Reply::Assign(assignment)) = office.tries(peer, &Request::Ask { worker })? else { break };
        let attempt = assignment.attempt;
        if office.tries(peer, &Request::Done { worker, attempt })? == Some(Reply::Kept) {
            promised.kept.push(attempt);
        }
    }
    Ok(())
}

fn torn(bench: &Bench<'_>) -> Outcome {
    const FIRST: u64 = 24;
    const SECOND: u64 = 8;
    let mut crashes = 0;
    for (first, second) in (1..=FIRST).flat_map(|first| (1..=SECOND).map(move |second| (first, second))) {
        let mut office = Office::open(bench)?;
        let mut promised = Promised::default();
        // The second crash comes when the coordinator comes up again, or soon after: what is written behind a torn end must be
        // found too.
        let draw = bench.seed() << 16 ^ first << 8 ^ second;
        let kinds =
            [Unsynced::Torn(draw), Unsynced::Lost, Unsynced::Hollow, Unsynced::Zeroed(draw), Unsynced::Kept];
        let kind = |turn: u64| kinds[(turn + bench.seed()) as usize % kinds.len()];
        let one = if (first + second) % 3 == 0 { kind(first) } else { Unsynced::Torn(draw) };
        for (number, step, unsynced) in [(1, first, one), (2, second, kind(3 * first + second))] {
            office.crash_at(step, unsynced)?;
            office.restart()?;
            until_crash(&mut office, life(W2, number), &mut promised)?;
            crashes += u64::from(!office.is_up());
        }
        office.crash_at(u64::MAX / 2, Unsynced::Kept)?;
        office.restart()?;
        let phase = office.status()?.phase;
        if promised.accepted && phase == Phase::Idle {
            return Err(office
                .simulation
                .fail("A job was accepted, and after the crash there is none (rule G1)."));
        }
        let kept = promised.kept.clone();
        let other = life(W3, 1);
        office.register(W3, 1, &[], &[])?;
        if let Some(Reply::Assign(given)) = office.tries(W3, &Request::Ask { worker: other })?
            && let Some(before) = kept.iter().find(|kept| kept.task == given.attempt.task)
        {
            return Err(office.simulation.fail(format!(
                "{before} was kept, and right after the crash its task is given to somebody else (rules G1 and G3)."
            )));
        }
        if !kept.is_empty() {
            office.register(W2, 3, &kept, &[])?;
            let status = office.status()?;
            let done = (status.maps_done + status.reduces_done) as usize;
            if done != kept.len() {
                return Err(office.simulation.fail(format!(
                    "{} attempts had counted, and the worker has brought all of them back, but {done} tasks are done (rules B3 and G1).",
                    kept.len()
                )));
            }
        }
    }
    if crashes >= FIRST {
        return zeros(bench);
    }
    Err(Failure::new(format!(
        "In {} runs the coordinator has written so little that it could crash at a write only {crashes} times: what must it \
         not forget (rule G1)?",
        FIRST * SECOND
    )))
}

/// The end of a write is zeros: neither what was written nor nothing.
fn zeros(bench: &Bench<'_>) -> Outcome {
    const STEPS: u64 = 8;
    const ENDS: u64 = 60;
    let small = job(&[&[W2], &[W3]], 2);
    for (step, draw) in (1..=STEPS).flat_map(|step| (0..ENDS).map(move |draw| (step, draw))) {
        let mut office = Office::open(bench)?;
        office.crash_at(step, Unsynced::Zeroed(draw << 8 ^ bench.seed()))?;
        office.tries(1, &Request::Submit { job: small.clone() })?;
        office.crash_at(u64::MAX / 2, Unsynced::Kept)?;
        office.restart()?;
        office.submit(&small)?;
        office.register(W2, 1, &[], &[])?;
        office.gives(life(W2, 1), Task::Map(0), "rules F2 and G2")?;
    }
    Ok(())
}

fn waits(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[], &[]], 1), &[W2])?;
    let w2 = life(W2, 1);
    let first = office.does(w2, Task::Map(0))?;
    let second = office.does(w2, Task::Map(1))?;
    office.crash(Unsynced::Lost)?;
    office.register(W3, 1, &[], &[])?;
    let w3 = life(W3, 1);
    let third = office.gives(w3, Task::Map(2), "rule G3: the others have counted, and this one has not")?;
    office.done(w3, third, &Reply::Kept, "rule B1")?;
    office.gives_nothing(w3, "rule G3: both have counted, and who has their files may come")?;
    office.simulation.run_for(LEASE - ms(1_000))?;
    office.gives_nothing(w3, "rule G3: the lease has not passed")?;
    // It has lost one of them.
    office.register(W2, 2, &[second], &[])?;
    office.gives_nothing(life(W2, 2), "rule G3: the lease has not passed")?;
    office.simulation.run_for(ms(1_100))?;
    let again = office.gives(w3, Task::Map(0), "rule G3: the lease has passed")?;
    office.register(W2, 3, &[first, second], &[])?;
    office.works(w3, again, &Reply::Stop, "rule B3: it was brought back after all")?;
    let places = [(first, life(W2, 3)), (second, life(W2, 3)), (third, w3)];
    let places = places.map(|(attempt, holder)| Place { attempt, holder });
    office.gives_with(w3, Task::Reduce(0), &places, "rules A3 and B3")?;
    // The same with a reduce task.
    let mut office = Office::with(bench, &job(&[&[]], 2), &[W2, W3])?;
    let map = office.does(w2, Task::Map(0))?;
    office.does(w3, Task::Reduce(0))?;
    office.crash(Unsynced::Lost)?;
    office.register(W2, 2, &[map], &[])?;
    office.gives(life(W2, 2), Task::Reduce(1), "rule G3: the other one has counted")?;
    office.register(W4, 1, &[], &[])?;
    office.gives_nothing(life(W4, 1), "rule G3: who has the output of reduce 0 may come")?;
    office.simulation.run_for(LEASE)?;
    office.register(W4, 2, &[], &[])?;
    office.register(W2, 3, &[map], &[])?;
    office.gives(life(W4, 2), Task::Reduce(0), "rule G3: the lease has passed").map(drop)
}

fn ends(bench: &Bench<'_>) -> Outcome {
    let small = job(&[], 1);
    let mut office = Office::with(bench, &small, &[W2])?;
    let reduce = office.does(life(W2, 1), Task::Reduce(0))?;
    office.client_says(&Request::Collected, &Reply::Noted, "rule A5")?;
    office.says(W2, &Request::Ask { worker: life(W2, 1) }, &Reply::Over, "rule A5")?;
    office.crash(Unsynced::Lost)?;
    office.is_in(&Phase::Collected, "rule G3")?;
    office.register(W3, 1, &[], &[])?;
    office.says(W3, &Request::Ask { worker: life(W3, 1) }, &Reply::Over, "rules A5 and G3")?;
    office.says(W2, &Request::Done { worker: life(W2, 1), attempt: reduce }, &Reply::Unknown, "rule G2")?;
    office.submit(&small)?;
    office.is_in(&Phase::Collected, "rule A2: it came again, which changes nothing")?;
    let mut office = Office::with(bench, &job(&[&[], &[]], 1), &[W2])?;
    let w2 = life(W2, 1);
    let cause = Cause::Failed("it is poison".into());
    for _ in 0..FAILURES {
        let attempt = office.gives(w2, Task::Map(0), "rule E1")?;
        let failed = Request::Failed { worker: w2, attempt, cause: cause.clone() };
        office.says(W2, &failed, &Reply::Noted, "rule E1")?;
    }
    office.says(W2, &Request::Ask { worker: w2 }, &Reply::Over, "rule A5")?;
    office.crash(Unsynced::Lost)?;
    let failure = JobFailure { task: Task::Map(0), worker: w2, cause };
    office.is_in(&Phase::Failed(failure), "rule G3")?;
    office.register(W2, 2, &[], &[])?;
    office.says(W2, &Request::Ask { worker: life(W2, 2) }, &Reply::Over, "rules A5 and G3")
}

fn outlives(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan::default())?;
    let mut random = Random::new(bench.seed() ^ 0x626f_7373);
    let crashes = 1 + random.below(2) as usize;
    let mut at = 100 + random.below(7_000);
    for _ in 0..crashes {
        let unsynced = if random.chance(0.5) { Unsynced::Lost } else { Unsynced::Torn(random.bits()) };
        cluster.simulation.schedule(ms(at), Change::Crash(cluster.coordinator, unsynced));
        at += 10 + random.below(1_500);
        cluster.simulation.schedule(ms(at), Change::Restart(cluster.coordinator));
        at += 500 + random.below(4_000);
    }
    cluster.finish(ms(90_000))?;
    // What each of three workers was at.
    cluster.check_executions(3 * crashes)?;
    leaves_at_once(bench)
}

/// Who hears that it is not known does not work on to the end of its task.
fn leaves_at_once(bench: &Bench<'_>) -> Outcome {
    /// Longer than a pause and a call that is lost, and shorter than the rest of a task.
    const SOON: Duration = ms(1_000);
    let mut cluster = Cluster::start(bench, Plan { map: ms(8_000), ..Plan::default() })?;
    let coordinator = cluster.coordinator;
    // Drafts are made half way.
    cluster.simulation.run_for(ms(5_000))?;
    cluster.simulation.change(&Change::Crash(coordinator, Unsynced::Lost))?;
    cluster.simulation.run_for(ms(100))?;
    cluster.simulation.change(&Change::Restart(coordinator))?;
    let worker = cluster.hosts()[0];
    let unknown = |_, to, body: &Body| to == worker && matches!(body, Body::Reply(Reply::Unknown));
    if cluster.run_until_heard(1, SOON, unknown)? {
        if !cluster.run_until_next_question(worker, SOON)? {
            return Err(cluster.simulation.fail(format!(
                "w{} has heard that it is not known, and {} ms later it has not registered: what it works on is of no use (rule A8).",
                worker.0,
                SOON.as_millis()
            )));
        }
        cluster.check_drafts(
            worker,
            "it was not known any more and leaves what it works on (rules A8 and B6)",
        )?;
    }
    cluster.finish(ms(90_000))
}

fn every_crash(bench: &Bench<'_>) -> Outcome {
    let limits = Limits { crashes: 1, states: 1_000_000, ..Limits::default() };
    let scope = Scope { maps: 1, reduces: 1, workers: 1, mortal: Mortal::Coordinator };
    search(bench, Limits { losses: 1, ..limits }, scope, 0)?;
    search(bench, limits, Scope { maps: 2, ..scope }, 0)?;
    Ok(())
}
