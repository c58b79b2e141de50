//! What the coordinator must not forget, in the order in which it happened (rules G1 and G2).

use lab5_kit::DiskHandle;
use serde::{Deserialize, Serialize};

/// Something that must not be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {}

/// Adds an entry; when this returns, it survives a crash.
pub fn append(disk: &mut DiskHandle<'_>, entry: &Entry) {
    todo!("lab 5, part G: journal::append")
}

/// The entries that are whole, in order. What comes behind them is gone from the disk, so that others can be added.
pub fn recover(disk: &mut DiskHandle<'_>) -> Vec<Entry> {
    todo!("lab 5, part G: journal::recover")
}
