//! A host's disk: files that survive a restart, as far as they were synced.
//!
//! The model is that of a POSIX file system with all the freedom that the standard leaves it. A write goes to memory; `sync`
//! makes a file's bytes and its name durable. At a crash, of what was not synced any prefix may have reached the disk: the
//! last write torn in the middle, a rename without the bytes of the file that was renamed. A rename itself is never torn.

use crate::machine::{Action, Asked};
use crate::random::{Dice, Draw as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One change of a disk; each is a point where a crash can strike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DiskOp {
    /// The file now has this content; it is made when there is none.
    Write(String, Vec<u8>),
    /// These bytes come after the file's last; it is made when there is none.
    Append(String, Vec<u8>),
    /// The first name is now the second, whose old file is gone.
    Rename(String, String),
    /// The file is gone.
    Remove(String),
    /// The file's bytes and name are durable now.
    Sync(String),
}

impl DiskOp {
    /// How many bytes it brings to the disk.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            DiskOp::Write(_, bytes) | DiskOp::Append(_, bytes) => bytes.len(),
            DiskOp::Rename(..) | DiskOp::Remove(_) | DiskOp::Sync(_) => 0,
        }
    }
}

/// What a restarted machine finds: file names and contents.
pub type DiskImage = BTreeMap<String, Vec<u8>>;

type FileId = u32;

