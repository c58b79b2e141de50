//! What a scenario does to the world of a simulation: rules, schedules, and each change when its moment has come.

use super::Simulation;
use super::host::{HostOptions, Power};
use super::queue::Happening;
use super::rules::{Change, Rule};
use crate::disk::{Disk, DiskImage, Unsynced};
use crate::machine::Host;
use crate::scenario::Outcome;
use crate::trace::{Carried, HostChange, What};
use std::time::Duration;

impl<'a> Simulation<'a> {
    /// A fault for certain datagrams. [`Simulation::require_faults`] checks that it has struck.
    pub fn rule(&mut self, rule: Rule<'a>) {
        self.network.rule(rule);
    }

    /// What a host is like from now on.
    pub fn host(&mut self, host: Host, options: HostOptions) {
        self.hosts[usize::from(host.0)].options = options;
    }

    /// Changes the world `after` from now.
    pub fn schedule(&mut self, after: Duration, change: Change) {
        self.queue.plan(self.now + after, Happening::Change(Box::new(change)));
    }

    /// Changes the world now.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn change(&mut self, change: &Change) -> Outcome {
        match change {
            Change::Cut(from, to) => self.set_cut(*from, *to, true),
            Change::Heal(from, to) => self.set_cut(*from, *to, false),
            Change::Link(from, to, link) => *self.network.link(*from, *to) = *link,
            Change::Host(host, options) => self.hosts[usize::from(host.0)].options = *options,
            Change::Pause(host) => self.pause(*host),
            Change::Resume(host) => return self.resume(*host),
            Change::Crash(host, unsynced) => self.crash(*host, *unsynced),
            Change::CrashAtDiskOp(host, number, unsynced) => {
                self.hosts[usize::from(host.0)].crash_at_op = Some((*number, *unsynced));
            }
            Change::Restart(host) => return self.restart(*host),
            Change::RestartWithoutDisk(host) => {
                self.crash(*host, Unsynced::Lost);
                self.hosts[usize::from(host.0)].disk = Disk::default();
                return self.restart(*host);
            }
            Change::Inject(from, to, datagram) => {
                self.network.counts_mut(*from, *to).injected += 1;
                return self.arrive(Carried {
                    number: 0,
                    from: *from,
                    to: *to,
                    bytes: datagram.as_slice().into(),
                });
            }
        }
        Ok(())
    }

    fn set_cut(&mut self, from: Host, to: Host, cut: bool) {
        self.network.link(from, to).cut = cut;
        let change = if cut { HostChange::Cut(to) } else { HostChange::Heal(to) };
        self.trace.push(self.now, || What::Changed(from, change));
    }

    fn pause(&mut self, host: Host) {
        let state = &mut self.hosts[usize::from(host.0)];
        if state.power == Power::Up {
            state.power = Power::Paused;
            self.trace.push(self.now, || What::Changed(host, HostChange::Pause));
        }
    }

    fn resume(&mut self, host: Host) -> Outcome {
        let state = &mut self.hosts[usize::from(host.0)];
        if state.power != Power::Paused {
            return Ok(());
        }
        state.power = Power::Up;
        self.trace.push(self.now, || What::Changed(host, HostChange::Resume));
        self.catch_up(host)
    }

    pub(super) fn crash(&mut self, host: Host, unsynced: Unsynced) {
        let state = &mut self.hosts[usize::from(host.0)];
        if state.power != Power::Down {
            state.lose_memory();
            state.disk.crash(unsynced);
            self.queue.unset_timers_of(host);
            self.trace.push(self.now, || What::Changed(host, HostChange::Crash));
        }
    }

    fn restart(&mut self, host: Host) -> Outcome {
        if self.hosts[usize::from(host.0)].power == Power::Down { self.bring_up(host) } else { Ok(()) }
    }

    /// Whether a host is up, be it paused.
    #[must_use]
    pub fn is_up(&self, host: Host) -> bool {
        self.hosts[usize::from(host.0)].power != Power::Down
    }

    /// How often a host has crashed.
    #[must_use]
    pub fn crashes(&self, host: Host) -> u32 {
        self.hosts[usize::from(host.0)].crashes
    }

    /// Puts these files on a host's disk, durably, and nothing else. It is for hosts that have not started.
    pub fn put_files(&mut self, host: Host, files: &DiskImage) {
        self.hosts[usize::from(host.0)].disk = Disk::of(files);
    }

    /// How many disk operations the host's machines have made.
    #[must_use]
    pub fn disk_ops(&self, host: Host) -> u64 {
        self.hosts[usize::from(host.0)].disk_ops
    }

    /// The host's files as its machine sees them.
    #[must_use]
    pub fn files(&self, host: Host) -> DiskImage {
        self.hosts[usize::from(host.0)].disk.image()
    }
}
