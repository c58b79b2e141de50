//! Lines of outputs (rule C4).

use std::io::{self, Write};

/// Writes the line of a key and its result.
///
/// # Errors
/// It cannot be written.
pub fn write_line(to: &mut impl Write, key: &[u8], result: &[u8]) -> io::Result<()> {
    todo!("lab 4, part C: write_line")
}

/// The key of a line, with its LF or without, as it was before it was written; `None` when the line is none of an output's.
#[must_use]
pub fn key_of(line: &[u8]) -> Option<Vec<u8>> {
    todo!("lab 4, part C: key_of")
}
