//! The student's programs at work in processes, and what is told when one of them does not do what it must.
//!
//! Nothing is judged by a clock: a process has so many of the kit's own ticks.

use super::network::Network;
use super::patience::Patience;
use super::process::{Finished, Place, Process};
use super::{LiveError, unwritten};
use crate::scenario::{Bench, Failure};
use crate::{Row, Story, Time, text};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// For how many ticks a process may do what it must: half a minute on an idle machine, for what takes some seconds.
pub const PATIENCE: Patience = Patience::new(600);

/// A folder and a network in which processes of one program run, and what has happened so far.
pub struct Stage {
    folder: TempDir,
    program: PathBuf,
    network: Network,
    rows: Vec<Row>,
    started: Instant,
    /// The end of the story.
    end: Vec<Row>,
}

impl Stage {
    /// A stage for this program of the student's.
    ///
    /// # Errors
    /// The kit's own; or the program is not offered.
    pub fn new(bench: &Bench<'_>, program: &str) -> Result<Stage, Failure> {
        let folder = super::folder().map_err(|error| kit(&error))?;
        let program = bench.program().executable(program)?.to_owned();
        let network = bench.network()?;
        Ok(Stage { folder, program, network, rows: vec![], started: Instant::now(), end: vec![] })
    }

    /// The folder in which the processes run. It is removed at the end.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The network in which processes are that are given no other.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Makes an empty file in the folder.
    ///
    /// # Errors
    /// The kit's own.
    pub fn touch(&mut self, file: &str) -> Result<(), Failure> {
        std::fs::write(self.folder.path().join(file), "").map_err(|error| kit(&error))?;
        self.tell("scenario", format!("makes the file {file}"));
        Ok(())
    }

    /// Starts a process; `name` stands for it in the story.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&mut self, name: &str, arguments: &[&str]) -> Result<Process, Failure> {
        self.start_on(&self.network.clone(), name, arguments)
    }

    /// Starts a process in a network of the scenario's.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_on(
        &mut self,
        network: &Network,
        name: &str,
        arguments: &[&str],
    ) -> Result<Process, Failure> {
        let place = Place { folder: Some(self.folder.path()), network: network.clone() };
        let process = Process::spawn_at(place, name, &self.program, arguments)?;
        let program = self.program.file_name().map(Path::new).unwrap_or(&self.program).display();
        self.tell(name, format!("is started: {program} {}", arguments.join(" ")));
        Ok(process)
    }

    /// Starts a process that is none of the story's.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_quietly(&self, name: &str, arguments: &[&str]) -> Result<Process, Failure> {
        let place = Place { folder: Some(self.folder.path()), network: self.network.clone() };
        Ok(Process::spawn_at(place, name, &self.program, arguments)?)
    }

    /// The next line that a process prints, which must begin so; what follows.
    ///
    /// # Errors
    /// It ends before, says nothing, or says something else.
    pub fn line(&mut self, name: &str, process: &mut Process, beginning: &str) -> Result<String, Failure> {
        let line = process.read_line(PATIENCE).map_err(|error| self.failed(error))?;
        self.tell(name, format!("says: {}", text::line(&line, 100)));
        let rest = line.strip_prefix(beginning).map(String::from);
        rest.ok_or_else(|| {
            self.wrong(format!("The {name} must say \"{beginning}…\", and says {:?}.", text::line(&line, 80)))
        })
    }

    /// How a process has ended, which it does by itself.
    ///
    /// # Errors
    /// It does not end, or says that something is not written yet.
    pub fn end(&mut self, name: &str, process: Process) -> Result<Finished, Failure> {
        let finished = process.finish(PATIENCE).map_err(|error| self.failed(error))?;
        self.tell_words(name, &finished);
        match unwritten(&finished.stderr) {
            Some(failure) => Err(failure),
            None => Ok(finished),
        }
    }

    /// Ends a process with SIGKILL, and gives what it wrote.
    ///
    /// # Errors
    /// It cannot be killed, or has said that something is not written yet.
    pub fn kill(&mut self, name: &str, mut process: Process) -> Result<Finished, Failure> {
        process.kill()?;
        let finished = process.finish(PATIENCE)?;
        self.tell_words(name, &finished);
        match unwritten(&finished.stderr) {
            Some(failure) => Err(failure),
            None => Ok(finished),
        }
    }

    fn tell_words(&mut self, name: &str, finished: &Finished) {
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

    /// Takes note of a step of the story.
    pub fn tell(&mut self, host: &str, what: String) {
        let now = self.now();
        self.rows.push(Row::new(now, host, what));
    }

    /// How much time has passed.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::ZERO + Duration::from_millis(self.started.elapsed().as_millis() as u64)
    }

    /// These steps are the end of the story, until there are others: what the network has seen, say.
    pub fn ends_with(&mut self, rows: Vec<Row>) {
        self.end = rows;
    }

    /// The failure of a process that has not done what was awaited.
    #[must_use]
    pub fn failed(&self, error: LiveError) -> Failure {
        Failure::from(error).with(self.story())
    }

    /// A failure with all that has happened.
    #[must_use]
    pub fn wrong(&self, reason: String) -> Failure {
        Failure::new(reason).with(self.story())
    }

    fn story(&self) -> Story {
        let rows: Vec<_> = self.rows.iter().chain(&self.end).cloned().collect();
        Story::new(format!("live, {} steps, real time", rows.len()), rows)
    }
}

fn kit(error: &io::Error) -> Failure {
    Failure::of_the_kit(format!("A file cannot be made: {error}."))
}
