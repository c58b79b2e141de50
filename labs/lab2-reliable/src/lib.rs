//! Lab 2, the half that students are given: segments, what the two machines are asked and tell, and the scenarios.
//!
//! The contract is in `contract.rs`; start there. The types that it speaks of are in `types.rs` and `segment.rs`.

pub mod contract;
pub mod rcp;
pub mod scenarios;
mod segment;
pub mod types;

pub use faultline::{Context, Host, Machine, Never, Time};
pub use segment::{Segment, SegmentError, SeqNo};
pub use types::{
    Accepted, ConnectionCommand, ConnectionConfig, ConnectionNotice, Deliver, Reason, ReceiverCommand,
    ReceiverConfig, RtoConfig, RtoEvent, SenderCommand, SenderConfig,
};
pub use types::{CONNECTION, RCP, RECEIVER, RTO, SENDER};
