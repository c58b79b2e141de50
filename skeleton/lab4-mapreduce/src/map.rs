//! Map tasks (rules C2, D1 and D2).

use lab4_kit::{Application, Folders, Job, JobError, Mapped, Split};

/// Does the map task of this number on this split: makes all of its intermediate files.
///
/// # Errors
/// As in rule C7.
pub fn run_map<A: Application>(
    app: &A,
    job: &Job,
    number: u32,
    split: &Split,
    folders: &Folders,
) -> Result<Mapped, JobError> {
    todo!("lab 4, parts C and D: run_map")
}
