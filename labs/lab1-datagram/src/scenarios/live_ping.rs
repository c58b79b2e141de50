//! The student's ping as a real process, through the relay, and its report held against what the relay did.
//!
//! What ping must have counted follows from the log by rule C10 alone: the last ping is sent no sooner than all intervals
//! after the start, and ping receives for a whole wait after it. A log in which a reply was handed over later than half
//! of that wait decides nothing: the machine was slow, and the run is repeated with twice the wait.

use super::live_echo::{PATIENCE, blamed};
use super::truth::{self, Arrival};
use crate::message::HEADER_LEN;
use crate::program::PING;
use crate::report::Report;
use faultline::live::patience::{DEFAULT_TICKS, Patience, TICK};
use faultline::live::process::Process;
use faultline::live::relay::{Direction, Plan, Record, Relay};
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

/// A run of ping that has ended well.
pub struct PingRun {
    /// What it printed.
    pub report: Report,
    /// All datagrams that passed the relay.
    pub log: Vec<Record>,
    /// Not before this moment, of the relay's clock, was ping started.
    pub started: Duration,
    /// Before this moment, of the relay's clock, ping had ended.
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
        if run.last_reply() <= run.started + setup.sending() + setup.wait / 2 {
            return Ok(run);
        }
        setup.wait *= 2;
    }
    Err(Failure::of_the_kit("The machine is too slow: replies kept coming when ping's wait was half over."))
}

fn ping_once(
    bench: &Bench<'_>,
    server: SocketAddr,
    plan: Plan,
    setup: Setup,
) -> Result<PingRun, Failure> {
    let relay = Relay::start(server, plan).map_err(blamed)?;
    // The relay's clock began before this one, so its moments are never later than they look here.
    let clock = Instant::now();
    let process = setup.spawn(bench, relay.addr())?;
    let report = read_report(process, setup.patience())?;
    let ended = clock.elapsed();
    Ok(PingRun { report, log: relay.log(), started: Duration::ZERO, ended, setup })
}
