//! A student's work behind a pipe: the judge's side of `driver.rs`.
//!
//! Nothing here trusts the other process: every answer is checked for size and shape; silence has a limit. A machine's claim
//! that two of its states are one (its `Hash`) is believed only because it is looked into: what was done in the one is made
//! again in the other, and must be the same.

mod searched;

use crate::channel::Channel;
use crate::crash::Crash;
use crate::driver::{Answer, HANDLER_PATIENCE, Names, NodeId, OwnedEvent, Request};
use crate::group::Group;
use crate::live::LiveError;
use crate::live::network::Network;
use crate::machine::{Action, MAX_ACTIONS, Moment, TimerId};
use crate::meter::{Memory, Usage};
use crate::node::{Event, Node};
use crate::program::Program;
use crate::random::Random;
use searched::Known;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The argument that makes a scenarios program serve as driver.
pub const DRIVE: &str = "--drive";

/// A student's work in another process.
pub struct RemoteProgram {
    driver: Rc<RefCell<Driver>>,
    executables: BTreeMap<String, PathBuf>,
    /// Whether each network is apart.
    apart: bool,
}

struct Driver {
    channel: Channel,
    process: Group,
    ended: Option<Crash>,
    /// How many actions it has answered with.
    actions: u64,
    /// The most that its answers may take.
    bound: u64,
    /// What each state of a search did at each event so far, by the number of its machine.
    known: HashMap<NodeId, Vec<Known>>,
    /// The state that was seen first, of those that claim to be the same; by kind of machine and claim.
    first: HashMap<(u64, u64), Arc<NodeId>>,
    /// A second machine that claims to be in the state of the first, and waits until the first does something.
    waiting: HashMap<NodeId, NodeId>,
    /// Machines to be forgotten with the next request.
    forgotten: Vec<NodeId>,
    /// Chooses what is made again.
    random: Random,
}

#[derive(Clone)]
struct Stepped {
    node: Arc<NodeId>,
    actions: Vec<Action>,
    names: Names,
    reads_clock: bool,
    claim: u64,
}

/// The most that all answers of a driver may take from the memory of the judge, who keeps what a story may need: more
/// than ten times what the reference's take.
const ANSWERS_MAX: u64 = 512 << 20;

/// What an action takes besides its bytes.
const ACTION_BYTES: u64 = 128;

/// How many machines may wait to be forgotten.
const FORGOTTEN_MAX: usize = 64;

impl RemoteProgram {
    /// Starts the driver program: this command, with the argument [`DRIVE`].
    ///
    /// # Errors
    /// It cannot be started: a fault of the machine, not of the student's code.
    pub fn start(mut driver: Command, executables: BTreeMap<String, PathBuf>) -> io::Result<RemoteProgram> {
        driver.arg(DRIVE).stdout(Stdio::null()).stderr(Stdio::null());
        let (mut channel, mut process) = Channel::spawn(&mut driver)?;
        // Longer than the driver's own watch, which can name the handler.
        channel.patience(Some(Duration::from_millis(u64::from(HANDLER_PATIENCE) * 100 * 3)))?;
        // Nothing of the student's has run yet, so whatever went wrong before is not the student's.
        match channel.receive() {
            Ok(Answer::Ready) => {}
            Ok(other) => return Err(io::Error::other(nonsense(&other).to_string())),
            Err(error) => {
                let status = process.kill()?;
                return Err(io::Error::new(error.kind(), format!("{error} ({status})")));
            }
        }
        let driver = Driver {
            channel,
            process,
            ended: None,
            actions: 0,
            bound: ANSWERS_MAX,
            known: HashMap::new(),
            first: HashMap::new(),
            waiting: HashMap::new(),
            forgotten: vec![],
            random: Random::new(0),
        };
        Ok(RemoteProgram { driver: Rc::new(RefCell::new(driver)), executables, apart: false })
    }

    /// The same program, whose answers may take so many bytes in all, where it is not 512 MiB.
    #[must_use]
    pub fn with_bound(self, bytes: u64) -> RemoteProgram {
        self.driver.borrow_mut().bound = bytes;
        self
    }

    /// The same program, whose executables get networks apart from one another.
    #[must_use]
    pub fn with_networks_apart(self) -> RemoteProgram {
        RemoteProgram { apart: true, ..self }
    }

    fn started(&self, role: &str, config: &[u8], metered: bool) -> Result<Box<dyn Node>, Crash> {
        let request = Request::Start { role: role.into(), config: config.to_vec(), metered };
        match self.driver.borrow_mut().ask(&request)? {
            Answer::Started(id) => {
                let kind = crate::key_of(&(role, config));
                let node = Arc::new(id);
                let driver = self.driver.clone();
                let timers = BTreeMap::new();
                Ok(Box::new(RemoteNode { driver, node, kind, state: kind, timers, reads_clock: false }))
            }
            other => Err(nonsense(&other)),
        }
    }

