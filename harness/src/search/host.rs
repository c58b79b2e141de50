//! One host of a state: its machine, timers, disk and clock, and what its application was told.

use crate::crash::Crash;
use crate::disk::{Disk, Unsynced};
use crate::node::Node;
use crate::time::Time;
use crate::timers::Timers;
use std::rc::Rc;
use std::sync::Arc;

/// Shared between states until it is stepped.
pub(super) struct SearchedHost {
    /// None while the host is down.
    pub(super) node: Option<Box<dyn Node>>,
    pub(super) timers: Timers,
    pub(super) disk: Disk,
    pub(super) clock: Time,
    notices: Option<Rc<Told>>,
    /// How many of the notices are of the lives before the last crash, if there was one.
    pub(super) told_before: Option<usize>,
    /// How often the host has crashed.
    pub(super) crashes: u8,
    /// What its application is going to ask for, because of what it was told; in no order.
    pub(super) answers: Vec<Arc<[u8]>>,
    /// Equal for hosts on which the same can happen; see [`SearchedHost::seal`].
    pub(super) key: u64,
}

/// What an application was told, last first, so that states share their past.
struct Told {
    bytes: Arc<[u8]>,
    key: u64,
    before: Option<Rc<Told>>,
}

impl Drop for Told {
    /// One after another, where each would otherwise drop the one before it: there may be more than a stack is deep.
    fn drop(&mut self) {
        let mut before = self.before.take();
        while let Some(mut told) = before.and_then(Rc::into_inner) {
            before = told.before.take();
        }
    }
}

impl SearchedHost {
    /// A host without a machine, and with an empty disk.
    pub(super) fn down() -> SearchedHost {
        SearchedHost {
            node: None,
            timers: Timers::default(),
            disk: Disk::default(),
            clock: Time::ZERO,
            notices: None,
            told_before: None,
            crashes: 0,
            answers: vec![],
            key: 0,
        }
    }

    pub(super) fn copy(&self) -> Result<SearchedHost, Crash> {
        Ok(SearchedHost {
            node: self.node.as_ref().map(|node| node.fork()).transpose()?,
            timers: self.timers.clone(),
            disk: self.disk.clone(),
            clock: self.clock,
            notices: self.notices.clone(),
            told_before: self.told_before,
            crashes: self.crashes,
            answers: self.answers.clone(),
            key: self.key,
        })
    }

    /// The host after a crash.
    pub(super) fn crashed(&self, unsynced: Unsynced) -> SearchedHost {
        let (disk, clock, notices) = (self.disk.clone(), self.clock, self.notices.clone());
        let told_before = Some(self.notices().len());
        let crashes = self.crashes.saturating_add(1);
        let mut crashed = SearchedHost { disk, clock, notices, told_before, crashes, ..SearchedHost::down() };
        crashed.disk.crash(unsynced);
        crashed
    }

    /// The same host with its key, once nothing of it changes any more.
    pub(super) fn seal(mut self) -> SearchedHost {
        let node = self.node.as_ref().map(|node| node.key());
        let clock = self.node.as_ref().is_some_and(|node| node.reads_clock()).then_some(self.clock);
        let told = (self.notices.as_ref().map(|it| it.key), self.told_before, self.crashes);
        let answers = self.answers.iter().fold(0u64, |sum, it| sum.wrapping_add(crate::key_of(it)));
        self.key = crate::key_of(&(node, &self.timers, &self.disk, clock, told, answers));
        self
    }

    pub(super) fn tell(&mut self, bytes: Arc<[u8]>) {
        let before = self.notices.take();
        let key = crate::key_of(&(before.as_ref().map(|it| it.key), &bytes));
        self.notices = Some(Rc::new(Told { bytes, key, before }));
    }

    /// What the application was told, first to last.
    pub(super) fn notices(&self) -> Vec<Arc<[u8]>> {
        let mut list = vec![];
        let mut told = self.notices.as_ref();
        while let Some(notice) = told {
            list.push(notice.bytes.clone());
            told = notice.before.as_ref();
        }
        list.reverse();
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_told_a_million_things_can_forget_them() {
        let mut host = SearchedHost::down();
        (0..1_000_000).for_each(|_| host.tell([].into()));
        let other = host.notices.clone();
        drop(host);
        drop(other);
    }
}
