//! Faults by rule and by schedule: "the third datagram from A to B", "every ACK", "at two seconds the link is cut".

use crate::disk::Unsynced;
use crate::machine::Host;
use crate::simulation::{HostOptions, Link};
use std::time::Duration;

/// How a rule changes a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Corruption {
    /// This bit is flipped; bit 0 is the highest of the first byte.
    FlipBit(usize),
    /// These two 16-bit words change places.
    SwapWords(usize, usize),
    /// Only so many bytes are left.
    Truncate(usize),
    /// So many zero bytes come after the last.
    Pad(usize),
    /// Other bytes altogether.
    Replace(Vec<u8>),
}

impl Corruption {
    /// The changed bytes; a place outside the datagram changes nothing.
    #[must_use]
    pub fn apply(&self, datagram: &[u8]) -> Vec<u8> {
        let mut bytes = datagram.to_vec();
        match self {
            Corruption::FlipBit(bit) => {
                if let Some(byte) = bytes.get_mut(bit / 8) {
                    *byte ^= 0x80 >> (bit % 8);
                }
            }
            Corruption::SwapWords(a, b) => {
                let (a, b) = (a * 2, b * 2);
                if a.max(b) + 1 < bytes.len() {
                    bytes.swap(a, b);
                    bytes.swap(a + 1, b + 1);
                }
            }
            Corruption::Truncate(len) => bytes.truncate(*len),
            Corruption::Pad(count) => bytes.resize(bytes.len() + count, 0),
            Corruption::Replace(other) => bytes.clone_from(other),
        }
        bytes
    }
}

/// What a rule does to a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It vanishes.
    Lose,
    /// A copy starts so much later.
    Duplicate(Duration),
    /// It is so much later than the link makes it; others overtake it.
    Delay(Duration),
    /// It arrives changed.
    Corrupt(Corruption),
}

/// Which of the datagrams that match a rule it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of this number, from 1.
    Nth(u64),
    /// So many from the first on.
    First(u64),
    /// All.
    Every,
}

/// It can be sent to the thread of a live relay.
type Matcher<'a> = Box<dyn Fn(&[u8]) -> bool + Send + 'a>;

/// A fault for certain datagrams of one link.
pub struct Rule<'a> {
    /// Who sends them.
    pub from: Host,
    /// Who is to get them.
    pub to: Host,
    /// Which of those that match.
    pub which: Which,
    /// What happens to them.
    pub fault: Fault,
    matches: Matcher<'a>,
    seen: u64,
    hits: u64,
}

impl<'a> Rule<'a> {
    /// A rule for all datagrams of a link.
    #[must_use]
    pub fn new(from: Host, to: Host, which: Which, fault: Fault) -> Rule<'a> {
        Rule { from, to, which, fault, matches: Box::new(|_| true), seen: 0, hits: 0 }
    }

    /// The same rule, only for datagrams like these; others are not counted.
    #[must_use]
    pub fn matching(self, matches: impl Fn(&[u8]) -> bool + Send + 'a) -> Rule<'a> {
        Rule { matches: Box::new(matches), ..self }
    }

    /// Whether this datagram is one that the rule is for.
    pub(super) fn takes(&mut self, from: Host, to: Host, datagram: &[u8]) -> bool {
        if (from, to) != (self.from, self.to) || !(self.matches)(datagram) {
            return false;
        }
        self.seen += 1;
        let hit = match self.which {
            Which::Nth(number) => self.seen == number,
            Which::First(count) => self.seen <= count,
            Which::Every => true,
        };
        self.hits += u64::from(hit);
        hit
    }

    /// How often it has struck.
    pub(super) fn hits(&self) -> u64 {
        self.hits
    }
}

/// A change of the world at a moment that the scenario chooses.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing comes through from the first to the second any more; what is on the way still arrives.
    Cut(Host, Host),
    /// The link from the first to the second is whole again.
    Heal(Host, Host),
    /// The link from the first to the second is like this from now on.
    Link(Host, Host, Link),
    /// The host is like this from now on.
    Host(Host, HostOptions),
    /// The host stops; what comes for it waits, as far as its socket holds it.
    Pause(Host),
    /// The host goes on where it was.
    Resume(Host),
    /// The host is down: its memory is gone, and of its unsynced writes is left what the second says.
    Crash(Host, Unsynced),
    /// The host will crash at its disk operation of this number, counted from its first: the operation begins and nothing
    /// after it happens.
    CrashAtDiskOp(Host, u64, Unsynced),
    /// The host comes up again, with its disk.
    Restart(Host),
    /// The host comes up again with an empty disk.
    RestartWithoutDisk(Host),
    /// A datagram that nobody sent arrives.
    Inject(Host, Host, Vec<u8>),
}

impl Change {
    /// Whether this may keep a program from its work: all but what mends.
    pub(crate) fn does_harm(&self) -> bool {
        !matches!(self, Change::Heal(..) | Change::Resume(_) | Change::Restart(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_corruption_does_what_it_says() {
        assert_eq!(Corruption::FlipBit(0).apply(&[0, 0]), [0x80, 0]);
        assert_eq!(Corruption::SwapWords(0, 1).apply(&[1, 2, 3, 4, 5]), [3, 4, 1, 2, 5]);
        assert_eq!(Corruption::Truncate(1).apply(&[1, 2]), [1]);
        assert_eq!(Corruption::Pad(2).apply(&[1]), [1, 0, 0]);
        assert_eq!(Corruption::Replace(vec![9]).apply(&[1]), [9]);
        assert_eq!(Corruption::SwapWords(0, 9).apply(&[1, 2]), [1, 2]);
    }

    #[test]
    fn a_rule_counts_only_what_matches_it() {
        let (a, b) = (Host(0), Host(1));
        let mut rule = Rule::new(a, b, Which::Nth(2), Fault::Lose).matching(|datagram| datagram[0] == 7);
        let taken: Vec<bool> = [7, 1, 7, 7].iter().map(|byte| rule.takes(a, b, &[*byte])).collect();
        assert_eq!(taken, [false, false, true, false]);
        assert!(!rule.takes(b, a, &[7]));
        assert_eq!(rule.hits(), 1);
    }
}
