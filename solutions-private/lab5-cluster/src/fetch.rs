//! Files of other workers (rule F5).

use lab5_kit::{Cause, Chunk, Place, Site};
// SOLUTION
use lab5_kit::{Address, Bytes, File, MAX_READ, READ_TRIES, Read, Task, UNFINISHED};
use std::io::{self, Write as _};
// END SOLUTION

/// Finds a copy of a chunk; gives the name of a file on this worker's disk that has it.
///
/// # Errors
/// Nobody has it, or it cannot be written.
pub async fn chunk(site: &Site, number: u32, chunk: &Chunk) -> Result<String, Cause> {
    // SOLUTION: todo!("lab 5, part F: fetch::chunk")
    let file = File::Chunk(number);
    if site.folder.length(&file.name()).is_ok() {
        return Ok(file.name());
    }
    for holder in chunk.holders.iter().filter(|holder| **holder != site.address) {
        if let Some(name) = copy(site, *holder, file).await.map_err(failed)? {
            return Ok(name);
        }
    }
    Err(Cause::NoChunk(number))
    // END SOLUTION
}

/// Gets what a map task has made for a reduce task; gives the name of a file on this worker's disk that has it.
///
/// # Errors
/// It cannot be had, or not be written.
pub async fn part(site: &Site, place: Place, reduce: u32, of: u32) -> Result<String, Cause> {
    // SOLUTION: todo!("lab 5, part F: fetch::part")
    let Task::Map(map) = place.attempt.task else { return Err(Cause::Missing(place)) };
    let file = File::Part { map, number: place.attempt.number, reduce, of };
    if place.holder.address == site.address && site.folder.length(&file.name()).is_ok() {
        return Ok(file.name());
    }
    copy(site, place.holder.address, file).await.map_err(failed)?.ok_or(Cause::Missing(place))
    // END SOLUTION
}
// SOLUTION

fn failed(error: io::Error) -> Cause {
    Cause::Failed(error.to_string())
}

/// Copies a file of another worker; gives the name of the copy, if there is one.
async fn copy(site: &Site, from: Address, file: File) -> io::Result<Option<String>> {
    let name = format!("{UNFINISHED}copy-of-{file}");
    let mut copy = site.folder.create(&name)?;
    let mut offset = 0;
    loop {
        match read(site, from, Read { file, offset, length: MAX_READ }).await {
            Bytes::Some(bytes) if bytes.is_empty() => return Ok(Some(name)),
            Bytes::Some(bytes) => {
                copy.write_all(&bytes)?;
                offset += bytes.len() as u64;
            }
            Bytes::NoFile => {
                drop(copy);
                site.folder.remove(&name)?;
                return Ok(None);
            }
        }
    }
}

/// What another worker answers; when it does not, it has no such file.
async fn read(site: &Site, from: Address, read: Read) -> Bytes {
    for _ in 1..READ_TRIES {
        if let Ok(bytes) = site.read(from, read.clone()).await {
            return bytes;
        }
        site.runtime.sleep(site.config.pause).await;
    }
    site.read(from, read).await.unwrap_or(Bytes::NoFile)
}
// END SOLUTION
