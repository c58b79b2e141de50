//! What a relay did, datagram by datagram: the truth against which a report of the network is held.

use crate::machine::Host;
use crate::simulation::Counts;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Records that a log keeps at most.
pub const RECORDS_MAX: usize = 200_000;
/// Bytes of arrived datagrams that a log keeps at most: 64 MiB.
pub const LOG_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What a relay did to one datagram; none of it is forwarding it as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Why nothing of it goes on: "by chance" (or by rule), "the link is cut", "the queue is full".
    pub lost: Option<&'static str>,
    /// It goes on twice.
    pub duplicated: bool,
    /// It, or a copy of it, goes on changed.
    pub corrupted: bool,
    /// It is held back, until a time or until a later one has gone.
    pub reordered: bool,
    /// Nobody sent it: the scenario put it on the way.
    pub injected: bool,
}

impl Fate {
    /// The fate of a datagram before which a direction's counts were `before`, and after which they are `after`.
    pub(super) fn between(before: Counts, after: Counts, lost: Option<&'static str>) -> Fate {
        Fate {
            lost,
            duplicated: after.duplicated > before.duplicated,
            corrupted: after.corrupted > before.corrupted,
            reordered: after.reordered > before.reordered,
            injected: false,
        }
    }
}

impl fmt::Display for Fate {
    /// What the relay does, in the third person: "forwards", "duplicates and corrupts".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verbs = [
            (self.lost.is_some(), "loses"),
            (self.duplicated, "duplicates"),
            (self.corrupted, "corrupts"),
            (self.reordered, "holds back"),
            (self.injected, "injects"),
        ];
        let verbs: Vec<_> = verbs.iter().filter(|(does, _)| *does).map(|(_, verb)| *verb).collect();
        f.write_str(if verbs.is_empty() { "forwards".into() } else { verbs.join(" and ") }.as_str())
    }
}

/// One datagram that arrived at the relay, or was injected. No two moments in a log are equal, so moments tell the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose side it came from.
    pub from: Host,
    /// Whose side it is for.
    pub to: Host,
    /// Its number in that direction, counted from 1 over all clients; 0 when it was injected.
    pub number: u64,
    /// When it arrived, since the relay started.
    pub arrived: Duration,
    /// The bytes that arrived.
    pub datagram: Arc<[u8]>,
    /// What was done to it.
    pub fate: Fate,
    /// What went on so far, and when.
    pub forwarded: Vec<(Duration, Arc<[u8]>)>,
}

/// The records so far, in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) records: Vec<Record>,
    bytes: usize,
}

impl Log {
    /// Whether one more does not fit.
    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= RECORDS_MAX || self.bytes >= LOG_BYTES_MAX
    }

    /// Adds a record and gives its place.
    pub(super) fn add(&mut self, record: Record) -> usize {
        self.bytes += record.datagram.len();
        self.records.push(record);
        self.records.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_full_when_its_bytes_are() {
        let mut log = Log::default();
        let datagram: Arc<[u8]> = vec![0; LOG_BYTES_MAX / 2].into();
        let record = |number| Record {
            from: Host(0),
            to: Host(1),
            number,
            arrived: Duration::ZERO,
            datagram: datagram.clone(),
            fate: Fate::default(),
            forwarded: vec![],
        };
        assert_eq!((log.add(record(1)), log.is_full()), (0, false));
        assert_eq!((log.add(record(2)), log.is_full()), (1, true));
    }

    #[test]
    fn a_fate_is_told_in_verbs() {
        assert_eq!(Fate::default().to_string(), "forwards");
        let fate = Fate { duplicated: true, corrupted: true, ..Fate::default() };
        assert_eq!(fate.to_string(), "duplicates and corrupts");
        assert_eq!(Fate { lost: Some("by chance"), ..Fate::default() }.to_string(), "loses");
    }
}
