//! Memory: what machines take, and what the simulation itself keeps of a run.

use super::{Handle, Simulation};
use crate::meter::{self, Memory};
use crate::scenario::Failure;
use crate::trace::Trace;

impl Simulation<'_> {
    /// From now on the memory of each machine that is started, for the first time or again, is measured. Each event takes
    /// longer for it.
    pub fn meter(&mut self) {
        self.is_metered = true;
    }

    /// What the machine on a host has taken from memory since it was started; nothing when the host is down.
    ///
    /// # Errors
    /// It is not measured, or no meter is installed: the kit's fault. Or the student's code is gone.
    pub fn memory<Command, Notice>(&self, handle: Handle<Command, Notice>) -> Result<Memory, Failure> {
        let node = &self.hosts[usize::from(handle.host.0)].node;
        node.as_ref().map_or(Ok(Memory::default()), |node| meter::required(node.memory()?))
    }

    /// How many bytes the machine on a host holds; none when the host is down.
    ///
    /// # Errors
    /// As [`Simulation::memory`].
    pub fn held<Command, Notice>(&self, handle: Handle<Command, Notice>) -> Result<usize, Failure> {
        self.memory(handle).map(|memory| usize::try_from(memory.held).unwrap_or(0))
    }

    /// Keeps no trace, and has no limit of events: for benchmarks and very long runs. A failure then has no story.
    pub fn without_trace(&mut self) {
        self.trace = Trace::off();
        self.events_left = u64::MAX;
    }

    /// Keeps nothing that grows with the run: no trace, no names of faults, and of what machines tell only how often. It is
    /// for the applications ([`Simulation::application`]) to listen. A failure then has no story and is not made small.
    pub fn keep_nothing(&mut self) {
        self.without_trace();
        self.forgets_notices = true;
        self.network.forget_faults();
    }
}
