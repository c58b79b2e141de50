//! UDP sockets as the live world needs them: they never block, and their buffers hold a burst.

use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Bytes of the largest datagram that UDP can carry, and some more, so that none is cut.
pub(super) const DATAGRAM_MAX: usize = 65_535;

/// Bytes of a socket's buffer, as far as the operating system grants them: about 1,800 datagrams of 1,200 bytes.
const BUFFER: usize = 4 * 1024 * 1024;

/// A socket on a free port of 127.0.0.1.
pub(super) fn open() -> io::Result<UdpSocket> {
    open_at((Ipv4Addr::LOCALHOST, 0).into())
}

/// A socket on a free port from which `peer` can be reached: one of loopback if `peer` is there.
pub(super) fn open_towards(peer: SocketAddr) -> io::Result<UdpSocket> {
    let here: IpAddr = match (peer, peer.ip().is_loopback()) {
        (SocketAddr::V4(_), true) => Ipv4Addr::LOCALHOST.into(),
        (SocketAddr::V4(_), false) => Ipv4Addr::UNSPECIFIED.into(),
        (SocketAddr::V6(_), true) => Ipv6Addr::LOCALHOST.into(),
        (SocketAddr::V6(_), false) => Ipv6Addr::UNSPECIFIED.into(),
    };
    open_at((here, 0).into())
}

/// A socket at this address.
pub(super) fn open_at(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(addr)?;
    socket.set_nonblocking(true)?;
    enlarge(&socket);
    Ok(socket)
}

/// Asks for large buffers. A system that grants less still works; a burst may then overrun them.
pub(super) fn enlarge(socket: &UdpSocket) {
    let _ = set_socket_recv_buffer_size(socket, BUFFER);
    let _ = set_socket_send_buffer_size(socket, BUFFER);
}

/// The length and the sender of the datagram that waits, if there is one. News of an earlier datagram's fate is no error.
pub(super) fn poll(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
    match socket.recv_from(buffer) {
        Ok(received) => Ok(Some(received)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset => Ok(None),
            _ => Err(error),
        },
    }
}
