//! How the kit talks to a student's lab 1: two functions, two programs, and a machine around the observer.

use crate::message::{DecodeError, EncodeError, Message};
use crate::pinger;
use crate::report::Report;
use faultline::Host;
use faultline::program::{Function, Role};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The student's `encode`.
pub const ENCODE: Function<Message, Result<Vec<u8>, EncodeError>> = Function::new("encode");

/// The student's `decode`.
pub const DECODE: Function<Vec<u8>, Result<Message, DecodeError>> = Function::new("decode");

/// The name of the student's echo server, an executable.
pub const ECHO: &str = "echo";

/// The name of the student's ping, an executable.
pub const PING: &str = "ping";

/// The student's observer in a [`pinger::Pinger`].
pub const PINGER: Role<PingerConfig, TellReport, Told> = Role::new("pinger", pinger::describe);

/// What a pinger is told when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PingerConfig {
    /// The host that answers pings.
    pub server: Host,
    /// The session of all its pings.
    pub session: u32,
    /// How many pings it sends.
    pub count: u32,
    /// The time from one ping to the next; the first is sent at the start.
    pub interval: Duration,
}

/// The kit asks a pinger what its observer has counted so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TellReport;

/// What the observer has counted so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told(pub Report);

impl fmt::Display for TellReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("report")
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { sent, received, lost, duplicated, reordered, corrupted, foreign, .. } = self.0;
        write!(f, "reports {sent} sent, {received} received, {lost} lost, {duplicated} duplicated, ")?;
        write!(f, "{reordered} reordered, {corrupted} corrupted, {foreign} foreign")
    }
}
