//! One state of a search: hosts with their timers and notices, datagrams on the way, and what is left of the limits.
//!
//! Hosts are shared between states until one of them is stepped.

use super::Limits;
use crate::crash::Crash;
use crate::disk::Disk;
use crate::machine::{Action, Host, Moment};
use crate::node::{Event, Node};
use crate::time::Time;
use crate::timers::Timers;
use crate::trace::{BY_CHANCE, Trace, What};
use std::rc::Rc;
use std::sync::Arc;

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
}

#[derive(Clone, Default)]
pub(super) struct State {
    hosts: Vec<Rc<SearchedHost>>,
    flight: Vec<InFlight>,
    commands: u16,
    losses: u8,
    duplicates: u8,
    timers: u8,
}

struct SearchedHost {
    node: Box<dyn Node>,
    node_key: u64,
    timers: Timers,
    disk: Disk,
    clock: Time,
    notices: Option<Rc<Told>>,
}

/// What an application was told, last first, so that states share their past.
struct Told {
    bytes: Arc<[u8]>,
    key: u64,
    before: Option<Rc<Told>>,
}

#[derive(Clone)]
struct InFlight {
    from: Host,
    to: Host,
    datagram: Arc<[u8]>,
    key: u64,
}

impl State {
    pub(super) fn add_host(&mut self, host: Host, node: Box<dyn Node>) -> Result<(), Crash> {
        if usize::from(host.0) != self.hosts.len() {
            return Err(Crash::Misused("the scenario fills its hosts out of order".into()));
        }
        let node_key = node.key();
        let host = SearchedHost {
            node,
            node_key,
            timers: Timers::default(),
            disk: Disk::default(),
            clock: Time::ZERO,
            notices: None,
        };
        self.hosts.push(Rc::new(host));
        Ok(())
    }

