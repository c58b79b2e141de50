//! A file of a folder in memory that somebody has open. It outlives the file's name, as a file of POSIX does.

use super::{Content, Memory, Touched, killed};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};

/// A file that is open.
pub(super) struct Handle {
    pub(super) memory: Memory,
    pub(super) name: String,
    pub(super) content: Content,
    pub(super) place: usize,
}

impl Read for Handle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let state = &mut *self.memory.0.borrow_mut();
        state.note_step(Touched::Read, &self.name)?;
        let content = self.content.borrow();
        let mut rest = content.get(self.place..).unwrap_or_default();
        if let Some((_, from)) = state.trouble.unreadable.as_ref().filter(|(name, _)| *name == self.name) {
            let readable = (*from as usize).saturating_sub(self.place);
            if readable == 0 && !rest.is_empty() {
                return Err(io::Error::other("the disk cannot read it"));
            }
            rest = &rest[..rest.len().min(readable)];
        }
        let length = state.portion(rest.len().min(buffer.len()));
        buffer[..length].copy_from_slice(&rest[..length]);
        self.place += length;
        state.moved(length);
        Ok(length)
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = self.content.borrow().len() as i64;
        let place = match to {
            SeekFrom::Start(place) => i64::try_from(place).ok(),
            SeekFrom::End(distance) => end.checked_add(distance),
            SeekFrom::Current(distance) => (self.place as i64).checked_add(distance),
        };
        let place = place.and_then(|place| u64::try_from(place).ok()).ok_or(ErrorKind::InvalidInput)?;
        self.place = place as usize;
        Ok(place)
    }
}

impl Write for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let state = &mut *self.memory.0.borrow_mut();
        let is_killed = state.note(Touched::Written, &self.name)?;
        let wanted = if is_killed { bytes.len() / 2 } else { state.portion(bytes.len()) };
        let length = wanted.min(state.room());
        put(&mut self.content.borrow_mut(), self.place, &bytes[..length]);
        self.place += length;
        state.moved(length);
        match length {
            _ if is_killed => Err(killed()),
            0 if !bytes.is_empty() => Err(ErrorKind::StorageFull.into()),
            _ => Ok(length),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes bytes at a place, over those that are there; a hole before them is filled with zeros.
fn put(content: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    if content.len() < place {
        content.resize(place, 0);
    }
    let over = bytes.len().min(content.len() - place);
    content[place..place + over].copy_from_slice(&bytes[..over]);
    content.extend(&bytes[over..]);
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.memory.0.borrow_mut().open -= 1;
    }
}