    fn returned(
        &self,
        function: &str,
        input: &[u8],
        metered: bool,
    ) -> Result<(Vec<u8>, Option<Usage>), Crash> {
        let request = Request::Call { function: function.into(), input: input.to_vec(), metered };
        match self.driver.borrow_mut().ask(&request)? {
            Answer::Returned(output, usage) => Ok((output, usage)),
            other => Err(nonsense(&other)),
        }
    }
}

impl Program for RemoteProgram {
    fn start(&self, role: &str, config: &[u8]) -> Result<Box<dyn Node>, Crash> {
        self.started(role, config, false)
    }

    fn call(&self, function: &str, input: &[u8]) -> Result<Vec<u8>, Crash> {
        self.returned(function, input, false).map(|(output, _)| output)
    }

    fn start_metered(&self, role: &str, config: &[u8]) -> Result<Box<dyn Node>, Crash> {
        self.started(role, config, true)
    }

    fn call_metered(&self, function: &str, input: &[u8]) -> Result<(Vec<u8>, Option<Usage>), Crash> {
        self.returned(function, input, true)
    }

    fn executable(&self, name: &str) -> Result<&Path, Crash> {
        let path = self.executables.get(name).map(PathBuf::as_path);
        path.ok_or_else(|| Crash::Misused(format!("the program offers no executable named {name}")))
    }

    fn network(&self) -> Result<Network, LiveError> {
        if self.apart { Network::apart() } else { Ok(Network::default()) }
    }
}

impl Driver {
    fn ask(&mut self, request: &Request) -> Result<Answer, Crash> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        let answer = self.channel.send(request).and_then(|()| self.channel.receive());
        let answer = self.weighed(answer);
        match answer {
            Ok(Answer::Crashed(crash)) => {
                self.ended = Some(crash.clone());
                Err(crash)
            }
            Ok(answer) => Ok(answer),
            Err(error) => {
                let crash = self.crash_of(&error);
                self.ended = Some(crash.clone());
                Err(crash)
            }
        }
    }

    /// An answer, unless all of them are more than the judge keeps.
    fn weighed(&mut self, answer: io::Result<Answer>) -> io::Result<Answer> {
        self.actions += match &answer {
            Ok(Answer::Stepped { actions, .. }) => actions.len() as u64,
            Ok(Answer::SteppedAll { actions, .. }) => actions.iter().map(|it| it.len() as u64).sum(),
            _ => 0,
        };
        if self.channel.received() + self.actions * ACTION_BYTES <= self.bound {
            return answer;
        }
        let most = self.bound >> 20;
        let words = format!("all that your code sends, writes and tells in one run is more than {most} MiB");
        Ok(Answer::Crashed(Crash::Misused(words)))
    }

    fn crash_of(&mut self, error: &io::Error) -> Crash {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Crash::Hung("your code".into()),
            io::ErrorKind::InvalidData => {
                Crash::Misused(format!("your code's process answered nonsense: {error}"))
            }
            _ => {
                let status = self.process.wait();
                Crash::Exited(status.map_or_else(|error| error.to_string(), |status| status.to_string()))
            }
        }
    }

    fn step(
        &mut self,
        node: NodeId,
        keep: bool,
        moment: Moment,
        event: &OwnedEvent,
    ) -> Result<Stepped, Crash> {
        if self.forgotten.len() > FORGOTTEN_MAX {
            let mut nodes = std::mem::take(&mut self.forgotten);
            // Their numbers will be given to others.
            for node in nodes.clone() {
                self.known.remove(&node);
                nodes.extend(self.waiting.remove(&node));
            }
            self.ask(&Request::Forget { nodes })?;
        }
        match self.ask(&Request::Step { node, keep, moment, event: event.clone() })? {
            Answer::Stepped { actions, .. } if actions.len() > MAX_ACTIONS => {
                Err(Crash::Misused(format!("one event led to {} actions", actions.len())))
            }
            Answer::Stepped { node, actions, names, reads_clock, claim } => {
                Ok(Stepped { node: Arc::new(node), actions, names, reads_clock, claim })
            }
            other => Err(nonsense(&other)),
        }
    }

    fn text(&mut self, request: &Request) -> String {
        match self.ask(request) {
            Ok(Answer::Text(text)) => text,
            _ => "?".into(),
        }
    }
}