    /// Starts every host.
    pub(super) fn begin(&mut self, trace: &mut Trace) -> Result<(), Crash> {
        for index in 0..self.hosts.len() {
            let host = Host(index as u16);
            trace.push(Time::ZERO, || What::Started(host));
            self.step(host, Event::Start(&[]), trace)?;
        }
        Ok(())
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

    /// Equal for states from which the same can happen. The order of datagrams on the way does not matter.
    pub(super) fn key(&self) -> u64 {
        let flight = self.flight.iter().fold(0u64, |sum, it| sum.wrapping_add(it.key));
        let hosts = self.hosts.iter().fold(0u64, |key, host| {
            let clock = host.node.reads_clock().then_some(host.clock);
            let told = host.notices.as_ref().map(|it| it.key);
            crate::hash_of(&(key, host.node_key, &host.timers, &host.disk, clock, told))
        });
        crate::hash_of(&(hosts, flight, self.commands, self.losses, self.duplicates, self.timers))
    }

    /// Appends every move that can be made; true when a limit alone forbids another.
    pub(super) fn moves(
        &self,
        limits: &Limits,
        commands: &[(Host, Arc<[u8]>)],
        moves: &mut Vec<Move>,
    ) -> bool {
        if usize::from(self.commands) < commands.len() {
            moves.push(Move::Command);
        }
        let distinct = |index: &u16| {
            let index = usize::from(*index);
            self.flight[..index].iter().all(|earlier| earlier.key != self.flight[index].key)
        };
        let flight: Vec<u16> = (0..self.flight.len() as u16).filter(distinct).collect();
        moves.extend(flight.iter().map(|index| Move::Deliver(*index)));
        let armed = |host: &Host| self.hosts[usize::from(host.0)].timers.next().is_some();
        let armed: Vec<Host> = (0..self.hosts.len() as u16).map(Host).filter(armed).collect();
        if self.timers < limits.timers {
            moves.extend(armed.iter().map(|host| Move::Timer(*host)));
        }
        if self.losses < limits.losses {
            moves.extend(flight.iter().map(|index| Move::Lose(*index)));
        }
        if self.duplicates < limits.duplicates {
            moves.extend(flight.iter().map(|index| Move::Duplicate(*index)));
        }
        !armed.is_empty() && self.timers >= limits.timers
    }

    /// Makes a move; true when an application was told something.
    pub(super) fn apply(
        &mut self,
        by: Move,
        commands: &[(Host, Arc<[u8]>)],
        trace: &mut Trace,
    ) -> Result<bool, Crash> {
        match by {
            Move::Begin => Ok(false),
            Move::Command => {
                let (host, command) = &commands[usize::from(self.commands)];
                self.commands += 1;
                trace.push(self.clock(*host), || What::Commanded(*host, command.clone()));
                self.step(*host, Event::Command(command), trace)
            }
            Move::Deliver(index) => {
                let InFlight { from, to, datagram, .. } = self.flight.remove(usize::from(index));
                trace.push(self.clock(to), || What::Received { from, to, datagram: datagram.clone() });
                self.step(to, Event::Datagram { from, datagram: &datagram }, trace)
            }
            Move::Timer(host) => self.fire(host, trace),
            Move::Lose(index) => {
                self.losses += 1;
                let InFlight { from, to, datagram, .. } = self.flight.remove(usize::from(index));
                trace.push(self.clock(from), || What::Lost { from, to, datagram, why: BY_CHANCE });
                Ok(false)
            }
            Move::Duplicate(index) => {
                self.duplicates += 1;
                let copy = self.flight[usize::from(index)].clone();
                let (from, to) = (copy.from, copy.to);
                trace.push(self.clock(from), || What::Duplicated {
                    from,
                    to,
                    datagram: copy.datagram.clone(),
                });
                self.flight.push(copy);
                Ok(false)
            }
        }
    }

    fn clock(&self, host: Host) -> Time {
        self.hosts[usize::from(host.0)].clock
    }

    fn fire(&mut self, host: Host, trace: &mut Trace) -> Result<bool, Crash> {
        self.timers += 1;
        let mut changed = self.hosts[usize::from(host.0)].copy()?;
        let Some((passed, timer)) = changed.timers.fire() else { return Ok(false) };
        changed.clock = changed.clock + passed;
        if !trace.is_off() {
            let name = changed.node.timer_name(timer);
            trace.push(changed.clock, || What::TimerFired(host, name));
        }
        self.hosts[usize::from(host.0)] = Rc::new(changed);
        self.step(host, Event::Timer(timer), trace)
    }

    fn step(&mut self, host: Host, event: Event<'_>, trace: &mut Trace) -> Result<bool, Crash> {
        let mut changed = self.hosts[usize::from(host.0)].copy()?;
        let mut actions = vec![];
        changed.node.handle(Moment { now: changed.clock, random: 0 }, event, &mut actions)?;
        changed.node_key = changed.node.key();
        let mut told = false;
        for action in actions {
            match action {
                Action::Send { to, datagram } => {
                    if usize::from(to.0) >= self.hosts.len() || to == host {
                        return Err(Crash::stray(host, to));
                    }
                    trace.push(changed.clock, || What::Sent { from: host, to, datagram: datagram.clone() });
                    let key = crate::hash_of(&(host, to, &datagram));
                    self.flight.push(InFlight { from: host, to, datagram, key });
                }
                Action::SetTimer { timer, after } => changed.timers.set(timer, after),
                Action::CancelTimer { timer } => changed.timers.cancel(timer),
                Action::Disk(op) => {
                    changed.disk.apply(&op);
                    trace.push(changed.clock, || What::Disk(host, op));
                }
                Action::Discard(_) => {}
                Action::Notify(bytes) => {
                    told = true;
                    let bytes: Arc<[u8]> = bytes.into();
                    trace.push(changed.clock, || What::Notified(host, bytes.clone()));
                    changed.tell(bytes);
                }
            }
        }
        self.hosts[usize::from(host.0)] = Rc::new(changed);
        Ok(told)
    }
}

impl SearchedHost {
    fn copy(&self) -> Result<SearchedHost, Crash> {
        Ok(SearchedHost {
            node: self.node.fork()?,
            node_key: self.node_key,
            timers: self.timers.clone(),
            disk: self.disk.clone(),
            clock: self.clock,
            notices: self.notices.clone(),
        })
    }

    fn tell(&mut self, bytes: Arc<[u8]>) {
        let before = self.notices.take();
        let key = crate::hash_of(&(before.as_ref().map(|it| it.key), &bytes));
        self.notices = Some(Rc::new(Told { bytes, key, before }));
    }
}
