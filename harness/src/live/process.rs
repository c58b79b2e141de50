//! A child process that never outlives its owner: signals, its output in bounded memory, and how it ended.
//!
//! Invariant: when a [`Process`] is gone, so is its child, killed and reaped. Nobody looks after the child's children.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::error::LiveError;
use super::patience::Patience;

/// Bytes kept of each of standard output and standard error; what comes after is read and dropped.
pub const OUTPUT_MAX: usize = 64 * 1024;
/// Bytes of the last words in an error.
const LAST_WORDS_MAX: usize = 400;

/// A running program, or one that has ended and was not yet asked how.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdout: Capture,
    stderr: Capture,
    /// Bytes of standard output that `read_line` has given out.
    read: usize,
}

/// How a process ended and all that it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output from its beginning, with a note where it was too long.
    pub stdout: String,
    /// Standard error from its beginning, with a note where it was too long.
    pub stderr: String,
}

impl Process {
    /// Starts a program with an empty standard input; `name` stands for it in errors.
    pub fn spawn<A: AsRef<str>>(name: &str, program: &Path, args: &[A]) -> Result<Self, LiveError> {
        let failed = |source| LiveError::Start {
            name: name.to_owned(),
            program: program.display().to_string(),
            source,
        };
        let mut child = Command::new(program)
            .args(args.iter().map(AsRef::as_ref))
            // So that a panic's own words are the last ones.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let stdout = child.stdout.take().expect("standard output was piped above");
        let stderr = child.stderr.take().expect("standard error was piped above");
        let (stdout, stderr) = (Capture::of(stdout), Capture::of(stderr));
        Ok(Self { name: name.to_owned(), child, stdout, stderr, read: 0 })
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard output, without its newline.
    pub fn read_line(&mut self, patience: Patience) -> Result<String, LiveError> {
        match patience.until(|| self.stdout.kept().line_from(self.read)) {
            Some(Some(line)) => {
                self.read += line.len() + 1;
                Ok(String::from_utf8_lossy(&line).into_owned())
            }
            Some(None) => Err(self.ended("printed a line")),
            None => Err(self.silent("printed a line", patience)),
        }
    }

    /// Looks whether it still runs.
    ///
    /// # Errors
    /// [`LiveError::Ended`] when it has ended; `awaited` says what it was to do, as in "answered".
    pub fn check_running(&mut self, awaited: &'static str) -> Result<(), LiveError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(self.ended(awaited)),
            Err(source) => Err(self.uncontrolled("wait for", source)),
        }
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub fn interrupt(&mut self) -> Result<(), LiveError> {
        self.signal(Signal::INT, "interrupt")
    }

    /// Stops it (SIGSTOP) until [`Process::resume`]: alive, and silent.
    pub fn pause(&mut self) -> Result<(), LiveError> {
        self.signal(Signal::STOP, "pause")
    }

    /// Lets it go on after [`Process::pause`] (SIGCONT).
    pub fn resume(&mut self) -> Result<(), LiveError> {
        self.signal(Signal::CONT, "resume")
    }

    /// Kills it (SIGKILL) and waits until it is gone; one that has ended stays as it ended.
    pub fn kill(&mut self) -> Result<(), LiveError> {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map(|_| ()).map_err(|source| self.uncontrolled("kill", source))
    }

    /// Waits for its end and gives all that it wrote; one that does not end is killed.
    pub fn finish(mut self, patience: Patience) -> Result<Finished, LiveError> {
        match patience.until(|| self.child.try_wait().transpose()) {
            Some(Ok(status)) => {
                self.drain();
                let (stdout, stderr) = (self.stdout.kept().text(), self.stderr.kept().text());
                Ok(Finished { code: status.code(), stdout, stderr })
            }
            Some(Err(source)) => Err(self.uncontrolled("wait for", source)),
            None => Err(self.silent("ended", patience)),
        }
    }

    /// Signals the child unless it was reaped, so that no other process with its number is ever hit.
    fn signal(&mut self, signal: Signal, action: &'static str) -> Result<(), LiveError> {
        let sent = match self.child.try_wait() {
            Ok(None) => kill_process(Pid::from_child(&self.child), signal).map_err(io::Error::from),
            Ok(Some(_)) => return Err(self.ended("was signalled")),
            Err(error) => Err(error),
        };
        sent.map_err(|source| self.uncontrolled(action, source))
    }

    /// Gives the readers time to take what an ended child has left in its pipes.
    fn drain(&self) {
        Patience::default().until(|| (self.stdout.kept().closed && self.stderr.kept().closed).then_some(()));
    }

    fn ended(&mut self, awaited: &'static str) -> LiveError {
        // The pipes close a moment before the process can be reaped.
        let status = Patience::default().until(|| self.child.try_wait().transpose());
        self.drain();
        let how = match status {
            Some(Ok(status)) => told(status),
            _ => "its output is closed, it still runs".to_owned(),
        };
        LiveError::Ended { name: self.name.clone(), how, awaited, last_words: self.last_words() }
    }

    fn silent(&self, awaited: &'static str, patience: Patience) -> LiveError {
        LiveError::Silent { name: self.name.clone(), awaited, patience, last_words: self.last_words() }
    }

    fn uncontrolled(&self, action: &'static str, source: io::Error) -> LiveError {
        LiveError::Control { name: self.name.clone(), action, source }
    }

    fn last_words(&self) -> String {
        let (stdout, stderr) = (self.stdout.kept().text(), self.stderr.kept().text());
        let words = if stderr.trim().is_empty() { stdout.trim() } else { stderr.trim() };
        let start = words.ceil_char_boundary(words.len().saturating_sub(LAST_WORDS_MAX));
        words[start..].to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; it only says that the child is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// One output of a child, read to its end by a thread of its own, so that the child never blocks on a full pipe.
#[derive(Debug)]
struct Capture {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    dropped: u64,
    closed: bool,
}

impl Capture {
    fn of(pipe: impl Read + Send + 'static) -> Self {
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

    fn kept(&self) -> MutexGuard<'_, Kept> {
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
    fn line_from(&self, start: usize) -> Option<Option<Vec<u8>>> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        match rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => Some(Some(rest[..end].to_vec())),
            None if self.closed && !rest.is_empty() => Some(Some(rest.to_vec())),
            None if self.closed => Some(None),
            None => None,
        }
    }

    fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        if self.dropped > 0 {
            text.push_str(&format!("\n[{} more bytes were dropped]\n", self.dropped));
        }
        text
    }
}
