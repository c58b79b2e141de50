//! A coordinator, with everybody else played by the scenario: what is asked, and what must be answered.

use super::peer::{Heard, Peer, Say};
use crate::calling::COORDINATOR;
use crate::message::{Assignment, Input, Message, Phase, Reply, Request, Status};
use crate::types::{Address, Attempt, Chunk, CoordinatorConfig, Job, Place, Task, WorkerId};
use faultline::disk::Unsynced;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Change, Handle, Simulation};
use faultline::{Host, ms};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A worker of which nothing was heard for so long is lost.
pub const LEASE: Duration = ms(10_000);

/// A task that takes so long is slow.
pub const SLOW: Duration = ms(25_000);

/// So many failures end the job.
pub const FAILURES: u32 = 3;

/// The coordinator's configuration in these scenarios.
#[must_use]
pub fn config() -> CoordinatorConfig {
    CoordinatorConfig { lease: LEASE, backup_after: SLOW, max_failures: FAILURES }
}

/// The workers, at their addresses; each has the host of its number, and host 1 is the client's.
pub const W2: usize = 2;
/// Another one.
pub const W3: usize = 3;
/// A third.
pub const W4: usize = 4;

const CLIENT: usize = 1;

/// A worker in this life.
#[must_use]
pub fn life(worker: usize, life: u64) -> WorkerId {
    WorkerId { address: Address(worker as u64), life: life << 56 }
}

/// A job; chunk `n` has copies where `holders` says.
#[must_use]
pub fn job(chunks: &[&[usize]], reduces: u32) -> Job {
    let chunk = |(number, holders): (usize, &&[usize])| Chunk {
        file: "book.txt".into(),
        first_line: 1 + 100 * number as u64,
        holders: holders.iter().map(|worker| Address(*worker as u64)).collect(),
    };
    Job {
        application: "words".into(),
        chunks: chunks.iter().enumerate().map(chunk).collect(),
        reduces,
        skips: false,
    }
}

/// The office of one coordinator.
pub struct Office<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    coordinator: Host,
    peers: Vec<Handle<Say, Heard>>,
    job: Job,
    given: BTreeSet<Attempt>,
    /// The lines that assignments are to skip.
    pub skipped: BTreeMap<Task, Vec<u64>>,
}

