//! Fair liveness: no program can finish while everything is lost, so it is asked to once the faults have stopped.

use super::{Change, Ended, Simulation};
use crate::scenario::{Failure, Outcome};
use std::time::Duration;

impl Simulation<'_> {
    /// From now on the world is fair: links heal, rules strike no more, changes that are still planned and do harm are
    /// dropped, hosts that are paused go on and hosts that are down come up. What links and hosts can carry stays, and so
    /// do clocks.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn stop_faults(&mut self) -> Outcome {
        self.network.end_faults();
        self.is_fair = true;
        for host in self.all_hosts() {
            self.hosts[usize::from(host.0)].crash_at_op = None;
            self.change(&Change::Resume(host))?;
            self.change(&Change::Restart(host))?;
        }
        Ok(())
    }

    /// Stops the faults; then the work must be done within `span`. `unfinished` is what is said when it is not: "not all
    /// messages are delivered".
    ///
    /// # Errors
    /// It is not done by then, or nothing is left to happen before it is; and as [`Simulation::run_until`].
    pub fn recovers_within(
        &mut self,
        span: Duration,
        unfinished: &str,
        done: impl FnMut(&Self) -> Result<bool, Failure>,
    ) -> Outcome {
        let stopped = self.now;
        self.stop_faults()?;
        let why = match self.run_until(span, done)? {
            Ended::Reached => return Ok(()),
            Ended::Quiet => {
                "and now no datagram is on the way and no timer is set, so nothing can happen any more"
                    .to_string()
            }
            Ended::Deadline => format!("and {} ms of virtual time were given from there", span.as_millis()),
        };
        Err(self.fail(format!("All faults stopped at {stopped}, {why}, but {unfinished}.")))
    }
}
