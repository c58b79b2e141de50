//! The student's engine and applications as functions that a scenario calls, in this process or in another one.

use crate::application::{Application, Record};
use crate::tried::{Calls, Tried};
use crate::types::{Folders, Job, JobError, Progress, Split, Summary};
use faultline::folder::{FileImage, Folder, Operation, Trouble};
use faultline::meter::Usage;
use faultline::program::Function;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

/// What the student's engine offers.
pub trait Engine {
    /// Rule A1.
    ///
    /// # Errors
    /// A file cannot be read.
    fn splits(inputs: &Folder, files: &[String], size: u64) -> io::Result<Vec<Split>>;

    /// Gives `each` the records of a split (rule A2).
    ///
    /// # Errors
    /// The file cannot be read.
    fn records(inputs: &Folder, split: &Split, each: &mut dyn FnMut(&Record<'_>)) -> io::Result<()>;

    /// Rule C1.
    fn partition(key: &[u8], reduces: u32) -> u32;

    /// Rule C3 and C4, for one reduce task.
    ///
    /// # Errors
    /// As in rule C3.
    fn run_reduce<A: Application>(app: &A, number: u32, maps: u32, out: &Folder) -> Result<(), JobError>;

    /// Rule C6.
    ///
    /// # Errors
    /// As in rule C7.
    fn run<A: Application>(
        app: &A,
        job: &Job,
        folders: &Folders,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Summary, JobError>;

    /// Rule C8.
    ///
    /// # Errors
    /// As in rule C8.
    fn merge(out: &Folder, to: &mut dyn Write) -> Result<(), JobError>;
}

/// What is done with an application, whichever it is.
pub trait Task {
    /// What comes of it.
    type Output;

    /// Does it.
    fn run<A: Application>(self, app: &A) -> Self::Output;
}

/// What of the student's applications is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum App {
    /// Rule B1.
    WordCount,
    /// Rule B2, with the pattern.
    Grep(Vec<u8>),
    /// Rule B3.
    Index,
    /// Rule B4.
    Sum,
    /// Rule B5.
    Own,
}

/// The student's applications.
pub trait Apps {
    /// Does a task with an application.
    fn with<T: Task>(app: &App, task: T) -> T::Output;
}

/// A job on files in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which application.
    pub app: Tried,
    /// What is to be done.
    pub job: Job,
    /// The inputs.
    pub inputs: FileImage,
    /// What goes wrong with them.
    pub input_trouble: Trouble,
    /// The folder `out` as it is before.
    pub out: FileImage,
    /// What goes wrong with it.
    pub trouble: Trouble,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// What the engine says, an error as people see it.
    pub said: Result<Summary, String>,
    /// The folder `out` as it is afterwards.
    pub out: FileImage,
    /// What was done in it.
    pub operations: Vec<Operation>,
    /// How many operations these were, each read and write for itself.
    pub count: u64,
    /// How many of its files were open at once.
    pub open_most: usize,
    /// Whether the process was killed.
    pub was_killed: bool,
    /// What the application was asked.
    pub calls: Calls,
}

/// A job on a real folder, whose memory is measured: [`Count`](crate::tried::Count) of the inputs in its folder `in`, with the
/// outputs in its folder `out`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The folder in which both are.
    pub folder: PathBuf,
    /// What is to be done.
    pub job: Job,
}

/// What it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// What the engine says.
    pub said: Result<Summary, String>,
    /// What it took from memory, if that was measured.
    pub usage: Option<Usage>,
}

/// Files, and a function on them that gives `Output`, or an error in words.
type OnFiles<Input, Output> = Function<(FileImage, Trouble, Input), Result<Output, String>>;

/// `splits`, with the names of the files and the size.
pub const SPLITS: OnFiles<(Vec<String>, u64), Vec<Split>> = Function::new("splits");
/// `Records`: file, line and bytes of each.
pub const RECORDS: OnFiles<Split, Vec<(String, u64, Vec<u8>)>> = Function::new("records");
/// `partition`.
pub const PARTITION: Function<(Vec<Vec<u8>>, u32), Vec<u32>> = Function::new("partition");
/// An application on records that stand in files, without an engine.
pub const APPLY: Function<(App, Texts, Way), Result<Table, String>> = Function::new("apply");
/// Whether an application has a combiner.
pub const COMBINES: Function<App, bool> = Function::new("combines");
/// `run`.
pub const RUN: Function<Run, Ran> = Function::new("run");
/// `run`, measured.
pub const MEASURE: Function<Measured, Took> = Function::new("measure");
/// `run_reduce` of `Pairs` on a folder as it is: number of the task, number of map tasks.
pub const REDUCE: OnFiles<(u32, u32), FileImage> = Function::new("reduce");
/// `merge`.
pub const MERGE: OnFiles<(), Vec<u8>> = Function::new("merge");

/// Files by name, in order.
pub type Texts = Vec<(String, Vec<u8>)>;

/// Keys and results.
pub type Table = BTreeMap<Vec<u8>, Vec<u8>>;

/// How values come together when an application is tried without an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// Nothing is combined.
    Plain,
    /// So many values of a key are combined, where there is a combiner.
    Combined(usize),
    /// Two values of a key are combined, and two of what comes of that, until one is left.
    Tree,
}
