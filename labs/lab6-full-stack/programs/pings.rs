//! Lab 1 as a part of `stack`.

use lab1_datagram::echo::echo;
use lab1_datagram::endpoint::Endpoint;
use lab1_datagram::ping::ping;
use lab1_kit::cli::{EchoArgs, PingArgs};
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::process::ExitCode;

/// Runs something until it has ended; errors are told.
fn run(main: impl Future<Output = io::Result<()>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(main)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stack: {error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn run_echo(arguments: &EchoArgs) -> ExitCode {
    run(async {
        let mut endpoint = Endpoint::bind(arguments.listen).await?;
        let address = endpoint.local_addr()?;
        tokio::select! {
            // Ctrl-C comes first: it is waited for before the first line tells that the server runs.
            biased;
            interrupted = tokio::signal::ctrl_c() => interrupted,
            served = async {
                println!("listening on {address}");
                echo(&mut endpoint).await
            } => served,
        }
    })
}

pub(crate) fn run_ping(arguments: &PingArgs) -> ExitCode {
    run(async {
        let mut endpoint = Endpoint::bind((Ipv4Addr::UNSPECIFIED, 0).into()).await?;
        println!("{}", ping(&mut endpoint, arguments).await?);
        Ok(())
    })
}
