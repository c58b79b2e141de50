//! The tasks of one host and the order in which they are polled: first woken, first polled.
//!
//! Invariant: which task is next is decided in [`Ready::next`] alone, by the order of wake-ups and nothing else.

use crate::crash::{Crash, guarded};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::ThreadId;

/// How often the tasks of a host may be polled over one event; time cannot move on before they all wait.
pub const MAX_POLLS: u32 = 100_000;

/// How often the tasks of a live host are polled before its socket has its turn again.
const LIVE_TURN: u32 = 1_000;

/// A task, known to its executor by the order in which it was begun.
pub(super) type TaskId = u64;

/// What a task does.
pub(super) type Body = Pin<Box<dyn Future<Output = ()>>>;

/// Where in the source a task was begun.
pub(super) type Place = &'static Location<'static>;

pub(super) struct Executor {
    tasks: RefCell<BTreeMap<TaskId, Task>>,
    ready: Arc<Ready>,
    begun: Cell<TaskId>,
}

struct Task {
    /// Taken out while the task is polled.
    work: Option<Work>,
    bell: Arc<Bell>,
    place: Place,
    aborted: bool,
}

struct Work {
    body: Body,
    waker: Waker,
}

/// What the executor does next.
enum Turn {
    Poll(Work, Place),
    Drop(Task),
}

impl Executor {
    /// In the simulation nothing but the host's own events wakes a task; with an `outside`, the live world's, anybody may, and
    /// it is woken when that happens between two events.
    pub(super) fn new(outside: Option<Waker>) -> Executor {
        let ready = Ready {
            queue: Mutex::new(VecDeque::new()),
            thread: std::thread::current().id(),
            strange: AtomicBool::new(false),
            running: AtomicBool::new(false),
            outside,
        };
        Executor { tasks: RefCell::default(), ready: Arc::new(ready), begun: Cell::new(0) }
    }

    /// Begins a task; it is polled after those that are ready already.
    pub(super) fn spawn(&self, body: Body, place: Place) -> TaskId {
        let id = self.begun.get() + 1;
        self.begun.set(id);
        let bell = Arc::new(Bell { task: id, rung: AtomicBool::new(false), ready: self.ready.clone() });
        let work = Some(Work { body, waker: Waker::from(bell.clone()) });
        bell.wake_by_ref();
        self.tasks.borrow_mut().insert(id, Task { work, bell, place, aborted: false });
        id
    }

    /// Has a task dropped in its turn instead of being polled. Nothing happens when it is over.
    pub(super) fn abort(&self, id: TaskId) {
        if let Some(task) = self.tasks.borrow_mut().get_mut(&id) {
            task.aborted = true;
            task.bell.wake_by_ref();
        }
    }

    /// Polls until no task is ready, or `over` says that the host's program has ended.
    pub(super) fn run(&self, over: impl Fn() -> bool) -> Result<(), Crash> {
        let mut polls = 0;
        self.ready.running.store(true, Ordering::SeqCst);
        while let Some(id) = self.ready.next() {
            let (work, place) = match self.turn(id) {
                None => continue,
                Some(Turn::Drop(task)) => {
                    drop(task);
                    continue;
                }
                Some(Turn::Poll(work, place)) => (work, place),
            };
            polls += 1;
            if polls > MAX_POLLS {
                return Err(Crash::Misused(format!(
                    "one event led to more than {MAX_POLLS} polls: the task begun at {}:{} wakes itself, or another that \
                     wakes it, without end",
                    place.file(),
                    place.line()
                )));
            }
            self.poll(id, work);
            if over() {
                break;
            }
            if let Some(outside) = self.ready.outside.as_ref().filter(|_| polls >= LIVE_TURN) {
                self.ready.running.store(false, Ordering::SeqCst);
                outside.wake_by_ref();
                break;
            }
        }
        if self.ready.strange.load(Ordering::Acquire) {
            return Err(Crash::Misused(
                "a task was woken by another thread: in the simulation a host has one thread and the kit's clock and socket"
                    .into(),
            ));
        }
        Ok(())
    }

    fn turn(&self, id: TaskId) -> Option<Turn> {
        let mut tasks = self.tasks.borrow_mut();
        let task = tasks.get_mut(&id)?;
        // A task that is woken while it is polled gets another turn. Whoever finds that it had been rung already must have done
        // before that what it is polled for: hence an exchange, which is ordered with theirs, and no plain store.
        task.bell.rung.swap(false, Ordering::AcqRel);
        if task.aborted {
            return tasks.remove(&id).map(Turn::Drop);
        }
        let place = task.place;
        task.work.take().map(|work| Turn::Poll(work, place))
    }

    fn poll(&self, id: TaskId, mut work: Work) {
        match work.body.as_mut().poll(&mut Context::from_waker(&work.waker)) {
            Poll::Pending => {
                if let Some(task) = self.tasks.borrow_mut().get_mut(&id) {
                    task.work = Some(work);
                }
            }
            // The body is dropped when nothing is borrowed: its destructors may use the host.
            Poll::Ready(()) => drop(self.tasks.borrow_mut().remove(&id)),
        }
    }

    /// Drops all tasks, the oldest first.
    ///
    /// # Errors
    /// The first panic of a destructor; the others are dropped all the same.
    pub(super) fn clear(&self) -> Result<(), Crash> {
        let tasks = self.tasks.take();
        self.ready.lock().clear();
        tasks.into_values().map(|task| guarded(|| drop(task))).fold(Ok(()), Result::and)
    }

    /// Whether it has an outside.
    pub(super) fn is_live(&self) -> bool {
        self.ready.outside.is_some()
    }

    pub(super) fn count(&self) -> usize {
        self.tasks.borrow().len()
    }
}

/// The tasks that have been woken and not yet polled. (A lock, because a waker must be `Sync`; nobody waits for it.)
struct Ready {
    queue: Mutex<VecDeque<TaskId>>,
    thread: ThreadId,
    /// Whether another thread has woken a task of the simulation, whose turn then depends on that thread's speed.
    strange: AtomicBool,
    /// Whether the executor is at work, and will see what is added.
    running: AtomicBool,
    /// Who has it run when a task is added while it is not at work.
    outside: Option<Waker>,
}

impl Ready {
    /// The next task; when there is none, the executor waits from here on.
    fn next(&self) -> Option<TaskId> {
        let mut queue = self.lock();
        let next = queue.pop_front();
        // Under the lock, so that whoever adds a task later sees that nobody looks any more.
        if next.is_none() {
            self.running.store(false, Ordering::SeqCst);
        }
        next
    }

    fn add(&self, task: TaskId) {
        let mut queue = self.lock();
        queue.push_back(task);
        let running = self.running.load(Ordering::SeqCst);
        drop(queue);
        if let Some(outside) = self.outside.as_ref().filter(|_| !running) {
            outside.wake_by_ref();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<TaskId>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes one task.
struct Bell {
    task: TaskId,
    /// Whether the task is among those that are ready.
    rung: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.ready.outside.is_none() && std::thread::current().id() != self.ready.thread {
            self.ready.strange.store(true, Ordering::Release);
        }
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.ready.add(self.task);
        }
    }
}
