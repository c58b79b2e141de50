//! Both machines together: searched in every order of events, or simulated in a network with faults.

use super::checks::{RTO, send};
use super::progress::{Progress, Promise};
use crate::{Accepted, Deliver, RECEIVER, ReceiverConfig, SENDER, Send, SenderConfig};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::search::{Explored, Limits, Search};
use faultline::simulation::{Ended, Handle, Link, Simulation};
use faultline::{Host, Never};
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
    let sender = search.start(s, &SENDER, &SenderConfig { receiver: r, rto: RTO })?;
    let receiver = search.start(r, &RECEIVER, &ReceiverConfig { sender: s })?;
    let sent: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.iter().for_each(|text| search.command(sender, &send(text)));
    let count = sent.len();
    search.always(move |seen| {
        let mut progress = Progress::new(promise);
        seen.notices(receiver).iter().try_for_each(|notice| progress.deliver(&sent, notice))?;
        seen.notices(sender).into_iter().try_for_each(|notice| progress.accept(notice))
    });
    search.goal(move |seen| seen.notices(sender).len() == count);
    search.run()
}

/// Both machines in a simulated network.
pub struct Pair<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    /// The sender's host.
    pub sender: Handle<Send, Accepted>,
    /// The receiver's host.
    pub receiver: Handle<Never, Deliver>,
    sent: Vec<Vec<u8>>,
    progress: Progress,
    /// How many notices of the sender and of the receiver are checked.
    checked: [usize; 2],
}

impl<'a> Pair<'a> {
    /// Both machines, alone in a world where all links are like `link`.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn start(bench: &Bench<'a>, link: Link, promise: Promise) -> Result<Pair<'a>, Failure> {
        let (mut simulation, [sender, receiver]) = Simulation::new(bench, ["sender", "receiver"]);
        simulation.links(link);
        Pair::join(simulation, SenderConfig { receiver, rto: RTO }, ReceiverConfig { sender }, promise)
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
        let progress = Progress::new(promise);
        Ok(Pair { simulation, sender, receiver, sent: vec![], progress, checked: [0, 0] })
    }

    /// The application sends these messages, all at once.
    ///
    /// # Errors
    /// The sender does not answer.
    pub fn send(&mut self, messages: impl IntoIterator<Item = Vec<u8>>) -> Outcome {
        for message in messages {
            self.simulation.command(self.sender, &Send(message.clone()))?;
            self.sent.push(message);
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
        match self.watch(span, self.sent.len())? {
            Ended::Reached => {}
            Ended::Quiet => {
                return Err(
                    self.late("Nothing is left to happen: no datagram is on the way, no timer is set")
                );
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
        let Pair { simulation, sender, receiver, sent, progress, checked } = self;
        simulation.run_until(span, |world| {
            for notice in world.notices_after(*receiver, checked[1])? {
                checked[1] += 1;
                progress.deliver(sent, &notice).map_err(Failure::new)?;
            }
            for notice in world.notices_after(*sender, checked[0])? {
                checked[0] += 1;
                progress.accept(notice).map_err(Failure::new)?;
            }
            Ok(progress.accepted() >= goal)
        })
    }

    fn late(&self, why: &str) -> Failure {
        let (accepted, total) = (self.progress.accepted(), self.sent.len());
        self.simulation
            .fail(format!("{why}, and {accepted} of {total} messages are accepted (rules A2, A3 and A5)."))
    }

    /// The addresses of sender and receiver.
    #[must_use]
    pub fn hosts(&self) -> [Host; 2] {
        [self.sender.host, self.receiver.host]
    }
}
