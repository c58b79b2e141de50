//! What the machines are told when they are made, what applications ask of them, and what they tell.

use crate::message::{CallId, Incarnation, Message, SHOWN, Target};
use faultline::program::Role;
use faultline::{Host, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The most bytes that the arguments of a call may have, so that a request fits into one datagram everywhere.
pub const MAX_ARGUMENTS: usize = 1_000;

/// The most bytes that a result may have.
pub const MAX_RESULT: usize = 1_000;

/// The most bytes that an encoded value may have.
pub const MAX_VALUE: usize = 65_536;

// ANCHOR: values
/// Bytes are not the encoding of a value of the wanted type (part A); the text says why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable(pub String);

/// Why a caller has no result (part A).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallError {
    /// The server has answered, with this fault.
    Fault(Fault),
    /// The server has answered, and its result cannot be read.
    BadResult(Unreadable),
    /// The call was not executed, and will not be.
    NotExecuted(Why),
    /// Nobody can say whether the call was executed, is, or will be.
    Unknown(Why),
}
// ANCHOR_END: values

// ANCHOR: client
/// What a client is told when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClientConfig {
    /// The host on which the server is.
    pub server: Host,
    /// When a `HELLO` or a request is sent again.
    pub rto: RtoConfig,
    /// How often the client asks about a call that the server is working on (part D).
    pub watch: Duration,
    /// After so much silence the server is given up (part D): sooner than a server forgets its clients.
    pub give_up: Duration,
}

/// How long one waits before one sends again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RtoConfig {
    /// The first time.
    pub first: Duration,
    /// It doubles each time, up to this.
    pub max: Duration,
}

/// What the application asks of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClientCommand {
    /// Call this. The first such command of a life is call 1, the next one call 2, and so on.
    Call {
        /// What is called.
        target: Target,
        /// The encoded arguments.
        #[serde(with = "serde_bytes")]
        arguments: Vec<u8>,
        /// How long all of it may take, from now on (part D).
        deadline: Duration,
    },
}

/// What a client tells its application.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClientNotice {
    /// A call is finished.
    Finished {
        /// Which one.
        call: CallId,
        /// How.
        outcome: CallOutcome,
    },
}

/// How a call has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CallOutcome {
    /// The server has answered: the encoded result, or why there is none.
    Done(Result<Vec<u8>, Fault>),
    /// It was not executed, and will not be.
    NotExecuted(Why),
    /// Nobody can say whether it was executed, is, or will be.
    Unknown(Why),
}

/// Why a call has ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Why {
    /// The arguments are too large.
    TooLarge,
    /// The server that was asked is not there any more.
    Restarted,
    /// The time that it may take is over.
    Deadline,
    /// The server was not heard for too long.
    Silent,
}
// ANCHOR_END: client

// ANCHOR: server
/// What a server is told when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServerConfig {
    /// When a call takes longer than this, the client is told that it is being worked on (part D).
    pub acknowledge_after: Duration,
    /// A client of which nothing was heard for so long is forgotten. No datagram lives so long (part C).
    pub forget_after: Duration,
}

/// What a server tells its application.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ServerNotice {
    /// Execute this. It may take any time, and other calls meanwhile.
    Execute {
        /// Whose call it is.
        client: Incarnation,
        /// Which one.
        call: CallId,
        /// What is called.
        target: Target,
        /// The encoded arguments.
        #[serde(with = "serde_bytes")]
        arguments: Vec<u8>,
    },
}

/// What the application asks of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ServerCommand {
    /// This call is executed.
    Finish {
        /// Whose call it was.
        client: Incarnation,
        /// Which one.
        call: CallId,
        /// The encoded result, or why there is none.
        result: Result<Vec<u8>, Fault>,
    },
}

