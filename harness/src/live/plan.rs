//! What a relay is told to do: a fault for the n-th datagram of a direction, and a delay for all.

use std::collections::BTreeMap;
use std::time::Duration;

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From a client to the server.
    ToServer,
    /// From the server to a client.
    ToClient,
}

/// What to do to one datagram instead of forwarding it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Forward nothing.
    Lose,
    /// Forward it twice.
    Duplicate,
    /// Flip one bit, counted from the highest of the first byte, and around from the end of the datagram.
    Corrupt {
        /// Which bit.
        bit: usize,
    },
    /// Forward it right after the n-th datagram of its direction was dealt with; a number that never comes is a loss.
    HoldUntil(u64),
    /// Forward these bytes instead.
    Replace(Vec<u8>),
    /// Forward it, and these bytes right after it.
    Inject(Vec<u8>),
}

/// Everything that a relay does beyond forwarding. The default does nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    faults: BTreeMap<(Direction, u64), Fault>,
    delays: BTreeMap<Direction, Duration>,
}

impl Plan {
    /// A plan that forwards everything at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Does `fault` to datagram `number` of a direction, counted from 1 as they arrive at the relay; the last fault
    /// that is given for a datagram holds.
    #[must_use]
    pub fn fault(mut self, direction: Direction, number: u64, fault: Fault) -> Self {
        self.faults.insert((direction, number), fault);
        self
    }

    /// Holds every datagram of a direction for this time; they keep their order.
    #[must_use]
    pub fn delay(mut self, direction: Direction, delay: Duration) -> Self {
        self.delays.insert(direction, delay);
        self
    }

    pub(super) fn fault_for(&self, direction: Direction, number: u64) -> Option<&Fault> {
        self.faults.get(&(direction, number))
    }

    pub(super) fn delay_of(&self, direction: Direction) -> Duration {
        self.delays.get(&direction).copied().unwrap_or_default()
    }
}
