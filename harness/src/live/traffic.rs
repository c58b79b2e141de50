//! What a relay decides and knows: the fate of each datagram (the simulation's own network decides it, with real time),
//! what waits to be sent, what was promised to happen, and the log. The sockets are in `wires.rs`.

use super::log::{Fate, Log, Record};
use super::wires::Arrival;
use crate::faults::FaultPlan;
use crate::machine::Host;
use crate::simulation::Change;
use crate::simulation::network::Network;
use crate::time::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Datagrams that may wait at once; what comes then is turned away.
const WAITING_MAX: usize = 100_000;

/// A datagram to send when its time has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outgoing {
    due: Duration,
    /// Those that are due at the same moment go in the order of their arrival.
    order: u64,
    pub(super) from: Host,
    pub(super) to: Host,
    pub(super) client: usize,
    pub(super) datagram: Arc<[u8]>,
    record: Option<usize>,
}

/// A datagram that is to wait for a later one.
#[derive(Debug)]
struct Hold {
    from: Host,
    to: Host,
    number: u64,
    until: u64,
    has_struck: bool,
    waiting: Vec<Outgoing>,
}

/// When a change is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// So long after the relay's start.
    At(Duration),
    /// When the datagram of this number has been dealt with.
    Passed(Host, Host, u64),
}

/// See the head of the file.
pub(super) struct Traffic {
    pub(super) network: Network<'static>,
    pub(super) log: Option<Log>,
    /// Datagrams in which the relay took no part: too many waited, or the log was full.
    pub(super) turned_away: u64,
    /// The relay is to end.
    pub(super) is_over: bool,
    started: Instant,
    last_moment: Duration,
    queue: BinaryHeap<Reverse<Outgoing>>,
    planned: u64,
    holds: Vec<Hold>,
    promises: Vec<(When, Change)>,
    is_fair: bool,
    last_client: Option<usize>,
}

impl Traffic {
    pub(super) fn new(seed: u64) -> Traffic {
        Traffic {
            network: Network::new(2, seed, FaultPlan::default()),
            log: None,
            turned_away: 0,
            is_over: false,
            started: Instant::now(),
            last_moment: Duration::ZERO,
            queue: BinaryHeap::new(),
            planned: 0,
            holds: vec![],
            promises: vec![],
            is_fair: false,
            last_client: None,
        }
    }

    /// The time since the start, and later than any moment before.
    pub(super) fn moment(&mut self) -> Duration {
        let earliest = self.last_moment + Duration::from_nanos(1);
        self.last_moment = self.started.elapsed().max(earliest);
        self.last_moment
    }

    /// Decides what becomes of a datagram, and does what was to happen when it had come.
    pub(super) fn arrive(&mut self, Arrival { from, to, client, datagram }: Arrival) {
        if self.log.as_ref().is_some_and(Log::is_full) || self.queue.len() >= WAITING_MAX {
            self.turned_away += 1;
            return;
        }
        let arrived = self.moment();
        self.last_client = Some(client);
        let before = self.network.counts(from, to);
        let decided = self.network.send(Time::ZERO + arrived, from, to, &datagram);
        let number = self.network.counts(from, to).sent;
        let hold = self.hold_of(from, to, number).filter(|_| decided.lost.is_none());
        self.network.counts_mut(from, to).reordered += u64::from(hold.is_some());
        let fate = Fate::between(before, self.network.counts(from, to), decided.lost);
        let bytes = datagram.clone();
        let record = Record { from, to, number, arrived, datagram: bytes, fate, forwarded: vec![] };
        let record = self.log.as_mut().map(|log| log.add(record));
        let delay = decided.first.as_ref().map(|first| first.delay).unwrap_or_default();
        for copy in [decided.first, decided.second].into_iter().flatten() {
            self.planned += 1;
            let (due, order) = (arrived + copy.delay, self.planned);
            let datagram = copy.changed.unwrap_or_else(|| datagram.clone());
            let outgoing = Outgoing { due, order, from, to, client, datagram, record };
            match hold {
                Some(index) => self.holds[index].waiting.push(outgoing),
                None => self.queue.push(Reverse(outgoing)),
            }
        }
        self.free(arrived + delay, |hold| (hold.from, hold.to, hold.until) == (from, to, number));
        self.keep_promises(|when| when == When::Passed(from, to, number));
    }

    /// The place of the hold that is for this datagram.
    fn hold_of(&mut self, from: Host, to: Host, number: u64) -> Option<usize> {
        if self.is_fair {
            return None;
        }
        let index = self.holds.iter().position(|it| (it.from, it.to, it.number) == (from, to, number))?;
        self.holds[index].has_struck = true;
        Some(index)
    }

    /// Lets go what these hold, at `due`.
    fn free(&mut self, due: Duration, whose: impl Fn(&Hold) -> bool) {
        for hold in self.holds.iter_mut().filter(|hold| whose(hold)) {
            for freed in hold.waiting.drain(..) {
                self.planned += 1;
                self.queue.push(Reverse(Outgoing { due, order: self.planned, ..freed }));
            }
        }
    }

