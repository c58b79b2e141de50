//! The observer in virtual time: the student's observer in a pinger, a server of the kit's, and a network that keeps a
//! log. Whenever a report is asked for, the truth is worked out from that log.

use super::truth::{self, Arrival};
use crate::message::{Kind, Message};
use crate::pinger;
use crate::program::{PINGER, PingerConfig, TellReport, Told};
use crate::report::Report;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Delivery, Ended, Handle, Link, Simulation};
use faultline::{Context, Host, Machine, Never, Time, codec, ms};
use std::time::Duration;

/// Which pings a pinger sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pings {
    /// Their session.
    pub session: u32,
    /// How many there are.
    pub count: u32,
    /// The time from one to the next; the first is sent at the start.
    pub interval: Duration,
}

/// Answers every ping that arrives whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Echoer;

impl Machine for Echoer {
    type Command = Never;
    type Notice = Never;
    type Timer = Never;

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        if let Ok(message @ Message { kind: Kind::Ping, .. }) = codec::open::<Message>(datagram) {
            ctx.send(from, codec::seal(&Message { kind: Kind::Echo, ..message }));
        }
    }
}

/// Sends what a scenario wrote down, each datagram at its moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Player {
    /// Where it sends to.
    pub to: Host,
    /// The moments since the start, and the datagrams.
    pub plan: Vec<(Duration, Vec<u8>)>,
}

impl Machine for Player {
    type Command = Never;
    type Notice = Never;
    type Timer = usize;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        for (index, (at, _)) in self.plan.iter().enumerate() {
            ctx.set_timer(index, *at);
        }
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], _: &mut Context<Self>) {}

    fn on_timer(&mut self, index: usize, ctx: &mut Context<Self>) {
        ctx.send(self.to, self.plan[index].1.clone());
    }
}

/// The sealed echo of this session and seq.
#[must_use]
pub fn echo(session: u32, seq: u32) -> Vec<u8> {
    codec::seal(&Message { kind: Kind::Echo, session, seq, payload: seq.to_string().into_bytes() })
}

/// A pinger at work.
pub struct Run<'a> {
    /// The world; its hosts are the pinger, the server and a stranger.
    pub simulation: Simulation<'a>,
    /// The pinger's, the server's and the stranger's addresses.
    pub hosts: [Host; 3],
    pinger: Handle<TellReport, Told>,
    pings: Pings,
}

impl<'a> Run<'a> {
    /// A pinger and a server that echoes, over links like `link`.
    ///
    /// # Errors
    /// The observer does not come up.
    pub fn with_echoer(bench: &Bench<'a>, link: Link, pings: Pings) -> Result<Self, Failure> {
        let (mut simulation, hosts) = Simulation::new(bench, ["pinger", "server", "stranger"]);
        simulation.links(link);
        simulation.start_given(hosts[1], Echoer, pinger::describe)?;
        Run::start(simulation, hosts, pings)
    }

    /// A pinger and a server that sends what is planned, whatever comes.
    ///
    /// # Errors
    /// The observer does not come up.
    pub fn with_player(
        bench: &Bench<'a>,
        plan: Vec<(Duration, Vec<u8>)>,
        pings: Pings,
    ) -> Result<Self, Failure> {
        let (mut simulation, hosts) = Simulation::new(bench, ["pinger", "server", "stranger"]);
        simulation.start_given(hosts[1], Player { to: hosts[0], plan }, pinger::describe)?;
        Run::start(simulation, hosts, pings)
    }

    fn start(mut simulation: Simulation<'a>, hosts: [Host; 3], pings: Pings) -> Result<Self, Failure> {
        simulation.keep_deliveries();
        let Pings { session, count, interval } = pings;
        let config = PingerConfig { server: hosts[1], session, count, interval };
        let pinger = simulation.start(hosts[0], &PINGER, &config)?;
        Ok(Run { simulation, hosts, pinger, pings })
    }

    /// Lets `span` pass, and holds a report against the truth after each `step` of it.
    ///
    /// # Errors
    /// The observer does not answer, or the first report that is wrong: what made it wrong is at the story's end.
    pub fn watch(&mut self, span: Duration, step: Duration) -> Outcome {
        self.check()?;
        let end = self.simulation.now() + span;
        loop {
            let left = end.since(self.simulation.now());
            let ended = self.simulation.run_for(step.min(left))?;
            self.check()?;
            if left <= step || ended == Ended::Quiet {
                return Ok(());
            }
        }
    }

    /// Asks for a report and holds it against the truth.
    ///
    /// # Errors
    /// The observer does not answer, or its report is wrong.
    pub fn check(&mut self) -> Outcome {
        self.simulation.command(self.pinger, &TellReport)?;
        let told = self.simulation.notices(self.pinger)?.pop();
        let Some(Told(told)) = told else { return Err(self.simulation.fail("The pinger told nothing.")) };
        truth::compare(&told, &self.truth()).map_err(|wrong| self.simulation.fail(wrong))
    }

    /// What a report should say now.
    #[must_use]
    pub fn truth(&self) -> Report {
        let [pinger, server, _] = self.hosts;
        let count = self.simulation.counts(pinger, server).sent as u32;
        let sent: Vec<Duration> = (0..count).map(|seq| seq * self.pings.interval).collect();
        let log = self.simulation.deliveries().iter().filter(|delivery| delivery.to == pinger);
        let arrivals: Vec<_> =
            log.map(|delivery| (delivery.at.since(Time::ZERO), self.classify(delivery, count))).collect();
        truth::report(&sent, &arrivals)
    }

    fn classify(&self, delivery: &Delivery, sent: u32) -> Arrival {
        match codec::open::<Message>(&delivery.datagram) {
            Err(_) => Arrival::Undecodable,
            Ok(Message { kind: Kind::Echo, session, seq, .. })
                if session == self.pings.session && seq < sent =>
            {
                Arrival::Reply(seq)
            }
            Ok(_) => Arrival::Foreign,
        }
    }
}

/// A link on which 2 ms are the whole latency.
#[must_use]
pub fn clean() -> Link {
    Link { latency_min: ms(2), latency_max: ms(2), ..Link::default() }
}
