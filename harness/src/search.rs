//! The searched world: every order of commands, deliveries, losses, duplicates and timers within bounds, breadth first,
//! so that the first failure found has the fewest steps.
//!
//! Time is relative: a timer may run out at any moment (a network may always be slower than a timer), the soonest of a
//! host first. Invariant: two paths that lead to equal states are searched on once. Read next: `state.rs`.

mod host;
mod moves;
mod naming;
mod next;
mod state;
mod telling;
mod ways;

use crate::codec;
use crate::machine::{Host, Machine};
use crate::node::{LocalNode, Node};
use crate::program::{Program, Role};
use crate::scenario::{Bench, Failure, Outcome, sentence};
use crate::simulation::Handle;
use crate::trace::{Carried, Label, Trace};
use moves::{Move, Struck};
use next::Next;
use serde::Serialize;
use serde::de::DeserializeOwned;
use state::{State, World};
use std::collections::VecDeque;
use std::collections::hash_map::HashMap;
use std::fmt::Display;
use std::time::Duration;
use telling::{NO_WAY, NO_WAY_ON, STANDSTILL};
use ways::Ways;

/// How far a search goes. The default has no faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many datagrams may vanish; a link that is cut for a while is no more than that.
    pub losses: u8,
    /// How many datagrams may be copied.
    pub duplicates: u8,
    /// How many datagrams may arrive changed: the first bit, the last or the first of the middle byte flipped, without the
    /// last byte, or with a zero byte more.
    pub corruptions: u8,
    /// How many times a timer may run out, on all hosts together.
    pub timers: u8,
    /// How many times a host may crash, on all hosts together; see [`Search::may_crash`].
    pub crashes: u8,
    /// How many datagrams may be on the way at once; a move that would make it more is not made.
    pub in_flight: u8,
    /// How long a datagram lives at most, and by how much the clocks of hosts may differ: a timer that has longer than this
    /// to go runs out only when nothing is on the way and no host has one that does not. Without a bound, no timer is long
    /// enough to be sure of anything.
    pub lifetime: Duration,
    /// How many states are looked at before the search gives up.
    pub states: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            losses: 0,
            duplicates: 0,
            corruptions: 0,
            timers: 0,
            crashes: 0,
            in_flight: 6,
            lifetime: Duration::MAX,
            states: 200_000,
        }
    }
}

/// How the note of a search ends that has not seen all within its bounds.
pub const LIMIT_CAME_FIRST: &str = "the state limit came first";

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

    /// The same, but only since the host's last crash; `None` when it has not crashed.
    #[must_use]
    pub fn notices_since_crash<Command, Notice: DeserializeOwned>(
        &self,
        handle: Handle<Command, Notice>,
    ) -> Option<Vec<Notice>> {
        let before = self.0.told_before(handle.host)?;
        Some(self.notices(handle).into_iter().skip(before).collect())
    }
}

type Check<'a> = Box<dyn Fn(&Seen<'_>) -> Result<(), String> + 'a>;
type Goal<'a> = Box<dyn Fn(&Seen<'_>) -> bool + 'a>;
type Missing<'a> = Box<dyn Fn(&Seen<'_>) -> String + 'a>;

/// One search.
pub struct Search<'a> {
    bench: &'a Bench<'a>,
    program: &'a dyn Program,
    setting: World<'a>,
    labels: Trace,
    check: Check<'a>,
    goal: Goal<'a>,
    missing: Missing<'a>,
    recovery: Option<u8>,
    world: u16,
}

/// How a state was first reached.
struct Reached {
    from: usize,
    by: Move,
}

/// How far a search has come.
struct Course {
    /// States that are to be looked at, with their indices, the nearest first.
    frontier: VecDeque<(State, usize)>,
    /// The index of each state that is known, by its key.
    known: HashMap<u64, usize, foldhash::fast::FixedState>,
    path: Vec<Reached>,
    ways: Ways,
    explored: Explored,
    /// The state that was looked at last.
    deepest: usize,
}

impl Course {
    fn new(root: State) -> Course {
        Course {
            known: HashMap::from_iter([(root.key(), 0)]),
            frontier: VecDeque::from([(root, 0)]),
            path: vec![Reached { from: 0, by: Move::Begin }],
            ways: Ways::default(),
            explored: Explored { states: 1, exhausted: true, goals: 0 },
            deepest: 0,
        }
    }
}

