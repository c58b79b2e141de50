//! The moves of a search: what can happen next in a state.
//!
//! A cut link is no move of its own: within the bounds it is the loss of what is on the way.

use super::next::Next;
use super::state::{State, World};
use crate::disk::Unsynced;
use crate::machine::Host;
use crate::recipe::Damage;
use crate::trace::Carried;

/// One step from a state to the next. Datagrams are meant by their place among those on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Nothing yet.
    Begin,
    /// A host comes up for the first time.
    Start(Host),
    /// Something happens to a host.
    Cause(Cause),
    /// A datagram vanishes.
    Lose(u16),
    /// A datagram is copied.
    Duplicate(u16),
    /// A host crashes between two events; of its unsynced writes is left what this says.
    Crash(Host, Unsynced),
    /// A host crashes within an event, after so many of the actions that it leads to.
    Interrupt(Cause, u8, Unsynced),
    /// A host comes up again.
    Restart(Host),
}

/// An event, which a crash can interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The next command is given.
    Command,
    /// A host's application asks for what it is going to ask for, by its place among that.
    Answer(Host, u8),
    /// A datagram arrives.
    Deliver(u16),
    /// A datagram arrives changed.
    Corrupt(u16, Damage),
    /// The scenario's datagram of this number arrives, which nobody sent.
    Inject(u8),
    /// The soonest timer of a host runs out.
    Timer(Host),
}

impl Move {
    /// Whether it is a fault that a story counts.
    pub(super) fn is_fault(self) -> bool {
        use Move::{Begin, Cause, Crash, Duplicate, Interrupt, Lose, Restart, Start};
        match self {
            Lose(_) | Duplicate(_) | Crash(..) | Interrupt(..) => true,
            Cause(cause) => matches!(cause, self::Cause::Corrupt(..) | self::Cause::Inject(_)),
            Begin | Start(_) | Restart(_) => false,
        }
    }
}

type Matcher<'a> = Box<dyn Fn(&[u8]) -> bool + 'a>;

/// Which datagrams losses, copies and corruption may strike.
pub(super) struct Struck<'a> {
    pub(super) from: Host,
    pub(super) to: Host,
    pub(super) matches: Matcher<'a>,
}

impl World<'_> {
    fn strikes(&self, carried: &Carried) -> bool {
        let strikes =
            |it: &Struck<'_>| (it.from, it.to) == (carried.from, carried.to) && (it.matches)(&carried.bytes);
        self.struck.is_empty() || self.struck.iter().any(strikes)
    }
}

impl State {
    /// Whether two moves do the same to datagrams that are equal.
    pub(super) fn are_alike(&self, one: Move, other: Move) -> bool {
        let equal = |a: u16, b: u16| self.flight[usize::from(a)].key == self.flight[usize::from(b)].key;
        match (one, other) {
            (Move::Lose(a), Move::Lose(b)) | (Move::Duplicate(a), Move::Duplicate(b)) => equal(a, b),
            (Move::Cause(Cause::Deliver(a)), Move::Cause(Cause::Deliver(b))) => equal(a, b),
            (Move::Cause(Cause::Corrupt(a, one)), Move::Cause(Cause::Corrupt(b, other))) => {
                one == other && equal(a, b)
            }
            (Move::Cause(Cause::Answer(a, one)), Move::Cause(Cause::Answer(b, other))) => {
                let answer = |host: Host, place: u8| self.host(host).answers.get(usize::from(place));
                a == b && answer(a, one) == answer(b, other)
            }
            _ => one == other,
        }
    }

