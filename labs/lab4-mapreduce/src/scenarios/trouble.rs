//! Jobs in trouble: killed, refused, on a full disk.

use super::files::{bytes_of_pairs, names, shown};
use super::model::{Expected, Pair, expected};
use super::stage::{check_files, is_foreign, run, story, succeeds};
use crate::samples::{Ran, Run};
use crate::types::DONE;
use faultline::folder::{FileImage, Trouble};
use faultline::scenario::{Bench, Failure, Outcome, ensure};

/// How many ways to be killed are tried at most.
const KILLS_MAX: u64 = 2_000;

/// The second job, in a folder in which the first was done, is killed at each of its operations. What is there then must be
/// whole, and the next job right.
///
/// # Errors
/// It is not.
pub fn survives_kills(bench: &Bench<'_>, first: &Run, second: &Run) -> Outcome {
    let before = succeeds(bench, first)?.out;
    let second = Run { out: before.clone(), ..second.clone() };
    let whole = succeeds(bench, &second)?;
    let [old, new] = [first, &second].map(|run| expected(run.app, &run.job, &run.inputs));
    let (Some(old), Some(new)) = (old, new) else {
        return Err(Failure::of_the_kit("The scenario's own input is refused."));
    };
    for kill_at in 0..whole.count.min(KILLS_MAX) {
        let trouble = Trouble { kill_at: Some(kill_at), ..Trouble::default() };
        let ran = run(bench, &Run { trouble, ..second.clone() })?;
        let there = whole_or_absent(&ran, &[&old, &new], &before, &whole.out);
        there.map_err(|failure| failure.with(story(&ran)))?;
        let next = run(bench, &Run { out: ran.out.clone(), ..second.clone() })?;
        let found = check_files(&second.job, &FileImage::new(), &next.out, &new);
        found.map_err(|failure| {
            let reason = format!("{} This is what the next job left.", failure.reason);
            Failure { reason, ..failure }.with(story(&ran))
        })?;
    }
    bench.note(format!("killed at each of {} operations", whole.count.min(KILLS_MAX)));
    Ok(())
}

/// Each file of a final name is that of one of the two jobs, and `done` is there only with all of its own.
fn whole_or_absent(ran: &Ran, jobs: &[&Expected], before: &FileImage, after: &FileImage) -> Outcome {
    let contents = |name: &str| [before.get(name), after.get(name)];
    for (name, content) in ran.out.iter().filter(|(name, _)| name.starts_with("out-") || *name == DONE) {
        ensure(contents(name).contains(&Some(content)), || {
            format!(
                "Rule C5: when the process was killed, {name} was not whole; it had {} bytes: {}.",
                content.len(),
                shown(content)
            )
        })?;
    }
    let right = expected_pairs(jobs);
    for (name, content) in ran.out.iter().filter(|(name, _)| name.starts_with("mr-") && !is_foreign(name)) {
        ensure(right.iter().any(|files| files.get(name) == Some(content)), || {
            format!("Rule C5: when the process was killed, {name} was not whole: {}.", shown(content))
        })?;
    }
    let Some(done) = ran.out.get(DONE) else { return Ok(()) };
    let of = |image: &FileImage| {
        image.get(DONE) == Some(done)
            && image
                .iter()
                .filter(|(name, _)| name.starts_with("out-"))
                .all(|(name, content)| ran.out.get(name) == Some(content))
    };
    let is_new = after.get(DONE) == Some(done) && before.get(DONE) != Some(done);
    let ours = ran.out.keys().find(|name| !name.starts_with("out-") && *name != DONE && !is_foreign(name));
    ensure(!is_new || ours.is_none(), || {
        let ours = ours.map_or("", String::as_str);
        format!(
            "Rule C6: {DONE} is the last of all, but when the process was killed it was there, and {ours} still was."
        )
    })?;
    ensure(of(before) || of(after), || {
        format!(
            "Rule C6: when the process was killed, {DONE} was there, but with it only {}.",
            names(&ran.out)
        )
    })
}

