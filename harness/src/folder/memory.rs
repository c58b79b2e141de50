//! A folder in memory, and the trouble that it can be in.

mod handle;

use super::{Folder, Place, ReadSeek};
use crate::random::{Draw as _, Random};
use handle::Handle;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;

/// Names and contents of files.
pub type FileImage = BTreeMap<String, Vec<u8>>;

/// What goes wrong in a folder. By default, nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The process is killed at this operation, counted from 0. Of a write, half of the bytes have come to the file. From then on
    /// everything fails, and nothing changes any more.
    pub kill_at: Option<u64>,
    /// This operation, counted from 0, fails, and changes nothing; the next ones do not.
    pub fail_at: Option<u64>,
    /// So many bytes fit into all files together; a write that would pass this writes what fits, then fails.
    pub capacity: Option<u64>,
    /// Reading this file fails from this byte on.
    pub unreadable: Option<(String, u64)>,
    /// So many files may be open at once.
    pub open_max: Option<usize>,
    /// Reads and writes handle fewer bytes than they were asked to, as every file system may; how many, this seed decides.
    pub ragged: Option<u64>,
}

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Touched {
    /// Opened for reading.
    Opened,
    /// Made, or emptied.
    Created,
    /// Bytes were read.
    Read,
    /// Bytes were written.
    Written,
    /// Renamed.
    Renamed,
    /// Removed.
    Removed,
    /// Synced.
    Synced,
    /// The names were listed.
    Listed,
}

/// One operation, or several reads or writes of one file that followed each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The number of the first, from 0.
    pub number: u64,
    /// What was done.
    pub touched: Touched,
    /// To which file; when it was renamed, with `->` and its new name.
    pub name: String,
    /// How many bytes were read or written.
    pub bytes: u64,
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Operation { touched, name, bytes, .. } = self;
        match touched {
            Touched::Opened => write!(formatter, "opens {name}"),
            Touched::Created => write!(formatter, "creates {name}"),
            Touched::Read => write!(formatter, "reads {bytes} bytes of {name}"),
            Touched::Written => write!(formatter, "writes {bytes} bytes to {name}"),
            Touched::Renamed => write!(formatter, "renames {name}"),
            Touched::Removed => write!(formatter, "removes {name}"),
            Touched::Synced => write!(formatter, "syncs {name}"),
            Touched::Listed => write!(formatter, "lists the folder"),
        }
    }
}

/// A folder in memory, for who looks on from outside. A clone is the same folder.
#[derive(Clone)]
pub struct Memory(Rc<RefCell<State>>);

struct State {
    files: BTreeMap<String, Content>,
    trouble: Trouble,
    random: Random,
    operations: Vec<Operation>,
    /// How many operations there were.
    count: u64,
    open: usize,
    open_most: usize,
    is_dead: bool,
}

type Content = Rc<RefCell<Vec<u8>>>;

impl Memory {
    /// A folder with these files.
    #[must_use]
    pub fn new(image: &FileImage, trouble: Trouble) -> Memory {
        let files = image.iter().map(|(name, bytes)| (name.clone(), Rc::new(RefCell::new(bytes.clone()))));
        Memory(Rc::new(RefCell::new(State {
            files: files.collect(),
            random: Random::new(trouble.ragged.unwrap_or_default()),
            trouble,
            operations: vec![],
            count: 0,
            open: 0,
            open_most: 0,
            is_dead: false,
        })))
    }

    /// The folder, for who uses it.
    #[must_use]
    pub fn folder(&self) -> Folder {
        Folder(Rc::new(self.clone()))
    }

    /// All files as they are.
    #[must_use]
    pub fn image(&self) -> FileImage {
        let state = self.0.borrow();
        state.files.iter().map(|(name, content)| (name.clone(), content.borrow().clone())).collect()
    }

    /// What was done, in order.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        self.0.borrow().operations.clone()
    }

    /// How many operations there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.borrow().count
    }

    /// How many files were open at once at most.
    #[must_use]
    pub fn open_most(&self) -> usize {
        self.0.borrow().open_most
    }

    /// Whether the process was killed.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        self.0.borrow().is_dead
    }
}

