//! What the machines of one run were given and what they did: a tree, because a search forks its machines.

use super::Budget;
use super::copies::Known;
use crate::crash::Crash;
use crate::driver::OwnedEvent;
use crate::machine::{Action, Moment};
use crate::node::{Event, Inspect};
use crate::random::{Dice, Draw as _};
use crate::trace::Words;

/// How many histories are remembered besides the latest of each machine that was made.
const MAX_BRANCHES: usize = 32;

/// How many calls of plain functions are written down.
const MAX_CALLS: usize = 10_000;

/// Up to here copies are looked at with every event, ...
const EVENTS_WITH_COPY: usize = 1_000;

/// ... and from there on with each event of this many.
const COPY_EVERY: usize = 16;

/// What a machine did with one event.
pub(super) type Answer = Result<Vec<Action>, Crash>;

/// A machine that the program made.
pub(super) type OriginId = usize;

/// An event in the log.
pub(super) type StepId = usize;

/// What a machine has behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// Nothing.
    Fresh,
    /// This event, and those before it.
    Step(StepId),
    /// More than was written down.
    Unknown,
}

/// How a machine was made.
pub(super) struct Origin {
    pub(super) role: String,
    pub(super) config: Vec<u8>,
    pub(super) type_name: &'static str,
    pub(super) words: Words,
    latest: Option<StepId>,
}

/// One event, what the machine did with it, and the hash of the state that it left.
pub(super) struct Step {
    pub(super) origin: OriginId,
    before: Past,
    pub(super) moment: Moment,
    pub(super) event: OwnedEvent,
    pub(super) answer: Answer,
    pub(super) key: u64,
}

/// One call of a plain function, by hashes.
#[derive(PartialEq, Eq)]
pub(super) struct Call {
    pub(super) function: String,
    pub(super) input: u64,
    output: u64,
}

/// The log of one run.
pub(super) struct Log {
    /// The rule that was found broken while the run went on.
    pub(super) wrong: Option<String>,
    pub(super) known: Known,
    pub(super) calls: Vec<Call>,
    origins: Vec<Origin>,
    steps: Vec<Step>,
    /// A fair sample of the histories that others branched off from.
    branches: Vec<StepId>,
    branched: u64,
    left: Budget,
}

impl Log {
    pub(super) fn new(budget: Budget) -> Log {
        Log {
            wrong: None,
            known: Known::default(),
            calls: vec![],
            origins: vec![],
            steps: vec![],
            branches: vec![],
            branched: 0,
            left: budget,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.wrong.is_none() && self.left.events > 0 && self.left.bytes > 0
    }

    pub(super) fn looks_at_copies(&self) -> bool {
        self.steps.len() < EVENTS_WITH_COPY || self.steps.len().is_multiple_of(COPY_EVERY)
    }

    pub(super) fn add_origin(&mut self, role: &str, config: &[u8], machine: &dyn Inspect) -> OriginId {
        let (type_name, words) = (machine.type_name(), machine.words());
        self.origins.push(Origin {
            role: role.into(),
            config: config.into(),
            type_name,
            words,
            latest: None,
        });
        self.origins.len() - 1
    }

    pub(super) fn add_call(&mut self, function: &str, input: &[u8], output: &Result<Vec<u8>, Crash>) {
        if self.calls.len() < MAX_CALLS {
            let output = crate::hash_of(&output.as_ref().map_err(Crash::to_string));
            self.calls.push(Call { function: function.into(), input: crate::hash_of(input), output });
        }
    }

    pub(super) fn add_step(
        &mut self,
        origin: OriginId,
        before: Past,
        moment: Moment,
        event: &Event<'_>,
        answer: Answer,
        key: u64,
    ) -> Past {
        let event = OwnedEvent::of(event);
        let size =
            event_size(&event) + answer.as_ref().map_or(0, |actions| actions.iter().map(Action::bytes).sum());
        self.left.events -= 1;
        self.left.bytes = self.left.bytes.saturating_sub(size);
        let step = self.steps.len();
        self.steps.push(Step { origin, before, moment, event, answer, key });
        let latest = self.origins[origin].latest.replace(step);
        if let Some(other) = latest.filter(|latest| before != Past::Step(*latest)) {
            self.add_branch(other);
        }
        Past::Step(step)
    }

    /// Each branch has the same chance to be among those that are kept (reservoir sampling).
    fn add_branch(&mut self, tip: StepId) {
        self.branched += 1;
        if self.branches.len() < MAX_BRANCHES {
            self.branches.push(tip);
            return;
        }
        let place = Dice::of(0, [self.branched, 0, 0]).below(self.branched) as usize;
        if let Some(branch) = self.branches.get_mut(place) {
            *branch = tip;
        }
    }

    pub(super) fn origin(&self, origin: OriginId) -> &Origin {
        &self.origins[origin]
    }

    /// The histories to be looked at, each from its first event on: the latest of each machine, and the sample.
    pub(super) fn histories(&self) -> impl Iterator<Item = Vec<&Step>> {
        let latest = self.origins.iter().filter_map(|origin| origin.latest);
        latest.chain(self.branches.iter().copied()).map(|tip| self.history(tip))
    }

    fn history(&self, tip: StepId) -> Vec<&Step> {
        let mut steps = vec![];
        let mut at = Past::Step(tip);
        while let Past::Step(step) = at {
            steps.push(&self.steps[step]);
            at = self.steps[step].before;
        }
        steps.reverse();
        steps
    }
}

fn event_size(event: &OwnedEvent) -> usize {
    match event {
        OwnedEvent::Start(bytes) | OwnedEvent::Command(bytes) | OwnedEvent::Datagram(_, bytes) => bytes.len(),
        OwnedEvent::Timer(_) => 0,
    }
}
