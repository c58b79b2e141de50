//! Part C: what the replies of one session tell about the network. The rules C1 to C8 are in `lab1_kit::report`; when
//! each handler is called is in `lab1_kit::observe`.
// SOLUTION: #![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]
// END SOLUTION

// SOLUTION
use std::collections::BTreeMap;
// END SOLUTION
use std::time::Duration;

// SOLUTION
use lab1_kit::message::Kind;
// END SOLUTION
use lab1_kit::message::Message;
use lab1_kit::observe::Observe;
use lab1_kit::report::Report;
// SOLUTION
use lab1_kit::report::Rtt;
// END SOLUTION

/// Counts what happens to the pings of one session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Observer {
    // SOLUTION: // Yours: what is known of each ping, and the counts.
    session: u32,
    pings: BTreeMap<u32, Ping>,
    largest_replied: Option<u32>,
    duplicated: u64,
    reordered: u64,
    corrupted: u64,
    foreign: u64,
    // END SOLUTION
}
// SOLUTION

/// A ping that was sent; it has a round-trip time once it was replied to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Ping {
    sent_at: Duration,
    rtt: Option<Duration>,
}
// END SOLUTION

impl Observe for Observer {
    fn new(session: u32) -> Self {
        // SOLUTION: todo!("lab 1, part C: Observer::new")
        Self {
            session,
            pings: BTreeMap::new(),
            largest_replied: None,
            duplicated: 0,
            reordered: 0,
            corrupted: 0,
            foreign: 0,
        }
        // END SOLUTION
    }

    fn on_sent(&mut self, seq: u32, now: Duration) {
        // SOLUTION: todo!("lab 1, part C: Observer::on_sent")
        self.pings.insert(seq, Ping { sent_at: now, rtt: None });
        // END SOLUTION
    }

    fn on_reply(&mut self, message: &Message, now: Duration) {
        // SOLUTION: todo!("lab 1, part C: Observer::on_reply")
        let ours = message.kind == Kind::Echo && message.session == self.session;
        let Some(ping) = self.pings.get_mut(&message.seq).filter(|_| ours) else {
            self.foreign += 1;
            return;
        };
        if ping.rtt.is_some() {
            self.duplicated += 1;
            return;
        }
        ping.rtt = Some(now.saturating_sub(ping.sent_at));
        // None is smaller than any number: the first reply is never reordered.
        if Some(message.seq) < self.largest_replied {
            self.reordered += 1;
        } else {
            self.largest_replied = Some(message.seq);
        }
        // END SOLUTION
    }

    fn on_bad_datagram(&mut self) {
        // SOLUTION: todo!("lab 1, part C: Observer::on_bad_datagram")
        self.corrupted += 1;
        // END SOLUTION
    }

    fn report(&self) -> Report {
        // SOLUTION: todo!("lab 1, part C: Observer::report")
        let samples: Vec<Duration> = self.pings.values().filter_map(|ping| ping.rtt).collect();
        let (sent, received) = (self.pings.len() as u64, samples.len() as u64);
        Report {
            sent,
            received,
            lost: sent - received,
            duplicated: self.duplicated,
            reordered: self.reordered,
            corrupted: self.corrupted,
            foreign: self.foreign,
            rtt: summed_up(samples),
        }
        // END SOLUTION
    }
}
// SOLUTION

/// The round-trip times in four numbers; none without a sample (C7, C8).
fn summed_up(mut samples: Vec<Duration>) -> Option<Rtt> {
    samples.sort_unstable();
    let (min, max) = (*samples.first()?, *samples.last()?);
    let count = samples.len();
    // At most 2^32 samples (one a seq), so the count fits; and Duration divides in whole nanoseconds, rounding down.
    let avg = samples.iter().sum::<Duration>() / count as u32;
    // The nearest rank is the smallest r with r >= 0.99 count; ranks count from 1, indices from 0.
    let rank = (99 * count).div_ceil(100);
    Some(Rtt { min, avg, max, p99: samples[rank - 1] })
}
// END SOLUTION
