//! Faultline runs a student's protocol in several worlds, injects faults, and tells why it failed.
//!
//! A protocol is a [`machine::Machine`] (or a program of tasks, [`asynchronous`]). A [`scenario::Scenario`] puts it into a world
//! ([`script`], [`search`], [`simulation`], [`live`]) and checks one behaviour. The [`runner`] runs scenarios for students; `remote` and
//! [`driver`] let the judge run the same scenarios against code in another process. Start with `machine.rs`.

pub mod asynchronous;
mod channel;
pub mod codec;
pub mod crash;
pub mod disk;
mod doing;
pub mod driver;
pub mod errand;
pub mod faults;
pub mod folder;
mod group;
mod guard;
pub mod live;
pub mod machine;
pub mod meter;
pub mod node;
pub mod picture;
pub mod program;
mod quiet;
pub mod random;
pub mod recipe;
pub mod remote;
pub mod report;
pub mod rpc;
pub mod runner;
pub mod scenario;
pub mod script;
pub mod search;
mod shrink;
pub mod simulation;
pub mod text;
pub mod time;
mod timers;
mod trace;
pub mod trace_file;
mod watch;

pub use machine::{Context, Host, Machine, Never};
pub use time::{Time, ms};
pub use trace::{Record, RecordKind, Row, Story, Words};
pub use watch::goes_on;

use std::hash::{BuildHasher as _, Hash};
use std::sync::LazyLock;

/// A 64-bit hash that nobody outside of this process can foretell: no datagrams can be made that have the same.
pub(crate) fn key_of<T: Hash + ?Sized>(value: &T) -> u64 {
    static STATE: LazyLock<foldhash::quality::RandomState> = LazyLock::new(Default::default);
    STATE.hash_one(value)
}

/// A 64-bit hash that is equal in every process.
pub(crate) fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    foldhash::quality::FixedState::with_seed(0x00C0_FFEE).hash_one(value)
}
