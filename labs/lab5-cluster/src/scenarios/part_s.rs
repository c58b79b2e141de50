//! Part S, a bonus: records that are skipped.

use super::cluster::{Cluster, Plan};
use super::office::{FAILURES, Office, W2, W3, job, life};
use crate::limits::MAX_SKIPPED;
use crate::message::{Phase, Reply, Request};
use crate::types::{Attempt, Cause, Job, JobFailure, Place, Task, WorkerId};
use faultline::scenario::{Bench, Outcome, Scenario, World};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "S1",
        name: "a line that was refused twice is skipped, and is no failure",
        part: 'S',
        points: 4,
        world: World::Simulation,
        seeds: 1,
        hint: "Rules S1 and S3. What is remembered of a line that was refused once?",
        run: twice,
    },
    Scenario {
        id: "S2",
        name: "a job without skipping, and one with too much of it, fails",
        part: 'S',
        points: 2,
        world: World::Simulation,
        seeds: 1,
        hint: "Rules S1 and S2. The job says whether lines may be skipped.",
        run: too_many,
    },
    Scenario {
        id: "S3",
        name: "a job with bad lines gives what it gives without them",
        part: 'S',
        points: 4,
        world: World::Simulation,
        seeds: 10,
        hint: "Rule S1. The engine leaves out what the assignment says; does it hear of it?",
        run: left_out,
    },
];

/// A job that skips lines.
fn skipping(chunks: &[&[usize]]) -> Job {
    Job { skips: true, ..job(chunks, 1) }
}

impl Office<'_> {
    /// A worker's attempt at a task comes to nothing because of a line.
    fn refuses(
        &mut self,
        worker: WorkerId,
        task: Task,
        line: u64,
    ) -> Result<Attempt, faultline::scenario::Failure> {
        let attempt = self.gives(worker, task, "rule S1")?;
        self.says_refused(worker, attempt, line)?;
        Ok(attempt)
    }

    fn says_refused(&mut self, worker: WorkerId, attempt: Attempt, line: u64) -> Outcome {
        let cause = Cause::Refused(line, format!("line {line}"));
        let failed = Request::Failed { worker, attempt, cause };
        self.says(worker.address.0 as usize, &failed, &Reply::Noted, "rule E1")
    }

    fn skips(&mut self, lines: u32) -> Outcome {
        let skipped = self.status()?.skipped;
        if skipped == lines {
            return Ok(());
        }
        Err(self.simulation.fail(format!(
            "The status says that {skipped} lines are skipped; it is {lines} (rules S1 and S3)."
        )))
    }
}

fn twice(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &skipping(&[&[], &[]]), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let (first, second) = (Task::Map(0), Task::Map(1));
    let attempt = office.refuses(w2, first, 7)?;
    // A copy of what was said is not another attempt.
    office.says_refused(w2, attempt, 7)?;
    office.skips(0)?;
    // Another line, and the first one from another worker.
    office.refuses(w2, first, 3)?;
    office.refuses(w3, first, 7)?;
    office.skipped.insert(first, vec![7]);
    office.skips(1)?;
    office.refuses(w3, first, 3)?;
    office.skipped.insert(first, vec![3, 7]);
    office.skips(2)?;
    office.is_in(&Phase::Working, "rule S1: it was refused four times, which is no failure")?;
    let attempt = office.gives(w2, first, "rule S1")?;
    office.gives_again(w2, attempt, "rule A4")?;
    // The line of this number in another chunk is another line.
    office.refuses(w3, second, 7)?;
    let other = office.gives(w3, second, "rule S1: refused once")?;
    office.skips(2)?;
    office.done(w2, attempt, &Reply::Kept, "rule B1")?;
    office.done(w3, other, &Reply::Kept, "rule B1")?;
    let places = [(attempt, w2), (other, w3)].map(|(attempt, holder)| Place { attempt, holder });
    office.gives_with(w2, Task::Reduce(0), &places, "rule A3")?;
    office.skips(2)
}

fn too_many(bench: &Bench<'_>) -> Outcome {
    let w2 = life(W2, 1);
    let task = Task::Map(0);
    let failure = |line: u64| {
        Phase::Failed(JobFailure { task, worker: w2, cause: Cause::Refused(line, format!("line {line}")) })
    };
    // In a job that does not skip it is a failure as any other.
    let mut office = Office::with(bench, &job(&[&[]], 1), &[W2])?;
    for _ in 0..FAILURES {
        office.is_in(&Phase::Working, "rule E1")?;
        office.refuses(w2, task, 5)?;
    }
    office.skips(0)?;
    office.is_in(&failure(5), "rules S1 and E1: the job does not skip")?;
    // Other failures count.
    let mut office = Office::with(bench, &skipping(&[&[]]), &[W2])?;
    for line in 1..=u64::from(FAILURES) {
        office.refuses(w2, task, line)?;
    }
    for _ in 0..FAILURES {
        office.is_in(&Phase::Working, "rule S1")?;
        let attempt = office.gives(w2, task, "rule S1")?;
        let failed = Request::Failed { worker: w2, attempt, cause: Cause::Failed("no".into()) };
        office.says(W2, &failed, &Reply::Noted, "rule E1")?;
    }
    let failed = JobFailure { task, worker: w2, cause: Cause::Failed("no".into()) };
    office.is_in(&Phase::Failed(failed), "rule E1")?;
    // And lines are skipped up to a limit.
    let mut office = Office::with(bench, &skipping(&[&[]]), &[W2])?;
    for line in 1..=MAX_SKIPPED as u64 {
        office.refuses(w2, task, line)?;
        office.refuses(w2, task, line)?;
        office.skipped.insert(task, (1..=line).collect());
    }
    office.is_in(&Phase::Working, "rule S2: so many lines may be skipped")?;
    let line = MAX_SKIPPED as u64 + 1;
    office.refuses(w2, task, line)?;
    office.refuses(w2, task, line)?;
    office.is_in(&failure(line), "rule S2: this would be one line too many")
}

fn left_out(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan { bad_lines: 3, ..Plan::default() })?;
    cluster.finish(faultline::ms(200_000))?;
    // Each bad line costs two.
    cluster.check_executions(2 * cluster.bad_lines())
}
