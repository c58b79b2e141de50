//! One machine on a real socket and a real clock: what a program's main loop is made of.
//!
//! The machine is the same as in the other worlds; only here do its datagrams really leave the process.

use crate::codec;
use crate::crash::Crash;
use crate::machine::{Action, Host, Machine, Moment, TimerId};
use crate::node::{Event, LocalNode, Node as _};
use crate::random::{Draw as _, Random};
use crate::text;
use crate::time::Time;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recvfrom};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::addresses::Addresses;
use super::program::is_of_the_network;
use super::socket::{DATAGRAM_MAX, enlarge};

/// How many datagrams are handled before the program has its turn.
const TURN_MAX: usize = 64;

/// Why a machine on a real socket cannot go on.
#[derive(Debug)]
pub enum HostError {
    /// The socket does not work.
    Socket(io::Error),
    /// The machine's disk does not work.
    Disk(io::Error),
    /// The machine did not answer, or sent to an address that it was never told.
    Machine(String),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::Socket(error) => write!(f, "the socket does not work: {error}"),
            HostError::Disk(error) => write!(f, "the disk does not work: {error}"),
            HostError::Machine(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for HostError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HostError::Socket(error) | HostError::Disk(error) => Some(error),
            HostError::Machine(_) => None,
        }
    }
}

impl From<Crash> for HostError {
    fn from(crash: Crash) -> HostError {
        HostError::Machine(crash.to_string())
    }
}

impl From<io::Error> for HostError {
    fn from(error: io::Error) -> HostError {
        HostError::Socket(error)
    }
}

/// A machine with a socket, a clock and timers of its own. Its own address is `Host(0)`; the others are counted from 1, first
/// those that are known at the start, then everybody who sends something, in the order in which they come.
pub struct LiveHost<M: Machine> {
    node: LocalNode<M>,
    socket: UdpSocket,
    addresses: Addresses,
    timers: BTreeMap<TimerId, Instant>,
    started: Instant,
    random: Random,
    actions: Vec<Action>,
    buffer: Vec<u8>,
}

impl<M: Machine> LiveHost<M> {
    /// Starts the machine; `known` are the addresses that it may speak to first.
    ///
    /// # Errors
    /// The socket cannot be used, or the machine did not answer.
    pub fn start(machine: M, socket: UdpSocket, known: &[SocketAddr]) -> Result<Self, HostError> {
        socket.set_nonblocking(false)?;
        enlarge(&socket);
        let mut host = LiveHost {
            node: LocalNode::new(machine, |datagram| text::bytes(datagram, 40)),
            addresses: Addresses::new(known),
            timers: BTreeMap::new(),
            started: Instant::now(),
            random: Random::new(RandomState::new().hash_one(socket.local_addr()?)),
            actions: vec![],
            buffer: vec![0; DATAGRAM_MAX],
            socket,
        };
        host.step(Event::Start(&[]))?;
        Ok(host)
    }

    /// The application asks for something; what the machine tells at once is returned.
    ///
    /// # Errors
    /// The machine did not answer, or the socket failed.
    pub fn command(&mut self, command: &M::Command) -> Result<Vec<M::Notice>, HostError> {
        self.step(Event::Command(&codec::encode(command)))
    }

    /// Waits for a datagram or a timer, at most for `patience`, and handles what has come; what the machine tells is
    /// returned.
    ///
    /// # Errors
    /// As [`LiveHost::command`].
    pub fn wait(&mut self, patience: Duration) -> Result<Vec<M::Notice>, HostError> {
        let mut told = vec![];
        if self.take(&mut told)? == 0 {
            let next = self.timers.values().min();
            let now = Instant::now();
            self.sleep(next.map_or(patience, |next| next.saturating_duration_since(now).min(patience)));
            self.take(&mut told)?;
        }
        told.extend(self.run_out()?);
        Ok(told)
    }

    /// Handles the datagrams that are there, and gives their number.
    fn take(&mut self, told: &mut Vec<M::Notice>) -> Result<usize, HostError> {
        for number in 0..TURN_MAX {
            let Some((len, from)) = self.receive()? else { return Ok(number) };
            let Some(from) = self.addresses.host(from) else { continue };
            let buffer = std::mem::take(&mut self.buffer);
            let step = self.step(Event::Datagram { from, datagram: &buffer[..len] });
            self.buffer = buffer;
            told.extend(step?);
        }
        Ok(TURN_MAX)
    }

