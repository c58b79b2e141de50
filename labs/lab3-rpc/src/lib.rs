//! Lab 3, the half that students are given: messages, what the two machines are asked and tell, and the scenarios.
//!
//! The contract is in `contract.rs`; start there. The types that it speaks of are in `types.rs` and `message.rs`.

pub mod contract;
pub mod limits;
mod message;
pub mod programs;
pub mod samples;
pub mod scenarios;
pub mod shells;
pub mod types;

pub use faultline::{Context, Host, Machine, Never, Time};
pub use message::{CallId, Incarnation, Message, MessageError, Target};
pub use types::{CALC, CLIENT, KV, SERVER};
pub use types::{
    CallError, CallOutcome, ClientCommand, ClientConfig, ClientNotice, Fault, MAX_ARGUMENTS, MAX_RESULT,
    MAX_VALUE, RtoConfig, ServeConfig, ServerCommand, ServerConfig, ServerNotice, Unreadable, Why,
};
