//! What is different after a move. Most moves lead to states that are known, so a state is put together only when its key
//! has shown that it is new.

use super::host::SearchedHost;
use super::moves::{Cause, Move};
use super::state::{InFlight, Spent, State, World, key_of};
use crate::codec;
use crate::crash::Crash;
use crate::disk::Unsynced;
use crate::machine::{Action, Host, Moment};
use crate::node::Event;
use crate::random::{Dice, Draw as _};
use crate::time::Time;
use crate::trace::{BY_CHANCE, Carried, HostChange, Trace, What};
use std::rc::Rc;
use std::sync::Arc;

/// What one move leads to.
pub(super) struct Next<'a> {
    before: &'a State,
    world: &'a World<'a>,
    trace: &'a mut Trace,
    /// The host that was stepped or has crashed, as it is now.
    host: Option<(Host, SearchedHost)>,
    /// The datagram that is not on the way any more.
    gone: Option<u16>,
    sent: Vec<InFlight>,
    numbered: u32,
    commands: u16,
    spent: Spent,
    /// A crash that is to strike after so many actions.
    crash_after: Option<(u8, Unsynced)>,
    /// An application was told something.
    pub(super) told: bool,
    /// The host that was stepped, and how many actions followed when one of them was on a disk; else 0.
    pub(super) stepped: Option<(Host, u8)>,
}

