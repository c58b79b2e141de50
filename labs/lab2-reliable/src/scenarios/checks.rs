//! What scenarios with one machine need: scripts, and short names for what goes in and comes out.
//!
//! Scenarios with both machines are made of `pair.rs`.

use crate::{
    Accepted, ConnectionCommand, ConnectionConfig, Deliver, RECEIVER, ReceiverCommand, ReceiverConfig,
    RtoConfig, SENDER, Segment, SenderCommand, SenderConfig, SeqNo,
};
use faultline::Host;
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome};
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

/// Starts a sender by itself, with this configuration.
///
/// # Errors
/// It does not come up.
pub fn sender_of(bench: &Bench<'_>, config: &SenderConfig) -> Result<SenderScript, Failure> {
    Script::start(bench, SENDER, ["sender", "receiver"], config)
}

/// Starts a sender by itself, with a window of its own.
///
/// # Errors
/// It does not come up.
pub fn window_sender(bench: &Bench<'_>, window: u32) -> Result<SenderScript, Failure> {
    sender_of(bench, &SenderConfig { window, ..sender_config(PEER, RTO) })
}

/// Starts a receiver by itself, with room for so many messages.
///
/// # Errors
/// It does not come up.
pub fn window_receiver(bench: &Bench<'_>, window: u32) -> Result<ReceiverScript, Failure> {
    receiver_of(bench, &ReceiverConfig { window, ..receiver_config(PEER) })
}

/// Starts a receiver by itself, with this configuration.
///
/// # Errors
/// It does not come up.
pub fn receiver_of(bench: &Bench<'_>, config: &ReceiverConfig) -> Result<ReceiverScript, Failure> {
    Script::start(bench, RECEIVER, ["receiver", "sender"], config)
}

/// The application of a sender sends these messages.
///
/// # Errors
/// The sender does not answer.
pub fn send_all(s: &mut SenderScript, texts: &[&str]) -> Outcome {
    texts.iter().try_for_each(|text| s.command(&send(text)))
}

/// Expects that the sender sends these messages next, numbered from `first` on; `rule` says why.
///
/// # Errors
/// It has sent something else, or nothing.
pub fn expect_data(s: &mut SenderScript, first: u32, texts: &[&str], rule: &str) -> Outcome {
    let mut numbered = (0..).map(|ahead| first.wrapping_add(ahead)).zip(texts);
    numbered.try_for_each(|(number, text)| s.expect_datagram(PEER, &data(number, text), rule))
}

/// Expects that the sender says next that `count` messages are accepted, from the number `first` on; `rule` says why.
///
/// # Errors
/// It said something else, or nothing.
pub fn expect_accepted(s: &mut SenderScript, first: u32, count: u32, rule: &str) -> Outcome {
    (0..count).try_for_each(|ahead| s.expect_notice(&Accepted(SeqNo(first.wrapping_add(ahead))), rule))
}

/// Expects that the receiver delivers these messages next; `rule` says why.
///
/// # Errors
/// It delivered something else, or nothing.
pub fn expect_delivered(r: &mut ReceiverScript, texts: &[&str], rule: &str) -> Outcome {
    texts.iter().try_for_each(|text| r.expect_notice(&deliver(text), rule))
}
