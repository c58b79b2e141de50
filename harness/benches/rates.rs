//! How fast the worlds are: simulated datagrams and searched states per CPU-second, on machines that do nearly nothing.
//!
//! `cargo bench -p faultline` for the release profile, `cargo bench -p faultline --profile dev` for the one in which
//! students run.

use faultline::asynchronous::{NodeHandle, UdpSocket};
use faultline::program::{LocalProgram, Role};
use faultline::scenario::{Bench, Failure};
use faultline::search::{Limits, Search};
use faultline::simulation::{Link, Simulation};
use faultline::{Context, Host, Machine, Never, ms, text};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::time::Duration;

const ROUNDS: u32 = 1_000_000;

/// Throws a ball to and fro, with a timer that is set and cancelled each time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Player {
    peer: Host,
    left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Config {
    peer: Host,
    left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Impatience;

#[derive(Serialize, Deserialize)]
struct Serve;

impl fmt::Display for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("serve")
    }
}

const PLAYER: Role<Config, Serve, Never> = Role::new("player", |bytes| text::bytes(bytes, 8));
const ASYNC_PLAYER: Role<Config, Serve, Never> = Role::new("async-player", |bytes| text::bytes(bytes, 8));

impl Player {
    fn throw(&mut self, ctx: &mut Context<Self>) {
        if self.left > 0 {
            self.left -= 1;
            ctx.send(self.peer, self.left.to_be_bytes().to_vec());
            ctx.set_timer(Impatience, ms(1_000));
        }
    }
}

impl Machine for Player {
    type Command = Serve;
    type Notice = Never;
    type Timer = Impatience;

    fn on_command(&mut self, _: Serve, ctx: &mut Context<Self>) {
        self.throw(ctx);
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], ctx: &mut Context<Self>) {
        ctx.cancel_timer(Impatience);
        self.throw(ctx);
    }

    fn on_timer(&mut self, _: Impatience, ctx: &mut Context<Self>) {
        self.throw(ctx);
    }
}

/// The same game in asynchronous code, with a timeout instead of the timer.
async fn play(Config { peer, mut left }: Config, node: NodeHandle<Serve, Never>) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    let mut ball = [0; 4];
    let mut throws = node.timeout(ms(1), node.next_command()).await.is_ok();
    while left > 0 {
        if throws {
            left -= 1;
            socket.send_to(&left.to_be_bytes(), peer).await?;
        }
        // A ball that does not come back in time is thrown again.
        let _ = node.timeout(ms(1_000), socket.recv_from(&mut ball)).await;
        throws = true;
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let program = LocalProgram::new()
        .role(&PLAYER, |Config { peer, left }| Player { peer, left })
        .async_role(&ASYNC_PLAYER, play);
    let bench = Bench::new(&program, 1);
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    for (name, link) in [
        ("perfect network", Link::default()),
        ("10 % loss, 1 to 10 ms", Link { loss: 0.1, latency_max: ms(10), ..Link::default() }),
    ] {
        for (role, code) in [(&PLAYER, "simulation"), (&ASYNC_PLAYER, "async code")] {
            let (datagrams, seconds) = timed(|| simulate(&bench, role, link))?;
            println!(
                "{profile:<8} {code}, {name:<22} {:>12.0} datagrams per CPU-second",
                datagrams / seconds
            );
        }
    }
    let (states, seconds) = timed(|| search(&bench))?;
    println!(
        "{profile:<8} search, {states:>8.0} states            {:>12.0} states per CPU-second",
        states / seconds
    );
    Ok(())
}

fn timed(run: impl Fn() -> Result<f64, Failure>) -> Result<(f64, f64), Failure> {
    let start = cpu();
    Ok((run()?, (cpu() - start).as_secs_f64()))
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn simulate(bench: &Bench<'_>, role: &Role<Config, Serve, Never>, link: Link) -> Result<f64, Failure> {
    let (mut simulation, [a, b]) = Simulation::new(bench, ["left", "right"]);
    simulation.without_trace();
    simulation.links(link);
    let left = simulation.start(a, role, &Config { peer: b, left: ROUNDS })?;
    simulation.start(b, role, &Config { peer: a, left: ROUNDS })?;
    simulation.command(left, &Serve)?;
    simulation.run_for(Duration::from_secs(1_000_000))?;
    Ok((simulation.counts(a, b).delivered + simulation.counts(b, a).delivered) as f64)
}

fn search(bench: &Bench<'_>) -> Result<f64, Failure> {
    let limits = Limits { losses: 2, duplicates: 2, timers: 3, states: 100_000, ..Limits::default() };
    let (mut search, [a, b]) = Search::new(bench, limits, ["left", "right"]);
    let left = search.start(a, &PLAYER, &Config { peer: b, left: 8 })?;
    search.start(b, &PLAYER, &Config { peer: a, left: 8 })?;
    search.command(left, &Serve);
    Ok(search.run()?.states as f64)
}
