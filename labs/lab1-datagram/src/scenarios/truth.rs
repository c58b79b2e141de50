//! What a report should say, worked out from a whole log at once: when pings were sent, and what came to whom sent them.
//! It shares nothing with an observer, which must know at each moment.

use crate::report::{Report, Rtt};
use std::time::Duration;

/// Something that came to the pinging host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A good reply to the ping of this seq.
    Reply(u32),
    /// A message that is no good reply.
    Foreign,
    /// A datagram that is no message.
    Undecodable,
}

/// The report of this log. `sent` has the moment of each ping, by seq; `arrivals` are in order.
#[must_use]
pub fn report(sent: &[Duration], arrivals: &[(Duration, Arrival)]) -> Report {
    let count = |wanted: fn(&Arrival) -> bool| arrivals.iter().filter(|(_, it)| wanted(it)).count() as u64;
    let replies = count(|it| matches!(it, Arrival::Reply(_)));
    let firsts = first_replies(arrivals);
    let overtaken = |(index, (_, seq)): (usize, &(Duration, u32))| {
        firsts[..index].iter().any(|(_, earlier)| earlier > seq)
    };
    let received = firsts.len() as u64;
    let round_trip = |(at, seq): &(Duration, u32)| at.saturating_sub(sent[*seq as usize]);
    Report {
        sent: sent.len() as u64,
        received,
        lost: sent.len() as u64 - received,
        duplicated: replies - received,
        reordered: firsts.iter().enumerate().filter(|it| overtaken(*it)).count() as u64,
        corrupted: count(|it| *it == Arrival::Undecodable),
        foreign: count(|it| *it == Arrival::Foreign),
        rtt: round_trips(&firsts.iter().map(round_trip).collect::<Vec<_>>()),
    }
}

fn first_replies(arrivals: &[(Duration, Arrival)]) -> Vec<(Duration, u32)> {
    let mut firsts: Vec<(Duration, u32)> = vec![];
    for (at, arrival) in arrivals {
        match arrival {
            Arrival::Reply(seq) if firsts.iter().all(|(_, known)| known != seq) => firsts.push((*at, *seq)),
            _ => {}
        }
    }
    firsts
}

/// As rule C7 puts it, word by word.
fn round_trips(samples: &[Duration]) -> Option<Rtt> {
    let enough = |candidate: &&Duration| {
        let not_above = samples.iter().filter(|sample| sample <= candidate).count();
        100 * not_above >= 99 * samples.len()
    };
    let nanos: u128 = samples.iter().map(Duration::as_nanos).sum();
    Some(Rtt {
        min: *samples.iter().min()?,
        avg: Duration::from_nanos((nanos / samples.len() as u128) as u64),
        max: *samples.iter().max()?,
        p99: *samples.iter().filter(enough).min()?,
    })
}

/// Holds the counts of a report against the truth.
///
/// # Errors
/// The first count that is wrong, with its rule.
pub fn compare_counts(told: &Report, truth: &Report) -> Result<(), String> {
    let counts = [
        ("C1", "pings sent", told.sent, truth.sent),
        ("C5", "corrupted datagrams", told.corrupted, truth.corrupted),
        ("C6", "foreign messages", told.foreign, truth.foreign),
        ("C2", "pings received", told.received, truth.received),
        ("C2", "pings lost", told.lost, truth.lost),
        ("C3", "duplicated replies", told.duplicated, truth.duplicated),
        ("C4", "reordered replies", told.reordered, truth.reordered),
    ];
    match counts.iter().find(|(_, _, told, truth)| told != truth) {
        None => Ok(()),
        Some((rule, what, told, truth)) => {
            Err(format!("Rule {rule}: the report counts {told} {what}; the kit knows of {truth}."))
        }
    }
}

/// Holds a whole report against the truth.
///
/// # Errors
/// The first thing that is wrong, with its rule.
pub fn compare(told: &Report, truth: &Report) -> Result<(), String> {
    compare_counts(told, truth)?;
    let (told, truth) = match (&told.rtt, &truth.rtt) {
        (None, None) => return Ok(()),
        (Some(_), None) => return Err("Rule C8: the report has round-trip times without any reply.".into()),
        (None, Some(_)) => return Err("Rule C7: the report has no round-trip times.".into()),
        (Some(told), Some(truth)) => (told, truth),
    };
    let times = [
        ("min", told.min, truth.min),
        ("avg", told.avg, truth.avg),
        ("max", told.max, truth.max),
        ("p99", told.p99, truth.p99),
    ];
    match times.iter().find(|(_, told, truth)| told != truth) {
        None => Ok(()),
        Some((name, told, truth)) => {
            Err(format!("Rule C7: the report says round trip {name} {told:?}; it was {truth:?}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faultline::ms;

    fn log(arrivals: &[(u64, Arrival)]) -> Vec<(Duration, Arrival)> {
        arrivals.iter().map(|(at, arrival)| (ms(*at), *arrival)).collect()
    }

    #[test]
    fn a_log_worked_out_by_hand() {
        use Arrival::{Foreign, Reply, Undecodable};
        let sent: Vec<Duration> = (0..5).map(|seq| ms(10 * seq)).collect();
        let arrivals = log(&[
            (5, Reply(0)),
            (33, Reply(3)),
            (34, Reply(1)),
            (35, Reply(3)),
            (36, Undecodable),
            (37, Foreign),
            (41, Reply(2)),
            (42, Reply(0)),
        ]);
        let rtt = Rtt { min: ms(3), avg: Duration::from_micros(13_250), max: ms(24), p99: ms(24) };
        let truth = Report {
            sent: 5,
            received: 4,
            lost: 1,
            duplicated: 2,
            reordered: 2,
            corrupted: 1,
            foreign: 1,
            rtt: Some(rtt),
        };
        assert_eq!(report(&sent, &arrivals), truth);
        assert_eq!(report(&sent, &[]), Report { sent: 5, lost: 5, ..Report::default() });
    }

    #[test]
    fn the_99th_percentile_is_the_nearest_rank() {
        for (count, rank) in [(1, 1), (50, 50), (99, 99), (100, 99), (101, 100), (200, 198), (201, 199)] {
            let samples: Vec<Duration> = (1..=count).rev().map(ms).collect();
            assert_eq!(round_trips(&samples).unwrap().p99, ms(rank), "{count}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_rule() {
        let truth = report(&[ms(0)], &log(&[(7, Arrival::Reply(0))]));
        assert_eq!(compare(&truth, &truth), Ok(()));
        let told = Report { reordered: 7, ..truth.clone() };
        let reason = "Rule C4: the report counts 7 reordered replies; the kit knows of 0.";
        assert_eq!(compare(&told, &truth), Err(reason.into()));
        let told = Report { rtt: None, ..truth.clone() };
        assert_eq!(compare(&told, &truth), Err("Rule C7: the report has no round-trip times.".into()));
        let mut told = truth.clone();
        told.rtt.as_mut().unwrap().p99 = ms(8);
        assert!(compare(&told, &truth).unwrap_err().contains("p99 8ms; it was 7ms"));
    }
}
