//! The command line of `cluster`.

use super::shown;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddrV4;
use std::path::PathBuf;

/// MapReduce on many machines, with your coordinator and your worker.
#[derive(Parser)]
#[command(
    name = "cluster",
    after_help = "Exit codes: 0 done, 1 it has failed, 2 wrong arguments, 130 interrupted."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Gives tasks to workers, until the client has the outputs of the job.
    Coordinator(CoordinatorArguments),
    /// Does tasks, until the job is over.
    Worker(WorkerArguments),
    /// Brings input to the workers, submits a job, and waits for its outputs.
    Submit(SubmitArguments),
    /// Waits for the outputs of a job that was submitted before.
    Collect(CollectArguments),
    /// Says how far the job is.
    Status {
        /// Where the coordinator listens.
        #[arg(long, value_name = "ADDRESS")]
        coordinator: SocketAddrV4,
        /// Goes on saying so until the job is over.
        #[arg(long)]
        watch: bool,
    },
}

#[derive(Args)]
pub(super) struct CoordinatorArguments {
    /// Where to listen; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) listen: SocketAddrV4,
    /// The folder of its journal; made when it is not there. A coordinator that is started on the same folder goes on with its job.
    #[arg(long, value_name = "DIR")]
    pub(super) journal: PathBuf,
    /// A worker that is silent for so many milliseconds is lost.
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(100..=3_600_000))]
    pub(super) lease_ms: u64,
    /// A task that takes so many milliseconds may be given to another worker too.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub(super) backup_ms: u64,
    /// So many failures of one task end the job.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) max_failures: u32,
    /// Leaves a picture of who did what when: an HTML page.
    #[arg(long, value_name = "FILE")]
    pub(super) timeline: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct WorkerArguments {
    /// Where the coordinator listens.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) coordinator: SocketAddrV4,
    /// Where to listen; others must reach it there. Port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) listen: SocketAddrV4,
    /// The folder of its files; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// What executes map and reduce functions.
    #[arg(long, value_enum, default_value_t = EngineName::Given)]
    pub(super) engine: EngineName,
    /// When there is nothing to do, it asks again after so many milliseconds.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(super) pause_ms: u64,
    /// While it works, it says so at this distance, in milliseconds.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(super) beat_ms: u64,
    /// Makes each task take so many milliseconds longer, so that one can watch.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=600_000))]
    pub(super) task_ms: u64,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum EngineName {
    /// The kit's, which has one application, `words`.
    Given,
    /// Yours of lab 4, with its applications.
    Lab4,
}

#[derive(Args)]
pub(super) struct SubmitArguments {
    /// Where the coordinator listens.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) coordinator: SocketAddrV4,
    /// The application: `words`; with the engine of lab 4 `wc`, `index`, `sum`, `own` or `grep:PATTERN`.
    #[arg(long)]
    pub(super) app: String,
    /// The files to read, in this order.
    #[arg(long, num_args = 0.., value_name = "FILE")]
    pub(super) inputs: Vec<PathBuf>,
    /// Where the results go; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// How many outputs there are.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) reduces: u32,
    /// How much of a file one map task gets, such as 512K or 16M.
    #[arg(long, default_value = "16M", value_parser = shown::size)]
    pub(super) chunk_size: u64,
    /// How many workers get a copy of each chunk.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(super) copies: u16,
    /// Lines that the application refuses twice are left out (a bonus: part S), and said to be.
    #[arg(long)]
    pub(super) skip_refused: bool,
    /// Waits for so many workers first.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(super) workers: u16,
}

#[derive(Args)]
pub(super) struct CollectArguments {
    /// Where the coordinator listens.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) coordinator: SocketAddrV4,
    /// Where the results go; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}
