//! Virtual time: a moment is counted from the start of the run, and nothing but the kit moves it on.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// A moment of virtual time, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);

    /// How long after `earlier` this moment is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Nanoseconds since the start of the run.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// The moment `span` later; the end of time when there is none (about 584 years after the start).
    fn add(self, span: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ms, us) = (self.0 / 1_000_000, self.0 / 1_000 % 1_000);
        if us == 0 { write!(f, "{ms} ms") } else { write!(f, "{ms}.{us:03} ms") }
    }
}

/// `n` milliseconds: scenarios are full of them.
#[must_use]
pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_milliseconds_with_micros_where_there_are_any() {
        assert_eq!((Time::ZERO + ms(12)).to_string(), "12 ms");
        assert_eq!((Time::ZERO + Duration::from_micros(1_005)).to_string(), "1.005 ms");
    }

    #[test]
    fn time_saturates_at_both_ends() {
        let end = Time::ZERO + Duration::MAX;
        assert_eq!(end + ms(1), end);
        assert_eq!(Time::ZERO.since(end), Duration::ZERO);
    }
}
