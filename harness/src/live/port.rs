//! A UDP port that is this test's alone, so that a server can be killed and come up again at the same address.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use super::error::LiveError;
use super::network::Network;

/// Ports that are tried: below those that operating systems hand out, so that nobody comes by chance.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A UDP port of 127.0.0.1 on which nobody listens yet, and which no other test is given until this is dropped.
///
/// The TCP port of the same number is what marks it as taken, also for other processes; the UDP port is free for a program.
#[derive(Debug)]
pub struct Port {
    addr: SocketAddr,
    _mark: TcpListener,
}

impl Port {
    /// Takes a port.
    ///
    /// # Errors
    /// The machine has none.
    pub fn reserve() -> Result<Self, LiveError> {
        Self::reserve_on(&Network::default())
    }

    /// Takes a port of this network.
    ///
    /// # Errors
    /// It has none.
    pub fn reserve_on(network: &Network) -> Result<Self, LiveError> {
        // Tests that run side by side begin at different places.
        let start = std::process::id() as usize % PORTS.len();
        let ports = PORTS.cycle().skip(start).take(PORTS.len());
        let free = || {
            let taken =
                ports.into_iter().find_map(|port| take(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
            taken.ok_or_else(|| io::Error::from(io::ErrorKind::AddrInUse))
        };
        network.within(free).map_err(|source| LiveError::Kit { action: "find a free port", source })
    }

    /// The address, for a command line and for a relay.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

fn take(addr: SocketAddr) -> Option<Port> {
    let mark = TcpListener::bind(addr).ok()?;
    UdpSocket::bind(addr).is_ok().then_some(Port { addr, _mark: mark })
}
