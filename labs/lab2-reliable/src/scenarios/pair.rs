//! Both machines together: searched in every order of events, or simulated in a network with faults.

use super::checks::{RTO, receiver_config, send, sender_config};
use super::progress::{Progress, Promise};
use crate::{
    Accepted, Deliver, RECEIVER, ReceiverCommand, ReceiverConfig, SENDER, SenderCommand, SenderConfig,
};
use faultline::Host;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::search::{Explored, Limits, Search};
use faultline::simulation::{Ended, Handle, Link, Simulation};
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
    let (mut search, [s, r]) = Search::new(bench, limits, ["sender", "receiver"]);
    let sender = search.start(s, &SENDER, &sender_config(r, RTO))?;
    let receiver = search.start(r, &RECEIVER, &receiver_config(s))?;
    let sent: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.iter().for_each(|text| search.command(sender, &send(text)));
    let count = sent.len();
    search.always(move |seen| {
        let mut progress = Progress::new(promise);
        seen.notices(receiver).iter().try_for_each(|notice| progress.deliver(&sent, notice))?;
        seen.notices(sender).into_iter().try_for_each(|notice| progress.accept(notice))
    });
    search.goal(move |seen| seen.notices(sender).len() == count);
    // Whatever was lost, the message in flight is sent once more, and then all the rest can follow.
    search.recovers_with(1);
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
}

/// What was sent, and what both applications were told, as far as it is checked.
struct Heard {
    sent: Vec<Vec<u8>>,
    progress: Progress,
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
        let sender = simulation.start(s, &SENDER, &sender)?;
        let receiver = simulation.start(r, &RECEIVER, &receiver)?;
        let heard =
            Heard { sent: vec![], progress: Progress::new(promise), from_sender: 0, from_receiver: 0 };
        Ok(Pair { simulation, sender, receiver, heard })
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
            Ended::Reached => {}
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
        let Pair { simulation, sender, receiver, heard } = self;
        simulation.run_until(span, |world| {
            heard.check(world, *sender, *receiver)?;
            Ok(heard.progress.accepted() >= goal)
        })
    }

    fn late(&self, why: &str) -> Failure {
        let (accepted, total) = (self.heard.progress.accepted(), self.heard.sent.len());
        self.simulation
            .fail(format!(
                "{why}, but only {accepted} of {total} messages are accepted; it is the turn of message {accepted} (rules \
                 A2, A3 and A5)."
            ))
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
            self.progress.deliver(&self.sent, &notice).map_err(Failure::new)?;
        }
        for notice in world.notices_after(sender, self.from_sender)? {
            self.from_sender += 1;
            self.progress.accept(notice).map_err(Failure::new)?;
        }
        Ok(())
    }
}
