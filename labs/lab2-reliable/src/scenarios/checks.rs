//! What many scenarios of lab 2 need: scripts with one machine, runs with both, and the checks of what was delivered.

use crate::{Accepted, Deliver, RECEIVER, ReceiverConfig, SENDER, Segment, Send, SenderConfig, SeqNo};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::script::{PEER, Script};
use faultline::search::{Explored, Limits, Search};
use faultline::simulation::{Ended, Handle, Link, Simulation};
use faultline::{Host, Never, ms, text};
use std::time::Duration;

/// The RTO of most scenarios.
pub const RTO: Duration = ms(1_000);

/// A sender by itself; the scenario is its receiver.
pub type SenderScript = Script<SenderConfig, Send, Accepted>;

/// A receiver by itself; the scenario is its sender.
pub type ReceiverScript = Script<ReceiverConfig, Never, Deliver>;

/// Starts a sender by itself.
///
/// # Errors
/// It does not come up.
pub fn sender(bench: &Bench<'_>) -> Result<SenderScript, Failure> {
    Script::start(bench, SENDER, ["sender", "receiver"], &SenderConfig { receiver: PEER, rto: RTO })
}

/// Starts a receiver by itself.
///
/// # Errors
/// It does not come up.
pub fn receiver(bench: &Bench<'_>) -> Result<ReceiverScript, Failure> {
    Script::start(bench, RECEIVER, ["receiver", "sender"], &ReceiverConfig { sender: PEER })
}

/// The bytes of `DATA seq text`.
#[must_use]
pub fn data(seq: u32, text: &str) -> Vec<u8> {
    Segment::Data { seq: SeqNo(seq), payload: text.as_bytes().to_vec() }.encode()
}

/// The bytes of `ACK next`.
#[must_use]
pub fn ack(next: u32) -> Vec<u8> {
    Segment::Ack { next: SeqNo(next) }.encode()
}

/// The command that sends `text`.
#[must_use]
pub fn send(text: &str) -> Send {
    Send(text.as_bytes().to_vec())
}

/// The notice that delivers `text`.
#[must_use]
pub fn deliver(text: &str) -> Deliver {
    Deliver(text.as_bytes().to_vec())
}

/// A message that shows its number and differs from every other, of a length that changes with the number.
#[must_use]
pub fn message(number: usize) -> Vec<u8> {
    let filler = (0..number * 37 % 900).map(|index| (index * 31 + number) as u8);
    format!("message {number} ").into_bytes().into_iter().chain(filler).collect()
}

/// What a search or a simulation sends, and how much of part B it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Part A: every message arrives, in order; a message may arrive again right after itself.
    AtLeastOnce,
    /// Part B: exactly once, in order.
    ExactlyOnce,
}

/// Checks what was delivered against what was sent; what is still missing at the end is no mistake here.
///
/// # Errors
/// The first message that is wrong, in a sentence.
pub fn in_order(promise: Promise, sent: &[Vec<u8>], delivered: &[Deliver]) -> Result<(), String> {
    let mut next = 0;
    for (count, Deliver(got)) in delivered.iter().enumerate() {
        if sent.get(next) == Some(got) {
            next += 1;
            continue;
        }
        let repeated = next > 0 && sent[next - 1] == *got;
        if repeated && promise == Promise::AtLeastOnce {
            continue;
        }
        let shown = text::bytes(got, 24);
        return Err(match sent.iter().position(|message| message == got) {
            Some(number) if number < next => {
                format!("rule B1: the receiver handed message {number} ({shown}) to the application twice")
            }
            Some(number) => format!(
                "rule B1: the receiver delivered message {number} ({shown}) while message {next} was still missing"
            ),
            None => format!("the receiver delivered {shown} as its message {count}, which was never sent"),
        });
    }
    Ok(())
}