    /// Sleeps until a datagram is there, at most for `span`.
    fn sleep(&self, span: Duration) {
        let span = Timespec::try_from(span).ok();
        // A signal may end it early, and then the caller waits again.
        let _ = poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], span.as_ref());
    }

    /// Handles the timers whose time has come, the earliest first.
    fn run_out(&mut self) -> Result<Vec<M::Notice>, HostError> {
        let mut told = vec![];
        let now = Instant::now();
        while let Some((timer, _)) = self
            .timers
            .iter()
            .filter(|(_, at)| **at <= now)
            .min_by_key(|(_, at)| **at)
            .map(|(id, at)| (*id, *at))
        {
            self.timers.remove(&timer);
            told.extend(self.step(Event::Timer(timer))?);
        }
        Ok(told)
    }

    /// A datagram that is there. The socket itself blocks, so that a burst waits for room instead of being lost.
    fn receive(&mut self) -> io::Result<Option<(usize, SocketAddr)>> {
        match recvfrom(&self.socket, &mut self.buffer[..], RecvFlags::DONTWAIT) {
            Ok((len, _, from)) => {
                Ok(from.and_then(|from| SocketAddr::try_from(from).ok()).map(|from| (len, from)))
            }
            // Nothing is there; or an earlier datagram found nobody there, which the machine finds out by itself.
            Err(Errno::WOULDBLOCK | Errno::INTR | Errno::CONNREFUSED | Errno::CONNRESET) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn step(&mut self, event: Event<'_>) -> Result<Vec<M::Notice>, HostError> {
        let now = Time::ZERO + self.started.elapsed();
        let mut actions = std::mem::take(&mut self.actions);
        self.node.handle(Moment { now, random: self.random.bits() }, event, &mut actions)?;
        let mut told = vec![];
        for action in actions.drain(..) {
            match action {
                Action::Send { to, datagram } => self.send(to, &datagram)?,
                Action::SetTimer { timer, after } => drop(self.timers.insert(timer, Instant::now() + after)),
                Action::CancelTimer { timer } => drop(self.timers.remove(&timer)),
                Action::Notify(bytes) => told.push(
                    codec::decode(&bytes)
                        .map_err(|error| HostError::Machine(format!("a notice cannot be read: {error}")))?,
                ),
                Action::Disk(_) => {
                    return Err(HostError::Machine("this host has no disk for its machine".into()));
                }
                Action::Discard(_) => {}
            }
        }
        self.actions = actions;
        Ok(told)
    }

    fn send(&self, to: Host, datagram: &[u8]) -> Result<(), HostError> {
        let address = self.addresses.of(to).map_err(HostError::Machine)?;
        match self.socket.send_to(datagram, address) {
            Ok(_) => Ok(()),
            // To the machine a datagram that cannot leave is one that was lost.
            Err(error) if is_of_the_network(&error) => Ok(()),
            Err(error) => Err(HostError::Socket(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Context;
    use crate::time::ms;
    use serde::{Deserialize, Serialize};

    /// Sends what it is asked to its first peer again and again until it is answered; answers everybody else.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Caller {
        asked: Vec<u8>,
    }

    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Words(Vec<u8>);

    impl fmt::Display for Words {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{:?}", self.0)
        }
    }

    impl Machine for Caller {
        type Command = Words;
        type Notice = Words;
        type Timer = ();

        fn on_command(&mut self, Words(words): Words, ctx: &mut Context<Self>) {
            self.asked = words;
            self.on_timer((), ctx);
        }

        fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
            if self.asked.is_empty() {
                ctx.send(from, datagram.to_vec());
            }
            ctx.cancel_timer(());
            ctx.notify(Words(datagram.to_vec()));
        }

        fn on_timer(&mut self, (): (), ctx: &mut Context<Self>) {
            ctx.send(Host(1), self.asked.clone());
            ctx.set_timer((), ms(5));
        }
    }

    fn host(known: &[SocketAddr]) -> (LiveHost<Caller>, SocketAddr) {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let address = socket.local_addr().unwrap();
        (LiveHost::start(Caller { asked: vec![] }, socket, known).unwrap(), address)
    }

    /// Lets it wait until it tells something.
    fn hear(host: &mut LiveHost<Caller>) -> Words {
        (0..1_000).find_map(|_| host.wait(ms(20)).unwrap().pop()).expect("it was sent again and again")
    }

    #[test]
    fn two_hosts_speak_over_real_sockets_and_timers_run_out() {
        let (mut server, address) = host(&[]);
        let (mut client, _) = host(&[address]);
        let asked = Words(b"hello".to_vec());
        assert_eq!(client.command(&asked).unwrap(), []);
        // The first datagram is thrown away, so a timer has to run out.
        let first = server.receive().unwrap();
        assert!(first.is_some());
        let mut told = vec![];
        while told.is_empty() {
            assert_eq!(client.wait(ms(20)).unwrap(), []);
            told = server.wait(ms(1)).unwrap();
        }
        assert_eq!(told[0], asked);
        assert_eq!(hear(&mut client), asked);
    }

    #[test]
    fn an_address_that_nobody_knows_is_an_error_that_says_so() {
        let (mut lonely, _) = host(&[]);
        let error = lonely.command(&Words(vec![1])).unwrap_err();
        assert_eq!(error.to_string(), "nobody knows the address of Host(1)");
    }
}
