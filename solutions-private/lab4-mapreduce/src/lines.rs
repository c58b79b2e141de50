//! Lines of outputs (rule C4).

use std::io::{self, Write};

/// Writes the line of a key and its result.
///
/// # Errors
/// It cannot be written.
pub fn write_line(to: &mut impl Write, key: &[u8], result: &[u8]) -> io::Result<()> {
    // SOLUTION: todo!("lab 4, part C: write_line")
    write_escaped(to, key)?;
    to.write_all(b"\t")?;
    write_escaped(to, result)?;
    to.write_all(b"\n")
    // END SOLUTION
}

/// The key of a line, with its LF or without, as it was before it was written; `None` when the line is none of an output's.
#[must_use]
pub fn key_of(line: &[u8]) -> Option<Vec<u8>> {
    // SOLUTION: todo!("lab 4, part C: key_of")
    let end = line.iter().position(|byte| *byte == b'\t')?;
    let mut bytes = line[..end].iter();
    let mut key = vec![];
    while let Some(byte) = bytes.next() {
        key.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b't' => b'\t',
                b'n' => b'\n',
                _ => return None,
            },
            other => *other,
        });
    }
    Some(key)
    // END SOLUTION
}
// SOLUTION

fn write_escaped(to: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while let Some(place) = bytes.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n')) {
        to.write_all(&bytes[..place])?;
        to.write_all(match bytes[place] {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            _ => b"\\n",
        })?;
        bytes = &bytes[place + 1..];
    }
    to.write_all(bytes)
}
// END SOLUTION
