//! The sockets of a relay: one for all clients, and one to the server for each client.

use super::relay::{CLIENTS, CLIENTS_MAX, SERVER};
use super::socket::{self, DATAGRAM_MAX};
use crate::machine::Host;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Datagrams taken from one socket before the next has its turn.
const TURN_MAX: usize = 64;
/// The pause when the operating system cannot wait for us.
const BREATH: Duration = Duration::from_millis(1);

/// A datagram that has come.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) from: Host,
    pub(super) to: Host,
    /// Which client sent it or is to get it.
    pub(super) client: usize,
    pub(super) datagram: Arc<[u8]>,
}

/// The sockets, and what ends a wait for them early.
#[derive(Debug)]
pub(super) struct Wires {
    server: SocketAddr,
    front: UdpSocket,
    clients: BTreeMap<SocketAddr, usize>,
    upstreams: Vec<(SocketAddr, UdpSocket)>,
    wake: UnixStream,
    buffer: Box<[u8]>,
}

impl Wires {
    pub(super) fn new(server: SocketAddr, wake: UnixStream) -> io::Result<Wires> {
        wake.set_nonblocking(true)?;
        let front = socket::open_like(server)?;
        let buffer = vec![0; DATAGRAM_MAX].into_boxed_slice();
        Ok(Wires { server, front, clients: BTreeMap::new(), upstreams: vec![], wake, buffer })
    }

    /// Where clients send to.
    pub(super) fn addr(&self) -> io::Result<SocketAddr> {
        self.front.local_addr()
    }

    /// Waits for datagrams, for a wake-up, or until the pause is over; takes what has come.
    pub(super) fn wait(&mut self, pause: Option<Duration>) -> Vec<Arrival> {
        let ready = self.ready(pause);
        // What is in the pipe says nothing but that it is there.
        let _ = self.wake.read(&mut self.buffer);
        let mut arrivals = vec![];
        for index in ready {
            match index.checked_sub(1) {
                None => self.take_from_clients(&mut arrivals),
                Some(client) => self.take_from_server(client, &mut arrivals),
            }
        }
        arrivals
    }

    /// Which sockets have something: 0 is the clients', the others are the upstreams.
    fn ready(&self, pause: Option<Duration>) -> Vec<usize> {
        let sockets = std::iter::once(&self.front).chain(self.upstreams.iter().map(|(_, socket)| socket));
        let mut fds: Vec<_> = sockets.map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        fds.push(PollFd::new(&self.wake, PollFlags::IN));
        let pause = pause.and_then(|pause| Timespec::try_from(pause).ok());
        if poll(&mut fds, pause.as_ref()).is_err() {
            // A signal came, or memory is short: the next turn asks again.
            thread::sleep(BREATH);
            return vec![];
        }
        let sockets = fds.iter().take(self.upstreams.len() + 1).enumerate();
        sockets.filter(|(_, fd)| !fd.revents().is_empty()).map(|(index, _)| index).collect()
    }

    fn take_from_clients(&mut self, arrivals: &mut Vec<Arrival>) {
        for _ in 0..TURN_MAX {
            // A socket that fails has nothing to give; the next turn asks again.
            let Ok(Some((len, addr))) = socket::poll(&self.front, &mut self.buffer) else { return };
            if let Some(client) = self.client(addr) {
                let datagram = self.buffer[..len].into();
                arrivals.push(Arrival { from: CLIENTS, to: SERVER, client, datagram });
            }
        }
    }

    fn take_from_server(&mut self, client: usize, arrivals: &mut Vec<Arrival>) {
        for _ in 0..TURN_MAX {
            let socket = &self.upstreams[client].1;
            let Ok(Some((len, addr))) = socket::poll(socket, &mut self.buffer) else { return };
            // A reply from another port than the server's is no reply of the server.
            if addr == self.server {
                let datagram = self.buffer[..len].into();
                arrivals.push(Arrival { from: SERVER, to: CLIENTS, client, datagram });
            }
        }
    }

    /// The number of a client; a new one gets a socket of its own. `None` for one too many, or without a socket.
    fn client(&mut self, addr: SocketAddr) -> Option<usize> {
        if let Some(client) = self.clients.get(&addr) {
            return Some(*client);
        }
        if self.upstreams.len() == CLIENTS_MAX {
            return None;
        }
        let socket = socket::open_like(self.server).ok()?;
        self.upstreams.push((addr, socket));
        self.clients.insert(addr, self.upstreams.len() - 1);
        Some(self.upstreams.len() - 1)
    }

    /// Sends to the server for a client, or to the client.
    pub(super) fn send(&self, to: Host, client: usize, datagram: &[u8]) -> io::Result<usize> {
        let (addr, upstream) = &self.upstreams[client];
        match to {
            SERVER => upstream.send_to(datagram, self.server),
            _ => self.front.send_to(datagram, addr),
        }
    }
}
