//! Runs a job, and compares everything that it leaves with what it must leave.

use super::files::{lines, names, pairs, shown};
use super::model::{Expected, Pair, expected};
use crate::samples::{RUN, Ran, Run};
use crate::tried::Tried;
use crate::types::{DONE, Job, UNFINISHED};
use faultline::folder::{FileImage, Operation, Trouble};
use faultline::scenario::{Bench, Failure, Outcome, ensure};
use faultline::{Row, Story, Time};

/// Files of these names with these contents.
#[must_use]
pub fn image(files: &[(&str, &[u8])]) -> FileImage {
    files.iter().map(|(name, content)| (name.to_string(), content.to_vec())).collect()
}

/// A job of an application on all of these inputs, in the order of their names.
#[must_use]
pub fn job(app: Tried, inputs: FileImage, job: Job) -> Run {
    Run {
        app,
        job: Job { inputs: inputs.keys().cloned().collect(), ..job },
        inputs,
        input_trouble: Trouble::default(),
        out: FileImage::new(),
        trouble: Trouble::default(),
    }
}

/// Runs it, however it ends.
///
/// # Errors
/// The student's code did not answer.
pub fn run(bench: &Bench<'_>, run: &Run) -> Result<Ran, Failure> {
    bench.call(&RUN, run, &words(run))
}

/// What is done, for people.
fn words(run: &Run) -> String {
    let Job { split_size, reduces, memory, .. } = &run.job;
    format!(
        "it ran {:?} on {} with splits of {split_size} bytes, {reduces} reduce tasks and a memory of {memory}",
        run.app,
        names(&run.inputs)
    )
}

/// Runs a job that must succeed, and looks at everything that is there afterwards.
///
/// # Errors
/// Something is not as it must be.
pub fn succeeds(bench: &Bench<'_>, run: &Run) -> Result<Ran, Failure> {
    let ran = self::run(bench, run)?;
    let right = expected(run.app, &run.job, &run.inputs)
        .ok_or_else(|| Failure::of_the_kit("The scenario's own input is refused."))?;
    check(run, &ran, &right).map_err(|failure| {
        let reason = format!("{} This was when {}.", failure.reason, words(run));
        Failure { reason, ..failure }.with(story(&ran))
    })?;
    Ok(ran)
}

fn check(run: &Run, ran: &Ran, right: &Expected) -> Outcome {
    let said = ran.said.as_ref();
    let summary = said.map_err(|error| Failure::new(format!("The job has failed: {error}.")))?;
    check_files(&run.job, &run.out, &ran.out, right)?;
    ensure(*summary == right.summary, || {
        format!("Its numbers are {summary:?}, but they should be {:?}.", right.summary)
    })?;
    let calls = &ran.calls;
    let records = right.records.len() as u64;
    ensure(calls.map == records, || {
        format!("Rule C2: there are {records} records, and Map was called {} times.", calls.map)
    })?;
    let seen = calls.records.len();
    ensure(calls.records[..] == right.records[..seen], || {
        "Rule C2: Map was called for the right number of records, but with other files or lines, or in another order.".into()
    })?;
    ensure(run.job.combine || calls.combine == 0, || {
        format!("Rule D2: nothing is to be combined, but the combiner was called {} times.", calls.combine)
    })?;
    ensure(calls.reduce == right.summary.keys, || {
        format!(
            "Rule C3: there are {} keys, and Reduce was called {} times.",
            right.summary.keys, calls.reduce
        )
    })
}

