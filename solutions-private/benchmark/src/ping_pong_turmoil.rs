//! The game of `ping_pong.rs` in turmoil: two hosts, UDP sockets, tokio's time-out. Time goes in
//! ticks of one millisecond (turmoil's default), in which every host is asked, so what it costs depends on the latency.

use crate::ping_pong::{Game, LONGEST, PATIENCE, expect_all};
use std::cell::Cell;
use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::time::timeout;
use turmoil::net::UdpSocket;

const PORT: u16 = 9_000;
const SEED: u64 = 1;

/// Plays in turmoil; the number of delivered datagrams.
///
/// # Errors
/// The game did not come to its end.
pub(crate) fn turmoil(game: Game) -> Result<u64, String> {
    let delivered = Rc::new(Cell::new(0));
    let mut simulation = turmoil::Builder::new()
        .simulation_duration(LONGEST)
        .min_message_latency(game.latency)
        .max_message_latency(game.latency)
        .rng_seed(SEED)
        .build();
    let counter = delivered.clone();
    simulation.host("returner", move || play("server", game.rounds, counter.clone()));
    simulation.client("server", play("returner", game.rounds, delivered.clone()));
    simulation.run().map_err(|error| format!("turmoil's game failed: {error}"))?;
    expect_all(delivered.get(), game)
}

async fn play(peer: &'static str, rounds: u32, delivered: Rc<Cell<u64>>) -> Result<(), Box<dyn Error>> {
    let serves = peer == "returner";
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    let peer = SocketAddr::new(turmoil::lookup(peer), PORT);
    let mut ball = [0; 4];
    if serves {
        socket.send_to(&0u32.to_be_bytes(), peer).await?;
    }
    for received in 1..=rounds {
        timeout(PATIENCE, socket.recv_from(&mut ball)).await??;
        delivered.set(delivered.get() + 1);
        if received < rounds || !serves {
            socket.send_to(&received.to_be_bytes(), peer).await?;
        }
    }
    Ok(())
}
