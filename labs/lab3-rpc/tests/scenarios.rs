//! Runs lab 3's public scenarios against the package that this file is attached to.

use faultline::program::LocalProgram;
use lab3_kit::{CLIENT, SERVER};
use lab3_rpc::{Client, Server};
use std::process::ExitCode;

fn main() -> ExitCode {
    let program = LocalProgram::new().role(&CLIENT, Client::new).role(&SERVER, Server::new);
    faultline::runner::main(&lab3_kit::scenarios::suite(), &program)
}
