//! The outputs of a job as one (rule C8).

use lab4_kit::{Folder, JobError};
use std::io::Write;
// SOLUTION
use crate::lines::key_of;
use lab4_kit::{DONE, FileReader};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
// END SOLUTION

/// Writes the lines of all outputs in the order of their keys.
///
/// # Errors
/// As in rule C8.
pub fn merge(out: &Folder, to: &mut dyn Write) -> Result<(), JobError> {
    // SOLUTION: todo!("lab 4, part C: merge")
    let outputs = outputs(out)?;
    let mut names = vec![];
    let mut readers = vec![];
    let mut next = BinaryHeap::new();
    for number in 0..outputs {
        names.push(format!("out-{number}"));
        readers.push(BufReader::new(out.open(&names[number])?));
        read(&mut readers[number], &names[number], number, &mut next)?;
    }
    while let Some(Reverse((_, number, line))) = next.pop() {
        to.write_all(&line)?;
        read(&mut readers[number], &names[number], number, &mut next)?;
    }
    Ok(())
    // END SOLUTION
}
// SOLUTION

/// The next line of each output: its key, the number of the output, the line.
type Next = BinaryHeap<Reverse<(Vec<u8>, usize, Vec<u8>)>>;

fn read(
    reader: &mut BufReader<FileReader>,
    name: &str,
    number: usize,
    next: &mut Next,
) -> Result<(), JobError> {
    let mut line = vec![];
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Ok(());
    }
    let key = key_of(&line).filter(|_| line.ends_with(b"\n"));
    let key =
        key.ok_or_else(|| JobError::Damaged { file: name.into(), why: "a line is no result".into() })?;
    next.push(Reverse((key, number, line)));
    Ok(())
}

/// How many outputs there are, if the job was done.
fn outputs(out: &Folder) -> Result<usize, JobError> {
    let mut text = String::new();
    let mut file = out.open(DONE).map_err(|error| match error.kind() {
        ErrorKind::NotFound => JobError::NotDone,
        _ => error.into(),
    })?;
    file.read_to_string(&mut text)?;
    let number = text.trim_end().parse();
    number.map_err(|_| JobError::Damaged { file: DONE.into(), why: "it has no number of outputs".into() })
}
// END SOLUTION
