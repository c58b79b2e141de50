//! All labs in one program: `stack --help`.

mod calls;
#[path = "../../lab5-cluster/programs/lab4.rs"]
mod lab4;
mod pings;

use clap::{Args, Parser};
use lab1_kit::cli::{EchoArgs, PingArgs};
use lab5_kit::programs::{self, Parts};
use std::ffi::OsString;
use std::process::ExitCode;
use std::rc::Rc;

/// Your five labs in one program.
#[derive(Parser)]
#[command(name = "stack")]
enum Command {
    /// Lab 1: answers pings.
    Echo(EchoArgs),
    /// Lab 1: sends pings.
    Ping(PingArgs),
    /// Lab 2: copies a file; as `rcp`.
    Rcp(Rest),
    /// Lab 5, with the calls of lab 3 and the engine of lab 4; as `cluster`.
    Cluster {
        /// So many of a hundred datagrams to this process and from it are lost, and so many come twice.
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=50))]
        loss: u8,
        #[command(flatten)]
        rest: Rest,
    },
}

#[derive(Args)]
struct Rest {
    /// What the program of that lab is told.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Rest {
    /// With the name of the program.
    fn of(self, program: &str) -> impl Iterator<Item = OsString> {
        std::iter::once(program.into()).chain(self.arguments)
    }
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Echo(arguments) => pings::run_echo(&arguments),
        Command::Ping(arguments) => pings::run_ping(&arguments),
        Command::Rcp(rest) => lab2_kit::rcp::main_with(rest.of("stack rcp"), lab2_reliable::Connection::new),
        Command::Cluster { loss, rest } => {
            let parts = Parts {
                coordinator: lab5_cluster::Coordinator::new,
                work: lab5_cluster::worker::work,
                read: lab5_cluster::store::read,
                lab4: lab4::ENGINES,
                network: Rc::new(move |runtime| calls::network(runtime, f64::from(loss) / 100.0)),
            };
            programs::main_with(rest.of("stack cluster"), parts)
        }
    }
}
