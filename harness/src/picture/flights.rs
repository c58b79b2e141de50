//! What became of each datagram: the way of each copy from its sender to its end, put together from single records.

use crate::machine::Host;
use crate::trace::{Record, RecordKind};
use std::collections::BTreeMap;

/// The way of one copy of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    /// The datagram's number, which its copies share; 0 for one that the scenario played.
    pub(super) number: u64,
    /// Who sent it.
    pub(super) from: Host,
    /// Who is to get it.
    pub(super) to: Host,
    /// The records that tell of it, in order, without its end: where it begins, and each change on the way. Empty when
    /// nobody sent it.
    pub(super) way: Vec<usize>,
    /// Its end.
    pub(super) end: End,
    /// Whether the network made it.
    pub(super) is_copy: bool,
    /// Whether it arrives changed.
    pub(super) is_corrupted: bool,
    /// Whether one that was sent later arrived before it.
    pub(super) is_late: bool,
    /// The record that sent the datagram of which this is a copy.
    sent: Option<usize>,
}

/// How the way of a datagram ends, and the record that tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was received.
    Arrived(usize),
    /// It was lost.
    Lost(usize),
    /// Taken by the scenario, which plays the other host, when it was sent.
    Taken(usize),
    /// The story ends before.
    OnTheWay,
}

impl Flight {
    /// The last record that tells of it.
    pub(super) fn last(&self) -> usize {
        match self.end {
            End::Arrived(index) | End::Lost(index) | End::Taken(index) => index,
            End::OnTheWay => self.way.last().copied().unwrap_or(0),
        }
    }

    /// Whether the scenario sent it or took it.
    pub(super) fn is_played(&self) -> bool {
        self.number == 0
    }

    /// What is unusual about it, in words; empty for a datagram that simply arrived.
    pub(super) fn remarks(&self) -> Vec<&'static str> {
        let lost = matches!(self.end, End::Lost(_));
        let remarks = [
            (self.is_copy, "copy"),
            (self.is_corrupted, "corrupted"),
            (self.is_late, "late"),
            (lost, "lost"),
            (self.end == End::OnTheWay, "on the way at the end"),
            (self.is_played(), "played by the scenario"),
        ];
        remarks.into_iter().filter_map(|(holds, word)| holds.then_some(word)).collect()
    }
}

/// The ways of all datagrams, in the order in which they begin.
pub(super) fn flights(records: &[Record]) -> Vec<Flight> {
    let mut air = Air { records, flights: vec![], by_number: BTreeMap::new(), corruptions: BTreeMap::new() };
    for (index, record) in records.iter().enumerate() {
        let (Some(number), Some(peer)) = (record.datagram, record.peer) else { continue };
        match record.kind {
            RecordKind::Send => air.send(index, number, record.host, peer),
            RecordKind::Duplicate => air.duplicate(index, number, record.host, peer),
            RecordKind::Corrupt => air.corruptions.entry(number).or_default().push(index),
            RecordKind::Lose => air.end(End::Lost(index), number, record.host, peer),
            RecordKind::Receive => air.end(End::Arrived(index), number, peer, record.host),
            _ => {}
        }
    }
    air.place_corruptions();
    mark_late(&mut air.flights);
    air.flights
}

/// The flights so far.
struct Air<'a> {
    records: &'a [Record],
    flights: Vec<Flight>,
    by_number: BTreeMap<u64, Vec<usize>>,
    /// Records of corruptions of which it is not known yet which copy they changed.
    corruptions: BTreeMap<u64, Vec<usize>>,
}

