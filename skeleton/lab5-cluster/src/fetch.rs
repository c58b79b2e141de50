//! Files of other workers (rule F5).

use lab5_kit::{Cause, Chunk, Place, Site};

/// Finds a copy of a chunk; gives the name of a file on this worker's disk that has it.
///
/// # Errors
/// Nobody has it, or it cannot be written.
pub async fn chunk(site: &Site, number: u32, chunk: &Chunk) -> Result<String, Cause> {
    todo!("lab 5, part F: fetch::chunk")
}

/// Gets what a map task has made for a reduce task; gives the name of a file on this worker's disk that has it.
///
/// # Errors
/// It cannot be had, or not be written.
pub async fn part(site: &Site, place: Place, reduce: u32, of: u32) -> Result<String, Cause> {
    todo!("lab 5, part F: fetch::part")
}
