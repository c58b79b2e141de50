//! What a host's tasks share with the node that they run in: the present event, what follows from it, timers, the socket.
//!
//! Invariant: it can be used while its own host handles an event and at no other time. A handle that outlives a crash, as in
//! a destructor, does nothing; one that is used by another host is a mistake and is told.

use super::executor::Executor;
use super::mailbox::Mailbox;
use super::socket::Datagram;
use crate::crash::Crash;
use crate::disk::Disk;
use crate::machine::{Action, Asked, Moment, RandomSource, TimerId};
use crate::time::Time;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

pub(super) struct Shared {
    pub(super) role: &'static str,
    phase: Cell<Phase>,
    pub(super) present: RefCell<Present>,
    alarms: RefCell<Alarms>,
    pub(super) socket: RefCell<Option<Rc<Mailbox<Datagram>>>>,
    pub(super) executor: Executor,
    /// How the program ended, once it has.
    pub(super) ended: RefCell<Option<io::Result<()>>>,
    /// A task's panic of which nobody will hear.
    failed: RefCell<Option<Crash>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No event is being handled.
    Between,
    /// The tasks are handling an event.
    Inside,
    /// The host has crashed or its program has ended.
    Over,
}

/// The event that is being handled.
pub(super) struct Present {
    pub(super) now: Time,
    pub(super) random: RandomSource,
    pub(super) disk: Disk,
    pub(super) actions: Vec<Action>,
    /// How many bytes the actions of this event hold.
    pub(super) action_bytes: usize,
}

#[derive(Default)]
struct Alarms {
    numbered: u64,
    set: BTreeMap<TimerId, Alarm>,
}

/// A timer that some task has set and not dropped.
struct Alarm {
    kind: Cow<'static, str>,
    after: Duration,
    run_out: bool,
    listener: Listener,
}

/// Who is told that a timer has run out.
enum Listener {
    /// The task that waits for it, once it does.
    Task(Option<Waker>),
    /// Whoever takes it from here.
    Mailbox(Rc<Mailbox<TimerId>>),
}

impl Shared {
    /// `outside` as in [`Executor::new`].
    pub(super) fn new(role: &'static str, outside: Option<Waker>) -> Shared {
        let present = Present {
            now: Time::ZERO,
            random: RandomSource::Unused(0),
            disk: Disk::default(),
            actions: vec![],
            action_bytes: 0,
        };
        Shared {
            role,
            phase: Cell::new(Phase::Between),
            present: RefCell::new(present),
            alarms: RefCell::default(),
            socket: RefCell::new(None),
            executor: Executor::new(outside),
            ended: RefCell::new(None),
            failed: RefCell::new(None),
        }
    }

    /// An event begins; what the tasks ask for is appended to `actions` until [`Shared::leave`].
    pub(super) fn enter(&self, moment: Moment, actions: &mut Vec<Action>) {
        let mut present = self.present.borrow_mut();
        present.now = moment.now;
        present.random = RandomSource::Unused(moment.random);
        present.action_bytes = 0;
        std::mem::swap(&mut present.actions, actions);
        if self.phase.get() == Phase::Between {
            self.phase.set(Phase::Inside);
        }
    }

    /// The event has been handled.
    pub(super) fn leave(&self, actions: &mut Vec<Action>) {
        std::mem::swap(&mut self.present.borrow_mut().actions, actions);
        if self.phase.get() == Phase::Inside {
            self.phase.set(Phase::Between);
        }
    }

    /// From here on nothing that the tasks do has an effect.
    pub(super) fn close(&self) {
        self.phase.set(Phase::Over);
        self.socket.take();
    }

    /// A task has panicked, and nobody will hear of it.
    pub(super) fn fail(&self, crash: Crash) {
        self.failed.borrow_mut().get_or_insert(crash);
    }

    /// What the present event has come to.
    pub(super) fn verdict(&self) -> Result<(), Crash> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Whether the program has ended, or must.
    pub(super) fn is_over(&self) -> bool {
        self.ended.borrow().is_some() || self.failed.borrow().is_some()
    }

