//! The timers of a live program, by name and by time. Most are stopped before they run out, so what stops one is cheap: it leaves
//! a useless entry in the queue, which goes when its time has come or when there are too many.

use crate::machine::TimerId;
use foldhash::fast::FixedState;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Instant;

/// The timers that are set.
#[derive(Default)]
pub(super) struct Timers {
    set: HashMap<TimerId, Instant, FixedState>,
    /// Those that are set, and some that were moved or stopped meanwhile.
    queue: BinaryHeap<Reverse<(Instant, TimerId)>>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: TimerId, at: Instant) {
        self.set.insert(timer, at);
        self.queue.push(Reverse((at, timer)));
        // At most about half of the queue is of no use.
        if self.queue.len() > 64 + 2 * self.set.len() {
            self.queue = self.set.iter().map(|(timer, at)| Reverse((*at, *timer))).collect();
        }
    }

    pub(super) fn cancel(&mut self, timer: TimerId) {
        self.set.remove(&timer);
    }

    /// When the first timer runs out.
    pub(super) fn next(&mut self) -> Option<Instant> {
        while let Some(Reverse((at, timer))) = self.queue.peek() {
            if self.set.get(timer) == Some(at) {
                return Some(*at);
            }
            self.queue.pop();
        }
        None
    }

    pub(super) fn take_before(&mut self, now: Instant) -> Option<TimerId> {
        self.next().filter(|at| *at <= now)?;
        let Reverse((_, timer)) = self.queue.pop()?;
        self.set.remove(&timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn timers_that_were_moved_or_stopped_do_not_run_out_and_do_not_pile_up() {
        let (mut timers, start) = (Timers::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for number in 0..1_000 {
            timers.set(TimerId(number), at(number));
            timers.set(TimerId(number), at(number + 1));
            if number > 2 {
                timers.cancel(TimerId(number));
            }
        }
        timers.set(TimerId(0), at(5));
        assert!(timers.queue.len() < 100);
        assert_eq!(timers.next(), Some(at(2)));
        let due: Vec<_> = std::iter::from_fn(|| timers.take_before(at(3))).collect();
        assert_eq!(due, [TimerId(1), TimerId(2)]);
        assert_eq!((timers.take_before(at(9)), timers.next()), (Some(TimerId(0)), None));
    }
}
