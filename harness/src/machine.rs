//! The contract between a student's protocol and the kit: a deterministic state machine.
//!
//! Time, datagrams and commands come in; datagrams, timers and notices go out. A machine has no clock, socket, thread or
//! global of its own, so that the same code runs in every world. Read next: `node.rs`, which runs a machine.

use crate::disk::{Disk, DiskHandle, DiskOp};
use crate::random::{Draw as _, Random};
use crate::time::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// The address of one host in a run. The machine is told the addresses that it needs when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Host(pub u16);

/// A protocol as a state machine: the shape of everything that students write from lab 2 on.
///
/// Each handler takes one event and says in `ctx` what follows from it. The traits that it asks for let the kit copy a
/// machine, tell two states apart and show them; derive them all. (`Hash` is why a `HashMap` cannot be in a machine:
/// its order differs from run to run. A `BTreeMap` can.) A machine is a function of its events: the kit gives them to a
/// second machine and compares, and it looks whether copies share state and whether `Hash` and `==` agree.
pub trait Machine: Clone + Eq + Hash + Debug + 'static {
    /// What the application asks of the machine.
    type Command: Serialize + DeserializeOwned + Display;
    /// What the machine tells the application.
    type Notice: Serialize + DeserializeOwned + Display;
    /// The names of the machine's timers. A timer that is set again moves; there is never more than one of a name.
    type Timer: Copy + Eq + Hash + Debug;

    /// The host comes up.
    fn on_start(&mut self, _ctx: &mut Context<Self>) {}

    /// The application asks for something. A machine of which nothing is asked leaves this out.
    fn on_command(&mut self, _command: Self::Command, _ctx: &mut Context<Self>) {}

    /// A datagram has arrived. Its bytes are whatever the network made of them.
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>);

    /// A timer that was set has run out; it is no longer set. A machine without timers leaves this out.
    fn on_timer(&mut self, _timer: Self::Timer, _ctx: &mut Context<Self>) {}
}

/// What never happens: the commands of a machine of which nothing is asked, the timers of one that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

/// What a handler may know of the world and do to it.
pub struct Context<'a, M: Machine> {
    now: Time,
    random: RandomSource,
    clock_read: &'a Cell<bool>,
    timers: &'a mut TimerTable<M::Timer>,
    disk: &'a mut Disk,
    actions: &'a mut Vec<Action>,
    action_bytes: usize,
    /// Where notices go if they need no bytes, because who wants them is in this very program.
    told: Option<&'a mut VecDeque<M::Notice>>,
}

impl<'a, M: Machine> Context<'a, M> {
    pub(crate) fn new(
        moment: Moment,
        clock_read: &'a Cell<bool>,
        timers: &'a mut TimerTable<M::Timer>,
        disk: &'a mut Disk,
        actions: &'a mut Vec<Action>,
    ) -> Self {
        Context {
            now: moment.now,
            random: RandomSource::Unused(moment.random),
            clock_read,
            timers,
            disk,
            actions,
            action_bytes: 0,
            told: None,
        }
    }

    /// With notices that are not encoded.
    pub(crate) fn telling(self, told: &'a mut VecDeque<M::Notice>) -> Self {
        Context { told: Some(told), ..self }
    }

    /// The present moment on this host's clock.
    pub fn now(&self) -> Time {
        self.clock_read.set(true);
        self.now
    }

    /// 64 random bits, decided by the seed of the run.
    pub fn random(&mut self) -> u64 {
        self.random.bits()
    }

    /// Gives a datagram to the network, which may lose, duplicate, delay, reorder or corrupt it.
    #[track_caller]
    pub fn send(&mut self, to: Host, datagram: Vec<u8>) {
        self.ask(datagram.len()).push(Action::Send { to, datagram: datagram.into() });
    }

    /// Sets `timer` to run out `after` from now. If it was set already, it is moved.
    #[track_caller]
    pub fn set_timer(&mut self, timer: M::Timer, after: Duration) {
        let timer = self.timers.intern(timer);
        self.ask(0).push(Action::SetTimer { timer, after });
    }

    /// Stops `timer`. Nothing happens when it is not set.
    #[track_caller]
    pub fn cancel_timer(&mut self, timer: M::Timer) {
        if let Some(timer) = self.timers.forget(timer) {
            self.ask(0).push(Action::CancelTimer { timer });
        }
    }

