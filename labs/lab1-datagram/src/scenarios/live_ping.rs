//! The student's ping as a real process, through the relay, and its report held against what the relay did.
//!
//! What ping must have counted follows from the log by rules C9 and C10 alone: the last ping is sent no sooner than all
//! intervals after the start, and ping receives for a whole wait after it. A log in which a reply was handed over later
//! than half of that wait decides nothing: the machine was slow, and the run is repeated with twice the wait.

use super::live_echo::blamed;
use super::truth::{self, Arrival};
use crate::message::HEADER_LEN;
use crate::program::PING;
use crate::report::Report;
use faultline::live::patience::{DEFAULT_TICKS, Patience, TICK};
use faultline::live::process::Process;
use faultline::live::relay::{Direction, Fate, Plan, Record, Relay};
use faultline::scenario::{Bench, Failure, Outcome, ensure};
use faultline::{Row, Story, Time, text};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How often the wait is doubled before the machine is too slow to judge.
const ATTEMPTS: u32 = 4;

/// The session of every run.
pub const SESSION: u32 = 0x51_0000;

/// How ping is called; its replies must be told apart by their payloads, so `count` is below 251 and `size` above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// How many pings.
    pub count: u32,
    /// The time from one to the next.
    pub interval: Duration,
    /// The time after the last.
    pub wait: Duration,
    /// Bytes of payload.
    pub size: usize,
}

impl Setup {
    /// A process that pings `server` so.
    ///
    /// # Errors
    /// It is not started.
    pub fn spawn(&self, bench: &Bench<'_>, server: SocketAddr) -> Result<Process, Failure> {
        let Setup { count, interval, wait, size } = self;
        let (interval, wait) = (interval.as_millis(), wait.as_millis());
        let arguments = format!(
            "{server} --count {count} --interval-ms {interval} --wait-ms {wait} --size {size} --session {SESSION}"
        );
        let arguments: Vec<_> = arguments.split(' ').collect();
        Process::spawn(PING, bench.program().executable(PING)?, &arguments).map_err(blamed)
    }

    /// The payload of ping `seq`, as `PingArgs::payload` has it.
    #[must_use]
    pub fn payload(&self, seq: u32) -> Vec<u8> {
        (0..self.size).map(|index| ((seq as usize + index) % 251) as u8).collect()
    }

    /// The time from the first ping to the last.
    #[must_use]
    pub fn sending(&self) -> Duration {
        self.interval * (self.count - 1)
    }

    /// How long ping may take: what it must take, and some seconds of an idle machine.
    #[must_use]
    pub fn patience(&self) -> Patience {
        let ticks = (self.sending() + self.wait).as_millis() / TICK.as_millis();
        Patience::new(ticks as u32 + DEFAULT_TICKS)
    }
}

/// A run of ping that has ended well. Moments are those of the relay's clock, which began before ping did.
pub struct PingRun {
    /// What it printed.
    pub report: Report,
    /// All datagrams that passed the relay.
    pub log: Vec<Record>,
    /// When ping had ended; it may have ended sooner.
    pub ended: Duration,
    /// How it was called.
    pub setup: Setup,
}

/// Waits for the end of ping and reads its report.
///
/// # Errors
/// It does not end, or not well, or prints something else.
pub fn read_report(process: Process, patience: Patience) -> Result<Report, Failure> {
    let finished = process.finish(patience).map_err(blamed)?;
    if finished.code != Some(0) {
        let ended = finished.code.map_or("by a signal".into(), |code| format!("with exit code {code}"));
        let words = text::line(finished.stderr.trim(), 200);
        return Err(Failure::new(format!("Ping ended {ended} instead of 0; its last words: {words:?}.")));
    }
    Report::parse(&finished.stdout).map_err(|wrong| {
        Failure::new(format!("Ping printed no report as `Report` displays it: {}.", text::line(&wrong, 200)))
    })
}

