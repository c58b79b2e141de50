//! `echo`: answers pings until Ctrl-C. Given: nothing to do here.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use lab1_datagram::echo::echo;
use lab1_datagram::endpoint::Endpoint;
use lab1_kit::cli::EchoArgs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = EchoArgs::parse();
    let mut endpoint = match Endpoint::bind(args.listen).await {
        Ok(endpoint) => endpoint,
        Err(error) => {
            eprintln!("echo: cannot listen on {}: {error}. Choose another --listen address.", args.listen);
            return ExitCode::FAILURE;
        }
    };
    let ended = tokio::select! {
        // Ctrl-C comes first: it is waited for before the first line tells that the server runs.
        biased;
        interrupted = tokio::signal::ctrl_c() => interrupted,
        served = serve(&mut endpoint) => served,
    };
    if let Err(error) = ended {
        eprintln!("echo: the server on {} stopped: {error}. Start it again.", args.listen);
        return ExitCode::FAILURE;
    }
    println!("dropped {} bad datagrams", endpoint.bad());
    ExitCode::SUCCESS
}

async fn serve(endpoint: &mut Endpoint) -> io::Result<()> {
    println!("listening on {}", endpoint.local_addr()?);
    io::stdout().flush()?;
    echo(endpoint).await
}
