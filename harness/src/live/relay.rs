//! The network between live programs: forwards datagrams on loopback, does to them what the simulation's network would, and
//! knows what it did. A scenario tells it so in the simulation's own words: [`Link`], [`Rule`], [`Change`].
//!
//! Every client gets an upstream socket of its own, so the server sees distinct sources. The relay sees a datagram
//! only after the operating system has kept it for it: a burst may overrun a socket's buffer, which no log shows. Compare
//! `sent` with what was sent where that matters. Read next: `traffic.rs`.

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use super::done::Done;
pub use super::log::{Fate, LOG_BYTES_MAX, RECORDS_MAX, Record};

use super::error::LiveError;
use super::log::Log;
use super::network::Network;
use super::socket;
use super::traffic::{Traffic, When};
use super::wires::Wires;
use crate::machine::Host;
use crate::scenario::{Failure, Outcome};
use crate::simulation::{Change, Counts, Link, Rule};

/// The side of all clients.
pub const CLIENTS: Host = Host(0);
/// The side of the server.
pub const SERVER: Host = Host(1);
/// Clients that one relay serves at a time. For a further one it forgets the one that was silent for the longest, to which
/// the server is then a stranger.
pub const CLIENTS_MAX: usize = 64;

/// A relay at work; dropping it ends its thread and closes its sockets.
///
/// What becomes of a datagram depends on the seed, the direction and the datagram's number in it, counted over all clients:
/// the same seed has the same faults as in a simulation of two hosts. Give each relay of a scenario a seed of its own.
pub struct Relay {
    addr: SocketAddr,
    traffic: Arc<Mutex<Traffic>>,
    wake: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Starts to forward between a free port of loopback and `server`, both ways at once and without faults.
    pub fn start(server: SocketAddr, seed: u64) -> Result<Self, LiveError> {
        Self::between(&Network::default(), &Network::default(), server, seed)
    }

    /// Starts as [`Relay::start`] does, between a network that has the clients and one that has the servers.
    pub fn between(
        clients: &Network,
        servers: &Network,
        server: SocketAddr,
        seed: u64,
    ) -> Result<Self, LiveError> {
        let front = clients.within(|| socket::open_towards(server));
        let front = front.map_err(|source| LiveError::Kit { action: "open the relay's socket", source })?;
        Self::start_on(front, servers.clone(), server, seed)
    }

    /// Starts as [`Relay::start`] does, at an address that is given.
    ///
    /// # Errors
    /// [`LiveError::Kit`] when there is no socket to be had at this address.
    pub fn start_at(listen: SocketAddr, server: SocketAddr, seed: u64) -> Result<Self, LiveError> {
        let front = socket::open_at(listen);
        let front = front.map_err(|source| LiveError::Kit { action: "listen there", source })?;
        Self::start_on(front, Network::default(), server, seed)
    }

    fn start_on(
        front: UdpSocket,
        servers: Network,
        server: SocketAddr,
        seed: u64,
    ) -> Result<Self, LiveError> {
        let failed = |source| LiveError::Kit { action: "start the relay", source };
        let (wake, woken) = UnixStream::pair().map_err(failed)?;
        wake.set_nonblocking(true).map_err(failed)?;
        let wires = Wires::new(front, servers, server, woken).map_err(failed)?;
        let addr = wires.addr().map_err(failed)?;
        let mut traffic = Traffic::new(seed);
        traffic.network.set_all(direct());
        let traffic = Arc::new(Mutex::new(traffic));
        let shared = Arc::clone(&traffic);
        let thread = thread::Builder::new().name("relay".to_owned()).spawn(move || run(wires, &shared));
        Ok(Self { addr, traffic, wake, thread: Some(thread.map_err(failed)?) })
    }

    /// Where clients send to.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What one direction is like from now on.
    pub fn link(&self, from: Host, to: Host, link: Link) {
        checked(from, to);
        self.work(|traffic| *traffic.network.link(from, to) = link);
    }

    /// What both directions are like from now on.
    pub fn links(&self, link: Link) {
        self.work(|traffic| traffic.network.set_all(link));
    }

    /// A fault for certain datagrams of one direction. [`Relay::require_faults`] checks that it has struck.
    pub fn rule(&self, rule: Rule<'static>) {
        checked(rule.from, rule.to);
        self.work(|traffic| traffic.network.rule(rule));
    }

    /// Datagram `number` of a direction goes on only right after datagram `until` was dealt with: a delay that needs no
    /// clock. If `until` never comes, nor does it.
    ///
    /// # Panics
    /// `until` is not the later one.
    pub fn hold(&self, from: Host, to: Host, number: u64, until: u64) {
        assert!(until > number, "datagram {number} cannot be held until {until} has gone");
        checked(from, to);
        self.work(|traffic| traffic.hold(from, to, number, until));
    }

    /// Changes a link, or injects a datagram, now: into the conversation of the client of the latest datagram.
    ///
    /// # Errors
    /// No client has sent anything yet, so that nobody can get the datagram: the kit is to blame.
    ///
    /// # Panics
    /// The change is none of a link's: hosts are processes here, which are paused, killed and restarted themselves.
    pub fn change(&self, change: &Change) -> Outcome {
        of_a_link(change);
        self.work(|traffic| traffic.change(change)).map_err(Failure::of_the_kit)
    }

