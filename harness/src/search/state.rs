//! One state of a search: hosts with their timers and notices, datagrams on the way, and what is left of the limits.
//!
//! Hosts are shared between states until one of them is stepped.

use super::Limits;
use crate::codec;
use crate::crash::Crash;
use crate::disk::{Disk, Unsynced};
use crate::machine::{Action, Host, Moment};
use crate::node::{Event, Node};
use crate::time::Time;
use crate::timers::Timers;
use crate::trace::{BY_CHANCE, Carried, Trace, What};
use std::rc::Rc;
use std::sync::Arc;

/// Makes a machine.
pub(super) type Maker<'a> = Rc<dyn Fn() -> Result<Box<dyn Node>, Crash> + 'a>;

/// One step from a state to the next. Datagrams are meant by their place among those on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// The hosts start.
    Begin,
    /// The next command is given.
    Command,
    /// A datagram arrives.
    Deliver(u16),
    /// The soonest timer of a host runs out.
    Timer(Host),
    /// A datagram vanishes.
    Lose(u16),
    /// A datagram is copied.
    Duplicate(u16),
    /// A host crashes between two events; of its unsynced writes is left what this says.
    Crash(Host, Unsynced),
    /// A host crashes within an event, after so many of the actions that it leads to.
    Interrupt(Cause, u8, Unsynced),
    /// A host comes up again.
    Restart(Host),
}

impl Move {
    /// Whether it is a fault that a story counts.
    pub(super) fn is_fault(self) -> bool {
        matches!(self, Move::Lose(_) | Move::Duplicate(_) | Move::Crash(..) | Move::Interrupt(..))
    }
}

/// An event that a crash can interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Command,
    Deliver(u16),
    Timer(Host),
}

/// What does not change from state to state.
pub(super) struct World<'a> {
    pub(super) limits: Limits,
    /// What the applications ask for, in this order.
    pub(super) commands: Vec<(Host, Arc<[u8]>)>,
    /// What an application asks for at once when its host comes up again.
    pub(super) at_restart: Vec<(Host, Arc<[u8]>)>,
    /// Makes each host's machine, at the start and after a crash.
    pub(super) makers: Vec<Maker<'a>>,
    /// The hosts that may crash.
    pub(super) mortal: Vec<Host>,
}

/// What a move led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Applied {
    /// An application was told something.
    pub(super) told: bool,
    /// How many actions followed, when one of them was on a disk; else 0.
    pub(super) disk_actions: u8,
    /// The host that was stepped.
    pub(super) host: Option<Host>,
}

#[derive(Clone, Default)]
pub(super) struct State {
    hosts: Vec<Rc<SearchedHost>>,
    flight: Vec<InFlight>,
    /// Numbers the datagrams for stories; no part of what tells states apart.
    sent: u32,
    commands: u16,
    losses: u8,
    duplicates: u8,
    timers: u8,
    crashes: u8,
}

struct SearchedHost {
    /// None while the host is down.
    node: Option<Box<dyn Node>>,
    node_key: u64,
    timers: Timers,
    disk: Disk,
    clock: Time,
    notices: Option<Rc<Told>>,
    /// How many of the notices are of the lives before the last crash, if there was one.
    told_before: Option<usize>,
}

/// What an application was told, last first, so that states share their past.
struct Told {
    bytes: Arc<[u8]>,
    key: u64,
    before: Option<Rc<Told>>,
}

#[derive(Clone)]
struct InFlight {
    carried: Carried,
    key: u64,
}

impl State {
    /// Makes every host's machine and starts it.
    pub(super) fn begin(&mut self, world: &World<'_>, trace: &mut Trace) -> Result<(), Crash> {
        for _ in &world.makers {
            self.hosts.push(Rc::new(SearchedHost::down()));
        }
        for index in 0..world.makers.len() {
            let host = Host(index as u16);
            trace.push(Time::ZERO, || What::Started(host));
            self.bring_up(host, world, trace)?;
        }
        Ok(())
    }

    fn bring_up(&mut self, host: Host, world: &World<'_>, trace: &mut Trace) -> Result<Applied, Crash> {
        let mut changed = self.hosts[usize::from(host.0)].copy()?;
        changed.node = Some(world.makers[usize::from(host.0)]()?);
        let image = changed.disk.image();
        let image = if image.is_empty() { vec![] } else { codec::encode(&image) };
        self.hosts[usize::from(host.0)] = Rc::new(changed);
        self.step(host, Event::Start(&image), None, trace)
    }

