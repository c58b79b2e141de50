//! Reduce tasks (rules C3 to C5).

use lab4_kit::{Application, Folder, JobError, Reduced};
// SOLUTION
use crate::lines::write_line;
use crate::runs::{Merged, merged, take_field};
use lab4_kit::UNFINISHED;
use std::io::{BufWriter, Write as _};
use std::marker::PhantomData;
// END SOLUTION

/// Does the reduce task of this number, after so many map tasks: makes its output.
///
/// # Errors
/// As in rules C3 and C7.
pub fn run_reduce<A: Application>(
    app: &A,
    number: u32,
    maps: u32,
    out: &Folder,
) -> Result<Reduced, JobError> {
    // SOLUTION: todo!("lab 4, parts C and D: run_reduce")
    let runs = (0..maps).map(|map| format!("mr-{map}-{number}")).collect();
    let mut merged = merged(out, runs, &format!("merge-reduce-{number}"))?;
    let draft = format!("{UNFINISHED}out-{number}");
    let mut writer = BufWriter::with_capacity(1 << 16, out.create(&draft)?);
    let mut reduced = Reduced::default();
    let mut key = vec![];
    while let Some(next) = merged.key() {
        next.clone_into(&mut key);
        let mut values = Values { merged: &mut merged, key: &key, failed: None, of: PhantomData };
        let result = app.reduce(&key, &mut values);
        // Those that Reduce has left.
        values.by_ref().for_each(drop);
        if let Some(error) = values.failed {
            return Err(error);
        }
        let result = result.map_err(|refusal| JobError::Key { key: key.clone(), why: refusal.0 })?;
        write_line(&mut writer, &key, &result)?;
        reduced.keys += 1;
    }
    writer.flush()?;
    drop(writer);
    out.rename(&draft, &format!("out-{number}"))?;
    Ok(reduced)
    // END SOLUTION
}
// SOLUTION

/// The values of one key, as they are read.
struct Values<'a, Value> {
    merged: &'a mut Merged,
    key: &'a [u8],
    failed: Option<JobError>,
    of: PhantomData<Value>,
}

impl<Value: lab4_kit::Field> Iterator for Values<'_, Value> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if self.failed.is_some() || self.merged.key() != Some(self.key) {
            return None;
        }
        take_field(self.merged).unwrap_or_else(|error| {
            self.failed = Some(error);
            None
        })
    }
}
// END SOLUTION
