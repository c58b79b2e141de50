//! A coordinator and fifty workers that pretend, in virtual time.

use super::client::{self, Client, ClientNotice};
use super::model::{End, Manner, Model, Told};
use crate::calling::COORDINATOR;
use crate::message::Message;
use crate::types::{Address, Attempt, Cause, Chunk, CoordinatorConfig, Job, Task};
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Ended, Handle, Link, Simulation};
use faultline::{Host, Never, Time, ms};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

/// How many workers there are.
pub const CROWD: usize = 50;

const NAMES: [&str; CROWD + 2] = [
    "coordinator",
    "client",
    "w2",
    "w3",
    "w4",
    "w5",
    "w6",
    "w7",
    "w8",
    "w9",
    "w10",
    "w11",
    "w12",
    "w13",
    "w14",
    "w15",
    "w16",
    "w17",
    "w18",
    "w19",
    "w20",
    "w21",
    "w22",
    "w23",
    "w24",
    "w25",
    "w26",
    "w27",
    "w28",
    "w29",
    "w30",
    "w31",
    "w32",
    "w33",
    "w34",
    "w35",
    "w36",
    "w37",
    "w38",
    "w39",
    "w40",
    "w41",
    "w42",
    "w43",
    "w44",
    "w45",
    "w46",
    "w47",
    "w48",
    "w49",
    "w50",
    "w51",
];

/// What the crowd is to do.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many map tasks.
    pub maps: usize,
    /// How many reduce tasks.
    pub reduces: u32,
    /// How long a task takes at least; at most it takes twice that.
    pub takes: Duration,
    /// How many times slower the first worker is.
    pub straggler: u32,
    /// What the coordinator is told.
    pub config: CoordinatorConfig,
    /// What all links are like.
    pub link: Link,
    /// How often an attempt fails, of a thousand.
    pub failures: u64,
}

/// What is known of the executions.
#[derive(Default)]
struct Shared {
    given: BTreeMap<Attempt, Host>,
    executions: usize,
    wrong: Option<String>,
}

/// A crowd at work.
pub struct Crowd<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    /// The coordinator's host.
    pub coordinator: Host,
    /// The workers' hosts.
    pub workers: Vec<Host>,
    handles: Vec<Handle<End, Told>>,
    client: Handle<Never, ClientNotice>,
    shared: Rc<RefCell<Shared>>,
    load: Load,
}

impl<'a> Crowd<'a> {
    /// Everybody is up, and the job is submitted.
    ///
    /// # Errors
    /// The coordinator does not come up.
    pub fn start(bench: &Bench<'a>, load: Load) -> Result<Crowd<'a>, Failure> {
        let load = Load { maps: bench.amount(load.maps), ..load };
        let (mut simulation, hosts) = Simulation::new(bench, NAMES);
        simulation.links(load.link);
        let (coordinator, workers) = (hosts[0], hosts[2..].to_vec());
        simulation.start(coordinator, &COORDINATOR, &load.config)?;
        let mut random = Random::new(bench.seed() ^ 0x6372_6f77);
        let chunk = |_| Chunk {
            file: "book.txt".into(),
            first_line: 1,
            holders: (0..2).map(|_| Address::from(workers[random.below(CROWD as u64) as usize])).collect(),
        };
        let chunks = (0..load.maps).map(chunk).collect();
        let job = Job { application: "words".into(), chunks, reduces: load.reduces, skips: false };
        let plan = client::Plan { coordinator, job, patience: ms(1_000), watch: ms(1_000), reads: false };
        let client = simulation.start_given(hosts[1], Client::new(plan), Message::describe)?;
        let shared = Rc::new(RefCell::new(Shared::default()));
        let mut handles = vec![];
        for (index, host) in workers.iter().enumerate() {
            let manner =
                Manner { coordinator, host: *host, patience: ms(400), pause: ms(1_000), beat: ms(1_000) };
            let worker = simulation.start_given(*host, Model::new(manner), Message::describe)?;
            let slower = if index == 0 { load.straggler } else { 1 };
            let (known, host) = (shared.clone(), *host);
            let mut random = Random::new(bench.seed() ^ (index as u64) << 32);
            simulation.application(worker, move |_, told: &Told| {
                let Told::Given(attempt, _) = told else { return vec![] };
                known.borrow_mut().give(*attempt, host);
                let takes = (load.takes + load.takes.mul_f64(random.below(1_000) as f64 / 1_000.0)) * slower;
                let fails = random.below(1_000) < load.failures;
                let cause = Cause::Failed("the application does not like it today".into());
                vec![(takes, if fails { End::Failed(*attempt, cause) } else { End::Done(*attempt) })]
            });
            handles.push(worker);
        }
        Ok(Crowd { simulation, coordinator, workers, handles, client, shared, load })
    }

    /// How many executions there were.
    #[must_use]
    pub fn executions(&self) -> usize {
        self.shared.borrow().executions
    }

    /// How many tasks the job has.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.load.maps + self.load.reduces as usize
    }

