//! What the package that this file is attached to offers, under the kit's names.

use lab4_kit::samples::{App, Apps, Engine, Task};
use lab4_kit::{Application, Folder, Folders, Job, JobError, Progress, Record, Split, Summary};
use lab4_mapreduce::apps::{Grep, Index, Own, Sum, WordCount};
use lab4_mapreduce::input::Records;
use std::io::{self, Write};

pub(crate) struct Theirs;

impl Engine for Theirs {
    fn splits(inputs: &Folder, files: &[String], size: u64) -> io::Result<Vec<Split>> {
        lab4_mapreduce::input::splits(inputs, files, size)
    }

    fn records(inputs: &Folder, split: &Split, each: &mut dyn FnMut(&Record<'_>)) -> io::Result<()> {
        let mut records = Records::open(inputs, split)?;
        while let Some(record) = records.read()? {
            each(&record);
        }
        Ok(())
    }

    fn partition(key: &[u8], reduces: u32) -> u32 {
        lab4_mapreduce::partition::partition(key, reduces)
    }

    fn run_reduce<A: Application>(app: &A, number: u32, maps: u32, out: &Folder) -> Result<(), JobError> {
        lab4_mapreduce::reduce::run_reduce(app, number, maps, out).map(drop)
    }

    fn run<A: Application>(
        app: &A,
        job: &Job,
        folders: &Folders,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Summary, JobError> {
        lab4_mapreduce::job::run(app, job, folders, tell)
    }

    fn merge(out: &Folder, to: &mut dyn Write) -> Result<(), JobError> {
        lab4_mapreduce::merge::merge(out, to)
    }
}

impl Apps for Theirs {
    fn with<T: Task>(app: &App, task: T) -> T::Output {
        match app {
            App::WordCount => task.run(&WordCount),
            App::Grep(pattern) => task.run(&Grep { pattern: pattern.clone() }),
            App::Index => task.run(&Index),
            App::Sum => task.run(&Sum),
            App::Own => task.run(&Own),
        }
    }
}
