//! What coordinator, workers and the client that has submitted the job say to each other.

use crate::files::File;
use crate::types::{Address, Attempt, Cause, Chunk, Job, JobFailure, Place, Task, WorkerId};
use faultline::codec;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a coordinator is asked. Each is a call of its own: it may come late, come twice, or not come at all, and so may its reply.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Request {
    /// A worker offers itself, and what it has finished before.
    Register {
        /// Who it is.
        worker: WorkerId,
        /// The attempts whose files are all on its disk.
        finished: Vec<Attempt>,
    },
    /// A worker wants something to do.
    Ask {
        /// Who it is.
        worker: WorkerId,
    },
    /// A worker is there, and at work.
    Alive {
        /// Who it is.
        worker: WorkerId,
        /// What it works on.
        attempt: Attempt,
    },
    /// An attempt is finished: its files are all on the worker's disk.
    Done {
        /// Who did it.
        worker: WorkerId,
        /// The attempt.
        attempt: Attempt,
    },
    /// An attempt has come to nothing.
    Failed {
        /// Who tried.
        worker: WorkerId,
        /// The attempt.
        attempt: Attempt,
        /// Why.
        cause: Cause,
    },
    /// The client: here is a job.
    Submit {
        /// What is to be done.
        job: Job,
    },
    /// The client: how far is it?
    Status,
    /// The client: the files of this output cannot be had.
    Missing {
        /// Where they were said to be.
        place: Place,
    },
    /// The client: it has all outputs.
    Collected,
}

/// What a coordinator answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reply {
    /// To `Register`: the worker is known. The files of these attempts are of no use; it removes them.
    Welcome {
        /// Of no use.
        useless: Vec<Attempt>,
    },
    /// To `Ask`: this is to be done.
    Assign(Assignment),
    /// To `Ask`: there is nothing to do at the moment.
    Wait,
    /// To `Alive`: it goes on.
    GoOn,
    /// To `Alive`: this attempt is not wanted any more.
    Stop,
    /// To `Done`: this attempt counts; its files stay where they are.
    Kept,
    /// To `Done`: it does not count; the worker removes its files.
    Useless,
    /// To `Failed`, `Missing` and `Collected`: it is known now.
    Noted,
    /// To any request of a worker: it is not known, or not any more. It is to register, with another life.
    Unknown,
    /// To any request of a worker: there is nothing to do, and there never will be.
    Over,
    /// To `Submit`: it will be done.
    Accepted,
    /// To `Submit`: it will not. A sentence for people.
    Refused(String),
    /// To `Status`.
    Status(Status),
}

/// What a worker is to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Assignment {
    /// The attempt.
    pub attempt: Attempt,
    /// The application.
    pub application: String,
    /// What it works on.
    pub input: Input,
    /// The lines that the engine is to leave out, in ascending order (part S, a bonus; else none).
    pub skip: Vec<u64>,
}

/// What an attempt works on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Input {
    /// A map task: a chunk, and how many partitions are to be made of its pairs.
    Chunk(Chunk, u32),
    /// A reduce task: where the output of each map task is, in the order of the map tasks, and how many reduce tasks there are.
    Outputs(Vec<Place>, u32),
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Status {
    /// What is being done.
    pub phase: Phase,
    /// The workers that are known and not lost, in order.
    pub workers: Vec<WorkerId>,
    /// What is being worked on, by whom, in order.
    pub running: Vec<(Attempt, WorkerId)>,
    /// How many map tasks and how many reduce tasks the job has; nothing without one.
    pub tasks: Option<(u32, u32)>,
    /// How many map tasks are done, and their output is there.
    pub maps_done: u32,
    /// How many reduce tasks are done, and their output is there.
    pub reduces_done: u32,
    /// How many lines are skipped (part S, a bonus; else none).
    pub skipped: u32,
}

/// What is being done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// There is no job yet.
    Idle,
    /// Some reduce task is not done.
    Working,
    /// All reduce tasks are done: this is where the outputs are, in the order of the reduce tasks.
    Finished(Vec<Place>),
    /// The client has the outputs.
    Collected,
    /// The job cannot be done.
    Failed(JobFailure),
}

/// A request for bytes of a file on a worker's disk. It may be asked as often as one likes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Read {
    /// Of which file.
    pub file: File,
    /// From this byte on.
    pub offset: u64,
    /// So many, or fewer when there are fewer.
    pub length: u32,
}

/// What a worker answers to `Read`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Bytes {
    /// The bytes; fewer than were asked for only at the end of the file, where there are none.
    Some(#[serde(with = "serde_bytes")] Vec<u8>),
    /// There is no such file.
    NoFile,
}

