//! MapReduce on one machine, with the engine and the applications of the package that this file is attached to: `mr --help`.

mod theirs;

use std::process::ExitCode;
use theirs::Theirs;

fn main() -> ExitCode {
    lab4_kit::programs::main::<Theirs, Theirs>()
}
