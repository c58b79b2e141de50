//! The searched world: every order of commands, deliveries, losses, duplicates and timers within bounds, breadth first,
//! so that the first failure found has the fewest steps.
//!
//! Time is relative: a timer may run out at any moment (a network may always be slower than a timer), the soonest of a
//! host first. Invariant: two paths that lead to equal states are searched on once. Read next: `state.rs`.

mod state;
mod ways;

use crate::codec;
use crate::machine::Host;
use crate::program::{Program, Role};
use crate::scenario::{Bench, Failure, sentence};
use crate::simulation::Handle;
use crate::trace::{Label, Trace};
use serde::Serialize;
use serde::de::DeserializeOwned;
use state::{Move, State};
use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::fmt::Display;
use std::sync::Arc;
use ways::Ways;

/// How far a search goes. The default has no faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many datagrams may vanish.
    pub losses: u8,
    /// How many datagrams may be copied.
    pub duplicates: u8,
    /// How many times a timer may run out, on all hosts together.
    pub timers: u8,
    /// How many datagrams may be on the way at once; a move that would make it more is not made.
    pub in_flight: u8,
    /// How many states are looked at before the search gives up.
    pub states: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { losses: 0, duplicates: 0, timers: 0, in_flight: 6, states: 200_000 }
    }
}

/// What a search that found no mistake has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explored {
    /// States that differ.
    pub states: usize,
    /// Whether these were all within the limits: if not, the state limit came first.
    pub exhausted: bool,
    /// States in which the goal was reached.
    pub goals: usize,
}

/// What the applications have been told in one state.
pub struct Seen<'a>(&'a State);

impl Seen<'_> {
    /// What the machine has told its application so far; a notice that cannot be read ends the list.
    #[must_use]
    pub fn notices<Command, Notice: DeserializeOwned>(&self, handle: Handle<Command, Notice>) -> Vec<Notice> {
        self.0.notices(handle.host).iter().map_while(|bytes| codec::decode(bytes).ok()).collect()
    }
}

type Check<'a> = Box<dyn Fn(&Seen<'_>) -> Result<(), String> + 'a>;
type Goal<'a> = Box<dyn Fn(&Seen<'_>) -> bool + 'a>;

/// One search.
pub struct Search<'a> {
    bench: &'a Bench<'a>,
    program: &'a dyn Program,
    limits: Limits,
    root: State,
    labels: Trace,
    commands: Vec<(Host, Arc<[u8]>)>,
    check: Check<'a>,
    goal: Goal<'a>,
    recovery: Option<u8>,
}

/// How a state was first reached.
struct Reached {
    from: usize,
    by: Move,
}

impl<'a> Search<'a> {
    /// A search over these hosts, in the order of their addresses.
    #[must_use]
    pub fn new<const N: usize>(
        bench: &'a Bench<'a>,
        limits: Limits,
        hosts: [&str; N],
    ) -> (Search<'a>, [Host; N]) {
        let mut labels = Trace::default();
        let unknown: Role<(), String, String> = Role::new("", |bytes| crate::text::bytes(bytes, 40));
        hosts.iter().for_each(|name| labels.add_host(Label::new(name, &unknown)));
        let search = Search {
            bench,
            program: bench.program(),
            limits,
            root: State::default(),
            labels,
            commands: vec![],
            check: Box::new(|_| Ok(())),
            goal: Box::new(|_| true),
            recovery: None,
        };
        (search, std::array::from_fn(|index| Host(index as u16)))
    }

