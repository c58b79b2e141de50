//! The time-out as rules D1 to D3 and D5 have it, in seconds.

use lab2_kit::{RtoConfig, RtoEvent};
use std::time::Duration;

/// What the RTO is made of.
#[derive(Clone, Debug)]
pub(in crate::lab2) struct Timeout {
    config: RtoConfig,
    /// SRTT and RTTVAR.
    estimate: Option<[f64; 2]>,
    seconds: f64,
}

impl Timeout {
    pub(in crate::lab2) fn new(config: RtoConfig) -> Timeout {
        Timeout { config, estimate: None, seconds: config.first.as_secs_f64() }
    }

    pub(in crate::lab2) fn span(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    pub(in crate::lab2) fn happens(&mut self, event: RtoEvent) {
        let [least, most, granularity] =
            [self.config.min, self.config.max, self.config.granularity].map(|span| span.as_secs_f64());
        self.seconds = match event {
            RtoEvent::TimedOut => most.min(self.seconds * 2.0),
            RtoEvent::Sample(rtt) => {
                let rtt = rtt.as_secs_f64();
                let estimate = match self.estimate {
                    None => [rtt, rtt / 2.0],
                    Some([srtt, rttvar]) => {
                        let rttvar = 0.75 * rttvar + 0.25 * (srtt - rtt).abs();
                        [0.875 * srtt + 0.125 * rtt, rttvar]
                    }
                };
                self.estimate = Some(estimate);
                let [srtt, rttvar] = estimate;
                most.min(least.max(srtt + granularity.max(4.0 * rttvar)))
            }
        };
    }
}
