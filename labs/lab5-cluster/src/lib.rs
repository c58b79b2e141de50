//! Lab 5, the half that students are given: what coordinator and workers say to each other, what a worker finds around it, and
//! the scenarios.
//!
//! The contract is in `contract.rs`; start there. The types that it speaks of are in `types.rs`, `message.rs` and `files.rs`.

pub mod calling;
pub mod contract;
pub mod coordinating;
pub mod engine;
pub mod files;
pub mod limits;
pub mod live;
pub mod message;
pub mod programs;
pub mod scenarios;
pub mod simulated;
pub mod site;
pub mod timeline;
pub mod types;
pub mod words;

pub use coordinating::{Coordinate, Ctx};
pub use engine::Engine;
pub use faultline::disk::DiskHandle;
pub use faultline::folder::Folder;
pub use files::{File, UNFINISHED};
pub use limits::{MAX_READ, MAX_SKIPPED, READ_TRIES};
pub use message::{Assignment, Bytes, Input, Phase, Read, Reply, Request, Status};
pub use site::{NoAnswer, Site};
pub use types::{
    Address, Attempt, Cause, Chunk, CoordinatorConfig, Job, JobFailure, Place, Task, WorkerConfig, WorkerId,
};
