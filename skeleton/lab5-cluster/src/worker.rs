//! A worker: registers, asks for tasks, does them, and says what has become of them (rules A8, B4 to B6, C2 and E2).

use lab5_kit::Site;
use std::io;

/// Works until the job is over.
///
/// # Errors
/// The disk does not work.
pub async fn work(site: Site) -> io::Result<()> {
    todo!("lab 5, part A: work")
}
