//! Runs the scenarios of all labs together against the packages below the one that this file is attached to.

use std::process::ExitCode;

fn main() -> ExitCode {
    faultline::install_meter!();
    let stack = option_env!("CARGO_BIN_EXE_stack").unwrap_or_default();
    let program = faultline::program::LocalProgram::new().executable(lab6_kit::STACK, stack);
    faultline::runner::main(&lab6_kit::scenarios::suite(), &program)
}
