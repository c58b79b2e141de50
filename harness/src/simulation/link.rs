//! What one direction between two hosts is like, and what that does to a datagram's bytes and time.

use crate::random::{Dice, Draw as _, Random};
use crate::time::{Time, ms};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// The largest payload of a UDP datagram over IPv4, in bytes.
pub const MTU_MAX: usize = 65_507;

/// What one direction between two hosts is like. The default is perfect: 1 ms, no faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The shortest one-way delay.
    pub latency_min: Duration,
    /// The longest one-way delay; a datagram may overtake another when it differs from the shortest.
    pub latency_max: Duration,
    /// The share of datagrams that vanish, 0.0 to 1.0.
    pub loss: f64,
    /// The share that arrives twice.
    pub duplicate: f64,
    /// How much later than its original a copy may start, at most.
    pub copy_delay: Duration,
    /// The share that arrives changed: a bit flipped, two 16-bit words swapped, cut short or padded.
    pub corrupt: f64,
    /// The share that is held back.
    pub reorder: f64,
    /// For how long it is held back.
    pub reorder_delay: Duration,
    /// Nothing comes through.
    pub cut: bool,
    /// The largest datagram that comes through, in bytes.
    pub mtu: usize,
    /// How many bytes a second the link carries, one datagram after the other; `None` is any number at once.
    pub bytes_per_second: Option<u64>,
    /// How many datagrams may wait for the link when it carries a limited number of bytes; one more is lost.
    pub queue: usize,
}

impl Default for Link {
    fn default() -> Self {
        Link {
            latency_min: ms(1),
            latency_max: ms(1),
            loss: 0.0,
            duplicate: 0.0,
            copy_delay: Duration::ZERO,
            corrupt: 0.0,
            reorder: 0.0,
            reorder_delay: Duration::ZERO,
            cut: false,
            mtu: MTU_MAX,
            bytes_per_second: None,
            queue: usize::MAX,
        }
    }
}

impl Link {
    /// A link whose faults are drawn from the seed: some runs lose much, some only reorder, some do all at once. One fixed
    /// mix would hide the bugs that need a pure one.
    #[must_use]
    pub fn swarm(seed: u64) -> Link {
        let mut random = Random::new(seed ^ 0x5741_524D);
        let mut rate = |most: f64| {
            let on = random.chance(0.6);
            let share = random.below(1_000) as f64 / 1_000.0;
            if on { most * (0.2 + 0.8 * share) } else { 0.0 }
        };
        let (loss, duplicate, corrupt, reorder) = (rate(0.4), rate(0.4), rate(0.2), rate(0.3));
        Link {
            latency_min: ms(1),
            latency_max: ms(1 + random.below(20)),
            loss,
            duplicate,
            copy_delay: ms(random.below(2_000)),
            corrupt,
            reorder,
            reorder_delay: ms(10 + random.below(2_000)),
            ..Link::default()
        }
    }
}

/// How long a datagram takes to get on the link and over its bottleneck; `None` when the queue before it is full.
pub(super) fn carry(link: &Link, leaving: &mut VecDeque<Time>, now: Time, bytes: usize) -> Option<Duration> {
    let Some(rate) = link.bytes_per_second else { return Some(Duration::ZERO) };
    while leaving.front().is_some_and(|left| *left <= now) {
        leaving.pop_front();
    }
    // The first of them is on the link; the others wait.
    if leaving.len() > link.queue {
        return None;
    }
    let nanos = (bytes as u128 * 1_000_000_000).div_ceil(u128::from(rate.max(1)));
    let start = leaving.back().copied().unwrap_or(now);
    let left = start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    leaving.push_back(left);
    Some(left.since(now))
}

/// The datagram changed in one of the ways in which networks and their hardware do it; never equal to the original.
pub(super) fn corrupt(datagram: &[u8], dice: &mut Dice) -> Arc<[u8]> {
    let mut bytes = datagram.to_vec();
    match dice.below(4) {
        0 if bytes.len() >= 4 => swap_words(&mut bytes, dice),
        1 if !bytes.is_empty() => bytes.truncate(dice.below(bytes.len() as u64) as usize),
        2 => bytes.extend((0..=dice.below(8)).map(|_| 0u8)),
        _ => {}
    }
    if bytes == datagram {
        flip_bit(&mut bytes, dice);
    }
    bytes.into()
}

fn swap_words(bytes: &mut [u8], dice: &mut Dice) {
    let words = (bytes.len() / 2) as u64;
    let (a, b) = (dice.below(words) as usize * 2, dice.below(words) as usize * 2);
    bytes.swap(a, b);
    bytes.swap(a + 1, b + 1);
}

fn flip_bit(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if bytes.is_empty() {
        bytes.push(0);
        return;
    }
    let bit = dice.below(bytes.len() as u64 * 8) as usize;
    bytes[bit / 8] ^= 1 << (bit % 8);
}