    fn is_up(&self, host: Host) -> bool {
        self.hosts[usize::from(host.0)].node.is_some()
    }

    /// The datagrams on the way, in the order in which moves count them.
    pub(super) fn on_the_way(&self) -> impl Iterator<Item = &Carried> {
        self.flight.iter().map(|it| &it.carried)
    }

    /// Whether two moves do the same to datagrams that are equal.
    pub(super) fn are_alike(&self, one: Move, other: Move) -> bool {
        let equal = |a: u16, b: u16| self.flight[usize::from(a)].key == self.flight[usize::from(b)].key;
        match (one, other) {
            (Move::Deliver(a), Move::Deliver(b))
            | (Move::Lose(a), Move::Lose(b))
            | (Move::Duplicate(a), Move::Duplicate(b)) => equal(a, b),
            _ => one == other,
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flight.len()
    }

    /// How many more times a timer may run out.
    pub(super) fn timers_left(&self, limits: &Limits) -> u8 {
        limits.timers.saturating_sub(self.timers)
    }

    pub(super) fn notices(&self, host: Host) -> Vec<Arc<[u8]>> {
        let mut list = vec![];
        let mut told = self.hosts.get(usize::from(host.0)).and_then(|host| host.notices.as_ref());
        while let Some(notice) = told {
            list.push(notice.bytes.clone());
            told = notice.before.as_ref();
        }
        list.reverse();
        list
    }

    /// How many of a host's notices are of the lives before its last crash; none when it never crashed.
    pub(super) fn told_before(&self, host: Host) -> Option<usize> {
        self.hosts.get(usize::from(host.0)).and_then(|host| host.told_before)
    }

    /// Equal for states from which the same can happen. The order of datagrams on the way does not matter.
    pub(super) fn key(&self) -> u64 {
        let flight = self.flight.iter().fold(0u64, |sum, it| sum.wrapping_add(it.key));
        let hosts = self.hosts.iter().fold(0u64, |key, host| {
            let clock = host.node.as_ref().is_some_and(|node| node.reads_clock()).then_some(host.clock);
            let up = host.node.is_some();
            let told = (host.notices.as_ref().map(|it| it.key), host.told_before);
            crate::hash_of(&(key, up, host.node_key, &host.timers, &host.disk, clock, told))
        });
        crate::hash_of(&(
            hosts,
            flight,
            self.commands,
            self.losses,
            self.duplicates,
            self.timers,
            self.crashes,
        ))
    }

    /// Appends every move that can be made; true when a limit alone forbids another.
    pub(super) fn moves(&self, world: &World<'_>, moves: &mut Vec<Move>) -> bool {
        let limits = &world.limits;
        if world.commands.get(usize::from(self.commands)).is_some_and(|(host, _)| self.is_up(*host)) {
            moves.push(Move::Command);
        }
        let distinct = |index: &u16| {
            let index = usize::from(*index);
            self.flight[..index].iter().all(|earlier| earlier.key != self.flight[index].key)
        };
        let flight: Vec<u16> = (0..self.flight.len() as u16).filter(distinct).collect();
        moves.extend(flight.iter().map(|index| Move::Deliver(*index)));
        let hosts = || (0..self.hosts.len() as u16).map(Host);
        let next = |host: Host| self.hosts[usize::from(host.0)].timers.next().map(|(after, _)| after);
        let is_soon = |after| after <= limits.lifetime;
        let waits = !self.flight.is_empty() || hosts().filter_map(next).any(is_soon);
        let is_armed = |host: &Host| next(*host).is_some_and(|after| is_soon(after) || !waits);
        let armed: Vec<Host> = hosts().filter(is_armed).collect();
        if self.timers < limits.timers {
            moves.extend(armed.iter().map(|host| Move::Timer(*host)));
        }
        moves.extend(hosts().filter(|host| !self.is_up(*host)).map(Move::Restart));
        if self.losses < limits.losses {
            moves.extend(flight.iter().map(|index| Move::Lose(*index)));
        }
        if self.duplicates < limits.duplicates {
            moves.extend(flight.iter().map(|index| Move::Duplicate(*index)));
        }
        if self.crashes < limits.crashes {
            for host in world.mortal.iter().filter(|host| self.is_up(**host)) {
                moves.push(Move::Crash(*host, Unsynced::Lost));
                if self.hosts[usize::from(host.0)].disk.has_unsynced() {
                    moves.extend(
                        [Unsynced::Kept, Unsynced::Hollow].map(|unsynced| Move::Crash(*host, unsynced)),
                    );
                }
            }
        }
        !armed.is_empty() && self.timers >= limits.timers
    }

    /// The crashes that could strike within a move that led to `applied`.
    pub(super) fn interrupts(&self, by: Move, applied: Applied, world: &World<'_>, moves: &mut Vec<Move>) {
        let cause = match by {
            Move::Command => Cause::Command,
            Move::Deliver(index) => Cause::Deliver(index),
            Move::Timer(host) => Cause::Timer(host),
            _ => return,
        };
        let mortal = applied.host.is_some_and(|host| world.mortal.contains(&host));
        if mortal && self.crashes < world.limits.crashes {
            for unsynced in [Unsynced::Lost, Unsynced::Hollow] {
                moves.extend((1..applied.disk_actions).map(|after| Move::Interrupt(cause, after, unsynced)));
            }
        }
    }

    /// Makes a move.
    pub(super) fn apply(&mut self, by: Move, world: &World<'_>, trace: &mut Trace) -> Result<Applied, Crash> {
        match by {
            Move::Begin => {}
            Move::Command => return self.cause(Cause::Command, None, world, trace),
            Move::Deliver(index) => return self.cause(Cause::Deliver(index), None, world, trace),
            Move::Timer(host) => return self.cause(Cause::Timer(host), None, world, trace),
            Move::Interrupt(cause, after, unsynced) => {
                return self.cause(cause, Some((after, unsynced)), world, trace);
            }
            Move::Restart(host) => {
                trace.push(self.clock(host), || What::Changed(host, "comes up again".into()));
                let mut applied = self.bring_up(host, world, trace)?;
                for (_, command) in world.at_restart.iter().filter(|(it, _)| *it == host) {
                    trace.push(self.clock(host), || What::Commanded(host, command.clone()));
                    applied.told |= self.step(host, Event::Command(command), None, trace)?.told;
                }
                return Ok(applied);
            }
            Move::Crash(host, unsynced) => self.crash(host, unsynced, trace),
            Move::Lose(index) => {
                self.losses += 1;
                let InFlight { carried, .. } = self.flight.remove(usize::from(index));
                trace.push(self.clock(carried.from), || What::Lost(carried, BY_CHANCE));
            }
            Move::Duplicate(index) => {
                self.duplicates += 1;
                let copy = self.flight[usize::from(index)].clone();
                trace.push(self.clock(copy.carried.from), || What::Duplicated(copy.carried.clone()));
                self.flight.push(copy);
            }
        }
        Ok(Applied::default())
    }

    fn cause(
        &mut self,
        cause: Cause,
        crash_after: Option<(u8, Unsynced)>,
        world: &World<'_>,
        trace: &mut Trace,
    ) -> Result<Applied, Crash> {
        match cause {
            Cause::Command => {
                let (host, command) = &world.commands[usize::from(self.commands)];
                self.commands += 1;
                trace.push(self.clock(*host), || What::Commanded(*host, command.clone()));
                self.step(*host, Event::Command(command), crash_after, trace)
            }
            Cause::Deliver(index) => {
                let InFlight { carried, .. } = self.flight.remove(usize::from(index));
                if !self.is_up(carried.to) {
                    trace.push(self.clock(carried.to), || What::Lost(carried, "the host is down"));
                    return Ok(Applied::default());
                }
                trace.push(self.clock(carried.to), || What::Received(carried.clone()));
                let event = Event::Datagram { from: carried.from, datagram: &carried.bytes };
                self.step(carried.to, event, crash_after, trace)
            }
            Cause::Timer(host) => self.fire(host, crash_after, trace),
        }
    }

    fn crash(&mut self, host: Host, unsynced: Unsynced, trace: &mut Trace) {
        self.crashes += 1;
        let SearchedHost { disk, clock, notices, .. } = &*self.hosts[usize::from(host.0)];
        let (disk, clock, notices) = (disk.clone(), *clock, notices.clone());
        let told_before = Some(self.notices(host).len());
        let mut changed = SearchedHost { disk, clock, notices, told_before, ..SearchedHost::down() };
        changed.disk.crash(unsynced);
        trace.push(changed.clock, || What::Changed(host, "crashes".into()));
        self.hosts[usize::from(host.0)] = Rc::new(changed);
    }

    fn clock(&self, host: Host) -> Time {
        self.hosts[usize::from(host.0)].clock
    }

    fn fire(
        &mut self,
        host: Host,
        crash_after: Option<(u8, Unsynced)>,
        trace: &mut Trace,
    ) -> Result<Applied, Crash> {
        self.timers += 1;
        let mut changed = self.hosts[usize::from(host.0)].copy()?;
        let Some((passed, timer)) = changed.timers.fire() else { return Ok(Applied::default()) };
        changed.clock = changed.clock + passed;
        if !trace.is_off() {
            let name = changed.node.as_ref().map(|node| node.timer_name(timer)).unwrap_or_default();
            trace.push(changed.clock, || What::TimerFired(host, name));
        }
        self.hosts[usize::from(host.0)] = Rc::new(changed);
        self.step(host, Event::Timer(timer), crash_after, trace)
    }

    fn step(
        &mut self,
        host: Host,
        event: Event<'_>,
        crash_after: Option<(u8, Unsynced)>,
        trace: &mut Trace,
    ) -> Result<Applied, Crash> {
        let mut changed = self.hosts[usize::from(host.0)].copy()?;
        let Some(node) = &mut changed.node else { return Ok(Applied::default()) };
        let mut actions = vec![];
        node.handle(Moment { now: changed.clock, random: 0 }, event, &mut actions)?;
        changed.node_key = node.key();
        let on_disk = actions.iter().any(|action| matches!(action, Action::Disk(_)));
        let disk_actions = if on_disk { u8::try_from(actions.len()).unwrap_or(u8::MAX) } else { 0 };
        let mut applied = Applied { told: false, disk_actions, host: Some(host) };
        actions.truncate(crash_after.map_or(usize::MAX, |(after, _)| usize::from(after)));
        for action in actions {
            applied.told |= matches!(action, Action::Notify(_));
            self.act(host, &mut changed, action, trace)?;
        }
        if let Some(node) = &changed.node {
            trace.state(host, || node.describe());
        }
        self.hosts[usize::from(host.0)] = Rc::new(changed);
        if let Some((_, unsynced)) = crash_after {
            self.crash(host, unsynced, trace);
        }
        Ok(applied)
    }

    fn act(
        &mut self,
        host: Host,
        changed: &mut SearchedHost,
        action: Action,
        trace: &mut Trace,
    ) -> Result<(), Crash> {
        match action {
            Action::Send { to, datagram } => {
                if usize::from(to.0) >= self.hosts.len() || to == host {
                    return Err(Crash::stray(host, to));
                }
                let key = crate::hash_of(&(host, to, &datagram));
                self.sent += 1;
                let carried = Carried { number: u64::from(self.sent), from: host, to, bytes: datagram };
                trace.push(changed.clock, || What::Sent(carried.clone()));
                self.flight.push(InFlight { carried, key });
            }
            Action::Discard(_) => {}
            Action::SetTimer { timer, after } => changed.timers.set(timer, after),
            Action::CancelTimer { timer } => changed.timers.cancel(timer),
            Action::Disk(op) => {
                changed.disk.apply(&op);
                trace.push(changed.clock, || What::Disk(host, op));
            }
            Action::Notify(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                trace.push(changed.clock, || What::Notified(host, bytes.clone()));
                changed.tell(bytes);
            }
        }
        Ok(())
    }
}

impl SearchedHost {
    /// A host without a machine, and with an empty disk.
    fn down() -> SearchedHost {
        SearchedHost {
            node: None,
            node_key: 0,
            timers: Timers::default(),
            disk: Disk::default(),
            clock: Time::ZERO,
            notices: None,
            told_before: None,
        }
    }

    fn copy(&self) -> Result<SearchedHost, Crash> {
        Ok(SearchedHost {
            node: self.node.as_ref().map(|node| node.fork()).transpose()?,
            node_key: self.node_key,
            timers: self.timers.clone(),
            disk: self.disk.clone(),
            clock: self.clock,
            notices: self.notices.clone(),
            told_before: self.told_before,
        })
    }

    fn tell(&mut self, bytes: Arc<[u8]>) {
        let before = self.notices.take();
        let key = crate::hash_of(&(before.as_ref().map(|it| it.key), &bytes));
        self.notices = Some(Rc::new(Told { bytes, key, before }));
    }
}
