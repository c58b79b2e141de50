//! Waiting for time to pass: sleeps, intervals, and what a timeout says. Each is a timer of the host's node.

use super::shared::Shared;
use crate::machine::TimerId;
use crate::time::Time;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Waits for a span of the host's clock; made by [`Runtime::sleep`](super::Runtime::sleep). Dropping it stops its timer.
#[derive(Debug)]
pub struct Sleep {
    shared: Rc<Shared>,
    timer: Option<TimerId>,
    has_ended: bool,
}

impl Sleep {
    pub(super) fn new(shared: &Rc<Shared>, kind: &'static str, span: Duration) -> Sleep {
        Sleep { shared: shared.clone(), timer: shared.set_alarm(kind, span), has_ended: false }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = self.timer else {
            // A host that is over has no timers: nothing ends there any more.
            return if self.has_ended { Poll::Ready(()) } else { Poll::Pending };
        };
        if !self.shared.has_run_out(timer, context.waker()) {
            return Poll::Pending;
        }
        self.shared.drop_alarm(timer);
        self.timer = None;
        self.has_ended = true;
        Poll::Ready(())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.shared.drop_alarm(timer);
        }
    }
}

/// Ticks at equal distances; made by [`Runtime::interval`](super::Runtime::interval).
#[derive(Debug)]
pub struct Interval {
    shared: Rc<Shared>,
    period: Duration,
    next: Time,
    wait: Option<Sleep>,
}

impl Interval {
    pub(super) fn new(shared: &Rc<Shared>, period: Duration) -> Interval {
        assert!(!period.is_zero(), "the period of an interval must not be zero");
        shared.is_there();
        Interval { shared: shared.clone(), period, next: shared.present.borrow().now, wait: None }
    }

    /// Waits for the next tick; the moment for which it was planned. No tick is lost when this is dropped while it waits.
    pub async fn tick(&mut self) -> Time {
        if let Some(wait) = &mut self.wait {
            // The timer alone decides. The clock may show a nanosecond less when it runs fast or slow.
            wait.await;
        }
        let planned = self.next;
        self.next = planned + self.period;
        let left = self.next.since(self.shared.present.borrow().now);
        self.wait = Some(Sleep::new(&self.shared, "interval", left));
        planned
    }
}

/// The time of a [`Runtime::timeout`](super::Runtime::timeout) was over first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