    /// The job must be finished within `span`, with all outputs in places where they are. Gives the moment at which the client
    /// knows.
    ///
    /// # Errors
    /// It is not.
    pub fn finish(&mut self, span: Duration) -> Result<Time, Failure> {
        let (client, shared) = (self.client, self.shared.clone());
        let ended = self.simulation.run_until(span, |simulation| {
            if let Some(wrong) = &shared.borrow().wrong {
                return Err(Failure::new(wrong.clone()));
            }
            Ok(simulation.notices(client)?.iter().any(|it| {
                matches!(it, ClientNotice::Outputs(..) | ClientNotice::Failed(_) | ClientNotice::Nonsense(..))
            }))
        })?;
        let notices = self.simulation.notices(self.client)?;
        let outputs = notices.iter().find_map(|notice| match notice {
            ClientNotice::Outputs(places, _) => Some(places.clone()),
            _ => None,
        });
        let Some(places) = outputs else {
            let last = notices.iter().rev().find_map(|notice| match notice {
                ClientNotice::Status(status) => Some(format!(
                    "{} of {} map and {} of {} reduce tasks are said to be done, and {} attempts to be running on {} workers",
                    status.maps_done,
                    self.load.maps,
                    status.reduces_done,
                    self.load.reduces,
                    status.running.len(),
                    status.workers.len()
                )),
                _ => None,
            });
            let end = notices.last().map_or(String::new(), |notice| format!(" The client {notice}."));
            return Err(self.simulation.fail(format!(
                "The job is not finished after {} s{}: {}.{end}",
                span.as_secs(),
                if ended == Ended::Quiet { ", and nothing can happen any more" } else { "" },
                last.unwrap_or("the client has never heard a status".into())
            )));
        };
        self.check(&places)?;
        Ok(self.simulation.now())
    }

    fn check(&self, places: &[crate::types::Place]) -> Outcome {
        let mut made = BTreeSet::new();
        for handle in &self.handles {
            let told = self.simulation.notices(*handle)?.into_iter();
            made.extend(told.filter_map(|told| match told {
                Told::Made(worker, attempt) => Some((worker, attempt)),
                _ => None,
            }));
        }
        let tasks: Vec<_> = places.iter().map(|place| place.attempt.task).collect();
        if tasks != (0..self.load.reduces).map(Task::Reduce).collect::<Vec<_>>() {
            return Err(self
                .simulation
                .fail("The outputs are not those of all reduce tasks, in their order (rule A7)."));
        }
        match places.iter().find(|place| !made.contains(&(place.holder, place.attempt))) {
            Some(place) => Err(self
                .simulation
                .fail(format!("An output is said to be that of {place}, who has never done it."))),
            None => Ok(()),
        }
    }
}

impl Shared {
    fn give(&mut self, attempt: Attempt, host: Host) {
        self.executions += 1;
        if let Some(other) = self.given.insert(attempt, host).filter(|other| *other != host) {
            let wrong = format!("{attempt} was given to w{} and to w{} (rule A6).", other.0, host.0);
            self.wrong.get_or_insert(wrong);
        }
    }
}
