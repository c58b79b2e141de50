//! Who takes part in a job, what it consists of, and what is known of its tasks.

use faultline::Host;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// Where a worker can be reached, also after it was started again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address(pub u64);

/// One life of a worker: it draws another number whenever it registers anew.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkerId {
    /// Where it is.
    pub address: Address,
    /// Which of the lives at this address.
    pub life: u64,
}

/// One of the tasks of a job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Task {
    /// The map task of this number, which works on the chunk of the same number.
    Map(u32),
    /// The reduce task of this number, which works on the partition of the same number.
    Reduce(u32),
}

/// One run of a task by one worker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attempt {
    /// The task.
    pub task: Task,
    /// Differs from that of every other attempt at this task (rule A6).
    pub number: u64,
}

/// A finished attempt, and the worker on whose disk its files are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Whose files.
    pub attempt: Attempt,
    /// Who has them.
    pub holder: WorkerId,
}

/// One part of the input: some whole lines of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chunk {
    /// The file that the lines are from.
    pub file: String,
    /// The number of the first one in that file, from 1.
    pub first_line: u64,
    /// Who has a copy.
    pub holders: Vec<Address>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Job {
    /// The application, as it is called on a command line.
    pub application: String,
    /// The input: there is one map task for each.
    pub chunks: Vec<Chunk>,
    /// How many reduce tasks there are, and so how many outputs. At least 1.
    pub reduces: u32,
    /// Whether lines that the application refuses again and again may be skipped (part S, a bonus).
    pub skips: bool,
}

impl Job {
    /// How many map tasks there are.
    #[must_use]
    pub fn maps(&self) -> u32 {
        self.chunks.len() as u32
    }
}

/// How a coordinator judges its workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CoordinatorConfig {
    /// A worker of which nothing was heard for so long is lost (rule C1).
    pub lease: Duration,
    /// A task whose attempt has taken so long may have another one beside it (rule D1).
    pub backup_after: Duration,
    /// So many failed attempts at one task end the job (rule E1). At least 1.
    pub max_failures: u32,
}

/// How a worker behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerConfig {
    /// While it works on an attempt, it says so at this distance (rule W4).
    pub beat: Duration,
    /// After an answer that gives it nothing to do, and after a call without an answer, it waits so long.
    pub pause: Duration,
}

/// Why an attempt came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// The files of a finished attempt could not be had from the worker that is said to have them.
    Missing(Place),
    /// No copy of the chunk could be had.
    NoChunk(u32),
    /// The application, or the disk, has failed. A sentence for people.
    Failed(String),
    /// The application does not take a record: the line of this number in its file, from 1. A sentence for people.
    Refused(u64, String),
}

/// Why a job has failed: the task, the worker that was the last to fail at it, and what that one said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobFailure {
    /// The task that cannot be done.
    pub task: Task,
    /// Who tried last.
    pub worker: WorkerId,
    /// What went wrong then.
    pub cause: Cause,
}

impl From<Host> for Address {
    fn from(host: Host) -> Address {
        Address(host.0.into())
    }
}

impl From<SocketAddrV4> for Address {
    fn from(address: SocketAddrV4) -> Address {
        Address(u64::from(u32::from(*address.ip())) << 16 | u64::from(address.port()))
    }
}

impl Address {
    /// The host of this address in a simulation.
    #[must_use]
    pub fn host(self) -> Host {
        Host(self.0 as u16)
    }

    /// The address on a real network.
    #[must_use]
    pub fn socket(self) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::from((self.0 >> 16) as u32), self.0 as u16)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 <= u64::from(u16::MAX) { write!(f, "w{}", self.0) } else { self.socket().fmt(f) }
    }
}

impl fmt::Display for WorkerId {
    /// With the first two hexadecimal digits of the life, which tell a story's few lives apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{:02x}", self.address, self.life >> 56)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Task::Map(number) => write!(f, "map {number}"),
            Task::Reduce(number) => write!(f, "reduce {number}"),
        }
    }
}

impl fmt::Display for Attempt {
    /// The lower half of the number, and of the upper one, when there is one, the first two hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (upper, lower) = (self.number >> 32, self.number as u32);
        write!(f, "{}.{lower}", self.task)?;
        if upper == 0 { Ok(()) } else { write!(f, "~{:02x}", upper >> 24) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.attempt, self.holder)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Missing(place) => write!(f, "the files of {place} cannot be had"),
            Cause::NoChunk(chunk) => write!(f, "no copy of chunk {chunk} can be had"),
            Cause::Failed(why) | Cause::Refused(_, why) => f.write_str(why),
        }
    }
}

impl fmt::Display for JobFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed too often, at last on {}: {}", self.task, self.worker, self.cause)
    }
}

/// As in stories, so that timers and states are short there.
macro_rules! debug_as_shown {
    ($($name:ty)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        })*
    };
}

debug_as_shown!(Address WorkerId Task Attempt Place);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_or_a_socket() {
        assert_eq!(
            (Address::from(Host(3)).host(), Address::from(Host(3)).to_string()),
            (Host(3), "w3".into())
        );
        let socket: SocketAddrV4 = "10.1.2.3:7000".parse().unwrap();
        assert_eq!(
            (Address::from(socket).socket(), Address::from(socket).to_string()),
            (socket, socket.to_string())
        );
    }

    #[test]
    fn an_attempt_shows_the_halves_of_its_number() {
        let attempt = |number| Attempt { task: Task::Map(3), number }.to_string();
        assert_eq!([attempt(2), attempt(0xABCD << 48 | 2)], ["map 3.2", "map 3.2~ab"]);
    }
}
