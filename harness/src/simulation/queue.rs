//! What is planned: timers and other events by their moments; equal moments in the order in which they were planned.
//!
//! Invariant: a timer that is moved or stopped leaves nothing behind, so the length counts only what will happen. Read
//! next: `events.rs`.

use super::rules::Change;
use crate::machine::{Host, TimerId};
use crate::time::Time;
use crate::trace::Carried;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What can be planned.
pub(super) enum Happening {
    Arrival(Carried),
    /// A timer runs out.
    Timer(Host, TimerId),
    /// A busy host has time again.
    Ready(Host),
    /// An application asks for something, if its host has not crashed more often than this.
    Command(Host, u32, Vec<u8>),
    Change(Box<Change>),
}

/// When something is to happen, and its number among all that was ever planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: Time,
    order: u64,
}

/// All that is planned.
#[derive(Default)]
pub(super) struct Queue {
    /// Set timers, the soonest last; there are few.
    timers: Vec<(Place, Host, TimerId)>,
    /// The rest, by slot: places are moved about much, so they are kept small.
    places: BinaryHeap<Reverse<(Place, usize)>>,
    slots: Vec<Option<Happening>>,
    free: Vec<usize>,
    order: u64,
}

impl Queue {
    fn place(&mut self, at: Time) -> Place {
        self.order += 1;
        Place { at, order: self.order }
    }

    /// Plans what is no timer.
    #[inline]
    pub(super) fn plan(&mut self, at: Time, what: Happening) {
        let place = self.place(at);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[slot] = Some(what);
        self.places.push(Reverse((place, slot)));
    }

    /// A timer is to run out then, and not when it was to before.
    pub(super) fn set_timer(&mut self, host: Host, timer: TimerId, at: Time) {
        self.unset_timer(host, timer);
        let place = self.place(at);
        let index = self.timers.partition_point(|(later, ..)| *later > place);
        self.timers.insert(index, (place, host, timer));
    }

    pub(super) fn unset_timer(&mut self, host: Host, timer: TimerId) {
        let set = self.timers.iter().position(|(_, owner, set)| (*owner, *set) == (host, timer));
        if let Some(index) = set {
            self.timers.remove(index);
        }
    }

    /// None of the host's timers runs out any more.
    pub(super) fn unset_timers_of(&mut self, host: Host) {
        self.timers.retain(|(_, owner, _)| *owner != host);
    }

    fn next_timer(&self) -> Option<Place> {
        self.timers.last().map(|(place, ..)| *place)
    }

    fn next_other(&self) -> Option<Place> {
        self.places.peek().map(|Reverse((place, _))| *place)
    }

    /// The moment of what happens next.
    pub(super) fn next_moment(&self) -> Option<Time> {
        self.next_timer().into_iter().chain(self.next_other()).min().map(|place| place.at)
    }

    /// Takes out what happens next.
    #[inline]
    pub(super) fn take(&mut self) -> Option<(Time, Happening)> {
        let other = self.next_other();
        if let Some((place, host, timer)) =
            self.timers.pop_if(|(place, ..)| other.is_none_or(|other| *place < other))
        {
            return Some((place.at, Happening::Timer(host, timer)));
        }
        let Reverse((place, slot)) = self.places.pop()?;
        self.free.push(slot);
        Some((place.at, self.slots[slot].take()?))
    }

    pub(super) fn len(&self) -> usize {
        self.timers.len() + self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::ms;

    fn at(at_ms: u64) -> Time {
        Time::ZERO + ms(at_ms)
    }

    /// What comes out, to the end.
    fn all(queue: &mut Queue) -> Vec<(Time, u16)> {
        let number = |what| match what {
            Happening::Ready(Host(host)) | Happening::Timer(Host(host), _) => host,
            Happening::Arrival(_) | Happening::Change(_) | Happening::Command(..) => u16::MAX,
        };
        std::iter::from_fn(|| queue.take().map(|(at, what)| (at, number(what)))).collect()
    }

    #[test]
    fn moments_come_in_order_and_equal_ones_as_they_were_planned() {
        let mut queue = Queue::default();
        queue.plan(at(5), Happening::Ready(Host(1)));
        queue.set_timer(Host(2), TimerId(0), at(3));
        queue.set_timer(Host(3), TimerId(0), at(5));
        queue.plan(at(3), Happening::Ready(Host(4)));
        queue.plan(at(5), Happening::Ready(Host(5)));
        queue.set_timer(Host(6), TimerId(0), at(5));
        assert_eq!(queue.next_moment(), Some(at(3)));
        let hosts: Vec<u16> = all(&mut queue).into_iter().map(|(_, host)| host).collect();
        assert_eq!(hosts, [2, 4, 1, 3, 5, 6]);
    }

    #[test]
    fn a_timer_that_is_moved_or_stopped_leaves_nothing_behind() {
        let mut queue = Queue::default();
        for moment_ms in 1..=100 {
            queue.set_timer(Host(1), TimerId(7), at(moment_ms));
            queue.set_timer(Host(2), TimerId(7), at(moment_ms));
            queue.set_timer(Host(2), TimerId(8), at(moment_ms));
        }
        assert_eq!(queue.len(), 3);
        queue.unset_timer(Host(2), TimerId(7));
        queue.unset_timer(Host(2), TimerId(9));
        assert_eq!(queue.len(), 2);
        queue.unset_timers_of(Host(2));
        assert_eq!(all(&mut queue), [(at(100), 1)]);
        assert_eq!(queue.next_moment(), None);
    }
}
