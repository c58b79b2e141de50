//! The options that the programs have in common, and what the two halves are told because of them.

use crate::types::{ClientConfig, RtoConfig, ServeConfig, ServerConfig};
use faultline::Host;
use faultline::live::amount::{Faults, address, server};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// How a server runs.
#[derive(clap::Args, Clone, Debug)]
pub struct ServeOptions {
    /// Where to listen; port 0 is any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    pub(super) listen: SocketAddr,
    /// What the network does to all that comes and goes.
    #[arg(long, value_name = "FAULTS")]
    pub(super) faults: Option<Faults>,
    /// How many calls are executed at once.
    #[arg(long, value_name = "CALLS", default_value = "64")]
    pub(super) at_once: NonZeroUsize,
    /// How many further calls wait; one more is refused.
    #[arg(long, value_name = "CALLS", default_value_t = 1_024)]
    pub(super) waiting: usize,
    /// Prints each call that is executed.
    #[arg(long)]
    pub(super) tell: bool,
}

/// How a client calls.
#[derive(clap::Args, Clone, Debug)]
pub struct CallOptions {
    /// Where the server listens, or a relay before it: 127.0.0.1:4000
    #[arg(value_name = "ADDRESS", value_parser = server)]
    pub(super) to: SocketAddr,
    /// What the network does to all that comes and goes.
    #[arg(long, global = true, value_name = "FAULTS")]
    pub(super) faults: Option<Faults>,
    /// How long a call may take, in milliseconds.
    #[arg(long, global = true, value_name = "TIME", default_value_t = 600_000, value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    deadline_ms: u64,
    /// After how long without a sign of life the server is given up, in milliseconds.
    #[arg(long, global = true, value_name = "TIME", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    give_up_ms: u64,
}

impl ServeOptions {
    /// What `serve` is told. Clients give a server up after a minute at the most, so after two it may forget them.
    pub(super) fn config(&self) -> ServeConfig {
        ServeConfig {
            server: ServerConfig {
                acknowledge_after: Duration::from_millis(25),
                forget_after: Duration::from_secs(120),
            },
            at_once: self.at_once.get(),
            waiting: self.waiting,
            linger: Duration::from_millis(500),
        }
    }
}

impl CallOptions {
    /// What `Caller::start` is told.
    pub(super) fn config(&self) -> ClientConfig {
        ClientConfig {
            server: Host(1),
            rto: RtoConfig { first: Duration::from_millis(50), max: Duration::from_secs(1) },
            watch: Duration::from_millis(500).min(self.give_up() / 4),
            give_up: self.give_up(),
        }
    }

    fn give_up(&self) -> Duration {
        Duration::from_millis(self.give_up_ms)
    }

    pub(super) fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}
