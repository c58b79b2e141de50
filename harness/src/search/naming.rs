//! Moves by name and back: a move means a datagram by its place among those on the way, a name by its number on its link.

use super::moves::{Cause, Move};
use super::state::State;
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
        let named = |cause: Cause| match cause {
            Cause::Command => Some(NamedCause::Command),
            Cause::Answer(host, place) => Some(NamedCause::Answer(host, place)),
            Cause::Deliver(index) => datagram(index).map(NamedCause::Deliver),
            Cause::Corrupt(index, damage) => Some(NamedCause::Corrupt(datagram(index)?, damage)),
            Cause::Inject(number) => Some(NamedCause::Inject(number)),
            Cause::Timer(host) => Some(NamedCause::Timer(host)),
        };
        match by {
            Move::Begin | Move::Start(_) => None,
            Move::Cause(cause) => named(cause).map(NamedMove::from),
            Move::Lose(index) => datagram(index).map(NamedMove::Lose),
            Move::Duplicate(index) => datagram(index).map(NamedMove::Duplicate),
            Move::Crash(host, unsynced) => Some(NamedMove::Crash(host, unsynced)),
            Move::Restart(host) => Some(NamedMove::Restart(host)),
            Move::Interrupt(cause, after, unsynced) => {
                Some(NamedMove::Interrupt(named(cause)?, after, unsynced))
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
            NamedMove::Command => Move::Cause(Cause::Command),
            NamedMove::Answer(host, place) => Move::Cause(Cause::Answer(host, place)),
            NamedMove::Deliver(datagram) => Move::Cause(Cause::Deliver(place(datagram)?)),
            NamedMove::Corrupt(datagram, damage) => Move::Cause(Cause::Corrupt(place(datagram)?, damage)),
            NamedMove::Inject(number) => Move::Cause(Cause::Inject(number)),
            NamedMove::Timer(host) => Move::Cause(Cause::Timer(host)),
            NamedMove::Lose(datagram) => Move::Lose(place(datagram)?),
            NamedMove::Duplicate(datagram) => Move::Duplicate(place(datagram)?),
            NamedMove::Crash(host, unsynced) => Move::Crash(host, unsynced),
            NamedMove::Restart(host) => Move::Restart(host),
            NamedMove::Interrupt(cause, after, unsynced) => {
                // What can happen can be interrupted.
                let Move::Cause(cause) = self.find(state, moves, cause.into())? else { return None };
                return Some(Move::Interrupt(cause, after, unsynced));
            }
        };
        // Moves name one of several equal datagrams; which of them does not matter.
        let same = |known: &&Move| **known == by || state.are_alike(**known, by);
        moves.iter().find(same).copied()
    }
}
