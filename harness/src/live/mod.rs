//! The live world: real processes and real UDP sockets on loopback, with the kit's relay between them.
//!
//! Real time passes here, so nothing is judged by a clock: waits are counted in ticks ([`patience`]), and what the
//! network did is asked of the [`relay`], which knows because it did it.

mod addresses;
pub mod amount;
mod capture;
mod done;
mod error;
mod folder;
mod host;
mod keeper;
mod leash;
mod log;
pub mod network;
pub mod patience;
pub mod peer;
pub mod port;
pub mod process;
mod program;
pub mod relay;
mod socket;
pub mod stage;
mod timers;
mod traffic;
mod wires;

pub use error::{LiveError, unwritten};
pub use folder::folder;
pub use host::{HostError, LiveHost};
pub use keeper::Keeper;
pub use program::{Tapped, run, run_tapped};
