//! What `ping` tells about the network: the contract of part C, and the text in which it is told.
//!
//! A *good reply* is an [`Echo`](crate::message::Kind::Echo) of this session for a seq that was sent.
//!
//! - **C1** `sent` counts the pings that were sent.
//! - **C2** `received` counts the pings that have at least one good reply; `lost` is `sent - received`.
//! - **C3** `duplicated` counts the good replies beyond the first, over all pings.
//! - **C4** `reordered` counts the first replies whose seq is smaller than the largest seq that has been replied to
//!   before (RFC 4737, section 3.3). A duplicate is never reordered.
//! - **C5** `corrupted` counts the datagrams that did not decode.
//! - **C6** `foreign` counts the messages that decode and are no good reply: another session, a seq that was never
//!   sent, or not an echo. They change nothing else.
//! - **C7** The round-trip time of a ping runs from its sending to its first reply. `avg` is the sum divided by the
//!   count, in whole nanoseconds, rounded down. `p99` is the nearest rank: the smallest sample such that at least
//!   99 % of the samples are not above it.
//! - **C8** Without any reply there is no round-trip time, and not one of zero.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

// ANCHOR: report
/// One run of `ping`, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Report {
    /// Pings sent (C1).
    pub sent: u64,
    /// Pings replied to at least once (C2).
    pub received: u64,
    /// Pings never replied to (C2).
    pub lost: u64,
    /// Good replies beyond the first (C3).
    pub duplicated: u64,
    /// First replies that a later ping's reply overtook (C4).
    pub reordered: u64,
    /// Datagrams that did not decode (C5).
    pub corrupted: u64,
    /// Messages that are no reply to this run (C6).
    pub foreign: u64,
    /// Round-trip times; `None` without any reply (C7, C8).
    pub rtt: Option<Rtt>,
}

/// Round-trip times of the first replies (C7).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rtt {
    /// The shortest.
    pub min: Duration,
    /// The mean, rounded down to a whole nanosecond.
    pub avg: Duration,
    /// The longest.
    pub max: Duration,
    /// The 99th percentile by nearest rank.
    pub p99: Duration,
}
// ANCHOR_END: report

const NO_REPLY: &str = "round trip unknown: no reply";
const NANOS_PER_MS: u128 = 1_000_000;

/// The lines that `ping` prints; no newline after the last.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sent {}", self.sent)?;
        writeln!(f, "received {}", self.received)?;
        writeln!(f, "lost {}", self.lost)?;
        writeln!(f, "duplicated {}", self.duplicated)?;
        writeln!(f, "reordered {}", self.reordered)?;
        writeln!(f, "corrupted {}", self.corrupted)?;
        writeln!(f, "foreign {}", self.foreign)?;
        match &self.rtt {
            Some(rtt) => write!(f, "round trip {rtt}"),
            None => write!(f, "{NO_REPLY}"),
        }
    }
}

/// Milliseconds with six decimals, so that no nanosecond is lost.
impl fmt::Display for Rtt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| {
            let nanos = time.as_nanos();
            format!("{}.{:06} ms", nanos / NANOS_PER_MS, nanos % NANOS_PER_MS)
        };
        let Self { min, avg, max, p99 } = *self;
        write!(f, "min {}, avg {}, max {}, p99 {}", ms(min), ms(avg), ms(max), ms(p99))
    }
}

impl Report {
    /// Reads what [`Display`](fmt::Display) writes, exactly; says which line is otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let mut count = |name: &str| -> Result<u64, String> {
            let line = lines.next().ok_or(format!("no line \"{name} N\""))?;
            let number = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
            number
                .and_then(|digits| digits.parse().ok())
                .ok_or(format!("\"{line}\" where \"{name} N\" is expected"))
        };
        let mut report = Self {
            sent: count("sent")?,
            received: count("received")?,
            lost: count("lost")?,
            duplicated: count("duplicated")?,
            reordered: count("reordered")?,
            corrupted: count("corrupted")?,
            foreign: count("foreign")?,
            rtt: None,
        };
        match lines.next() {
            None => return Err("no line \"round trip ...\"".to_owned()),
            Some(NO_REPLY) => {}
            Some(line) => {
                report.rtt = Some(parse_rtt(line).ok_or(format!("\"{line}\" is no round-trip line"))?);
            }
        }
        match lines.next() {
            None => Ok(report),
            Some(line) => Err(format!("\"{line}\" after the last line of the report")),
        }
    }
}

fn parse_rtt(line: &str) -> Option<Rtt> {
    let mut fields = line.strip_prefix("round trip ")?.split(", ");
    let mut field =
        |name: &str| parse_ms(fields.next()?.strip_prefix(name)?.strip_prefix(' ')?.strip_suffix(" ms")?);
    let rtt = Rtt { min: field("min")?, avg: field("avg")?, max: field("max")?, p99: field("p99")? };
    fields.next().is_none().then_some(rtt)
}

fn parse_ms(text: &str) -> Option<Duration> {
    let (whole, decimals) = text.split_once('.')?;
    if decimals.len() != 6 {
        return None;
    }
    let nanos: u32 = decimals.parse().ok()?;
    Some(Duration::from_millis(whole.parse().ok()?) + Duration::from_nanos(nanos.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Report {
        let rtt = Rtt {
            min: Duration::from_nanos(81_123),
            avg: Duration::from_nanos(1_000_001),
            max: Duration::from_secs(3),
            p99: Duration::ZERO,
        };
        Report {
            sent: 20,
            received: 18,
            lost: 2,
            duplicated: 1,
            reordered: 3,
            corrupted: 4,
            foreign: 5,
            rtt: Some(rtt),
        }
    }

    #[test]
    fn a_report_has_one_line_a_count() {
        let expected = "sent 20\nreceived 18\nlost 2\nduplicated 1\nreordered 3\ncorrupted 4\nforeign 5\n\
            round trip min 0.081123 ms, avg 1.000001 ms, max 3000.000000 ms, p99 0.000000 ms";
        assert_eq!(sample().to_string(), expected);
    }

    #[test]
    fn what_was_printed_is_read_back() {
        for report in [sample(), Report::default()] {
            assert_eq!(Report::parse(&report.to_string()), Ok(report.clone()));
            assert_eq!(Report::parse(&format!("{report}\n")), Ok(report));
        }
    }

    #[test]
    fn a_text_that_is_no_report_is_refused_with_its_line() {
        let text = sample().to_string();
        assert_eq!(Report::parse(""), Err("no line \"sent N\"".to_owned()));
        let missing = text.replace("lost 2\n", "");
        assert_eq!(Report::parse(&missing), Err("\"duplicated 1\" where \"lost N\" is expected".to_owned()));
        assert!(Report::parse(&text.replace("foreign 5", "foreign -5")).is_err());
        assert!(Report::parse(&text.replace("0.081123", "0.08")).is_err());
        assert!(Report::parse(&format!("{text}, p50 0.000000 ms")).is_err());
        assert!(Report::parse(&format!("{text}\nbye")).is_err());
    }
}
