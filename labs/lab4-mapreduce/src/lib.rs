//! Lab 4, the half that students are given: what an application, a job and its files are, and the scenarios.
//!
//! The contract is in `contract.rs`; start there. The types that it speaks of are in `types.rs` and `application.rs`.

mod application;
pub mod calling;
pub mod contract;
pub mod limits;
pub mod programs;
pub mod samples;
pub mod scenarios;
pub mod tried;
pub mod types;

pub use application::{Application, Combiner, Emit, Field, Record, Refusal};
pub use faultline::folder::{FileReader, FileWriter, Folder};
pub use types::{DONE, MAX_OPEN, MR, UNFINISHED};
pub use types::{Folders, Job, JobError, Mapped, Progress, Reduced, Split, Summary};
