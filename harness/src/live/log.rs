//! What a relay did, datagram by datagram: the truth against which a report of the network is held.

use std::time::Duration;

use super::plan::Direction;

/// What happened to one datagram that arrived at the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It went on as it was.
    Forwarded,
    /// It was dropped as planned.
    Lost,
    /// It went on twice.
    Duplicated,
    /// It went on with one bit flipped.
    Corrupted,
    /// It was held until a later one had gone.
    Held,
    /// Other bytes went on in its place.
    Replaced,
    /// It went on, and other bytes after it.
    Injected,
}

/// One datagram that arrived at the relay. No two moments in a log are equal, so moments tell the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which way it went.
    pub direction: Direction,
    /// Its number in that direction, counted from 1 over all clients.
    pub number: u64,
    /// When it arrived, since the relay started.
    pub arrived: Duration,
    /// The bytes that arrived.
    pub datagram: Vec<u8>,
    /// What was done to it.
    pub fate: Fate,
    /// What went on so far, and when.
    pub forwarded: Vec<(Duration, Vec<u8>)>,
}

/// A log in numbers, for one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// Datagrams that arrived at the relay.
    pub arrived: u64,
    /// Datagrams of which nothing has gone on.
    pub lost: u64,
    /// Datagrams that went on twice.
    pub duplicated: u64,
    /// Datagrams that went on with a bit flipped.
    pub corrupted: u64,
    /// Datagrams that went on after one of a larger number (RFC 4737, section 3.3); copies and injected bytes aside.
    pub reordered: u64,
}

impl Counts {
    /// Sums up one direction of a log.
    pub fn of(log: &[Record], direction: Direction) -> Self {
        let records: Vec<&Record> = log.iter().filter(|record| record.direction == direction).collect();
        let with = |fate| {
            records.iter().filter(|record| record.fate == fate && !record.forwarded.is_empty()).count() as u64
        };
        Self {
            arrived: records.len() as u64,
            lost: records.iter().filter(|record| record.forwarded.is_empty()).count() as u64,
            duplicated: with(Fate::Duplicated),
            corrupted: with(Fate::Corrupted),
            reordered: reordered(&records),
        }
    }
}

fn reordered(records: &[&Record]) -> u64 {
    let mut order: Vec<(Duration, u64)> = records
        .iter()
        .filter_map(|record| record.forwarded.first().map(|(moment, _)| (*moment, record.number)))
        .collect();
    order.sort_unstable();
    let mut largest = 0;
    let mut late = 0;
    for (_, number) in order {
        if number < largest {
            late += 1;
        }
        largest = largest.max(number);
    }
    late
}
