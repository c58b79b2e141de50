//! Reduce tasks (rules C3 to C5).

use lab4_kit::{Application, Folder, JobError, Reduced};

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
    todo!("lab 4, parts C and D: run_reduce")
}