    /// Datagram `number` of a direction is to wait until `until` has gone.
    pub(super) fn hold(&mut self, from: Host, to: Host, number: u64, until: u64) {
        self.holds.push(Hold { from, to, number, until, has_struck: false, waiting: vec![] });
    }

    /// A change is to come.
    pub(super) fn promise(&mut self, when: When, change: Change) {
        self.promises.push((when, change));
    }

    /// Makes the changes whose time has come; a fair world drops those that do harm.
    pub(super) fn keep_due_promises(&mut self) {
        if !self.promises.is_empty() {
            let now = self.moment();
            self.keep_promises(|when| matches!(when, When::At(at) if at <= now));
        }
    }

    fn keep_promises(&mut self, due: impl Fn(When) -> bool) {
        let mut index = 0;
        while let Some((when, change)) = self.promises.get(index) {
            let dropped = self.is_fair && change.does_harm();
            // One that cannot be made, such as an injection before there is a client, stays a promise.
            if dropped || !due(*when) || self.change(&change.clone()).is_err() {
                index += 1;
            } else {
                self.promises.remove(index);
            }
        }
    }

    /// Changes a link, or puts a datagram on the way.
    ///
    /// # Errors
    /// Nobody is there who could get the datagram.
    pub(super) fn change(&mut self, change: &Change) -> Result<(), String> {
        match change {
            Change::Cut(from, to) => self.network.link(*from, *to).cut = true,
            Change::Heal(from, to) => self.network.link(*from, *to).cut = false,
            Change::Link(from, to, link) => *self.network.link(*from, *to) = *link,
            Change::Inject(from, to, datagram) => return self.inject(*from, *to, datagram),
            other => unreachable!("the relay has refused {other:?}"),
        }
        Ok(())
    }

    fn inject(&mut self, from: Host, to: Host, datagram: &[u8]) -> Result<(), String> {
        let nobody = "A datagram cannot be injected before any client has sent one.";
        let client = self.last_client.ok_or(nobody)?;
        self.network.counts_mut(from, to).injected += 1;
        let arrived = self.moment();
        let datagram: Arc<[u8]> = datagram.into();
        let fate = Fate { injected: true, ..Fate::default() };
        let forwarded = vec![];
        let record = Record { from, to, number: 0, arrived, datagram: datagram.clone(), fate, forwarded };
        let record = self.log.as_mut().map(|log| log.add(record));
        self.planned += 1;
        let order = self.planned;
        self.queue.push(Reverse(Outgoing { due: arrived, order, from, to, client, datagram, record }));
        Ok(())
    }

    /// No fault happens any more, and what waits for another datagram goes.
    pub(super) fn stop_faults(&mut self) {
        self.network.end_faults();
        self.is_fair = true;
        let now = self.moment();
        self.free(now, |_| true);
    }

    /// What is to be sent now.
    pub(super) fn next_due(&mut self) -> Option<Outgoing> {
        let now = self.moment();
        let is_due = self.queue.peek().is_some_and(|Reverse(next)| next.due <= now);
        if is_due { self.queue.pop().map(|Reverse(next)| next) } else { None }
    }

    /// Books what became of a datagram that was given to the operating system.
    pub(super) fn sent(&mut self, outgoing: Outgoing, accepted: bool) {
        let counts = self.network.counts_mut(outgoing.from, outgoing.to);
        if !accepted {
            counts.unheard += 1;
            return;
        }
        counts.delivered += 1;
        // The moment is taken now: by now the datagram has reached the socket of the other side.
        let moment = self.moment();
        if let (Some(log), Some(record)) = (&mut self.log, outgoing.record) {
            log.records[record].forwarded.push((moment, outgoing.datagram));
        }
    }

    /// How long nothing is due; `None` is until something comes.
    pub(super) fn pause(&mut self) -> Option<Duration> {
        let now = self.moment();
        let next = self.queue.peek().map(|Reverse(next)| next.due);
        let moments = self.promises.iter().filter_map(|(when, _)| match when {
            // One that is overdue waits for something to come.
            When::At(at) if *at > now => Some(*at),
            _ => None,
        });
        let next = moments.chain(next).min()?;
        Some(next.saturating_sub(now))
    }

    /// See [`super::relay::Relay::require_faults`].
    pub(super) fn require_faults(&self) -> Result<(), String> {
        self.network.require_faults()?;
        if let Some(hold) = self.holds.iter().find(|hold| !hold.has_struck) {
            return Err(format!("Datagram {} was to be held back and never came.", hold.number));
        }
        match self.promises.iter().find(|(_, change)| change.does_harm()) {
            Some((when, change)) => Err(format!("This was to happen and did not: {change:?}, {when:?}.")),
            None => Ok(()),
        }
    }
}
