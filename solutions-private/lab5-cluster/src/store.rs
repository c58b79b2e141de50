//! The files on this worker's disk (rules B4 to B6 and F4).

use lab5_kit::{Attempt, Bytes, Folder, Read};
use std::io;
// SOLUTION
use lab5_kit::{File, MAX_READ, UNFINISHED};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
// END SOLUTION

/// Gives bytes of a finished file (rule F4).
///
/// # Errors
/// The disk cannot read it.
pub fn read(folder: &Folder, read: &Read) -> io::Result<Bytes> {
    // SOLUTION: todo!("lab 5, part F: store::read")
    let mut file = match folder.open(&read.file.name()) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Bytes::NoFile),
        Err(error) => return Err(error),
    };
    file.seek(SeekFrom::Start(read.offset))?;
    let mut bytes = vec![];
    file.take(read.length.min(MAX_READ).into()).read_to_end(&mut bytes)?;
    Ok(Bytes::Some(bytes))
    // END SOLUTION
}

/// Gives the drafts of an attempt their names (rule B4). When this returns, they survive a crash.
///
/// # Errors
/// A file cannot be synced or renamed.
pub fn commit(folder: &Folder, attempt: Attempt, reduces: u32) -> io::Result<()> {
    // SOLUTION: todo!("lab 5, part B: store::commit")
    let files = File::all_of(attempt, reduces);
    for file in &files {
        folder.sync(&file.draft())?;
        folder.rename(&file.draft(), &file.name())?;
    }
    files.iter().try_for_each(|file| folder.sync(&file.name()))
    // END SOLUTION
}

/// Removes what an earlier life has not finished, and gives the attempts that it has (rule B5).
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn tidy(folder: &Folder) -> io::Result<Vec<Attempt>> {
    // SOLUTION: todo!("lab 5, part B: store::tidy")
    remove_drafts(folder)?;
    let mut there: BTreeMap<Attempt, BTreeSet<File>> = BTreeMap::new();
    for file in folder.names()?.iter().filter_map(|name| File::of_name(name)) {
        if let Some(attempt) = file.attempt() {
            there.entry(attempt).or_default().insert(file);
        }
    }
    let is_whole = |attempt: &Attempt, files: &BTreeSet<File>| {
        let of = files.iter().map(|file| if let File::Part { of, .. } = file { *of } else { 1 }).max();
        File::all_of(*attempt, of.unwrap_or_default()).iter().all(|file| files.contains(file))
    };
    let (whole, torn): (BTreeMap<_, _>, BTreeMap<_, _>) =
        there.into_iter().partition(|(attempt, files)| is_whole(attempt, files));
    for file in torn.into_values().flatten() {
        folder.remove(&file.name())?;
    }
    Ok(whole.into_keys().collect())
    // END SOLUTION
}

/// Removes what there is of an attempt (rule B6).
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn remove(folder: &Folder, attempt: Attempt) -> io::Result<()> {
    // SOLUTION: todo!("lab 5, part B: store::remove")
    remove_if(folder, |name| File::of_name(name).is_some_and(|file| file.attempt() == Some(attempt)))
    // END SOLUTION
}

/// Removes what is not finished (rules B5 and B6).
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn remove_drafts(folder: &Folder) -> io::Result<()> {
    // SOLUTION: todo!("lab 5, part B: store::remove_drafts")
    remove_if(folder, |name| name.starts_with(UNFINISHED))
    // END SOLUTION
}

/// Removes everything but chunks (rule A8).
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn remove_all(folder: &Folder) -> io::Result<()> {
    // SOLUTION: todo!("lab 5, part A: store::remove_all")
    remove_if(folder, |name| !matches!(File::of_name(name), Some(File::Chunk(_))))
    // END SOLUTION
}
// SOLUTION

fn remove_if(folder: &Folder, is_meant: impl Fn(&str) -> bool) -> io::Result<()> {
    folder.names()?.iter().filter(|name| is_meant(name)).try_for_each(|name| folder.remove(name))
}
// END SOLUTION
