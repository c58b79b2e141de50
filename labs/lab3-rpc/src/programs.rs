//! What the programs `calc` and `kv` are made of, as far as it needs no code of a student's: command lines, the network between,
//! what a server counts, how a program ends, and what the two services do.
//!
//! The programs themselves, in `programs/`, put a student's stubs, `Caller` and `serve` between these.

pub mod calc;
mod calling;
mod counting;
mod ending;
pub mod kv;
mod options;
mod serving;

pub use calling::{Client, call};
pub use ending::{AFTER_HELP, Ending};
pub use options::{CallOptions, ServeOptions};
pub use serving::{Closing, Desk, Dispatch, Work, serve};
