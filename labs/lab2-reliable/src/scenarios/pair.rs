//! Both machines together: searched in every order of events, or simulated in a network with faults.

use super::checks::{RTO, receiver_config, send, sender_config};
use super::progress::{Progress, Promise};
use crate::{
    Accepted, Deliver, RECEIVER, ReceiverCommand, ReceiverConfig, RtoConfig, SENDER, SenderCommand,
    SenderConfig, SeqNo,
};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::search::{Explored, Limits, Search};
use faultline::simulation::{Ended, Handle, Link, Simulation};
use faultline::{Host, Time};
use std::time::Duration;

/// How long a run is watched after the last message is accepted: longer than any copy is on its way.
const AFTERMATH: Duration = Duration::from_secs(100);

/// Searches one sender and one receiver with these messages: nothing wrong is ever said, and everything gets through.
///
/// # Errors
/// The shortest story that breaks the promise.
pub fn search(
    bench: &Bench<'_>,
    limits: Limits,
    promise: Promise,
    texts: &[&str],
) -> Result<Explored, Failure> {
    let steps: Vec<Step<'_>> = texts.iter().copied().map(Step::Send).collect();
    // Whatever was lost, the message in flight is sent once more, and then all the rest can follow.
    let plan = Plan { promise, recovers_with: 1, ..Plan::new(&steps) };
    search_plan(bench, limits, plan)
}

/// What an application asks of its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'t> {
    /// The sender is to send this.
    Send(&'t str),
    /// The receiver is told this.
    Tell(ReceiverCommand),
}

/// What is searched.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'t> {
    /// What the applications ask, in this order and at any moments.
    pub steps: &'t [Step<'t>],
    /// How much is promised.
    pub promise: Promise,
    /// The window of both machines.
    pub window: u32,
    /// The number of the first message.
    pub first: SeqNo,
    /// The sender's time-out.
    pub rto: RtoConfig,
    /// Whatever was lost, all can still get through with so many time-outs.
    pub recovers_with: u8,
}

impl<'t> Plan<'t> {
    /// Exactly once, with room for one message, as in part B.
    #[must_use]
    pub fn new(steps: &'t [Step<'t>]) -> Plan<'t> {
        let SenderConfig { window, first, rto, .. } = sender_config(Host(0), RTO);
        Plan { steps, promise: Promise::ExactlyOnce, window, first, rto, recovers_with: 1 }
    }
}

/// Searches one sender and one receiver by a plan: nothing wrong is ever said, and everything gets through.
///
/// # Errors
/// The shortest story that breaks the promise.
pub fn search_plan(bench: &Bench<'_>, limits: Limits, plan: Plan<'_>) -> Result<Explored, Failure> {
    let Plan { steps, promise, window, first, rto, recovers_with } = plan;
    let (mut search, [s, r]) = Search::new(bench, limits, ["sender", "receiver"]);
    let sender = SenderConfig { window, first, rto, ..sender_config(r, RTO) };
    let sender = search.start(s, &SENDER, &sender)?;
    let receiver = search.start(r, &RECEIVER, &ReceiverConfig { sender: s, first, window })?;
    let mut sent = vec![];
    let mut progress = Progress::starting(promise, first);
    for step in steps {
        match step {
            Step::Send(text) => {
                search.command(sender, &send(text));
                sent.push(text.as_bytes().to_vec());
            }
            Step::Tell(command) => {
                search.command(receiver, command);
                progress.may_wait(window as usize);
            }
        }
    }
    let count = sent.len();
    search.always(move |seen| {
        let mut progress = progress.clone();
        seen.notices(receiver).iter().try_for_each(|notice| progress.deliver(&sent, notice))?;
        seen.notices(sender).into_iter().try_for_each(|notice| progress.accept(notice))
    });
    search.goal(move |seen| seen.notices(sender).len() == count && seen.notices(receiver).len() >= count);
    search.recovers_with(recovers_with);
    search.run()
}

/// Both machines in a simulated network.
pub struct Pair<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    /// The sender's host.
    pub sender: Handle<SenderCommand, Accepted>,
    /// The receiver's host.
    pub receiver: Handle<ReceiverCommand, Deliver>,
    heard: Heard,
    window: u32,
    done_at: Time,
}

/// What was sent, and what both applications were told, as far as it is checked.
struct Heard {
    sent: Vec<Vec<u8>>,
    progress: Progress,
    stopped: bool,
    from_sender: usize,
    from_receiver: usize,
}

