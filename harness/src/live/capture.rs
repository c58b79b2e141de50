//! What a child writes: all of it read, so that it never blocks on a full pipe, and its beginning kept.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// Bytes kept of each of standard output and standard error; what comes after is read and dropped.
pub const OUTPUT_MAX: usize = 64 * 1024;

/// One output of a child, read to its end by a thread of its own, so that the child never blocks on a full pipe.
#[derive(Debug)]
pub(super) struct Capture {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    dropped: u64,
    pub(super) closed: bool,
}

impl Capture {
    pub(super) fn of(pipe: impl Read + Send + 'static) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let capture = Self { kept: Arc::clone(&kept) };
        thread::spawn(move || Self { kept }.read_all(pipe));
        capture
    }

    fn read_all(&self, mut pipe: impl Read) {
        let mut buffer = [0; 4096];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => self.kept().add(&buffer[..len]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.kept().closed = true;
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("nothing panics while it holds this lock")
    }
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        let room = OUTPUT_MAX - self.bytes.len();
        let (kept, dropped) = bytes.split_at(room.min(bytes.len()));
        self.bytes.extend_from_slice(kept);
        self.dropped += dropped.len() as u64;
    }

    /// The line that begins at `start`; `Some(None)` when there will never be one, `None` when it may yet come.
    pub(super) fn line_from(&self, start: usize) -> Option<Option<Vec<u8>>> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        match rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => Some(Some(rest[..end].to_vec())),
            None if self.closed && !rest.is_empty() => Some(Some(rest.to_vec())),
            None if self.closed => Some(None),
            None => None,
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        if self.dropped > 0 {
            text.push_str(&format!("\n[{} more bytes were dropped]\n", self.dropped));
        }
        text
    }
}
