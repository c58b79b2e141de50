//! A receiver with a window, as part C has it, stepped beside the student's in random histories.

use super::{PEER, STRANGER, garbage, payload};
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome};
use faultline::script::Script;
use lab2_kit::scenarios::checks::ack_with;
use lab2_kit::{Deliver, RECEIVER, ReceiverCommand, ReceiverConfig, Segment, SeqNo};
use std::collections::BTreeMap;

/// How many things are done in one history.
const STEPS: usize = 400;

/// Messages are counted from 0 and never go around.
struct Model {
    window: usize,
    next: usize,
    kept: BTreeMap<usize, Vec<u8>>,
    waiting: Vec<Vec<u8>>,
    busy: bool,
}

impl Model {
    fn room(&self) -> usize {
        self.window - self.waiting.len()
    }

    /// What is delivered now.
    fn hand_over(&mut self) -> Vec<Vec<u8>> {
        if self.busy { vec![] } else { std::mem::take(&mut self.waiting) }
    }

    fn take(&mut self, message: usize, payload: Vec<u8>) -> Vec<Vec<u8>> {
        if (self.next..self.next + self.room()).contains(&message) {
            self.kept.entry(message).or_insert(payload);
        }
        while let Some(payload) = self.kept.remove(&self.next) {
            self.waiting.push(payload);
            self.next += 1;
        }
        self.hand_over()
    }
}

/// A random history of a receiver.
pub(in crate::lab2) fn window_history(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4843_3252);
    let firsts = [0, u32::MAX - random.below(60) as u32, (1 << 31) - random.below(60) as u32];
    let first = firsts[random.below(3) as usize];
    let window = 1 + random.below(9) as u32;
    let config = ReceiverConfig { sender: PEER, first: SeqNo(first), window };
    let mut r = Script::start(bench, RECEIVER, ["receiver", "stranger"], &config)?;
    r.peer("sender");
    let mut model =
        Model { window: window as usize, next: 0, kept: BTreeMap::new(), waiting: vec![], busy: false };
    for _ in 0..STEPS {
        let next = first.wrapping_add(model.next as u32);
        let (delivered, answered, rule) = match random.below(16) {
            0..=9 => {
                let payload = payload(&mut random);
                let ahead = match random.below(4) {
                    0 => 0,
                    1 => random.below(u64::from(window) + 3) as u32,
                    2 => (random.below(u64::from(window) + 3) as u32).wrapping_neg(),
                    _ => [1, 2, 1 << 31, 1 << 16][random.below(4) as usize],
                };
                // What lies before the expected number is none of the messages that can still be kept.
                let message = if ahead < 1 << 30 { model.next + ahead as usize } else { usize::MAX };
                let seq = SeqNo(next.wrapping_add(ahead));
                r.deliver(PEER, &Segment::Data { seq, payload: payload.clone() }.encode())?;
                let rule = "rules A5, B2 and C4: this follows from the DATA, and nothing else";
                (model.take(message, payload), true, rule)
            }
            10 => {
                model.busy = true;
                r.command(&ReceiverCommand::Stop)?;
                (vec![], false, "rule C6: Stop is not answered")
            }
            11..=12 => {
                model.busy = false;
                r.command(&ReceiverCommand::Resume)?;
                let delivered = model.hand_over();
                let answered = !delivered.is_empty();
                (delivered, answered, "rule C6: at Resume what waits is delivered, and then told")
            }
            13 => {
                r.deliver(
                    PEER,
                    &garbage(&mut random, &Segment::Data { seq: SeqNo(next), payload: vec![7] }.encode()),
                )?;
                (vec![], false, "rule A6: these bytes are no segment")
            }
            14 => {
                let data = Segment::Data { seq: SeqNo(next), payload: vec![] }.encode();
                let (from, datagram) =
                    if random.chance(0.5) { (STRANGER, data) } else { (PEER, ack_with(next, window)) };
                r.deliver(from, &datagram)?;
                (vec![], false, "rule B4: a stranger's DATA and the peer's ACK are dropped")
            }
            _ => {
                r.pass(ms(random.below(10_000)))?;
                (vec![], false, "rule A5: a receiver speaks when it is spoken to")
            }
        };
        delivered.into_iter().try_for_each(|payload| r.expect_notice(&Deliver::Message(payload), rule))?;
        if answered {
            let next = first.wrapping_add(model.next as u32);
            r.expect_datagram(PEER, &ack_with(next, model.room() as u32), rule)?;
        }
        r.expect_nothing(rule)?;
    }
    Ok(())
}
