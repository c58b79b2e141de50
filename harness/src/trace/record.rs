//! A story for programs: one record for each thing that happened, as trace files have it.

use crate::machine::Host;
use serde::{Deserialize, Serialize};

/// One thing that happened, as trace files have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, on the clock of the world, in nanoseconds. In a search each host has its own.
    pub at_ns: u64,
    /// The host to which it happened; for what the network did, the one that sent the datagram.
    pub host: Host,
    /// What happened.
    pub kind: RecordKind,
    /// The same in words.
    pub text: String,
    /// The other host: of a datagram, or of a link that is cut or healed.
    pub peer: Option<Host>,
    /// The datagram's number in this run, which its copies share; 0 for one that the scenario itself played.
    pub datagram: Option<u64>,
    /// What the datagram says.
    pub content: Option<String>,
    /// What the machine was like afterwards.
    pub state: Option<String>,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// The host comes up.
    Start,
    /// The application asks for something.
    Command,
    /// A datagram arrives.
    Receive,
    /// A timer runs out.
    Timer,
    /// The host sends a datagram.
    Send,
    /// The host changes its disk.
    Disk,
    /// The host tells its application something.
    Notice,
    /// The network loses a datagram.
    Lose,
    /// The network copies a datagram.
    Duplicate,
    /// The network changes a datagram.
    Corrupt,
    /// The host crashes.
    Crash,
    /// The host comes up again.
    Restart,
    /// The host is paused.
    Pause,
    /// The host goes on after a pause.
    Resume,
    /// Nothing of what the host sends reaches the peer any more.
    Cut,
    /// What the host sends reaches the peer again.
    Heal,
    /// Something else, said in words: what worlds that keep no trace tell.
    Other,
}
