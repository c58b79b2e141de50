//! The two machines as the contract describes them, stepped beside the student's in random histories.
//!
//! Each thing that is done gives what must follow from it, whole; nothing else may.

mod receiver;
mod rto;
mod sender;

pub(super) use receiver::window_history as window_receiver;
pub(super) use rto::Timeout;
pub(super) use sender::{timeout_history, window_history as window_sender};

use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome};
use faultline::script::Script;
use faultline::{Host, ms};
use lab2_kit::scenarios::checks::{ack, message, receiver_config, sender_config};
use lab2_kit::{Accepted, Deliver, RECEIVER, SENDER, Segment, SenderCommand, SeqNo};
use std::time::Duration;

/// How many things are done in one history.
const STEPS: usize = 300;

pub(super) const STRANGER: Host = Host(1);
pub(super) const PEER: Host = Host(2);

/// One number of those that a wrong program might take for `right`: near it, before it, or equal to it in its low bits.
pub(super) fn wrong_number(random: &mut Random, right: u32) -> u32 {
    let number = match random.below(8) {
        0 => right.wrapping_add(1),
        1 => right.wrapping_sub(1),
        2 => right.wrapping_add(1 << 8),
        3 => right.wrapping_add(1 << 16),
        4 => right.wrapping_add(1 << 31),
        5 => random.bits() as u32,
        _ => random.below(u64::from(right)) as u32,
    };
    if number == right { right.wrapping_add(2) } else { number }
}

/// Bytes that are no segment, some of them nearly one.
pub(super) fn garbage(random: &mut Random, nearly: &[u8]) -> Vec<u8> {
    let mut bytes = nearly.to_vec();
    match random.below(4) {
        0 => bytes.truncate(random.below(nearly.len() as u64) as usize),
        1 => bytes.push(0),
        2 => bytes = (0..random.below(40)).map(|_| random.bits() as u8).collect(),
        _ => {
            let bit = random.below(nearly.len() as u64 * 8) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
    bytes
}

/// Few different messages, so that equal ones often follow each other; sometimes none of their bytes.
pub(super) fn payload(random: &mut Random) -> Vec<u8> {
    message(random.below(3) as usize).into_iter().take(random.below(20) as usize).collect()
}

fn data(seq: u32, payload: &[u8]) -> Vec<u8> {
    Segment::Data { seq: SeqNo(seq), payload: payload.to_vec() }.encode()
}

/// A sender as the rules have it.
struct Model {
    given: Vec<Vec<u8>>,
    done: usize,
    /// Until the message in flight is sent again.
    left: Duration,
}

impl Model {
    fn in_flight(&self) -> Option<Vec<u8>> {
        self.given.get(self.done).map(|payload| data(self.done as u32, payload))
    }
}

/// A random history of a sender.
pub(super) fn sender(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4842_5345);
    let rto = ms(1 + random.below(5_000));
    let config = sender_config(PEER, rto);
    let mut s = Script::start(bench, SENDER, ["sender", "stranger"], &config)?;
    s.peer("receiver");
    let mut model = Model { given: vec![], done: 0, left: rto };
    for _ in 0..STEPS {
        let right = model.done as u32 + 1;
        match random.below(12) {
            0..=2 => {
                let payload = payload(&mut random);
                model.given.push(payload.clone());
                s.command(&SenderCommand::Send(payload))?;
                if model.given.len() == model.done + 1 {
                    model.left = rto;
                    s.expect_datagram(
                        PEER,
                        &model.in_flight().unwrap_or_default(),
                        "rule A1: nothing is in flight",
                    )?;
                }
                s.expect_nothing("rule A1: one message is in flight at a time")?;
            }
            3..=4 => {
                s.deliver(PEER, &ack(right))?;
                if model.in_flight().is_some() {
                    s.expect_notice(&Accepted(SeqNo(model.done as u32)), "rule A3: it is acknowledged")?;
                    model.done += 1;
                    model.left = rto;
                    if let Some(next) = model.in_flight() {
                        s.expect_datagram(PEER, &next, "rule A3: the next one follows")?;
                    }
                }
                s.expect_nothing("rules A3 and B3: nothing else follows from this ACK")?;
            }
            5..=6 => {
                s.deliver(PEER, &ack(wrong_number(&mut random, right)))?;
                s.expect_nothing("rule B3: this does not acknowledge the message in flight")?;
            }
            7 => {
                s.deliver(PEER, &garbage(&mut random, &ack(right)))?;
                s.expect_nothing("rule A6: these bytes are no segment")?;
            }
            8 => {
                let (from, datagram) = match random.below(2) {
                    0 => (STRANGER, ack(right)),
                    _ => (PEER, data(model.done as u32, b"x")),
                };
                s.deliver(from, &datagram)?;
                s.expect_nothing("rule B4: a stranger's ACK and the peer's DATA are dropped")?;
            }
            _ => {
                let spans = [ms(0), model.left, model.left / 2, rto, 3 * rto + rto / 3];
                let span = spans[random.below(spans.len() as u64) as usize];
                s.pass(span)?;
                let mut rest = span;
                if let Some(datagram) = model.in_flight() {
                    while model.left <= rest {
                        rest -= model.left;
                        model.left = rto;
                        s.expect_datagram(PEER, &datagram, "rule A2: the RTO has passed without an ACK")?;
                    }
                    model.left -= rest;
                }
                s.expect_nothing("rules A2 and A4: no other timer is due")?;
            }
        }
        if model.in_flight().is_none() {
            s.expect_no_timer("rule A4: nothing is in flight")?;
        }
    }
    Ok(())
}

/// A random history of a receiver.
pub(super) fn receiver(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4842_5245);
    let mut r = Script::start(bench, RECEIVER, ["receiver", "stranger"], &receiver_config(PEER))?;
    r.peer("sender");
    let mut expected = 0;
    let mut last = vec![];
    for _ in 0..STEPS {
        match random.below(10) {
            0..=3 => {
                last = payload(&mut random);
                r.deliver(PEER, &data(expected, &last))?;
                expected += 1;
                r.expect_notice(
                    &Deliver::Message(last.clone()),
                    "rule A5: this is the message that it was waiting for",
                )?;
                r.expect_datagram(PEER, &ack(expected), "rule A5: the ACK says what is expected next")?;
                r.expect_nothing("rule A5: one delivery and one ACK")?;
            }
            4..=6 => {
                let copy = if random.chance(0.5) { last.clone() } else { payload(&mut random) };
                r.deliver(PEER, &data(wrong_number(&mut random, expected), &copy))?;
                r.expect_datagram(PEER, &ack(expected), "rule B2: it is answered with what is expected now")?;
                r.expect_nothing("rules B1 and B2: this message is not the expected one")?;
            }
            7 => {
                r.deliver(PEER, &garbage(&mut random, &data(expected, b"nearly")))?;
                r.expect_nothing("rule A6: these bytes are no segment")?;
            }
            8 => {
                let (from, datagram) = match random.below(2) {
                    0 => (STRANGER, data(expected, b"x")),
                    _ => (PEER, ack(expected)),
                };
                r.deliver(from, &datagram)?;
                r.expect_nothing("rule B4: a stranger's DATA and the peer's ACK are dropped")?;
            }
            _ => {
                r.pass(ms(random.below(10_000)))?;
                r.expect_nothing("rule A5: a receiver speaks when it is spoken to")?;
            }
        }
    }
    Ok(())
}