impl<'a> Search<'a> {
    /// A search over these hosts, in the order of their addresses.
    #[must_use]
    pub fn new<const N: usize>(
        bench: &'a Bench<'a>,
        limits: Limits,
        hosts: [&str; N],
    ) -> (Search<'a>, [Host; N]) {
        let mut labels = bench.new_trace();
        let unknown: Role<(), String, String> = Role::new("", |bytes| crate::text::bytes(bytes, 40));
        hosts.iter().for_each(|name| labels.add_host(Label::new(name, &unknown)));
        let search = Search {
            bench,
            program: bench.program(),
            setting: World {
                limits,
                commands: vec![],
                at_restart: vec![],
                applications: vec![],
                fresh: vec![],
                mortal: vec![],
                injected: vec![],
                struck: vec![],
            },
            labels,
            check: Box::new(|_| Ok(())),
            goal: Box::new(|_| true),
            missing: Box::new(|_| String::new()),
            recovery: None,
            world: bench.faults().new_world(),
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
        let node = self.program.start(role.name, &codec::encode(config))?;
        self.put(host, role, node)
    }

    /// Puts a machine of the kit's own on the next host.
    ///
    /// # Errors
    /// Never, as long as hosts are filled in their order.
    pub fn start_given<M: Machine>(
        &mut self,
        host: Host,
        machine: M,
        describe: fn(&[u8]) -> String,
    ) -> Result<Handle<M::Command, M::Notice>, Failure> {
        let role: Role<(), M::Command, M::Notice> = Role::new("given", describe);
        self.put(host, &role, Box::new(LocalNode::new(machine, describe)))
    }

    fn put<Config, Command, Notice>(
        &mut self,
        host: Host,
        role: &Role<Config, Command, Notice>,
        node: Box<dyn Node>,
    ) -> Result<Handle<Command, Notice>, Failure>
    where
        Command: DeserializeOwned + Display,
        Notice: DeserializeOwned + Display,
    {
        let name = self.labels.name(host).to_string();
        self.labels.set_host(host, Label::new(&name, role));
        if usize::from(host.0) != self.setting.fresh.len() {
            return Err(Failure::of_the_kit("The scenario fills the hosts of its search out of order."));
        }
        self.setting.fresh.push(node);
        Ok(Handle::new(host))
    }

    /// This host may crash, at any moment and at any operation on its disk, and comes up again at any later one.
    pub fn may_crash(&mut self, host: Host) {
        self.setting.mortal.push((host, 0));
    }

    /// As [`Search::may_crash`], but not before all the commands that there are so far were given: then it is sure what was
    /// asked of its first life.
    pub fn may_crash_when_asked(&mut self, host: Host) {
        self.setting.mortal.push((host, self.setting.commands.len()));
    }

    /// The application on a host asks for something, at any moment but in this order.
    pub fn command<Command: Serialize, Notice>(
        &mut self,
        handle: Handle<Command, Notice>,
        command: &Command,
    ) {
        self.setting.commands.push((handle.host, codec::encode(command).into()));
    }

    /// The application on a host asks for this as well whenever the host comes up again, at once.
    pub fn at_restart<Command: Serialize, Notice>(
        &mut self,
        handle: Handle<Command, Notice>,
        command: &Command,
    ) {
        self.setting.at_restart.push((handle.host, codec::encode(command).into()));
    }

    /// What the application on a host asks for when it is told something; it asks at any moment after that, and what it is
    /// going to ask for is lost when its host crashes. So a slow application is one order of events among others. The
    /// answer depends on the notice alone.
    pub fn application<Command: Serialize, Notice: DeserializeOwned>(
        &mut self,
        handle: Handle<Command, Notice>,
        react: impl Fn(&Notice) -> Option<Command> + 'a,
    ) {
        // A notice that cannot be read is for the scenario to judge.
        let react = move |bytes: &[u8]| {
            let command = react(&codec::decode(bytes).ok()?)?;
            Some(codec::encode(&command).into())
        };
        self.setting.applications.push((handle.host, Box::new(react)));
    }

    /// This datagram, which nobody sends, may arrive once, at any moment.
    ///
    /// # Panics
    /// There are 32 of them already.
    pub fn may_inject(&mut self, from: Host, to: Host, datagram: &[u8]) {
        assert!(self.setting.injected.len() < 32, "a search injects at most 32 datagrams");
        self.setting.injected.push(Carried { number: 0, from, to, bytes: datagram.into() });
    }

    /// Losses, copies and corruption strike only datagrams of this link that are like these; when it is said more than once,
    /// those of each.
    pub fn faults_only(&mut self, from: Host, to: Host, matches: impl Fn(&[u8]) -> bool + 'a) {
        self.setting.struck.push(Struck { from, to, matches: Box::new(matches) });
    }

    /// What must hold in every state; the text says what is wrong.
    pub fn always(&mut self, check: impl Fn(&Seen<'_>) -> Result<(), String> + 'a) {
        self.check = Box::new(check);
    }

    /// What must be reached: it is a mistake to come to a standstill before it, or to have no way to it at all.
    pub fn goal(&mut self, goal: impl Fn(&Seen<'_>) -> bool + 'a) {
        self.goal = Box::new(goal);
    }

    /// What a reason says of a state from which the goal is not reached: what is not done, and which rules would have it done.
    pub fn missing(&mut self, missing: impl Fn(&Seen<'_>) -> String + 'a) {
        self.missing = Box::new(missing);
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
        if let Some(moves) = self.bench.moves_of(self.world) {
            return self.replay(&moves);
        }
        let explored = self.explore()?;
        let all = if explored.exhausted { "all within the bounds" } else { LIMIT_CAME_FIRST };
        self.bench.note(format!("searched {} states, {all}", explored.states));
        Ok(explored)
    }

    fn explore(&self) -> Result<Explored, Failure> {
        let root = State::begin(&self.setting, &mut Trace::off())?;
        let mut course = Course::new(root);
        while let Some((state, index)) = course.frontier.pop_front() {
            self.look_at(&state, index, &mut course)?;
            if !course.explored.exhausted {
                return Ok(course.explored);
            }
        }
        if course.explored.goals == 0 {
            return Err(self.undone(&course.path, course.deepest, NO_WAY));
        }
        if let Some(lost) = course.ways.first_lost() {
            return Err(self.undone(&course.path, lost, NO_WAY_ON));
        }
        Ok(course.explored)
    }

    /// Makes every move from a state.
    fn look_at(&self, state: &State, index: usize, course: &mut Course) -> Outcome {
        let limits = &self.setting.limits;
        course.deepest = index;
        let goal = (self.goal)(&Seen(state));
        course.explored.goals += usize::from(goal);
        course.ways.state(goal, self.recovery.is_some_and(|timers| state.timers_left(limits) >= timers));
        let mut moves = vec![];
        let bounded = state.moves(&self.setting, &mut moves);
        if moves.is_empty() && !bounded && !goal {
            return Err(self.undone(&course.path, index, STANDSTILL));
        }
        let mut made = 0;
        while let Some(&by) = moves.get(made) {
            made += 1;
            let trace = &mut Trace::off();
            let next = match Next::new(state, by, &self.setting, trace) {
                Ok(next) => next,
                Err(crash) => {
                    course.path.push(Reached { from: index, by });
                    return Err(self.failure(
                        &course.path,
                        course.path.len() - 1,
                        Failure::from(crash).reason,
                    ));
                }
            };
            state.interrupts(by, &next, &self.setting, &mut moves);
            if next.in_flight() > usize::from(limits.in_flight) {
                course.ways.unseen(index);
                continue;
            }
            self.add(Reached { from: index, by }, next, course)?;
            if !course.explored.exhausted {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Judges and keeps the state that a move leads to, when it is a new one.
    fn add(&self, reached: Reached, next: Next<'_>, course: &mut Course) -> Outcome {
        let new = course.path.len();
        let index = *course.known.entry(next.key()).or_insert(new);
        course.ways.step(reached.from, index);
        if index != new {
            return Ok(());
        }
        course.path.push(reached);
        let told = next.told;
        let state = next.state();
        if told {
            (self.check)(&Seen(&state)).map_err(|wrong| self.failure(&course.path, new, sentence(&wrong)))?;
        }
        course.explored.states += 1;
        course.explored.exhausted = course.explored.states < self.setting.limits.states;
        course.frontier.push_back((state, new));
        Ok(())
    }
}