impl Air<'_> {
    fn add(&mut self, flight: Flight) -> usize {
        let index = self.flights.len();
        if flight.number > 0 {
            self.by_number.entry(flight.number).or_default().push(index);
        }
        self.flights.push(flight);
        index
    }

    fn send(&mut self, index: usize, number: u64, from: Host, to: Host) {
        let end = if number == 0 { End::Taken(index) } else { End::OnTheWay };
        let flight = Flight { way: vec![index], end, sent: Some(index), ..unsent(number, from, to) };
        self.add(flight);
    }

    fn duplicate(&mut self, index: usize, number: u64, from: Host, to: Host) {
        let original = self.open(number);
        let sent = original.and_then(|it| self.flights[it].sent);
        if let Some(original) = original {
            self.flights[original].way.push(index);
        }
        self.add(Flight { way: vec![index], is_copy: true, sent, ..unsent(number, from, to) });
    }

    fn end(&mut self, end: End, number: u64, from: Host, to: Host) {
        let open = self.open(number).unwrap_or_else(|| self.add(unsent(number, from, to)));
        self.flights[open].end = end;
        let End::Arrived(index) = end else { return };
        let content = |index: usize| self.records[index].content.as_ref();
        let differs = self.flights[open].sent.is_some_and(|sent| content(sent) != content(index));
        if let Some(changed) = self.corruptions.get_mut(&number).filter(|it| differs && !it.is_empty()) {
            let corruption = changed.remove(0);
            self.corrupt(open, corruption);
        }
    }

    fn corrupt(&mut self, flight: usize, corruption: usize) {
        let flight = &mut self.flights[flight];
        flight.is_corrupted = true;
        flight.way.push(corruption);
        flight.way.sort_unstable();
    }

    /// The first copy of a datagram whose end is not known.
    fn open(&self, number: u64) -> Option<usize> {
        let copies = self.by_number.get(&number)?;
        copies.iter().copied().find(|copy| self.flights[*copy].end == End::OnTheWay)
    }

    /// Corruptions that do not show in what was received are put on any copy.
    fn place_corruptions(&mut self) {
        for (number, corruptions) in std::mem::take(&mut self.corruptions) {
            for corruption in corruptions {
                let copies = self.by_number.get(&number).cloned().unwrap_or_default();
                let whole = copies.iter().find(|copy| !self.flights[**copy].is_corrupted);
                if let Some(copy) = whole.or(copies.first()).copied() {
                    self.corrupt(copy, corruption);
                }
            }
        }
    }
}

fn unsent(number: u64, from: Host, to: Host) -> Flight {
    Flight {
        number,
        from,
        to,
        way: vec![],
        end: End::OnTheWay,
        is_copy: false,
        is_corrupted: false,
        is_late: false,
        sent: None,
    }
}

fn mark_late(flights: &mut [Flight]) {
    let mut arrived: Vec<usize> = (0..flights.len()).collect();
    arrived.retain(|it| matches!(flights[*it].end, End::Arrived(_)) && flights[*it].sent.is_some());
    arrived.sort_unstable_by_key(|it| flights[*it].last());
    let mut latest: BTreeMap<(Host, Host), usize> = BTreeMap::new();
    for it in arrived {
        let flight = &mut flights[it];
        let sent = flight.sent.unwrap_or(0);
        let latest = latest.entry((flight.from, flight.to)).or_insert(sent);
        flight.is_late = sent < *latest;
        *latest = sent.max(*latest);
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::record;
    use super::*;
    use RecordKind::{Corrupt, Duplicate, Lose, Receive, Send};

    const A: u16 = 0;
    const B: u16 = 1;

    fn told(records: &[Record]) -> Vec<(u64, String)> {
        flights(records).iter().map(|it| (it.number, it.remarks().join(", "))).collect()
    }

    #[test]
    fn a_copy_a_loss_and_one_on_the_way_are_told_apart() {
        let records = [
            record(Send, A, B, 1, "x"),
            record(Duplicate, A, B, 1, "x"),
            record(Send, A, B, 2, "y"),
            record(Lose, A, B, 2, "y"),
            record(Receive, B, A, 1, "x"),
            record(Receive, B, A, 1, "x"),
            record(Send, B, A, 3, "z"),
        ];
        let want = [(1, ""), (1, "copy"), (2, "lost"), (3, "on the way at the end")];
        assert_eq!(told(&records), want.map(|(number, words)| (number, words.to_string())));
    }

    #[test]
    fn one_that_was_overtaken_is_late() {
        let records = [
            record(Send, A, B, 1, "x"),
            record(Send, A, B, 2, "y"),
            record(Receive, B, A, 2, "y"),
            record(Receive, B, A, 1, "x"),
        ];
        assert_eq!(told(&records), [(1, "late".to_string()), (2, String::new())]);
    }

    #[test]
    fn the_copy_that_arrives_changed_is_the_corrupted_one() {
        let records = [
            record(Send, A, B, 1, "x"),
            record(Duplicate, A, B, 1, "x"),
            record(Corrupt, A, B, 1, "x"),
            record(Receive, B, A, 1, "x"),
            record(Receive, B, A, 1, "?"),
        ];
        assert_eq!(told(&records), [(1, String::new()), (1, "copy, corrupted".to_string())]);
    }

    #[test]
    fn what_nobody_sent_is_the_scenarios() {
        let records = [record(Receive, B, A, 0, "x"), record(Send, B, A, 0, "y")];
        let flights = flights(&records);
        assert_eq!(flights[0].end, End::Arrived(0));
        assert_eq!(flights[1].end, End::Taken(1));
        assert!(flights.iter().all(Flight::is_played));
    }
}