/// What crosses the network: a question or an answer, with the number of the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Drawn by who asks; the answer has the same.
    pub call: u64,
    /// What it says.
    pub body: Body,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Body {
    /// To a coordinator.
    Request(Request),
    /// From a coordinator.
    Reply(Reply),
    /// To a worker.
    Read(Read),
    /// From a worker.
    Bytes(Bytes),
}

impl Message {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// The message of these bytes, if they are one.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Message> {
        codec::decode(bytes).ok()
    }

    /// A datagram as stories show it.
    #[must_use]
    pub fn describe(datagram: &[u8]) -> String {
        Message::decode(datagram).map_or_else(
            || format!("{} undecodable bytes", datagram.len()),
            |message| message.body.to_string(),
        )
    }
}

impl Request {
    /// Which worker asks; nobody when it is the client.
    #[must_use]
    pub fn worker(&self) -> Option<WorkerId> {
        match self {
            Request::Register { worker, .. }
            | Request::Ask { worker }
            | Request::Alive { worker, .. }
            | Request::Done { worker, .. }
            | Request::Failed { worker, .. } => Some(*worker),
            Request::Submit { .. } | Request::Status | Request::Missing { .. } | Request::Collected => None,
        }
    }
}

/// A few of many, separated by commas.
fn some<T: fmt::Display>(all: &[T]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<_> = all.iter().take(SHOWN).map(T::to_string).collect();
    let rest = if all.len() > SHOWN { format!(" and {} more", all.len() - SHOWN) } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Request(request) => request.fmt(f),
            Body::Reply(reply) => reply.fmt(f),
            Body::Read(Read { file, offset, length }) => {
                write!(f, "READ {file} from {offset}, {length} bytes")
            }
            Body::Bytes(Bytes::Some(bytes)) => write!(f, "{} BYTES", bytes.len()),
            Body::Bytes(Bytes::NoFile) => f.write_str("NO FILE"),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Register { worker, finished } if finished.is_empty() => write!(f, "REGISTER {worker}"),
            Request::Register { worker, finished } => write!(f, "REGISTER {worker} with {}", some(finished)),
            Request::Ask { worker } => write!(f, "ASK {worker}"),
            Request::Alive { worker, attempt } => write!(f, "ALIVE {worker} at {attempt}"),
            Request::Done { worker, attempt } => write!(f, "DONE {worker} {attempt}"),
            Request::Failed { worker, attempt, cause } => write!(f, "FAILED {worker} {attempt}: {cause}"),
            Request::Submit { job } => {
                write!(f, "SUBMIT {}, {} map and {} reduce", job.application, job.maps(), job.reduces)
            }
            Request::Status => f.write_str("STATUS?"),
            Request::Missing { place } => write!(f, "MISSING {place}"),
            Request::Collected => f.write_str("COLLECTED"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Welcome { useless } if useless.is_empty() => f.write_str("WELCOME"),
            Reply::Welcome { useless } => write!(f, "WELCOME, useless: {}", some(useless)),
            Reply::Assign(Assignment { attempt, input: Input::Chunk(..), skip, .. }) if skip.is_empty() => {
                write!(f, "ASSIGN {attempt}")
            }
            Reply::Assign(Assignment { attempt, input: Input::Chunk(..), skip, .. }) => {
                write!(f, "ASSIGN {attempt} without line {}", some(skip))
            }
            Reply::Assign(Assignment { attempt, input: Input::Outputs(places, _), .. }) => {
                write!(f, "ASSIGN {attempt} of {}", some(places))
            }
            Reply::Wait => f.write_str("WAIT"),
            Reply::GoOn => f.write_str("GO ON"),
            Reply::Stop => f.write_str("STOP"),
            Reply::Kept => f.write_str("KEPT"),
            Reply::Useless => f.write_str("USELESS"),
            Reply::Noted => f.write_str("NOTED"),
            Reply::Unknown => f.write_str("UNKNOWN"),
            Reply::Over => f.write_str("OVER"),
            Reply::Accepted => f.write_str("ACCEPTED"),
            Reply::Refused(why) => write!(f, "REFUSED: {why}"),
            Reply::Status(status) => write!(f, "STATUS {}", status.phase),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Phase::Idle => f.write_str("no job yet"),
            Phase::Working => f.write_str("working"),
            Phase::Finished(places) => write!(f, "finished: {}", some(places)),
            Phase::Collected => f.write_str("collected"),
            Phase::Failed(failure) => write!(f, "failed: {failure}"),
        }
    }
}

/// Of which phase of the job a task is, for who counts.
impl Task {
    /// Whether it is a map task.
    #[must_use]
    pub fn is_map(self) -> bool {
        matches!(self, Task::Map(_))
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To the coordinator.
    Coordinator,
    /// To the worker at this address.
    Worker(Address),
}
