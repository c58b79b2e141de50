//! The driver: a process that holds student code and steps it on request. The judge, at the other end of the pipe, holds
//! the network, the clock and the verdict.
//!
//! Invariant: the driver decides nothing; each answer says only what the student's code did with one event.

use crate::channel::Channel;
use crate::crash::Crash;
use crate::machine::{Action, Host, Moment, TimerId};
use crate::meter::{Memory, Usage};
use crate::node::{Event, Node};
use crate::program::{LocalProgram, Program as _};
use crate::watch;
use serde::{Deserialize, Serialize};
use std::io;

/// How long one handler may run, in ticks of 100 ms of the watcher's own.
pub(crate) const HANDLER_PATIENCE: u32 = 100;

/// A machine that the driver keeps.
pub(crate) type NodeId = u32;

/// The names of timers that were set.
pub(crate) type Names = Vec<(TimerId, String)>;

/// What the judge asks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Make a machine, whose memory is measured or not.
    Start { role: String, config: Vec<u8>, metered: bool },
    /// Step a machine; `keep` leaves the one before as it was and makes the next one a new one.
    Step { node: NodeId, keep: bool, moment: Moment, event: OwnedEvent },
    /// Step a machine through several events of one moment.
    StepAll { node: NodeId, moment: Moment, events: Vec<OwnedEvent> },
    /// Step a machine of a search through these events, one after the other.
    Walk { node: NodeId, events: Vec<(Moment, OwnedEvent)> },
    /// Call a function, whose memory is measured or not.
    Call { function: String, input: Vec<u8>, metered: bool },
    /// What a metered machine has taken from memory.
    Memory { node: NodeId },
    /// The name of a timer.
    TimerName { node: NodeId, timer: TimerId },
    /// The machine's state, for people.
    Describe { node: NodeId },
    /// How many tasks there are.
    Tasks { node: NodeId },
    /// These machines are of no use any more.
    Forget { nodes: Vec<NodeId> },
}

/// What the driver answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The process is there; nobody has asked anything yet.
    Ready,
    /// A machine was made.
    Started(NodeId),
    /// A machine was stepped. Of two that say the same `claim` it is claimed that they will act alike.
    Stepped { node: NodeId, actions: Vec<Action>, names: Names, reads_clock: bool, claim: u64 },
    /// A machine was stepped through several events: what each led to.
    SteppedAll { actions: Vec<Vec<Action>>, names: Names, reads_clock: bool },
    /// What each step of a walk led to, and the claim after it.
    Walked(Vec<(Vec<Action>, u64)>),
    /// A function returned.
    Returned(Vec<u8>, Option<Usage>),
    /// What a machine has taken from memory, when that was measured.
    Memory(Option<Memory>),
    /// A name or a state.
    Text(String),
    /// A count, which is a claim of the student's process.
    Number(usize),
    /// It is done, and there is nothing to say.
    Done,
    /// The student's code did not answer.
    Crashed(Crash),
}

/// An event that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    channel.send(&Answer::Ready)?;
    let alarm = channel.another()?;
    watch::start(HANDLER_PATIENCE, move |handler| {
        // The main thread is inside the handler, so nobody else is writing.
        let Ok(mut alarm) = alarm.another() else { std::process::exit(1) };
        let _ = alarm.send(&Answer::Crashed(Crash::Hung(handler)));
        std::process::exit(1);
    });
    let mut nodes = Nodes::default();
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

/// The machines that the judge has not forgotten, each in a place of its own.
#[derive(Default)]
struct Nodes {
    places: Vec<Option<Box<dyn Node>>>,
    free: Vec<NodeId>,
}

impl Nodes {
    fn add(&mut self, node: Box<dyn Node>) -> NodeId {
        match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = Some(node);
                place
            }
            None => {
                self.places.push(Some(node));
                (self.places.len() - 1) as NodeId
            }
        }
    }

    fn find(&mut self, node: NodeId) -> Result<&mut Box<dyn Node>, Crash> {
        let found = self.places.get_mut(node as usize).and_then(Option::as_mut);
        found.ok_or_else(|| Crash::Misused(format!("the judge asked for machine {node}")))
    }

    fn forget(&mut self, node: NodeId) {
        if self.places.get_mut(node as usize).and_then(Option::take).is_some() {
            self.free.push(node);
        }
    }
}

fn answer(program: &LocalProgram, nodes: &mut Nodes, request: Request) -> Result<Answer, Crash> {
    match request {
        Request::Start { role, config, metered } => {
            let node = if metered {
                program.start_metered(&role, &config)?
            } else {
                program.start(&role, &config)?
            };
            Ok(Answer::Started(nodes.add(node)))
        }
        Request::Step { node, keep, moment, event } => {
            let mut actions = vec![];
            let node = if keep {
                let copy = nodes.find(node)?.fork()?;
                nodes.add(copy)
            } else {
                node
            };
            let stepped = nodes.find(node)?;
            stepped.handle(moment, event.borrow(), &mut actions)?;
            // Only a machine that is stepped in place has a story, and only one that is not is in a search.
            let (names, claim) =
                if keep { (vec![], claim(&**stepped)) } else { (names(&**stepped, &actions), 0) };
            Ok(Answer::Stepped { node, actions, names, reads_clock: stepped.reads_clock(), claim })
        }
        Request::StepAll { node, moment, events } => {
            let stepped = nodes.find(node)?;
            let events: Vec<_> = events.iter().map(OwnedEvent::borrow).collect();
            let mut actions = vec![];
            stepped.handle_all(moment, &events, &mut actions)?;
            let names = actions.iter().flat_map(|actions| names(&**stepped, actions)).collect();
            Ok(Answer::SteppedAll { actions, names, reads_clock: stepped.reads_clock() })
        }
        Request::Walk { node, events } => {
            let walker = nodes.find(node)?;
            let walked = events.iter().map(|(moment, event)| {
                let mut actions = vec![];
                walker.handle(*moment, event.borrow(), &mut actions)?;
                Ok((actions, claim(&**walker)))
            });
            Ok(Answer::Walked(walked.collect::<Result<_, Crash>>()?))
        }
        Request::Call { function, input, metered: false } => {
            Ok(Answer::Returned(program.call(&function, &input)?, None))
        }
        Request::Call { function, input, metered: true } => {
            let (output, usage) = program.call_metered(&function, &input)?;
            Ok(Answer::Returned(output, usage))
        }
        Request::Memory { node } => Ok(Answer::Memory(nodes.find(node)?.memory()?)),
        Request::TimerName { node, timer } => Ok(Answer::Text(nodes.find(node)?.timer_name(timer))),
        Request::Describe { node } => Ok(Answer::Text(nodes.find(node)?.describe())),
        Request::Tasks { node } => Ok(Answer::Number(nodes.find(node)?.tasks()?)),
        Request::Forget { nodes: forgotten } => {
            forgotten.into_iter().for_each(|node| nodes.forget(node));
            Ok(Answer::Done)
        }
    }
}

/// What the timers are called that were set by these actions: the judge would ask for it when they run out.
fn names(node: &dyn Node, actions: &[Action]) -> Names {
    let set = actions.iter().filter_map(|action| match action {
        Action::SetTimer { timer, .. } => Some(*timer),
        _ => None,
    });
    set.map(|timer| (timer, node.timer_name(timer))).collect()
}

/// What a machine says of its state: its own `Hash`, its timers and its disk.
fn claim(node: &dyn Node) -> u64 {
    crate::hash_of(&(node.key(), node.inspect().map(|inside| inside.surroundings())))
}
