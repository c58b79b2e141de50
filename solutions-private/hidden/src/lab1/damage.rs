//! Ways to damage a datagram: which way is the scenario's choice, the rest is random.

use super::wire;
use faultline::random::{Draw as _, Random};
use lab1_kit::message::{HEADER_LEN, MAX_DATAGRAM, MAX_PAYLOAD};
use std::ops::Range;

/// A way to damage a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// A bit was flipped in the field that has these bytes, from and to.
    Flip(usize, usize),
    /// Up to 32 bits in a row were changed: what a 32-bit checksum is made for.
    Burst,
    /// Two 16-bit words changed places.
    SwapWords,
    /// Less than a header is left.
    CutHeader,
    /// The last bytes are missing.
    CutTail,
    /// There are bytes after the end.
    Pad,
    /// It was made with another magic.
    Magic,
    /// It was made with another version.
    Version,
    /// It was made with another length.
    Length,
    /// It was made with a kind that nobody knows.
    Kind,
    /// It was made with a payload that is too large.
    TooLarge,
    /// It never was a datagram of this lab.
    Noise,
}

/// Every way there is.
pub(super) const ALL: [Damage; 19] = [
    Damage::Flip(0, 2),
    Damage::Flip(2, 3),
    Damage::Flip(3, 4),
    Damage::Flip(4, 8),
    Damage::Flip(8, 12),
    Damage::Flip(12, 13),
    Damage::Flip(13, 14),
    Damage::Flip(14, HEADER_LEN),
    Damage::Burst,
    Damage::SwapWords,
    Damage::CutHeader,
    Damage::CutTail,
    Damage::Pad,
    Damage::Magic,
    Damage::Version,
    Damage::Length,
    Damage::Kind,
    Damage::TooLarge,
    Damage::Noise,
];

impl Damage {
    /// The datagram damaged in this way. It may by chance be legal still: only [`wire::verdict`] knows.
    pub(super) fn apply(self, random: &mut Random, datagram: &[u8]) -> Vec<u8> {
        let mut bytes = datagram.to_vec();
        match self {
            Damage::Flip(start, end) => flip_bit(&mut bytes, between(random, 8 * start..8 * end)),
            Damage::Burst => burst(random, &mut bytes),
            Damage::SwapWords => swap_words(random, &mut bytes),
            Damage::CutHeader => bytes.truncate(between(random, 0..HEADER_LEN)),
            Damage::CutTail => {
                bytes.truncate(between(random, HEADER_LEN..datagram.len().max(HEADER_LEN + 1)))
            }
            Damage::Pad => bytes.extend((0..=random.below(40)).map(|_| random.bits() as u8)),
            Damage::Magic => overwrite(random, &mut bytes, 0..2),
            Damage::Version => overwrite(random, &mut bytes, 2..3),
            Damage::Length => overwrite(random, &mut bytes, 12..14),
            Damage::Kind => bytes[3] = between(random, 3..256) as u8,
            Damage::TooLarge => too_large(random, &mut bytes),
            Damage::Noise => bytes = (0..random.below(64)).map(|_| random.bits() as u8).collect(),
        }
        match self {
            Damage::Magic | Damage::Version | Damage::Length | Damage::Kind | Damage::TooLarge => {
                wire::resealed(bytes)
            }
            _ => bytes,
        }
    }
}

/// A number of this range, which is not empty.
fn between(random: &mut Random, range: Range<usize>) -> usize {
    range.start + random.below(range.len() as u64) as usize
}

fn flip_bit(bytes: &mut [u8], bit: usize) {
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
}

fn burst(random: &mut Random, bytes: &mut [u8]) {
    let start = between(random, 0..8 * bytes.len());
    let (length, pattern) = (between(random, 0..32), random.bits() | 1);
    (0..=length).filter(|bit| pattern >> bit & 1 == 1).for_each(|bit| flip_bit(bytes, start + bit));
}

fn swap_words(random: &mut Random, bytes: &mut [u8]) {
    let words = bytes.len() / 2;
    let (a, b) = (2 * between(random, 0..words), 2 * between(random, 0..words));
    bytes.swap(a, b);
    bytes.swap(a + 1, b + 1);
}

/// Other bytes in this place than there were.
fn overwrite(random: &mut Random, bytes: &mut [u8], place: Range<usize>) {
    let at = between(random, place);
    bytes[at] ^= between(random, 1..256) as u8;
}

fn too_large(random: &mut Random, bytes: &mut Vec<u8>) {
    let extra = between(random, 1..200);
    bytes.resize(MAX_DATAGRAM + extra, 0x33);
    bytes[12..14].copy_from_slice(&((MAX_PAYLOAD + extra) as u16).to_be_bytes());
}
