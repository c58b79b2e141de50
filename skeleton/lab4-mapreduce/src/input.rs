//! Input files: where they are cut, and the lines of a part (rules A1 to A3).

use lab4_kit::{Folder, Record, Split};
use std::io;

/// Where these files are cut so that each split has at least `size` bytes, but for the last one of a file (rule A1).
///
/// # Errors
/// A file cannot be read.
pub fn splits(inputs: &Folder, files: &[String], size: u64) -> io::Result<Vec<Split>> {
    todo!("lab 4, part A: splits")
}

/// The lines of a split, one after the other.
pub struct Records {
    // Yours: the file, and where in it you are.
}

impl Records {
    /// Begins with the first line of `split`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(inputs: &Folder, split: &Split) -> io::Result<Records> {
        todo!("lab 4, part A: Records::open")
    }

    /// The next line (rule A2); `None` after the last one of the split.
    ///
    /// # Errors
    /// The file cannot be read, or has become shorter than the split (rule A3).
    pub fn read(&mut self) -> io::Result<Option<Record<'_>>> {
        todo!("lab 4, part A: Records::read")
    }
}
