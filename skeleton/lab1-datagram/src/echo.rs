//! Part B: the server.
//!
//! - **B6** Every ping is answered by one echo of the same session, seq and payload, sent to the address that the
//!   ping's datagram came from.
//! - **B7** An echo is never answered: two servers would else talk for ever.
//! - **B8** An answer that cannot be sent is the loss of that answer, not the end of the server.
#![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]

use std::io;

use crate::endpoint::Endpoint;

/// Answers pings for ever; returns only when the endpoint cannot receive any more (B6 to B8).
pub async fn echo(endpoint: &mut Endpoint) -> io::Result<()> {
    todo!("lab 1, part B: echo")
}
