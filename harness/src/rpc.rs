//! A finished RPC, for labs that need one below them: calls over streams such as TCP connections.
//!
//! It is of another design than lab 3's. The stream has solved loss, copies and order, so a request is written once and
//! never again, and nobody remembers replies: a connection that breaks takes the fate of its unfinished calls along. What
//! keeps a server from too many calls is the stream too: it reads no further than it can execute.
//!
//! A client is [`Client`]; [`serve`] is a server. Both run on a [`Runtime`](crate::asynchronous::Runtime) and are given
//! their streams by whoever uses them, so that they need not be TCP's.
//!
//! ```
//! use faultline::asynchronous::Runtime;
//! use faultline::rpc::{CallError, Client, ClientConfig};
//! use faultline::ms;
//! use std::net::SocketAddr;
//! use tokio::net::TcpStream;
//!
//! async fn ask(runtime: &Runtime, server: SocketAddr) -> Result<Vec<u8>, CallError> {
//!     let client = Client::start(runtime, ClientConfig::default(), move || TcpStream::connect(server));
//!     client.call(7, b"question".to_vec(), ms(2_000)).await
//! }
//! ```

mod client;
mod frame;
mod server;

pub use client::{Client, ClientConfig};
pub use frame::MAX_FRAME;
pub use server::{ServeConfig, serve};

use crate::text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a server has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// There is no such method. Nothing was executed.
    NoSuchMethod,
    /// The arguments cannot be read. Nothing was executed.
    BadArguments,
    /// The method was executed, and failed.
    Failed(String),
    /// The method was executed, and its result does not fit into a frame.
    TooLarge,
    /// The server is closing. Nothing was executed.
    Closing,
}

/// Why a call has ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// The arguments do not fit into a frame.
    TooLarge,
    /// The time that it may take is over.
    Deadline,
    /// The connection broke.
    Lost,
    /// Nothing was heard from the server for too long.
    Silent,
}

/// Why a caller has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallError {
    /// The server has answered, with this fault.
    Fault(Fault),
    /// The call was not executed, and will not be.
    NotExecuted(Why),
    /// Nobody can say whether it was executed, is, or will be.
    Unknown(Why),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoSuchMethod => f.write_str("there is no such method"),
            Fault::BadArguments => f.write_str("the arguments cannot be read"),
            Fault::Failed(why) => write!(f, "it failed: {}", text::line(why, 200)),
            Fault::TooLarge => f.write_str("the result is too large"),
            Fault::Closing => f.write_str("the server is closing"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::TooLarge => "its arguments are too large",
            Why::Deadline => "its time is over",
            Why::Lost => "the connection broke",
            Why::Silent => "the server is silent",
        })
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Fault(fault) => fault.fmt(f),
            CallError::NotExecuted(why) => write!(f, "the call was not executed: {why}"),
            CallError::Unknown(why) => write!(f, "the call may have been executed or not: {why}"),
        }
    }
}

impl std::error::Error for CallError {}
