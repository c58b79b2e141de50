//! What scenarios with one machine need: scripts, and short names for what goes in and comes out.
//!
//! Scenarios with both machines are made of `pair.rs`.

use crate::{Accepted, Deliver, RECEIVER, ReceiverConfig, SENDER, Segment, Send, SenderConfig, SeqNo};
use faultline::scenario::{Bench, Failure};
use faultline::script::{PEER, Script};
use faultline::{Never, ms};
use std::time::Duration;

/// The RTO of most scenarios.
pub const RTO: Duration = ms(1_000);

/// A sender by itself; the scenario is its receiver.
pub type SenderScript = Script<SenderConfig, Send, Accepted>;

/// A receiver by itself; the scenario is its sender.
pub type ReceiverScript = Script<ReceiverConfig, Never, Deliver>;

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
    Script::start(bench, SENDER, ["sender", "receiver"], &SenderConfig { receiver: PEER, rto })
}

/// Starts a receiver by itself.
///
/// # Errors
/// It does not come up.
pub fn receiver(bench: &Bench<'_>) -> Result<ReceiverScript, Failure> {
    Script::start(bench, RECEIVER, ["receiver", "sender"], &ReceiverConfig { sender: PEER })
}

/// The bytes of `DATA seq text`.
#[must_use]
pub fn data(seq: u32, text: &str) -> Vec<u8> {
    Segment::Data { seq: SeqNo(seq), payload: text.as_bytes().to_vec() }.encode()
}

/// The bytes of `ACK next`.
#[must_use]
pub fn ack(next: u32) -> Vec<u8> {
    Segment::Ack { next: SeqNo(next) }.encode()
}

/// The command that sends `text`.
#[must_use]
pub fn send(text: &str) -> Send {
    Send(text.as_bytes().to_vec())
}

/// The notice that delivers `text`.
#[must_use]
pub fn deliver(text: &str) -> Deliver {
    Deliver(text.as_bytes().to_vec())
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
