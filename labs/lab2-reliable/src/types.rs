//! What the machines are told when they are made, what applications ask of them, and what they tell.

use crate::segment::{SHOWN, Segment, SeqNo};
use faultline::program::{Function, Role};
use faultline::{Host, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

// ANCHOR: types
/// What a sender is told when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SenderConfig {
    /// The host to which messages go.
    pub receiver: Host,
    /// The number of the first message.
    pub first: SeqNo,
    /// The sender's window: how many messages may be in flight at once; 1 in parts A and B.
    pub window: u32,
    /// How long a message may be in flight before it is sent again (retransmission time-out).
    pub rto: RtoConfig,
    /// Whether there is a congestion window too (part F).
    pub congestion: bool,
}

/// The bounds of a retransmission time-out. In parts A to C `first`, `min` and `max` are equal: it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RtoConfig {
    /// The RTO before the round trip was ever measured.
    pub first: Duration,
    /// It is never shorter.
    pub min: Duration,
    /// It is never longer.
    pub max: Duration,
    /// The granularity G of the clock (RFC 6298, section 2).
    pub granularity: Duration,
}

/// What a receiver is told when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReceiverConfig {
    /// The host from which messages come.
    pub sender: Host,
    /// The number of the first message.
    pub first: SeqNo,
    /// How many messages there is room for, which is the receiver's window at its largest; 1 in parts A and B.
    pub window: u32,
}

/// What the application asks of a sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SenderCommand {
    /// Get this message to the other side. At most 60,000 bytes.
    Send(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Nothing will follow (part E).
    Finish,
}

/// The sender tells its application that the receiver has the message of this number, or the `FIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Accepted(pub SeqNo);

/// What the application asks of a receiver (part C).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReceiverCommand {
    /// Deliver nothing until I say so.
    Stop,
    /// Deliver what waits, and what comes.
    Resume,
}

/// The receiver hands to its application what has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Deliver {
    /// The next message.
    Message(#[serde(with = "serde_bytes")] Vec<u8>),
    /// There are no more: the other side has finished (part E).
    End,
}
// ANCHOR_END: types

// ANCHOR: connection
/// What one side of a connection is told when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConnectionConfig {
    /// The host on the other side.
    pub peer: Host,
    /// The window of the sender and of the receiver in this side.
    pub window: u32,
    /// The time-out of the sender, and of `SYN` and `SYN-ACK`.
    pub rto: RtoConfig,
    /// After so much silence the peer is asked whether it is there.
    pub keep_alive: Duration,
    /// After so much silence the peer is given up.
    pub give_up: Duration,
    /// For so long a closed side still answers.
    pub linger: Duration,
}

/// What the application asks of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectionCommand {
    /// Open a connection, with this ISN.
    Connect(SeqNo),
    /// Wait until the peer opens one, with this ISN of ours.
    Listen(SeqNo),
    /// Get this message to the other side. At most 60,000 bytes.
    Send(#[serde(with = "serde_bytes")] Vec<u8>),
    /// We shall send nothing more.
    Finish,
}

/// What a connection tells its application.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectionNotice {
    /// The connection is open.
    Opened,
    /// The next message from the other side.
    Message(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The other side has finished.
    End,
    /// Both sides have finished, and everything has arrived.
    Closed,
    /// The connection is lost; of what was sent, nobody knows how much arrived.
    Failed(Reason),
    /// What was asked cannot be done.
    Rejected,
}

/// Why a connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// The peer did not want it.
    Refused,
    /// The peer was not heard for too long.
    Silent,
    /// The peer knows nothing of it.
    Reset,
}
// ANCHOR_END: connection

impl RtoConfig {
    /// An RTO that never changes.
    #[must_use]
    pub const fn fixed(rto: Duration) -> RtoConfig {
        RtoConfig { first: rto, min: rto, max: rto, granularity: Duration::from_millis(1) }
    }
}

/// What happens to a time-out; the student's [`RTO`] function is given a list of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RtoEvent {
    /// A round trip was measured (rules D2 and D3).
    Sample(Duration),
    /// The timer has run out (rule D5).
    TimedOut,
}

impl fmt::Display for SenderCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SenderCommand::Send(message) => write!(f, "send {}", text::bytes(message, SHOWN)),
            SenderCommand::Finish => f.write_str("finish"),
        }
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "says that message {} is accepted", self.0)
    }
}

impl fmt::Display for ReceiverCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReceiverCommand::Stop => "stop delivering",
            ReceiverCommand::Resume => "deliver again",
        })
    }
}

impl fmt::Display for Deliver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deliver::Message(message) => write!(f, "delivers {}", text::bytes(message, SHOWN)),
            Deliver::End => f.write_str("says that this is the end"),
        }
    }
}

impl fmt::Display for ConnectionCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectionCommand::Connect(isn) => write!(f, "connect, ISN {isn}"),
            ConnectionCommand::Listen(isn) => write!(f, "listen, ISN {isn}"),
            ConnectionCommand::Send(message) => write!(f, "send {}", text::bytes(message, SHOWN)),
            ConnectionCommand::Finish => f.write_str("finish"),
        }
    }
}

impl fmt::Display for ConnectionNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectionNotice::Opened => f.write_str("says that the connection is open"),
            ConnectionNotice::Message(message) => write!(f, "delivers {}", text::bytes(message, SHOWN)),
            ConnectionNotice::End => f.write_str("says that the other side has finished"),
            ConnectionNotice::Closed => f.write_str("says that the connection is closed"),
            ConnectionNotice::Failed(Reason::Refused) => f.write_str("says that it was refused"),
            ConnectionNotice::Failed(Reason::Silent) => f.write_str("says that the peer is silent"),
            ConnectionNotice::Failed(Reason::Reset) => f.write_str("says that the connection was reset"),
            ConnectionNotice::Rejected => f.write_str("says that this cannot be done"),
        }
    }
}

/// The student's sender.
pub const SENDER: Role<SenderConfig, SenderCommand, Accepted> = Role::new("sender", Segment::describe);

/// The student's receiver.
pub const RECEIVER: Role<ReceiverConfig, ReceiverCommand, Deliver> = Role::new("receiver", Segment::describe);

/// The student's connection.
pub const CONNECTION: Role<ConnectionConfig, ConnectionCommand, ConnectionNotice> =
    Role::new("connection", Segment::describe);

/// The name of the program that copies files over the student's connection, an executable.
pub const RCP: &str = "rcp";

/// The student's time-out by itself: the RTO at first, and after each of these events.
pub const RTO: Function<(RtoConfig, Vec<RtoEvent>), Vec<Duration>> = Function::new("rto");
