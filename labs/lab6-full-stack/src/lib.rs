//! All labs together: a cluster whose calls are those of lab 3 and whose engine is that of lab 4, after lab 1 has looked whether anybody is
//! there, and lab 2 has brought the text.
//!
//! There is nothing to write. The program `stack` is in `programs/`; what carries the cluster's calls over lab 3's is in `network.rs`,
//! and the scenario in `scenarios.rs`.

pub mod desk;
pub mod network;
pub mod scenarios;

/// The name under which the scenario starts the program.
pub const STACK: &str = "stack";
