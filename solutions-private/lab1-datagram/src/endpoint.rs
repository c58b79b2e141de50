//! Part B: a UDP socket that speaks messages, and that no datagram can break.
//!
//! - **B1** `send` puts a message into one datagram. A message that does not fit is an error, never cut.
//! - **B2** `recv` gives a message exactly as it was sent: it never cuts a legal datagram, and never adds bytes of an
//!   earlier one.
//! - **B3** A datagram that does not decode is dropped and counted, and `recv` goes on to wait.
//! - **B4** `ConnectionRefused`, `ConnectionReset` and `Interrupted` tell that an earlier datagram found nobody, or
//!   nothing at all; `recv` goes on to wait. Any other error ends it.
//! - **B5** `recv` waits without using the processor, and may be cancelled: no datagram and no count is lost.
// SOLUTION: #![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]
// END SOLUTION

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

// SOLUTION
use lab1_kit::message::MAX_DATAGRAM;
// END SOLUTION
use lab1_kit::message::{EncodeError, Message};
// SOLUTION
use tokio::net::UdpSocket;

use crate::wire::{decode, encode};

/// One byte more than is legal, so that a datagram that is too large is not cut to one that looks legal.
const BUFFER_LEN: usize = MAX_DATAGRAM + 1;
// END SOLUTION

/// A bound UDP socket that sends and receives messages.
#[derive(Debug)]
pub struct Endpoint {
    // SOLUTION: // Yours: the socket, and what is counted.
    socket: UdpSocket,
    bad: u64,
    // END SOLUTION
}

/// Why a message was not sent.
#[derive(Debug)]
pub enum SendError {
    /// It does not fit a datagram.
    Encode(EncodeError),
    /// The operating system refused it.
    Io(io::Error),
}

impl Endpoint {
    /// Binds a socket to this address; port 0 lets the operating system choose a free one.
    pub async fn bind(addr: SocketAddr) -> io::Result<Self> {
        // SOLUTION: todo!("lab 1, part B: Endpoint::bind")
        Ok(Self { socket: UdpSocket::bind(addr).await?, bad: 0 })
        // END SOLUTION
    }

    /// The address that the socket is bound to, with the port that was chosen.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        // SOLUTION: todo!("lab 1, part B: Endpoint::local_addr")
        self.socket.local_addr()
        // END SOLUTION
    }

    /// Sends a message as one datagram (B1).
    pub async fn send(&self, message: &Message, to: SocketAddr) -> Result<(), SendError> {
        // SOLUTION: todo!("lab 1, part B: Endpoint::send")
        let datagram = encode(message).map_err(SendError::Encode)?;
        self.socket.send_to(&datagram, to).await.map_err(SendError::Io)?;
        Ok(())
        // END SOLUTION
    }

    /// Waits for the next message and gives it with the address that it came from (B2 to B5).
    pub async fn recv(&mut self) -> io::Result<(Message, SocketAddr)> {
        // SOLUTION: todo!("lab 1, part B: Endpoint::recv")
        let mut buffer = [0; BUFFER_LEN];
        loop {
            match self.socket.recv_from(&mut buffer).await {
                Ok((len, from)) => match decode(&buffer[..len]) {
                    Ok(message) => return Ok((message, from)),
                    Err(_) => self.bad += 1,
                },
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        // END SOLUTION
    }

    /// How many datagrams were dropped because they did not decode (B3).
    pub fn bad(&self) -> u64 {
        // SOLUTION: todo!("lab 1, part B: Endpoint::bad")
        self.bad
        // END SOLUTION
    }
}
// SOLUTION

/// Whether an error is news of an earlier datagram, or of nothing, and not of this socket (B4).
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | Interrupted)
}
// END SOLUTION

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => write!(f, "the message does not fit a datagram: {error}"),
            Self::Io(error) => write!(f, "the datagram was not sent: {error}"),
        }
    }
}

impl Error for SendError {}
