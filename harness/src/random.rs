//! Randomness with one seed: the same stream on every machine, at every optimisation level, in every version.

use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// A generator whose stream depends on its seed alone.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..n`; 0 when `n` is 0. Its bias is below 2⁻³² for every `n` below 2³².
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// True with probability `rate` (0.0 never, 1.0 always).
    pub fn chance(&mut self, rate: f64) -> bool {
        const STEPS: f64 = (1u64 << 53) as f64;
        rate > 0.0 && ((self.bits() >> 11) as f64) < rate * STEPS
    }

    /// A span in `low..=high`.
    pub fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let width = high.saturating_sub(low).as_nanos() as u64;
        low + Duration::from_nanos(self.below(width.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut random = Random::new(1);
        let first: Vec<u64> = (0..3).map(|_| random.below(1_000_000)).collect();
        assert_eq!(first, [402_485, 80_383, 596_560]);
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
    fn a_span_keeps_to_its_bounds_and_reaches_both() {
        let mut random = Random::new(3);
        let (low, high) = (Duration::from_nanos(5), Duration::from_nanos(8));
        let spans: Vec<_> = (0..200).map(|_| random.between(low, high)).collect();
        assert!(spans.iter().all(|s| (low..=high).contains(s)));
        assert!(spans.contains(&low) && spans.contains(&high));
    }
}
