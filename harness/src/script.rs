//! A scripted peer: one machine under test, with the scenario playing everything around it, datagram by datagram.
//!
//! What the scenario *did* goes in; what it *expects* is compared with what came out, in order. Time moves only when the
//! scenario lets it pass. The steps so far are the story of a failure.

use crate::codec;
use crate::crash::Crash;
use crate::machine::{Action, Host, Moment};
use crate::meter::{self, Memory};
use crate::node::{Event, Node};
use crate::program::Role;
use crate::random::{Draw as _, Random};
use crate::scenario::{Bench, Failure, Outcome, Stories, sentence};
use crate::time::Time;
use crate::timers::Timers;
use crate::trace::{Carried, Label, Trace, What};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

/// How often timers may run out while the scenario lets time pass once.
pub const MAX_TIMERS_PER_PASS: usize = 10_000;

/// The machine under test is the first host; its peers follow.
const SUBJECT: Host = Host(0);

/// The peer with which every script begins.
pub const PEER: Host = Host(1);

/// One thing that a scenario does to the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed<Command> {
    /// The application asks for something.
    Command(Command),
    /// A datagram arrives.
    Deliver(Host, Vec<u8>),
}

impl<Command: Serialize> Deed<Command> {
    /// The encoded command, if it is one.
    fn command(&self) -> Vec<u8> {
        match self {
            Deed::Command(command) => codec::encode(command),
            Deed::Deliver(..) => vec![],
        }
    }

    fn event<'a>(&'a self, command: &'a [u8]) -> Event<'a> {
        match self {
            Deed::Command(_) => Event::Command(command),
            Deed::Deliver(from, datagram) => Event::Datagram { from: *from, datagram },
        }
    }
}

/// One machine and the scenario around it.
pub struct Script<Config, Command, Notice> {
    role: Role<Config, Command, Notice>,
    node: Box<dyn Node>,
    now: Time,
    random: Random,
    timers: Timers,
    timers_fired: usize,
    /// What was sent and not yet expected, each with the step in which it was.
    datagrams: VecDeque<(Host, Arc<[u8]>, u64)>,
    steps: u64,
    notices: VecDeque<Vec<u8>>,
    /// The notices that the scenario has expected so far.
    told: BTreeSet<Vec<u8>>,
    /// When the machine's last event was.
    stepped: Time,
    trace: Trace,
    hosts: u16,
    recorder: Option<Stories>,
}

