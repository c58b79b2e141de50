//! A whole job (rules C6 and C7).

use lab4_kit::{Application, Folders, Job, JobError, Progress, Summary};

/// Runs a job from its inputs to its outputs. `tell` hears of every task that is done.
///
/// # Errors
/// As in rule C7.
pub fn run<A: Application>(
    app: &A,
    job: &Job,
    folders: &Folders,
    tell: &mut dyn FnMut(Progress),
) -> Result<Summary, JobError> {
    todo!("lab 4, part C: run")
}
