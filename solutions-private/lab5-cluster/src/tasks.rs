//! The tasks of a job: which are idle, running, slow or done.
// SOLUTION

use lab5_kit::{Address, Attempt, Job, Place, Task, WorkerId};
use std::collections::{BTreeMap, BTreeSet};
// END SOLUTION

/// What is known of the tasks of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tasks {
    // SOLUTION
    maps: Vec<State>,
    reduces: Vec<State>,
    /// Which could be given to somebody.
    idle: BTreeSet<Task>,
    /// The idle map tasks, by who has a copy of the chunk.
    near: BTreeMap<Address, BTreeSet<Task>>,
    /// Those with one attempt, which is slow.
    slow: BTreeSet<Task>,
    /// How many map tasks are not done.
    maps_left: u32,
    /// How many reduce tasks are not done.
    reduces_left: u32,
    /// Tasks that have counted may still be brought back by those who have their files.
    is_waiting: bool,
    // END SOLUTION
}
// SOLUTION

/// What is known of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct State {
    /// The attempts at it that are running.
    running: Vec<Running>,
    /// The number of the attempt that counts.
    counted: Option<u64>,
    /// Who has its files.
    holder: Option<WorkerId>,
    failures: u32,
    /// The lines that an attempt has refused.
    refused: BTreeSet<u64>,
    /// Those that a second one has refused too.
    skip: BTreeSet<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Running {
    number: u64,
    worker: WorkerId,
    is_slow: bool,
}

impl Tasks {
    /// The tasks of a job of which nothing is done.
    pub fn new(job: &Job) -> Tasks {
        let mut tasks = Tasks {
            maps: vec![State::default(); job.chunks.len()],
            reduces: vec![State::default(); job.reduces as usize],
            maps_left: job.maps(),
            reduces_left: job.reduces,
            ..Tasks::default()
        };
        tasks.all().into_iter().for_each(|task| tasks.sort(task, job));
        tasks
    }

    /// From now on tasks that have counted are waited for.
    pub fn wait_for_holders(&mut self, job: &Job) {
        self.is_waiting = true;
        self.all().into_iter().for_each(|task| self.sort(task, job));
    }

    /// From now on nobody is waited for.
    pub fn wait_no_more(&mut self, job: &Job) {
        self.is_waiting = false;
        self.all().into_iter().for_each(|task| self.sort(task, job));
    }

    fn all(&self) -> Vec<Task> {
        let maps = (0..self.maps.len() as u32).map(Task::Map);
        maps.chain((0..self.reduces.len() as u32).map(Task::Reduce)).collect()
    }

    fn state(&self, task: Task) -> Option<&State> {
        match task {
            Task::Map(number) => self.maps.get(number as usize),
            Task::Reduce(number) => self.reduces.get(number as usize),
        }
    }

    /// Changes a task, and what follows from that.
    fn change<T>(&mut self, task: Task, job: &Job, change: impl FnOnce(&mut State) -> T) -> Option<T> {
        let (states, left) = match task {
            Task::Map(_) => (&mut self.maps, &mut self.maps_left),
            Task::Reduce(_) => (&mut self.reduces, &mut self.reduces_left),
        };
        let (Task::Map(number) | Task::Reduce(number)) = task;
        let state = states.get_mut(number as usize)?;
        let was_done = state.holder.is_some();
        let changed = change(state);
        match (was_done, state.holder.is_some()) {
            (false, true) => *left -= 1,
            (true, false) => *left += 1,
            _ => {}
        }
        self.sort(task, job);
        Some(changed)
    }

    /// Puts a task where it belongs.
    fn sort(&mut self, task: Task, job: &Job) {
        let Some(state) = self.state(task) else { return };
        let is_expected = self.is_waiting && state.counted.is_some();
        let is_idle = state.holder.is_none() && state.running.is_empty() && !is_expected;
        let is_slow = matches!(state.running[..], [Running { is_slow: true, .. }]);
        put(&mut self.idle, task, is_idle);
        put(&mut self.slow, task, is_slow);
        if let Task::Map(number) = task {
            for address in &job.chunks[number as usize].holders {
                put(self.near.entry(*address).or_default(), task, is_idle);
            }
        }
    }

    /// What a worker at this address should work on, if there is anything, and whether somebody else works on it already.
    pub fn choose(&self, worker: WorkerId) -> Option<Task> {
        let phase = |task: &Task| task.is_map() == (self.maps_left > 0);
        if self.reduces_left == 0 {
            return None;
        }
        let near = self.near.get(&worker.address).and_then(|near| near.first().copied());
        let mut idle = near.into_iter().chain(self.idle.iter().copied());
        let first = if self.maps_left > 0 {
            idle.find(|task| task.is_map())
        } else {
            self.idle.range(Task::Reduce(0)..).next().copied()
        };
        let is_others =
            |task: &Task| self.state(*task).is_some_and(|state| state.running[0].worker != worker);
        first.or_else(|| self.slow.iter().copied().find(|task| phase(task) && is_others(task)))
    }

    /// An attempt begins.
    pub fn begin(&mut self, attempt: Attempt, worker: WorkerId, job: &Job) {
        let running = Running { number: attempt.number, worker, is_slow: false };
        self.change(attempt.task, job, |state| state.running.push(running));
    }