impl State {
    /// Takes note of an operation; says whether the process is killed in it.
    fn note(&mut self, touched: Touched, name: &str) -> io::Result<bool> {
        if self.is_dead {
            return Err(killed());
        }
        let number = self.count;
        self.count += 1;
        let goes_on = matches!(touched, Touched::Read | Touched::Written);
        match self.operations.last() {
            Some(last) if goes_on && last.touched == touched && last.name == name => {}
            _ => self.operations.push(Operation { number, touched, name: name.into(), bytes: 0 }),
        }
        if self.trouble.fail_at == Some(number) {
            return Err(io::Error::other("the disk has failed"));
        }
        self.is_dead = self.trouble.kill_at == Some(number);
        Ok(self.is_dead)
    }

    /// As [`State::note`], for what is done in one step: who is killed in it has not done it.
    fn note_step(&mut self, touched: Touched, name: &str) -> io::Result<()> {
        if self.note(touched, name)? { Err(killed()) } else { Ok(()) }
    }

    fn moved(&mut self, bytes: usize) {
        if let Some(last) = self.operations.last_mut() {
            last.bytes += bytes as u64;
        }
    }

    fn find(&self, name: &str) -> io::Result<Content> {
        self.files.get(name).cloned().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn open(&mut self) -> io::Result<()> {
        if let Some(most) = self.trouble.open_max.filter(|most| self.open >= *most) {
            return Err(io::Error::other(format!("too many open files: {most} are")));
        }
        self.open += 1;
        self.open_most = self.open_most.max(self.open);
        Ok(())
    }

    /// How many of so many bytes are handled at once.
    fn portion(&mut self, bytes: usize) -> usize {
        match self.trouble.ragged {
            Some(_) if bytes > 1 => 1 + self.random.below(bytes as u64) as usize,
            _ => bytes,
        }
    }

    /// How many bytes still fit.
    fn room(&self) -> usize {
        let Some(capacity) = self.trouble.capacity else { return usize::MAX };
        let used: usize = self.files.values().map(|content| content.borrow().len()).sum();
        (capacity as usize).saturating_sub(used)
    }
}

fn killed() -> io::Error {
    io::Error::other("the process was killed")
}

impl Place for Memory {
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        let state = &mut *self.0.borrow_mut();
        state.note_step(Touched::Opened, name)?;
        let content = state.find(name)?;
        state.open()?;
        Ok(Box::new(Handle { memory: self.clone(), name: name.into(), content, place: 0 }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Write>> {
        let state = &mut *self.0.borrow_mut();
        state.note_step(Touched::Created, name)?;
        state.open()?;
        let content = state.files.entry(name.into()).or_default().clone();
        content.borrow_mut().clear();
        Ok(Box::new(Handle { memory: self.clone(), name: name.into(), content, place: 0 }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.note_step(Touched::Renamed, &format!("{from} -> {to}"))?;
        let content = state.files.remove(from).ok_or(ErrorKind::NotFound)?;
        state.files.insert(to.into(), content);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.note_step(Touched::Removed, name)?;
        state.files.remove(name).map(drop).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        let state = &mut *self.0.borrow_mut();
        state.note_step(Touched::Synced, name)?;
        state.find(name).map(drop)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let state = &mut *self.0.borrow_mut();
        state.note_step(Touched::Listed, "")?;
        Ok(state.files.keys().filter(|name| !name.contains('/')).cloned().collect())
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        let state = self.0.borrow();
        Ok(state.find(name)?.borrow().len() as u64)
    }

    fn is(&self) -> String {
        "in memory".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn image(files: &[(&str, &str)]) -> FileImage {
        files.iter().map(|(name, text)| (name.to_string(), text.as_bytes().to_vec())).collect()
    }

    /// Makes `b` of `a`, as everybody would.
    fn work(folder: &Folder) -> io::Result<()> {
        let mut text = String::new();
        folder.open("a")?.read_to_string(&mut text)?;
        let mut writer = folder.create("tmp")?;
        writer.write_all(text.as_bytes())?;
        writer.write_all(b"!")?;
        folder.rename("tmp", "b")
    }

    #[test]
    fn it_tells_what_was_done() {
        let memory = Memory::new(&image(&[("a", "four")]), Trouble::default());
        work(&memory.folder()).unwrap();
        let told: Vec<_> = memory.operations().iter().map(Operation::to_string).collect();
        let expected =
            ["opens a", "reads 4 bytes of a", "creates tmp", "writes 5 bytes to tmp", "renames tmp -> b"];
        assert_eq!(told, expected);
        assert_eq!((memory.open_most(), memory.was_killed()), (1, false));
        assert_eq!(memory.image(), image(&[("a", "four"), ("b", "four!")]));
    }

    #[test]
    fn who_is_killed_has_done_what_came_before_and_half_of_a_write() {
        let whole = Memory::new(&image(&[("a", "four")]), Trouble::default());
        work(&whole.folder()).unwrap();
        let ends: Vec<FileImage> = (0..whole.count())
            .map(|kill_at| {
                let trouble = Trouble { kill_at: Some(kill_at), ..Trouble::default() };
                let memory = Memory::new(&image(&[("a", "four")]), trouble);
                assert!(work(&memory.folder()).is_err() && memory.was_killed());
                assert!(memory.folder().remove("a").is_err());
                memory.image()
            })
            .collect();
        let before = image(&[("a", "four")]);
        let with = |text| image(&[("a", "four"), ("tmp", text)]);
        // How often a file is read until it ends is the business of std.
        assert_eq!(ends[ends.len() - 4..], [before, with("fo"), with("four"), with("four!")]);
    }

    #[test]
    fn an_operation_fails_once() {
        let trouble = Trouble { fail_at: Some(0), ..Trouble::default() };
        let memory = Memory::new(&image(&[("a", "four")]), trouble);
        assert!(work(&memory.folder()).unwrap_err().to_string().contains("a: the disk has failed"));
        work(&memory.folder()).unwrap();
        assert_eq!(memory.image()["b"], b"four!");
    }

    #[test]
    fn a_full_disk_takes_what_fits() {
        let trouble = Trouble { capacity: Some(6), ..Trouble::default() };
        let memory = Memory::new(&image(&[("a", "four")]), trouble);
        let error = work(&memory.folder()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert_eq!(memory.image()["tmp"], b"fo");
        memory.folder().remove("a").unwrap();
        assert!(memory.folder().create("c").unwrap().write_all(b"four").is_ok());
    }

    #[test]
    fn a_file_that_cannot_be_read_fails_where_it_cannot() {
        let trouble = Trouble { unreadable: Some(("a".into(), 2)), ..Trouble::default() };
        let memory = Memory::new(&image(&[("a", "four")]), trouble);
        let (mut reader, mut bytes) = (memory.folder().open("a").unwrap(), vec![]);
        assert!(reader.read_to_end(&mut bytes).unwrap_err().to_string().contains("a: "));
        assert_eq!(bytes, b"fo");
    }

    #[test]
    fn ragged_reads_and_writes_lose_nothing_for_who_goes_on() {
        for seed in 0..50 {
            let trouble = Trouble { ragged: Some(seed), ..Trouble::default() };
            let memory = Memory::new(&image(&[("a", "a longer text than before")]), trouble);
            work(&memory.folder()).unwrap();
            assert_eq!(memory.image()["b"], b"a longer text than before!");
            assert!(memory.count() > 6, "nothing was ragged with seed {seed}");
        }
    }

    #[test]
    fn two_who_write_one_file_write_over_each_other() {
        let memory = Memory::new(&FileImage::new(), Trouble::default());
        let folder = memory.folder();
        let mut first = folder.create("a").unwrap();
        first.write_all(b"12345").unwrap();
        let mut second = folder.create("a").unwrap();
        second.write_all(b"ab").unwrap();
        first.write_all(b"6").unwrap();
        second.write_all(b"cd").unwrap();
        assert_eq!(memory.image()["a"], b"abcd\x006");
    }

    #[test]
    fn only_so_many_files_are_open_at_once() {
        let trouble = Trouble { open_max: Some(2), ..Trouble::default() };
        let memory = Memory::new(&image(&[("a", "")]), trouble);
        let folder = memory.folder();
        let held = [folder.open("a").unwrap(), folder.open("a").unwrap()];
        assert!(folder.open("a").unwrap_err().to_string().contains("too many open files"));
        drop(held);
        assert!(folder.open("a").is_ok());
        assert_eq!(memory.open_most(), 2);
    }
}
