//! The scenarios' part of the programs around the two machines (part E): what their application asks of them, what they tell,
//! and what the handlers of their service do.

use crate::message::{Message, Target};
use crate::types::{CallError, ClientConfig, ServeConfig};
use faultline::program::Role;
use faultline::{Time, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What callers of the scenarios' service call.
pub const WORK: Target = Target { service: 3, version: 1, method: 1 };

/// What a handler does with a call. Its text is the argument of the call, and the name in capitals the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Differs from that of every other.
    pub name: String,
    /// How long it takes.
    pub takes: Duration,
    /// How it ends.
    pub ends: Ends,
}

/// How a handler ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ends {
    /// With a result.
    Returns,
    /// With a fault.
    Fails,
    /// With a panic.
    Panics,
    /// With a panic, before there is anything to wait for.
    PanicsAtOnce,
}

const ENDS: [(Ends, &str); 4] = [
    (Ends::Returns, "returns"),
    (Ends::Fails, "fails"),
    (Ends::Panics, "panics"),
    (Ends::PanicsAtOnce, "panics-at-once"),
];

impl Job {
    /// One that takes so long and returns.
    #[must_use]
    pub fn new(name: impl Into<String>, takes: Duration) -> Job {
        Job { name: name.into(), takes, ends: Ends::Returns }
    }

    /// What it returns.
    #[must_use]
    pub fn result(&self) -> String {
        self.name.to_ascii_uppercase()
    }

    /// What its panic says.
    #[must_use]
    pub fn last_words(&self) -> String {
        format!("{} gives up", self.name)
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = ENDS.iter().find(|(ends, _)| *ends == self.ends).map_or("", |(_, word)| word);
        write!(f, "{} {} {ends}", self.name, self.takes.as_millis())
    }
}

/// A text is no job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoJob;

impl FromStr for Job {
    type Err = NoJob;

    fn from_str(text: &str) -> Result<Job, NoJob> {
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or(NoJob);
        let (name, takes, ends) = (next()?, next()?, next()?);
        let takes = Duration::from_millis(takes.parse().map_err(|_| NoJob)?);
        let (ends, _) = *ENDS.iter().find(|(_, word)| *word == ends).ok_or(NoJob)?;
        Ok(Job { name: name.into(), takes, ends })
    }
}

/// What is asked of the program around a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallerCommand {
    /// A task of its own calls.
    Call {
        /// What the handler is to do.
        job: Job,
        /// The deadline of the call.
        deadline: Duration,
    },
    /// Every task that still waits for a call leaves.
    Leave,
    /// The program drops its `Caller`.
    Part,
}

/// What the program around a client tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// Whose call has returned.
    pub name: String,
    /// With what.
    pub result: Result<String, CallError>,
}

/// What is asked of the program around a server: to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close;

/// What the program around a server tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceNotice {
    /// The handler was called for the job of this name.
    Began(String),
    /// The handler was called with something else.
    BeganOther,
    /// `serve` has returned.
    Closed,
}

impl fmt::Display for CallerCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallerCommand::Call { job, deadline } => {
                write!(f, "call {} ({} to do)", job.name, Time::ZERO + job.takes)?;
                if *deadline < Duration::from_secs(3_600) {
                    write!(f, ", within {}", Time::ZERO + *deadline)?;
                }
                Ok(())
            }
            CallerCommand::Leave => f.write_str("leave all calls"),
            CallerCommand::Part => f.write_str("drop the Caller"),
        }
    }
}

impl fmt::Display for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(result) => write!(f, "has {} for {}", text::line(result, 20), self.name),
            Err(error) => {
                write!(f, "has no result for {}: {}", self.name, text::line(&error.to_string(), 60))
            }
        }
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("close")
    }
}

impl fmt::Display for ServiceNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceNotice::Began(name) => write!(f, "begins {}", text::line(name, 20)),
            ServiceNotice::BeganOther => f.write_str("begins what nobody has asked for"),
            ServiceNotice::Closed => f.write_str("has closed"),
        }
    }
}

/// A message in words; of a job only its name, without the length that is before a text.
fn describe(datagram: &[u8]) -> String {
    let name = |bytes: &mut Vec<u8>| {
        bytes.drain(..bytes.len().min(size_of::<u64>()));
        bytes.truncate(bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len()));
    };
    let Ok(mut message) = Message::decode(datagram) else { return Message::describe(datagram) };
    match &mut message {
        Message::Request { arguments, .. } => name(arguments),
        Message::Reply { result: Ok(result), .. } => name(result),
        _ => {}
    }
    message.to_string()
}

/// A program around the student's client.
pub const CALLER: Role<ClientConfig, CallerCommand, Returned> = Role::new("caller", describe);

/// A program around the student's server.
pub const SERVICE: Role<ServeConfig, Close, ServiceNotice> = Role::new("service", describe);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_its_text() {
        for (ends, _) in ENDS {
            let job = Job { ends, ..Job::new("a1", Duration::from_millis(250)) };
            assert_eq!(job.to_string().parse(), Ok(job));
        }
        for text in ["", "a", "a 1", "a x returns", "a 1 flies"] {
            assert_eq!(text.parse::<Job>(), Err(NoJob), "{text}");
        }
    }
}
