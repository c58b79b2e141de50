//! The disk of a simulated host as a folder.

use super::{Place, ReadSeek};
use crate::asynchronous::Runtime;
use std::cell::RefCell;
use std::fmt;
use std::io::{self, Cursor, ErrorKind, Write};
use std::rc::{Rc, Weak};

pub(super) struct OfHost {
    runtime: Runtime,
    /// The files that are open for writing, by the names that they have now.
    written: RefCell<Vec<Weak<Name>>>,
}

/// What an open file is called; nothing when it was removed.
type Name = RefCell<Option<String>>;

impl OfHost {
    pub(super) fn new(runtime: Runtime) -> OfHost {
        OfHost { runtime, written: RefCell::default() }
    }

    fn content(&self, name: &str) -> io::Result<Vec<u8>> {
        self.runtime.disk().read(name).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// A file that is open follows its name, and loses it with the file.
    fn called(&self, from: &str, to: Option<&str>) {
        let mut written = self.written.borrow_mut();
        written.retain(|name| name.strong_count() > 0);
        for name in written.iter().filter_map(Weak::upgrade) {
            let mut name = name.borrow_mut();
            match name.as_deref() {
                Some(now) if now == from => *name = to.map(String::from),
                Some(now) if Some(now) == to => *name = None,
                _ => {}
            }
        }
    }
}

impl Place for OfHost {
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadSeek>> {
        Ok(Box::new(Cursor::new(self.content(name)?)))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Write>> {
        self.runtime.disk().write(name, b"");
        let name = Rc::new(RefCell::new(Some(name.to_string())));
        self.written.borrow_mut().push(Rc::downgrade(&name));
        Ok(Box::new(Writer { runtime: self.runtime.clone(), name }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.content(from)?;
        self.runtime.disk().rename(from, to);
        if from != to {
            self.called(from, Some(to));
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.content(name)?;
        self.runtime.disk().remove(name);
        self.called(name, None);
        Ok(())
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.content(name)?;
        self.runtime.disk().sync(name);
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.runtime.disk().list().into_iter().filter(|name| !name.contains('/')).collect())
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(self.content(name)?.len() as u64)
    }

    fn is(&self) -> String {
        "the disk".into()
    }
}

struct Writer {
    runtime: Runtime,
    name: Rc<Name>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(name) = self.name.borrow().as_deref().filter(|_| !bytes.is_empty()) {
            self.runtime.disk().append(name, bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Writer({:?})", self.name.borrow())
    }
}
