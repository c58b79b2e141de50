//! A folder in which some files can be read by other names too.

use super::{Place, ReadSeek};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;

pub(super) struct Aliased {
    folder: Rc<dyn Place>,
    aliases: BTreeMap<String, String>,
}

impl Aliased {
    pub(super) fn new(folder: Rc<dyn Place>, aliases: BTreeMap<String, String>) -> Aliased {
        Aliased { folder, aliases }
    }

    fn meant<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }
}

impl Place for Aliased {
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        self.folder.open(self.meant(name))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Write>> {
        self.folder.create(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.folder.sync(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.folder.names()
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        self.folder.length(self.meant(name))
    }

    fn is(&self) -> String {
        self.folder.is()
    }
}