impl<'a> Pair<'a> {
    /// Both machines, alone in a world where all links are like `link`.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn start(bench: &Bench<'a>, link: Link, promise: Promise) -> Result<Pair<'a>, Failure> {
        let (mut simulation, [sender, receiver]) = Simulation::new(bench, ["sender", "receiver"]);
        simulation.links(link);
        Pair::join(simulation, sender_config(receiver, RTO), receiver_config(sender), promise)
    }

    /// Both machines with the same window, alone in a world where all links are like `link`; each message is to arrive exactly
    /// once.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn with_window(
        bench: &Bench<'a>,
        link: Link,
        window: u32,
        rto: RtoConfig,
    ) -> Result<Pair<'a>, Failure> {
        let (mut simulation, [s, r]) = Simulation::new(bench, ["sender", "receiver"]);
        simulation.links(link);
        let sender = SenderConfig { window, rto, ..sender_config(r, rto.first) };
        let receiver = ReceiverConfig { window, ..receiver_config(s) };
        Pair::join(simulation, sender, receiver, Promise::ExactlyOnce)
    }

    /// Both machines in a world that is there already, each on the host that the other is told.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn join(
        mut simulation: Simulation<'a>,
        sender: SenderConfig,
        receiver: ReceiverConfig,
        promise: Promise,
    ) -> Result<Pair<'a>, Failure> {
        let (s, r) = (receiver.sender, sender.receiver);
        let (window, progress) = (receiver.window, Progress::starting(promise, sender.first));
        let sender = simulation.start(s, &SENDER, &sender)?;
        let receiver = simulation.start(r, &RECEIVER, &receiver)?;
        let heard = Heard { sent: vec![], progress, stopped: false, from_sender: 0, from_receiver: 0 };
        Ok(Pair { simulation, sender, receiver, heard, window, done_at: Time::ZERO })
    }

    /// The application sends these messages, all at once.
    ///
    /// # Errors
    /// The sender does not answer, or says what is not so.
    pub fn send(&mut self, messages: impl IntoIterator<Item = Vec<u8>>) -> Outcome {
        for message in messages {
            self.simulation.command(self.sender, &SenderCommand::Send(message.clone()))?;
            self.heard.sent.push(message);
            let checked = self.heard.check(&self.simulation, self.sender, self.receiver);
            checked.map_err(|failure| failure.with(self.simulation.story()))?;
        }
        Ok(())
    }

    /// The application on the other side is busy, or free again (rule C6).
    ///
    /// # Errors
    /// The receiver does not answer, or does what it may not.
    pub fn tell(&mut self, command: ReceiverCommand) -> Outcome {
        self.heard.progress.may_wait(self.window as usize);
        self.heard.stopped = false;
        self.simulation.command(self.receiver, &command)?;
        let checked = self.heard.check(&self.simulation, self.sender, self.receiver);
        checked.map_err(|failure| failure.with(self.simulation.story()))?;
        self.heard.stopped = command == ReceiverCommand::Stop;
        Ok(())
    }

    /// When [`Pair::finish`] last found every message accepted.
    #[must_use]
    pub fn done_at(&self) -> Time {
        self.done_at
    }

    /// Lets `span` pass, checking what is said as it is said.
    ///
    /// # Errors
    /// Something wrong is delivered or accepted.
    pub fn run_for(&mut self, span: Duration) -> Outcome {
        self.watch(span, usize::MAX)?;
        Ok(())
    }

    /// Lets the run go on until every message is accepted, and then until nothing is left to happen, checking what is said
    /// as it is said.
    ///
    /// # Errors
    /// Something wrong is delivered or accepted; or not every message is accepted after `span`, or ever; or the machines do
    /// not come to rest.
    pub fn finish(&mut self, span: Duration) -> Outcome {
        match self.watch(span, self.heard.sent.len())? {
            Ended::Reached => self.done_at = self.simulation.now(),
            Ended::Quiet => {
                return Err(self
                    .late("Nothing can happen any more, for no datagram is on the way and no timer is set"));
            }
            Ended::Deadline => return Err(self.late(&format!("{} s have passed", span.as_secs_f64()))),
        }
        match self.watch(AFTERMATH, usize::MAX)? {
            Ended::Deadline => Err(self.simulation.fail(format!(
                "Rule A4: with nothing in flight no timer is set. But {} s after the last message was accepted timers \
                 are still running out.",
                AFTERMATH.as_secs()
            ))),
            _ => self.simulation.require_faults(),
        }
    }

    fn watch(&mut self, span: Duration, goal: usize) -> Result<Ended, Failure> {
        let Pair { simulation, sender, receiver, heard, .. } = self;
        simulation.run_until(span, |world| {
            heard.check(world, *sender, *receiver)?;
            Ok(heard.progress.accepted().min(heard.progress.delivered()) >= goal)
        })
    }

    fn late(&self, why: &str) -> Failure {
        let Heard { sent, progress, .. } = &self.heard;
        let (accepted, delivered, total) = (progress.accepted(), progress.delivered(), sent.len());
        let rules = if self.window == 1 { "rules A2, A3 and A5" } else { "rules C2, C3, C4 and C8" };
        self.simulation.fail(if accepted < total {
            format!(
                "{why}, but only {accepted} of {total} messages are accepted; it is the turn of message {accepted} \
                 ({rules})."
            )
        } else {
            format!("{why}, and all {total} messages are accepted, but only {delivered} are delivered ({rules}).")
        })
    }

    /// The addresses of sender and receiver.
    #[must_use]
    pub fn hosts(&self) -> [Host; 2] {
        [self.sender.host, self.receiver.host]
    }
}

impl Heard {
    /// Checks what is new.
    fn check(
        &mut self,
        world: &Simulation<'_>,
        sender: Handle<SenderCommand, Accepted>,
        receiver: Handle<ReceiverCommand, Deliver>,
    ) -> Outcome {
        for notice in world.notices_after(receiver, self.from_receiver)? {
            self.from_receiver += 1;
            if self.stopped {
                let text = format!("Rule C6: its application is busy, but the receiver {notice}.");
                return Err(Failure::new(text));
            }
            self.progress.deliver(&self.sent, &notice).map_err(Failure::new)?;
        }
        for notice in world.notices_after(sender, self.from_sender)? {
            self.from_sender += 1;
            self.progress.accept(notice).map_err(Failure::new)?;
        }
        Ok(())
    }
}
