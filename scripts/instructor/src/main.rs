//! The instructor's programs, one module a subcommand: what makes the skeleton, and what checks that the parts of the
//! kit still agree. None of this is handed out. Each subcommand returns an exit code: 0 as it should be, 1 something
//! is wrong and has been told with its place; an `io::Error` (exit code 2) means that it could not be found out.
//! Read kit.rs next, then the module of the subcommand.

mod book_check;
mod finding;
mod include;
mod kit;
mod markers;
mod skeleton;
mod versions_check;

use clap::{Parser, Subcommand};
use kit::Kit;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// The instructor's programs of the Faultline kit.
#[derive(Parser)]
#[command(name = "instructor")]
struct Arguments {
    /// The kit's root folder, when it is not the one that this program was built in.
    #[arg(long, global = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generates skeleton/ from the reference solutions.
    Skeleton(skeleton::Options),
    /// Checks the book's includes, links and table of contents.
    BookCheck,
    /// Checks that solutions-private and the root name the same dependencies and lints.
    VersionsCheck,
}

fn run(arguments: Arguments) -> io::Result<ExitCode> {
    let kit = Kit::open(arguments.root)?;
    match arguments.command {
        Command::Skeleton(options) => skeleton::run(&kit, &options),
        Command::BookCheck => book_check::run(&kit),
        Command::VersionsCheck => versions_check::run(&kit),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
