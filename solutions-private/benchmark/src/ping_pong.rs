//! A ball goes to and fro between two hosts: our simulation, with a machine and with asynchronous code. Each player waits for the ball with a time-out, as protocols do. The same game for turmoil is in
//! `ping_pong_turmoil.rs`.

use faultline::asynchronous::{NodeHandle, UdpSocket};
use faultline::program::{LocalProgram, Role};
use faultline::scenario::{Bench, Failure};
use faultline::simulation::{Ended, Link, Simulation};
use faultline::{Context, Host, Machine, Never, ms, text};
use serde::{Deserialize, Serialize};
use std::io;
use std::time::Duration;

/// After how long a player thinks that the ball is lost.
pub(crate) const PATIENCE: Duration = ms(1_000);
/// The longest game in virtual time.
pub(crate) const LONGEST: Duration = Duration::from_secs(1_000_000);

/// A game.
#[derive(Clone, Copy)]
pub(crate) struct Game {
    /// How many balls each player gets.
    pub(crate) rounds: u32,
    /// How long a ball is on its way.
    pub(crate) latency: Duration,
}

/// What a player is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Config {
    peer: Host,
    /// How many balls come.
    rounds: u32,
    /// The server throws first, and does not return the last ball.
    serves: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Player {
    config: Config,
    received: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Impatience;

const MACHINE: Role<Config, Never, Never> = Role::new("player", |bytes| text::bytes(bytes, 8));
const ASYNC: Role<Config, Never, Never> = Role::new("async player", |bytes| text::bytes(bytes, 8));

impl Player {
    fn throw(&mut self, ctx: &mut Context<Self>) {
        ctx.send(self.config.peer, self.received.to_be_bytes().to_vec());
        if self.received < self.config.rounds {
            ctx.set_timer(Impatience, PATIENCE);
        }
    }
}

impl Machine for Player {
    type Command = Never;
    type Notice = Never;
    type Timer = Impatience;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        if self.config.serves {
            self.throw(ctx);
        }
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], ctx: &mut Context<Self>) {
        ctx.cancel_timer(Impatience);
        self.received += 1;
        if self.received < self.config.rounds || !self.config.serves {
            self.throw(ctx);
        }
    }

    fn on_timer(&mut self, _: Impatience, ctx: &mut Context<Self>) {
        self.throw(ctx);
    }
}

async fn play(Config { peer, rounds, serves }: Config, node: NodeHandle<Never, Never>) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    let mut ball = [0; 4];
    if serves {
        socket.send_to(&0u32.to_be_bytes(), peer).await?;
    }
    for received in 1..=rounds {
        let wait = node.timeout(PATIENCE, socket.recv_from(&mut ball)).await;
        wait.map_err(|_| io::ErrorKind::TimedOut)??;
        if received < rounds || !serves {
            socket.send_to(&received.to_be_bytes(), peer).await?;
        }
    }
    Ok(())
}

/// Plays with machines; the number of delivered datagrams.
///
/// # Errors
/// The game did not come to its end.
pub(crate) fn machine(game: Game) -> Result<u64, String> {
    played(&MACHINE, game)
}

/// Plays with asynchronous code; the number of delivered datagrams.
///
/// # Errors
/// The game did not come to its end.
pub(crate) fn asynchronous(game: Game) -> Result<u64, String> {
    played(&ASYNC, game)
}

fn played(role: &Role<Config, Never, Never>, game: Game) -> Result<u64, String> {
    let program =
        LocalProgram::new().role(&MACHINE, |config| Player { config, received: 0 }).async_role(&ASYNC, play);
    let delivered = simulate(&Bench::new(&program, 1), role, game);
    expect_all(delivered.map_err(|failure| format!("our game failed: {}", failure.reason))?, game)
}

fn simulate(bench: &Bench<'_>, role: &Role<Config, Never, Never>, game: Game) -> Result<u64, Failure> {
    let Game { rounds, latency } = game;
    let (mut simulation, [a, b]) = Simulation::new(bench, ["server", "returner"]);
    simulation.without_trace();
    simulation.links(Link { latency_min: latency, latency_max: latency, ..Link::default() });
    simulation.start(b, role, &Config { peer: a, rounds, serves: false })?;
    simulation.start(a, role, &Config { peer: b, rounds, serves: true })?;
    match simulation.run_until(LONGEST, |_| Ok(false))? {
        Ended::Quiet => Ok(simulation.counts(a, b).delivered + simulation.counts(b, a).delivered),
        ended => Err(Failure::new(format!("it ended as {ended:?}"))),
    }
}

/// The balls of a whole game, if these were all.
///
/// # Errors
/// There were more or fewer.
pub(crate) fn expect_all(delivered: u64, game: Game) -> Result<u64, String> {
    let all = 2 * u64::from(game.rounds);
    if delivered == all { Ok(all) } else { Err(format!("{delivered} of {all} datagrams were delivered")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ping_pong_turmoil;

    #[test]
    fn every_game_is_played_to_its_end_and_needs_two_datagrams_a_round() {
        for play in [machine, asynchronous, ping_pong_turmoil::turmoil] {
            for latency in [ms(1), ms(10)] {
                assert_eq!(play(Game { rounds: 1, latency }), Ok(2));
                assert_eq!(play(Game { rounds: 50, latency }), Ok(100));
            }
        }
    }

    #[test]
    fn a_game_that_was_cut_short_is_an_error() {
        assert_eq!(
            expect_all(19, Game { rounds: 10, latency: ms(1) }).unwrap_err(),
            "19 of 20 datagrams were delivered"
        );
    }
}
