//! Part A: workers and tasks.

use super::cluster::{Cluster, Plan, WORKER_CONFIG};
use super::office::{FAILURES, LEASE, Office, W2, W3, W4, job, life};
use crate::message::{Body, Phase, Reply, Request};
use crate::types::{Cause, Place, Task};
use faultline::ms;
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::simulation::Change;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "A1",
        name: "a worker is known from its registration on, and its next life ends the one before",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A1. Which workers do you know, and what makes you forget one? Can one that was forgotten come back?",
        run: registers,
    },
    Scenario {
        id: "A2",
        name: "a job is accepted once",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A2. What if the answer was lost, and the client submits the same job again?",
        run: accepts,
    },
    Scenario {
        id: "A3",
        name: "map tasks are given first, reduce tasks when all map tasks are done",
        part: 'A',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule A3. Is a task done when it is given, or when somebody has done it?",
        run: two_phases,
    },
    Scenario {
        id: "A4",
        name: "a worker whose answer was lost is given its attempt again",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A4. A worker asks, and you have given it something already. What has happened?",
        run: gives_again,
    },
    Scenario {
        id: "A5",
        name: "nothing to do now is not the end, and the end is told to everybody",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A5. Who still has work that may come to nothing? When is the job really over?",
        run: waits_and_ends,
    },
    Scenario {
        id: "A6",
        name: "a status tells who works on what, and how much is done",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A7. Count the tasks that are done at this moment, not those that ever were.",
        run: tells,
    },
    Scenario {
        id: "A7",
        name: "a job runs from its submission to its outputs",
        part: 'A',
        points: 5,
        world: World::Simulation,
        seeds: 5,
        hint: "Rules A8 and B4. This is the whole of it, without faults. Follow one map task from the Ask to the Done, then one reduce \
               task.",
        run: whole_job,
    },
    Scenario {
        id: "A8",
        name: "workers may come late, and before the job",
        part: 'A',
        points: 3,
        world: World::Simulation,
        seeds: 5,
        hint: "Rules A5 and A8. What does a worker hear before there is a job? What does it do when nobody answers?",
        run: come_late,
    },
];

fn registers(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::open(bench)?;
    let (first, second) = (life(W2, 1), life(W2, 2));
    office.says(W2, &Request::Ask { worker: first }, &Reply::Unknown, "rule A1")?;
    office.register(W2, 1, &[], &[])?;
    office.gives_nothing(first, "rule A5: there is no job yet")?;
    office.register(W2, 1, &[], &[])?;
    office.submit(&job(&[&[], &[]], 1))?;
    let attempt = office.gives(first, Task::Map(0), "rule A3")?;
    office.register(W2, 1, &[], &[])?;
    office.works(first, attempt, &Reply::GoOn, "rule A1: a registration that comes again changes nothing")?;
    office.register(W2, 2, &[], &[])?;
    office.says(
        W2,
        &Request::Ask { worker: first },
        &Reply::Unknown,
        "rule A1: a new life ends the old one",
    )?;
    office.says(
        W2,
        &Request::Done { worker: first, attempt },
        &Reply::Unknown,
        "rule A1: a new life ends the old one",
    )?;
    let late = Request::Register { worker: first, finished: vec![attempt] };
    office.says(W2, &late, &Reply::Unknown, "rule A1: a life that was lost does not come back")?;
    office.gives(second, Task::Map(0), "rules A1 and C1: nobody works on it any more")?;
    office.register(W3, 1, &[], &[])?;
    office.gives(life(W3, 1), Task::Map(1), "rule A3")?;
    let status = office.status()?;
    if status.workers == [second, life(W3, 1)] {
        return Ok(());
    }
    Err(office.simulation.fail(format!("The status has the workers {:?} (rule A7).", status.workers)))
}

