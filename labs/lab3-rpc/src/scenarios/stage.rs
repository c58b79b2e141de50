//! Servers on a stage, and what the network has seen last.

use crate::Message;
use faultline::live::process::Process;
use faultline::live::relay::{CLIENTS, Relay};
pub(super) use faultline::live::stage::{PATIENCE, Stage};
use faultline::scenario::Failure;
use faultline::{Row, Time};
use std::net::SocketAddr;
use std::time::Duration;

/// Starts a server, and waits until it says where it listens.
pub(super) fn serve(
    stage: &mut Stage,
    name: &str,
    listen: SocketAddr,
) -> Result<(Process, SocketAddr), Failure> {
    let mut server = stage.start(name, &["serve", "--listen", &listen.to_string(), "--tell"])?;
    let line = stage.line(name, &mut server, "listening on ")?;
    let address = line.parse();
    let address = address.map_err(|_| Failure::new(format!("The {name} says that it listens at {line}.")))?;
    Ok((server, address))
}

/// Takes the last datagrams that came to the network into the story.
pub(super) fn look_at(stage: &mut Stage, relay: &Relay) {
    const DATAGRAMS: usize = 6;
    let log = relay.log();
    let last = log[log.len().saturating_sub(DATAGRAMS)..].iter().map(|record| {
        let from = if record.from == CLIENTS { "client" } else { "server" };
        let what = Message::describe(&record.datagram);
        let at = Time::ZERO + Duration::from_millis(record.arrived.as_millis() as u64);
        Row::new(at, "network", format!("{} {what}, from the {from}", record.fate))
    });
    stage.ends_with(last.collect());
}
