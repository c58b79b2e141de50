//! Part B: a UDP socket that speaks messages, and that no datagram can break.
//!
//! - **B1** `send` puts a message into one datagram. A message that does not fit is an error, never cut.
//! - **B2** `recv` gives a message exactly as it was sent: it never cuts a legal datagram, and never adds bytes of an
//!   earlier one.
//! - **B3** A datagram that does not decode is dropped and counted, and `recv` goes on to wait.
//! - **B4** `ConnectionRefused`, `ConnectionReset` and `Interrupted` tell that an earlier datagram found nobody, or
//!   nothing at all; `recv` goes on to wait. Any other error ends it.
//! - **B5** `recv` waits without using the processor, and may be cancelled: no datagram and no count is lost.
#![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use lab1_kit::message::{EncodeError, Message};

/// A bound UDP socket that sends and receives messages.
#[derive(Debug)]
pub struct Endpoint {
    // Yours: the socket, and what is counted.
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
        todo!("lab 1, part B: Endpoint::bind")
    }

    /// The address that the socket is bound to, with the port that was chosen.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        todo!("lab 1, part B: Endpoint::local_addr")
    }

    /// Sends a message as one datagram (B1).
    pub async fn send(&self, message: &Message, to: SocketAddr) -> Result<(), SendError> {
        todo!("lab 1, part B: Endpoint::send")
    }

    /// Waits for the next message and gives it with the address that it came from (B2 to B5).
    pub async fn recv(&mut self) -> io::Result<(Message, SocketAddr)> {
        todo!("lab 1, part B: Endpoint::recv")
    }

    /// How many datagrams were dropped because they did not decode (B3).
    pub fn bad(&self) -> u64 {
        todo!("lab 1, part B: Endpoint::bad")
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => write!(f, "the message does not fit a datagram: {error}"),
            Self::Io(error) => write!(f, "the datagram was not sent: {error}"),
        }
    }
}

impl Error for SendError {}