/// Compares the folder with what must be in it: before the job, `before` was there.
///
/// # Errors
/// Something is not as it must be.
pub fn check_files(job: &Job, before: &FileImage, out: &FileImage, right: &Expected) -> Outcome {
    for (number, results) in right.outputs.iter().enumerate() {
        let file = format!("out-{number}");
        let content = out.get(&file).ok_or_else(|| {
            Failure::new(format!("Rule C4: there is no {file}; in the folder is {}.", names(out)))
        })?;
        same("C3", &file, &lines(&file, content)?, results)?;
    }
    if job.keep {
        for ((map, reduce), right) in &right.intermediate {
            let file = format!("mr-{map}-{reduce}");
            let content = out.get(&file).ok_or_else(|| {
                Failure::new(format!("Rule C2: there is no {file}; in the folder is {}.", names(out)))
            })?;
            same("C2", &file, &pairs(&file, content)?, right)?;
        }
    }
    let done = format!("{}\n", job.reduces);
    ensure(out.get(DONE).is_some_and(|content| content == done.as_bytes()), || {
        let found =
            out.get(DONE).map_or("there is none".into(), |content| format!("it is {}", shown(content)));
        format!("Rule C6: the file {DONE} must be {}, but {found}.", shown(done.as_bytes()))
    })?;
    let is_ours = |name: &str| {
        let output = |number: usize| name == format!("out-{number}");
        let intermediate = |map: &(u32, u32)| name == format!("mr-{}-{}", map.0, map.1);
        name == DONE
            || (0..right.outputs.len()).any(output)
            || (job.keep && right.intermediate.keys().any(intermediate))
    };
    for name in out.keys().filter(|name| !is_ours(name)) {
        ensure(is_foreign(name), || match before.get(name) {
            Some(_) => format!("Rule C6: {name} is of an earlier job, and is still there."),
            None => format!("Rule C7: {name} is left over."),
        })?;
    }
    for (name, content) in before.iter().filter(|(name, _)| is_foreign(name)) {
        ensure(out.get(name) == Some(content), || {
            format!("Rule C6: {name} is no job's file, but it is gone or has changed.")
        })?;
    }
    Ok(())
}

/// The keys and results of an output, which must be sorted and each there once.
///
/// # Errors
/// They are not, or there is no such output.
pub fn results(out: &FileImage, file: &str) -> Result<Vec<Pair>, Failure> {
    let content = out.get(file).ok_or_else(|| {
        Failure::new(format!("Rule C4: there is no {file}; in the folder is {}.", names(out)))
    })?;
    let results = lines(file, content)?;
    ensure(results.is_sorted_by(|(one, _), (next, _)| one < next), || {
        format!("Rule C3: the keys of {file} are not in order, or one is there twice.")
    })?;
    Ok(results)
}

/// Whether a file of this name is nobody's business.
#[must_use]
pub fn is_foreign(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers: Vec<&str> = name.split('-').collect();
    match numbers[..] {
        ["out", number] => !is_number(number),
        ["mr", map, reduce] => !is_number(map) || !is_number(reduce),
        _ => name != DONE && !name.starts_with(UNFINISHED),
    }
}

/// Compares a file with what it must be, and says what is wrong with it in the first place where something is.
fn same(rule: &str, file: &str, found: &[Pair], right: &[Pair]) -> Outcome {
    let Some(place) = (0..found.len().max(right.len())).find(|place| found.get(*place) != right.get(*place))
    else {
        return Ok(());
    };
    let pair = |pair: Option<&Pair>| match pair {
        Some((key, value)) => format!("key {} with {}", shown(key), shown(value)),
        None => "nothing more".into(),
    };
    let (found_here, right_here) = (found.get(place), right.get(place));
    let why = match (found_here, right_here) {
        (Some((key, _)), _) if right.iter().all(|(other, _)| other != key) => {
            " This key does not belong into this file at all."
        }
        (Some((key, _)), _) if place > 0 && found[place - 1].0 > *key => " Its keys are not sorted.",
        (Some((key, _)), Some((other, _))) if place > 0 && found[place - 1].0 == *key && key != other => {
            " This key was there just before."
        }
        (Some((key, _)), Some((other, _))) if key == other => {
            " The key is right, and what is with it is not."
        }
        _ => "",
    };
    Err(Failure::new(format!(
        "Rule {rule}: number {} in {file} is {}, but it should be {}.{why}",
        place + 1,
        pair(found_here),
        pair(right_here)
    )))
}

/// What was done in the folder, as a story.
#[must_use]
pub fn story(ran: &Ran) -> Story {
    let row = |operation: &Operation| {
        Row::new(Time::ZERO, format!("operation {}", operation.number), operation.to_string())
    };
    let mut rows: Vec<Row> = ran.operations.iter().map(row).collect();
    if ran.was_killed {
        rows.push(Row::new(
            Time::ZERO,
            format!("operation {}", ran.count.saturating_sub(1)),
            "<- the process is killed in this one",
        ));
    }
    Story::new("What this job did in its folder", rows)
}
