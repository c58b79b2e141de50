//! One attempt at a task, from its input to its files.

use lab5_kit::{Assignment, Cause, Site};

/// Makes the files of an attempt, and gives them their names.
///
/// # Errors
/// What kept it from that; the drafts are still there.
pub async fn run(site: &Site, assignment: &Assignment) -> Result<(), Cause> {
    todo!("lab 5, part B: attempt::run")
}
