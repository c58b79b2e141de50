//! A folder of the file system.

use super::{Place, ReadSeek};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

pub(super) struct Real {
    path: PathBuf,
}

impl Real {
    pub(super) fn new(path: PathBuf) -> Real {
        Real { path }
    }
}

impl Place for Real {
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        let file = File::open(self.path.join(name))?;
        // A folder can be opened, and fails at the first read only.
        if file.metadata()?.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        Ok(Box::new(file))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Write>> {
        Ok(Box::new(File::create(self.path.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// The folder too, since a file's name is an entry of it.
    fn sync(&self, name: &str) -> io::Result<()> {
        let path = self.path.join(name);
        File::open(&path)?.sync_all()?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }

    /// A name that is no UTF-8 is nobody's who could ask for it.
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = vec![];
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        names.sort();
        Ok(names)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.path.join(name))?.len())
    }

    fn is(&self) -> String {
        self.path.display().to_string()
    }
}
