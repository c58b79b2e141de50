//! How a simulation goes on: the next event in the order of moments, what a host makes of it, and what follows.

use super::host::{Power, Waiting};
use super::network::{Copy, Fate};
use super::queue::Happening;
use super::{MAX_EVENTS, MAX_EVENTS_PER_MOMENT, MAX_PLANNED, Simulation};
use crate::crash::Crash;
use crate::disk::DiskOp;
use crate::machine::{Action, Host, Moment, TimerId, Unread};
use crate::node::Event;
use crate::random::Draw as _;
use crate::scenario::{Failure, Outcome};
use crate::trace::{Carried, What};
use std::sync::Arc;

impl Simulation<'_> {
    pub(super) fn happen(&mut self) -> Outcome {
        let Some((at, what)) = self.queue.take() else { return Ok(()) };
        self.at_this_moment = if at == self.now { self.at_this_moment + 1 } else { 0 };
        self.now = at;
        if self.at_this_moment > MAX_EVENTS_PER_MOMENT {
            return Err(self.fail(format!(
                "At {} more than {MAX_EVENTS_PER_MOMENT} events happened without time moving on: a timer is set to \
                 zero again and again, or machines answer each other without end.",
                self.now
            )));
        }
        if self.events_left == 0 {
            return Err(self.fail(format!(
                "At {} more than {MAX_EVENTS} events have happened in this run: a machine waits by asking again and again \
                 instead of setting a timer for the moment when there is something to do, or machines answer each other \
                 without end.",
                self.now
            )));
        }
        self.events_left -= 1;
        if self.queue.len() > MAX_PLANNED {
            return Err(self.fail(format!(
                "At {} more than {MAX_PLANNED} datagrams are on their way at once: machines answer each other with ever \
                 more of them.",
                self.now
            )));
        }
        match what {
            Happening::Arrival(carried) => self.arrive(carried),
            Happening::Timer(host, timer) => self.timer(host, timer),
            Happening::Ready(host) => self.catch_up(host),
            Happening::Command(host, crashes, _) if self.crashes(host) != crashes => Ok(()),
            Happening::Command(host, _, bytes) => self.do_command(host, bytes),
            Happening::Change(change) if self.is_fair && change.does_harm() => Ok(()),
            Happening::Change(change) => self.change(&change),
        }
    }

    pub(super) fn arrive(&mut self, carried: Carried) -> Outcome {
        let state = &mut self.hosts[usize::from(carried.to.0)];
        if state.power == Power::Down {
            self.network.counts_mut(carried.from, carried.to).unheard += 1;
            self.trace.push(self.now, || What::Lost(carried, "the host is down"));
            return Ok(());
        }
        if state.is_ready(self.now) {
            return self.receive(&carried);
        }
        if let Err(carried) = state.wait_for(carried) {
            self.network.counts_mut(carried.from, carried.to).socket_overflowed += 1;
            self.trace.push(self.now, || What::Lost(carried, Unread::BufferFull.reason()));
        }
        Ok(())
    }

    fn receive(&mut self, carried: &Carried) -> Outcome {
        self.network.arrived(self.now, carried);
        self.trace.push(self.now, || What::Received(carried.clone()));
        self.step(carried.to, Event::Datagram { from: carried.from, datagram: &carried.bytes })
    }

    pub(super) fn timer(&mut self, host: Host, timer: TimerId) -> Outcome {
        let state = &mut self.hosts[usize::from(host.0)];
        if state.is_ready(self.now) {
            return self.run_out(host, timer);
        }
        state.wait(Waiting::Timer(timer));
        Ok(())
    }

    fn run_out(&mut self, host: Host, timer: TimerId) -> Outcome {
        if !self.trace.is_off() {
            let node = self.hosts[usize::from(host.0)].node.as_ref();
            let name = node.map(|node| node.timer_name(timer)).unwrap_or_default();
            self.trace.push(self.now, || What::TimerFired(host, name));
        }
        self.step(host, Event::Timer(timer))
    }

    pub(super) fn do_command(&mut self, host: Host, bytes: Vec<u8>) -> Outcome {
        let state = &mut self.hosts[usize::from(host.0)];
        if state.power == Power::Down {
            // The application went down with its host.
            return Ok(());
        }
        if state.is_ready(self.now) {
            return self.ask(host, &bytes);
        }
        state.wait(Waiting::Command(bytes));
        Ok(())
    }

    fn ask(&mut self, host: Host, command: &[u8]) -> Outcome {
        self.trace.push(self.now, || What::Commanded(host, command.into()));
        self.step(host, Event::Command(command))
    }

    /// Handles what has waited for a host, as far as it has time.
    pub(super) fn catch_up(&mut self, host: Host) -> Outcome {
        while let Some(waiting) = self.hosts[usize::from(host.0)].next_waiting(self.now) {
            match waiting {
                Waiting::Datagram(carried) => self.receive(&carried)?,
                Waiting::Command(bytes) => self.ask(host, &bytes)?,
                Waiting::Timer(timer) => self.run_out(host, timer)?,
            }
        }
        Ok(())
    }

    pub(super) fn step(&mut self, host: Host, event: Event<'_>) -> Outcome {
        let state = &mut self.hosts[usize::from(host.0)];
        let clock = state.clock(self.now);
        let Some(node) = &mut state.node else { return Ok(()) };
        state.events += 1;
        let random = state.dice.part(state.events).bits();
        let moment = Moment { now: clock, random };
        let work = state.options.work;
        let mut actions = std::mem::take(&mut self.actions);
        let answer = node.handle(moment, event, &mut actions);
        answer.map_err(|crash| self.crashed(crash))?;
        for action in actions.drain(..) {
            if let Action::Discard(unread) = action {
                self.discard(host, event, unread);
            } else if !self.act(host, action)? {
                break;
            }
        }
        actions.clear();
        self.actions = actions;
        if let Some(node) = &self.hosts[usize::from(host.0)].node {
            self.trace.state(host, || node.describe());
        }
        if !work.is_zero() {
            let ready = self.now + work;
            self.hosts[usize::from(host.0)].busy_until = ready;
            self.queue.plan(ready, Happening::Ready(host));
        }
        Ok(())
    }

    /// Does what a machine asked for; false when its host has crashed over it.
    fn act(&mut self, host: Host, action: Action) -> Result<bool, Failure> {
        match action {
            Action::Send { to, datagram } => self.send(host, to, datagram)?,
            Action::SetTimer { timer, after } => {
                let state = &mut self.hosts[usize::from(host.0)];
                state.forget_waiting(timer);
                self.queue.set_timer(host, timer, self.now + state.real(after));
            }
            Action::CancelTimer { timer } => {
                self.hosts[usize::from(host.0)].forget_waiting(timer);
                self.queue.unset_timer(host, timer);
            }
            Action::Disk(op) => return Ok(self.disk_op(host, op)),
            Action::Notify(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                self.trace.push(self.now, || What::Notified(host, bytes.clone()));
                let state = &mut self.hosts[usize::from(host.0)];
                if let Some(application) = &mut state.application {
                    for (after, command) in application(self.now, &bytes) {
                        self.queue.plan(self.now + after, Happening::Command(host, state.crashes, command));
                    }
                }
                state.told += 1;
                if !self.forgets_notices {
                    state.notices.push(bytes);
                }
            }
            Action::Discard(_) => {}
        }
        Ok(true)
    }

    /// The datagram whose arrival `event` was is received by nobody.
    fn discard(&mut self, to: Host, event: Event<'_>, unread: Unread) {
        let Event::Datagram { from, datagram } = event else { return };
        let counts = self.network.counts_mut(from, to);
        match unread {
            Unread::NoSocket => counts.unheard += 1,
            Unread::BufferFull => counts.socket_overflowed += 1,
        }
        let carried = || Carried { number: 0, from, to, bytes: datagram.into() };
        self.trace.push(self.now, || What::Lost(carried(), unread.reason()));
    }

    fn disk_op(&mut self, host: Host, op: DiskOp) -> bool {
        let state = &mut self.hosts[usize::from(host.0)];
        state.disk_ops += 1;
        let crash = state.crash_at_op.filter(|(number, _)| *number == state.disk_ops);
        // A sync that a crash interrupts has synced nothing for sure; any other operation has begun.
        if crash.is_none() || !matches!(op, DiskOp::Sync(_)) {
            state.disk.apply(&op);
        }
        self.trace.push(self.now, || What::Disk(host, op));
        if let Some((_, unsynced)) = crash {
            self.crash(host, unsynced);
        }
        crash.is_none()
    }

    fn send(&mut self, from: Host, to: Host, datagram: Arc<[u8]>) -> Outcome {
        if usize::from(to.0) >= self.hosts.len() || to == from {
            return Err(self.crashed(Crash::stray(from, to)));
        }
        self.sent += 1;
        let carried = |bytes: &Arc<[u8]>, number| Carried { number, from, to, bytes: bytes.clone() };
        let number = self.sent;
        self.trace.push(self.now, || What::Sent(carried(&datagram, number)));
        let Fate { lost, first, second } = self.network.send(self.now, from, to, &datagram);
        if let Some(why) = lost {
            self.trace.push(self.now, || What::Lost(carried(&datagram, number), why));
        }
        if second.is_some() {
            self.trace.push(self.now, || What::Duplicated(carried(&datagram, number)));
        }
        for copy in [&first, &second].into_iter().flatten() {
            if copy.changed.is_some() {
                self.trace.push(self.now, || What::Corrupted(carried(&datagram, number)));
            }
        }
        let mut arrives = |delay, bytes| {
            self.queue.plan(self.now + delay, Happening::Arrival(Carried { number, from, to, bytes }));
        };
        // Most datagrams arrive as they are and once, so they are not counted up and down.
        match (first, second) {
            (Some(Copy { delay, changed }), None) => arrives(delay, changed.unwrap_or(datagram)),
            (first, second) => {
                for Copy { delay, changed } in [first, second].into_iter().flatten() {
                    arrives(delay, changed.unwrap_or_else(|| datagram.clone()));
                }
            }
        }
        Ok(())
    }
}
