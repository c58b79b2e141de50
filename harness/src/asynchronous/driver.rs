//! A machine inside an asynchronous program: its datagrams, timers and notices.

use super::mailbox::Mailbox;
use super::runtime::Runtime;
use super::socket::UdpSocket;
use crate::machine::{Action, Context, Host, Machine, Moment, TimerId, TimerTable};
use foldhash::fast::FixedState;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::rc::Rc;

/// A [`Machine`] that an asynchronous program uses: the machine decides, the program around it waits, begins tasks and
/// speaks with callers.
///
/// What the machine sends leaves through the socket, and its timers are timers of the host. The machine goes on only while
/// somebody waits in [`Driver::next`].
///
/// ```
/// use faultline::asynchronous::{Driver, Runtime, UdpSocket};
/// use faultline::Machine;
/// use std::io;
///
/// /// Hands on what the machine tells.
/// async fn drive<M: Machine>(runtime: Runtime, machine: M, first: M::Command) -> io::Result<M::Notice> {
///     let mut driver = Driver::start(&runtime, UdpSocket::bind(&runtime).await?, machine);
///     driver.command(first);
///     Ok(driver.next().await)
/// }
/// ```
pub struct Driver<M: Machine> {
    machine: M,
    runtime: Runtime,
    socket: UdpSocket,
    names: TimerTable<M::Timer>,
    /// The machine's timers that are set, and those of the host that stand for them.
    timers: HashMap<TimerId, TimerId, FixedState>,
    /// The other way round.
    meant: BTreeMap<TimerId, TimerId>,
    /// The timers of the host that have run out.
    fired: Rc<Mailbox<TimerId>>,
    told: VecDeque<M::Notice>,
    actions: Vec<Action>,
}

impl<M: Machine> Driver<M> {
    /// Starts the machine ([`Machine::on_start`]).
    ///
    /// # Panics
    /// Where a handler of the machine does; so do the other functions.
    #[must_use]
    pub fn start(runtime: &Runtime, socket: UdpSocket, machine: M) -> Driver<M> {
        let mut driver = Driver {
            machine,
            runtime: runtime.clone(),
            socket,
            names: TimerTable::new(),
            timers: HashMap::default(),
            meant: BTreeMap::new(),
            fired: Rc::new(Mailbox::new(usize::MAX)),
            told: VecDeque::new(),
            actions: vec![],
        };
        driver.step(M::on_start);
        driver
    }

    /// Asks the machine for something. What it tells comes out of [`Driver::next`].
    pub fn command(&mut self, command: M::Command) {
        self.step(|machine, ctx| machine.on_command(command, ctx));
    }

    /// Waits for what the machine tells next, and lets it handle datagrams and timers meanwhile. Nothing is lost when this is
    /// dropped while it waits, as in a `select!`.
    pub async fn next(&mut self) -> M::Notice {
        loop {
            if let Some(notice) = self.told.pop_front() {
                return notice;
            }
            tokio::select! {
                biased;
                (from, datagram) = self.socket.take() => self.on_datagram(from, &datagram),
                fired = self.fired.take() => self.on_timer(fired),
            }
        }
    }

    fn on_datagram(&mut self, from: Host, datagram: &[u8]) {
        self.step(|machine, ctx| machine.on_datagram(from, datagram, ctx));
    }

    /// A timer of the host has run out. The machine may have moved it meanwhile, or stopped it.
    fn on_timer(&mut self, fired: TimerId) {
        self.runtime.0.drop_alarm(fired);
        let Some(timer) = self.meant.remove(&fired) else { return };
        self.timers.remove(&timer);
        if let Some(timer) = self.names.take(timer) {
            self.step(|machine, ctx| machine.on_timer(timer, ctx));
        }
    }

    fn step(&mut self, handle: impl FnOnce(&mut M, &mut Context<'_, M>)) {
        let shared = &self.runtime.0;
        if !shared.is_there() {
            return;
        }
        let mut actions = std::mem::take(&mut self.actions);
        {
            let present = &mut *shared.present.borrow_mut();
            let moment = Moment { now: present.now, random: present.random.bits() };
            let clock_read = Cell::new(false);
            let ctx = Context::new(moment, &clock_read, &mut self.names, &mut present.disk, &mut actions);
            let mut ctx = ctx.telling(&mut self.told);
            handle(&mut self.machine, &mut ctx);
        }
        actions.drain(..).for_each(|action| self.act(action));
        self.actions = actions;
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::SetTimer { timer, after } => {
                self.stop(timer);
                let name = if self.runtime.0.is_live() { Cow::Borrowed("") } else { self.name(timer).into() };
                if let Some(alarm) = self.runtime.0.set_alarm_of(name, after, &self.fired) {
                    self.timers.insert(timer, alarm);
                    self.meant.insert(alarm, timer);
                }
            }
            Action::CancelTimer { timer } => self.stop(timer),
            // Notices are told as they are (`Context::telling`).
            Action::Notify(_) => {}
            Action::Send { .. } | Action::Disk(_) | Action::Discard(_) => self.runtime.0.act(action),
        }
    }

    /// As stories show it.
    fn name(&self, timer: TimerId) -> String {
        self.names.find(timer).map_or_else(String::new, |timer| format!("{timer:?}"))
    }

    fn stop(&mut self, timer: TimerId) {
        if let Some(alarm) = self.timers.remove(&timer) {
            self.meant.remove(&alarm);
            self.runtime.0.drop_alarm(alarm);
        }
    }
}

impl<M: Machine> Drop for Driver<M> {
    fn drop(&mut self) {
        self.meant.keys().for_each(|alarm| self.runtime.0.drop_alarm(*alarm));
    }
}

impl<M: Machine> fmt::Debug for Driver<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.machine.fmt(f)
    }
}
