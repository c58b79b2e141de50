//! What the student has written, under the names that the kit's worlds know.

use crate::coordinating::{Answered, Asked, Coordinate, Coordinator};
use crate::message::{Bytes, Message, Read};
use crate::programs::CLUSTER;
use crate::simulated::{self, WORKER};
use crate::site::Site;
use crate::types::CoordinatorConfig;
use faultline::folder::{FileImage, Folder, Memory, Trouble};
use faultline::program::{Function, LocalProgram, Role};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::io;

/// The coordinator of the student's.
pub const COORDINATOR: Role<CoordinatorConfig, Asked, Answered> = Role::new("coordinator", Message::describe);

/// Files, and what is to be read of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadCall {
    /// The files of the folder.
    pub files: FileImage,
    /// The questions.
    pub reads: Vec<Read>,
}

/// What came of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAnswers {
    /// The answers, in order; errors as sentences.
    pub answers: Vec<Result<Bytes, String>>,
    /// The files of the folder afterwards.
    pub files_after: FileImage,
}

/// How bytes of files are given to others.
pub const READ: Function<ReadCall, ReadAnswers> = Function::new("store::read");

/// All that a student hands in, to be tried by the scenarios: how a coordinator is made, what a worker does, and how it gives bytes
/// of its files to others; `cluster` is the path of the program, where it is built.
#[must_use]
pub fn program<C: Coordinate, Work>(
    coordinator: fn(CoordinatorConfig) -> C,
    work: fn(Site) -> Work,
    read: fn(&Folder, &Read) -> io::Result<Bytes>,
    cluster: Option<&'static str>,
) -> LocalProgram
where
    Work: Future<Output = io::Result<()>> + 'static,
{
    LocalProgram::new()
        .role(&COORDINATOR, move |config| Coordinator(coordinator(config)))
        .function(&READ, move |call: ReadCall| {
            let memory = Memory::new(&call.files, Trouble::default());
            let folder = memory.folder();
            let answer = |question: &Read| read(&folder, question).map_err(|error| error.to_string());
            ReadAnswers { answers: call.reads.iter().map(answer).collect(), files_after: memory.image() }
        })
        .async_role(&WORKER, move |setting, node| simulated::run(setting, node, work, read))
        .executable(CLUSTER, cluster.unwrap_or_default())
}
