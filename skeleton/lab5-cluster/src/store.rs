//! The files on this worker's disk (rules B4 to B6 and F4).

use lab5_kit::{Attempt, Bytes, Folder, Read};
use std::io;

/// Gives bytes of a finished file (rule F4).
///
/// # Errors
/// The disk cannot read it.
pub fn read(folder: &Folder, read: &Read) -> io::Result<Bytes> {
    todo!("lab 5, part F: store::read")
}

/// Gives the drafts of an attempt their names (rule B4). When this returns, they survive a crash.
///
/// # Errors
/// A file cannot be synced or renamed.
pub fn commit(folder: &Folder, attempt: Attempt, reduces: u32) -> io::Result<()> {
    todo!("lab 5, part B: store::commit")
}

/// Removes what an earlier life has not finished, and gives the attempts that it has (rule B5).
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn tidy(folder: &Folder) -> io::Result<Vec<Attempt>> {
    todo!("lab 5, part B: store::tidy")
}

/// Removes what there is of an attempt (rule B6).
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn remove(folder: &Folder, attempt: Attempt) -> io::Result<()> {
    todo!("lab 5, part B: store::remove")
}

/// Removes what is not finished (rules B5 and B6).
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn remove_drafts(folder: &Folder) -> io::Result<()> {
    todo!("lab 5, part B: store::remove_drafts")
}

/// Removes everything but chunks (rule A8).
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn remove_all(folder: &Folder) -> io::Result<()> {
    todo!("lab 5, part A: store::remove_all")
}
