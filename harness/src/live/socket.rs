//! UDP sockets on loopback as the live world needs them: they never block, and their buffers hold a burst.

use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Bytes of the largest datagram that UDP can carry, and some more, so that none is cut.
pub(super) const DATAGRAM_MAX: usize = 65_535;

/// Bytes of a socket's buffer, as far as the operating system grants them: about 1,800 datagrams of 1,200 bytes.
const BUFFER: usize = 4 * 1024 * 1024;

/// A socket on a free port of 127.0.0.1.
pub(super) fn open() -> io::Result<UdpSocket> {
    open_at(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// A socket on a free port of loopback, of the address family of `model`.
pub(super) fn open_like(model: SocketAddr) -> io::Result<UdpSocket> {
    match model {
        SocketAddr::V4(_) => open(),
        SocketAddr::V6(_) => open_at(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    }
}

fn open_at(loopback: IpAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((loopback, 0))?;
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