fn nonsense(answer: &Answer) -> Crash {
    let kind = match answer {
        Answer::Ready => "Ready",
        Answer::Started(_) => "Started",
        Answer::Stepped { .. } => "Stepped",
        Answer::SteppedAll { .. } => "SteppedAll",
        Answer::Walked(_) => "Walked",
        Answer::Returned(..) => "Returned",
        Answer::Memory(_) => "Memory",
        Answer::Text(_) => "Text",
        Answer::Number(_) => "Number",
        Answer::Done => "Done",
        Answer::Crashed(_) => "Crashed",
    };
    Crash::Misused(format!("your code's process gave an answer that was not asked for ({kind})"))
}

struct RemoteNode {
    driver: Rc<RefCell<Driver>>,
    /// Shared by the forks of one state: while it is, a step makes a new state.
    node: Arc<NodeId>,
    /// Equal for machines of one role and configuration.
    kind: u64,
    /// Equal for states that are known to be one, or claim it.
    state: u64,
    /// The names of timers that were set, and have not run out, since the machine has been stepped in place.
    timers: BTreeMap<TimerId, String>,
    reads_clock: bool,
}

impl Drop for RemoteNode {
    fn drop(&mut self) {
        // Nobody else will ever step this machine.
        if Arc::strong_count(&self.node) == 1
            && let Ok(mut driver) = self.driver.try_borrow_mut()
        {
            driver.forgotten.push(*self.node);
        }
    }
}

impl Node for RemoteNode {
    fn handle(&mut self, moment: Moment, event: Event<'_>, actions: &mut Vec<Action>) -> Result<(), Crash> {
        let mut driver = self.driver.borrow_mut();
        let owned = OwnedEvent::of(&event);
        let stepped = if Arc::strong_count(&self.node) == 1 {
            let stepped = driver.step(*self.node, false, moment, &owned)?;
            self.state = crate::key_of(&(self.state, &owned, moment));
            stepped
        } else {
            let stepped = driver.search(self.kind, *self.node, moment, &owned)?;
            self.state = crate::key_of(&(self.kind, stepped.claim));
            stepped
        };
        // Stepped in place, it is the same machine: a new handle to it would look like a fork.
        if *stepped.node != *self.node {
            self.node = stepped.node;
        }
        self.reads_clock = stepped.reads_clock;
        if let Event::Timer(timer) = event {
            self.timers.remove(&timer);
        }
        self.timers.extend(stepped.names);
        actions.extend(stepped.actions);
        Ok(())
    }

    fn handle_all(
        &mut self,
        moment: Moment,
        events: &[Event<'_>],
        actions: &mut Vec<Vec<Action>>,
    ) -> Result<(), Crash> {
        if Arc::strong_count(&self.node) > 1 {
            return Err(Crash::Misused("the kit gave several events to a machine of a search".into()));
        }
        let owned: Vec<_> = events.iter().map(OwnedEvent::of).collect();
        self.state = crate::key_of(&(self.state, &owned, moment));
        let request = Request::StepAll { node: *self.node, moment, events: owned };
        match self.driver.borrow_mut().ask(&request)? {
            Answer::SteppedAll { actions: asked, names, reads_clock } if asked.len() == events.len() => {
                self.reads_clock = reads_clock;
                self.timers.extend(names);
                actions.extend(asked);
                Ok(())
            }
            other => Err(nonsense(&other)),
        }
    }

    fn fork(&self) -> Result<Box<dyn Node>, Crash> {
        Ok(Box::new(RemoteNode {
            driver: self.driver.clone(),
            node: self.node.clone(),
            kind: self.kind,
            state: self.state,
            timers: self.timers.clone(),
            reads_clock: self.reads_clock,
        }))
    }

    fn key(&self) -> u64 {
        self.state
    }

    fn reads_clock(&self) -> bool {
        self.reads_clock
    }

    fn timer_name(&self, timer: TimerId) -> String {
        let known = self.timers.get(&timer).cloned();
        known
            .unwrap_or_else(|| self.driver.borrow_mut().text(&Request::TimerName { node: *self.node, timer }))
    }

    fn tasks(&self) -> Result<usize, Crash> {
        match self.driver.borrow_mut().ask(&Request::Tasks { node: *self.node })? {
            Answer::Number(tasks) => Ok(tasks),
            other => Err(nonsense(&other)),
        }
    }

    fn describe(&self) -> String {
        self.driver.borrow_mut().text(&Request::Describe { node: *self.node })
    }

    fn memory(&self) -> Result<Option<Memory>, Crash> {
        match self.driver.borrow_mut().ask(&Request::Memory { node: *self.node })? {
            Answer::Memory(memory) => Ok(memory),
            other => Err(nonsense(&other)),
        }
    }
}