/// Pings `server` through a relay with this plan, as often as it takes for the log to decide.
///
/// # Errors
/// Ping does not end well; or the machine is too slow, which is the kit's.
pub fn ping_through(
    bench: &Bench<'_>,
    server: SocketAddr,
    plan: &Plan,
    setup: Setup,
) -> Result<PingRun, Failure> {
    let mut setup = setup;
    for _ in 0..ATTEMPTS {
        let run = ping_once(bench, server, plan.clone(), setup)?;
        if run.last_reply() <= setup.sending() + setup.wait / 2 {
            return Ok(run);
        }
        setup.wait *= 2;
    }
    Err(Failure::of_the_kit("The machine is too slow: replies kept coming when ping's wait was half over."))
}

fn ping_once(bench: &Bench<'_>, server: SocketAddr, plan: Plan, setup: Setup) -> Result<PingRun, Failure> {
    let relay = Relay::start(server, plan).map_err(blamed)?;
    // The relay's clock began before this one, so each of its moments was no later than it looks by this one.
    let clock = Instant::now();
    let process = setup.spawn(bench, relay.addr())?;
    let report = read_report(process, setup.patience())?;
    Ok(PingRun { report, log: relay.log(), ended: clock.elapsed(), setup })
}

impl PingRun {
    /// Holds the pings against rule C9, the end against C10, the counts against what the relay did, and the round trips
    /// against its delays. `foreign` has the messages that the plan sends and that are no replies.
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
        truth::compare_counts(&self.report, &truth).map_err(|wrong| told(Failure::new(wrong)))?;
        self.check_round_trips(delay).map_err(told)
    }

    fn check_pings(&self) -> Outcome {
        let pings: Vec<_> = self.records(Direction::ToServer).collect();
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

    fn check_round_trips(&self, delay: Duration) -> Outcome {
        let rtt = match &self.report.rtt {
            Some(rtt) => rtt,
            None if self.report.received == 0 => return Ok(()),
            None => return Err(Failure::new("Rule C7: the report has no round-trip times.")),
        };
        ensure(rtt.min >= delay, || {
            format!("Rule C7: the relay took {delay:?}, and the report has a round trip of {:?}.", rtt.min)
        })?;
        ensure(rtt.min <= rtt.avg && rtt.avg <= rtt.max && rtt.max <= self.ended, || {
            format!("Rule C7: these round-trip times cannot be: {rtt}.")
        })?;
        // Of fewer than 100 samples the nearest rank is the last.
        ensure(self.report.received >= 100 || rtt.p99 == rtt.max, || {
            format!("Rule C7: p99 of {} round trips is the longest, but is {:?}.", self.report.received, rtt.p99)
        })
    }

    /// What the report should say, but for the round trips.
    fn truth(&self, foreign: &[Vec<u8>]) -> Result<Report, Failure> {
        let mut arrivals = vec![];
        for record in self.records(Direction::ToClient) {
            for (moment, bytes) in &record.forwarded {
                let arrival = match self.seq_of(bytes) {
                    _ if foreign.contains(bytes) => Arrival::Foreign,
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

    fn last_reply(&self) -> Duration {
        let moments = self.records(Direction::ToClient).flat_map(|record| &record.forwarded);
        moments.map(|(moment, _)| *moment).max().unwrap_or_default()
    }

    fn records(&self, direction: Direction) -> impl Iterator<Item = &Record> {
        self.log.iter().filter(move |record| record.direction == direction)
    }

    /// What the relay did beyond forwarding.
    fn story(&self) -> Story {
        let faults = self.log.iter().filter(|record| record.fate != Fate::Forwarded);
        let rows: Vec<_> = faults.map(row).collect();
        let (datagrams, faults) = (self.log.len(), rows.len());
        Story::new(format!("live, {datagrams} datagrams, real time; its {faults} faults"), rows)
    }
}

fn row(record: &Record) -> Row {
    let way = match record.direction {
        Direction::ToServer => "from ping to echo",
        Direction::ToClient => "from echo to ping",
    };
    let fate = match record.fate {
        Fate::Forwarded => "forwards",
        Fate::Lost => "loses",
        Fate::Duplicated => "duplicates",
        Fate::Corrupted => "corrupts",
        Fate::Held => "holds back",
        Fate::Replaced => "replaces by other bytes",
        Fate::Injected => "adds a datagram to",
    };
    let at = Time::ZERO + Duration::from_micros(record.arrived.as_micros() as u64);
    Row::new(at, "relay", format!("{fate} datagram {} {way}", record.number))
}