impl<'a> Next<'a> {
    /// Makes a move.
    pub(super) fn new(
        before: &'a State,
        by: Move,
        world: &'a World<'_>,
        trace: &'a mut Trace,
    ) -> Result<Next<'a>, Crash> {
        let mut next = Next {
            before,
            world,
            trace,
            host: None,
            gone: None,
            sent: vec![],
            numbered: before.numbered,
            commands: before.commands,
            spent: before.spent,
            crash_after: None,
            told: false,
            stepped: None,
        };
        next.make(by)?;
        next.host = next.host.map(|(host, changed)| (host, changed.seal()));
        Ok(next)
    }

    /// The key of the state that is led to.
    pub(super) fn key(&self) -> u64 {
        let (before, sent) = (&self.before.flight, &self.sent);
        let gone = self.gone.map_or(0, |index| before[usize::from(index)].key);
        let flight = before.iter().chain(sent).fold(0u64, |sum, it| sum.wrapping_add(it.key));
        let changed = self.host.as_ref().map(|(host, changed)| (usize::from(host.0), changed.key));
        let hosts = self.before.hosts.iter().enumerate().map(|(index, host)| match changed {
            Some((place, key)) if place == index => key,
            _ => host.key,
        });
        key_of(hosts, flight.wrapping_sub(gone), self.commands, &self.spent)
    }

    /// How many datagrams are on the way.
    pub(super) fn in_flight(&self) -> usize {
        self.before.flight.len() + self.sent.len() - usize::from(self.gone.is_some())
    }

    /// The state that is led to.
    pub(super) fn state(self) -> State {
        let mut hosts = self.before.hosts.clone();
        if let Some((host, changed)) = self.host {
            hosts[usize::from(host.0)] = Rc::new(changed);
        }
        let stays = |(index, it): (usize, &InFlight)| (self.gone != Some(index as u16)).then(|| it.clone());
        let staying = self.before.flight.iter().enumerate().filter_map(stays);
        State {
            hosts,
            flight: staying.chain(self.sent).collect(),
            numbered: self.numbered,
            commands: self.commands,
            spent: self.spent,
        }
    }

    fn make(&mut self, by: Move) -> Result<(), Crash> {
        match by {
            Move::Begin => Ok(()),
            Move::Cause(cause) => self.cause(cause),
            Move::Interrupt(cause, after, unsynced) => {
                self.crash_after = Some((after, unsynced));
                self.cause(cause)
            }
            Move::Start(host) => {
                self.trace.push(self.clock(host), || What::Started(host));
                self.bring_up(host)
            }
            Move::Restart(host) => {
                self.trace.push(self.clock(host), || What::Changed(host, HostChange::Restart));
                self.bring_up(host)?;
                self.ask_again(host)
            }
            Move::Crash(host, unsynced) => {
                self.crash(host, self.before.host(host).crashed(unsynced));
                Ok(())
            }
            Move::Lose(index) => {
                self.spent.losses += 1;
                let carried = self.take(index);
                self.trace.push(self.clock(carried.from), || What::Lost(carried, BY_CHANCE));
                Ok(())
            }
            Move::Duplicate(index) => {
                self.spent.duplicates += 1;
                let copy = self.before.flight[usize::from(index)].clone();
                self.trace.push(self.clock(copy.carried.from), || What::Duplicated(copy.carried.clone()));
                self.sent.push(copy);
                Ok(())
            }
        }
    }

    fn cause(&mut self, cause: Cause) -> Result<(), Crash> {
        match cause {
            Cause::Command => {
                let (host, command) = &self.world.commands[self.before.commands_given()];
                self.commands += 1;
                self.trace.push(self.clock(*host), || What::Commanded(*host, command.clone()));
                self.step(*host, self.before.host(*host).copy()?, Event::Command(command))
            }
            Cause::Answer(host, place) => {
                let mut changed = self.before.host(host).copy()?;
                let command = changed.answers.remove(usize::from(place));
                self.trace.push(changed.clock, || What::Commanded(host, command.clone()));
                self.step(host, changed, Event::Command(&command))
            }
            Cause::Deliver(index) => {
                let carried = self.take(index);
                self.arrive(carried)
            }
            Cause::Corrupt(index, damage) => {
                self.spent.corruptions += 1;
                let carried = self.take(index);
                let bytes = damage.of(&carried.bytes).into();
                self.trace.push(self.clock(carried.from), || What::Corrupted(carried.clone()));
                self.arrive(Carried { bytes, ..carried })
            }
            Cause::Inject(number) => {
                self.spent.injected |= 1 << number;
                self.arrive(self.world.injected[usize::from(number)].clone())
            }
            Cause::Timer(host) => self.fire(host),
        }
    }

    /// A datagram that is not on the way any more.
    fn take(&mut self, index: u16) -> Carried {
        self.gone = Some(index);
        self.before.flight[usize::from(index)].carried.clone()
    }

    fn arrive(&mut self, carried: Carried) -> Result<(), Crash> {
        let to = carried.to;
        if !self.before.is_up(to) {
            self.trace.push(self.clock(to), || What::Lost(carried, "the host is down"));
            return Ok(());
        }
        self.trace.push(self.clock(to), || What::Received(carried.clone()));
        let event = Event::Datagram { from: carried.from, datagram: &carried.bytes };
        self.step(to, self.before.host(to).copy()?, event)
    }

    fn fire(&mut self, host: Host) -> Result<(), Crash> {
        self.spent.timers += 1;
        let mut changed = self.before.host(host).copy()?;
        let Some((passed, timer)) = changed.timers.fire() else { return Ok(()) };
        changed.clock = changed.clock + passed;
        if !self.trace.is_off() {
            let name = changed.node.as_ref().map(|node| node.timer_name(timer)).unwrap_or_default();
            self.trace.push(changed.clock, || What::TimerFired(host, name));
        }
        self.step(host, changed, Event::Timer(timer))
    }

    fn bring_up(&mut self, host: Host) -> Result<(), Crash> {
        let mut changed = self.before.host(host).copy()?;
        changed.node = Some(self.world.fresh[usize::from(host.0)].fork()?);
        let image = changed.disk.image();
        let image = if image.is_empty() { vec![] } else { codec::encode(&image) };
        self.step(host, changed, Event::Start(&image))
    }

    /// Gives a host that has come up again the commands that are for then.
    fn ask_again(&mut self, host: Host) -> Result<(), Crash> {
        for (_, command) in self.world.at_restart.iter().filter(|(it, _)| *it == host) {
            let Some((_, up)) = self.host.take() else { return Ok(()) };
            self.trace.push(up.clock, || What::Commanded(host, command.clone()));
            self.step(host, up, Event::Command(command))?;
        }
        Ok(())
    }

    fn clock(&self, host: Host) -> Time {
        self.before.host(host).clock
    }

    fn crash(&mut self, host: Host, crashed: SearchedHost) {
        self.spent.crashes += 1;
        self.trace.push(crashed.clock, || What::Changed(host, HostChange::Crash));
        self.host = Some((host, crashed));
    }

    /// Gives an event to a host, copied from what it was before.
    fn step(&mut self, host: Host, mut changed: SearchedHost, event: Event<'_>) -> Result<(), Crash> {
        let Some(node) = &mut changed.node else { return Ok(()) };
        let mut actions = vec![];
        // Each life of a host has randomness of its own; more of it would make states differ that need not.
        let random = Dice::of(u64::from(host.0), [u64::from(changed.crashes)]).bits();
        node.handle(Moment { now: changed.clock, random }, event, &mut actions)?;
        let on_disk = actions.iter().any(|action| matches!(action, Action::Disk(_)));
        let disk_actions = if on_disk { u8::try_from(actions.len()).unwrap_or(u8::MAX) } else { 0 };
        self.stepped = Some((host, disk_actions));
        actions.truncate(self.crash_after.map_or(usize::MAX, |(after, _)| usize::from(after)));
        for action in actions {
            self.act(host, &mut changed, action)?;
        }
        if let Some(node) = &changed.node {
            self.trace.state(host, || node.describe());
        }
        match self.crash_after {
            Some((_, unsynced)) => self.crash(host, changed.crashed(unsynced)),
            None => self.host = Some((host, changed)),
        }
        Ok(())
    }

    fn act(&mut self, host: Host, changed: &mut SearchedHost, action: Action) -> Result<(), Crash> {
        match action {
            Action::Send { to, datagram } => {
                if usize::from(to.0) >= self.before.hosts.len() || to == host {
                    return Err(Crash::stray(host, to));
                }
                let key = crate::key_of(&(host, to, &datagram));
                self.numbered += 1;
                let carried = Carried { number: u64::from(self.numbered), from: host, to, bytes: datagram };
                self.trace.push(changed.clock, || What::Sent(carried.clone()));
                self.sent.push(InFlight { carried, key });
            }
            Action::Discard(_) => {}
            Action::SetTimer { timer, after } => changed.timers.set(timer, after),
            Action::CancelTimer { timer } => changed.timers.cancel(timer),
            Action::Disk(op) => {
                changed.disk.apply(&op);
                self.trace.push(changed.clock, || What::Disk(host, op));
            }
            Action::Notify(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                self.trace.push(changed.clock, || What::Notified(host, bytes.clone()));
                let applications = self.world.applications.iter().filter(|(it, _)| *it == host);
                changed.answers.extend(applications.filter_map(|(_, react)| react(&bytes)));
                changed.tell(bytes);
                self.told = true;
            }
        }
        Ok(())
    }
}