/// Searches one sender and one receiver with these messages: nothing wrong is ever delivered, and everything can be.
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
        let delivered = seen.notices(receiver);
        in_order(promise, &sent, &delivered)?;
        let accepted = seen.notices(sender);
        accepted_is_true(&accepted, distinct(&delivered))
    });
    search.goal(move |seen| seen.notices(sender).len() == count);
    search.run()
}

fn distinct(delivered: &[Deliver]) -> usize {
    delivered.windows(2).filter(|pair| pair[0] != pair[1]).count() + usize::from(!delivered.is_empty())
}

/// Checks that the sender says of each message once, in order, and only after its delivery, that it is accepted.
///
/// # Errors
/// What is wrong, in a sentence.
pub fn accepted_is_true(accepted: &[Accepted], delivered: usize) -> Result<(), String> {
    let wrong = accepted.iter().enumerate().find(|(index, it)| it.0 != SeqNo(*index as u32));
    if let Some((index, Accepted(seq))) = wrong {
        return Err(format!("rule A3: the sender said that message {seq} is accepted where {index} was due"));
    }
    if accepted.len() > delivered {
        let number = accepted.len() - 1;
        return Err(format!(
            "rule B3: the sender said that message {number} is accepted, but the receiver never delivered it"
        ));
    }
    Ok(())
}

/// Both machines in a simulated network.
pub struct Pair<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    /// The sender's host.
    pub sender: Handle<Send, Accepted>,
    /// The receiver's host.
    pub receiver: Handle<Never, Deliver>,
    /// What the application has sent so far.
    pub sent: Vec<Vec<u8>>,
    promise: Promise,
}

impl<'a> Pair<'a> {
    /// Both machines over links like `link`.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn start(bench: &Bench<'a>, link: Link, promise: Promise) -> Result<Pair<'a>, Failure> {
        let (mut simulation, [s, r]) = Simulation::new(bench, ["sender", "receiver"]);
        simulation.links(link);
        let sender = simulation.start(s, &SENDER, &SenderConfig { receiver: r, rto: RTO })?;
        let receiver = simulation.start(r, &RECEIVER, &ReceiverConfig { sender: s })?;
        Ok(Pair { simulation, sender, receiver, sent: vec![], promise })
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

    /// Lets the run go on until every message is accepted, checking each delivery as it happens.
    ///
    /// # Errors
    /// A delivery is wrong, or `span` of virtual time has passed, or everything stands still.
    pub fn finish(&mut self, span: Duration) -> Outcome {
        let (sender, receiver, sent, promise) = (self.sender, self.receiver, &self.sent, self.promise);
        let mut checked = 0;
        let ended = self.simulation.run_until(span, |simulation| {
            let delivered = simulation.notice_count(receiver);
            if delivered != checked {
                checked = delivered;
                in_order(promise, sent, &simulation.notices(receiver)?)
                    .map_err(|wrong| simulation.fail(wrong))?;
            }
            Ok(simulation.notice_count(sender) >= sent.len())
        })?;
        let accepted = self.simulation.notices(sender)?;
        let delivered = self.simulation.notices(receiver)?;
        accepted_is_true(&accepted, distinct(&delivered)).map_err(|wrong| self.simulation.fail(wrong))?;
        match ended {
            Ended::Reached => self.simulation.require_faults(),
            Ended::Quiet => Err(self.late(
                "Nothing is left to happen: no datagram is on the way, no timer is set",
                accepted.len(),
            )),
            Ended::Deadline => {
                Err(self
                    .late(&format!("{} seconds of virtual time have passed", span.as_secs()), accepted.len()))
            }
        }
    }

    fn late(&self, why: &str, accepted: usize) -> Failure {
        let total = self.sent.len();
        self.simulation
            .fail(format!("{why}, and {accepted} of {total} messages are accepted (rules A2 and A3)."))
    }

    /// The addresses of sender and receiver.
    #[must_use]
    pub fn hosts(&self) -> [Host; 2] {
        [self.sender.host, self.receiver.host]
    }
}
