//! Notices a handler that does not return: each handler is entered and left, and a watcher counts how long it stays.
//!
//! The count is of the watcher's own ticks, so that a machine that sleeps or starves does not use the patience up.

use crate::node::Event;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(100);

static ENTERED: AtomicU64 = AtomicU64::new(0);
static LEFT: AtomicU64 = AtomicU64::new(0);
static STEPS: AtomicU64 = AtomicU64::new(0);
static ROLE: AtomicU8 = AtomicU8::new(0);
static HANDLER: AtomicU8 = AtomicU8::new(0);
static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

const HANDLERS: [&str; 6] = ["on_start", "on_command", "on_datagram", "on_timer", "call", "task"];

/// A kind of machine, known to the watcher by its number.
#[derive(Clone, Copy)]
pub(crate) struct Role(u8);

impl Role {
    pub(crate) fn register(name: &'static str) -> Role {
        let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = names.iter().position(|known| *known == name);
        let index = known.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        Role(u8::try_from(index).unwrap_or(u8::MAX))
    }

    /// The handler of `event` runs until the guard is dropped.
    pub(crate) fn enter(self, event: &Event<'_>) -> Inside {
        self.enter_handler(match event {
            Event::Start(_) => 0,
            Event::Command(_) => 1,
            Event::Datagram { .. } => 2,
            Event::Timer(_) => 3,
        })
    }

    /// A plain function of the student's runs until the guard is dropped.
    pub(crate) fn enter_call(self) -> Inside {
        self.enter_handler(4)
    }

    /// The tasks of an asynchronous host run until the guard is dropped.
    pub(crate) fn enter_task(self) -> Inside {
        self.enter_handler(5)
    }

    fn enter_handler(self, handler: u8) -> Inside {
        ROLE.store(self.0, Ordering::Relaxed);
        HANDLER.store(handler, Ordering::Relaxed);
        Inside(ENTERED.fetch_add(1, Ordering::Release) + 1)
    }
}

/// A handler that is running.
pub(crate) struct Inside(u64);

impl Drop for Inside {
    fn drop(&mut self) {
        LEFT.store(self.0, Ordering::Release);
    }
}

/// What runs now takes long, but is not stuck: from here on it has all of its patience again. Of use to kit code that student
/// code calls again and again; what student code does by itself never counts.
pub fn goes_on() {
    STEPS.fetch_add(1, Ordering::Release);
}

/// Starts a thread that calls `found` with the handler's name when one has run for `patience` ticks of 100 ms.
pub(crate) fn start(patience: u32, found: impl Fn(String) + Send + 'static) {
    std::thread::spawn(move || {
        let mut last = (0, 0);
        let mut ticks = 0;
        loop {
            std::thread::sleep(TICK);
            let entered = ENTERED.load(Ordering::Acquire);
            let inside = LEFT.load(Ordering::Acquire) != entered;
            let now = (entered, STEPS.load(Ordering::Acquire));
            ticks = if inside && now == last { ticks + 1 } else { 0 };
            last = now;
            if ticks == patience {
                found(running());
            }
        }
    });
}

fn running() -> String {
    let names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let name = names.get(usize::from(ROLE.load(Ordering::Relaxed))).copied().unwrap_or("a machine");
    format!("{name}::{}", HANDLERS[usize::from(HANDLER.load(Ordering::Relaxed)) % HANDLERS.len()])
}
