//! Runs lab 2's public scenarios against the package that this file is attached to.

use faultline::program::LocalProgram;
use lab2_kit::{CONNECTION, RCP, RECEIVER, RTO, SENDER};
use lab2_reliable::{Connection, Receiver, Sender, rto};
use std::process::ExitCode;

fn main() -> ExitCode {
    faultline::install_meter!();
    let program = LocalProgram::new()
        .role(&SENDER, Sender::new)
        .role(&RECEIVER, Receiver::new)
        .role(&CONNECTION, Connection::new)
        .function(&RTO, rto::series)
        .executable(RCP, option_env!("CARGO_BIN_EXE_rcp").unwrap_or_default());
    faultline::runner::main(&lab2_kit::scenarios::suite(), &program)
}
