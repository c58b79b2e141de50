//! A coordinator, workers and a client as processes, and what must be true when all of them have ended.

use crate::files::File;
use crate::live::client::next_chunk;
use crate::programs::CLUSTER;
use crate::words;
use faultline::live::patience::Patience;
use faultline::live::process::Process;
use faultline::live::stage::{PATIENCE, Stage};
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How many outputs the job has.
const REDUCES: u32 = 3;

/// Bytes of a chunk, about.
const CHUNK: u64 = 600;

/// What the worker of this number, from 0, is called.
#[must_use]
pub fn name(worker: usize) -> &'static str {
    ["w0", "w1", "w2", "w3"][worker]
}

/// What a job of so many reduce tasks must give for these chunks.
pub type Expected = fn(chunks: &[Vec<u8>], reduces: u32) -> Vec<Vec<u8>>;

/// Whose processes they are, and what they are to do.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// What comes before each command of `cluster`.
    pub command: &'static [&'static str],
    /// What workers are told besides.
    pub worker: &'static [&'static str],
    /// The application.
    pub application: &'static str,
    /// What it must give.
    pub expected: Expected,
}

/// The program of lab 5, with the given engine.
const GIVEN: Manner = Manner { command: &[], worker: &[], application: "words", expected: words::expected };

/// Processes, and the job that they do.
pub struct LiveCluster {
    /// Where they run.
    pub stage: Stage,
    manner: Manner,
    coordinator: Option<Process>,
    /// The workers' processes, in order.
    pub workers: Vec<Process>,
    client: Option<Process>,
    address: String,
    text: Vec<u8>,
}

impl LiveCluster {
    /// A coordinator and workers of lab 5 who wait for a job; each task takes so many milliseconds.
    ///
    /// # Errors
    /// They do not start.
    pub fn start(bench: &Bench<'_>, workers: usize, task_ms: u32) -> Result<LiveCluster, Failure> {
        LiveCluster::start_on(Stage::new(bench, CLUSTER)?, GIVEN, text(bench.seed()), workers, task_ms)
    }

    /// As [`LiveCluster::start`], on this stage and in this manner, with this text.
    ///
    /// # Errors
    /// They do not start.
    pub fn start_on(
        mut stage: Stage,
        manner: Manner,
        text: Vec<u8>,
        workers: usize,
        task_ms: u32,
    ) -> Result<LiveCluster, Failure> {
        let arguments = ["coordinator", "--journal", "journal", "--lease-ms", "1000", "--max-failures", "3"];
        let mut coordinator = stage.start("coordinator", &[manner.command, &arguments].concat())?;
        let address = stage.line("coordinator", &mut coordinator, "listening on ")?;
        // So that it can be started again at the same place.
        coordinator.add_arguments(&["--listen", &address]);
        let mut cluster = LiveCluster {
            stage,
            manner,
            coordinator: Some(coordinator),
            workers: vec![],
            client: None,
            address,
            text,
        };
        for number in 0..workers {
            cluster.start_worker(number, task_ms)?;
        }
        Ok(cluster)
    }

    fn start_worker(&mut self, number: usize, task_ms: u32) -> Outcome {
        let (folder, task) = (format!("disk{number}"), task_ms.to_string());
        let arguments = [
            self.manner.command,
            &["worker", "--coordinator", &self.address, "--folder", &folder],
            &["--beat-ms", "100", "--task-ms", &task],
            self.manner.worker,
        ];
        let mut worker = self.stage.start(name(number), &arguments.concat())?;
        let address = self.stage.line(name(number), &mut worker, "listening on ")?;
        worker.add_arguments(&["--listen", &address]);
        self.workers.push(worker);
        Ok(())
    }