impl<Config, Command, Notice> Script<Config, Command, Notice>
where
    Config: Serialize,
    Command: Serialize + DeserializeOwned + Display,
    Notice: Serialize + DeserializeOwned + Display,
{
    /// Starts a machine of `role`, shown as `name`, with a peer ([`PEER`]) that is shown as `peer`.
    ///
    /// # Errors
    /// The student's code did not come up.
    pub fn start(
        bench: &Bench<'_>,
        role: Role<Config, Command, Notice>,
        [name, peer]: [&str; 2],
        config: &Config,
    ) -> Result<Self, Failure> {
        let mut trace = bench.new_trace();
        trace.add_host(Label::new(name, &role));
        trace.add_host(Label::new(peer, &role));
        let node = bench.program().start_metered(role.name, &codec::encode(config))?;
        let mut script = Script {
            role,
            node,
            now: Time::ZERO,
            random: Random::new(bench.seed()),
            timers: Timers::default(),
            timers_fired: 0,
            datagrams: VecDeque::new(),
            steps: 0,
            notices: VecDeque::new(),
            told: BTreeSet::new(),
            stepped: Time::ZERO,
            trace,
            hosts: 2,
            recorder: bench.recorder(),
        };
        script.trace.push(Time::ZERO, || What::Started(SUBJECT));
        script.step(Event::Start(&[]))?;
        Ok(script)
    }

    /// Adds one more peer.
    pub fn peer(&mut self, name: &str) -> Host {
        self.trace.add_host(Label::new(name, &self.role));
        self.hosts += 1;
        Host(self.hosts - 1)
    }

    /// Did: the application asks for something.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn command(&mut self, command: &Command) -> Outcome {
        let bytes = codec::encode(command);
        self.trace.push(self.now, || What::Commanded(SUBJECT, bytes.as_slice().into()));
        self.step(Event::Command(&bytes))
    }

    /// Did: a datagram arrives.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn deliver(&mut self, from: Host, datagram: &[u8]) -> Outcome {
        let carried = || Carried { number: 0, from, to: SUBJECT, bytes: datagram.into() };
        self.trace.push(self.now, || What::Received(carried()));
        self.step(Event::Datagram { from, datagram })
    }

    /// Did: several things at one moment, one after the other. The same as one by one, and much faster where a scenario has
    /// very many of them.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn all(&mut self, deeds: &[Deed<Command>]) -> Outcome {
        let commands: Vec<Vec<u8>> = deeds.iter().map(Deed::command).collect();
        let events: Vec<Event<'_>> =
            deeds.iter().zip(&commands).map(|(deed, bytes)| deed.event(bytes)).collect();
        let mut actions = vec![];
        let moment = Moment { now: self.now, random: self.random.bits() };
        let done = self.node.handle_all(moment, &events, &mut actions);
        self.stepped = self.now;
        for (event, actions) in events.iter().zip(actions) {
            self.steps += 1;
            match *event {
                Event::Command(bytes) => {
                    self.trace.push(self.now, || What::Commanded(SUBJECT, bytes.into()));
                }
                Event::Datagram { from, datagram } => {
                    let carried = || Carried { number: 0, from, to: SUBJECT, bytes: datagram.into() };
                    self.trace.push(self.now, || What::Received(carried()));
                }
                Event::Start(_) | Event::Timer(_) => {}
            }
            self.act(*event, actions)?;
        }
        done.map_err(|crash| self.crashed(crash))
    }

    /// Did: time passes; timers run out in their order.
    ///
    /// # Errors
    /// The student's code did not answer, or its timers run out without end.
    pub fn pass(&mut self, span: Duration) -> Outcome {
        let mut left = span;
        let mut fired = 0;
        while let Some((after, timer)) = self.timers.next().filter(|(after, _)| *after <= left) {
            self.timers.fire();
            left -= after;
            self.now = self.now + after;
            fired += 1;
            self.timers_fired += 1;
            if fired > MAX_TIMERS_PER_PASS {
                return Err(self.fail(format!(
                    "Timers ran out more than {MAX_TIMERS_PER_PASS} times within {} ms: a machine must wait, not poll.",
                    span.as_millis()
                )));
            }
            let name = self.node.timer_name(timer);
            self.trace.push(self.now, || What::TimerFired(SUBJECT, name));
            self.step(Event::Timer(timer))?;
        }
        self.timers.pass(left);
        self.now = self.now + left;
        Ok(())
    }

    /// Expects that the next datagram is `datagram`, sent to `to`; `rule` says why.
    ///
    /// # Errors
    /// Something else was sent, or nothing.
    pub fn expect_datagram(&mut self, to: Host, datagram: &[u8], rule: &str) -> Outcome {
        let wanted = self.trace.datagram(SUBJECT, datagram);
        match self.datagrams.pop_front() {
            Some((host, sent, _)) if host == to && *sent == *datagram => Ok(()),
            Some((host, sent, step)) => {
                let sent = self.sent(&sent, step);
                let place = if host == to { "" } else { ", to another host" };
                Err(self.unexpected(rule, &format!("sends {wanted}"), &format!("{sent}{place}")))
            }
            None => Err(self.unexpected(rule, &format!("sends {wanted}"), "it sent nothing")),
        }
    }

    /// Expects that the application's next notice is `notice`; `rule` says why.
    ///
    /// # Errors
    /// The application was told something else, or nothing.
    pub fn expect_notice(&mut self, notice: &Notice, rule: &str) -> Outcome {
        let told = self.notices.pop_front();
        let wanted = codec::encode(notice);
        match told {
            Some(bytes) if bytes == wanted => {
                self.told.insert(bytes);
                Ok(())
            }
            told => {
                let but =
                    told.map_or_else(|| "it said nothing to the application".into(), |it| self.said(&it));
                Err(self.unexpected(rule, &notice.to_string(), &but))
            }
        }
    }

    /// Expects that nothing was sent and nothing said that the scenario has not seen yet; `rule` says why.
    ///
    /// # Errors
    /// There was something.
    pub fn expect_nothing(&mut self, rule: &str) -> Outcome {
        self.expect_no_datagram(rule)?;
        match self.notices.pop_front() {
            None => Ok(()),
            Some(bytes) => {
                let but = self.said(&bytes);
                Err(self.unexpected(rule, "says nothing to the application", &but))
            }
        }
    }

    /// Expects that nothing was sent that the scenario has not seen yet; `rule` says why.
    ///
    /// # Errors
    /// There was something.
    pub fn expect_no_datagram(&mut self, rule: &str) -> Outcome {
        match self.datagrams.pop_front() {
            None => Ok(()),
            Some((_, sent, step)) => {
                let sent = self.sent(&sent, step);
                Err(self.unexpected(rule, "sends nothing", &sent))
            }
        }
    }

    /// Expects that no timer is set; `rule` says why.
    ///
    /// # Errors
    /// One is.
    pub fn expect_no_timer(&self, rule: &str) -> Outcome {
        match self.timers.next() {
            None => Ok(()),
            Some((after, timer)) => {
                let but = format!("{} runs out in {} ms", self.node.timer_name(timer), after.as_millis());
                Err(self.unexpected(rule, "has no timer set", &but))
            }
        }
    }

    /// How many times a timer has run out so far.
    #[must_use]
    pub fn timers_fired(&self) -> usize {
        self.timers_fired
    }

    /// The datagrams that were sent and not yet expected, taken out.
    pub fn take_datagrams(&mut self) -> Vec<(Host, Arc<[u8]>)> {
        self.datagrams.drain(..).map(|(to, datagram, _)| (to, datagram)).collect()
    }

    /// The size of the machine's state as it is printed, in bytes: a measure that only grows with what it remembers.
    #[must_use]
    pub fn state_size(&self) -> usize {
        self.node.describe().len()
    }

    /// What the machine has taken from memory so far.
    ///
    /// # Errors
    /// No meter is installed where it runs: the kit's fault. Or the student's code is gone.
    pub fn memory(&self) -> Result<Memory, Failure> {
        meter::required(self.node.memory()?)
    }

    /// A failure with the story so far.
    #[must_use]
    pub fn fail(&self, reason: impl Into<String>) -> Failure {
        Failure::new(reason).with(self.trace.story("script"))
    }

    /// That the application was told something, and whether it was told the same before.
    fn said(&self, bytes: &[u8]) -> String {
        let again = if self.told.contains(bytes) { "again " } else { "" };
        let notice = codec::decode::<Notice>(bytes)
            .map_or_else(|_| "said something unreadable".into(), |notice| notice.to_string());
        format!("{again}it {notice}")
    }

    /// The moment is said when it is not that of the story's last step.
    fn unexpected(&self, rule: &str, wanted: &str, but: &str) -> Failure {
        let name = self.trace.name(SUBJECT).to_string();
        let at = if self.now > self.stepped { format!(" at {}", self.now) } else { String::new() };
        self.fail(format!("{} Expected{at}: the {name} {wanted}. But {but}.", sentence(rule)))
    }

    /// That a datagram was sent, and whether that was before the last step of the story.
    fn sent(&self, datagram: &[u8], step: u64) -> String {
        let shown = self.trace.datagram(SUBJECT, datagram);
        if step == self.steps {
            format!("it sent {shown}")
        } else {
            format!("it has sent {shown} too many, in an earlier step")
        }
    }

    fn step(&mut self, event: Event<'_>) -> Outcome {
        self.steps += 1;
        self.stepped = self.now;
        let mut actions = vec![];
        let moment = Moment { now: self.now, random: self.random.bits() };
        self.node.handle(moment, event, &mut actions).map_err(|crash| self.crashed(crash))?;
        self.act(event, actions)?;
        self.trace.state(SUBJECT, || self.node.describe());
        Ok(())
    }

    /// What a machine asked for after an event.
    fn act(&mut self, event: Event<'_>, actions: Vec<Action>) -> Outcome {
        for action in actions {
            match action {
                Action::Send { to, datagram } => {
                    if to.0 >= self.hosts || to == SUBJECT {
                        return Err(self.crashed(Crash::stray(SUBJECT, to)));
                    }
                    let bytes = datagram.clone();
                    self.trace.push(self.now, || What::Sent(Carried { number: 0, from: SUBJECT, to, bytes }));
                    self.datagrams.push_back((to, datagram, self.steps));
                }
                Action::SetTimer { timer, after } => self.timers.set(timer, after),
                Action::CancelTimer { timer } => self.timers.cancel(timer),
                Action::Disk(op) => self.trace.push(self.now, || What::Disk(SUBJECT, op)),
                Action::Discard(unread) => {
                    let Event::Datagram { from, datagram } = event else { continue };
                    let (datagram, why) = (datagram.into(), unread.reason());
                    let carried = Carried { number: 0, from, to: SUBJECT, bytes: datagram };
                    self.trace.push(self.now, || What::Lost(carried, why));
                }
                Action::Notify(bytes) => {
                    self.trace.push(self.now, || What::Notified(SUBJECT, bytes.as_slice().into()));
                    self.notices.push_back(bytes);
                }
            }
        }
        Ok(())
    }

    fn crashed(&self, crash: Crash) -> Failure {
        let failure = Failure::from(crash);
        self.fail(failure.reason)
    }
}

impl<Config, Command, Notice> Drop for Script<Config, Command, Notice> {
    fn drop(&mut self) {
        if let Some(recorder) = &self.recorder {
            recorder.borrow_mut().push(self.trace.story("script"));
        }
    }
}