    /// Changes a link, or injects a datagram, `after` from now.
    ///
    /// # Panics
    /// As [`Relay::change`].
    pub fn schedule(&self, after: Duration, change: Change) {
        of_a_link(&change);
        self.work(|traffic| {
            let at = traffic.moment() + after;
            traffic.promise(When::At(at), change);
        });
    }

    /// Changes a link, or injects a datagram, right after datagram `number` of a direction was dealt with.
    ///
    /// # Panics
    /// As [`Relay::change`].
    pub fn after_datagram(&self, from: Host, to: Host, number: u64, change: Change) {
        checked(from, to);
        of_a_link(&change);
        self.work(|traffic| traffic.promise(When::Passed(from, to, number), change));
    }

    /// The network stops losing, duplicating, corrupting and reordering by chance, and no link is cut; what links can carry
    /// stays, and so do rules.
    pub fn heal(&self) {
        self.work(|traffic| traffic.network.heal());
    }

    /// From now on the network is fair: it heals, rules strike no more, what is held back goes, and changes that are still to
    /// come and do harm do not.
    pub fn stop_faults(&self) {
        self.work(Traffic::stop_faults);
    }

    /// From now on every datagram is kept for [`Relay::log`], up to [`RECORDS_MAX`] of them and [`LOG_BYTES_MAX`]; a flood
    /// ends there, since a log must not lie.
    pub fn keep_log(&self) {
        self.work(|traffic| {
            traffic.log.get_or_insert_default();
        });
    }

    /// Every datagram since [`Relay::keep_log`], in the order of arrival.
    pub fn log(&self) -> Vec<Record> {
        self.traffic().log.as_ref().map(|log: &Log| log.records.clone()).unwrap_or_default()
    }

    /// What the relay did in one direction so far; `sent` is what has arrived at the relay.
    pub fn counts(&self, from: Host, to: Host) -> Counts {
        checked(from, to);
        self.traffic().network.counts(from, to)
    }

    /// What the relay did so far, in words.
    pub fn done(&self) -> Done<'_> {
        Done(self)
    }

    /// Datagrams that arrived and that it dropped unseen, because its log or its queue was full.
    pub fn turned_away(&self) -> u64 {
        self.traffic().turned_away
    }

    /// The kit's own check that this run had the faults that it was to have: rates, rules, holds and changes.
    ///
    /// # Errors
    /// One of them never happened: the kit is to blame.
    pub fn require_faults(&self) -> Outcome {
        self.traffic().require_faults().map_err(Failure::of_the_kit)
    }

    /// Works on the traffic, and lets the relay's thread see at once what came of it.
    fn work<T>(&self, work: impl FnOnce(&mut Traffic) -> T) -> T {
        let result = work(&mut self.traffic());
        // A full pipe wakes as well as one more byte.
        let _ = (&self.wake).write(&[0]);
        result
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        locked(&self.traffic)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Poisoned when the thread has panicked, and then it has ended already.
        if let Ok(mut traffic) = self.traffic.lock() {
            traffic.is_over = true;
        }
        let _ = (&self.wake).write(&[0]);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told on standard error when it happened.
            let _ = thread.join();
        }
    }
}

/// A link that adds nothing to what loopback itself takes, as a relay has it at first.
#[must_use]
pub fn direct() -> Link {
    Link { latency_min: Duration::ZERO, latency_max: Duration::ZERO, ..Link::default() }
}

/// The relay's thread.
fn run(mut wires: Wires, shared: &Mutex<Traffic>) {
    let mut pause = None;
    loop {
        let arrivals = wires.wait(pause);
        let mut traffic = locked(shared);
        if traffic.is_over {
            return;
        }
        arrivals.into_iter().for_each(|arrival| traffic.arrive(arrival));
        traffic.keep_due_promises();
        // Sent and booked under one lock, so that whoever has the datagram finds it in the log.
        while let Some(outgoing) = traffic.next_due() {
            let accepted = wires.send(outgoing.to, outgoing.client, &outgoing.datagram).is_ok();
            traffic.sent(outgoing, accepted);
        }
        pause = traffic.pause();
    }
}

fn locked(shared: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    shared.lock().expect("a panic while the relay works is the scenario's, and stands above")
}

/// Checks that a relay has this direction.
fn checked(from: Host, to: Host) {
    let is_one = [(CLIENTS, SERVER), (SERVER, CLIENTS)].contains(&(from, to));
    assert!(is_one, "a relay stands between CLIENTS and SERVER, not between {from:?} and {to:?}");
}

/// Checks that a relay can make this change.
fn of_a_link(change: &Change) {
    match change {
        Change::Cut(from, to)
        | Change::Heal(from, to)
        | Change::Link(from, to, _)
        | Change::Inject(from, to, _) => checked(*from, *to),
        other => panic!("a relay changes links; {other:?} is for a process"),
    }
}
