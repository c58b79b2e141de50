//! The driver: a process that holds student code and steps it on request. The judge, at the other end of the pipe, holds
//! the network, the clock and the verdict.
//!
//! Invariant: the driver decides nothing; each answer says only what the student's code did with one event.

use crate::channel::Channel;
use crate::crash::Crash;
use crate::machine::{Action, Host, Moment, TimerId};
use crate::node::{Event, Node};
use crate::program::{LocalProgram, Program as _};
use crate::watch;
use serde::{Deserialize, Serialize};
use std::io;

/// How long one handler may run, in ticks of 100 ms of the watcher's own.
pub(crate) const HANDLER_PATIENCE: u32 = 100;

/// A machine that the driver keeps.
pub(crate) type NodeId = u32;

/// What the judge asks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Make a machine.
    Start { role: String, config: Vec<u8> },
    /// Step a machine; `keep` leaves the one before as it was and makes the next one a new one.
    Step { node: NodeId, keep: bool, moment: Moment, event: OwnedEvent },
    /// Call a function.
    Call { function: String, input: Vec<u8> },
    /// The name of a timer.
    TimerName { node: NodeId, timer: TimerId },
    /// The machine's state, for people.
    Describe { node: NodeId },
}

/// What the driver answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// A machine was made.
    Started(NodeId),
    /// A machine was stepped.
    Stepped { node: NodeId, actions: Vec<Action>, reads_clock: bool },
    /// A function returned.
    Returned(Vec<u8>),
    /// A name or a state.
    Text(String),
    /// The student's code did not answer.
    Crashed(Crash),
}

/// An event that owns its bytes.
#[derive(Clone, Debug, Hash, Serialize, Deserialize)]
pub(crate) enum OwnedEvent {
    Start(Vec<u8>),
    Command(Vec<u8>),
    Datagram(Host, Vec<u8>),
    Timer(TimerId),
}

impl OwnedEvent {
    pub(crate) fn of(event: &Event<'_>) -> OwnedEvent {
        match *event {
            Event::Start(image) => OwnedEvent::Start(image.to_vec()),
            Event::Command(bytes) => OwnedEvent::Command(bytes.to_vec()),
            Event::Datagram { from, datagram } => OwnedEvent::Datagram(from, datagram.to_vec()),
            Event::Timer(timer) => OwnedEvent::Timer(timer),
        }
    }

    pub(crate) fn borrow(&self) -> Event<'_> {
        match self {
            OwnedEvent::Start(image) => Event::Start(image),
            OwnedEvent::Command(bytes) => Event::Command(bytes),
            OwnedEvent::Datagram(from, datagram) => Event::Datagram { from: *from, datagram },
            OwnedEvent::Timer(timer) => Event::Timer(*timer),
        }
    }
}

/// Serves the judge until it closes the channel.
///
/// # Errors
/// The channel failed: this process was not started by the judge, or the judge is gone.
pub fn serve(program: &LocalProgram) -> io::Result<()> {
    let mut channel = Channel::inherited()?;
    let alarm = channel.another()?;
    watch::start(HANDLER_PATIENCE, move |handler| {
        // The main thread is inside the handler, so nobody else is writing.
        let Ok(mut alarm) = alarm.another() else { std::process::exit(1) };
        let _ = alarm.send(&Answer::Crashed(Crash::Hung(handler)));
        std::process::exit(1);
    });
    let mut nodes = vec![];
    loop {
        let request = match channel.receive() {
            Ok(request) => request,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        let answer = answer(program, &mut nodes, request).unwrap_or_else(Answer::Crashed);
        channel.send(&answer)?;
    }
}

fn answer(program: &LocalProgram, nodes: &mut Vec<Box<dyn Node>>, request: Request) -> Result<Answer, Crash> {
    match request {
        Request::Start { role, config } => {
            nodes.push(program.start(&role, &config)?);
            Ok(Answer::Started(last(nodes)))
        }
        Request::Step { node, keep, moment, event } => {
            let mut actions = vec![];
            let node = if keep {
                let copy = find(nodes, node)?.fork()?;
                nodes.push(copy);
                last(nodes)
            } else {
                node
            };
            let stepped = find(nodes, node)?;
            stepped.handle(moment, event.borrow(), &mut actions)?;
            Ok(Answer::Stepped { node, actions, reads_clock: stepped.reads_clock() })
        }
        Request::Call { function, input } => Ok(Answer::Returned(program.call(&function, &input)?)),
        Request::TimerName { node, timer } => Ok(Answer::Text(find(nodes, node)?.timer_name(timer))),
        Request::Describe { node } => Ok(Answer::Text(find(nodes, node)?.describe())),
    }
}

fn last(nodes: &[Box<dyn Node>]) -> NodeId {
    (nodes.len() - 1) as NodeId
}

fn find(nodes: &mut [Box<dyn Node>], node: NodeId) -> Result<&mut Box<dyn Node>, Crash> {
    nodes.get_mut(node as usize).ok_or_else(|| Crash::Misused(format!("the judge asked for machine {node}")))
}
