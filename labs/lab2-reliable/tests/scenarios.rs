//! Runs lab 2's public scenarios against the package that this file is attached to.

use faultline::program::LocalProgram;
use lab2_kit::{RECEIVER, SENDER};
use lab2_reliable::{Receiver, Sender};
use std::process::ExitCode;

fn main() -> ExitCode {
    let program = LocalProgram::new().role(&SENDER, Sender::new).role(&RECEIVER, Receiver::new);
    faultline::runner::main(&lab2_kit::scenarios::suite(), &program)
}
