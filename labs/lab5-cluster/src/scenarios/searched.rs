//! A coordinator and two workers that pretend, in every order of events.

use super::model::{End, Manner, Model, Told};
use super::office::{config, job};
use super::peer::{Heard, Peer, Say};
use crate::calling::COORDINATOR;
use crate::message::{Message, Phase, Reply, Request};
use crate::types::{Attempt, Place, Task, WorkerId};
use faultline::ms;
use faultline::scenario::{Bench, Failure};
use faultline::search::{Explored, Limits, Search, Seen};
use faultline::simulation::Handle;
use std::collections::{BTreeMap, BTreeSet};

/// What is searched.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// How many map tasks the job has.
    pub maps: usize,
    /// How many reduce tasks.
    pub reduces: u32,
    /// How many workers there are, one or two.
    pub workers: usize,
    /// Who may crash.
    pub mortal: Mortal,
}

/// Who may crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mortal {
    /// Nobody.
    Nobody,
    /// The first worker.
    Worker,
    /// The coordinator.
    Coordinator,
}

type Worker = Handle<End, Told>;
type Client = Handle<Say, Heard>;

/// Searches; in no state may the end be out of reach when `timers` more time-outs are allowed.
///
/// # Errors
/// The shortest story that breaks a rule.
pub fn search(bench: &Bench<'_>, limits: Limits, scope: Scope, timers: u8) -> Result<Explored, Failure> {
    if scope.workers == 1 {
        let (search, [c, client, a]) = Search::new(bench, limits, ["coordinator", "client", "w2"]);
        run(search, c, client, &[a], scope, timers)
    } else {
        let (search, [c, client, a, b]) = Search::new(bench, limits, ["coordinator", "client", "w2", "w3"]);
        run(search, c, client, &[a, b], scope, timers)
    }
}

fn run(
    mut search: Search<'_>,
    coordinator: faultline::Host,
    client: faultline::Host,
    workers: &[faultline::Host],
    scope: Scope,
    timers: u8,
) -> Result<Explored, Failure> {
    search.start(coordinator, &COORDINATOR, &config())?;
    let client = search.start_given(client, Peer::new(coordinator), Message::describe)?;
    let mut handles = vec![];
    for host in workers {
        let manner = Manner { coordinator, host: *host, patience: ms(1_000), pause: ms(1_000), beat: ms(0) };
        let worker = search.start_given(*host, Model::new(manner), Message::describe)?;
        search.application(worker, |told: &Told| match told {
            Told::Given(attempt, _) => Some(End::Done(*attempt)),
            _ => None,
        });
        search.faults_only(coordinator, *host, |_| true);
        search.faults_only(*host, coordinator, |_| true);
        handles.push(worker);
    }
    let chunks: Vec<&[usize]> = vec![&[]; scope.maps];
    search.command(client, &Say(Request::Submit { job: job(&chunks, scope.reduces) }));
    match scope.mortal {
        Mortal::Nobody => {}
        Mortal::Worker => search.may_crash_when_asked(workers[0]),
        Mortal::Coordinator => search.may_crash_when_asked(coordinator),
    }
    search.command(client, &Say(Request::Status));
    let all = handles.clone();
    search.always(move |seen| check(seen, client, &all, scope));
    let all = handles.clone();
    search.goal(move |seen| missing(seen, &all, scope).is_empty());
    search.missing(move |seen| {
        let missing: Vec<_> = missing(seen, &handles, scope).iter().map(Task::to_string).collect();
        format!(
            "No attempt has ever counted at {}, though a worker is there that does what it is given. A task that nobody works on \
             is idle again (rules C1, A4 and E1).",
            missing.join(" and ")
        )
    });
    if timers > 0 {
        search.recovers_with(timers);
    }
    search.run()
}

fn tasks(scope: Scope) -> impl Iterator<Item = Task> {
    (0..scope.maps as u32).map(Task::Map).chain((0..scope.reduces).map(Task::Reduce))
}

/// The tasks at which no attempt has ever counted.
fn missing(seen: &Seen<'_>, workers: &[Worker], scope: Scope) -> Vec<Task> {
    let told = workers.iter().flat_map(|worker| seen.notices(*worker));
    let kept: BTreeSet<Task> = told
        .filter_map(|told| if let Told::Kept(attempt) = told { Some(attempt.task) } else { None })
        .collect();
    tasks(scope).filter(|task| !kept.contains(task)).collect()
}

/// What the workers have told.
#[derive(Default)]
struct Known {
    /// Who was given what, in which order.
    given: BTreeMap<Attempt, usize>,
    made: BTreeSet<(WorkerId, Attempt)>,
    /// The files were removed by who was told that they do not count.
    removed: BTreeSet<(WorkerId, Attempt)>,
}

/// What must be true in every state.
fn check(seen: &Seen<'_>, client: Client, workers: &[Worker], scope: Scope) -> Result<(), String> {
    let mut known = Known::default();
    let mut inputs = vec![];
    for (index, worker) in workers.iter().enumerate() {
        for told in seen.notices(*worker) {
            match told {
                Told::Given(attempt, places) => {
                    let before = known.given.insert(attempt, index);
                    if before.is_some_and(|before| before != index) {
                        return Err(format!("{attempt} was given to two workers (rule A6)"));
                    }
                    if !attempt.task.is_map() {
                        inputs.push((attempt, places));
                    }
                }
                Told::Made(worker, attempt) => drop(known.made.insert((worker, attempt))),
                Told::Removed(worker, attempt) => drop(known.removed.insert((worker, attempt))),
                Told::Kept(_) | Told::Over => {}
            }
        }
    }
    for (attempt, places) in inputs {
        check_places(&known, &places, (0..scope.maps as u32).map(Task::Map))
            .map_err(|why| format!("{attempt} is given, but {why}"))?;
    }
    for Heard(reply) in seen.notices(client) {
        match reply {
            Reply::Status(status) => {
                if let Phase::Finished(places) = status.phase {
                    check_places(&known, &places, (0..scope.reduces).map(Task::Reduce))
                        .map_err(|why| format!("the job is said to be finished, but {why}"))?;
                }
            }
            Reply::Accepted => {}
            reply => return Err(format!("the client is answered {reply}")),
        }
    }
    Ok(())
}

/// The places are those of these tasks, and their files are there, as far as nobody has crashed.
fn check_places(known: &Known, places: &[Place], tasks: impl Iterator<Item = Task>) -> Result<(), String> {
    for (place, task) in places.iter().map(Some).chain(std::iter::repeat(None)).zip(tasks) {
        let Some(place) = place else { return Err(format!("no place is named for {task} (rule A3)")) };
        if place.attempt.task != task {
            return Err(format!("{place} is named as the place of {task} (rule A3)"));
        }
        let has_made = known.made.contains(&(place.holder, place.attempt));
        if !has_made || known.removed.contains(&(place.holder, place.attempt)) {
            let why = if has_made {
                "has removed its files, since it was told that it does not count"
            } else {
                "has never done it"
            };
            return Err(format!("{place} is named, and this worker {why} (rules B1 and B3)"));
        }
    }
    Ok(())
}