    /// The host's disk, which survives a restart.
    pub fn disk(&mut self) -> DiskHandle<'_> {
        let asked = Asked::new(self.actions, &mut self.action_bytes);
        DiskHandle::new(self.disk, asked)
    }

    /// Tells the application something.
    #[track_caller]
    pub fn notify(&mut self, notice: M::Notice) {
        if let Some(told) = &mut self.told {
            if told.len() >= MAX_ACTIONS {
                std::panic::panic_any(WithoutEnd);
            }
            told.push_back(notice);
            return;
        }
        let bytes = crate::codec::encode(&notice);
        self.ask(bytes.len()).push(Action::Notify(bytes));
    }

    /// Lets a machine that is a part of this one handle something, and returns what it would tell its application. What it
    /// sends is sent. Its timers are timers of this machine, called as `name` calls them; when one runs out, it is for this
    /// machine to pass it on.
    #[track_caller]
    pub fn inside<P: Machine>(
        &mut self,
        name: impl Fn(P::Timer) -> M::Timer,
        handle: impl FnOnce(&mut Context<'_, P>),
    ) -> Vec<P::Notice> {
        let (mut timers, mut actions, mut notices) = (TimerTable::of_a_part(), vec![], vec![]);
        let random = std::mem::replace(&mut self.random, RandomSource::Unused(0));
        let mut part = Context {
            now: self.now,
            random,
            clock_read: self.clock_read,
            timers: &mut timers,
            disk: self.disk,
            actions: &mut actions,
            action_bytes: self.action_bytes,
            told: None,
        };
        handle(&mut part);
        self.random = part.random;
        for action in actions {
            match action {
                Action::SetTimer { timer, after } => {
                    timers.find(timer).into_iter().for_each(|timer| self.set_timer(name(timer), after));
                }
                Action::CancelTimer { timer } => {
                    timers.find(timer).into_iter().for_each(|timer| self.cancel_timer(name(timer)));
                }
                Action::Notify(bytes) => notices.extend(crate::codec::decode(&bytes).ok()),
                Action::Send { .. } | Action::Disk(_) | Action::Discard(_) => {
                    self.ask(action.bytes()).push(action);
                }
            }
        }
        notices
    }

    #[track_caller]
    fn ask(&mut self, bytes: usize) -> &mut Vec<Action> {
        room(self.actions, &mut self.action_bytes, bytes)
    }
}

/// The most actions that one event may lead to.
pub const MAX_ACTIONS: usize = 100_000;

/// The most bytes that the datagrams, writes and notices of one event may have together: 64 MiB.
pub const MAX_ACTION_BYTES: usize = 64 << 20;

/// What one handler has asked for so far. A handler that asks without end is ended by a panic, since it would not end by
/// itself; `crash.rs` turns it into words.
pub(crate) struct Asked<'a> {
    actions: &'a mut Vec<Action>,
    bytes: &'a mut usize,
}

impl<'a> Asked<'a> {
    /// Appends to `actions`; `bytes` is what they hold so far.
    pub(crate) fn new(actions: &'a mut Vec<Action>, bytes: &'a mut usize) -> Asked<'a> {
        Asked { actions, bytes }
    }

    #[track_caller]
    pub(crate) fn push(&mut self, action: Action) {
        room(self.actions, self.bytes, action.bytes()).push(action);
    }
}

/// The actions, when they have room for one more of so many bytes.
#[track_caller]
#[inline]
fn room<'a>(actions: &'a mut Vec<Action>, all_bytes: &mut usize, bytes: usize) -> &'a mut Vec<Action> {
    *all_bytes += bytes;
    if actions.len() >= MAX_ACTIONS || *all_bytes > MAX_ACTION_BYTES {
        std::panic::panic_any(WithoutEnd);
    }
    actions
}

/// What a handler that asks without end panics with.
pub(crate) struct WithoutEnd;

