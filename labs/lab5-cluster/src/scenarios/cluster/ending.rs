//! What must be true when a job is over, or has failed.

use super::{Cluster, Worker};
use crate::message::Message;
use crate::scenarios::client::ClientNotice;
use crate::simulated::WorkerNotice;
use crate::types::{JobFailure, Task};
use crate::words;
use faultline::scenario::{Failure, Outcome};
use faultline::simulation::Ended;
use std::fmt::Write as _;
use std::time::Duration;

impl Cluster<'_> {
    /// The faults go on until the job is over, which must be within `span`; then all must be as it should.
    ///
    /// # Errors
    /// It is not.
    pub fn finish(&mut self, span: Duration) -> Outcome {
        let began = self.simulation.now();
        let workers: Vec<Worker> = self.workers.iter().flatten().copied().collect();
        let client = self.watched;
        let ended = self.simulation.run_until(span, |simulation| {
            let is_over = |worker: &Worker| -> Result<bool, Failure> {
                let is_over = simulation.notices(*worker)?.last() == Some(&WorkerNotice::Over);
                Ok(is_over || !simulation.is_up(worker.host))
            };
            let notices = client.map_or(Ok(vec![]), |client| simulation.notices(client))?;
            if let Some(ClientNotice::Nonsense(request, reply)) = notices.last() {
                return Err(Failure::new(format!("The coordinator answers {reply} to {request}.")));
            }
            if notices.last() != Some(&ClientNotice::Over) {
                return Ok(false);
            }
            workers.iter().try_fold(true, |all, worker| Ok(all && is_over(worker)?))
        })?;
        if ended != Ended::Reached {
            let waited = self.simulation.now().since(began);
            return Err(self.simulation.fail(self.waiting(ended, waited)?));
        }
        self.check()
    }

    /// Who waits for what.
    fn waiting(&self, ended: Ended, waited: Duration) -> Result<String, Failure> {
        let mut reason = match ended {
            Ended::Quiet => "The job is not over, and nothing can happen any more: no call is on its way, and nobody has set a timer.".into(),
            _ => format!("The job is not over after {} s.", waited.as_secs()),
        };
        let status = self.told()?.into_iter().rev().find_map(|notice| match notice {
            ClientNotice::Status(status) => Some(status),
            _ => None,
        });
        match status {
            None => reason.push_str(" The client has never heard a status."),
            Some(status) => {
                let running = status.running.iter().map(|(attempt, worker)| format!("{attempt} on {worker}"));
                let running: Vec<_> = running.collect();
                let running = if running.is_empty() { "nothing".into() } else { running.join(", ") };
                let _ = write!(
                    reason,
                    " To the coordinator {} of {} map and {} of {} reduce tasks are done, and {running} is running.",
                    status.maps_done,
                    self.job.maps(),
                    status.reduces_done,
                    self.job.reduces
                );
            }
        }
        for host in &self.hosts {
            let last = self.simulation.deliveries().iter().rev().find(|it| it.to == *host);
            let heard = last.map_or("has heard nothing".into(), |it| {
                format!("has last heard {} at {}", Message::describe(&it.datagram), it.at)
            });
            let state = if self.simulation.is_up(*host) { "" } else { "is down and " };
            let _ = write!(reason, " w{} {state}{heard}.", host.0);
        }
        Ok(reason)
    }

    /// The client has the right outputs, and no disk has anything but its chunks.
    fn check(&self) -> Outcome {
        let told = self.told()?;
        let outputs = told.iter().find_map(|notice| match notice {
            ClientNotice::Outputs(places, outputs) => Some((places, outputs)),
            _ => None,
        });
        let Some((places, outputs)) = outputs else {
            let why = match self.failure()? {
                Some(failure) => format!("The job has failed: {failure}."),
                None => "The job is over, but the client has never had its outputs.".into(),
            };
            return Err(self.simulation.fail(why));
        };
        let expected = words::expected(&self.read(), self.job.reduces);
        let tasks: Vec<_> = places.iter().map(|place| place.attempt.task).collect();
        let wanted: Vec<_> = (0..self.job.reduces).map(Task::Reduce).collect();
        if tasks != wanted {
            return Err(self.simulation.fail(format!(
                "The outputs are said to be those of {tasks:?}, not of {wanted:?} (rule A7)."
            )));
        }
        for (place, (output, expected)) in places.iter().zip(outputs.iter().zip(&expected)) {
            if output != expected {
                let why = difference(output, expected);
                return Err(self.simulation.fail(format!("The output of {place} is wrong: {why}.")));
            }
        }
        self.check_files()
    }

    fn check_files(&self) -> Outcome {
        for host in self.hosts.iter().filter(|host| self.simulation.is_up(**host)) {
            let files = self.simulation.files(*host);
            let chunks = self.chunks_of(*host);
            if let Some(name) = files.keys().find(|name| !chunks.contains_key(*name)) {
                return Err(self.simulation.fail(format!(
                    "The job is over, and on the disk of w{} there is still {name} (rule A8).",
                    host.0
                )));
            }
            if files != chunks {
                return Err(self
                    .simulation
                    .fail(format!("On the disk of w{} a chunk is gone, or another one.", host.0)));
            }
        }
        Ok(())
    }

    /// Why the job has failed, if the client knows that it has.
    ///
    /// # Errors
    /// A notice cannot be read.
    pub fn failure(&self) -> Result<Option<JobFailure>, Failure> {
        Ok(self.told()?.into_iter().find_map(|notice| match notice {
            ClientNotice::Failed(failure) => Some(failure),
            _ => None,
        }))
    }

    /// The job is to fail, within `span`, and nothing must be left of it.
    ///
    /// # Errors
    /// It does not.
    pub fn fails_within(&mut self, span: Duration) -> Result<JobFailure, Failure> {
        match (self.finish(span), self.failure()?) {
            (_, Some(failure)) => self.check_over().and_then(|()| self.check_files()).map(|()| failure),
            (Err(why), None) => Err(why),
            (Ok(()), None) => {
                Err(self.simulation.fail("The job is finished, though one of its tasks cannot be done."))
            }
        }
    }

    /// Every worker that is up has ended.
    fn check_over(&self) -> Outcome {
        for worker in self.workers.iter().flatten() {
            let is_over = self.simulation.notices(*worker)?.last() == Some(&WorkerNotice::Over);
            if self.simulation.is_up(worker.host) && !is_over {
                return Err(self.simulation.fail(format!(
                    "The job is over, and w{} has not ended (rules A5 and A8).",
                    worker.host.0
                )));
            }
        }
        Ok(())
    }

    /// Every task was executed, and so many more executions there were at most.
    ///
    /// # Errors
    /// There were more.
    pub fn check_executions(&self, more: usize) -> Outcome {
        let executions = self.executions()?.len();
        let tasks = self.job.chunks.len() + self.job.reduces as usize;
        self.simulation.require_faults()?;
        if executions <= tasks + more {
            return Ok(());
        }
        Err(self.simulation.fail(format!(
            "The {tasks} tasks were executed {executions} times in all; {} executions are enough.",
            tasks + more
        )))
    }
}

/// Where two outputs differ.
fn difference(output: &[u8], expected: &[u8]) -> String {
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(String::from).collect::<Vec<_>>();
    let (output, expected) = (lines(output), lines(expected));
    let place = output.iter().zip(&expected).position(|(one, other)| one != other);
    let place = place.unwrap_or(output.len().min(expected.len()));
    let shown = |lines: &[String]| lines.get(place).map_or("nothing".into(), |line| format!("{line:?}"));
    format!("line {} is {} and should be {}", place + 1, shown(&output), shown(&expected))
}
