//! The coordinator: who does what (parts A to G).

use lab5_kit::{Coordinate, CoordinatorConfig, Ctx, Reply, Request};
// SOLUTION
use crate::journal::{self, Entry};
use crate::tasks::Tasks;
use lab5_kit::{
    Assignment, Attempt, Cause, Input, Job, JobFailure, MAX_SKIPPED, Phase, Place, Status, Task, WorkerId,
};
use std::collections::{BTreeMap, BTreeSet};
// END SOLUTION

/// Gives tasks to workers, and knows what has become of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coordinator {
    config: CoordinatorConfig,
    // SOLUTION
    job: Option<Job>,
    tasks: Tasks,
    /// How the job has ended.
    end: Option<Phase>,
    /// The workers that are known, and what is running on each.
    workers: BTreeMap<WorkerId, Option<Attempt>>,
    /// Lives that are over.
    lost: BTreeSet<WorkerId>,
    /// What this life and earlier ones have drawn: the upper halves of the numbers of attempts.
    drawn: BTreeSet<u32>,
    /// What this one has drawn.
    upper: u32,
    /// How many attempts it has given.
    given: u32,
    // END SOLUTION
}

/// What the coordinator waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    // SOLUTION
    /// To hear of a worker.
    Lease(WorkerId),
    /// For an attempt to become slow.
    Slow(Attempt),
    /// For the workers of an earlier life.
    Return,
    // END SOLUTION
}

impl Coordinator {
    /// A coordinator that has not started.
    #[must_use]
    pub fn new(config: CoordinatorConfig) -> Coordinator {
        Coordinator {
            config,
            // SOLUTION
            job: None,
            tasks: Tasks::default(),
            end: None,
            workers: BTreeMap::new(),
            lost: BTreeSet::new(),
            drawn: BTreeSet::new(),
            upper: 0,
            given: 0,
            // END SOLUTION
        }
    }
    // SOLUTION

    fn register(&mut self, worker: WorkerId, finished: &[Attempt], ctx: &mut Ctx<'_, Self>) -> Reply {
        if self.lost.contains(&worker) {
            return Reply::Unknown;
        }
        if !self.workers.contains_key(&worker) {
            let before = self.workers.keys().find(|other| other.address == worker.address).copied();
            before.into_iter().for_each(|other| self.lose(other, ctx));
            self.workers.insert(worker, None);
            finished.iter().for_each(|attempt| self.take_back(worker, *attempt, ctx));
        }
        self.hear(worker, ctx);
        let counts = |attempt: &&Attempt| {
            self.tasks.place(attempt.task) != Some(Place { attempt: **attempt, holder: worker })
        };
        Reply::Welcome { useless: finished.iter().filter(counts).copied().collect() }
    }

    /// A worker has brought the files of an attempt.
    fn take_back(&mut self, worker: WorkerId, attempt: Attempt, ctx: &mut Ctx<'_, Self>) {
        let is_ours = self.drawn.contains(&((attempt.number >> 32) as u32));
        if is_ours && self.tasks.is_done(attempt.task) == Some(false) {
            self.count(worker, attempt, ctx);
        }
    }

    fn count(&mut self, worker: WorkerId, attempt: Attempt, ctx: &mut Ctx<'_, Self>) {
        let Some(job) = &self.job else { return };
        journal::append(&mut ctx.disk(), &Entry::Counted(attempt));
        for (stopped, of) in self.tasks.count(attempt, worker, job) {
            ctx.cancel_timer(Timer::Slow(stopped));
            self.workers.insert(of, None);
        }
    }

    fn hear(&mut self, worker: WorkerId, ctx: &mut Ctx<'_, Self>) {
        ctx.set_timer(Timer::Lease(worker), self.config.lease);
    }

    fn lose(&mut self, worker: WorkerId, ctx: &mut Ctx<'_, Self>) {
        ctx.cancel_timer(Timer::Lease(worker));
        if let Some(attempt) = self.workers.remove(&worker).flatten() {
            ctx.cancel_timer(Timer::Slow(attempt));
        }
        self.lost.insert(worker);
        if let Some(job) = &self.job {
            self.tasks.lose_all(worker, job);
        }
    }

