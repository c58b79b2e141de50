//! One run of ping through the relay: its report held against what the relay did.

use super::live_ping::Setup;
use super::truth::{self, Arrival};
use crate::message::HEADER_LEN;
use crate::report::Report;
use faultline::live::relay::{CLIENTS, Fate, Record, SERVER};
use faultline::scenario::{Failure, Outcome, ensure};
use faultline::{Host, Row, Story, Time, text};
use std::time::Duration;

/// A run of ping that has ended well. Moments are those of the relay's clock, which began before ping did.
pub struct PingRun {
    /// What it printed.
    pub report: Report,
    /// All datagrams that passed the relay.
    pub log: Vec<Record>,
    /// Whether the relay did all that it was to do.
    pub faults: Outcome,
    /// When ping had ended; it may have ended sooner.
    pub ended: Duration,
    /// How it was called.
    pub setup: Setup,
}

impl PingRun {
    /// Holds the pings against rule C9, the end against C10, the counts against what the relay did, and the round trips
    /// against its delays. `foreign` has the messages that the relay sends and that are no replies.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, delay: Duration, foreign: &[Vec<u8>]) -> Outcome {
        let told = |failure: Failure| failure.with(self.story());
        self.check_pings().map_err(told)?;
        ensure(self.ended >= self.setup.sending() + self.setup.wait, || {
            "Rule C10: ping ended before its wait was over.".into()
        })
        .map_err(told)?;
        let truth = self.truth(foreign).map_err(told)?;
        // A run in which nothing comes back would show nothing.
        ensure(2 * truth.received >= truth.sent, || {
            format!(
                "Rule B6: of {} pings only {} were answered; no scenario loses so many.",
                truth.sent, truth.received
            )
        })
        .map_err(told)?;
        truth::compare_counts(&self.report, &truth).map_err(|wrong| told(Failure::new(wrong)))?;
        check_round_trips(&self.report, delay, self.ended).map_err(told)?;
        // Last: a program that sends too little may keep a fault from happening.
        self.faults.clone()
    }

    fn check_pings(&self) -> Outcome {
        let pings: Vec<_> = self.records(CLIENTS).collect();
        let Setup { count, size, interval, .. } = self.setup;
        ensure(pings.len() == count as usize, || {
            format!("Rule C9: ping was to send {count} pings, and {} came to the relay.", pings.len())
        })?;
        for (seq, ping) in (0..count).zip(pings) {
            ensure(ping.datagram.get(HEADER_LEN..) == Some(&self.setup.payload(seq)), || {
                format!("Rule C9: ping {seq} does not carry `PingArgs::payload({seq})` of {size} bytes.")
            })?;
            ensure(ping.arrived >= seq * interval, || {
                format!(
                    "Rule C9: ping {seq} was sent less than {seq} intervals of {} ms after the start.",
                    interval.as_millis()
                )
            })?;
        }
        Ok(())
    }

    /// What the report should say, but for the round trips.
    fn truth(&self, foreign: &[Vec<u8>]) -> Result<Report, Failure> {
        let mut arrivals = vec![];
        for record in self.records(SERVER) {
            for (moment, bytes) in &record.forwarded {
                let arrival = match self.seq_of(bytes) {
                    _ if foreign.iter().any(|it| **it == **bytes) => Arrival::Foreign,
                    _ if record.fate.injected => Arrival::Undecodable,
                    Some(seq) if *bytes == record.datagram => Arrival::Reply(seq),
                    None if *bytes == record.datagram => {
                        return Err(Failure::new(format!(
                            "Rule B6: the server sent {}, which has no ping's payload.",
                            text::bytes(bytes, 60)
                        )));
                    }
                    _ => Arrival::Undecodable,
                };
                arrivals.push((*moment, arrival));
            }
        }
        arrivals.sort_by_key(|(moment, _)| *moment);
        let sent: Vec<_> = (0..self.setup.count).map(|seq| seq * self.setup.interval).collect();
        Ok(truth::report(&sent, &arrivals))
    }

    fn seq_of(&self, datagram: &[u8]) -> Option<u32> {
        let payload = datagram.get(HEADER_LEN..)?;
        (0..self.setup.count).find(|seq| self.setup.payload(*seq) == payload)
    }

    /// Whether pings, or answers to pings that the server was given unchanged, are missing. The program is to blame only
    /// when it happens every time.
    pub(super) fn is_short(&self) -> bool {
        let pings = self.records(CLIENTS).count();
        let unchanged =
            |record: &Record| record.forwarded.iter().filter(|(_, bytes)| *bytes == record.datagram).count();
        let answerable: usize = self.records(CLIENTS).map(unchanged).sum();
        let answers = self.records(SERVER).count();
        pings < self.setup.count as usize || answers < answerable
    }

    /// When the last datagram was handed to ping.
    pub(super) fn last_reply(&self) -> Duration {
        let moments = self.records(SERVER).flat_map(|record| &record.forwarded);
        moments.map(|(moment, _)| *moment).max().unwrap_or_default()
    }

    /// When the last ping came to the relay.
    pub(super) fn last_ping(&self) -> Duration {
        self.records(CLIENTS).map(|record| record.arrived).max().unwrap_or_default()
    }

    fn records(&self, from: Host) -> impl Iterator<Item = &Record> {
        self.log.iter().filter(move |record| record.from == from)
    }

    /// What the relay did beyond forwarding.
    fn story(&self) -> Story {
        let faults = self.log.iter().filter(|record| record.fate != Fate::default());
        let rows: Vec<_> = faults.map(row).collect();
        let (datagrams, faults) = (self.log.len(), rows.len());
        Story::new(format!("live, {datagrams} datagrams, real time; its {faults} faults"), rows)
    }
}

/// Checks what must hold of round trips whose longest took `longest` at least, in a run that took `whole`. A ping that
/// notes the time just after sending may find some of them shorter than they were, so the others are not asked.
///
/// # Errors
/// The first thing that cannot be.
pub fn check_round_trips(report: &Report, longest: Duration, whole: Duration) -> Outcome {
    let rtt = match &report.rtt {
        Some(rtt) => rtt,
        None if report.received == 0 => return Ok(()),
        None => return Err(Failure::new("Rule C7: the report has no round-trip times.")),
    };
    ensure(rtt.max >= longest, || {
        format!(
            "Rule C7: a round trip took {longest:?} at least, and the longest of the report is {:?}.",
            rtt.max
        )
    })?;
    ensure(rtt.min <= rtt.avg && rtt.avg <= rtt.max && rtt.p99 <= rtt.max && rtt.max <= whole, || {
        format!("Rule C7: these round-trip times cannot be: {rtt}.")
    })?;
    // Of fewer than 100 samples the nearest rank is the last.
    ensure(report.received >= 100 || rtt.p99 == rtt.max, || {
        format!("Rule C7: p99 of {} round trips is the longest, but is {:?}.", report.received, rtt.p99)
    })
}

fn row(record: &Record) -> Row {
    let way = if record.from == CLIENTS { "from ping to echo" } else { "from echo to ping" };
    let what = if record.fate.injected { "a datagram".into() } else { format!("datagram {}", record.number) };
    let at = Time::ZERO + Duration::from_micros(record.arrived.as_micros() as u64);
    Row::new(at, "relay", format!("{} {what} {way}", record.fate))
}