impl<'a> Office<'a> {
    /// A coordinator without a job.
    ///
    /// # Errors
    /// It does not come up.
    pub fn open(bench: &Bench<'a>) -> Result<Office<'a>, Failure> {
        let names = ["coordinator", "client", "w2", "w3", "w4"];
        let (mut simulation, hosts) = Simulation::new(bench, names);
        let coordinator = hosts[0];
        simulation.start(coordinator, &COORDINATOR, &config())?;
        let peer = |host: &Host| simulation.start_given(*host, Peer::new(coordinator), Message::describe);
        let peers = hosts[1..].iter().map(peer).collect::<Result<_, _>>()?;
        Ok(Office {
            simulation,
            coordinator,
            peers,
            job: job(&[], 1),
            given: BTreeSet::new(),
            skipped: BTreeMap::new(),
        })
    }

    /// A coordinator that has accepted a job, and knows the workers in their first lives.
    ///
    /// # Errors
    /// It does not do that.
    pub fn with(bench: &Bench<'a>, job: &Job, workers: &[usize]) -> Result<Office<'a>, Failure> {
        let mut office = Office::open(bench)?;
        office.submit(job)?;
        workers.iter().try_for_each(|worker| office.register(*worker, 1, &[], &[]))?;
        Ok(office)
    }

    fn ask(&mut self, peer: usize, request: &Request) -> Result<Reply, Failure> {
        let handle = self.peers[peer - 1];
        let before = self.simulation.notice_count(handle);
        self.simulation.command(handle, &Say(request.clone()))?;
        self.simulation.run_for(ms(3))?;
        let heard = self.simulation.notices_after(handle, before)?;
        heard
            .into_iter()
            .next()
            .map(|Heard(reply)| reply)
            .ok_or_else(|| self.simulation.fail(format!("The coordinator does not answer {request}.")))
    }

    /// Did and expect: a worker, or the client, says this, and is answered so.
    ///
    /// # Errors
    /// The answer is another one.
    pub fn says(&mut self, peer: usize, request: &Request, expected: &Reply, rule: &str) -> Outcome {
        let reply = self.ask(peer, request)?;
        if reply == *expected {
            return Ok(());
        }
        Err(self.simulation.fail(format!("The answer to {request} is {reply}, not {expected} ({rule}).")))
    }

    /// The client submits this job, for the first time.
    ///
    /// # Errors
    /// It is not accepted.
    pub fn submit(&mut self, job: &Job) -> Outcome {
        self.job = job.clone();
        self.says(CLIENT, &Request::Submit { job: job.clone() }, &Reply::Accepted, "rule A2")
    }

    /// The client submits something that is refused.
    ///
    /// # Errors
    /// It is not.
    pub fn is_refused(&mut self, job: &Job, rule: &str) -> Outcome {
        match self.ask(CLIENT, &Request::Submit { job: job.clone() })? {
            Reply::Refused(_) => Ok(()),
            reply => {
                Err(self.simulation.fail(format!("The answer to this job is {reply}, not REFUSED ({rule}).")))
            }
        }
    }

    /// The client says this.
    ///
    /// # Errors
    /// The answer is another one.
    pub fn client_says(&mut self, request: &Request, expected: &Reply, rule: &str) -> Outcome {
        self.says(CLIENT, request, expected, rule)
    }

    /// A worker registers in this life with what it has finished, and hears what of that is useless.
    ///
    /// # Errors
    /// It hears something else.
    pub fn register(
        &mut self,
        worker: usize,
        number: u64,
        finished: &[Attempt],
        useless: &[Attempt],
    ) -> Outcome {
        let request = Request::Register { worker: life(worker, number), finished: finished.into() };
        let rule = if finished.is_empty() { "rule A1" } else { "rules A1 and B3" };
        self.says(worker, &request, &Reply::Welcome { useless: useless.into() }, rule)
    }

    /// A worker asks, and is given an attempt at this task, with the right input.
    ///
    /// # Errors
    /// It hears something else.
    pub fn gives(&mut self, worker: WorkerId, task: Task, rule: &str) -> Result<Attempt, Failure> {
        let attempt = self.given_to(worker, task, rule)?;
        if !self.given.insert(attempt) {
            return Err(self
                .simulation
                .fail(format!("{attempt} was given before: that number is not new (rule A6).")));
        }
        Ok(attempt)
    }

    /// A worker asks, and is given this very attempt.
    ///
    /// # Errors
    /// It hears something else.
    pub fn gives_again(&mut self, worker: WorkerId, attempt: Attempt, rule: &str) -> Outcome {
        let given = self.given_to(worker, attempt.task, rule)?;
        if given == attempt {
            return Ok(());
        }
        Err(self.simulation.fail(format!("The worker is given {given}, and not {attempt} again ({rule}).")))
    }

    fn given_to(&mut self, worker: WorkerId, task: Task, rule: &str) -> Result<Attempt, Failure> {
        let reply = self.ask(worker.address.0 as usize, &Request::Ask { worker })?;
        let Reply::Assign(Assignment { attempt, application, input, skip }) = reply else {
            return Err(self
                .simulation
                .fail(format!("{worker} asks and is answered {reply}, and not given {task} ({rule}).")));
        };
        if attempt.task != task {
            return Err(self
                .simulation
                .fail(format!("{worker} asks and is given {attempt}, and not {task} ({rule}).")));
        }
        let is_right = application == self.job.application
            && match (&input, task) {
                (Input::Chunk(chunk, reduces), Task::Map(map)) => {
                    Some(chunk) == self.job.chunks.get(map as usize) && *reduces == self.job.reduces
                }
                (Input::Outputs(places, reduces), Task::Reduce(_)) => {
                    let maps = (0..self.job.maps()).map(Task::Map);
                    places.iter().map(|place| place.attempt.task).eq(maps) && *reduces == self.job.reduces
                }
                _ => false,
            };
        let expected = self.skipped.get(&task).cloned().unwrap_or_default();
        if skip != expected {
            return Err(self.simulation.fail(format!(
                "{attempt} is given with the lines {skip:?} to be skipped; these are {expected:?} (rule S1)."
            )));
        }
        if is_right {
            return Ok(attempt);
        }
        Err(self.simulation.fail(format!(
            "{attempt} is given with {application:?} and {input:?}: that is not what the job says."
        )))
    }

    /// A worker asks, and is given an attempt at a reduce task with these inputs.
    ///
    /// # Errors
    /// It hears something else.
    pub fn gives_with(
        &mut self,
        worker: WorkerId,
        task: Task,
        places: &[Place],
        rule: &str,
    ) -> Result<Attempt, Failure> {
        let reply = self.ask(worker.address.0 as usize, &Request::Ask { worker })?;
        match reply {
            Reply::Assign(Assignment { attempt, input: Input::Outputs(given, _), .. })
                if attempt.task == task =>
            {
                if given == places {
                    self.given.insert(attempt);
                    return Ok(attempt);
                }
                Err(self
                    .simulation
                    .fail(format!("{attempt} is given with {given:?}; its input is {places:?} ({rule}).")))
            }
            reply => Err(self
                .simulation
                .fail(format!("{worker} asks and is answered {reply}, and not given {task} ({rule})."))),
        }
    }

    /// A worker asks, and there is nothing to do.
    ///
    /// # Errors
    /// It hears something else.
    pub fn gives_nothing(&mut self, worker: WorkerId, rule: &str) -> Outcome {
        self.says(worker.address.0 as usize, &Request::Ask { worker }, &Reply::Wait, rule)
    }

    /// A worker says that it has done an attempt, and hears this.
    ///
    /// # Errors
    /// It hears something else.
    pub fn done(&mut self, worker: WorkerId, attempt: Attempt, expected: &Reply, rule: &str) -> Outcome {
        self.says(worker.address.0 as usize, &Request::Done { worker, attempt }, expected, rule)
    }

    /// A worker is given a task and does it, which counts.
    ///
    /// # Errors
    /// It is not like that.
    pub fn does(&mut self, worker: WorkerId, task: Task) -> Result<Attempt, Failure> {
        let attempt = self.gives(worker, task, "rule A3")?;
        self.done(worker, attempt, &Reply::Kept, "rule B1")?;
        Ok(attempt)
    }

    /// A worker says that it works on an attempt, and hears this.
    ///
    /// # Errors
    /// It hears something else.
    pub fn works(&mut self, worker: WorkerId, attempt: Attempt, expected: &Reply, rule: &str) -> Outcome {
        self.says(worker.address.0 as usize, &Request::Alive { worker, attempt }, expected, rule)
    }

    /// What the client hears of the job.
    ///
    /// # Errors
    /// There is no answer, or it is none.
    pub fn status(&mut self) -> Result<Status, Failure> {
        match self.ask(CLIENT, &Request::Status)? {
            Reply::Status(status) => Ok(status),
            reply => Err(self.simulation.fail(format!("The answer to STATUS? is {reply} (rule A7)."))),
        }
    }

    /// The job is in this phase.
    ///
    /// # Errors
    /// It is in another one.
    pub fn is_in(&mut self, phase: &Phase, rule: &str) -> Outcome {
        let status = self.status()?;
        if status.phase == *phase {
            return Ok(());
        }
        Err(self.simulation.fail(format!("The status is: {}. It should be: {phase} ({rule}).", status.phase)))
    }

    /// Lets time pass, in which these workers are heard of.
    ///
    /// # Errors
    /// One of them is not known any more.
    pub fn pass(&mut self, span: Duration, heard: &[(WorkerId, Attempt)]) -> Outcome {
        let end = self.simulation.now() + span;
        while self.simulation.now() + LEASE / 2 < end {
            self.simulation.run_for(LEASE / 2)?;
            for (worker, attempt) in heard {
                self.works(*worker, *attempt, &Reply::GoOn, "rule B2")?;
            }
        }
        let rest = end.since(self.simulation.now());
        self.simulation.run_for(rest)?;
        Ok(())
    }

    /// The coordinator crashes, and comes up again.
    ///
    /// # Errors
    /// It does not.
    pub fn crash(&mut self, unsynced: Unsynced) -> Outcome {
        self.simulation.change(&Change::Crash(self.coordinator, unsynced))?;
        self.simulation.run_for(ms(500))?;
        self.simulation.change(&Change::Restart(self.coordinator))
    }

    /// Another coordinator comes up in its place, with an empty disk.
    ///
    /// # Errors
    /// It does not.
    pub fn replace(&mut self) -> Outcome {
        self.simulation.change(&Change::RestartWithoutDisk(self.coordinator))
    }

    /// The coordinator will crash at this operation on its disk, counted from now, from 1.
    ///
    /// # Errors
    /// Never.
    pub fn crash_at(&mut self, operation: u64, unsynced: Unsynced) -> Outcome {
        let number = self.simulation.disk_ops(self.coordinator) + operation;
        self.simulation.change(&Change::CrashAtDiskOp(self.coordinator, number, unsynced))
    }

    /// Whether the coordinator is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.simulation.is_up(self.coordinator)
    }

    /// Says something to which an answer need not come, since the coordinator may crash over it.
    ///
    /// # Errors
    /// The coordinator panics.
    pub fn tries(&mut self, peer: usize, request: &Request) -> Result<Option<Reply>, Failure> {
        let handle = self.peers[peer - 1];
        let before = self.simulation.notice_count(handle);
        self.simulation.command(handle, &Say(request.clone()))?;
        self.simulation.run_for(ms(3))?;
        Ok(self.simulation.notices_after(handle, before)?.into_iter().next().map(|Heard(reply)| reply))
    }

    /// The coordinator comes up again.
    ///
    /// # Errors
    /// It does not.
    pub fn restart(&mut self) -> Outcome {
        self.simulation.change(&Change::Restart(self.coordinator))
    }
}