    /// Whether the host has crashed or its program has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.phase.get() == Phase::Over
    }

    /// Whether this is the live world, which tells no stories.
    pub(super) fn is_live(&self) -> bool {
        self.executor.is_live()
    }

    /// Whether the host is there to be used.
    ///
    /// # Panics
    /// It is, but another host is using it.
    pub(super) fn is_there(&self) -> bool {
        assert!(
            self.phase.get() != Phase::Between,
            "a handle of the {} was used by another host; hosts share nothing but the network",
            self.role
        );
        self.phase.get() == Phase::Inside
    }

    #[track_caller]
    pub(super) fn act(&self, action: Action) {
        if self.is_there() {
            let Present { actions, action_bytes, .. } = &mut *self.present.borrow_mut();
            Asked::new(actions, action_bytes).push(action);
        }
    }

    /// Sets a new timer, for one task. When the host is over there is none.
    pub(super) fn set_alarm(&self, kind: &'static str, after: Duration) -> Option<TimerId> {
        self.add_alarm(kind.into(), after, Listener::Task(None))
    }

    /// Sets a new timer that is put into a mailbox when it runs out. When the host is over there is none.
    pub(super) fn set_alarm_of(
        &self,
        kind: Cow<'static, str>,
        after: Duration,
        fired: &Rc<Mailbox<TimerId>>,
    ) -> Option<TimerId> {
        self.add_alarm(kind, after, Listener::Mailbox(fired.clone()))
    }

    fn add_alarm(&self, kind: Cow<'static, str>, after: Duration, listener: Listener) -> Option<TimerId> {
        if !self.is_there() {
            return None;
        }
        let mut alarms = self.alarms.borrow_mut();
        alarms.numbered += 1;
        let timer = TimerId(alarms.numbered);
        alarms.set.insert(timer, Alarm { kind, after, run_out: false, listener });
        self.act(Action::SetTimer { timer, after });
        Some(timer)
    }

    /// Whether a timer has run out; if not, its task is woken when it does.
    pub(super) fn has_run_out(&self, timer: TimerId, waker: &Waker) -> bool {
        let mut alarms = self.alarms.borrow_mut();
        let Some(alarm) = alarms.set.get_mut(&timer) else { return false };
        if !alarm.run_out {
            match &mut alarm.listener {
                Listener::Task(Some(known)) => known.clone_from(waker),
                other => *other = Listener::Task(Some(waker.clone())),
            }
        }
        alarm.run_out
    }

    /// Nobody waits for a timer any more.
    pub(super) fn drop_alarm(&self, timer: TimerId) {
        let alarm = self.alarms.borrow_mut().set.remove(&timer);
        if alarm.is_some_and(|alarm| !alarm.run_out) && self.phase.get() == Phase::Inside {
            self.present.borrow_mut().actions.push(Action::CancelTimer { timer });
        }
    }

    /// A timer runs out; false when there is none of this name.
    pub(super) fn ring(&self, timer: TimerId) -> bool {
        let mut alarms = self.alarms.borrow_mut();
        let Some(alarm) = alarms.set.get_mut(&timer).filter(|alarm| !alarm.run_out) else { return false };
        alarm.run_out = true;
        match &mut alarm.listener {
            Listener::Task(waker) => waker.take().into_iter().for_each(Waker::wake),
            Listener::Mailbox(fired) => drop(fired.put(timer)),
        }
        true
    }

    /// Stops all timers.
    pub(super) fn stop_alarms(&self) {
        for (timer, alarm) in std::mem::take(&mut self.alarms.borrow_mut().set) {
            if !alarm.run_out {
                self.act(Action::CancelTimer { timer });
            }
        }
    }

    pub(super) fn alarm_name(&self, timer: TimerId) -> String {
        let alarms = self.alarms.borrow();
        let name = |alarm: &Alarm| format!("{} {}", alarm.kind, Time::ZERO + alarm.after);
        alarms.set.get(&timer).map_or_else(|| "?".into(), name)
    }

    pub(super) fn alarm_count(&self) -> usize {
        self.alarms.borrow().set.values().filter(|alarm| !alarm.run_out).count()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a host of the role {}", self.role)
    }
}
