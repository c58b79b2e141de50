//! Runs lab 5's public scenarios against the package that this file is attached to.

use lab5_cluster::{Coordinator, store, worker};
use std::process::ExitCode;

fn main() -> ExitCode {
    faultline::install_meter!();
    let program = lab5_kit::calling::program(
        Coordinator::new,
        worker::work,
        store::read,
        option_env!("CARGO_BIN_EXE_cluster"),
    );
    faultline::runner::main(&lab5_kit::scenarios::suite(), &program)
}
