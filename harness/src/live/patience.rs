//! How long to wait, counted in ticks of our own instead of read from a clock: a machine that sleeps or starves for a
//! minute takes no ticks meanwhile, so it does not use up a patience at once.

use std::fmt;
use std::thread;
use std::time::Duration;

/// One tick.
pub const TICK: Duration = Duration::from_millis(50);
/// How long to wait unless told otherwise: five seconds on an idle machine.
pub const DEFAULT_TICKS: u32 = 100;

const POLL: Duration = Duration::from_millis(1);
const POLLS_PER_TICK: u32 = 50;

/// A number of ticks to wait at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Patience {
    ticks: u32,
}

impl Patience {
    /// As many ticks of 50 ms.
    pub const fn new(ticks: u32) -> Self {
        Self { ticks }
    }

    /// The number of ticks.
    pub fn ticks(self) -> u32 {
        self.ticks
    }

    /// Waits all of it.
    pub fn pass(self) {
        (0..self.ticks).for_each(|_| thread::sleep(TICK));
    }

    /// Asks about once a millisecond until there is an answer; `None` when the ticks are used up. Asks at least once.
    pub fn until<T>(self, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
        let polls = u64::from(self.ticks) * u64::from(POLLS_PER_TICK);
        for _ in 0..polls {
            if let Some(answer) = ask() {
                return Some(answer);
            }
            thread::sleep(POLL);
        }
        ask()
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::new(DEFAULT_TICKS)
    }
}

impl fmt::Display for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ticks of {} ms", self.ticks, TICK.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_ends_the_wait() {
        let mut asked = 0;
        let answer = Patience::default().until(|| {
            asked += 1;
            (asked == 3).then_some("yes")
        });
        assert_eq!((answer, asked), (Some("yes"), 3));
    }

    #[test]
    fn no_patience_still_asks_once_and_a_tick_is_fifty_polls() {
        for (ticks, expected) in [(0, 1), (1, 51)] {
            let mut asked = 0;
            let answer = Patience::new(ticks).until(|| {
                asked += 1;
                None::<()>
            });
            assert_eq!((answer, asked), (None, expected));
        }
    }
}
