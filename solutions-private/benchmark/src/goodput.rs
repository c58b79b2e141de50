//! How fast `rcp` carries bytes between two sockets of loopback, beside TCP of the same kernel with pieces of the same size.
//!
//! Both run in two threads of this process. What `rcp` carries is numbered, acknowledged and checked three times over in
//! user space; TCP's checks on loopback are none.

use lab2_kit::rcp::CopyError;
use lab2_kit::rcp::transfer::{Options, Side};
use lab2_reliable::Connection;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;

/// What is carried, and in which pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) bytes: u64,
    pub(crate) piece: u32,
    /// How many pieces may be in flight; TCP decides for itself.
    pub(crate) window: u32,
}

/// How much of TCP's rate the reference is to have.
pub(crate) const TARGET_RATIO: f64 = 0.25;

const LOOPBACK: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// Carries them with the reference's connection, as `rcp` does; gives kilobytes.
pub(crate) fn reference(load: Load) -> Result<u64, String> {
    let listening = UdpSocket::bind(LOOPBACK).map_err(told)?;
    let to = listening.local_addr().map_err(told)?;
    let options = Options { window: load.window, message: load.piece, ..Options::default() };
    let receiver = thread::spawn(move || -> Result<u64, CopyError> {
        let mut side = Side::listen(Connection::new, listening, options)?;
        side.receive(&mut io::sink(), || Ok(()), |_| ())
    });
    let send = || {
        let socket = UdpSocket::bind(LOOPBACK).map_err(|error| CopyError::Socket(to, error))?;
        let mut side = Side::connect(Connection::new, socket, to, options)?;
        side.send(&mut io::repeat(7).take(load.bytes), load.bytes, |_| ())
    };
    send().map_err(told)?;
    finished(receiver, load)
}

/// Carries them over TCP.
pub(crate) fn tcp(load: Load) -> Result<u64, String> {
    let listener = TcpListener::bind(LOOPBACK).map_err(told)?;
    let to = listener.local_addr().map_err(told)?;
    let receiver = thread::spawn(move || -> io::Result<u64> {
        let (mut stream, _) = listener.accept()?;
        let mut piece = vec![0; load.piece as usize];
        let mut received = 0;
        loop {
            match stream.read(&mut piece)? {
                0 => return Ok(received),
                len => received += len as u64,
            }
        }
    });
    send_tcp(to, load).map_err(told)?;
    finished(receiver, load)
}

fn send_tcp(to: SocketAddr, load: Load) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    let mut source = io::repeat(7).take(load.bytes);
    let mut piece = vec![0; load.piece as usize];
    loop {
        match source.read(&mut piece)? {
            0 => return Ok(()),
            len => stream.write_all(&piece[..len])?,
        }
    }
}

fn finished<E: fmt::Display>(
    receiver: thread::JoinHandle<Result<u64, E>>,
    load: Load,
) -> Result<u64, String> {
    let received = receiver.join().map_err(|_| "the receiving thread panicked".to_string())?.map_err(told)?;
    if received != load.bytes {
        return Err(format!("{received} of {} bytes arrived", load.bytes));
    }
    Ok(received / 1_000)
}

fn told(error: impl fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_carry_all_bytes() {
        for piece in [1_000, 60_000] {
            let load = Load { bytes: 1_000_001, piece, window: 8 };
            assert_eq!((reference(load).unwrap(), tcp(load).unwrap()), (1_000, 1_000));
        }
    }
}
