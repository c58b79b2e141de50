//! What a job is, what it does, and how it fails.

use faultline::folder::Folder;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;

/// The name under which the scenarios start the program `mr`.
pub const MR: &str = "mr";

/// How many files the engine may have open at once (rule D3).
pub const MAX_OPEN: usize = 16;

/// The file that says that the outputs beside it are those of a whole job (rule C6).
pub const DONE: &str = "done";

/// With this begins the name of every file that is not finished (rule C5).
pub const UNFINISHED: &str = "tmp-";

/// Some whole lines of one input file, which one map task works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The name of the file.
    pub file: String,
    /// Its first byte, from 0.
    pub start: u64,
    /// The byte after its last.
    pub end: u64,
    /// The number of its first line in the file, from 1.
    pub first_line: u64,
}

/// Where the files of a job are.
#[derive(Clone, Debug)]
pub struct Folders {
    /// From here inputs are read.
    pub inputs: Folder,
    /// Here are intermediate files and outputs.
    pub out: Folder,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The names of the input files, in order.
    pub inputs: Vec<String>,
    /// Splits have at least so many bytes, but for the last one of a file (rule A1). At least 1.
    pub split_size: u64,
    /// How many reduce tasks, and so how many outputs there are. At least 1.
    pub reduces: u32,
    /// So many bytes of pairs may be held in memory (rule D1).
    pub memory: usize,
    /// Whether the application's combiner is used, if it has one.
    pub combine: bool,
    /// Whether intermediate files are left in place, for people to look at.
    pub keep: bool,
}

impl Default for Job {
    fn default() -> Job {
        Job { inputs: vec![], split_size: 16 << 20, reduces: 1, memory: 64 << 20, combine: true, keep: false }
    }
}

/// What one map task has done, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// Records that it has read.
    pub records: u64,
    /// Pairs that the application has emitted.
    pub emitted: u64,
    /// Pairs that are in its intermediate files.
    pub written: u64,
}

/// What one reduce task has done, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduced {
    /// Keys, each of which is one line of its output.
    pub keys: u64,
}

/// What a job has done, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Map tasks.
    pub maps: u32,
    /// Reduce tasks.
    pub reduces: u32,
    /// Records of all map tasks.
    pub records: u64,
    /// Pairs that were emitted.
    pub emitted: u64,
    /// Pairs in intermediate files.
    pub written: u64,
    /// Keys in the outputs.
    pub keys: u64,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many of these map tasks are done.
    Map(u32, u32),
    /// So many of these reduce tasks are done.
    Reduce(u32, u32),
}

/// Why a job has failed.
#[derive(Debug)]
pub enum JobError {
    /// A file could not be read, written or renamed. The errors of `Folder` name the file.
    Files(io::Error),
    /// The application does not take this record.
    Record {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What the application says.
        why: String,
    },
    /// The application has no result for this key.
    Key {
        /// The key.
        key: Vec<u8>,
        /// What the application says.
        why: String,
    },
    /// There is no file `done`, so there is no job whose outputs are all there.
    NotDone,
    /// A file of the job's own is not what was written.
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
}

impl From<io::Error> for JobError {
    fn from(error: io::Error) -> JobError {
        JobError::Files(error)
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JobError::Files(error) => write!(formatter, "{error}"),
            JobError::Record { file, line, why } => write!(formatter, "{file}, line {line}: {why}"),
            JobError::Key { key, why } => write!(formatter, "key {:?}: {why}", String::from_utf8_lossy(key)),
            JobError::NotDone => write!(formatter, "there is no file {DONE}: no job has ended well here"),
            JobError::Damaged { file, why } => write!(formatter, "{file} is damaged: {why}"),
        }
    }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            JobError::Files(error) => Some(error),
            JobError::Record { .. } | JobError::Key { .. } | JobError::NotDone | JobError::Damaged { .. } => {
                None
            }
        }
    }
}
