//! How much memory student code takes: in all during one call or event, and what a running node holds.
//!
//! The counting is an allocator's, which a program chooses once for all of itself, so it is the labs' test programs that
//! have one ([`install_meter!`](crate::install_meter)) and not this library. Invariant: what is measured is what this
//! thread did between two points, so other threads of the process, and scenarios that they run, change nothing; what a
//! student's code does in threads of its own is not seen. Figures never come into a trace or a story: they depend on the
//! compiler and on std, so a scenario compares them with bounds that leave room.
//!
//! The figures are those of the process in which student code runs: behind the judge's pipe the driver measures. Where no
//! meter is installed there are none, and a scenario that needs one fails by the kit's fault.

use crate::crash::{Crash, guarded};
use crate::machine::{Action, Moment, TimerId};
use crate::node::{Event, Inspect, Node};
use crate::scenario::Failure;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// What some piece of work took from memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Bytes that it asked for in all, also those that it gave back. What grows in its place counts anew with its whole
    /// new size.
    pub allocated: u64,
    /// Bytes that it asked for less bytes that it gave back.
    pub kept: i64,
    /// The most bytes that it had asked for and not given back at one moment.
    pub peak: u64,
}

/// What a metered node has taken from memory, from its making on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Bytes that it holds: what it asked for less what it gave back and what it handed out in actions. With it are the
    /// kit's own few for the node: timers that are set, the disk, tasks.
    pub held: i64,
    /// The most bytes that it asked for during one event, what it handed out among them.
    pub most: u64,
}

/// Runs some work and says what it took.
pub type Meter = fn(&mut dyn FnMut()) -> Usage;

static METER: OnceLock<Meter> = OnceLock::new();

/// Makes `meter` that of this process; the first one stays.
pub fn install(meter: Meter) {
    let _ = METER.set(meter);
    // What the first guarded call makes for all of them is nobody's.
    let _ = guarded(|| ());
}

/// Installs the meter in a test program, whose own dependency `allocation-counter` must be: with that crate comes the
/// allocator that counts. The first thing in `main`.
#[macro_export]
macro_rules! install_meter {
    () => {
        $crate::meter::install(|work| {
            let used = ::allocation_counter::measure(work);
            $crate::meter::Usage {
                allocated: used.bytes_total,
                kept: used.bytes_current,
                peak: used.bytes_max,
            }
        })
    };
}

/// Does `work` and says what it took, where a meter is installed. A panic in it must be caught within it.
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, Option<Usage>) {
    let Some(meter) = METER.get() else { return (work(), None) };
    let (mut work, mut done) = (Some(work), None);
    let usage = meter(&mut || done = work.take().map(|work| work()));
    (done.expect("a meter does the work that it is given"), Some(usage))
}

/// The node that `start` makes, metered where a meter is installed.
pub(crate) fn metered(start: impl FnOnce() -> Result<Box<dyn Node>, Crash>) -> Result<Box<dyn Node>, Crash> {
    let (node, usage) = measured(start);
    Ok(match (node?, usage) {
        (node, None) => node,
        (node, Some(Usage { kept, .. })) => {
            Box::new(MeteredNode { node, memory: Memory { held: kept, most: 0 } })
        }
    })
}

/// Figures that a scenario must have.
///
/// # Errors
/// There are none: the kit's own program has no meter.
pub(crate) fn required<T>(figures: Option<T>) -> Result<T, Failure> {
    figures.ok_or_else(|| {
        Failure::of_the_kit(
            "Memory is to be measured, but the program that runs student code has no meter (install_meter!).",
        )
    })
}

/// A node whose memory is measured.
struct MeteredNode {
    node: Box<dyn Node>,
    memory: Memory,
}

impl Node for MeteredNode {
    fn handle(&mut self, moment: Moment, event: Event<'_>, actions: &mut Vec<Action>) -> Result<(), Crash> {
        let mut asked = vec![];
        let (answer, usage) = measured(|| self.node.handle(moment, event, &mut asked));
        // What was handed out is freed where that is measured, so that exactly it is taken off; its copies go on.
        actions.extend(asked.iter().map(copied));
        let ((), freed) = measured(|| drop(asked));
        let (usage, freed) = (usage.unwrap_or_default(), freed.unwrap_or_default());
        self.memory.held += usage.kept + freed.kept;
        self.memory.most = self.memory.most.max(usage.allocated);
        answer
    }

    fn fork(&self) -> Result<Box<dyn Node>, Crash> {
        metered(|| self.node.fork())
    }

    fn key(&self) -> u64 {
        self.node.key()
    }

    fn reads_clock(&self) -> bool {
        self.node.reads_clock()
    }

    fn timer_name(&self, timer: TimerId) -> String {
        self.node.timer_name(timer)
    }

    fn tasks(&self) -> Result<usize, Crash> {
        self.node.tasks()
    }

    fn describe(&self) -> String {
        self.node.describe()
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        self.node.inspect()
    }

    fn memory(&self) -> Result<Option<Memory>, Crash> {
        Ok(Some(self.memory))
    }
}

/// An action that shares nothing with its original.
fn copied(action: &Action) -> Action {
    match action {
        Action::Send { to, datagram } => Action::Send { to: *to, datagram: datagram[..].into() },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Blame;

    // This test program has no meter; those of `tests/meter.rs` have one.
    #[test]
    fn without_a_meter_there_are_no_figures_and_the_kit_is_to_blame() {
        assert_eq!(measured(|| 7), (7, None));
        assert_eq!(required::<Usage>(None).unwrap_err().blame, Blame::Kit);
        assert_eq!(required(Some(7)), Ok(7));
    }
}
