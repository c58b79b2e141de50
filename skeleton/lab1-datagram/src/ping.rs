//! Part C: the client. It sends in time and receives meanwhile, in one task.
//!
//! - **C9** Pings 0, 1, 2, ... are sent, the first at once, each of the others an interval after the one before,
//!   whether replies come or not. Their payloads are `PingArgs::payload`; they are all of one session.
//! - **C10** It receives from the start until the wait after the last ping is over, and never ends earlier: what comes
//!   last may be duplicates. What has reached the socket by then counts.
//! - **C11** The report is an observer's; it counts the datagrams that the endpoint dropped meanwhile as corrupted.
#![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]

use std::io;

use lab1_kit::cli::PingArgs;
use lab1_kit::report::Report;

use crate::endpoint::Endpoint;

/// Sends the pings that the arguments ask for and reports on them; fails when the socket fails (C9 to C11).
pub async fn ping(endpoint: &mut Endpoint, args: &PingArgs) -> io::Result<Report> {
    todo!("lab 1, part C: ping")
}