    fn ask(&mut self, worker: WorkerId, ctx: &mut Ctx<'_, Self>) -> Reply {
        let again = self.workers.get(&worker).copied().flatten();
        if let Some(assignment) = again.and_then(|attempt| self.assignment(attempt)) {
            return Reply::Assign(assignment);
        }
        // A reduce task whose input is not there any more.
        again.into_iter().for_each(|attempt| self.stop(worker, attempt, ctx));
        let Some(task) = self.tasks.choose(worker) else { return Reply::Wait };
        let Some(job) = &self.job else { return Reply::Wait };
        let number = u64::from(self.upper) << 32 | u64::from(self.given);
        let attempt = Attempt { task, number };
        self.given += 1;
        self.tasks.begin(attempt, worker, job);
        self.workers.insert(worker, Some(attempt));
        ctx.set_timer(Timer::Slow(attempt), self.config.backup_after);
        self.assignment(attempt).map_or(Reply::Wait, Reply::Assign)
    }

    fn assignment(&self, attempt: Attempt) -> Option<Assignment> {
        let job = self.job.as_ref()?;
        let input = match attempt.task {
            Task::Map(map) => Input::Chunk(job.chunks[map as usize].clone(), job.reduces),
            Task::Reduce(_) => Input::Outputs(self.tasks.map_outputs()?, job.reduces),
        };
        let skip = self.tasks.skip(attempt.task);
        Some(Assignment { attempt, application: job.application.clone(), input, skip })
    }

    fn stop(&mut self, worker: WorkerId, attempt: Attempt, ctx: &mut Ctx<'_, Self>) {
        let Some(job) = &self.job else { return };
        self.tasks.stop(attempt, job);
        self.workers.insert(worker, None);
        ctx.cancel_timer(Timer::Slow(attempt));
    }

    fn done(&mut self, worker: WorkerId, attempt: Attempt, ctx: &mut Ctx<'_, Self>) -> Reply {
        if self.tasks.is_running(attempt, worker) {
            self.count(worker, attempt, ctx);
        }
        let counts = self.tasks.place(attempt.task) == Some(Place { attempt, holder: worker });
        if counts { Reply::Kept } else { Reply::Useless }
    }

    fn failed(&mut self, worker: WorkerId, attempt: Attempt, cause: Cause, ctx: &mut Ctx<'_, Self>) -> Reply {
        if let Cause::Missing(place) = cause {
            self.missing(place);
        }
        if self.tasks.is_running(attempt, worker) {
            self.stop(worker, attempt, ctx);
            if self.is_too_much(attempt.task, &cause) {
                self.end_with(JobFailure { task: attempt.task, worker, cause }, ctx);
            }
        }
        Reply::Noted
    }

    /// An attempt has failed; says whether the job has.
    fn is_too_much(&mut self, task: Task, cause: &Cause) -> bool {
        let Some(job) = &self.job else { return false };
        match cause {
            Cause::Missing(_) => false,
            Cause::Refused(line, _) if job.skips => self.tasks.refuse(task, *line, job) > MAX_SKIPPED,
            _ => self.tasks.fail(task, job) >= self.config.max_failures,
        }
    }

    fn end_with(&mut self, failure: JobFailure, ctx: &mut Ctx<'_, Self>) {
        journal::append(&mut ctx.disk(), &Entry::Failed(failure.clone()));
        self.end = Some(Phase::Failed(failure));
        for (attempt, worker) in self.tasks.running() {
            self.stop(worker, attempt, ctx);
        }
    }

    fn missing(&mut self, place: Place) {
        if let Some(job) = &self.job
            && self.tasks.place(place.attempt.task) == Some(place)
        {
            self.tasks.lose(place.attempt.task, job);
        }
    }

    fn submit(&mut self, job: Job, ctx: &mut Ctx<'_, Self>) -> Reply {
        match &self.job {
            Some(known) if *known == job => Reply::Accepted,
            Some(_) => Reply::Refused("there is another job already".into()),
            None if job.reduces == 0 => Reply::Refused("a job needs at least one reduce task".into()),
            None => {
                journal::append(&mut ctx.disk(), &Entry::Accepted(job.clone()));
                self.tasks = Tasks::new(&job);
                self.job = Some(job);
                Reply::Accepted
            }
        }
    }