fn accepts(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::open(bench)?;
    office.is_in(&Phase::Idle, "rule A7")?;
    office.is_refused(&job(&[&[]], 0), "rule A2: it has no reduce tasks")?;
    office.is_in(&Phase::Idle, "rule A2: a job that is refused is none")?;
    let first = job(&[&[W2], &[W3]], 2);
    office.submit(&first)?;
    office.register(W2, 1, &[], &[])?;
    office.does(life(W2, 1), Task::Map(0))?;
    office.submit(&first)?;
    let done = office.status()?.maps_done;
    if done != 1 {
        return Err(office
            .simulation
            .fail(format!("The same job came again, and now {done} map tasks are done, not 1 (rule A2).")));
    }
    office.is_refused(&job(&[&[W2]], 2), "rule A2: it is another one")?;
    office.does(life(W2, 1), Task::Map(1))?;
    office.does(life(W2, 1), Task::Reduce(0))?;
    let mut office = Office::with(bench, &job(&[], 2), &[W2])?;
    office.does(life(W2, 1), Task::Reduce(0))?;
    office.does(life(W2, 1), Task::Reduce(1))?;
    office.gives_nothing(life(W2, 1), "rule A3: everything is done")
}

fn two_phases(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[], &[]], 2), &[W2, W3, W4])?;
    let [w2, w3, w4] = [W2, W3, W4].map(|worker| life(worker, 1));
    let first = office.gives(w2, Task::Map(0), "rule A3")?;
    let second = office.gives(w3, Task::Map(1), "rule A3")?;
    office.done(w3, second, &Reply::Kept, "rule B1")?;
    let third = office.gives(w3, Task::Map(2), "rule A3")?;
    office.gives_nothing(w4, "rule A3: two map tasks are running, so no reduce task can be given")?;
    office.done(w3, third, &Reply::Kept, "rule B1")?;
    office.gives_nothing(w3, "rule A3: a map task is running, so no reduce task can be given")?;
    office.done(w2, first, &Reply::Kept, "rule B1")?;
    let places = [(first, w2), (second, w3), (third, w3)].map(|(attempt, holder)| Place { attempt, holder });
    let one = office.gives_with(w4, Task::Reduce(0), &places, "rule A3")?;
    let other = office.gives_with(w2, Task::Reduce(1), &places, "rule A3")?;
    office.gives_nothing(w3, "rule A3: both reduce tasks are running")?;
    office.done(w4, one, &Reply::Kept, "rule B1")?;
    office.is_in(&Phase::Working, "rule A7: one reduce task is running")?;
    office.done(w2, other, &Reply::Kept, "rule B1")?;
    let outputs = [(one, w4), (other, w2)].map(|(attempt, holder)| Place { attempt, holder });
    office.is_in(&Phase::Finished(outputs.into()), "rule A7")
}

fn gives_again(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[]], 1), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let first = office.gives(w2, Task::Map(0), "rule A3")?;
    let rule = "rule A4: its answer was lost";
    office.gives_again(w2, first, rule)?;
    let second = office.gives(w3, Task::Map(1), "rule A3")?;
    office.gives_again(w2, first, rule)?;
    office.gives_again(w3, second, rule)?;
    office.done(w2, first, &Reply::Kept, "rule B1")?;
    office.gives_nothing(w2, "rule A4: what it had is done")?;
    office.done(w3, second, &Reply::Kept, "rule B1")?;
    let reduce = office.gives(w3, Task::Reduce(0), "rule A3")?;
    office.gives_again(w3, reduce, rule)?;
    office.gives_nothing(w2, "rule A3")?;
    let place = Place { attempt: first, holder: w2 };
    office.client_says(&Request::Missing { place }, &Reply::Noted, "rule F1")?;
    office.gives(
        w3,
        Task::Map(0),
        "rule A4: the input of its reduce task is not all there any more, so it gets something else",
    )?;
    office.says(
        W3,
        &Request::Alive { worker: w3, attempt: reduce },
        &Reply::Stop,
        "rule A4: it works on one attempt at a time",
    )
}

