//! Runs lab 1's public scenarios against the package that this file is attached to.

use faultline::program::LocalProgram;
use lab1_datagram::observer::Observer;
use lab1_datagram::wire::{decode, encode};
use lab1_kit::pinger::Pinger;
use lab1_kit::program::{DECODE, ECHO, ENCODE, PING, PINGER};
use std::process::ExitCode;

fn main() -> ExitCode {
    faultline::install_meter!();
    let program = LocalProgram::new()
        .function(&ENCODE, |message| encode(&message))
        .function(&DECODE, |datagram: Vec<u8>| decode(&datagram))
        .role(&PINGER, Pinger::<Observer>::new)
        .executable(ECHO, env!("CARGO_BIN_EXE_echo"))
        .executable(PING, env!("CARGO_BIN_EXE_ping"));
    faultline::runner::main(&lab1_kit::scenarios::suite(), &program)
}
