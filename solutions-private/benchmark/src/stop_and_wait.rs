//! Lab 2's protocol as stateright actors: stop-and-wait with sequence numbers, the reference's state machines rule by rule,
//! on typed messages instead of bytes. Read next: `bounded.rs`.

use faultline::search::Limits;
use stateright::Expectation;
use stateright::actor::{Actor, ActorModel, ActorModelState, Id, Network, Out, model_timeout};
use std::borrow::Cow;
use std::collections::VecDeque;

const SENDER: usize = 0;
const RECEIVER: usize = 1;

/// What must hold in every state.
pub(crate) const IN_ORDER: &str = "each message is delivered once, in order, and accepted after that";
/// What must be reached.
pub(crate) const ALL_ACCEPTED: &str = "every message is accepted";

/// The model: its configuration is how far to search, and it has no history.
pub(crate) type Arq = ActorModel<End, Scope>;

/// How far to search.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// What the application sends.
    pub(crate) texts: Vec<String>,
    /// The same limits as those of our search.
    pub(crate) limits: Limits,
}

/// A sender or a receiver: the actors of one model have one type.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// Sends these messages.
    Sender(Vec<Vec<u8>>),
    /// Delivers them.
    Receiver,
}

/// What the network carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Segment {
    /// A message and its number.
    Data { seq: u32, payload: Vec<u8> },
    /// The number that the receiver expects next.
    Ack { next: u32 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The application gives its next message: it may do so at any moment.
    Application,
    /// The message in flight has not been acknowledged for an RTO.
    Retransmit,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    Sender(Sender),
    Receiver(Receiver),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sender {
    seq: u32,
    messages: VecDeque<Vec<u8>>,
    /// How many messages the application has given.
    asked: usize,
    /// The numbers that the application was told to be accepted.
    accepted: Vec<u32>,
    /// How often the timer has run out.
    timeouts: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Receiver {
    expected: u32,
    /// What the application was told.
    delivered: Vec<Vec<u8>>,
}

impl Sender {
    fn transmit(&self, out: &mut Out<End>) {
        let Some(message) = self.messages.front() else { return };
        out.send(Id::from(RECEIVER), Segment::Data { seq: self.seq, payload: message.clone() });
        out.set_timer(Timer::Retransmit, model_timeout());
    }
}

impl Actor for End {
    type Msg = Segment;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _id: Id, _storage: &Option<()>, out: &mut Out<Self>) -> State {
        match self {
            End::Sender(texts) => {
                if !texts.is_empty() {
                    out.set_timer(Timer::Application, model_timeout());
                }
                State::Sender(Sender::default())
            }
            End::Receiver => State::Receiver(Receiver::default()),
        }
    }

    fn on_msg(&self, _id: Id, state: &mut Cow<State>, from: Id, segment: Segment, out: &mut Out<Self>) {
        match (&**state, segment) {
            (State::Sender(sender), Segment::Ack { next }) => {
                if sender.messages.is_empty() || next != sender.seq.wrapping_add(1) {
                    return;
                }
                let State::Sender(sender) = state.to_mut() else { return };
                sender.accepted.push(sender.seq);
                out.cancel_timer(Timer::Retransmit);
                sender.messages.pop_front();
                sender.seq = next;
                sender.transmit(out);
            }
            (State::Receiver(receiver), Segment::Data { seq, payload }) => {
                let mut expected = receiver.expected;
                if seq == expected {
                    expected = seq.wrapping_add(1);
                    let State::Receiver(receiver) = state.to_mut() else { return };
                    receiver.expected = expected;
                    receiver.delivered.push(payload);
                }
                out.send(from, Segment::Ack { next: expected });
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _id: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let (End::Sender(texts), State::Sender(sender)) = (self, state.to_mut()) else { return };
        match timer {
            Timer::Retransmit => {
                sender.timeouts += 1;
                sender.transmit(out);
            }
            Timer::Application => {
                sender.messages.push_back(texts[sender.asked].clone());
                sender.asked += 1;
                if sender.messages.len() == 1 {
                    sender.transmit(out);
                }
                if sender.asked < texts.len() {
                    out.set_timer(Timer::Application, model_timeout());
                }
            }
        }
    }
}

/// The protocol on this network, with the time-outs and the datagrams in flight limited.
pub(crate) fn model(scope: Scope, network: Network<Segment>) -> Arq {
    let texts = scope.texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    ActorModel::new(scope, ())
        .actor(End::Sender(texts))
        .actor(End::Receiver)
        .init_network(network)
        .lossy_network(stateright::actor::LossyNetwork::Yes)
        .property(Expectation::Always, IN_ORDER, |model, state| in_order(&model.cfg, state))
        .property(Expectation::Sometimes, ALL_ACCEPTED, |model, state| all_accepted(&model.cfg, state))
        .within_boundary(|scope, state| {
            state.network.len() <= usize::from(scope.limits.in_flight)
                && timeouts(state) <= scope.limits.timers
        })
}

/// How often the sender's timer has run out.
pub(crate) fn timeouts(state: &ActorModelState<End>) -> u8 {
    ends(state).map_or(0, |(sender, _)| sender.timeouts)
}

pub(crate) fn in_order(scope: &Scope, state: &ActorModelState<End>) -> bool {
    ends(state).is_some_and(|(sender, receiver)| {
        let Receiver { delivered, .. } = receiver;
        delivered.len() <= scope.texts.len()
            && delivered.iter().zip(&scope.texts).all(|(got, sent)| got == sent.as_bytes())
            && sender.accepted.len() <= delivered.len()
            && (0..).zip(&sender.accepted).all(|(number, accepted)| number == *accepted)
    })
}

pub(crate) fn all_accepted(scope: &Scope, state: &ActorModelState<End>) -> bool {
    ends(state).is_some_and(|(sender, _)| sender.accepted.len() == scope.texts.len())
}

fn ends(state: &ActorModelState<End>) -> Option<(&Sender, &Receiver)> {
    match (&*state.actor_states[SENDER], &*state.actor_states[RECEIVER]) {
        (State::Sender(sender), State::Receiver(receiver)) => Some((sender, receiver)),
        _ => None,
    }
}
