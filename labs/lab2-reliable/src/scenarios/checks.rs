//! What scenarios with one machine need: scripts, and short names for what goes in and comes out.
//!
//! Scenarios with both machines are made of `pair.rs`.

use crate::{
    Accepted, ConnectionCommand, ConnectionConfig, Deliver, RECEIVER, ReceiverCommand, ReceiverConfig,
    RtoConfig, SENDER, Segment, SenderCommand, SenderConfig, SeqNo,
};
use faultline::Host;
use faultline::ms;
use faultline::scenario::{Bench, Failure};
use faultline::script::{PEER, Script};
use std::time::Duration;

/// The RTO of most scenarios.
pub const RTO: Duration = ms(1_000);

/// A sender by itself; the scenario is its receiver.
pub type SenderScript = Script<SenderConfig, SenderCommand, Accepted>;

/// A receiver by itself; the scenario is its sender.
pub type ReceiverScript = Script<ReceiverConfig, ReceiverCommand, Deliver>;

/// A sender with one message in flight at a time and an RTO that never changes.
#[must_use]
pub const fn sender_config(receiver: Host, rto: Duration) -> SenderConfig {
    let rto = RtoConfig::fixed(rto);
    SenderConfig { receiver, first: SeqNo(0), window: 1, rto, congestion: false }
}

/// A receiver with room for one message.
#[must_use]
pub const fn receiver_config(sender: Host) -> ReceiverConfig {
    ReceiverConfig { sender, first: SeqNo(0), window: 1 }
}

/// One side of a connection with room for one message, and time-outs of some RTOs.
#[must_use]
pub const fn connection_config(peer: Host) -> ConnectionConfig {
    ConnectionConfig {
        peer,
        window: 1,
        rto: RtoConfig::fixed(RTO),
        keep_alive: ms(30_000),
        give_up: ms(120_000),
        linger: ms(240_000),
    }
}

/// The command that sends `message` on a connection.
#[must_use]
pub fn send_on(message: &[u8]) -> ConnectionCommand {
    ConnectionCommand::Send(message.to_vec())
}

/// Starts a sender by itself.
///
/// # Errors
/// It does not come up.
pub fn sender(bench: &Bench<'_>) -> Result<SenderScript, Failure> {
    sender_with(bench, RTO)
}

/// Starts a sender by itself, with an RTO of its own.
///
/// # Errors
/// It does not come up.
pub fn sender_with(bench: &Bench<'_>, rto: Duration) -> Result<SenderScript, Failure> {
    Script::start(bench, SENDER, ["sender", "receiver"], &sender_config(PEER, rto))
}

/// Starts a receiver by itself.
///
/// # Errors
/// It does not come up.
pub fn receiver(bench: &Bench<'_>) -> Result<ReceiverScript, Failure> {
    Script::start(bench, RECEIVER, ["receiver", "sender"], &receiver_config(PEER))
}

/// The bytes of `DATA seq text`.
#[must_use]
pub fn data(seq: u32, text: &str) -> Vec<u8> {
    Segment::Data { seq: SeqNo(seq), payload: text.as_bytes().to_vec() }.encode()
}

/// The bytes of `ACK next`, from a receiver with room for one message.
#[must_use]
pub fn ack(next: u32) -> Vec<u8> {
    ack_with(next, 1)
}

/// The bytes of `ACK next window`.
#[must_use]
pub fn ack_with(next: u32, window: u32) -> Vec<u8> {
    Segment::Ack { next: SeqNo(next), window }.encode()
}

/// The command that sends `text`.
#[must_use]
pub fn send(text: &str) -> SenderCommand {
    SenderCommand::Send(text.as_bytes().to_vec())
}

/// The notice that delivers `text`.
#[must_use]
pub fn deliver(text: &str) -> Deliver {
    Deliver::Message(text.as_bytes().to_vec())
}

/// A message that begins with its number and differs from every other, of a length that changes with the number; letters,
/// for the sake of stories.
#[must_use]
pub fn message(number: usize) -> Vec<u8> {
    let filler = &LETTERS[number % ALPHABET..][..number * 37 % LONGEST_FILLER];
    [format!("m{number} ").as_bytes(), filler].concat()
}

const ALPHABET: usize = 26;
const LONGEST_FILLER: usize = 900;

/// The alphabet again and again, as soaks make millions of messages.
const LETTERS: [u8; ALPHABET + LONGEST_FILLER] = {
    let mut letters = [0; ALPHABET + LONGEST_FILLER];
    let mut index = 0;
    while index < letters.len() {
        letters[index] = b'a' + (index % ALPHABET) as u8;
        index += 1;
    }
    letters
};
