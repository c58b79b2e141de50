//! The retransmission time-out: how long the sender waits before it takes silence for a loss.

use lab2_kit::{RtoConfig, RtoEvent};
use std::time::Duration;

/// A time-out that follows the round trips (rules D1 to D3 and D5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rto {
    // Yours: what the next RTO is computed from.
}

impl Rto {
    /// The time-out before the first sample.
    #[must_use]
    pub fn new(config: RtoConfig) -> Self {
        todo!("lab 2, part D: Rto::new")
    }

    /// The time-out for a timer that is set now.
    #[must_use]
    pub fn current(&self) -> Duration {
        todo!("lab 2, part D: Rto::current")
    }

    /// A round trip took `rtt` (rules D2 and D3).
    pub fn sample(&mut self, rtt: Duration) {
        todo!("lab 2, part D: Rto::sample")
    }

    /// The timer has run out (rule D5).
    pub fn back_off(&mut self) {
        todo!("lab 2, part D: Rto::back_off")
    }
}

/// The time-out at first and after each event: how the scenarios look at an [`Rto`] by itself. Given.
#[must_use]
pub fn series((config, events): (RtoConfig, Vec<RtoEvent>)) -> Vec<Duration> {
    let mut rto = Rto::new(config);
    let mut series = vec![rto.current()];
    for event in events {
        match event {
            RtoEvent::Sample(rtt) => rto.sample(rtt),
            RtoEvent::TimedOut => rto.back_off(),
        }
        series.push(rto.current());
    }
    series
}
