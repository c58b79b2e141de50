//! A program at work in a folder of its own: signals, restart, its output in bounded memory, and how it ended.
//!
//! Invariant: when a [`Process`] is gone, so are its program and what that has started (see `leash.rs`), and its folder.
//! Only a program that leaves its process group on purpose gets away.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub use super::capture::OUTPUT_MAX;

use super::capture::Capture;
use super::error::LiveError;
use super::leash;
use super::network::Network;
use super::patience::Patience;
use crate::group::Group;

/// Bytes of the last words in an error.
const LAST_WORDS_MAX: usize = 400;

/// A running program, or one that has ended and was not yet asked how.
#[derive(Debug)]
pub struct Process {
    launch: Launch,
    /// What the program runs in; always there, also while no program is.
    group: Group,
    child: Child,
    stdout: Capture,
    stderr: Capture,
    /// Bytes of standard output that `read_line` has given out.
    read: usize,
}

/// What it takes to start the program, and to start it again.
#[derive(Debug)]
struct Launch {
    name: String,
    program: PathBuf,
    args: Vec<String>,
    folder: Folder,
    network: Network,
}

/// Where a program runs.
#[derive(Clone, Debug, Default)]
pub struct Place<'p> {
    /// The caller's folder, for what is to be read when the process is gone, or shared; without one it has an empty one of its own,
    /// which is removed at the end.
    pub folder: Option<&'p Path>,
    /// Its network.
    pub network: Network,
}

#[derive(Debug)]
enum Folder {
    /// Made for it, and removed with it.
    Own(TempDir),
    /// The scenario's.
    Given(PathBuf),
}

/// How a process ended and all that it wrote since it was last started.
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
    /// Starts a program with an empty standard input, in an empty folder of its own that is removed at the end; `name`
    /// stands for it in errors.
    pub fn spawn<A: AsRef<str>>(name: &str, program: &Path, args: &[A]) -> Result<Self, LiveError> {
        Self::spawn_at(Place::default(), name, program, args)
    }

    /// Starts a program as [`Process::spawn`] does, in a folder that the caller keeps.
    pub fn spawn_in<A: AsRef<str>>(
        folder: &Path,
        name: &str,
        program: &Path,
        args: &[A],
    ) -> Result<Self, LiveError> {
        Self::spawn_at(Place { folder: Some(folder), ..Place::default() }, name, program, args)
    }

    /// Starts a program as [`Process::spawn`] does, at this place.
    pub fn spawn_at<A: AsRef<str>>(
        place: Place<'_>,
        name: &str,
        program: &Path,
        args: &[A],
    ) -> Result<Self, LiveError> {
        let own = |source| LiveError::Kit { action: "make a folder", source };
        let folder = match place.folder {
            Some(folder) => Folder::Given(folder.to_owned()),
            None => Folder::Own(super::folder().map_err(own)?),
        };
        let args = args.iter().map(|arg| arg.as_ref().to_owned()).collect();
        let (name, program) = (name.to_owned(), program.to_owned());
        let launch = Launch { name, program, args, folder, network: place.network };
        let group = launch.tie()?;
        let (child, stdout, stderr) = launch.start_in(&group)?;
        Ok(Self { launch, group, child, stdout, stderr, read: 0 })
    }

    /// Starts the same program again, with the same arguments and in the same folder, as it was left; one that still runs
    /// is killed. What is read from here on is the output of the new one.
    pub fn restart(&mut self) -> Result<(), LiveError> {
        self.kill()?;
        (self.child, self.stdout, self.stderr) = self.launch.start_in(&self.group)?;
        self.read = 0;
        Ok(())
    }

    /// From its next start on it has these arguments too.
    pub fn add_arguments<A: AsRef<str>>(&mut self, more: &[A]) {
        self.launch.args.extend(more.iter().map(|argument| argument.as_ref().to_owned()));
    }

    /// The folder in which the program runs.
    pub fn folder(&self) -> &Path {
        self.launch.folder.path()
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

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>, LiveError> {
        self.child.try_wait().map_err(|source| self.uncontrolled("wait for", source))
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub fn interrupt(&mut self) -> Result<(), LiveError> {
        self.signal(Signal::INT, "interrupt")
    }

    /// Asks it to end (SIGTERM), as `kill` and a machine that shuts down do.
    pub fn terminate(&mut self) -> Result<(), LiveError> {
        self.signal(Signal::TERM, "terminate")
    }

    /// Stops it (SIGSTOP) until [`Process::resume`]: alive, and silent.
    pub fn pause(&mut self) -> Result<(), LiveError> {
        self.signal(Signal::STOP, "pause")
    }

    /// Lets it go on after [`Process::pause`] (SIGCONT).
    pub fn resume(&mut self) -> Result<(), LiveError> {
        self.signal(Signal::CONT, "resume")
    }

    /// Kills it and what it has started (SIGKILL), and waits until it is gone; one that has ended stays as it ended.
    pub fn kill(&mut self) -> Result<(), LiveError> {
        let killed = self.group.kill().and_then(|_| self.child.wait());
        killed.map_err(|source| self.uncontrolled("kill", source))?;
        self.group = self.launch.tie()?;
        Ok(())
    }

    /// Waits for its end and gives all that it wrote; one that does not end is killed.
    pub fn finish(mut self, patience: Patience) -> Result<Finished, LiveError> {
        match patience.until(|| self.child.try_wait().transpose()) {
            Some(Ok(status)) => {
                // What it has started must not keep its output open.
                let _ = self.group.kill();
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
        LiveError::Ended { name: self.launch.name.clone(), how, awaited, last_words: self.last_words() }
    }

    fn silent(&self, awaited: &'static str, patience: Patience) -> LiveError {
        LiveError::Silent { name: self.launch.name.clone(), awaited, patience, last_words: self.last_words() }
    }

    fn uncontrolled(&self, action: &'static str, source: io::Error) -> LiveError {
        LiveError::Control { name: self.launch.name.clone(), action, source }
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
        let _ = self.group.kill();
        let _ = self.child.wait();
    }
}

impl Launch {
    fn tie(&self) -> Result<Group, LiveError> {
        let own = match &self.folder {
            Folder::Own(folder) => Some(folder.path()),
            Folder::Given(_) => None,
        };
        leash::tie(own).map_err(|source| LiveError::Kit { action: "start a guard for a process", source })
    }

    fn start_in(&self, group: &Group) -> Result<(Child, Capture, Capture), LiveError> {
        let failed = |source| LiveError::Start {
            name: self.name.clone(),
            program: self.program.display().to_string(),
            source,
        };
        let mut command = Command::new(self.findable().map_err(failed)?);
        command
            .args(&self.args)
            .current_dir(self.folder.path())
            // So that a panic's own words are the last ones.
            .env("RUST_BACKTRACE", "0")
            .process_group(group.id().cast_signed())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.network.within(|| command.spawn()).map_err(failed)?;
        let stdout = child.stdout.take().expect("standard output was piped above");
        let stderr = child.stderr.take().expect("standard error was piped above");
        Ok((child, Capture::of(stdout), Capture::of(stderr)))
    }

    /// The program's path as it is found from its folder; a bare name is looked for in PATH.
    fn findable(&self) -> io::Result<PathBuf> {
        let is_bare = self.program.components().count() == 1;
        if is_bare { Ok(self.program.clone()) } else { std::path::absolute(&self.program) }
    }
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Folder::Own(folder) => folder.path(),
            Folder::Given(folder) => folder,
        }
    }
}

fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
