//! A scripted peer: a raw UDP socket with which a scenario plays the other side, byte by byte.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use super::error::LiveError;
use super::patience::Patience;

/// Bytes of the largest datagram that UDP can carry, and some more, so that none is cut.
pub(super) const BUFFER_LEN: usize = 65_535;

/// A UDP socket on loopback that sends and receives exact bytes.
#[derive(Debug)]
pub struct Peer {
    socket: UdpSocket,
    addr: SocketAddr,
}

impl Peer {
    /// Opens a socket on a free port of 127.0.0.1.
    pub fn bind() -> Result<Self, LiveError> {
        let open = || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            let addr = socket.local_addr()?;
            Ok(Self { socket, addr })
        };
        open().map_err(|source| LiveError::Kit { action: "bind the peer's socket", source })
    }

    /// Where this peer is reached.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Sends one datagram of exactly these bytes.
    pub fn send(&self, datagram: &[u8], to: SocketAddr) -> Result<(), LiveError> {
        match self.socket.send_to(datagram, to) {
            Ok(_) => Ok(()),
            Err(source) => Err(LiveError::Kit { action: "send from the peer's socket", source }),
        }
    }

    /// The next datagram, whole, and where it came from.
    pub fn receive(&self, patience: Patience) -> Result<(Vec<u8>, SocketAddr), LiveError> {
        match patience.until(|| poll(&self.socket).transpose()) {
            Some(Ok(received)) => Ok(received),
            Some(Err(source)) => Err(LiveError::Kit { action: "receive on the peer's socket", source }),
            None => Err(LiveError::NoDatagram { patience }),
        }
    }
}

/// The datagram that waits at a non-blocking socket, if there is one. News of an earlier datagram's fate is no error.
pub(super) fn poll(socket: &UdpSocket) -> io::Result<Option<(Vec<u8>, SocketAddr)>> {
    let mut buffer = [0; BUFFER_LEN];
    match socket.recv_from(&mut buffer) {
        Ok((len, from)) => Ok(Some((buffer[..len].to_vec(), from))),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset => Ok(None),
            _ => Err(error),
        },
    }
}