/// A timer's name as the kit knows it: equal for equal names, in every process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// What a handler asked for, in the order in which it asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Give `datagram` to the network.
    Send {
        /// Where it is to go.
        to: Host,
        /// Its bytes.
        datagram: Arc<[u8]>,
    },
    /// Let `timer` run out `after` from now.
    SetTimer {
        /// Which timer.
        timer: TimerId,
        /// How long from now.
        after: Duration,
    },
    /// Stop `timer`.
    CancelTimer {
        /// Which timer.
        timer: TimerId,
    },
    /// Change the host's disk.
    Disk(DiskOp),
    /// Tell the application; the bytes are an encoded notice.
    Notify(Vec<u8>),
    /// Throw away the datagram whose arrival is the present event. A machine never does; the socket of an asynchronous host
    /// does when nobody will receive from it.
    Discard(Unread),
}

impl Action {
    /// How many bytes it carries.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Action::Send { datagram, .. } => datagram.len(),
            Action::Notify(bytes) => bytes.len(),
            Action::Disk(op) => op.bytes(),
            Action::SetTimer { .. } | Action::CancelTimer { .. } | Action::Discard(_) => 0,
        }
    }
}

/// Why a datagram that has arrived is received by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unread {
    /// No socket is bound.
    NoSocket,
    /// The socket's buffer is full.
    BufferFull,
}

impl Unread {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Unread::NoSocket => "no socket is bound",
            Unread::BufferFull => "the socket's buffer is full",
        }
    }
}

/// When an event happens, and the randomness that its handler may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// The host's clock.
    pub now: Time,
    /// The seed of this one event's randomness, so that a machine is a function of the events that it was given.
    pub random: u64,
}

/// The randomness of one event; its generator is made when the first bits are drawn.
pub(crate) enum RandomSource {
    /// Nothing was drawn: the seed.
    Unused(u64),
    /// Something was drawn.
    Running(Box<Random>),
}

impl RandomSource {
    pub(crate) fn bits(&mut self) -> u64 {
        if let RandomSource::Unused(seed) = *self {
            *self = RandomSource::Running(Box::new(Random::new(seed)));
        }
        match self {
            RandomSource::Running(random) => random.bits(),
            RandomSource::Unused(seed) => *seed,
        }
    }
}

/// A table with more timers than this is searched by name.
const SCANNED_MAX: usize = 16;

/// The timers of one machine, in the order of their kit-wide names.
#[derive(Clone, Debug)]
pub(crate) struct TimerTable<T> {
    known: Vec<(TimerId, T)>,
    /// A table of a part that was made for one event: it knows only the names that come up in it, not which are set.
    of_a_part: bool,
}

impl<T: Copy + Eq + Hash> TimerTable<T> {
    pub(crate) fn new() -> Self {
        TimerTable { known: vec![], of_a_part: false }
    }

    fn of_a_part() -> Self {
        TimerTable { of_a_part: true, ..TimerTable::new() }
    }

    fn intern(&mut self, timer: T) -> TimerId {
        if let Some(id) = self.scan(timer).map(|place| self.known[place].0) {
            return id;
        }
        let id = TimerId(crate::hash_of(&timer));
        if let Err(place) = self.search(id) {
            self.known.insert(place, (id, timer));
        }
        id
    }

    fn forget(&mut self, timer: T) -> Option<TimerId> {
        if self.of_a_part {
            return Some(self.intern(timer));
        }
        let place = if self.known.len() > SCANNED_MAX {
            self.search(TimerId(crate::hash_of(&timer))).ok()
        } else {
            self.scan(timer)
        };
        place.map(|place| self.known.remove(place).0)
    }

    /// Where the timer stands in a table that is so small that looking is faster than hashing; in a larger one it is not
    /// looked for.
    fn scan(&self, timer: T) -> Option<usize> {
        let few = if self.known.len() > SCANNED_MAX { &[] } else { &self.known[..] };
        few.iter().position(|(_, known)| *known == timer)
    }

    /// Where the timer of this name stands, or else would stand.
    fn search(&self, id: TimerId) -> Result<usize, usize> {
        self.known.binary_search_by_key(&id, |(known, _)| *known)
    }

    /// The timer named `id`, taken out of the table: it has run out.
    pub(crate) fn take(&mut self, id: TimerId) -> Option<T> {
        self.search(id).ok().map(|place| self.known.remove(place).1)
    }

    /// The timers that are in the table, in an order of their own.
    pub(crate) fn set(&self) -> Vec<TimerId> {
        self.known.iter().map(|(id, _)| *id).collect()
    }

    pub(crate) fn find(&self, id: TimerId) -> Option<T> {
        self.search(id).ok().map(|place| self.known[place].1)
    }
}
