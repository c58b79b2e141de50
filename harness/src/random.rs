//! Randomness with one seed: the same stream on every machine, at every optimisation level, in every version.
//!
//! [`Random`] is a stream for scenarios. [`Dice`] belong to one named decision (what becomes of the third datagram from
//! A to B), so that a decision stays as it is when others are taken away: replay and shrinking stand on that.

use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Draws numbers from 64 random bits at a time, in whole-number arithmetic.
pub trait Draw {
    /// The next 64 random bits.
    fn bits(&mut self) -> u64;

    /// A number in `0..n`; 0 when `n` is 0. Its bias is below 2⁻³² for every `n` below 2³².
    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// True with probability `rate` (0.0 never, 1.0 always).
    fn chance(&mut self, rate: f64) -> bool {
        const STEPS: f64 = (1u64 << 53) as f64;
        rate > 0.0 && ((self.bits() >> 11) as f64) < rate * STEPS
    }

    /// A span in `low..=high`.
    fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let width = high.saturating_sub(low).as_nanos() as u64;
        if width == 0 { low } else { low + Duration::from_nanos(self.below(width.saturating_add(1))) }
    }
}

/// A generator whose stream depends on its seed alone (ChaCha with 8 rounds).
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(ChaCha8Rng::seed_from_u64(seed))
    }
}

impl Draw for Random {
    fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The randomness of one named decision: a few numbers, cheaply (SplitMix64: Steele, Lea, Flood, OOPSLA 2014).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of the decision with this name, in the run with this seed.
    pub(crate) fn of<const N: usize>(seed: u64, name: [u64; N]) -> Dice {
        name.into_iter().fold(Dice(mix(seed)), Dice::part)
    }

    /// The dice of the decision whose name has one part more.
    pub(crate) fn part(self, part: u64) -> Dice {
        Dice(mix(self.0 ^ mix(part.wrapping_add(GOLDEN))))
    }
}

impl Draw for Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }
}

/// 2⁶⁴ divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streams_of_a_seed_never_change() {
        let mut random = Random::new(1);
        let first: Vec<u64> = (0..3).map(|_| random.below(1_000_000)).collect();
        assert_eq!(first, [402_485, 80_383, 596_560]);
        // The first outputs of SplitMix64 for the state 0, as its authors' implementation gives them.
        let mut dice = Dice(0);
        assert_eq!([dice.bits(), dice.bits()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }

    #[test]
    fn a_chance_comes_true_about_as_often_as_it_says() {
        let mut random = Random::new(7);
        let hits = (0..100_000).filter(|_| random.chance(0.2)).count();
        assert!((19_500..20_500).contains(&hits), "{hits}");
        assert!((0..1000).all(|_| !random.chance(0.0)));
        assert!((0..1000).all(|_| random.chance(1.0)));
    }

    #[test]
    fn decisions_of_different_names_or_seeds_are_independent() {
        let hits = |seed, kind| (0..20_000).filter(|n| Dice::of(seed, [kind, 1, *n]).chance(0.25)).count();
        let both = (0..20_000).filter(|n| {
            let one = |kind| Dice::of(1, [kind, 1, *n]).chance(0.25);
            one(0) && one(1)
        });
        assert!((4_700..5_300).contains(&hits(1, 0)) && (4_700..5_300).contains(&hits(2, 0)));
        let both = both.count();
        assert!((1_100..1_400).contains(&both), "{both}");
    }

    #[test]
    fn a_span_keeps_to_its_bounds_and_reaches_both() {
        let mut random = Random::new(3);
        let (low, high) = (Duration::from_nanos(5), Duration::from_nanos(8));
        let spans: Vec<_> = (0..200).map(|_| random.between(low, high)).collect();
        assert!(spans.iter().all(|s| (low..=high).contains(s)));
        assert!(spans.contains(&low) && spans.contains(&high));
    }
}
