//! A student's work behind a pipe: the judge's side of `driver.rs`.
//!
//! Nothing here trusts the other process: a state is told apart by the history of events that led to it, never by the
//! student's `Hash`; every answer is checked for size and shape; silence has a limit.

use crate::channel::Channel;
use crate::crash::Crash;
use crate::driver::{Answer, HANDLER_PATIENCE, NodeId, OwnedEvent, Request};
use crate::group::Group;
use crate::machine::{Action, MAX_ACTIONS, Moment, TimerId};
use crate::node::{Event, Node};
use crate::program::Program;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

/// The argument that makes a scenarios program serve as driver.
pub const DRIVE: &str = "--drive";

/// A student's work in another process.
pub struct RemoteProgram {
    driver: Rc<RefCell<Driver>>,
    executables: BTreeMap<String, PathBuf>,
}

struct Driver {
    channel: Channel,
    process: Group,
    ended: Option<Crash>,
    memory: HashMap<(NodeId, u64), Stepped>,
}

#[derive(Clone)]
struct Stepped {
    node: Rc<NodeId>,
    actions: Vec<Action>,
    reads_clock: bool,
}

impl RemoteProgram {
    /// Starts the driver program.
    ///
    /// # Errors
    /// It cannot be started: a fault of the machine, not of the student's code.
    pub fn start(driver: &Path, executables: BTreeMap<String, PathBuf>) -> io::Result<RemoteProgram> {
        let mut command = Command::new(driver);
        command.arg(DRIVE).stdout(Stdio::null()).stderr(Stdio::null());
        let (channel, process) = Channel::spawn(&mut command)?;
        // Longer than the driver's own watch, which can name the handler.
        channel.patience(Some(Duration::from_millis(u64::from(HANDLER_PATIENCE) * 100 * 3)))?;
        let driver = Driver { channel, process, ended: None, memory: HashMap::new() };
        Ok(RemoteProgram { driver: Rc::new(RefCell::new(driver)), executables })
    }
}

impl Program for RemoteProgram {
    fn start(&self, role: &str, config: &[u8]) -> Result<Box<dyn Node>, Crash> {
        let request = Request::Start { role: role.into(), config: config.to_vec() };
        match self.driver.borrow_mut().ask(&request)? {
            Answer::Started(id) => {
                let history = crate::hash_of(&(role, config));
                let node = Rc::new(id);
                Ok(Box::new(RemoteNode { driver: self.driver.clone(), node, history, reads_clock: false }))
            }
            other => Err(nonsense(&other)),
        }
    }

    fn call(&self, function: &str, input: &[u8]) -> Result<Vec<u8>, Crash> {
        let request = Request::Call { function: function.into(), input: input.to_vec() };
        match self.driver.borrow_mut().ask(&request)? {
            Answer::Returned(output) => Ok(output),
            other => Err(nonsense(&other)),
        }
    }

    fn executable(&self, name: &str) -> Result<&Path, Crash> {
        let path = self.executables.get(name).map(PathBuf::as_path);
        path.ok_or_else(|| Crash::Misused(format!("the program offers no executable named {name}")))
    }
}

impl Driver {
    fn ask(&mut self, request: &Request) -> Result<Answer, Crash> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        let answer = self.channel.send(request).and_then(|()| self.channel.receive());
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
        event: OwnedEvent,
    ) -> Result<Stepped, Crash> {
        match self.ask(&Request::Step { node, keep, moment, event })? {
            Answer::Stepped { actions, .. } if actions.len() > MAX_ACTIONS => {
                Err(Crash::Misused(format!("one event led to {} actions", actions.len())))
            }
            Answer::Stepped { node, actions, reads_clock } => {
                Ok(Stepped { node: Rc::new(node), actions, reads_clock })
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
        Answer::Started(_) => "Started",
        Answer::Stepped { .. } => "Stepped",
        Answer::Returned(_) => "Returned",
        Answer::Text(_) => "Text",
        Answer::Crashed(_) => "Crashed",
    };
    Crash::Misused(format!("your code's process gave an answer that was not asked for ({kind})"))
}

struct RemoteNode {
    driver: Rc<RefCell<Driver>>,
    /// Shared by the forks of one state: while it is, a step makes a new state.
    node: Rc<NodeId>,
    history: u64,
    reads_clock: bool,
}

impl Node for RemoteNode {
    fn handle(&mut self, moment: Moment, event: Event<'_>, actions: &mut Vec<Action>) -> Result<(), Crash> {
        let mut driver = self.driver.borrow_mut();
        let event_key = crate::hash_of(&(&event, moment));
        let before = *self.node;
        let stepped = if Rc::strong_count(&self.node) == 1 {
            driver.step(before, false, moment, OwnedEvent::of(&event))?
        } else if let Some(known) = driver.memory.get(&(before, event_key)) {
            known.clone()
        } else {
            let stepped = driver.step(before, true, moment, OwnedEvent::of(&event))?;
            driver.memory.insert((before, event_key), stepped.clone());
            stepped
        };
        self.history = crate::hash_of(&(self.history, event_key));
        self.node = stepped.node;
        self.reads_clock = stepped.reads_clock;
        actions.extend(stepped.actions);
        Ok(())
    }

    fn fork(&self) -> Result<Box<dyn Node>, Crash> {
        Ok(Box::new(RemoteNode {
            driver: self.driver.clone(),
            node: self.node.clone(),
            history: self.history,
            reads_clock: self.reads_clock,
        }))
    }

    fn key(&self) -> u64 {
        self.history
    }

    fn reads_clock(&self) -> bool {
        self.reads_clock
    }

    fn timer_name(&self, timer: TimerId) -> String {
        self.driver.borrow_mut().text(&Request::TimerName { node: *self.node, timer })
    }

    fn describe(&self) -> String {
        self.driver.borrow_mut().text(&Request::Describe { node: *self.node })
    }
}
