//! The network between live programs: forwards datagrams on loopback, does what a [`Plan`] says, and knows what it did.
//!
//! Every client gets an upstream socket of its own, so the server sees distinct sources. The relay sees a datagram
//! only after the operating system has kept it for it: a burst of more than about 100 datagrams overruns a socket's
//! buffer, which no log shows. Compare `arrived` with what was sent where that matters.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use super::log::{Counts, Fate, Record};
pub use super::plan::{Direction, Fault, Plan};

use super::error::LiveError;
use super::peer::poll;

/// Clients that one relay serves; datagrams of further ones are dropped unseen.
pub const CLIENTS_MAX: usize = 64;
/// Datagrams that one relay forwards and logs; a flood ends there.
pub const RECORDS_MAX: usize = 200_000;
/// Datagrams taken from one socket before the next has its turn.
const TURN_MAX: usize = 64;
/// The pause when nothing happened.
const IDLE: Duration = Duration::from_micros(300);

/// A relay at work; dropping it ends its thread and closes its sockets.
#[derive(Debug)]
pub struct Relay {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    log: Arc<Mutex<Vec<Record>>>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Starts to forward between its own address and `server`, as the plan says.
    pub fn start(server: SocketAddr, plan: Plan) -> Result<Self, LiveError> {
        let failed = |source| LiveError::Kit { action: "start the relay", source };
        let front = open_like(server).map_err(failed)?;
        let addr = front.local_addr().map_err(failed)?;
        let stop = Arc::new(AtomicBool::new(false));
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut work = Work::new(front, server, plan, Arc::clone(&log));
        let stopped = Arc::clone(&stop);
        let run = move || {
            while !stopped.load(Ordering::Relaxed) {
                if !work.turn() {
                    thread::sleep(IDLE);
                }
            }
        };
        let thread = thread::Builder::new().name("relay".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { addr, stop, log, thread: Some(thread) })
    }

    /// Where clients send to.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Every datagram so far, in the order of arrival.
    pub fn log(&self) -> Vec<Record> {
        locked(&self.log).clone()
    }

    /// The log of one direction in numbers.
    pub fn counts(&self, direction: Direction) -> Counts {
        Counts::of(&locked(&self.log), direction)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told on standard error when it happened.
            let _ = thread.join();
        }
    }
}

/// A datagram to send when its time has come, on account of the record at `record`.
#[derive(Debug)]
struct Outgoing {
    due: Duration,
    record: usize,
    client: SocketAddr,
    bytes: Vec<u8>,
}

/// One direction: how many datagrams came, which wait for another to pass, which wait for their delay.
#[derive(Debug, Default)]
struct Lane {
    arrived: u64,
    held: BTreeMap<u64, Vec<Outgoing>>,
    queue: VecDeque<Outgoing>,
}

/// What the relay's thread works on.
#[derive(Debug)]
struct Work {
    front: UdpSocket,
    server: SocketAddr,
    upstreams: BTreeMap<SocketAddr, UdpSocket>,
    plan: Plan,
    to_server: Lane,
    to_client: Lane,
    log: Arc<Mutex<Vec<Record>>>,
    started: Instant,
    last_moment: Duration,
}

impl Work {
    fn new(front: UdpSocket, server: SocketAddr, plan: Plan, log: Arc<Mutex<Vec<Record>>>) -> Self {
        Self {
            front,
            server,
            upstreams: BTreeMap::new(),
            plan,
            to_server: Lane::default(),
            to_client: Lane::default(),
            log,
            started: Instant::now(),
            last_moment: Duration::ZERO,
        }
    }

    /// Takes what has arrived and sends what is due; false when there was nothing to do.
    fn turn(&mut self) -> bool {
        let received = self.receive_from_clients() | self.receive_from_server();
        let sent = self.send_due(Direction::ToServer) | self.send_due(Direction::ToClient);
        received || sent
    }

    fn receive_from_clients(&mut self) -> bool {
        let datagrams = take_turn(&self.front);
        let any = !datagrams.is_empty();
        for (datagram, client) in datagrams {
            if self.knows(client) {
                self.arrive(Direction::ToServer, client, datagram);
            }
        }
        any
    }

    fn receive_from_server(&mut self) -> bool {
        let waiting: Vec<_> =
            self.upstreams.iter().map(|(client, socket)| (*client, take_turn(socket))).collect();
        let mut any = false;
        for (client, datagrams) in waiting {
            for (datagram, from) in datagrams {
                any = true;
                // A reply from another port than the server's is no reply of the server.
                if from == self.server {
                    self.arrive(Direction::ToClient, client, datagram);
                }
            }
        }
        any
    }