    /// The client submits the job; `more` is added to its input.
    ///
    /// # Errors
    /// It does not start.
    pub fn submit(&mut self, more: &[u8]) -> Outcome {
        self.text.extend(more);
        let path = self.stage.folder().join("text");
        fs::write(&path, &self.text)
            .map_err(|error| Failure::of_the_kit(format!("A file cannot be made: {error}.")))?;
        let (workers, reduces, chunk) =
            (self.workers.len().to_string(), REDUCES.to_string(), CHUNK.to_string());
        let arguments = [
            self.manner.command,
            &["submit", "--coordinator", &self.address, "--app", self.manner.application],
            &["--inputs", "text", "--out", "out"],
            &["--workers", &workers, "--reduces", &reduces, "--chunk-size", &chunk],
        ];
        self.client = Some(self.stage.start("client", &arguments.concat())?);
        Ok(())
    }

    /// The coordinator's process is killed, and started again after so many milliseconds.
    ///
    /// # Errors
    /// It cannot be killed, or not started again.
    pub fn kill_coordinator(&mut self, pause_ms: u64) -> Outcome {
        let Some(coordinator) = &mut self.coordinator else { return Ok(()) };
        coordinator.kill()?;
        self.stage.tell("coordinator", "is killed (SIGKILL)".into());
        std::thread::sleep(ms(pause_ms));
        coordinator.restart()?;
        self.stage.tell("coordinator", "is started again, with its journal".into());
        Ok(())
    }

    /// Waits until so many tasks are done, or the client has ended.
    ///
    /// # Errors
    /// They are never done.
    pub fn until_done(&mut self, tasks: u32) -> Outcome {
        /// Each is a process that asks, and a rest: half a minute on an idle machine.
        const QUESTIONS: u32 = 900;
        let mut last = String::new();
        for _ in 0..QUESTIONS {
            last = self.status()?;
            if let Some(done) = done_of(&last).filter(|done| *done >= tasks) {
                self.stage.tell("scenario", format!("sees that {done} tasks are done"));
                return Ok(());
            }
            if let Some(client) = &mut self.client
                && client.try_wait()?.is_some()
            {
                return Ok(());
            }
            std::thread::sleep(ms(20));
        }
        let last = last.trim_end().replace('\n', "; ");
        Err(self
            .stage
            .wrong(format!("{tasks} tasks should be done after some time, and the status is still: {last}.")))
    }

    /// Everybody ends by itself, with these exit codes; gives what the client has written on standard error.
    ///
    /// # Errors
    /// Somebody does not end, or with another code.
    pub fn end(&mut self, client_code: i32, coordinator_code: i32) -> Result<String, Failure> {
        let client = self.client.take().ok_or_else(|| Failure::of_the_kit("Nobody has submitted a job."))?;
        let client = self.stage.end("client", client).map_err(|failure| self.with_status(failure))?;
        self.await_workers(coordinator_code)?;
        let mut codes = vec![("client".to_string(), client.code, client_code, client.stderr.clone())];
        for (number, worker) in std::mem::take(&mut self.workers).into_iter().enumerate() {
            let ended = self.stage.end(name(number), worker)?;
            codes.push((name(number).into(), ended.code, 0, ended.stderr));
        }
        if let Some(coordinator) = self.coordinator.take() {
            let ended = self.stage.end("coordinator", coordinator)?;
            codes.push(("coordinator".into(), ended.code, coordinator_code, ended.stderr));
        }
        for (who, code, expected, words) in codes {
            if code != Some(expected) {
                let words = words.lines().last().unwrap_or_default();
                return Err(self.stage.wrong(format!(
                    "The {who} must end with exit code {expected}, and has ended with {code:?}: {words:?}."
                )));
            }
        }
        Ok(client.stderr)
    }

