//! The host's disk as its tasks see it.

use super::shared::{Present, Shared};
use crate::disk::DiskHandle;
use crate::machine::Asked;

/// Reads are of the present; changes happen at once and are durable after `sync`. A crash can strike at each change.
#[derive(Debug)]
pub struct Files<'a>(&'a Shared);

impl<'a> Files<'a> {
    pub(super) fn new(shared: &'a Shared) -> Files<'a> {
        shared.is_there();
        Files(shared)
    }

    /// The content of a file; `None` when there is none of this name.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.0.present.borrow().disk.read(name).map(<[u8]>::to_vec)
    }

    /// The names of all files, sorted.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        self.0.present.borrow().disk.list().map(String::from).collect()
    }

    /// Gives a file this content.
    pub fn write(&self, name: &str, content: &[u8]) {
        self.change(|disk| disk.write(name, content));
    }

    /// Adds bytes to the end of a file.
    pub fn append(&self, name: &str, bytes: &[u8]) {
        self.change(|disk| disk.append(name, bytes));
    }

    /// Renames a file, in one step; a file that had the new name is replaced.
    pub fn rename(&self, from: &str, to: &str) {
        self.change(|disk| disk.rename(from, to));
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) {
        self.change(|disk| disk.remove(name));
    }

    /// Makes a file's bytes and its name durable.
    pub fn sync(&self, name: &str) {
        self.change(|disk| disk.sync(name));
    }

    fn change(&self, make: impl FnOnce(&mut DiskHandle<'_>)) {
        if self.0.is_there() {
            let Present { disk, actions, action_bytes, .. } = &mut *self.0.present.borrow_mut();
            make(&mut DiskHandle::new(disk, Asked::new(actions, action_bytes)));
        }
    }
}
