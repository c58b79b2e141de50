//! The simulated world: hosts, links and time made of one seed. Events happen in the order of their moments; equal
//! moments in the order in which they were planned.
//!
//! Invariant: a run is a function of the seed, the scenario and the machines. Read next: `network.rs`.

mod changes;
mod events;
mod host;
mod link;
mod liveness;
mod memory;
pub(crate) mod network;
mod queue;
mod rules;

pub use host::HostOptions;
pub use link::{Link, MTU_MAX};
pub use network::{Counts, Delivery};
pub use rules::{Change, Corruption, Fault, Rule, Which};

use crate::codec;
use crate::crash::Crash;
use crate::machine::{Action, Host};
use crate::node::{Event, LocalNode};
use crate::program::{Program, Role};
use crate::random::Dice;
use crate::scenario::{Bench, Failure, Outcome, Stories};
use crate::time::Time;
use crate::trace::{HostChange, Label, Story, Trace, What};
use host::{Maker, Power, SimulatedHost};
use network::Network;
use queue::Queue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

/// How many events may happen without virtual time moving on.
const MAX_EVENTS_PER_MOMENT: u64 = 100_000;

/// How many events may be planned at once, of which nearly all are datagrams on their way: timers that were moved or
/// stopped are not among them.
const MAX_PLANNED: usize = 100_000;

/// How many events a run may have: a machine that polls would make hours of virtual time endless.
const MAX_EVENTS: u64 = 500_000;

/// Keeps the dice of events apart from those of datagrams.
const EVENT: u64 = u64::MAX;

/// A host with a machine on it, and the types of what may be asked of it and what it says.
pub struct Handle<Command, Notice> {
    /// The host's address.
    pub host: Host,
    types: PhantomData<fn(Command) -> Notice>,
}

impl<Command, Notice> Clone for Handle<Command, Notice> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Command, Notice> Copy for Handle<Command, Notice> {}

impl<Command, Notice> Handle<Command, Notice> {
    pub(crate) fn new(host: Host) -> Self {
        Handle { host, types: PhantomData }
    }
}

/// How a stretch of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The condition came true.
    Reached,
    /// Nothing is left to happen.
    Quiet,
    /// The deadline came first.
    Deadline,
}

/// One simulated run.
pub struct Simulation<'a> {
    program: &'a dyn Program,
    seed: u64,
    now: Time,
    hosts: Vec<SimulatedHost<'a>>,
    network: Network<'a>,
    queue: Queue,
    /// How many datagrams were sent so far, on all links.
    sent: u64,
    at_this_moment: u64,
    /// How many events may still happen.
    events_left: u64,
    actions: Vec<Action>,
    /// The faults have stopped for good.
    is_fair: bool,
    /// The memory of machines is measured.
    is_metered: bool,
    /// What machines tell is for their applications alone.
    forgets_notices: bool,
    trace: Trace,
    recorder: Option<Stories>,
}

impl<'a> Simulation<'a> {
    /// A world without machines yet, with these hosts, in the order of their addresses, and perfect links.
    #[must_use]
    pub fn new<const N: usize>(bench: &Bench<'a>, hosts: [&str; N]) -> (Simulation<'a>, [Host; N]) {
        let mut trace = bench.new_trace();
        let unknown: Role<(), String, String> = Role::new("", |bytes| crate::text::bytes(bytes, 40));
        hosts.iter().for_each(|name| trace.add_host(Label::new(name, &unknown)));
        let dice = Dice::of(bench.seed(), [EVENT]);
        let simulation = Simulation {
            program: bench.program(),
            seed: bench.seed(),
            now: Time::ZERO,
            hosts: (0..N as u64).map(|host| SimulatedHost::new(dice.part(host))).collect(),
            network: Network::new(N, bench.seed(), bench.faults()),
            queue: Queue::default(),
            sent: 0,
            at_this_moment: 0,
            events_left: MAX_EVENTS,
            actions: vec![],
            is_fair: false,
            is_metered: false,
            forgets_notices: false,
            trace,
            recorder: bench.recorder(),
        };
        (simulation, std::array::from_fn(|index| Host(index as u16)))
    }