fn waits_and_ends(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[]], 1), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let map = office.gives(w2, Task::Map(0), "rule A3")?;
    office.gives_nothing(w3, "rule A5: a task is running, and may come to nothing")?;
    office.done(w2, map, &Reply::Kept, "rule B1")?;
    let reduce = office.gives(w3, Task::Reduce(0), "rule A3")?;
    office.client_says(&Request::Collected, &Reply::Noted, "rule A5")?;
    office.gives_nothing(w2, "rule A5: nobody can have collected what is not finished")?;
    office.done(w3, reduce, &Reply::Kept, "rule B1")?;
    office.gives_nothing(
        w3,
        "rule A5: the client does not have the outputs yet, and they are on this worker's disk",
    )?;
    office.client_says(&Request::Collected, &Reply::Noted, "rule A5")?;
    let rule = "rule A5: the client has all outputs";
    office.is_in(&Phase::Collected, rule)?;
    office.says(W2, &Request::Ask { worker: w2 }, &Reply::Over, rule)?;
    office.done(w3, reduce, &Reply::Over, rule)?;
    office.client_says(&Request::Collected, &Reply::Noted, rule)?;
    office.register(W4, 1, &[], &[])?;
    office.says(W4, &Request::Ask { worker: life(W4, 1) }, &Reply::Over, rule)?;
    let mut office = Office::with(bench, &job(&[&[], &[]], 1), &[W2, W3])?;
    let other = office.gives(w3, Task::Map(0), "rule A3")?;
    for _ in 0..FAILURES {
        let attempt = office.gives(w2, Task::Map(1), "rules A3 and E1")?;
        let failed = Request::Failed { worker: w2, attempt, cause: Cause::Failed("no".into()) };
        office.says(W2, &failed, &Reply::Noted, "rule E1")?;
    }
    let rule = "rule A5: the job has failed";
    office.works(w3, other, &Reply::Over, rule)?;
    office.says(W2, &Request::Ask { worker: w2 }, &Reply::Over, rule)
}

fn tells(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[], &[]], 2), &[W3, W2])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let first = office.does(w2, Task::Map(0))?;
    let second = office.gives(w3, Task::Map(1), "rule A3")?;
    let third = office.gives(w2, Task::Map(2), "rule A3")?;
    let status = office.status()?;
    let expected = (vec![w2, w3], vec![(second, w3), (third, w2)], Some((3, 2)), 1, 0, Phase::Working);
    let told =
        (status.workers, status.running, status.tasks, status.maps_done, status.reduces_done, status.phase);
    if told != expected {
        return Err(office.simulation.fail(format!("The status is {told:?}, not {expected:?} (rule A7).")));
    }
    office.done(w2, third, &Reply::Kept, "rule B1")?;
    office.done(w3, second, &Reply::Kept, "rule B1")?;
    office.does(w3, Task::Reduce(0))?;
    let place = Place { attempt: first, holder: w2 };
    office.client_says(&Request::Missing { place }, &Reply::Noted, "rule F1")?;
    office.simulation.run_for(LEASE / 2)?;
    office.gives(w3, Task::Map(0), "rules A3 and F1")?;
    office.simulation.run_for(LEASE / 2 + ms(100))?;
    let status = office.status()?;
    let told = (status.workers, status.maps_done, status.reduces_done);
    let expected = (vec![w3], 1, 1);
    if told == expected {
        return Ok(());
    }
    Err(office.simulation.fail(format!(
        "The status has workers {:?}, {} map and {} reduce tasks done; it should be {:?}, {} and {} (rules A7, C1 and F1).",
        told.0, told.1, told.2, expected.0, expected.1, expected.2
    )))
}

fn whole_job(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan::default())?;
    cluster.finish(ms(60_000))?;
    cluster.check_executions(0)
}

fn come_late(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::new(bench, Plan::default())?;
    cluster.start_worker(0)?;
    cluster.simulation.run_for(ms(3_000))?;
    cluster.start_coordinator()?;
    cluster.start_worker(1)?;
    let asks = |_, _, body: &Body| matches!(body, Body::Request(Request::Ask { .. }));
    let span = ms(4_000);
    cluster.simulation.run_for(span)?;
    let (asked, most) = (cluster.heard(asks), 2 * (1 + span.as_millis() / WORKER_CONFIG.pause.as_millis()));
    if asked as u128 > most {
        return Err(cluster.simulation.fail(format!(
            "Two workers that hear Wait have asked {asked} times in {} s; with the pause between an answer and the next question it is \
             at most {most} times (rule A8).",
            span.as_secs()
        )));
    }
    cluster.start_client()?;
    cluster.simulation.run_for(ms(5_000))?;
    cluster.start_worker(2)?;
    let third = cluster.hosts()[2];
    cluster.simulation.schedule(ms(1), Change::Pause(third));
    cluster.simulation.schedule(ms(2_000), Change::Resume(third));
    cluster.finish(ms(60_000))?;
    cluster.check_executions(0)
}