    fn phase(&self) -> Phase {
        match (&self.end, &self.job) {
            (Some(end), _) => end.clone(),
            (None, None) => Phase::Idle,
            (None, Some(_)) => self.tasks.outputs().map_or(Phase::Working, Phase::Finished),
        }
    }

    fn status(&self) -> Status {
        let (maps_done, reduces_done) = self.tasks.done();
        let workers = self.workers.keys().copied().collect();
        let tasks = self.job.as_ref().map(|job| (job.maps(), job.reduces));
        let (phase, running, skipped) = (self.phase(), self.tasks.running(), self.tasks.skipped());
        Status { phase, workers, running, tasks, maps_done, reduces_done, skipped }
    }

    fn collected(&mut self, ctx: &mut Ctx<'_, Self>) -> Reply {
        if matches!(self.phase(), Phase::Finished(_)) {
            journal::append(&mut ctx.disk(), &Entry::Collected);
            self.end = Some(Phase::Collected);
        }
        Reply::Noted
    }

    fn remember(&mut self, entry: Entry) {
        match (entry, &self.job) {
            (Entry::Started(upper), _) => drop(self.drawn.insert(upper)),
            (Entry::Accepted(job), _) => {
                self.tasks = Tasks::new(&job);
                self.job = Some(job);
            }
            (Entry::Counted(attempt), Some(job)) => self.tasks.has_counted(attempt, job),
            (Entry::Counted(_), None) => {}
            (Entry::Failed(failure), _) => self.end = Some(Phase::Failed(failure)),
            (Entry::Collected, _) => self.end = Some(Phase::Collected),
        }
    }
    // END SOLUTION
}

impl Coordinate for Coordinator {
    type Timer = Timer;

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        // SOLUTION: todo!("lab 5, part A: Coordinator::on_start; part G makes it remember")
        let entries = journal::recover(&mut ctx.disk());
        entries.into_iter().for_each(|entry| self.remember(entry));
        self.upper = (ctx.random() >> 32) as u32;
        self.drawn.insert(self.upper);
        journal::append(&mut ctx.disk(), &Entry::Started(self.upper));
        if let Some(job) = &self.job {
            self.tasks.wait_for_holders(job);
            ctx.set_timer(Timer::Return, self.config.lease);
        }
        // END SOLUTION
    }

    fn on_request(&mut self, request: Request, ctx: &mut Ctx<'_, Self>) -> Reply {
        // SOLUTION: todo!("lab 5, part A: Coordinator::on_request")
        if let Request::Register { worker, finished } = &request {
            return self.register(*worker, finished, ctx);
        }
        if let Some(worker) = request.worker() {
            if !self.workers.contains_key(&worker) {
                return Reply::Unknown;
            }
            self.hear(worker, ctx);
            if self.end.is_some() {
                return Reply::Over;
            }
        }
        match request {
            Request::Register { .. } => Reply::Unknown,
            Request::Ask { worker } => self.ask(worker, ctx),
            Request::Alive { worker, attempt } => {
                if self.tasks.is_running(attempt, worker) {
                    Reply::GoOn
                } else {
                    Reply::Stop
                }
            }
            Request::Done { worker, attempt } => self.done(worker, attempt, ctx),
            Request::Failed { worker, attempt, cause } => self.failed(worker, attempt, cause, ctx),
            Request::Submit { job } => self.submit(job, ctx),
            Request::Status => Reply::Status(self.status()),
            Request::Missing { place } => {
                self.missing(place);
                Reply::Noted
            }
            Request::Collected => self.collected(ctx),
        }
        // END SOLUTION
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        // SOLUTION: todo!("lab 5, part C: Coordinator::on_timer")
        match (timer, &self.job) {
            (Timer::Lease(worker), _) => self.lose(worker, ctx),
            (Timer::Slow(attempt), Some(job)) => self.tasks.is_slow(attempt, job),
            (Timer::Return, Some(job)) => self.tasks.wait_no_more(job),
            (Timer::Slow(_) | Timer::Return, None) => {}
        }
        // END SOLUTION
    }
}
