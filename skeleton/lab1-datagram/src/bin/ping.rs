//! `ping`: sends pings and prints what the network did to them. Given: nothing to do here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;

use clap::Parser;
use lab1_datagram::endpoint::Endpoint;
use lab1_datagram::ping::ping;
use lab1_kit::cli::PingArgs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = PingArgs::parse();
    let any = match args.server.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let mut endpoint = match Endpoint::bind((any, 0).into()).await {
        Ok(endpoint) => endpoint,
        Err(error) => {
            eprintln!("ping: cannot open a socket: {error}. Check that the network is up.");
            return ExitCode::FAILURE;
        }
    };
    match ping(&mut endpoint, &args).await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("ping: cannot ping {}: {error}. Check the address and the network.", args.server);
            ExitCode::FAILURE
        }
    }
}
