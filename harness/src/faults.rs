//! Faults by name: which datagram, counted on its link, and what happened to it. A name means the same fault after other
//! faults or messages were taken away, so a failing run can be shrunk and told in words.

use crate::machine::Host;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

/// What the network can do to a datagram by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FaultKind {
    /// It vanishes.
    Lost,
    /// It arrives twice.
    Duplicated,
    /// It arrives changed.
    Corrupted,
    /// It is held back.
    Held,
}

/// One fault of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FaultName {
    /// Which of the scenario's simulations, from 0.
    pub world: u16,
    /// Who sent the datagram.
    pub from: Host,
    /// Who was to get it.
    pub to: Host,
    /// Its number on this link, from 1.
    pub datagram: u64,
    /// 0 for the datagram itself, 1 for its copy.
    pub copy: u8,
    /// What happened.
    pub kind: FaultKind,
}

/// Which faults may happen, and which did. Shared by the simulations of one run; a live relay has its
/// own, in another thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultPlan(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    worlds: u16,
    allowed: Option<BTreeSet<FaultName>>,
    happened: Vec<FaultName>,
    /// Names are not kept.
    forgets: bool,
}

impl FaultPlan {
    /// Only these faults happen, whatever the rates say.
    pub(crate) fn only(allowed: BTreeSet<FaultName>) -> FaultPlan {
        FaultPlan(Arc::new(Mutex::new(Inner { allowed: Some(allowed), ..Inner::default() })))
    }

    /// The number of a simulation that begins.
    pub(crate) fn new_world(&self) -> u16 {
        let mut inner = self.inner();
        inner.worlds += 1;
        inner.worlds - 1
    }

    /// Whether the fault that the dice want does happen.
    pub(crate) fn decide(&self, wanted: bool, name: FaultName) -> bool {
        if !wanted {
            return false;
        }
        let mut inner = self.inner();
        let happens = inner.allowed.as_ref().is_none_or(|allowed| allowed.contains(&name));
        if happens && !inner.forgets {
            inner.happened.push(name);
        }
        happens
    }

    /// From now on the names of what happens are not kept.
    pub(crate) fn forget(&self) {
        self.inner().forgets = true;
    }

    pub(crate) fn happened(&self) -> Vec<FaultName> {
        self.inner().happened.clone()
    }

    /// Whether faults were taken away, so that fewer happen than the rates promise.
    pub(crate) fn is_restricted(&self) -> bool {
        self.inner().allowed.is_some()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("nothing panics while it holds this lock")
    }
}
