//! What the coordinator must not forget, in the order in which it happened (rules G1 and G2).

use lab5_kit::DiskHandle;
use serde::{Deserialize, Serialize};
// SOLUTION
use lab5_kit::{Attempt, Job, JobFailure};

/// The name of the journal's file.
const JOURNAL: &str = "journal";
// END SOLUTION

/// Something that must not be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    // SOLUTION
    /// A coordinator has come up, and draws the numbers of attempts from this.
    Started(u32),
    /// There is a job.
    Accepted(Job),
    /// The attempt counts.
    Counted(Attempt),
    /// The job has failed.
    Failed(JobFailure),
    /// The client has all outputs.
    Collected,
    // END SOLUTION
}

/// Adds an entry; when this returns, it survives a crash.
pub fn append(disk: &mut DiskHandle<'_>, entry: &Entry) {
    // SOLUTION: todo!("lab 5, part G: journal::append")
    disk.append(JOURNAL, &sealed(entry));
    disk.sync(JOURNAL);
    // END SOLUTION
}

/// The entries that are whole, in order. What comes behind them is gone from the disk, so that others can be added.
pub fn recover(disk: &mut DiskHandle<'_>) -> Vec<Entry> {
    // SOLUTION: todo!("lab 5, part G: journal::recover")
    let journal = disk.read(JOURNAL).unwrap_or_default().to_vec();
    let mut entries = vec![];
    let mut rest = journal.as_slice();
    while let Some((entry, others)) = first(rest) {
        entries.push(entry);
        rest = others;
    }
    if !rest.is_empty() {
        let draft = format!("{JOURNAL}.new");
        disk.write(&draft, &journal[..journal.len() - rest.len()]);
        disk.sync(&draft);
        disk.rename(&draft, JOURNAL);
        disk.sync(JOURNAL);
    }
    entries
    // END SOLUTION
}
// SOLUTION

/// Before each entry: its length and its CRC-32, as `u32`s.
const HEADER: usize = 8;

fn sealed(entry: &Entry) -> Vec<u8> {
    let bytes = faultline::codec::encode(entry);
    let mut sealed = (bytes.len() as u32).to_be_bytes().to_vec();
    sealed.extend(crc32fast::hash(&bytes).to_be_bytes());
    sealed.extend(bytes);
    sealed
}

/// The first entry and what comes behind it; nothing when the first is not whole.
fn first(journal: &[u8]) -> Option<(Entry, &[u8])> {
    let (header, rest) = journal.split_at_checked(HEADER)?;
    let (length, checksum) = header.split_at(HEADER / 2);
    let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
    let (bytes, others) = rest.split_at_checked(length)?;
    if crc32fast::hash(bytes).to_be_bytes() != checksum {
        return None;
    }
    Some((faultline::codec::decode(bytes).ok()?, others))
}
// END SOLUTION
