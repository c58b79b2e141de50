//! `cargo lab relay`: a bad network for programs that run by themselves. It forwards datagrams between clients and a server,
//! does to them what the options say, and tells what it did. It is the relay of the live scenarios, with the same dice.

use faultline::live::LiveError;
use faultline::live::amount::{Share, Times, address, server, time};
use faultline::live::relay::{CLIENTS, Relay, SERVER, direct};
use faultline::simulation::{Link, MTU_MAX};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How often a terminal is told what was done so far.
const REFRESH: Duration = Duration::from_secs(1);

/// At the end of the help.
pub(crate) const EXAMPLE: &str = "Example: the server listens at 127.0.0.1:4000. Then
  cargo lab relay --to 127.0.0.1:4000 --listen 127.0.0.1:5000 --loss 5% --duplicate 2% --reorder 10% --latency 5ms..15ms
is a bad network between it and whoever sends to 127.0.0.1:5000. SHARE is 5% or 0.05; TIME is 500us, 20ms or 2s.";

/// What the network is like.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The server behind the relay.
    #[arg(long, value_name = "ADDRESS", value_parser = server)]
    to: SocketAddr,
    /// Where clients send to; port 0 is any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// The directions in which datagrams are lost, duplicated, held back, corrupted or late.
    #[arg(long, value_enum, default_value_t = Direction::Both)]
    direction: Direction,
    /// How many are lost.
    #[arg(long, value_name = "SHARE", default_value_t)]
    loss: Share,
    /// How many arrive twice.
    #[arg(long, value_name = "SHARE", default_value_t)]
    duplicate: Share,
    /// How much later than its original a duplicate goes on, at most.
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = time)]
    duplicate_delay: Duration,
    /// How many are held back, so that later ones overtake them.
    #[arg(long, value_name = "SHARE", default_value_t)]
    reorder: Share,
    /// For how long they are held back.
    #[arg(long, value_name = "TIME", default_value = "20ms", value_parser = time)]
    reorder_delay: Duration,
    /// How many arrive changed.
    #[arg(long, value_name = "SHARE", default_value_t)]
    corrupt: Share,
    /// How long each datagram takes: a time, or two for a time that is drawn between them.
    #[arg(long, visible_alias = "delay", value_name = "TIME", default_value = "0ms")]
    latency: Times,
    /// How many bytes a second the network carries; any number unless told.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    bandwidth: Option<u64>,
    /// How many datagrams may wait when the bandwidth is limited; one more is lost.
    #[arg(long, value_name = "DATAGRAMS", default_value_t = 100, requires = "bandwidth")]
    queue: usize,
    /// The bytes of the largest datagram that comes through.
    #[arg(long, value_name = "BYTES", default_value_t = MTU_MAX)]
    mtu: usize,
    /// What all chance is drawn from: the same seed does the same to the same datagrams. Any unless told.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Both,
    ToServer,
    ToClients,
}

impl Options {
    fn link(&self) -> Link {
        Link {
            latency_min: self.latency.min,
            latency_max: self.latency.max,
            loss: self.loss.0,
            duplicate: self.duplicate.0,
            copy_delay: self.duplicate_delay,
            corrupt: self.corrupt.0,
            reorder: self.reorder.0,
            reorder_delay: self.reorder_delay,
            mtu: self.mtu,
            bytes_per_second: self.bandwidth,
            queue: self.queue,
            ..direct()
        }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { loss, duplicate, reorder, reorder_delay, corrupt, latency, .. } = self;
        write!(
            f,
            "loss {loss}, duplicate {duplicate}, reorder {reorder} by {reorder_delay:?}, corrupt {corrupt}, "
        )?;
        write!(f, "latency {latency}")?;
        match self.direction {
            Direction::Both => Ok(()),
            Direction::ToServer => f.write_str("; only to the server"),
            Direction::ToClients => f.write_str("; only to the clients"),
        }
    }
}

/// Forwards until Ctrl-C, and tells what it did.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let seed = options.seed.unwrap_or_else(|| RandomState::new().hash_one(std::process::id()));
    let relay = start(options, seed)?;
    let link = options.link();
    if options.direction != Direction::ToClients {
        relay.link(CLIENTS, SERVER, link);
    }
    if options.direction != Direction::ToServer {
        relay.link(SERVER, CLIENTS, link);
    }
    let failed = |error: io::Error| format!("the relay cannot wait for Ctrl-C: {error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(until_interrupted(&relay, options, seed)).map_err(failed)?;
    println!("{}", relay.done());
    Ok(())
}

fn start(options: &Options, seed: u64) -> Result<Relay, String> {
    let Options { listen, to, .. } = options;
    if listen == to {
        return Err(format!("the relay cannot listen at {listen} and send there too"));
    }
    Relay::start_at(*listen, *to, seed).map_err(|error| match error {
        LiveError::Kit { source, .. } => format!("the relay cannot listen at {listen}: {source}"),
        other => other.to_string(),
    })
}

/// Tells what it does, and again and again what was done if somebody looks at a terminal.
async fn until_interrupted(relay: &Relay, options: &Options, seed: u64) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    println!("listening on {}", relay.addr());
    println!("before {}, seed {seed}: {options}", options.to);
    // Without a terminal nothing is drawn.
    let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let line = ProgressBar::new_spinner().with_style(style);
    let mut refresh = tokio::time::interval(REFRESH);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = refresh.tick() => line.set_message(relay.done().to_string()),
        }
    }
    line.finish_and_clear();
    Ok(())
}