/// Why a server has no result. But for `TooLarge` and `Failed` the method was not executed, and will not be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// There is no such service or method here.
    NoSuchMethod,
    /// The service is there in another version, which is this one.
    WrongVersion(u16),
    /// The arguments are no encoding of what the method takes.
    BadArguments,
    /// The method was executed, and its result has more than [`MAX_RESULT`] bytes.
    TooLarge,
    /// The method was executed, and failed.
    Failed(String),
    /// Too many calls wait already (part E).
    Busy,
    /// The server begins nothing any more (part E).
    Closing,
}
// ANCHOR_END: server

// ANCHOR: serve
/// What `serve` is told (part E).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServeConfig {
    /// What its server machine is told.
    pub server: ServerConfig,
    /// How many handlers run at once, at most; at least 1.
    pub at_once: usize,
    /// How many calls wait for a handler, at most.
    pub waiting: usize,
    /// How long a server that closes still answers after its last handler has ended.
    pub linger: Duration,
}
// ANCHOR_END: serve

/// How many characters of a panic's text a fault keeps.
const FAILURE_SHOWN: usize = 200;

impl Fault {
    /// The fault of a handler that has failed: `Failed`, with so much of what it says as fits into a datagram.
    #[must_use]
    pub fn failed(why: impl fmt::Display) -> Fault {
        Fault::Failed(why.to_string().chars().take(FAILURE_SHOWN).collect())
    }
}

impl fmt::Display for ClientCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClientCommand::Call { arguments, .. } = self;
        write!(f, "call {}", text::bytes(arguments, SHOWN))
    }
}

impl fmt::Display for ClientNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClientNotice::Finished { call, outcome } = self;
        write!(f, "says that call {call} {outcome}")
    }
}

impl fmt::Display for CallOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallOutcome::Done(Ok(result)) => write!(f, "is done: {}", text::bytes(result, SHOWN)),
            CallOutcome::Done(Err(fault)) => write!(f, "is done: {fault}"),
            CallOutcome::NotExecuted(why) => write!(f, "was not executed: {why}"),
            CallOutcome::Unknown(why) => write!(f, "may have been executed or not: {why}"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::TooLarge => "its arguments are too large",
            Why::Restarted => "the server was restarted",
            Why::Deadline => "its time is over",
            Why::Silent => "the server is silent",
        })
    }
}

impl fmt::Display for ServerNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ServerNotice::Execute { client, call, arguments, .. } = self;
        write!(f, "executes {client}.{call} {}", text::bytes(arguments, SHOWN))
    }
}

impl fmt::Display for ServerCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ServerCommand::Finish { client, call, result } = self;
        match result {
            Ok(result) => write!(f, "finish {client}.{call}: {}", text::bytes(result, SHOWN)),
            Err(fault) => write!(f, "finish {client}.{call}: {fault}"),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it cannot be read: {}", text::line(&self.0, 80))
    }
}

impl std::error::Error for Unreadable {}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Fault(fault) => fault.fmt(f),
            CallError::BadResult(unreadable) => write!(f, "the result: {unreadable}"),
            CallError::NotExecuted(why) => write!(f, "the call was not executed: {why}"),
            CallError::Unknown(why) => write!(f, "the call may have been executed or not: {why}"),
        }
    }
}

impl std::error::Error for CallError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoSuchMethod => f.write_str("there is no such method"),
            Fault::WrongVersion(version) => write!(f, "the service has version {version}"),
            Fault::BadArguments => f.write_str("the arguments cannot be read"),
            Fault::TooLarge => f.write_str("the result is too large"),
            Fault::Failed(why) => write!(f, "it failed: {}", text::line(why, 40)),
            Fault::Busy => f.write_str("too many calls wait"),
            Fault::Closing => f.write_str("the server is closing"),
        }
    }
}

/// The student's client.
pub const CLIENT: Role<ClientConfig, ClientCommand, ClientNotice> = Role::new("client", Message::describe);

/// The student's server.
pub const SERVER: Role<ServerConfig, ServerCommand, ServerNotice> = Role::new("server", Message::describe);

/// The name of the program that calculates behind the student's calls, an executable.
pub const CALC: &str = "calc";

/// The name of the program that keeps values behind the student's calls, an executable.
pub const KV: &str = "kv";
