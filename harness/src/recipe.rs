//! What a failing run was made of, by name, so that it can be made again after the code was edited: the faults that
//! happened, the amounts, and in a search the moves.

use crate::disk::Unsynced;
use crate::faults::FaultName;
use crate::machine::Host;
use serde::{Deserialize, Serialize};

/// Everything besides the seed that decides a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// The faults that happened by chance; no others may.
    pub faults: Vec<FaultName>,
    /// How much of everything the scenario was given, in the order in which it asked.
    pub amounts: Vec<usize>,
    /// The moves of the search that failed.
    pub moves: Option<NamedMoves>,
}

/// The moves of one search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedMoves {
    /// Which of the scenario's worlds the search is, from 0.
    pub world: u16,
    /// The moves, in order.
    pub moves: Vec<NamedMove>,
}

/// A datagram by its place on its link, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DatagramName {
    /// Who sent it.
    pub from: Host,
    /// Who is to get it.
    pub to: Host,
    /// The how-manieth it is on this link.
    pub number: u64,
}

/// One move of a search, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedMove {
    /// The next command is given.
    Command,
    /// This datagram, or a copy of it, arrives.
    Deliver(DatagramName),
    /// The soonest timer of this host runs out.
    Timer(Host),
    /// This datagram, or a copy of it, vanishes.
    Lose(DatagramName),
    /// This datagram is copied.
    Duplicate(DatagramName),
    /// This host crashes between two events.
    Crash(Host, Unsynced),
    /// The host of this event crashes after so many of the actions that the event leads to.
    Interrupt(NamedCause, u8, Unsynced),
    /// This host comes up again.
    Restart(Host),
}

impl NamedMove {
    /// Whether it is a fault that a story counts.
    pub(crate) fn is_fault(self) -> bool {
        use NamedMove::{Crash, Duplicate, Interrupt, Lose};
        matches!(self, Lose(_) | Duplicate(_) | Crash(..) | Interrupt(..))
    }
}

/// An event that a crash can interrupt, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedCause {
    /// The next command.
    Command,
    /// The arrival of this datagram, or of a copy of it.
    Deliver(DatagramName),
    /// The soonest timer of this host.
    Timer(Host),
}