    /// Gives a new client an upstream socket; false for one too many, or when there is no socket to be had.
    fn knows(&mut self, client: SocketAddr) -> bool {
        if self.upstreams.contains_key(&client) {
            return true;
        }
        if self.upstreams.len() == CLIENTS_MAX {
            return false;
        }
        open_like(self.server).map(|socket| self.upstreams.insert(client, socket)).is_ok()
    }

    /// Logs a datagram, does what the plan says, and frees those that waited for it.
    fn arrive(&mut self, direction: Direction, client: SocketAddr, datagram: Vec<u8>) {
        let arrived = self.moment();
        let record = locked(&self.log).len();
        if record == RECORDS_MAX {
            return;
        }
        let lane = match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        };
        lane.arrived += 1;
        let number = lane.arrived;
        let fault = self.plan.fault_for(direction, number);
        let (fate, copies) = suffer(fault, &datagram);
        let due = arrived + self.plan.delay_of(direction);
        let outgoing = copies.into_iter().map(|bytes| Outgoing { due, record, client, bytes });
        match fault {
            Some(Fault::HoldUntil(later)) if *later > number => {
                lane.held.entry(*later).or_default().extend(outgoing);
            }
            _ => lane.queue.extend(outgoing),
        }
        for mut freed in lane.held.remove(&number).unwrap_or_default() {
            freed.due = due;
            lane.queue.push_back(freed);
        }
        let forwarded = Vec::new();
        locked(&self.log).push(Record { direction, number, arrived, datagram, fate, forwarded });
    }

    fn send_due(&mut self, direction: Direction) -> bool {
        let mut any = false;
        while let Some(outgoing) = self.next_due(direction) {
            any = true;
            self.send(direction, outgoing);
        }
        any
    }

    fn next_due(&mut self, direction: Direction) -> Option<Outgoing> {
        let now = self.moment();
        let lane = match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        };
        lane.queue.pop_front_if(|outgoing| outgoing.due <= now)
    }

    /// Sends and logs under one lock, so that whoever has the datagram finds it in the log. The moment is taken when it
    /// was sent: by then it had reached the socket of the other side.
    fn send(&mut self, direction: Direction, outgoing: Outgoing) {
        let log = Arc::clone(&self.log);
        let mut log = locked(&log);
        let sent = match direction {
            Direction::ToServer => self.upstreams[&outgoing.client].send_to(&outgoing.bytes, self.server),
            Direction::ToClient => self.front.send_to(&outgoing.bytes, outgoing.client),
        };
        // What the operating system refuses to send is lost, and the log says so.
        if sent.is_ok() {
            log[outgoing.record].forwarded.push((self.moment(), outgoing.bytes));
        }
    }

    /// The time since the start, and later than any moment before.
    fn moment(&mut self) -> Duration {
        let earliest = self.last_moment + Duration::from_nanos(1);
        self.last_moment = self.started.elapsed().max(earliest);
        self.last_moment
    }
}

/// What becomes of a datagram, and what is to go on.
fn suffer(fault: Option<&Fault>, datagram: &[u8]) -> (Fate, Vec<Vec<u8>>) {
    let same = datagram.to_vec();
    match fault {
        None => (Fate::Forwarded, vec![same]),
        Some(Fault::Lose) => (Fate::Lost, Vec::new()),
        Some(Fault::Duplicate) => (Fate::Duplicated, vec![same.clone(), same]),
        Some(Fault::Corrupt { bit }) => (Fate::Corrupted, vec![flipped(same, *bit)]),
        Some(Fault::HoldUntil(_)) => (Fate::Held, vec![same]),
        Some(Fault::Replace(bytes)) => (Fate::Replaced, vec![bytes.clone()]),
        Some(Fault::Inject(bytes)) => (Fate::Injected, vec![same, bytes.clone()]),
    }
}

/// An empty datagram has no bit to flip and stays as it is.
fn flipped(mut datagram: Vec<u8>, bit: usize) -> Vec<u8> {
    if let Some(bit) = bit.checked_rem(8 * datagram.len()) {
        datagram[bit / 8] ^= 0x80 >> (bit % 8);
    }
    datagram
}

fn take_turn(socket: &UdpSocket) -> Vec<(Vec<u8>, SocketAddr)> {
    // A socket that fails has nothing to give; the next turn asks again.
    std::iter::from_fn(|| poll(socket).ok().flatten()).take(TURN_MAX).collect()
}

/// A non-blocking socket on loopback, of the address family of `model`.
fn open_like(model: SocketAddr) -> io::Result<UdpSocket> {
    let loopback = match model {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let socket = UdpSocket::bind((loopback, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn locked(log: &Mutex<Vec<Record>>) -> MutexGuard<'_, Vec<Record>> {
    log.lock().expect("nothing panics while it holds this lock")
}
