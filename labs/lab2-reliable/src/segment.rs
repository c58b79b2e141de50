//! Segments: what the sender and the receiver say to each other, one in a datagram.
//!
//! Their bytes are the kit's business here (lab 1 was about bytes): the kit's codec behind a checksum.

use faultline::{codec, text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much of a message stories show, in characters: two of them and an `ACK` fit in one line.
pub(crate) const SHOWN: usize = 12;

// ANCHOR: seq-no
/// The number of a message. Each message has the next number after the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeqNo(pub u32);
// ANCHOR_END: seq-no

impl SeqNo {
    /// The number after this one; after the last number comes 0 again.
    #[must_use]
    pub fn next(self) -> SeqNo {
        self.plus(1)
    }

    /// The number that is `count` after this one; after the last number comes 0 again.
    #[must_use]
    pub fn plus(self, count: u32) -> SeqNo {
        SeqNo(self.0.wrapping_add(count))
    }

    /// How many numbers `later` is after this one, going around after the last number. Any two numbers have such a
    /// distance, the smaller one to the larger as well as the other way.
    #[must_use]
    pub fn distance_to(self, later: SeqNo) -> u32 {
        later.0.wrapping_sub(self.0)
    }
}

impl fmt::Display for SeqNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// ANCHOR: segment
/// What one datagram says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Segment {
    /// A message on its way from the sender to the receiver.
    Data {
        /// The message's number.
        seq: SeqNo,
        /// The message itself.
        #[serde(with = "serde_bytes")]
        payload: Vec<u8>,
    },
    /// The receiver's answer.
    Ack {
        /// The number that the receiver expects next: it has every message before it.
        next: SeqNo,
        /// How many messages it has room for, from `next` on.
        window: u32,
    },
    /// Nothing follows after this; it has a number like a message (part E).
    Fin {
        /// Its number.
        seq: SeqNo,
    },
    /// Opens a connection (part E).
    Syn {
        /// The number before that of the first message.
        isn: SeqNo,
    },
    /// Answers `Syn` (part E).
    SynAck {
        /// The number before that of the first message the other way.
        isn: SeqNo,
        /// The number after the one in `Syn`.
        next: SeqNo,
    },
    /// Asks whether the other side is there (part E).
    KeepAlive {
        /// The number that is expected next.
        next: SeqNo,
    },
    /// Answers a segment that belongs to no connection here (part E).
    Reset {
        /// The number that it bore: `seq`, `next` (also of a `SynAck`) or the `isn` of a `Syn`.
        about: SeqNo,
    },
}
// ANCHOR_END: segment

/// The bytes of a datagram are no segment: the network has changed them, or somebody else has sent them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentError;

impl fmt::Display for SegmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these bytes are no segment")
    }
}

impl std::error::Error for SegmentError {}

impl Segment {
    /// The bytes to send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::seal(self)
    }

    /// The segment that a datagram carries.
    ///
    /// # Errors
    /// [`SegmentError`] when the bytes are not exactly what [`Segment::encode`] makes.
    pub fn decode(datagram: &[u8]) -> Result<Segment, SegmentError> {
        codec::open(datagram).map_err(|_| SegmentError)
    }

    /// A datagram as stories show it.
    #[must_use]
    pub fn describe(datagram: &[u8]) -> String {
        match Segment::decode(datagram) {
            Ok(Segment::Data { seq, payload }) => format!("DATA seq={seq} {}", text::bytes(&payload, SHOWN)),
            Ok(Segment::Ack { next, window }) => format!("ACK {next} window={window}"),
            Ok(Segment::Fin { seq }) => format!("FIN seq={seq}"),
            Ok(Segment::Syn { isn }) => format!("SYN isn={isn}"),
            Ok(Segment::SynAck { isn, next }) => format!("SYN-ACK isn={isn} next={next}"),
            Ok(Segment::KeepAlive { next }) => format!("KEEP-ALIVE {next}"),
            Ok(Segment::Reset { about }) => format!("RESET {about}"),
            Err(SegmentError) => format!("{} undecodable bytes", datagram.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_survives_its_bytes_and_no_changed_bit_does() {
        let segment = Segment::Data { seq: SeqNo(7), payload: b"hello".to_vec() };
        let datagram = segment.encode();
        assert_eq!(Segment::decode(&datagram), Ok(segment));
        for bit in 0..datagram.len() * 8 {
            let mut changed = datagram.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Segment::decode(&changed), Err(SegmentError));
        }
    }

    #[test]
    fn numbers_go_around() {
        let near_the_end = SeqNo(u32::MAX - 1);
        assert_eq!(near_the_end.plus(5), SeqNo(3));
        assert_eq!(near_the_end.plus(0), near_the_end);
        assert_eq!(near_the_end.next(), near_the_end.plus(1));
        assert_eq!(near_the_end.distance_to(near_the_end.plus(5)), 5);
        assert_eq!(SeqNo(3).distance_to(near_the_end), u32::MAX - 4);
    }

    #[test]
    fn stories_show_a_segment_in_a_few_words() {
        let data = Segment::Data { seq: SeqNo(1), payload: b"a".to_vec() };
        assert_eq!(Segment::describe(&data.encode()), "DATA seq=1 \"a\"");
        assert_eq!(Segment::describe(&Segment::Ack { next: SeqNo(2), window: 1 }.encode()), "ACK 2 window=1");
        assert_eq!(Segment::describe(b"xyz"), "3 undecodable bytes");
    }
}