    /// Puts a machine of `role` on `host` and starts it.
    ///
    /// # Errors
    /// The student's code did not come up.
    pub fn start<Config, Command, Notice>(
        &mut self,
        host: Host,
        role: &Role<Config, Command, Notice>,
        config: &Config,
    ) -> Result<Handle<Command, Notice>, Failure>
    where
        Config: Serialize,
        Command: DeserializeOwned + Display,
        Notice: DeserializeOwned + Display,
    {
        let name = self.trace.name(host).to_string();
        self.trace.set_host(host, Label::new(&name, role));
        let (program, role, config) = (self.program, role.name, codec::encode(config));
        let is_metered = self.is_metered;
        let make = move || {
            if is_metered { program.start_metered(role, &config) } else { program.start(role, &config) }
        };
        self.put(host, Rc::new(make))?;
        Ok(Handle::new(host))
    }

    /// Puts a machine of the kit's own on `host` and starts it.
    ///
    /// # Errors
    /// The machine did not answer its start.
    pub fn start_given<M: crate::Machine + 'a>(
        &mut self,
        host: Host,
        machine: M,
        describe: fn(&[u8]) -> String,
    ) -> Result<Handle<M::Command, M::Notice>, Failure> {
        let name = self.trace.name(host).to_string();
        let role: Role<(), M::Command, M::Notice> = Role::new("given", describe);
        self.trace.set_host(host, Label::new(&name, &role));
        self.put(host, Rc::new(move || Ok(Box::new(LocalNode::new(machine.clone(), describe)))))?;
        Ok(Handle::new(host))
    }

    fn put(&mut self, host: Host, maker: Maker<'a>) -> Outcome {
        self.hosts[usize::from(host.0)].maker = Some(maker);
        self.bring_up(host)
    }

    fn bring_up(&mut self, host: Host) -> Outcome {
        let state = &mut self.hosts[usize::from(host.0)];
        let Some(maker) = state.maker.clone() else { return Ok(()) };
        state.power = Power::Up;
        let image = state.disk.image();
        let image = if image.is_empty() { vec![] } else { codec::encode(&image) };
        let restarted = state.crashes > 0;
        let node = maker().map_err(|crash| self.crashed(crash))?;
        self.hosts[usize::from(host.0)].node = Some(node);
        self.trace.push(self.now, || {
            if restarted { What::Changed(host, HostChange::Restart) } else { What::Started(host) }
        });
        self.step(host, Event::Start(&image))
    }

    /// What the link from `from` to `to` is like from now on.
    pub fn link(&mut self, from: Host, to: Host, link: Link) {
        *self.network.link(from, to) = link;
    }

    /// What every link is like from now on.
    pub fn links(&mut self, link: Link) {
        self.network.set_all(link);
    }

    /// The network stops losing, duplicating, corrupting and reordering, and no link is cut; what links can carry stays.
    pub fn heal(&mut self) {
        self.network.heal();
    }

    /// The application on a host asks for something, now.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn command<Command: Serialize, Notice>(
        &mut self,
        handle: Handle<Command, Notice>,
        command: &Command,
    ) -> Outcome {
        self.do_command(handle.host, codec::encode(command))
    }

    /// What the application on a host asks for when it is told something, and how much later. What it is going to ask for
    /// is lost when its host crashes; the application itself is the scenario's, and forgets nothing.
    pub fn application<Command: Serialize, Notice: DeserializeOwned>(
        &mut self,
        handle: Handle<Command, Notice>,
        mut react: impl FnMut(Time, &Notice) -> Vec<(Duration, Command)> + 'a,
    ) {
        // A notice that cannot be read is for the scenario to judge.
        let react = move |now: Time, bytes: &[u8]| {
            let answers = codec::decode(bytes).map(|notice| react(now, &notice)).unwrap_or_default();
            answers.into_iter().map(|(after, command)| (after, codec::encode(&command))).collect()
        };
        self.hosts[usize::from(handle.host.0)].application = Some(Box::new(react));
    }

    /// Lets the run go on until `reached` says so, nothing is left to happen, or `span` has passed. The condition is
    /// asked whenever a machine told its application something.
    ///
    /// # Errors
    /// The student's code did not answer, the condition found a mistake, or time stands still.
    pub fn run_until(
        &mut self,
        span: Duration,
        mut reached: impl FnMut(&Self) -> Result<bool, Failure>,
    ) -> Result<Ended, Failure> {
        let deadline = self.now + span;
        let mut seen = self.notice_total();
        if reached(self).map_err(|failure| failure.with(self.story()))? {
            return Ok(Ended::Reached);
        }
        while let Some(next) = self.queue.next_moment() {
            if next > deadline {
                self.now = deadline;
                return Ok(Ended::Deadline);
            }
            self.happen()?;
            let total = self.notice_total();
            if total != seen {
                seen = total;
                if reached(self).map_err(|failure| failure.with(self.story()))? {
                    return Ok(Ended::Reached);
                }
            }
        }
        Ok(Ended::Quiet)
    }

    /// Lets `span` pass, also when nothing is left to happen in it.
    ///
    /// # Errors
    /// As [`Simulation::run_until`].
    pub fn run_for(&mut self, span: Duration) -> Result<Ended, Failure> {
        let deadline = self.now + span;
        let ended = self.run_until(span, |_| Ok(false))?;
        self.now = deadline;
        Ok(ended)
    }

    /// What the machine has told its application so far.
    ///
    /// # Errors
    /// It said something that cannot be read (only a machine behind a pipe can).
    pub fn notices<Command, Notice: DeserializeOwned>(
        &self,
        handle: Handle<Command, Notice>,
    ) -> Result<Vec<Notice>, Failure> {
        self.notices_after(handle, 0)
    }

    /// What the machine has told its application after the first `seen` things.
    ///
    /// # Errors
    /// As [`Simulation::notices`].
    pub fn notices_after<Command, Notice: DeserializeOwned>(
        &self,
        handle: Handle<Command, Notice>,
        seen: usize,
    ) -> Result<Vec<Notice>, Failure> {
        let notices = self.hosts[usize::from(handle.host.0)].notices.iter().skip(seen);
        let decoded = notices.map(|bytes| codec::decode(bytes)).collect::<Result<_, _>>();
        decoded.map_err(|error| self.fail(format!("A notice cannot be read: {error}.")))
    }

    /// How many things the machine has told its application so far.
    #[must_use]
    pub fn notice_count<Command, Notice>(&self, handle: Handle<Command, Notice>) -> usize {
        self.hosts[usize::from(handle.host.0)].told
    }

    /// How many tasks an asynchronous host has at this moment, its main task included; none when it is down or its program has
    /// ended.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn tasks(&self, host: Host) -> Result<usize, Failure> {
        let node = self.hosts[usize::from(host.0)].node.as_ref();
        node.map_or(Ok(0), |node| node.tasks()).map_err(|crash| self.crashed(crash))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// What the network did from `from` to `to`.
    #[must_use]
    pub fn counts(&self, from: Host, to: Host) -> Counts {
        self.network.counts(from, to)
    }

    /// From now on every delivery is kept for [`Simulation::deliveries`].
    pub fn keep_deliveries(&mut self) {
        self.network.keep_deliveries();
    }

    /// What was delivered since [`Simulation::keep_deliveries`], in the order of arrival.
    #[must_use]
    pub fn deliveries(&self) -> &[Delivery] {
        self.network.deliveries()
    }

    /// The kit's own check that this run had the faults that it was to have.
    ///
    /// # Errors
    /// A fault that should have happened many times never did: the kit is to blame.
    pub fn require_faults(&self) -> Outcome {
        self.network.require_faults().map_err(Failure::of_the_kit)
    }

    /// A failure with the story so far.
    #[must_use]
    pub fn fail(&self, reason: impl Into<String>) -> Failure {
        Failure::new(reason).with(self.story())
    }

    /// The run so far as a story.
    #[must_use]
    pub fn story(&self) -> Story {
        let faults = self.network.faults();
        let plural = if faults == 1 { "" } else { "s" };
        self.trace.story(&format!("simulation, seed {}, {faults} fault{plural}", self.seed))
    }

    fn all_hosts(&self) -> impl Iterator<Item = Host> + use<> {
        (0..self.hosts.len() as u16).map(Host)
    }

    fn crashed(&self, crash: Crash) -> Failure {
        Failure::from(crash).with(self.story())
    }

    fn notice_total(&self) -> usize {
        self.hosts.iter().map(|host| host.told).sum()
    }
}

impl Drop for Simulation<'_> {
    fn drop(&mut self) {
        if let Some(recorder) = &self.recorder {
            recorder.borrow_mut().push(self.story());
        }
    }
}
