//! Lab 3: remote procedure calls over UDP.
//!
//! The rules are in `lab3_kit::contract` and in the book. Begin with [`client`], then [`server`].
#![expect(unused_variables, reason = "delete this line when the last todo! is gone")]

pub mod client;
pub mod server;

pub use client::Client;
pub use server::Server;
