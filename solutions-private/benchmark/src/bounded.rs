//! The stop-and-wait model under the limits that our search has and stateright's network has not: so many losses and so many
//! copies. Invariant: its states are those of our search, one for one; a test compares their number.

use crate::stop_and_wait::{self, ALL_ACCEPTED, Arq, End, IN_ORDER, Scope, Segment, Timer};
use stateright::actor::{ActorModelAction, ActorModelState, Envelope, Network};
use stateright::{Model, Property};

type Action = ActorModelAction<Segment, Timer, ()>;

/// The model with its faults counted.
#[derive(Clone)]
pub(crate) struct Bounded {
    inner: Arq,
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct State {
    inner: ActorModelState<End>,
    losses: u8,
    duplicates: u8,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Actor(Action),
    Duplicate(Envelope<Segment>),
}

impl Bounded {
    pub(crate) fn new(scope: Scope) -> Bounded {
        Bounded { inner: stop_and_wait::model(scope, Network::new_unordered_nonduplicating([])) }
    }

    fn allows(&self, state: &State, action: &Action) -> bool {
        let limits = &self.inner.cfg.limits;
        match action {
            ActorModelAction::Drop(_) => state.losses < limits.losses,
            ActorModelAction::Timeout(_, Timer::Retransmit) => {
                stop_and_wait::timeouts(&state.inner) < limits.timers
            }
            _ => true,
        }
    }
}

impl Model for Bounded {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let states = self.inner.init_states().into_iter();
        states.map(|inner| State { inner, losses: 0, duplicates: 0 }).collect()
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let mut actions = vec![];
        self.inner.actions(&state.inner, &mut actions);
        steps.extend(actions.into_iter().filter(|it| self.allows(state, it)).map(Step::Actor));
        if state.duplicates < self.inner.cfg.limits.duplicates {
            let carried = state.inner.network.iter_deliverable();
            steps.extend(carried.map(|envelope| Step::Duplicate(envelope.to_cloned_msg())));
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let inner = |action| self.inner.next_state(&last.inner, action);
        match step {
            Step::Actor(ActorModelAction::Deliver { src, dst, msg }) => {
                let envelope = Envelope { src, dst, msg: msg.clone() };
                let delivered = inner(ActorModelAction::Deliver { src, dst, msg });
                // Stateright makes no step of a delivery that its actor ignores; but the datagram is gone.
                let next = delivered.or_else(|| inner(ActorModelAction::Drop(envelope)))?;
                Some(State { inner: next, ..*last })
            }
            Step::Actor(action) => {
                let lost = u8::from(matches!(action, ActorModelAction::Drop(_)));
                Some(State { inner: inner(action)?, losses: last.losses + lost, ..*last })
            }
            Step::Duplicate(envelope) => {
                let mut next = last.clone();
                next.duplicates += 1;
                if let Network::UnorderedNonDuplicating(carried) = &mut next.inner.network {
                    *carried.entry(envelope).or_insert(0) += 1;
                }
                Some(next)
            }
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(IN_ORDER, |model: &Self, state: &State| {
                stop_and_wait::in_order(&model.inner.cfg, &state.inner)
            }),
            Property::sometimes(ALL_ACCEPTED, |model: &Self, state: &State| {
                stop_and_wait::all_accepted(&model.inner.cfg, &state.inner)
            }),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        Model::within_boundary(&self.inner, &state.inner)
    }
}
