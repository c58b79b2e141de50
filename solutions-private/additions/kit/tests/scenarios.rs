//! Runs lab 7's public scenarios against the package that this file is attached to.

use faultline::program::LocalProgram;
use lab7_kit::SUM;
use std::process::ExitCode;

fn main() -> ExitCode {
    let program = LocalProgram::new().function(&SUM, |numbers: Vec<u32>| lab7_adding::sum(&numbers));
    faultline::runner::main(&lab7_kit::scenarios::suite(), &program)
}
