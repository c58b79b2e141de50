//! Pairs in intermediate files (rule C2).

use lab4_kit::JobError;
use std::io::{self, Read, Write};

/// A key and a value, as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// Writes one pair.
///
/// # Errors
/// It cannot be written.
pub fn write_pair(to: &mut impl Write, key: &[u8], value: &[u8]) -> io::Result<()> {
    todo!("lab 4, part C: write_pair")
}

/// Reads the next pair into `pair`, whose old bytes go; false at the end of the file. `file` is its name, for errors.
///
/// # Errors
/// It cannot be read, or it ends in the middle of a pair (rule C3).
pub fn read_pair(from: &mut impl Read, file: &str, pair: &mut Pair) -> Result<bool, JobError> {
    todo!("lab 4, part C: read_pair")
}