    /// Whether this attempt is running on this worker.
    pub fn is_running(&self, attempt: Attempt, worker: WorkerId) -> bool {
        let state = self.state(attempt.task);
        state.is_some_and(|state| {
            state.running.iter().any(|it| (it.number, it.worker) == (attempt.number, worker))
        })
    }

    /// An attempt is not running any more.
    pub fn stop(&mut self, attempt: Attempt, job: &Job) {
        self.change(attempt.task, job, |state| state.running.retain(|it| it.number != attempt.number));
    }

    /// An attempt has taken long.
    pub fn is_slow(&mut self, attempt: Attempt, job: &Job) {
        self.change(attempt.task, job, |state| {
            state
                .running
                .iter_mut()
                .filter(|it| it.number == attempt.number)
                .for_each(|it| it.is_slow = true);
        });
    }

    /// An attempt counts, and its files are on the worker's disk. Gives the attempts that were running.
    pub fn count(&mut self, attempt: Attempt, holder: WorkerId, job: &Job) -> Vec<(Attempt, WorkerId)> {
        let stopped = self.change(attempt.task, job, |state| {
            state.counted = Some(attempt.number);
            state.holder = Some(holder);
            std::mem::take(&mut state.running)
        });
        let name = |it: Running| (Attempt { number: it.number, ..attempt }, it.worker);
        stopped.unwrap_or_default().into_iter().map(name).collect()
    }

    /// An attempt has counted in an earlier life; nobody knows yet where its files are.
    pub fn has_counted(&mut self, attempt: Attempt, job: &Job) {
        self.change(attempt.task, job, |state| state.counted = Some(attempt.number));
    }

    /// An attempt has failed; says how many have at this task.
    pub fn fail(&mut self, task: Task, job: &Job) -> u32 {
        let failures = self.change(task, job, |state| {
            state.failures += 1;
            state.failures
        });
        failures.unwrap_or_default()
    }

    /// An attempt has refused a line; says how many are skipped in this task.
    pub fn refuse(&mut self, task: Task, line: u64, job: &Job) -> usize {
        let skipped = self.change(task, job, |state| {
            if !state.refused.insert(line) {
                state.skip.insert(line);
            }
            state.skip.len()
        });
        skipped.unwrap_or_default()
    }

    /// The lines that are skipped in a task.
    pub fn skip(&self, task: Task) -> Vec<u64> {
        self.state(task).map(|state| state.skip.iter().copied().collect()).unwrap_or_default()
    }

    /// How many lines are skipped.
    pub fn skipped(&self) -> u32 {
        self.maps.iter().map(|state| state.skip.len() as u32).sum()
    }

    /// Whether there is such a task, and it is done.
    pub fn is_done(&self, task: Task) -> Option<bool> {
        self.state(task).map(|state| state.holder.is_some())
    }

    /// Where the files of a task are that is done.
    pub fn place(&self, task: Task) -> Option<Place> {
        let state = self.state(task)?;
        let (number, holder) = (state.counted?, state.holder?);
        Some(Place { attempt: Attempt { task, number }, holder })
    }

    /// A task is not done any more.
    pub fn lose(&mut self, task: Task, job: &Job) {
        self.change(task, job, |state| state.holder = None);
    }

    /// Everything that a worker had is lost. Gives the attempts that were running on it.
    pub fn lose_all(&mut self, worker: WorkerId, job: &Job) {
        for task in self.all() {
            let is_concerned = self.state(task).is_some_and(|state| {
                state.holder == Some(worker) || state.running.iter().any(|it| it.worker == worker)
            });
            if is_concerned {
                self.change(task, job, |state| {
                    state.holder.take_if(|holder| *holder == worker);
                    state.running.retain(|it| it.worker != worker);
                });
            }
        }
    }

    /// The places of all outputs of the map tasks, when all are done.
    pub fn map_outputs(&self) -> Option<Vec<Place>> {
        (0..self.maps.len() as u32).map(|map| self.place(Task::Map(map))).collect()
    }

    /// The places of all outputs of the reduce tasks, when all are done.
    pub fn outputs(&self) -> Option<Vec<Place>> {
        (0..self.reduces.len() as u32).map(|reduce| self.place(Task::Reduce(reduce))).collect()
    }

    /// How many map tasks and how many reduce tasks are done.
    pub fn done(&self) -> (u32, u32) {
        (self.maps.len() as u32 - self.maps_left, self.reduces.len() as u32 - self.reduces_left)
    }

    /// The attempts that are running, in order.
    pub fn running(&self) -> Vec<(Attempt, WorkerId)> {
        let of = |task: Task| {
            let running = self.state(task).map(|state| state.running.clone()).unwrap_or_default();
            running.into_iter().map(move |it| (Attempt { task, number: it.number }, it.worker))
        };
        let mut running: Vec<_> = self.all().into_iter().flat_map(of).collect();
        running.sort_unstable();
        running
    }
}

fn put<T: Ord>(set: &mut BTreeSet<T>, item: T, is_in: bool) {
    if is_in {
        set.insert(item);
    } else {
        set.remove(&item);
    }
}
// END SOLUTION
