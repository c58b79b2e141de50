//! Coordinator, workers and clients as processes: their calls are those of the finished RPC, over TCP, or of another network.

pub(crate) mod calls;
pub(crate) mod client;
pub(crate) mod coordinator;
pub mod engines;
pub mod network;
pub mod tcp;
pub(crate) mod worker;
