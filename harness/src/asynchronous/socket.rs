//! The host's UDP socket, in the shape of tokio's.

use super::mailbox::Mailbox;
use super::runtime::Runtime;
use super::shared::Shared;
use crate::machine::{Action, Host};
use crate::simulation::MTU_MAX;
use std::fmt;
use std::io;
use std::rc::Rc;

/// How many datagrams a socket holds that were not received yet, unless it is asked for another number: about as many as
/// Linux does (212,992 bytes, of which a small datagram takes 768).
pub const RECEIVE_BUFFER: usize = 256;

/// A datagram that has arrived.
pub(crate) type Datagram = (Host, Box<[u8]>);

/// What a socket is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// How many datagrams it holds that were not received yet; one more is lost.
    pub receive_buffer: usize,
}

impl Default for SocketOptions {
    fn default() -> Self {
        SocketOptions { receive_buffer: RECEIVE_BUFFER }
    }
}

/// The socket of a host, which has one address and therefore one socket at a time; tasks share it in an `Rc`. Datagrams that
/// arrive when there is none are lost.
pub struct UdpSocket {
    shared: Rc<Shared>,
    arrived: Rc<Mailbox<Datagram>>,
}

impl UdpSocket {
    /// The host's socket.
    ///
    /// # Errors
    /// `AddrInUse`: the host has one already. `NetworkDown`: the host has crashed.
    pub async fn bind(runtime: &Runtime) -> io::Result<UdpSocket> {
        UdpSocket::bind_with(runtime, SocketOptions::default()).await
    }

    /// As [`UdpSocket::bind`], with options.
    ///
    /// # Errors
    /// As [`UdpSocket::bind`].
    pub async fn bind_with(runtime: &Runtime, options: SocketOptions) -> io::Result<UdpSocket> {
        let shared = runtime.0.clone();
        if !shared.is_there() {
            return Err(io::ErrorKind::NetworkDown.into());
        }
        if shared.socket.borrow().is_some() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "the host has a socket already"));
        }
        let arrived = Rc::new(Mailbox::new(options.receive_buffer));
        *shared.socket.borrow_mut() = Some(arrived.clone());
        Ok(UdpSocket { shared, arrived })
    }

    /// Gives a datagram to the network, which may lose, duplicate, delay, reorder or corrupt it; how many bytes it has.
    ///
    /// # Errors
    /// `InvalidInput`: it has more than 65,507 bytes. `NetworkDown`: the host has crashed.
    pub async fn send_to(&self, datagram: &[u8], to: Host) -> io::Result<usize> {
        if datagram.len() > MTU_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a datagram has at most 65507 bytes"));
        }
        if !self.shared.is_there() {
            return Err(io::ErrorKind::NetworkDown.into());
        }
        self.shared.act(Action::Send { to, datagram: datagram.into() });
        Ok(datagram.len())
    }

    /// Waits for the next datagram; its length and its sender. What does not fit into `buffer` is cut off. No datagram is
    /// lost when this is dropped while it waits.
    ///
    /// # Errors
    /// None in the simulation.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, Host)> {
        let (from, datagram) = self.take().await;
        let length = datagram.len().min(buffer.len());
        buffer[..length].copy_from_slice(&datagram[..length]);
        Ok((length, from))
    }

    /// Waits for the next datagram, whole.
    pub(super) async fn take(&self) -> Datagram {
        self.arrived.take().await
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the socket of {:?}", self.shared)
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.shared.socket.take();
    }
}
