//! The retransmission time-out: how long the sender waits before it takes silence for a loss.

use lab2_kit::{RtoConfig, RtoEvent};
use std::time::Duration;

/// A time-out that follows the round trips (rules D1 to D3 and D5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rto {
    // SOLUTION: // Yours: what the next RTO is computed from.
    config: RtoConfig,
    /// SRTT and RTTVAR, once there was a sample.
    smoothed: Option<(Duration, Duration)>,
    rto: Duration,
    // END SOLUTION
}

impl Rto {
    /// The time-out before the first sample.
    #[must_use]
    pub fn new(config: RtoConfig) -> Self {
        // SOLUTION: todo!("lab 2, part D: Rto::new")
        Rto { config, smoothed: None, rto: config.first }
        // END SOLUTION
    }

    /// The time-out for a timer that is set now.
    #[must_use]
    pub fn current(&self) -> Duration {
        // SOLUTION: todo!("lab 2, part D: Rto::current")
        self.rto
        // END SOLUTION
    }

    /// A round trip took `rtt` (rules D2 and D3).
    pub fn sample(&mut self, rtt: Duration) {
        // SOLUTION: todo!("lab 2, part D: Rto::sample")
        let (srtt, rttvar) = match self.smoothed {
            None => (rtt, rtt / 2),
            Some((srtt, rttvar)) => (srtt * 7 / 8 + rtt / 8, rttvar * 3 / 4 + srtt.abs_diff(rtt) / 4),
        };
        self.smoothed = Some((srtt, rttvar));
        let RtoConfig { min, max, granularity, .. } = self.config;
        self.rto = (srtt + granularity.max(4 * rttvar)).clamp(min, max);
        // END SOLUTION
    }

    /// The timer has run out (rule D5).
    pub fn back_off(&mut self) {
        // SOLUTION: todo!("lab 2, part D: Rto::back_off")
        self.rto = (2 * self.rto).min(self.config.max);
        // END SOLUTION
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
