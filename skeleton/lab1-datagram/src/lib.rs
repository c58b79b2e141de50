//! Lab 1: messages over UDP. Two programs, `echo` and `ping`, and a report of what the network did between them.
//!
//! | part | idea                                             | file          |
//! |------|--------------------------------------------------|---------------|
//! | A    | a message as bytes, and back without trust       | `wire.rs`     |
//! | B    | a socket that no datagram can break              | `endpoint.rs` |
//! | B    | a server: whatever comes, answer to where it was | `echo.rs`     |
//! | C    | what replies tell about the network              | `observer.rs` |
//! | C    | a client: send in time, receive meanwhile        | `ping.rs`     |
//!
//! The types and the contract are in `labs/lab1-datagram`; read its `message.rs` first.

pub mod echo;
pub mod endpoint;
pub mod observer;
pub mod ping;
pub mod wire;