    /// Waits until the workers have ended, or should have. Where a machine is busy a coordinator may end before somebody of whom it does not
    /// know has come again; then it is started again, as a person would do who sees that: its journal says that all is over.
    fn await_workers(&mut self, coordinator_code: i32) -> Outcome {
        const TICK: Patience = Patience::new(1);
        /// So many ticks after the coordinator's end everybody who has heard of it has ended too.
        const LATE: u32 = 40;
        const RESTARTS: u32 = 3;
        let (mut late, mut restarts) = (0, 0);
        for _ in 0..PATIENCE.ticks() {
            let mut is_over = true;
            for worker in &mut self.workers {
                is_over &= worker.try_wait()?.is_some();
            }
            let Some(coordinator) = self.coordinator.as_mut().filter(|_| !is_over) else { return Ok(()) };
            let has_ended =
                coordinator.try_wait()?.is_some_and(|status| status.code() == Some(coordinator_code));
            late = if has_ended { late + 1 } else { 0 };
            if late == LATE && restarts < RESTARTS {
                restarts += 1;
                coordinator.restart()?;
                self.stage.tell("coordinator", "has ended before all workers, and is started again".into());
            }
            TICK.pass();
        }
        Ok(())
    }

    fn status(&self) -> Result<String, Failure> {
        let arguments = [self.manner.command, &["status", "--coordinator", &self.address]].concat();
        Ok(self.stage.start_quietly("status", &arguments)?.finish(PATIENCE)?.stdout)
    }

    /// What a hang looks like from the coordinator.
    fn with_status(&mut self, failure: Failure) -> Failure {
        let status = self.status().unwrap_or_default();
        let status = status.trim_end().replace('\n', "; ");
        Failure { reason: format!("{} The coordinator's status: {status}.", failure.reason), ..failure }
    }

    /// The outputs are right, and on the disks there are chunks alone.
    ///
    /// # Errors
    /// They are not.
    pub fn check(&self) -> Outcome {
        let mut rest = self.text.as_slice();
        let mut chunks = vec![];
        while let Ok((chunk, _)) = next_chunk(&mut rest, CHUNK)
            && !chunk.is_empty()
        {
            chunks.push(chunk);
        }
        let out = self.stage.folder().join("out");
        for (number, expected) in (self.manner.expected)(&chunks, REDUCES).iter().enumerate() {
            let output = fs::read(out.join(format!("out-{number}"))).unwrap_or_default();
            ensure(output == *expected, || {
                format!(
                    "The output out-{number} has {} bytes and is not that of the text, which has {}.",
                    output.len(),
                    expected.len()
                )
            })
            .map_err(|failure| self.stage.wrong(failure.reason))?;
        }
        let names: BTreeSet<String> = ["done".to_string()]
            .into_iter()
            .chain((0..REDUCES).map(|number| format!("out-{number}")))
            .collect();
        ensure(listed(&out) == names, || format!("In the folder of outputs there is {:?}.", listed(&out)))?;
        self.check_disks()
    }

    /// On the workers' disks there are chunks alone.
    ///
    /// # Errors
    /// There is something else.
    pub fn check_disks(&self) -> Outcome {
        for number in 0..4 {
            let disk = self.stage.folder().join(format!("disk{number}"));
            let stray =
                listed(&disk).into_iter().find(|name| !matches!(File::of_name(name), Some(File::Chunk(_))));
            if let Some(stray) = stray {
                return Err(self.stage.wrong(format!(
                    "Everybody has ended, and on the disk of {} there is still {stray} (rule A8).",
                    name(number)
                )));
            }
        }
        Ok(())
    }
}

/// How many tasks a status says are done.
fn done_of(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("done     "))?;
    let numbers: Vec<u32> = line.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [maps, _, reduces, _] => Some(maps + reduces),
        _ => Some(0),
    }
}

/// All names in a folder.
fn listed(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A text of about nine chunks.
fn text(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed ^ 0x6c69_7665);
    let mut text = vec![];
    while text.len() < 9 * CHUNK as usize {
        text.extend(format!("word{}", random.below(12) * random.below(12)).as_bytes());
        text.push(if random.chance(0.15) { b'\n' } else { b' ' });
    }
    text.push(b'\n');
    text
}
