//! The sockets of a relay: one for all clients, and one to the server for each client.

use super::network::Network;
use super::relay::{CLIENTS, CLIENTS_MAX, SERVER};
use super::socket::{self, DATAGRAM_MAX};
use crate::machine::Host;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};
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

/// A client, and the socket through which the server knows it.
#[derive(Debug)]
struct Upstream {
    client: SocketAddr,
    socket: UdpSocket,
    /// How many datagrams of clients had come when this one was last heard.
    heard: u64,
}

/// The sockets, and what ends a wait for them early.
#[derive(Debug)]
pub(super) struct Wires {
    servers: Network,
    server: SocketAddr,
    front: UdpSocket,
    clients: BTreeMap<SocketAddr, usize>,
    /// By the client's number. Numbers are not used again: what is still on the way to a client that has made room for
    /// another must not go to that one.
    upstreams: BTreeMap<usize, Upstream>,
    next_client: usize,
    heard: u64,
    wake: UnixStream,
    buffer: Box<[u8]>,
}

/// A socket with something to take.
enum Ready {
    Clients,
    ServerFor(usize),
}

impl Wires {
    pub(super) fn new(
        front: UdpSocket,
        servers: Network,
        server: SocketAddr,
        wake: UnixStream,
    ) -> io::Result<Wires> {
        wake.set_nonblocking(true)?;
        let buffer = vec![0; DATAGRAM_MAX].into_boxed_slice();
        let (clients, upstreams) = (BTreeMap::new(), BTreeMap::new());
        Ok(Wires { servers, server, front, clients, upstreams, next_client: 0, heard: 0, wake, buffer })
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
        for socket in ready {
            match socket {
                Ready::Clients => self.take_from_clients(&mut arrivals),
                Ready::ServerFor(client) => self.take_from_server(client, &mut arrivals),
            }
        }
        arrivals
    }

    fn ready(&self, pause: Option<Duration>) -> Vec<Ready> {
        let upstreams = self.upstreams.values().map(|upstream| &upstream.socket);
        let sockets = std::iter::once(&self.front).chain(upstreams);
        let mut fds: Vec<_> = sockets.map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        fds.push(PollFd::new(&self.wake, PollFlags::IN));
        let pause = pause.and_then(|pause| Timespec::try_from(pause).ok());
        if poll(&mut fds, pause.as_ref()).is_err() {
            // A signal came, or memory is short: the next turn asks again.
            thread::sleep(BREATH);
            return vec![];
        }
        let names =
            std::iter::once(Ready::Clients).chain(self.upstreams.keys().copied().map(Ready::ServerFor));
        names.zip(&fds).filter(|(_, fd)| !fd.revents().is_empty()).map(|(name, _)| name).collect()
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
            // It may have made room for another a moment ago.
            let Some(upstream) = self.upstreams.get(&client) else { return };
            let Ok(Some((len, addr))) = socket::poll(&upstream.socket, &mut self.buffer) else { return };
            // A reply from another port than the server's is no reply of the server.
            if addr == self.server {
                let datagram = self.buffer[..len].into();
                arrivals.push(Arrival { from: SERVER, to: CLIENTS, client, datagram });
            }
        }
    }

    /// The number of a client that was heard; a new one gets a socket of its own. `None` when there is no socket to be had.
    fn client(&mut self, addr: SocketAddr) -> Option<usize> {
        self.heard += 1;
        if let Some(client) = self.clients.get(&addr) {
            self.upstreams.get_mut(client)?.heard = self.heard;
            return Some(*client);
        }
        if self.upstreams.len() == CLIENTS_MAX {
            self.make_room();
        }
        let server = self.server;
        let socket = self.servers.within(|| socket::open_towards(server)).ok()?;
        let client = self.next_client;
        self.next_client += 1;
        self.upstreams.insert(client, Upstream { client: addr, socket, heard: self.heard });
        self.clients.insert(addr, client);
        Some(client)
    }

    /// Forgets the client that was silent for the longest.
    fn make_room(&mut self) {
        let silent =
            self.upstreams.iter().min_by_key(|(_, upstream)| upstream.heard).map(|(client, _)| *client);
        if let Some(upstream) = silent.and_then(|client| self.upstreams.remove(&client)) {
            self.clients.remove(&upstream.client);
        }
    }

    /// Sends to the server for a client, or to the client.
    pub(super) fn send(&self, to: Host, client: usize, datagram: &[u8]) -> io::Result<usize> {
        let upstream = self.upstreams.get(&client).ok_or(ErrorKind::NotConnected)?;
        match to {
            SERVER => upstream.socket.send_to(datagram, self.server),
            _ => self.front.send_to(datagram, upstream.client),
        }
    }
}
