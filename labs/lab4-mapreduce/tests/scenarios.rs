//! Runs lab 4's public scenarios against the package that this file is attached to.

#[path = "../programs/theirs.rs"]
mod theirs;

use std::process::ExitCode;
use theirs::Theirs;

fn main() -> ExitCode {
    faultline::install_meter!();
    let program = lab4_kit::calling::program::<Theirs, Theirs>(option_env!("CARGO_BIN_EXE_mr"));
    faultline::runner::main(&lab4_kit::scenarios::suite(), &program)
}