    /// Puts a machine of `role` on the next host. Hosts are filled in the order of their addresses.
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
        let name = self.labels.name(host).to_string();
        self.labels.set_host(host, Label::new(&name, role));
        let node = self.program.start(role.name, &codec::encode(config))?;
        self.root.add_host(host, node)?;
        Ok(Handle::new(host))
    }

    /// The application on a host asks for something, at any moment but in this order.
    pub fn command<Command: Serialize, Notice>(
        &mut self,
        handle: Handle<Command, Notice>,
        command: &Command,
    ) {
        self.commands.push((handle.host, codec::encode(command).into()));
    }

    /// What must hold in every state; the text says what is wrong.
    pub fn always(&mut self, check: impl Fn(&Seen<'_>) -> Result<(), String> + 'a) {
        self.check = Box::new(check);
    }

    /// What must be reached: it is a mistake to come to a standstill before it, or to have no way to it at all.
    pub fn goal(&mut self, goal: impl Fn(&Seen<'_>) -> bool + 'a) {
        self.goal = Box::new(goal);
    }

    /// In no state may the goal be out of reach while `timers` more time-outs are allowed: what was lost before must not
    /// matter for ever. Judged only when the search saw everything within its limits.
    pub fn recovers_with(&mut self, timers: u8) {
        self.recovery = Some(timers);
    }

    /// Searches, and notes what was seen.
    ///
    /// # Errors
    /// The failure with the fewest steps, with its story.
    pub fn run(&self) -> Result<Explored, Failure> {
        let explored = self.explore()?;
        let all = if explored.exhausted { "all within the bounds" } else { "the state limit came first" };
        self.bench.note(format!("searched {} states, {all}", explored.states));
        Ok(explored)
    }

    fn explore(&self) -> Result<Explored, Failure> {
        let mut root = self.root.clone();
        root.begin(&mut Trace::off())?;
        let mut known: HashMap<u64, usize, foldhash::fast::FixedState> = HashMap::default();
        known.insert(root.key(), 0);
        let mut ways = Ways::default();
        let mut path = vec![Reached { from: 0, by: Move::Begin }];
        let mut frontier = VecDeque::from([(root, 0)]);
        let mut explored = Explored { states: 1, exhausted: true, goals: 0 };
        let mut moves = vec![];
        let mut deepest = 0;
        while let Some((state, index)) = frontier.pop_front() {
            deepest = index;
            let goal = (self.goal)(&Seen(&state));
            explored.goals += usize::from(goal);
            let recovers = self.recovery.is_some_and(|timers| state.timers_left(&self.limits) >= timers);
            ways.state(goal, recovers);
            moves.clear();
            let bounded = state.moves(&self.limits, &self.commands, &mut moves);
            if moves.is_empty() && !bounded && !goal {
                return Err(self.failure(&path, index, STANDSTILL.into()));
            }
            for &by in &moves {
                let mut next = state.clone();
                let told = match next.apply(by, &self.commands, &mut Trace::off()) {
                    Ok(told) => told,
                    Err(crash) => {
                        path.push(Reached { from: index, by });
                        return Err(self.failure(&path, path.len() - 1, Failure::from(crash).reason));
                    }
                };
                if next.in_flight() > usize::from(self.limits.in_flight) {
                    ways.unseen(index);
                    continue;
                }
                match known.entry(next.key()) {
                    Entry::Occupied(there) => {
                        ways.step(index, *there.get());
                        continue;
                    }
                    Entry::Vacant(new) => {
                        ways.step(index, path.len());
                        new.insert(path.len());
                    }
                }
                path.push(Reached { from: index, by });
                if told {
                    (self.check)(&Seen(&next))
                        .map_err(|wrong| self.failure(&path, path.len() - 1, sentence(&wrong)))?;
                }
                explored.states += 1;
                if explored.states >= self.limits.states {
                    explored.exhausted = false;
                    return Ok(explored);
                }
                frontier.push_back((next, path.len() - 1));
            }
        }
        if explored.goals == 0 {
            return Err(self.failure(&path, deepest, NO_WAY.into()));
        }
        if let Some(lost) = ways.first_lost() {
            return Err(self.failure(&path, lost, NO_WAY_ON.into()));
        }
        Ok(explored)
    }

    fn failure(&self, path: &[Reached], end: usize, reason: String) -> Failure {
        let mut moves = vec![];
        let mut at = end;
        while at != 0 {
            moves.push(path[at].by);
            at = path[at].from;
        }
        let mut trace = self.labels.same_hosts();
        let mut state = self.root.clone();
        let mut crashed = state.begin(&mut trace).is_err();
        for &by in moves.iter().rev() {
            crashed = crashed || state.apply(by, &self.commands, &mut trace).is_err();
        }
        let faults = moves.iter().filter(|by| matches!(by, Move::Lose(_) | Move::Duplicate(_))).count();
        let plural = if faults == 1 { "" } else { "s" };
        Failure::new(reason).with(trace.story(&format!("search, {faults} fault{plural}")))
    }
}

const STANDSTILL: &str = "The program has come to a standstill: no datagram is on the way and no timer is set, so nothing \
     can happen any more, and the work is not done.";

const NO_WAY_ON: &str = "After these steps the work is never done: not in any order of events, not even when nothing more is \
     lost and a timer runs out again.";

const NO_WAY: &str =
    "In no order of events within the bounds is the work done. The story is one of the longest.";
