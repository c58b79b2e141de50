//! Bytes as nobody's encoder makes them: what chance brings, and what is nearly right. Drawn from a seed.

use super::checks::{ANN, BOB, NEXT, TARGET, THERE};
use crate::limits::MAX_VALUES;
use crate::{CallId, Incarnation, MAX_VALUE, Message};
use faultline::codec;
use faultline::random::{Draw as _, Random};
use serde::ser::{Serialize, SerializeTuple as _, Serializer};

/// Lengths that promise too much, or just about enough.
const LENGTHS: [u64; 10] = [
    u64::MAX,
    1 << 63,
    1 << 48,
    1 << 32,
    (1 << 32) - 1,
    1_000_000,
    MAX_VALUE as u64 + 1,
    MAX_VALUES as u64,
    MAX_VALUE as u64 - 8,
    8_191,
];

/// Variants that there are, and others.
const TAGS: [u32; 7] = [0, 1, 2, 3, 4, 255, u32::MAX];

/// Draws malformed bytes.
#[derive(Clone, Debug)]
pub struct Malformed {
    random: Random,
}

impl Malformed {
    /// All that is drawn follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Malformed {
        Malformed { random: Random::new(seed) }
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.random.below(end.max(1) as u64) as usize
    }

    /// One of several.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// So many bytes by chance.
    fn noise(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.random.bits() as u8).collect()
    }

    /// `valid`, changed in one to three ways; now and then noise.
    pub fn change(&mut self, valid: &[u8]) -> Vec<u8> {
        if self.below(12) == 0 {
            let len = self.below(80);
            return self.noise(len);
        }
        let mut bytes = valid.to_vec();
        for _ in 0..=self.below(3) {
            self.change_once(&mut bytes);
        }
        bytes
    }

    fn change_once(&mut self, bytes: &mut Vec<u8>) {
        match self.below(8) {
            0 => {
                let end = self.below(bytes.len());
                bytes.truncate(end);
            }
            1 => {
                let len = 1 + self.below(40);
                bytes.extend(self.noise(len));
            }
            2 => {
                let length = self.one_of(&LENGTHS).to_be_bytes();
                self.put(bytes, &length);
            }
            3 => {
                let tag = self.one_of(&TAGS).to_be_bytes();
                self.put(bytes, &tag);
            }
            4 => {
                let byte = *self.one_of(&[0, 1, 2, 0x7F, 0x80, 0xFB, 0xFD, 0xFF]);
                self.put(bytes, &[byte]);
            }
            5 => {
                // A piece of it comes once more.
                let (from, to) = (self.below(bytes.len()), self.below(bytes.len()));
                let piece = bytes[from..].iter().take(16).copied().collect::<Vec<_>>();
                bytes.splice(to..to, piece);
            }
            _ => {
                let (at, bit) = (self.below(bytes.len()), self.below(8));
                self.put_at(bytes, at, &[bytes.get(at).copied().unwrap_or(0) ^ 1 << bit]);
            }
        }
    }

    /// Writes `what` over some place.
    fn put(&mut self, bytes: &mut Vec<u8>, what: &[u8]) {
        let at = self.below((bytes.len() + 1).saturating_sub(what.len()));
        self.put_at(bytes, at, what);
    }

    fn put_at(&mut self, bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
        let end = bytes.len().min(at + what.len());
        bytes.splice(at.min(end)..end, what.iter().copied());
    }

    /// A datagram that is no message, made of one that is; every other one with a checksum that is right.
    pub fn datagram(&mut self, valid: &Message) -> Vec<u8> {
        const CHECKSUM: usize = 4;
        loop {
            let whole = valid.encode();
            let changed = if self.below(2) == 0 {
                self.change(&whole)
            } else {
                codec::seal(&Raw(&self.change(&whole[CHECKSUM..])))
            };
            if Message::decode(&changed).is_err() {
                return changed;
            }
        }
    }

    /// A message of any kind, with numbers by chance.
    pub fn message(&mut self) -> Message {
        let client = *self.one_of(&[ANN, BOB, Incarnation(0), Incarnation(u64::MAX)]);
        let server = *self.one_of(&[THERE, NEXT, Incarnation(0)]);
        let call = CallId(*self.one_of(&[0, 1, 2, 3, 1 << 32, u64::MAX]));
        match self.below(7) {
            0 => Message::Hello { client },
            1 => Message::Welcome { client, server },
            2 => {
                let len = self.below(1_200);
                let arguments = self.noise(len);
                Message::Request { client, server, call, oldest: CallId(1), target: TARGET, arguments }
            }
            3 => {
                let len = self.below(1_200);
                Message::Reply { client, call, result: Ok(self.noise(len)) }
            }
            4 => Message::Working { client, call },
            5 => Message::Probe { client, server, call },
            _ => Message::Gone { client, asked: server, server: NEXT },
        }
    }
}

/// Bytes that are encoded as they are, without their number.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_no_message_and_every_kind_of_change_comes() {
        let mut malformed = Malformed::new(1);
        let valid = Message::Working { client: ANN, call: CallId(1) };
        let drawn: Vec<_> = (0..2_000).map(|_| malformed.datagram(&valid)).collect();
        assert!(drawn.iter().all(|datagram| Message::decode(datagram).is_err()));
        let whole = valid.encode();
        assert!(
            drawn.iter().any(|it| it.len() < whole.len()) && drawn.iter().any(|it| it.len() > whole.len())
        );
        assert!(drawn.iter().any(|it| it.is_empty()) || drawn.iter().any(|it| it.len() < 4));
        let sealed = |it: &&Vec<u8>| codec::open::<u8>(it) != Err(codec::CodecError::Corrupt);
        assert!(drawn.iter().filter(sealed).count() > 500);
    }

    #[test]
    fn an_empty_value_can_be_changed_too() {
        let mut malformed = Malformed::new(2);
        (0..2_000).for_each(|_| drop(malformed.change(&[])));
    }
}
