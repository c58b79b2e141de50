//! Files for code that reads and writes streams: in a real folder, on the disk of a simulated host, or in a folder in memory
//! that tells what was done to it, can be full, and in which the process can be killed at each operation.
//!
//! Invariant: to the code that uses it all are the same. Errors name the file; readers and writers have no buffer of their own,
//! so that each call of theirs is one operation of the system.

mod aliased;
mod memory;
mod of_host;
mod real;

pub use memory::{FileImage, Memory, Operation, Touched, Trouble};

use crate::asynchronous::Runtime;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::rc::Rc;

/// A folder of files. A clone is the same folder.
#[derive(Clone)]
pub struct Folder(Rc<dyn Place>);

/// What a folder can do.
trait Place {
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadSeek>>;
    fn create(&self, name: &str) -> io::Result<Box<dyn Write>>;
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    fn sync(&self, name: &str) -> io::Result<()>;
    fn names(&self) -> io::Result<Vec<String>>;
    fn length(&self, name: &str) -> io::Result<u64>;
    fn is(&self) -> String;
}

trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

impl Folder {
    /// The folder at this path, which is there. Names of its files are paths below it, or absolute ones.
    pub fn real(path: impl Into<PathBuf>) -> Folder {
        Folder(Rc::new(real::Real::new(path.into())))
    }

    /// The disk of the host that this runtime is of: each change is an operation at which the host can crash, and only what was
    /// synced is sure to survive that.
    #[must_use]
    pub fn of_host(runtime: &Runtime) -> Folder {
        Folder(Rc::new(of_host::OfHost::new(runtime.clone())))
    }

    /// The same folder, in which some files of this one, or at other paths, can also be read by these names (the first of each
    /// pair). What is made, renamed, removed and listed is in the folder itself.
    #[must_use]
    pub fn with_aliases(&self, aliases: impl IntoIterator<Item = (String, String)>) -> Folder {
        Folder(Rc::new(aliased::Aliased::new(self.0.clone(), aliases.into_iter().collect())))
    }

    /// Opens a file for reading, from its first byte on.
    ///
    /// # Errors
    /// There is none of this name, or it may not be read.
    pub fn open(&self, name: &str) -> io::Result<FileReader> {
        let file = self.0.open(name).map_err(|error| naming(name, &error))?;
        Ok(FileReader { name: name.into(), file })
    }

    /// Makes a file of no bytes; one that had the name loses its bytes.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(&self, name: &str) -> io::Result<FileWriter> {
        let file = self.0.create(name).map_err(|error| naming(name, &error))?;
        Ok(FileWriter { name: name.into(), file })
    }

    /// Gives a file another name, in one step: nobody ever sees neither or both. A file that had the new name is replaced.
    ///
    /// # Errors
    /// There is no file of the old name, or it cannot have the new one.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to).map_err(|error| naming(&format!("{from} -> {to}"), &error))
    }

    /// Removes a file.
    ///
    /// # Errors
    /// There is none of this name, or it cannot be removed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name).map_err(|error| naming(name, &error))
    }

    /// Makes a file's bytes and its name durable: they survive a computer that loses its power.
    ///
    /// # Errors
    /// There is none of this name, or the disk did not take it.
    pub fn sync(&self, name: &str) -> io::Result<()> {
        self.0.sync(name).map_err(|error| naming(name, &error))
    }

    /// The names of the files in the folder, sorted; of folders within it there are none.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn names(&self) -> io::Result<Vec<String>> {
        self.0.names().map_err(|error| naming(&self.0.is(), &error))
    }

    /// How many bytes a file has.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn length(&self, name: &str) -> io::Result<u64> {
        self.0.length(name).map_err(|error| naming(name, &error))
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Folder({})", self.0.is())
    }
}

/// An error of the same kind that says which file it is about.
fn naming(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

/// A file that is being read. It has no buffer: put a [`std::io::BufReader`] around it.
pub struct FileReader {
    name: String,
    file: Box<dyn ReadSeek>,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer).map_err(|error| naming(&self.name, &error))
    }
}

