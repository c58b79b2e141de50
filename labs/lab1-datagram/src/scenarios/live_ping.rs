//! The student's ping as a real process, through the relay. What its report is held against is in `ping_run.rs`.
//!
//! What ping must have counted follows from the log by rules C9 and C10 alone: the last ping is sent no sooner than all
//! intervals after the start, and ping receives for a whole wait after it. A log in which a reply was handed over later
//! than half of that wait decides nothing: the machine was slow, and the run is repeated with twice the wait. So it is
//! when pings or answers are missing that the relay did not take: server and relay may have been too slow for them.

use super::live_echo::EchoServer;
use super::ping_run::PingRun;
use crate::program::PING;
use crate::report::Report;
use faultline::live::network::Network;
use faultline::live::patience::{DEFAULT_TICKS, Patience, TICK};
use faultline::live::process::{Place, Process};
use faultline::live::relay::{Record, Relay};
use faultline::live::unwritten;
use faultline::scenario::{Bench, Failure};
use faultline::text;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many runs there are at most, each with twice the wait of the one before.
pub const ATTEMPTS: u32 = 4;

/// How long nothing must come to the relay for its log to be complete, in ticks.
const QUIET_TICKS: u32 = 4;

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
    /// A process in this network that pings `server` so.
    ///
    /// # Errors
    /// It is not started.
    pub fn spawn(
        &self,
        bench: &Bench<'_>,
        network: &Network,
        server: SocketAddr,
    ) -> Result<Process, Failure> {
        let Setup { count, interval, wait, size } = self;
        let (interval, wait) = (interval.as_millis(), wait.as_millis());
        let arguments = format!(
            "{server} --count {count} --interval-ms {interval} --wait-ms {wait} --size {size} --session {SESSION}"
        );
        let arguments: Vec<_> = arguments.split(' ').collect();
        let place = Place { network: network.clone(), ..Place::default() };
        Process::spawn_at(place, PING, bench.program().executable(PING)?, &arguments).map_err(Failure::from)
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

    /// Whether a moment, counted from ping's start, is so late that ping may have ended soon after.
    #[must_use]
    pub fn is_late(&self, moment: Duration) -> bool {
        moment > self.sending() + self.wait / 2
    }

    /// How long ping may take: what it must take, and some seconds of an idle machine.
    #[must_use]
    pub fn patience(&self) -> Patience {
        let ticks = (self.sending() + self.wait).as_millis() / TICK.as_millis();
        Patience::new(ticks as u32 + DEFAULT_TICKS)
    }
}

/// Waits for the end of ping and reads its report.
///
/// # Errors
/// It does not end, or not well, or prints something else.
pub fn read_report(process: Process, patience: Patience) -> Result<Report, Failure> {
    let finished = process.finish(patience).map_err(Failure::from)?;
    if let Some(failure) = unwritten(&finished.stderr) {
        return Err(failure);
    }
    if finished.code != Some(0) {
        let ended = finished.code.map_or("by a signal".into(), |code| format!("with exit code {code}"));
        let words = text::line(finished.stderr.trim(), 200);
        return Err(Failure::new(format!("Ping ended {ended} instead of 0; its last words: {words:?}.")));
    }
    Report::parse(&finished.stdout).map_err(|wrong| {
        Failure::new(format!("Ping printed no report as `Report` displays it: {}.", text::line(&wrong, 200)))
    })
}

/// Pings the student's echo server through a relay with these faults, as often as it takes for the log to decide.
///
/// # Errors
/// The server or ping does not end well; or the machine is too slow, which is the kit's.
pub fn ping_through(bench: &Bench<'_>, setup: Setup, faults: impl Fn(&Relay)) -> Result<PingRun, Failure> {
    let mut setup = setup;
    let mut late_pings = 0;
    for attempt in 1..=ATTEMPTS {
        let run = ping_once(bench, setup, &faults)?;
        let late = setup.is_late(run.last_reply());
        if !late && (attempt == ATTEMPTS || !run.is_short()) {
            return Ok(run);
        }
        late_pings += u32::from(setup.is_late(run.last_ping()));
        setup.wait *= 2;
    }
    Err(undecided(setup, late_pings))
}

/// No run was decided: the machine was too slow, or else ping, when it was late each time with its own sending.
#[must_use]
pub fn undecided(setup: Setup, late_pings: u32) -> Failure {
    if late_pings < ATTEMPTS {
        return Failure::of_the_kit("The machine is too slow: replies came when ping's wait was half over.");
    }
    Failure::new(format!(
        "Rule C9: in each of {ATTEMPTS} runs the last of {} pings, {} ms apart, came much too late.",
        setup.count,
        setup.interval.as_millis()
    ))
}

fn ping_once(bench: &Bench<'_>, setup: Setup, faults: impl Fn(&Relay)) -> Result<PingRun, Failure> {
    // A server of its own, so that no run depends on the one before.
    let server = EchoServer::start(bench)?;
    let network = bench.network()?;
    let relay = Relay::between(&network, server.network(), server.addr(), bench.seed());
    let relay = relay.map_err(Failure::from)?;
    relay.keep_log();
    faults(&relay);
    // The relay's clock began before this one, so each of its moments was no later than it looks by this one.
    let clock = Instant::now();
    let process = setup.spawn(bench, &network, relay.addr())?;
    let report = read_report(process, setup.patience())?;
    let ended = clock.elapsed();
    Ok(PingRun { report, log: settled(&relay), faults: relay.require_faults(), ended, setup })
}

/// The relay's log when nothing has come to it for a while: what is handed over after ping's end must be seen in it.
fn settled(relay: &Relay) -> Vec<Record> {
    let mut log = relay.log();
    for _ in 0..DEFAULT_TICKS {
        let before = log.len();
        Patience::new(QUIET_TICKS).pass();
        log = relay.log();
        if log.len() == before {
            break;
        }
    }
    log
}
