//! MapReduce on many machines, with the coordinator and the worker of the package that this file is attached to: `cluster --help`.

mod lab4;

use lab5_cluster::{Coordinator, store, worker};
use std::process::ExitCode;

fn main() -> ExitCode {
    lab5_kit::programs::main(Coordinator::new, worker::work, store::read, lab4::ENGINES)
}