/// The intermediate files of each job.
fn expected_pairs(jobs: &[&Expected]) -> Vec<FileImage> {
    let files = |right: &Expected| {
        let file = |((map, reduce), pairs): (&(u32, u32), &Vec<Pair>)| {
            (format!("mr-{map}-{reduce}"), bytes_of_pairs(pairs))
        };
        right.intermediate.iter().map(file).collect()
    };
    jobs.iter().copied().map(files).collect()
}

/// The job must fail, with an error that names all of these.
///
/// # Errors
/// It does not.
pub fn must_fail(bench: &Bench<'_>, failing: &Run, why: &str, named: &[&str]) -> Result<Ran, Failure> {
    let ran = run(bench, failing)?;
    let Err(said) = &ran.said else {
        return Err(
            Failure::new(format!("Rule C7: {why}, but the job says that it is done.")).with(story(&ran))
        );
    };
    for name in named {
        ensure(said.contains(name), || {
            format!("Rule C7: {why}; the error must name {name:?}, but it is: {said}.")
        })?;
    }
    Ok(ran)
}

/// After a job that has failed only the files of others are there.
///
/// # Errors
/// Others are, too.
pub fn leaves_only_foreign(ran: &Ran, before: &FileImage, why: &str) -> Outcome {
    let foreign: FileImage = before
        .iter()
        .filter(|(name, _)| is_foreign(name))
        .map(|(name, content)| (name.clone(), content.clone()))
        .collect();
    ensure(ran.out == foreign, || {
        format!(
            "Rule C7: {why}, and the job has failed. Then {} must be in the folder, but there is {}.",
            names(&foreign),
            names(&ran.out)
        )
    })
    .map_err(|failure| failure.with(story(ran)))
}

/// Each operation fails once. Either the job fails, and leaves nothing, or it has done all that it must.
///
/// # Errors
/// It does neither.
pub fn survives_failures(bench: &Bench<'_>, whole: &Run) -> Outcome {
    let count = succeeds(bench, whole)?.count;
    let right = expected(whole.app, &whole.job, &whole.inputs);
    let right = right.ok_or_else(|| Failure::of_the_kit("The scenario's own input is refused."))?;
    for fail_at in 0..count.min(KILLS_MAX) {
        let trouble = Trouble { fail_at: Some(fail_at), ..Trouble::default() };
        let ran = run(bench, &Run { trouble, ..whole.clone() })?;
        let found = match ran.said {
            Ok(_) => check_files(&whole.job, &whole.out, &ran.out, &right),
            Err(_) => leaves_only_foreign(&ran, &whole.out, "an operation on its files has failed"),
        };
        found.map_err(|failure| {
            let reason = format!("{} It was operation {fail_at} that failed.", failure.reason);
            Failure { reason, ..failure }.with(story(&ran))
        })?;
    }
    Ok(())
}

/// The job fails on every disk that is too small for it, and leaves nothing there. Of all sizes every `step`th is tried.
///
/// # Errors
/// It does not.
pub fn survives_full_disks(bench: &Bench<'_>, whole: &Run, step: usize) -> Outcome {
    let taken: usize = whole.out.values().map(Vec::len).sum();
    let fits = succeeds(bench, whole)?;
    let right = expected(whole.app, &whole.job, &whole.inputs);
    let mut failed = 0;
    for capacity in (taken as u64..).step_by(step) {
        let trouble = Trouble { capacity: Some(capacity), ..Trouble::default() };
        let full = Run { trouble, ..whole.clone() };
        let ran = run(bench, &full)?;
        let why = format!("the disk has room for {capacity} bytes and no more");
        match (&ran.said, &right) {
            (Ok(_), Some(right)) => {
                let found = check_files(&full.job, &full.out, &ran.out, right);
                found.map_err(|failure| {
                    let reason = format!("{} This was when {why}.", failure.reason);
                    Failure { reason, ..failure }.with(story(&ran))
                })?;
                break;
            }
            _ => {
                failed += 1;
                leaves_only_foreign(&ran, &full.out, &why)?;
            }
        }
    }
    let most: usize = fits.out.values().map(Vec::len).sum();
    ensure(failed > (most - taken) / step / 2, || {
        "Rule C7: this job succeeds although its results do not fit onto the disk.".into()
    })
}
