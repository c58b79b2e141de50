//! What a reliable transport promises, rule by rule, and the types through which the application talks to it.
//!
//! The application gives messages to a sender on one host; a receiver on another host delivers them to its application.
//! Between them is a network that loses, duplicates, delays, reorders and corrupts datagrams.
//!
//! # Part A: acknowledgement and time-out
//! - **A1** Messages are numbered from [`SeqNo::FIRST`](crate::SeqNo::FIRST) in the order in which the application gives
//!   them. A message is sent at once as `DATA` when nothing is in flight; else it waits, in order. One message is in
//!   flight at a time.
//! - **A2** A message that is not acknowledged within an RTO after it was sent is sent again, unchanged, at the end of that
//!   RTO; and again at the end of each further one, until it is acknowledged. The RTO is the one of the configuration and
//!   stays as it is.
//! - **A3** When the message in flight is acknowledged, the sender tells its application `Accepted`, does not send that
//!   message again, and sends the next waiting one at once, which has a whole RTO of its own.
//! - **A4** Nothing but A2 and A3 moves the timer: not a new message from the application, not a datagram that
//!   acknowledges nothing. A timer runs out only when a message is to be sent again: a machine waits, it does not poll.
//!   With nothing in flight no timer is set.
//! - **A5** The receiver delivers a message that it was waiting for. It answers every `DATA` at once with one `ACK`: of the
//!   number that it expects next.
//! - **A6** A datagram that cannot be decoded is dropped: no answer, no change, no panic.
//!
//! In part A a copy of the last message may still be delivered again, and a late `ACK` may be taken for a new one: part B is
//! about both.
//!
//! # Part B: exactly once, in order
//! - **B1** Each message is delivered exactly once, in the order of the numbers.
//! - **B2** A `DATA` that is not the expected one is not delivered and not kept, but it is answered (A5): with the number
//!   that the receiver still expects. (The peer may have missed the first answer.)
//! - **B3** An `ACK` counts only if it acknowledges the message in flight and nothing that was never sent. Any other is
//!   dropped: nothing is said, nothing is sent, no timer is moved.
//! - **B4** Only the configured peer counts, whatever its address: what another host sends is dropped. So is an `ACK` at the
//!   receiver and a `DATA` at the sender.
//! - **B5** Without faults, and with an RTO longer than the round trip, a message costs two datagrams. What a machine
//!   remembers does not grow with the number of messages that are done, nor with that of datagrams that are dropped.

use crate::segment::{SHOWN, Segment, SeqNo};
use faultline::program::Role;
use faultline::{Host, Never, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

// ANCHOR: types
/// What a sender is told when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SenderConfig {
    /// The host to which messages go.
    pub receiver: Host,
    /// How long a message may be in flight before it is sent again (retransmission time-out).
    pub rto: Duration,
}

/// What a receiver is told when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReceiverConfig {
    /// The host from which messages come.
    pub sender: Host,
}

/// The application asks the sender to get this message to the other side. At most 1,000 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// The sender tells its application that the message of this number has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted(pub SeqNo);

/// The receiver hands a message to its application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliver(#[serde(with = "serde_bytes")] pub Vec<u8>);
// ANCHOR_END: types

impl fmt::Display for Send {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "send {}", text::bytes(&self.0, SHOWN))
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "says that message {} is accepted", self.0)
    }
}

impl fmt::Display for Deliver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delivers {}", text::bytes(&self.0, SHOWN))
    }
}

/// The student's sender.
pub const SENDER: Role<SenderConfig, Send, Accepted> = Role::new("sender", Segment::describe);

/// The student's receiver.
pub const RECEIVER: Role<ReceiverConfig, Never, Deliver> = Role::new("receiver", Segment::describe);
