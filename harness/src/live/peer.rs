//! A scripted peer: a raw UDP socket with which a scenario plays the other side, byte by byte.

use std::net::{SocketAddr, UdpSocket};

use super::error::LiveError;
use super::network::Network;
use super::patience::Patience;
use super::socket::{self, DATAGRAM_MAX};

/// A UDP socket on loopback that sends and receives exact bytes.
#[derive(Debug)]
pub struct Peer {
    socket: UdpSocket,
    addr: SocketAddr,
}

impl Peer {
    /// Opens a socket on a free port of 127.0.0.1.
    pub fn bind() -> Result<Self, LiveError> {
        Self::bind_on(&Network::default())
    }

    /// Opens a socket as [`Peer::bind`] does, in this network.
    pub fn bind_on(network: &Network) -> Result<Self, LiveError> {
        let open = || {
            let socket = socket::open()?;
            let addr = socket.local_addr()?;
            Ok(Self { socket, addr })
        };
        network.within(open).map_err(|source| LiveError::Kit { action: "bind the peer's socket", source })
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
        let mut buffer = [0; DATAGRAM_MAX];
        match patience.until(|| socket::poll(&self.socket, &mut buffer).transpose()) {
            Some(Ok((len, from))) => Ok((buffer[..len].to_vec(), from)),
            Some(Err(source)) => Err(LiveError::Kit { action: "receive on the peer's socket", source }),
            None => Err(LiveError::NoDatagram { patience }),
        }
    }
}
