//! One simulated host: its machine, timers, clock, disk, and what waits for it while it is busy, paused or down.

use crate::crash::Crash;
use crate::disk::{Disk, Unsynced};
use crate::machine::TimerId;
use crate::node::Node;
use crate::random::Dice;
use crate::time::Time;
use crate::trace::Carried;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Makes the host's machine, at the start and after each crash.
pub(super) type Maker<'a> = Rc<dyn Fn() -> Result<Box<dyn Node>, Crash> + 'a>;

/// What an application asks for when it is told something, and how much later.
pub(super) type Application<'a> = Box<dyn FnMut(Time, &[u8]) -> Vec<(Duration, Vec<u8>)> + 'a>;

/// What a host is like. The default is a perfect one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostOptions {
    /// How long the host is busy with each event; what comes meanwhile waits.
    pub work: Duration,
    /// How many datagrams may wait at the socket; one more is lost.
    pub socket_buffer: usize,
    /// How much faster its clock runs than time does, in millionths; negative for a slow clock.
    pub clock_ppm: i32,
}

impl Default for HostOptions {
    fn default() -> Self {
        HostOptions { work: Duration::ZERO, socket_buffer: usize::MAX, clock_ppm: 0 }
    }
}

/// Whether a host runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    Up,
    Paused,
    Down,
}

/// What waits for a host.
pub(super) enum Waiting {
    Datagram(Carried),
    Timer(TimerId),
    Command(Vec<u8>),
}

pub(super) struct SimulatedHost<'a> {
    pub(super) node: Option<Box<dyn Node>>,
    pub(super) maker: Option<Maker<'a>>,
    pub(super) application: Option<Application<'a>>,
    pub(super) events: u64,
    /// One part more, the number of an event, makes them the dice of that event.
    pub(super) dice: Dice,
    pub(super) notices: Vec<Arc<[u8]>>,
    /// How many things the host's machines have told, kept or not.
    pub(super) told: usize,
    pub(super) disk: Disk,
    pub(super) options: HostOptions,
    pub(super) power: Power,
    pub(super) busy_until: Time,
    /// Crash at the disk operation of this number, counted from the host's first.
    pub(super) crash_at_op: Option<(u64, Unsynced)>,
    pub(super) disk_ops: u64,
    pub(super) crashes: u32,
    waiting: VecDeque<Waiting>,
    datagrams_waiting: usize,
}

impl<'a> SimulatedHost<'a> {
    pub(super) fn new(dice: Dice) -> SimulatedHost<'a> {
        SimulatedHost {
            node: None,
            maker: None,
            application: None,
            events: 0,
            dice,
            notices: vec![],
            told: 0,
            disk: Disk::default(),
            options: HostOptions::default(),
            power: Power::Up,
            busy_until: Time::ZERO,
            crash_at_op: None,
            disk_ops: 0,
            crashes: 0,
            waiting: VecDeque::new(),
            datagrams_waiting: 0,
        }
    }

    /// Whether an event can be handled at once.
    pub(super) fn is_ready(&self, now: Time) -> bool {
        self.power == Power::Up && self.busy_until <= now && self.waiting.is_empty()
    }

    /// Lets something that is no datagram wait.
    pub(super) fn wait(&mut self, what: Waiting) {
        self.waiting.push_back(what);
    }

    /// Lets a datagram wait, or gives it back when the socket's buffer is full.
    pub(super) fn wait_for(&mut self, carried: Carried) -> Result<(), Carried> {
        if self.datagrams_waiting >= self.options.socket_buffer {
            return Err(carried);
        }
        self.datagrams_waiting += 1;
        self.waiting.push_back(Waiting::Datagram(carried));
        Ok(())
    }

    /// A timer that has run out but was not handled yet is set again or cancelled: it has not run out.
    pub(super) fn forget_waiting(&mut self, timer: TimerId) {
        self.waiting.retain(|waiting| !matches!(waiting, Waiting::Timer(waits) if *waits == timer));
    }

    /// What has waited longest, when the host can take it now.
    pub(super) fn next_waiting(&mut self, now: Time) -> Option<Waiting> {
        if self.power != Power::Up || self.busy_until > now {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.datagrams_waiting -= usize::from(matches!(next, Waiting::Datagram(_)));
        Some(next)
    }

    /// Everything that was in memory is gone: the machine, what waited.
    pub(super) fn lose_memory(&mut self) {
        self.node = None;
        self.waiting.clear();
        self.datagrams_waiting = 0;
        self.busy_until = Time::ZERO;
        self.power = Power::Down;
        self.crash_at_op = None;
        self.crashes += 1;
    }

    /// What the host's clock shows at `now`.
    pub(super) fn clock(&self, now: Time) -> Time {
        match self.options.clock_ppm {
            0 => now,
            ppm => Time::ZERO + scale(now.since(Time::ZERO), MILLION + i128::from(ppm), MILLION),
        }
    }

    /// How long it really takes until the host's clock has gone on by `span`.
    pub(super) fn real(&self, span: Duration) -> Duration {
        match self.options.clock_ppm {
            0 => span,
            ppm => scale(span, MILLION, MILLION + i128::from(ppm)),
        }
    }
}

const MILLION: i128 = 1_000_000;

/// `span` times `by` over `of`, in whole nanoseconds; a clock that would stand still or run backwards runs at a millionth.
fn scale(span: Duration, by: i128, of: i128) -> Duration {
    let nanos = i128::try_from(span.as_nanos()).unwrap_or(i128::MAX / MILLION);
    let scaled = nanos.saturating_mul(by.max(1)) / of.max(1);
    Duration::from_nanos(u64::try_from(scaled).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Host;
    use crate::time::ms;

    #[test]
    fn a_fast_clock_shows_more_and_its_spans_take_less() {
        let mut host = SimulatedHost::new(Dice::of(1, []));
        host.options.clock_ppm = 1_000_000;
        assert_eq!(host.clock(Time::ZERO + ms(10)), Time::ZERO + ms(20));
        assert_eq!(host.real(ms(10)), ms(5));
        host.options.clock_ppm = -500_000;
        assert_eq!(host.clock(Time::ZERO + ms(10)), Time::ZERO + ms(5));
        assert_eq!(host.real(ms(10)), ms(20));
    }

    #[test]
    fn a_timer_that_waits_can_be_forgotten() {
        let mut host = SimulatedHost::new(Dice::of(1, []));
        [1, 2, 1].into_iter().for_each(|id| host.wait(Waiting::Timer(TimerId(id))));
        host.forget_waiting(TimerId(1));
        assert!(matches!(host.next_waiting(Time::ZERO), Some(Waiting::Timer(TimerId(2)))));
        assert!(host.next_waiting(Time::ZERO).is_none());
    }

    #[test]
    fn a_full_socket_loses_datagrams_and_nothing_else() {
        let mut host = SimulatedHost::new(Dice::of(1, []));
        host.options.socket_buffer = 1;
        let datagram = || Carried { number: 1, from: Host(0), to: Host(1), bytes: Arc::from([]) };
        assert!(host.wait_for(datagram()).is_ok());
        assert!(host.wait_for(datagram()).is_err());
        host.wait(Waiting::Timer(TimerId(1)));
        assert!(host.next_waiting(Time::ZERO).is_some());
        assert!(host.wait_for(datagram()).is_ok());
    }
}
