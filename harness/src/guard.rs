//! The guards: what the kit takes for granted of a student's machine is checked, and said in a sentence when it is not so.
//!
//! A [`GuardedProgram`] stands between a scenario and a program. It writes down what each machine was given and what it
//! did (`log.rs`), looks at copies while the run goes on (`copies.rs`), and afterwards gives the same events to fresh
//! machines, which must do the same (`again.rs`, `cause.rs`; `telling.rs` says it in words). Invariant: a machine that is a function of its events, with
//! `Clone`, `Eq` and `Hash` derived, is never accused, and a run is the same with the guards and without.

mod again;
mod cause;
mod copies;
mod log;
mod telling;

use crate::crash::Crash;
use crate::machine::{Action, Moment, TimerId};
use crate::meter::{Memory, Usage};
use crate::node::{Event, Node};
use crate::program::Program;
use crate::scenario::Failure;
use copies::Before;
use log::{Log, OriginId, Past};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// How much of a run is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// How many events are written down.
    events: usize,
    /// How many bytes these may have, with all that follows from them.
    bytes: usize,
}

impl Budget {
    /// For a run of which nothing is suspected.
    pub(crate) const SAMPLE: Budget = Budget { events: 20_000, bytes: 32 << 20 };
    /// For a run that has failed.
    pub(crate) const WHOLE: Budget = Budget { events: 100_000, bytes: 128 << 20 };
}

/// A program whose machines are watched.
pub(crate) struct GuardedProgram<'a> {
    program: &'a dyn Program,
    log: Rc<RefCell<Log>>,
}

impl<'a> GuardedProgram<'a> {
    /// `program`, watched within `budget`.
    pub(crate) fn new(program: &'a dyn Program, budget: Budget) -> Self {
        GuardedProgram { program, log: Rc::new(RefCell::new(Log::new(budget))) }
    }

    /// A node that the program has made, watched as far as it can be.
    fn watched(&self, role: &str, config: &[u8], node: Box<dyn Node>) -> Box<dyn Node> {
        let Some(machine) = node.inspect() else { return node };
        let origin = self.log.borrow_mut().add_origin(role, config, machine);
        Box::new(GuardedNode { node, origin, past: Past::Fresh, log: self.log.clone() })
    }

    /// What the guards have to say, once the run is over. `run` is how the run itself failed, if it did.
    pub(crate) fn verdict(&self, run: Option<&Failure>) -> Option<Failure> {
        let log = self.log.borrow();
        if let Some(wrong) = &log.wrong {
            // The run ended with it, so its story leads there.
            let story = run.and_then(|run| run.story.clone());
            return Some(Failure { story, ..Failure::new(wrong) });
        }
        let mut failure = again::check(self.program, &log)?;
        if let Some(run) = run {
            failure.reason = format!("{} The run itself ended so: {}", failure.reason, run.reason);
        }
        Some(failure)
    }

    /// The first function that returned something else here than in `other`, for the same input.
    pub(crate) fn unsteady_function(&self, other: &GuardedProgram<'_>) -> Option<String> {
        let (here, there) = (self.log.borrow(), other.log.borrow());
        let mut pairs = here.calls.iter().zip(&there.calls);
        let (call, _) = pairs.find(|(here, there)| here != there)?;
        let same_input =
            there.calls.iter().any(|it| (&it.function, it.input) == (&call.function, call.input));
        same_input.then(|| call.function.clone())
    }
}

impl Program for GuardedProgram<'_> {
    fn start(&self, role: &str, config: &[u8]) -> Result<Box<dyn Node>, Crash> {
        Ok(self.watched(role, config, self.program.start(role, config)?))
    }

    fn start_metered(&self, role: &str, config: &[u8]) -> Result<Box<dyn Node>, Crash> {
        Ok(self.watched(role, config, self.program.start_metered(role, config)?))
    }

    fn call(&self, function: &str, input: &[u8]) -> Result<Vec<u8>, Crash> {
        let output = self.program.call(function, input);
        self.log.borrow_mut().add_call(function, input, &output);
        output
    }

    fn call_metered(&self, function: &str, input: &[u8]) -> Result<(Vec<u8>, Option<Usage>), Crash> {
        let (output, usage) = match self.program.call_metered(function, input) {
            Ok((output, usage)) => (Ok(output), usage),
            Err(crash) => (Err(crash), None),
        };
        self.log.borrow_mut().add_call(function, input, &output);
        output.map(|output| (output, usage))
    }

    fn executable(&self, name: &str) -> Result<&Path, Crash> {
        self.program.executable(name)
    }
}

/// A machine that is watched, as is each of its forks.
struct GuardedNode {
    node: Box<dyn Node>,
    origin: OriginId,
    past: Past,
    log: Rc<RefCell<Log>>,
}

impl GuardedNode {
    /// Notes that the machine breaks a rule; the run ends with this.
    fn accuse(&self, wrong: String) -> Crash {
        self.log.borrow_mut().wrong = Some(wrong.clone());
        Crash::Unfit(wrong)
    }
}

impl Node for GuardedNode {
    fn handle(&mut self, moment: Moment, event: Event<'_>, actions: &mut Vec<Action>) -> Result<(), Crash> {
        if self.past == Past::Unknown || !self.log.borrow().has_room() {
            self.past = Past::Unknown;
            return self.node.handle(moment, event, actions);
        }
        let looks = self.log.borrow().looks_at_copies();
        let before = looks.then(|| Before::of(&*self.node, &mut self.log.borrow_mut().known));
        let before = before.transpose().map_err(|wrong| self.accuse(wrong))?;
        let first = actions.len();
        let answer = self.node.handle(moment, event, actions);
        let given = answer.clone().map(|()| actions[first..].to_vec());
        if let (Some(before), Ok(actions)) = (before, &given) {
            let looked =
                before.compare(&*self.node, moment, &event, actions, &mut self.log.borrow_mut().known);
            looked.map_err(|wrong| self.accuse(wrong))?;
        }
        let key = self.node.key();
        self.past = self.log.borrow_mut().add_step(self.origin, self.past, moment, &event, given, key);
        answer
    }

    fn fork(&self) -> Result<Box<dyn Node>, Crash> {
        Ok(Box::new(GuardedNode {
            node: self.node.fork()?,
            origin: self.origin,
            past: self.past,
            log: self.log.clone(),
        }))
    }

    fn key(&self) -> u64 {
        self.node.key()
    }

    fn reads_clock(&self) -> bool {
        self.node.reads_clock()
    }

    fn timer_name(&self, timer: TimerId) -> String {
        self.node.timer_name(timer)
    }

    fn tasks(&self) -> Result<usize, Crash> {
        self.node.tasks()
    }

    fn describe(&self) -> String {
        self.node.describe()
    }

    fn memory(&self) -> Result<Option<Memory>, Crash> {
        self.node.memory()
    }
}
