//! Pairs in intermediate files (rule C2).

use lab4_kit::JobError;
use std::io::{self, Read, Write};
// SOLUTION
use std::io::ErrorKind;

/// How many bytes the lengths of a pair take.
pub(crate) const LENGTHS: usize = 8;

/// How much of a long key or value is read at once.
const STEP: usize = 1 << 16;
// END SOLUTION

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
    // SOLUTION: todo!("lab 4, part C: write_pair")
    let length = |bytes: &[u8]| {
        u32::try_from(bytes.len()).map_err(|_| io::Error::other("a key or value has more than 4 GiB"))
    };
    to.write_all(&length(key)?.to_be_bytes())?;
    to.write_all(&length(value)?.to_be_bytes())?;
    to.write_all(key)?;
    to.write_all(value)
    // END SOLUTION
}

/// Reads the next pair into `pair`, whose old bytes go; false at the end of the file. `file` is its name, for errors.
///
/// # Errors
/// It cannot be read, or it ends in the middle of a pair (rule C3).
pub fn read_pair(from: &mut impl Read, file: &str, pair: &mut Pair) -> Result<bool, JobError> {
    // SOLUTION: todo!("lab 4, part C: read_pair")
    let mut lengths = [0; LENGTHS];
    let cut_off = || JobError::Damaged { file: file.into(), why: "it ends in the middle of a pair".into() };
    match read_up_to(from, &mut lengths)? {
        0 => return Ok(false),
        LENGTHS => {}
        _ => return Err(cut_off()),
    }
    let (lengths, _) = lengths.as_chunks::<4>();
    for (bytes, length) in [&mut pair.key, &mut pair.value].into_iter().zip(lengths) {
        let mut left = u32::from_be_bytes(*length) as usize;
        bytes.clear();
        // A length that promises more than is there costs no memory.
        while left > 0 {
            let (start, step) = (bytes.len(), left.min(STEP));
            bytes.resize(start + step, 0);
            if read_up_to(from, &mut bytes[start..])? < step {
                return Err(cut_off());
            }
            left -= step;
        }
    }
    Ok(true)
    // END SOLUTION
}
// SOLUTION

/// Fills the buffer, or as much of it as there is; says how much.
fn read_up_to(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
// END SOLUTION
