//! What a failing run was made of, by name, so that it can be made again after the code was edited: the faults that
//! happened, the amounts, and in a search the moves.

use crate::disk::Unsynced;
use crate::faults::FaultName;
use crate::machine::Host;
use crate::simulation::Corruption;
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
    /// This host's application asks for what it is going to ask for, by its place among that.
    Answer(Host, u8),
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
    /// This datagram, or a copy of it, arrives changed.
    Corrupt(DatagramName, Damage),
    /// The scenario's datagram of this number arrives, which nobody sent.
    Inject(u8),
}

impl NamedMove {
    /// Whether it is a fault that a story counts.
    pub(crate) fn is_fault(self) -> bool {
        use NamedMove::{Answer, Command, Deliver, Restart, Timer};
        !matches!(self, Answer(..) | Command | Deliver(_) | Timer(_) | Restart(_))
    }
}

/// How a search changes a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Damage {
    /// The first bit is flipped.
    First,
    /// The first bit of the middle byte is flipped.
    Middle,
    /// The last bit is flipped.
    Last,
    /// The last byte is missing.
    Shorter,
    /// A zero byte comes after the last.
    Longer,
}

impl Damage {
    /// What can be done to this datagram; each changes it.
    pub(crate) fn all(datagram: &[u8]) -> impl Iterator<Item = Damage> + use<> {
        let all = [Damage::Longer, Damage::First, Damage::Last, Damage::Shorter, Damage::Middle];
        let possible = match datagram.len() {
            0 => 1,
            1 => 4,
            _ => 5,
        };
        all.into_iter().take(possible)
    }

    /// The datagram, changed.
    pub(crate) fn of(self, datagram: &[u8]) -> Vec<u8> {
        let last = datagram.len().saturating_sub(1);
        let corruption = match self {
            Damage::First => Corruption::FlipBit(0),
            Damage::Middle => Corruption::FlipBit(datagram.len() / 2 * 8),
            Damage::Last => Corruption::FlipBit(last * 8 + 7),
            Damage::Shorter => Corruption::Truncate(last),
            Damage::Longer => Corruption::Pad(1),
        };
        corruption.apply(datagram)
    }
}

/// An event that a crash can interrupt, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedCause {
    /// The next command.
    Command,
    /// What this host's application asks for because of what it was told, by its place among that.
    Answer(Host, u8),
    /// The arrival of this datagram, or of a copy of it.
    Deliver(DatagramName),
    /// The soonest timer of this host.
    Timer(Host),
    /// The arrival of this datagram, changed.
    Corrupt(DatagramName, Damage),
    /// The arrival of the scenario's own datagram of this number.
    Inject(u8),
}

impl From<NamedCause> for NamedMove {
    fn from(cause: NamedCause) -> NamedMove {
        match cause {
            NamedCause::Command => NamedMove::Command,
            NamedCause::Answer(host, place) => NamedMove::Answer(host, place),
            NamedCause::Deliver(datagram) => NamedMove::Deliver(datagram),
            NamedCause::Timer(host) => NamedMove::Timer(host),
            NamedCause::Corrupt(datagram, damage) => NamedMove::Corrupt(datagram, damage),
            NamedCause::Inject(number) => NamedMove::Inject(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_damage_changes_the_datagram_and_no_two_do_the_same() {
        for datagram in [&b""[..], b"x", b"xy", b"xyz"] {
            let forms: Vec<Vec<u8>> = Damage::all(datagram).map(|damage| damage.of(datagram)).collect();
            assert!(forms.iter().all(|form| form != datagram));
            assert!((1..forms.len()).all(|at| !forms[..at].contains(&forms[at])), "{forms:?}");
        }
        assert_eq!(Damage::First.of(&[0, 0]), [0x80, 0]);
        assert_eq!(Damage::Last.of(&[0, 0]), [0, 1]);
        assert_eq!(Damage::Middle.of(&[0, 0, 0]), [0, 0x80, 0]);
        assert_eq!([&b""[..], b"x", b"xy"].map(|it| Damage::all(it).count()), [1, 4, 5]);
    }
}