impl Seek for FileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to).map_err(|error| naming(&self.name, &error))
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FileReader({})", self.name)
    }
}

/// A file that is being written. It has no buffer: put a [`std::io::BufWriter`] around it, and mind that only `flush` tells
/// whether the last bytes could be written.
pub struct FileWriter {
    name: String,
    file: Box<dyn Write>,
}

impl Write for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| naming(&self.name, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| naming(&self.name, &error))
    }
}

impl fmt::Debug for FileWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FileWriter({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    /// Both kinds, empty.
    fn both() -> (tempfile::TempDir, [Folder; 2]) {
        let place = tempfile::tempdir().unwrap();
        let folders =
            [Folder::real(place.path()), Memory::new(&FileImage::new(), Trouble::default()).folder()];
        (place, folders)
    }

    fn put(folder: &Folder, name: &str, content: &[u8]) {
        folder.create(name).unwrap().write_all(content).unwrap();
    }

    fn content(folder: &Folder, name: &str) -> Vec<u8> {
        let mut content = vec![];
        folder.open(name).unwrap().read_to_end(&mut content).unwrap();
        content
    }

    #[test]
    fn files_are_made_read_renamed_and_removed() {
        let (_place, folders) = both();
        for folder in folders {
            put(&folder, "b", b"two");
            put(&folder, "a", b"longer");
            put(&folder, "a", b"one");
            assert_eq!(
                (folder.names().unwrap(), folder.length("a").unwrap()),
                (vec!["a".into(), "b".into()], 3)
            );
            folder.sync("a").unwrap();
            folder.rename("a", "b").unwrap();
            assert_eq!((folder.names().unwrap(), content(&folder, "b")), (vec!["b".into()], b"one".to_vec()));
            folder.remove("b").unwrap();
            assert!(folder.names().unwrap().is_empty());
        }
    }

    #[test]
    fn a_reader_seeks_and_a_file_that_is_open_outlives_its_name() {
        let (_place, folders) = both();
        for folder in folders {
            put(&folder, "a", b"0123456789");
            let mut reader = folder.open("a").unwrap();
            let mut writer = folder.create("b").unwrap();
            folder.remove("a").unwrap();
            folder.rename("b", "c").unwrap();
            writer.write_all(b"late").unwrap();
            assert_eq!(content(&folder, "c"), b"late");
            assert_eq!(reader.seek(SeekFrom::Start(7)).unwrap(), 7);
            let mut rest = String::new();
            reader.read_to_string(&mut rest).unwrap();
            assert_eq!(rest, "789");
            assert_eq!(reader.seek(SeekFrom::End(-1)).unwrap(), 9);
            assert_eq!(reader.seek(SeekFrom::Current(-2)).unwrap(), 7);
            assert!(reader.seek(SeekFrom::Current(-20)).is_err());
        }
    }

    #[test]
    fn an_alias_can_be_read_and_nothing_else() {
        let (_place, folders) = both();
        for folder in folders {
            put(&folder, "a", b"content");
            let folder = folder.with_aliases([("b".to_string(), "a".to_string())]);
            assert_eq!(
                (content(&folder, "b"), content(&folder, "a")),
                (b"content".to_vec(), b"content".to_vec())
            );
            assert_eq!((folder.length("b").unwrap(), folder.names().unwrap()), (7, vec!["a".to_string()]));
            assert_eq!(folder.remove("b").unwrap_err().kind(), ErrorKind::NotFound);
        }
    }

    #[test]
    fn errors_name_the_file_and_keep_their_kind() {
        let (_place, folders) = both();
        for folder in folders {
            let errors = [
                folder.open("x").unwrap_err(),
                folder.remove("x").unwrap_err(),
                folder.length("x").unwrap_err(),
                folder.sync("x").unwrap_err(),
                folder.rename("x", "y").unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::NotFound);
                assert!(error.to_string().starts_with('x'), "{error}");
            }
        }
    }
}
