//! The timers that are set on one host, in the order in which they run out.

use crate::machine::TimerId;
use std::time::Duration;

/// Set timers with the time that is left, soonest first; equal ones in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Timers(Vec<(Duration, TimerId)>);

impl Timers {
    pub(crate) fn set(&mut self, timer: TimerId, after: Duration) {
        self.cancel(timer);
        let index = self.0.partition_point(|(left, _)| *left <= after);
        self.0.insert(index, (after, timer));
    }

    pub(crate) fn cancel(&mut self, timer: TimerId) {
        self.0.retain(|(_, set)| *set != timer);
    }

    pub(crate) fn next(&self) -> Option<(Duration, TimerId)> {
        self.0.first().copied()
    }

    /// The next timer runs out: time passes for the others.
    pub(crate) fn fire(&mut self) -> Option<(Duration, TimerId)> {
        let (passed, timer) = self.next()?;
        self.0.remove(0);
        self.pass(passed);
        Some((passed, timer))
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, span: Duration) {
        for (left, _) in &mut self.0 {
            *left = left.saturating_sub(span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::ms;

    #[test]
    fn the_soonest_fires_first_and_time_passes_for_the_rest() {
        let mut timers = Timers::default();
        timers.set(TimerId(1), ms(30));
        timers.set(TimerId(2), ms(10));
        timers.set(TimerId(3), ms(10));
        assert_eq!(timers.fire(), Some((ms(10), TimerId(2))));
        assert_eq!(timers.fire(), Some((ms(0), TimerId(3))));
        assert_eq!(timers.fire(), Some((ms(20), TimerId(1))));
        assert_eq!(timers.fire(), None);
    }

    #[test]
    fn a_timer_that_is_set_again_moves_and_one_that_is_cancelled_is_gone() {
        let mut timers = Timers::default();
        timers.set(TimerId(1), ms(10));
        timers.set(TimerId(1), ms(50));
        timers.set(TimerId(2), ms(20));
        assert_eq!(timers.fire(), Some((ms(20), TimerId(2))));
        timers.cancel(TimerId(1));
        assert_eq!(timers.next(), None);
    }
}
