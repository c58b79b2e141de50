//! What can happen in a run, and to whom.

use super::record::RecordKind;
use crate::disk::DiskOp;
use crate::machine::Host;
use std::sync::Arc;

/// A datagram on its way. Copies of one datagram have its number.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// Counted over the whole run from 1; 0 for what the scenario plays itself.
    pub(crate) number: u64,
    pub(crate) from: Host,
    pub(crate) to: Host,
    pub(crate) bytes: Arc<[u8]>,
}

/// What can happen: events that reach a host, what the host does then, and what the network does.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Started(Host),
    Commanded(Host, Arc<[u8]>),
    Received(Carried),
    TimerFired(Host, String),
    Sent(Carried),
    Disk(Host, DiskOp),
    Notified(Host, Arc<[u8]>),
    Lost(Carried, &'static str),
    Duplicated(Carried),
    Corrupted(Carried),
    Changed(Host, HostChange),
}

/// What is done to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostChange {
    Crash,
    Restart,
    Pause,
    Resume,
    /// Nothing of what it sends reaches the other any more.
    Cut(Host),
    /// What it sends reaches the other again.
    Heal(Host),
}

impl HostChange {
    fn kind(self) -> RecordKind {
        match self {
            HostChange::Crash => RecordKind::Crash,
            HostChange::Restart => RecordKind::Restart,
            HostChange::Pause => RecordKind::Pause,
            HostChange::Resume => RecordKind::Resume,
            HostChange::Cut(_) => RecordKind::Cut,
            HostChange::Heal(_) => RecordKind::Heal,
        }
    }
}

impl What {
    pub(super) fn kind(&self) -> RecordKind {
        match self {
            What::Started(_) => RecordKind::Start,
            What::Commanded(..) => RecordKind::Command,
            What::Received(_) => RecordKind::Receive,
            What::TimerFired(..) => RecordKind::Timer,
            What::Sent(_) => RecordKind::Send,
            What::Disk(..) => RecordKind::Disk,
            What::Notified(..) => RecordKind::Notice,
            What::Lost(..) => RecordKind::Lose,
            What::Duplicated(_) => RecordKind::Duplicate,
            What::Corrupted(_) => RecordKind::Corrupt,
            What::Changed(_, change) => change.kind(),
        }
    }

    /// The host to which it happened, or which sent the datagram.
    pub(super) fn host(&self) -> Host {
        match self {
            What::Started(host)
            | What::Commanded(host, _)
            | What::TimerFired(host, _)
            | What::Disk(host, _)
            | What::Notified(host, _)
            | What::Changed(host, _) => *host,
            What::Received(it) => it.to,
            What::Sent(it) | What::Lost(it, _) | What::Duplicated(it) | What::Corrupted(it) => it.from,
        }
    }

    /// The other host: of a datagram, or of a link that is cut or healed.
    pub(super) fn peer(&self) -> Option<Host> {
        match self {
            What::Received(it) => Some(it.from),
            What::Changed(_, HostChange::Cut(peer) | HostChange::Heal(peer)) => Some(*peer),
            _ => self.carried().map(|it| it.to),
        }
    }

    pub(super) fn carried(&self) -> Option<&Carried> {
        match self {
            What::Received(it)
            | What::Sent(it)
            | What::Lost(it, _)
            | What::Duplicated(it)
            | What::Corrupted(it) => Some(it),
            _ => None,
        }
    }
}

/// Whether a machine was stepped for it.
pub(super) fn is_input(what: &What) -> bool {
    use What::{Changed, Commanded, Received, Started, TimerFired};
    matches!(what, Started(_) | Commanded(..) | Received(_) | TimerFired(..) | Changed(..))
}

/// Whether it begins a row; what is no event follows from the one before.
pub(super) fn is_event(what: &What) -> bool {
    !matches!(what, What::Sent(_) | What::Notified(..) | What::Disk(..))
}

/// Whether it goes wrong around the program.
pub(super) fn is_fault(what: &What) -> bool {
    matches!(what, What::Lost(..) | What::Duplicated(_) | What::Corrupted(_) | What::Changed(..))
}