    /// Appends every move that can be made; true when a limit alone forbids another.
    pub(super) fn moves(&self, world: &World<'_>, moves: &mut Vec<Move>) -> bool {
        let limits = &world.limits;
        if let Some((host, _)) = world.commands.get(self.commands_given())
            && self.is_up(*host)
        {
            moves.push(Move::Cause(Cause::Command));
        }
        for host in self.hosts() {
            let answers = &self.host(host).answers;
            let distinct = |place: &usize| !answers[..*place].contains(&answers[*place]);
            let places = (0..answers.len()).filter(distinct).filter_map(|place| u8::try_from(place).ok());
            moves.extend(places.map(|place| Move::Cause(Cause::Answer(host, place))));
        }
        let distinct = |index: &u16| {
            let index = usize::from(*index);
            self.flight[..index].iter().all(|earlier| earlier.key != self.flight[index].key)
        };
        let flight: Vec<u16> = (0..self.flight.len() as u16).filter(distinct).collect();
        moves.extend(flight.iter().map(|index| Move::Cause(Cause::Deliver(*index))));
        let next = |host: Host| self.host(host).timers.next().map(|(after, _)| after);
        let is_soon = |after| after <= limits.lifetime;
        let waits = !self.flight.is_empty() || self.hosts().filter_map(next).any(is_soon);
        let is_armed = |host: &Host| next(*host).is_some_and(|after| is_soon(after) || !waits);
        let armed: Vec<Host> = self.hosts().filter(is_armed).collect();
        if self.spent.timers < limits.timers {
            moves.extend(armed.iter().map(|host| Move::Cause(Cause::Timer(*host))));
        }
        moves.extend(self.hosts().filter(|host| !self.is_up(*host)).map(Move::Restart));
        self.datagram_faults(&flight, world, moves);
        for number in 0..world.injected.len() as u8 {
            let to = world.injected[usize::from(number)].to;
            if self.spent.injected & (1 << number) == 0 && self.is_up(to) {
                moves.push(Move::Cause(Cause::Inject(number)));
            }
        }
        if self.spent.crashes < limits.crashes {
            let mortal = world.mortal.iter().filter(|(host, after)| self.may_crash(*host, *after));
            for (host, _) in mortal {
                moves.push(Move::Crash(*host, Unsynced::Lost));
                if self.host(*host).disk.has_unsynced() {
                    moves.extend(
                        [Unsynced::Kept, Unsynced::Hollow].map(|unsynced| Move::Crash(*host, unsynced)),
                    );
                }
            }
        }
        !armed.is_empty() && self.spent.timers >= limits.timers
    }

    fn may_crash(&self, host: Host, after: usize) -> bool {
        self.is_up(host) && self.commands_given() >= after
    }

    fn datagram_faults(&self, flight: &[u16], world: &World<'_>, moves: &mut Vec<Move>) {
        let (limits, spent) = (&world.limits, &self.spent);
        let [lose, copy, corrupt] = [
            spent.losses < limits.losses,
            spent.duplicates < limits.duplicates,
            spent.corruptions < limits.corruptions,
        ];
        if !(lose || copy || corrupt) {
            return;
        }
        let carried = |index: u16| &self.flight[usize::from(index)].carried;
        let strikes = |index: &u16| world.strikes(carried(*index));
        let struck: Vec<u16> = flight.iter().copied().filter(strikes).collect();
        if lose {
            moves.extend(struck.iter().map(|index| Move::Lose(*index)));
        }
        if copy {
            moves.extend(struck.iter().map(|index| Move::Duplicate(*index)));
        }
        if corrupt {
            for index in struck {
                let it = carried(index);
                let damages = Damage::all(&it.bytes).filter(|_| self.is_up(it.to));
                moves.extend(damages.map(|damage| Move::Cause(Cause::Corrupt(index, damage))));
            }
        }
    }

    /// The crashes that could strike within a move that led to `next`.
    pub(super) fn interrupts(&self, by: Move, next: &Next<'_>, world: &World<'_>, moves: &mut Vec<Move>) {
        let (Move::Cause(cause), Some((host, disk_actions))) = (by, next.stepped) else { return };
        let mortal = world.mortal.iter().any(|(it, after)| *it == host && self.may_crash(host, *after));
        if mortal && self.spent.crashes < world.limits.crashes {
            for unsynced in [Unsynced::Lost, Unsynced::Hollow] {
                moves.extend((1..disk_actions).map(|after| Move::Interrupt(cause, after, unsynced)));
            }
        }
    }
}
