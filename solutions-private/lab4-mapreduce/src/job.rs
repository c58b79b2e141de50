//! A whole job (rules C6 and C7).

use lab4_kit::{Application, Folders, Job, JobError, Progress, Summary};
// SOLUTION
use crate::input::splits;
use crate::map::run_map;
use crate::reduce::run_reduce;
use lab4_kit::{DONE, Folder, Split, UNFINISHED};
use std::io::{self, Write as _};
// END SOLUTION

/// Runs a job from its inputs to its outputs. `tell` hears of every task that is done.
///
/// # Errors
/// As in rule C7.
pub fn run<A: Application>(
    app: &A,
    job: &Job,
    folders: &Folders,
    tell: &mut dyn FnMut(Progress),
) -> Result<Summary, JobError> {
    // SOLUTION: todo!("lab 4, part C: run")
    let splits = splits(&folders.inputs, &job.inputs, job.split_size)?;
    clear(&folders.out, |kind| kind != Kind::Foreign)?;
    let ran = run_tasks(app, job, &splits, folders, tell).and_then(|summary| {
        clear(&folders.out, |kind| kind == Kind::Unfinished || (kind == Kind::Intermediate && !job.keep))?;
        finish(&folders.out, job.reduces)?;
        Ok(summary)
    });
    if ran.is_err() {
        // What went wrong first is what counts.
        let _ = clear(&folders.out, |kind| kind != Kind::Foreign);
    }
    ran
    // END SOLUTION
}
// SOLUTION

fn run_tasks<A: Application>(
    app: &A,
    job: &Job,
    splits: &[Split],
    folders: &Folders,
    tell: &mut dyn FnMut(Progress),
) -> Result<Summary, JobError> {
    let maps = splits.len() as u32;
    let mut summary = Summary { maps, reduces: job.reduces, ..Summary::default() };
    for (number, split) in (0..).zip(splits) {
        let mapped = run_map(app, job, number, split, folders)?;
        summary.records += mapped.records;
        summary.emitted += mapped.emitted;
        summary.written += mapped.written;
        tell(Progress::Map(number + 1, maps));
    }
    for number in 0..job.reduces {
        summary.keys += run_reduce(app, number, maps, &folders.out)?.keys;
        tell(Progress::Reduce(number + 1, job.reduces));
    }
    Ok(summary)
}

/// Whose a file is, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Done,
    Output,
    Intermediate,
    Unfinished,
    Foreign,
}

fn kind(name: &str) -> Kind {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let intermediate = name.strip_prefix("mr-").and_then(|rest| rest.split_once('-'));
    if name == DONE {
        Kind::Done
    } else if name.starts_with(UNFINISHED) {
        Kind::Unfinished
    } else if name.strip_prefix("out-").is_some_and(is_number) {
        Kind::Output
    } else if intermediate.is_some_and(|(map, reduce)| is_number(map) && is_number(reduce)) {
        Kind::Intermediate
    } else {
        Kind::Foreign
    }
}

/// Removes the files of these kinds, `done` first.
fn clear(out: &Folder, is_meant: impl Fn(Kind) -> bool) -> io::Result<()> {
    let mut names = out.names()?;
    names.retain(|name| is_meant(kind(name)));
    names.sort_by_key(|name| kind(name) != Kind::Done);
    names.iter().try_for_each(|name| out.remove(name))
}

fn finish(out: &Folder, reduces: u32) -> io::Result<()> {
    let draft = format!("{UNFINISHED}{DONE}");
    let mut writer = out.create(&draft)?;
    writer.write_all(format!("{reduces}\n").as_bytes())?;
    drop(writer);
    out.rename(&draft, DONE)
}
// END SOLUTION