/// A disk with what is durable and what is not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disk {
    names: BTreeMap<String, FileId>,
    files: BTreeMap<FileId, File>,
    durable_names: BTreeMap<String, FileId>,
    /// Changes of names that are not durable, in order.
    names_pending: Vec<NameOp>,
    next: FileId,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct File {
    content: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<DataOp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum DataOp {
    Truncate,
    Append(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum NameOp {
    Set(String, FileId),
    Rename(String, String),
    Remove(String),
}

/// What a crash does to writes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unsynced {
    /// All of them had reached the disk.
    Kept,
    /// None of them had.
    Lost,
    /// Names and truncations had, bytes had not: files that were being written are there and empty.
    Hollow,
    /// Some had, and the last of a file may be torn; the number decides.
    Torn(u64),
    /// As torn, and what is missing of the last write of a file is zeros: its length had reached the disk, its bytes had not.
    Zeroed(u64),
}

impl Disk {
    /// A disk on which exactly these files are durable.
    #[must_use]
    pub fn of(image: &DiskImage) -> Disk {
        let mut disk = Disk::default();
        for (name, content) in image {
            disk.apply(&DiskOp::Write(name.clone(), content.clone()));
            disk.apply(&DiskOp::Sync(name.clone()));
        }
        disk
    }

    /// The content of a file as the machine sees it.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<&[u8]> {
        let file = self.files.get(self.names.get(name)?)?;
        Some(&file.content)
    }

    /// The names of all files, sorted.
    pub fn list(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Every file as the machine sees it.
    #[must_use]
    pub fn image(&self) -> DiskImage {
        self.list().filter_map(|name| Some((name.to_string(), self.read(name)?.to_vec()))).collect()
    }

    /// Makes one change. A rename, removal or sync of a file that is not there changes nothing.
    pub fn apply(&mut self, op: &DiskOp) {
        match op {
            DiskOp::Write(name, content) => {
                let file = self.open(name);
                file.content.clone_from(content);
                file.pending.extend([DataOp::Truncate, DataOp::Append(content.clone())]);
            }
            DiskOp::Append(name, bytes) => {
                let file = self.open(name);
                file.content.extend(bytes);
                file.pending.push(DataOp::Append(bytes.clone()));
            }
            DiskOp::Rename(from, to) => {
                if let Some(id) = self.names.remove(from) {
                    self.names.insert(to.clone(), id);
                    self.names_pending.push(NameOp::Rename(from.clone(), to.clone()));
                }
            }
            DiskOp::Remove(name) => {
                if self.names.remove(name).is_some() {
                    self.names_pending.push(NameOp::Remove(name.clone()));
                }
            }
            DiskOp::Sync(name) => self.sync(name),
        }
    }

    /// Whether a crash could lose anything.
    #[must_use]
    pub fn has_unsynced(&self) -> bool {
        !self.names_pending.is_empty() || self.files.values().any(|file| !file.pending.is_empty())
    }

    fn open(&mut self, name: &str) -> &mut File {
        let id = *self.names.entry(name.to_string()).or_insert_with(|| {
            self.next += 1;
            self.names_pending.push(NameOp::Set(name.to_string(), self.next));
            self.next
        });
        self.files.entry(id).or_default()
    }

    fn sync(&mut self, name: &str) {
        let Some(file) = self.names.get(name).and_then(|id| self.files.get_mut(id)) else { return };
        // Only what is new is copied, so that a journal does not cost more with every entry.
        for op in file.pending.drain(..) {
            match op {
                DataOp::Truncate => file.durable.clear(),
                DataOp::Append(bytes) => file.durable.extend(bytes),
            }
        }
        // A file system keeps the order of name changes, so this one's name brings those before it along.
        let pending = std::mem::take(&mut self.names_pending);
        pending.iter().for_each(|op| rename(&mut self.durable_names, op));
    }

    /// The machine's host crashes: what is left is what was durable, and of the rest what `unsynced` says.
    pub fn crash(&mut self, unsynced: Unsynced) {
        let seed = if let Unsynced::Torn(seed) | Unsynced::Zeroed(seed) = unsynced { seed } else { 0 };
        let mut dice = Dice::of(seed, [0, 0, 0]);
        let mut prefix = |count: usize| match unsynced {
            Unsynced::Kept | Unsynced::Hollow => count,
            Unsynced::Lost => 0,
            Unsynced::Torn(_) | Unsynced::Zeroed(_) => dice.below(count as u64 + 1) as usize,
        };
        let kept = prefix(self.names_pending.len());
        for op in self.names_pending.drain(..).take(kept) {
            rename(&mut self.durable_names, &op);
        }
        for file in self.files.values_mut() {
            let ops: Vec<DataOp> = file.pending.drain(..).collect();
            let kept = prefix(ops.len());
            for op in &ops[..kept] {
                match op {
                    DataOp::Truncate => file.durable.clear(),
                    DataOp::Append(_) if unsynced == Unsynced::Hollow => {}
                    DataOp::Append(bytes) => file.durable.extend(bytes),
                }
            }
            if let Some(DataOp::Append(bytes)) = ops.get(kept) {
                let whole = file.durable.len() + bytes.len();
                file.durable.extend(&bytes[..prefix(bytes.len())]);
                if let Unsynced::Zeroed(_) = unsynced {
                    file.durable.resize(whole, 0);
                }
            }
            file.content.clone_from(&file.durable);
        }
        self.names.clone_from(&self.durable_names);
        let names = &self.names;
        self.files.retain(|id, _| names.values().any(|named| named == id));
    }
}

fn rename(names: &mut BTreeMap<String, FileId>, op: &NameOp) {
    match op {
        NameOp::Set(name, id) => drop(names.insert(name.clone(), *id)),
        NameOp::Remove(name) => drop(names.remove(name)),
        NameOp::Rename(from, to) => {
            if let Some(id) = names.remove(from) {
                names.insert(to.clone(), id);
            }
        }
    }
}

/// The disk as a handler sees it: reads are of the present, changes happen at once and are durable after `sync`.
pub struct DiskHandle<'a> {
    disk: &'a mut Disk,
    asked: Asked<'a>,
}

impl<'a> DiskHandle<'a> {
    pub(crate) fn new(disk: &'a mut Disk, asked: Asked<'a>) -> Self {
        DiskHandle { disk, asked }
    }

    /// The content of a file; `None` when there is none of this name.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<&[u8]> {
        self.disk.read(name)
    }

    /// The names of all files, sorted.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        self.disk.list().map(String::from).collect()
    }

    /// Gives a file this content.
    #[track_caller]
    pub fn write(&mut self, name: &str, content: &[u8]) {
        self.make(DiskOp::Write(name.into(), content.into()));
    }

    /// Adds bytes to the end of a file.
    #[track_caller]
    pub fn append(&mut self, name: &str, bytes: &[u8]) {
        self.make(DiskOp::Append(name.into(), bytes.into()));
    }

    /// Renames a file, in one step; a file that had the new name is replaced.
    #[track_caller]
    pub fn rename(&mut self, from: &str, to: &str) {
        self.make(DiskOp::Rename(from.into(), to.into()));
    }

    /// Removes a file.
    #[track_caller]
    pub fn remove(&mut self, name: &str) {
        self.make(DiskOp::Remove(name.into()));
    }

    /// Makes a file's bytes and its name durable.
    #[track_caller]
    pub fn sync(&mut self, name: &str) {
        self.make(DiskOp::Sync(name.into()));
    }

    #[track_caller]
    fn make(&mut self, op: DiskOp) {
        self.disk.apply(&op);
        self.asked.push(Action::Disk(op));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(ops: &[DiskOp]) -> Disk {
        let mut disk = Disk::default();
        ops.iter().for_each(|op| disk.apply(op));
        disk
    }

    fn write(name: &str, content: &str) -> DiskOp {
        DiskOp::Write(name.into(), content.into())
    }

    fn sync(name: &str) -> DiskOp {
        DiskOp::Sync(name.into())
    }

    fn after(disk: &Disk, unsynced: Unsynced) -> Vec<(String, String)> {
        let mut disk = disk.clone();
        disk.crash(unsynced);
        let text = |content: Vec<u8>| String::from_utf8(content).unwrap();
        disk.image().into_iter().map(|(name, content)| (name, text(content))).collect()
    }

    fn file(name: &str, content: &str) -> (String, String) {
        (name.into(), content.into())
    }

    #[test]
    fn what_was_synced_survives_and_the_rest_is_kept_or_lost() {
        let disk = disk(&[write("a", "old"), sync("a"), write("a", "new"), write("b", "x")]);
        assert_eq!(disk.read("a"), Some(b"new".as_slice()));
        assert_eq!(after(&disk, Unsynced::Lost), [file("a", "old")]);
        assert_eq!(after(&disk, Unsynced::Kept), [file("a", "new"), file("b", "x")]);
    }

    #[test]
    fn an_append_can_be_torn_anywhere() {
        let disk = disk(&[write("log", "one "), sync("log"), DiskOp::Append("log".into(), b"two".to_vec())]);
        let seen: std::collections::BTreeSet<_> = (0..200).map(|n| after(&disk, Unsynced::Torn(n))).collect();
        let expected = ["one ", "one t", "one tw", "one two"].map(|content| vec![file("log", content)]);
        assert_eq!(seen, expected.into());
    }

    #[test]
    fn a_torn_end_can_be_zeros() {
        let disk = disk(&[write("log", "one "), sync("log"), DiskOp::Append("log".into(), b"two".to_vec())]);
        let seen: std::collections::BTreeSet<_> =
            (0..200).map(|n| after(&disk, Unsynced::Zeroed(n))).collect();
        let expected =
            ["one \0\0\0", "one t\0\0", "one tw\0", "one two"].map(|content| vec![file("log", content)]);
        assert_eq!(seen, expected.into());
    }

    #[test]
    fn a_rename_without_sync_can_leave_an_empty_file_but_with_sync_it_cannot() {
        let rename = DiskOp::Rename("tmp".into(), "out".into());
        let careless = disk(&[write("tmp", "data"), rename.clone()]);
        assert!((0..200).any(|n| after(&careless, Unsynced::Torn(n)) == [file("out", "")]));
        assert_eq!(after(&careless, Unsynced::Hollow), [file("out", "")]);
        let careful = disk(&[write("tmp", "data"), sync("tmp"), rename]);
        let seen: std::collections::BTreeSet<_> =
            (0..200).map(|n| after(&careful, Unsynced::Torn(n))).collect();
        assert_eq!(seen, [vec![file("tmp", "data")], vec![file("out", "data")]].into());
    }

    #[test]
    fn a_removed_file_may_come_back_and_a_missing_one_is_left_alone() {
        let disk = disk(&[
            write("a", "x"),
            sync("a"),
            DiskOp::Remove("a".into()),
            DiskOp::Remove("b".into()),
            sync("b"),
        ]);
        assert_eq!(disk.list().count(), 0);
        assert_eq!(after(&disk, Unsynced::Lost), [file("a", "x")]);
        assert_eq!(after(&disk, Unsynced::Kept), []);
    }

    #[test]
    fn an_image_makes_the_same_disk_again() {
        let image = disk(&[write("a", "x"), write("b", "")]).image();
        let again = Disk::of(&image);
        assert_eq!(after(&again, Unsynced::Lost), [file("a", "x"), file("b", "")]);
    }
}
