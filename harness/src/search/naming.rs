//! Moves by name and back: a move means a datagram by its place among those on the way, a name by its number on its link.

use super::state::{Cause, Move, State};
use crate::machine::Host;
use crate::recipe::{DatagramName, NamedCause, NamedMove};
use std::collections::BTreeMap;

/// The names of the datagrams that were sent so far on one path.
#[derive(Default)]
pub(super) struct Naming {
    on_link: BTreeMap<(Host, Host), u64>,
    /// By the datagrams' numbers in the run, less one.
    names: Vec<DatagramName>,
}

impl Naming {
    /// Names what was sent by the step that led to `state`.
    pub(super) fn update(&mut self, state: &State) {
        for carried in state
            .on_the_way()
            .filter(|carried| carried.number > self.names.len() as u64)
            .cloned()
            .collect::<Vec<_>>()
        {
            let number = self.on_link.entry((carried.from, carried.to)).or_default();
            *number += 1;
            self.names.push(DatagramName { from: carried.from, to: carried.to, number: *number });
        }
    }

    /// The name of a move from `state`.
    pub(super) fn name(&self, state: &State, by: Move) -> Option<NamedMove> {
        let datagram = |index: u16| {
            let number = state.on_the_way().nth(usize::from(index))?.number;
            self.names.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
        };
        match by {
            Move::Begin => None,
            Move::Command => Some(NamedMove::Command),
            Move::Deliver(index) => datagram(index).map(NamedMove::Deliver),
            Move::Timer(host) => Some(NamedMove::Timer(host)),
            Move::Lose(index) => datagram(index).map(NamedMove::Lose),
            Move::Duplicate(index) => datagram(index).map(NamedMove::Duplicate),
            Move::Crash(host, unsynced) => Some(NamedMove::Crash(host, unsynced)),
            Move::Restart(host) => Some(NamedMove::Restart(host)),
            Move::Interrupt(cause, after, unsynced) => {
                let cause = match cause {
                    Cause::Command => NamedCause::Command,
                    Cause::Deliver(index) => NamedCause::Deliver(datagram(index)?),
                    Cause::Timer(host) => NamedCause::Timer(host),
                };
                Some(NamedMove::Interrupt(cause, after, unsynced))
            }
        }
    }

    /// The move of this name, when it can be made in `state`.
    pub(super) fn find(&self, state: &State, moves: &[Move], name: NamedMove) -> Option<Move> {
        let place = |wanted: DatagramName| {
            let number = self.names.iter().position(|name| *name == wanted)? as u64 + 1;
            let index = state.on_the_way().position(|carried| carried.number == number)?;
            u16::try_from(index).ok()
        };
        let by = match name {
            NamedMove::Command => Move::Command,
            NamedMove::Timer(host) => Move::Timer(host),
            NamedMove::Deliver(datagram) => Move::Deliver(place(datagram)?),
            NamedMove::Lose(datagram) => Move::Lose(place(datagram)?),
            NamedMove::Duplicate(datagram) => Move::Duplicate(place(datagram)?),
            NamedMove::Crash(host, unsynced) => Move::Crash(host, unsynced),
            NamedMove::Restart(host) => Move::Restart(host),
            NamedMove::Interrupt(cause, after, unsynced) => {
                let (cause, event) = match cause {
                    NamedCause::Command => (Cause::Command, Move::Command),
                    NamedCause::Timer(host) => (Cause::Timer(host), Move::Timer(host)),
                    NamedCause::Deliver(datagram) => {
                        let index = place(datagram)?;
                        (Cause::Deliver(index), Move::Deliver(index))
                    }
                };
                // What can happen can be interrupted.
                return moves
                    .iter()
                    .any(|known| state.are_alike(*known, event))
                    .then_some(Move::Interrupt(cause, after, unsynced));
            }
        };
        // Moves name one of several equal datagrams; which of them does not matter.
        let same = |known: &&Move| **known == by || state.are_alike(**known, by);
        moves.iter().find(same).copied()
    }
}
