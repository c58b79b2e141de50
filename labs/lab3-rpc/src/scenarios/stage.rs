//! The student's programs at work in processes, and what is told when one of them does not do what it must.
//!
//! Nothing is judged by a clock: a process has so many of the kit's own ticks.

use crate::Message;
use faultline::live::patience::Patience;
use faultline::live::process::{Finished, Process};
use faultline::live::relay::{CLIENTS, Relay};
use faultline::live::{LiveError, unwritten};
use faultline::scenario::{Bench, Failure};
use faultline::{Row, Story, Time, text};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// For how many ticks a process may do what it must: half a minute on an idle machine, for what takes some seconds.
pub(super) const PATIENCE: Patience = Patience::new(600);

/// A folder in which processes of one program run, and what has happened so far.
pub(super) struct Stage {
    folder: TempDir,
    program: PathBuf,
    rows: Vec<Row>,
    started: Instant,
    /// The end of what the network has seen.
    last_datagrams: Vec<Row>,
}

impl Stage {
    /// A stage for this program of the student's.
    pub(super) fn new(bench: &Bench<'_>, program: &str) -> Result<Stage, Failure> {
        let folder = tempfile::tempdir().map_err(|error| kit(&error))?;
        let program = bench.program().executable(program)?.to_owned();
        Ok(Stage { folder, program, rows: vec![], started: Instant::now(), last_datagrams: vec![] })
    }

    /// Makes an empty file in the folder.
    pub(super) fn touch(&mut self, file: &str) -> Result<(), Failure> {
        std::fs::write(self.folder.path().join(file), "").map_err(|error| kit(&error))?;
        self.tell("scenario", format!("makes the file {file}"));
        Ok(())
    }

    /// Starts a process; `name` stands for it in the story.
    pub(super) fn start(&mut self, name: &'static str, arguments: &[&str]) -> Result<Process, Failure> {
        let process = Process::spawn_in(self.folder.path(), name, &self.program, arguments)?;
        let program = self.program.file_name().map(Path::new).unwrap_or(&self.program).display();
        self.tell(name, format!("is started: {program} {}", arguments.join(" ")));
        Ok(process)
    }

    /// Starts a server, and waits until it says where it listens.
    pub(super) fn serve(
        &mut self,
        name: &'static str,
        listen: SocketAddr,
    ) -> Result<(Process, SocketAddr), Failure> {
        let mut server = self.start(name, &["serve", "--listen", &listen.to_string(), "--tell"])?;
        let line = self.line(name, &mut server, "listening on ")?;
        let address = line.parse();
        let address =
            address.map_err(|_| Failure::new(format!("The {name} says that it listens at {line}.")))?;
        Ok((server, address))
    }

    /// The next line that a process prints, which must begin so; what follows.
    pub(super) fn line(
        &mut self,
        name: &'static str,
        process: &mut Process,
        beginning: &str,
    ) -> Result<String, Failure> {
        let line = process.read_line(PATIENCE).map_err(|error| self.failed(error))?;
        self.tell(name, format!("says: {}", text::line(&line, 100)));
        let rest = line.strip_prefix(beginning).map(String::from);
        rest.ok_or_else(|| {
            self.wrong(format!("The {name} must say \"{beginning}…\", and says {:?}.", text::line(&line, 80)))
        })
    }

    /// How a process has ended, which it does by itself.
    pub(super) fn end(&mut self, name: &'static str, process: Process) -> Result<Finished, Failure> {
        let finished = process.finish(PATIENCE).map_err(|error| self.failed(error))?;
        self.tell_words(name, &finished);
        match unwritten(&finished.stderr) {
            Some(failure) => Err(failure),
            None => Ok(finished),
        }
    }

    /// Ends a process with SIGKILL, and gives what it wrote.
    pub(super) fn kill(&mut self, name: &'static str, mut process: Process) -> Result<Finished, Failure> {
        process.kill()?;
        let finished = process.finish(PATIENCE)?;
        self.tell_words(name, &finished);
        match unwritten(&finished.stderr) {
            Some(failure) => Err(failure),
            None => Ok(finished),
        }
    }

    fn tell_words(&mut self, name: &'static str, finished: &Finished) {
        /// Lines of a process's own words.
        const LINES: usize = 2;
        let lines: Vec<_> = finished.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        for line in lines.iter().take(LINES) {
            self.tell(name, format!("says on standard error: {}", text::line(line, 100)));
        }
        self.tell(
            name,
            match finished.code {
                Some(code) => format!("ends with exit code {code}"),
                None => "is killed".into(),
            },
        );
    }

    /// A step of the story.
    pub(super) fn tell(&mut self, host: &'static str, what: String) {
        let now = Time::ZERO + Duration::from_millis(self.started.elapsed().as_millis() as u64);
        self.rows.push(Row::new(now, host, what));
    }

    /// Takes the last datagrams that came to the network into the story.
    pub(super) fn look_at(&mut self, relay: &Relay) {
        const DATAGRAMS: usize = 6;
        let log = relay.log();
        let last = log[log.len().saturating_sub(DATAGRAMS)..].iter().map(|record| {
            let from = if record.from == CLIENTS { "client" } else { "server" };
            let what = Message::describe(&record.datagram);
            let at = Time::ZERO + Duration::from_millis(record.arrived.as_millis() as u64);
            Row::new(at, "network", format!("{} {what}, from the {from}", record.fate))
        });
        self.last_datagrams = last.collect();
    }

    /// The failure of a process that has not done what was awaited.
    fn failed(&self, error: LiveError) -> Failure {
        Failure::from(error).with(self.story())
    }

    /// A failure with all that has happened.
    pub(super) fn wrong(&self, reason: String) -> Failure {
        Failure::new(reason).with(self.story())
    }

    fn story(&self) -> Story {
        let rows: Vec<_> = self.rows.iter().chain(&self.last_datagrams).cloned().collect();
        Story::new(format!("live, {} steps, real time", rows.len()), rows)
    }
}

fn kit(error: &io::Error) -> Failure {
    Failure::of_the_kit(format!("A file cannot be made: {error}."))
}
