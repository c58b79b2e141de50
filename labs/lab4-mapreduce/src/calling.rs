//! Calls what the student has written, on the student's side of the pipe.

use crate::application::{Application, Record};
use crate::samples::{
    APPLY, Apps, COMBINES, Engine, MEASURE, MERGE, Measured, PARTITION, RECORDS, REDUCE, RUN, Ran, Run,
    SPLITS, Table, Task, Took, Way,
};
use crate::tried::{Count, First, Join, Pairs, Tried, take_calls};
use crate::types::{Folders, Job, JobError, MR, Split, Summary};
use faultline::folder::{FileImage, Folder, Memory, Trouble};
use faultline::meter;
use faultline::program::LocalProgram;
use std::collections::BTreeMap;
use std::fmt;
use std::io;

/// All that a student hands in, to be tried by the scenarios; `mr` is the path of the program, where it is built.
#[must_use]
pub fn program<E: Engine + 'static, A: Apps + 'static>(mr: Option<&'static str>) -> LocalProgram {
    LocalProgram::new()
        .function(&SPLITS, |(files, trouble, (names, size))| {
            on_files(&files, trouble, |folder| E::splits(folder, &names, size))
        })
        .function(&RECORDS, |(files, trouble, split)| {
            on_files(&files, trouble, |folder| records::<E>(folder, &split))
        })
        .function(&PARTITION, |(keys, reduces)| keys.iter().map(|key| E::partition(key, reduces)).collect())
        .function(&APPLY, |(app, files, way)| A::with(&app, Apply { files: &files, way }))
        .function(&COMBINES, |app| A::with(&app, Combines))
        .function(&RUN, run::<E>)
        .function(&MEASURE, measure::<E>)
        .function(&REDUCE, |(files, trouble, (number, maps))| {
            let memory = Memory::new(&files, trouble);
            let reduced = E::run_reduce(&Pairs, number, maps, &memory.folder());
            reduced.map(|()| memory.image()).map_err(told)
        })
        .function(&MERGE, |(files, trouble, ())| {
            let mut merged = vec![];
            on_files(&files, trouble, |folder| E::merge(folder, &mut merged))?;
            Ok(merged)
        })
        .executable(MR, mr.unwrap_or_default())
}

fn told(error: impl fmt::Display) -> String {
    error.to_string()
}

fn on_files<T, E: fmt::Display>(
    files: &FileImage,
    trouble: Trouble,
    work: impl FnOnce(&Folder) -> Result<T, E>,
) -> Result<T, String> {
    work(&Memory::new(files, trouble).folder()).map_err(told)
}

fn records<E: Engine>(folder: &Folder, split: &Split) -> io::Result<Vec<(String, u64, Vec<u8>)>> {
    let mut records = vec![];
    E::records(folder, split, &mut |record| {
        records.push((record.file.into(), record.line, record.bytes.into()));
    })?;
    Ok(records)
}

fn run_tried<E: Engine>(app: Tried, job: &Job, folders: &Folders) -> Result<Summary, JobError> {
    match app {
        Tried::Pairs => E::run(&Pairs, job, folders, &mut |_| ()),
        Tried::First => E::run(&First, job, folders, &mut |_| ()),
        Tried::Count => E::run(&Count, job, folders, &mut |_| ()),
        Tried::Join => E::run(&Join, job, folders, &mut |_| ()),
    }
}

fn run<E: Engine>(run: Run) -> Ran {
    let Run { app, job, inputs, input_trouble, out, trouble } = run;
    let (inputs, out) = (Memory::new(&inputs, input_trouble), Memory::new(&out, trouble));
    let folders = Folders { inputs: inputs.folder(), out: out.folder() };
    drop(take_calls());
    let said = run_tried::<E>(app, &job, &folders).map_err(told);
    Ran {
        said,
        out: out.image(),
        operations: out.operations(),
        count: out.count(),
        open_most: out.open_most(),
        was_killed: out.was_killed(),
        calls: take_calls(),
    }
}

fn measure<E: Engine>(measured: Measured) -> Took {
    let Measured { folder, job } = measured;
    let folders = Folders { inputs: Folder::real(folder.join("in")), out: Folder::real(folder.join("out")) };
    let (said, usage) = meter::measured(|| run_tried::<E>(Tried::Count, &job, &folders).map_err(told));
    Took { said, usage }
}

/// Whether there is a combiner.
struct Combines;

impl Task for Combines {
    type Output = bool;

    fn run<A: Application>(self, app: &A) -> bool {
        app.combiner().is_some()
    }
}

/// Tries an application on whole files.
struct Apply<'a> {
    files: &'a [(String, Vec<u8>)],
    way: Way,
}

impl Task for Apply<'_> {
    type Output = Result<Table, String>;

    fn run<A: Application>(self, app: &A) -> Self::Output {
        let mut values: BTreeMap<Vec<u8>, Vec<A::Value>> = BTreeMap::new();
        for (file, text) in self.files {
            let ended = text.strip_suffix(b"\n").unwrap_or(text);
            for (bytes, line) in ended.split(|byte| *byte == b'\n').zip(1..).filter(|_| !text.is_empty()) {
                app.map(&Record { file, line, bytes }, &mut |key, value| {
                    values.entry(key.to_vec()).or_default().push(value);
                })
                .map_err(|refusal| format!("{file}, line {line}: {refusal}"))?;
            }
        }
        let reduce = |(key, values): (Vec<u8>, Vec<A::Value>)| {
            let mut values = self.way.combined(app, values).into_iter();
            let result = app.reduce(&key, &mut values).map_err(told)?;
            Ok((key, result))
        };
        values.into_iter().map(reduce).collect()
    }
}

impl Way {
    /// The values as Reduce gets them.
    fn combined<A: Application>(self, app: &A, values: Vec<A::Value>) -> Vec<A::Value> {
        let Some(combine) = app.combiner() else { return values };
        let count = match self {
            Way::Plain => return values,
            Way::Combined(count) => count,
            Way::Tree => 2,
        };
        let group = |group: &[A::Value]| {
            let (first, rest) = group.split_first()?;
            Some(rest.iter().cloned().fold(first.clone(), |mut all, next| {
                combine(&mut all, next);
                all
            }))
        };
        let combined: Vec<_> = values.chunks(count.max(1)).filter_map(group).collect();
        if self == Way::Tree && combined.len() > 1 { self.combined(app, combined) } else { combined }
    }
}
