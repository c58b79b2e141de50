//! Part C: the client. It sends in time and receives meanwhile, in one task.
//!
//! - **C9** Pings 0, 1, 2, ... are sent, the first at once, each of the others an interval after the one before,
//!   whether replies come or not. Their payloads are `PingArgs::payload`; they are all of one session.
//! - **C10** It receives from the start until the wait after the last ping is over, and never ends earlier: what comes
//!   last may be duplicates. What has reached the socket by then counts.
//! - **C11** The report is an observer's; it counts the datagrams that the endpoint dropped meanwhile as corrupted.
// SOLUTION: #![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]
// END SOLUTION

use std::io;

use lab1_kit::cli::PingArgs;
// SOLUTION
use lab1_kit::message::{Kind, Message};
use lab1_kit::observe::Observe;
// END SOLUTION
use lab1_kit::report::Report;
// SOLUTION
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
// END SOLUTION

use crate::endpoint::Endpoint;
// SOLUTION
use crate::observer::Observer;
// END SOLUTION

/// Sends the pings that the arguments ask for and reports on them; fails when the socket fails (C9 to C11).
pub async fn ping(endpoint: &mut Endpoint, args: &PingArgs) -> io::Result<Report> {
    // SOLUTION: todo!("lab 1, part C: ping")
    let session = args.session_or_random();
    let (start, bad_before) = (Instant::now(), endpoint.bad());
    let mut observer = Observer::new(session);
    let mut unsent = 0..args.count;
    let mut deadline = start;
    loop {
        tokio::select! {
            // Receiving comes first, so that what has arrived is counted before the wait may end.
            biased;
            received = endpoint.recv() => observer.on_reply(&received?.0, start.elapsed()),
            () = reached(deadline) => {
                let Some(seq) = unsent.next() else { break };
                let message = Message { kind: Kind::Ping, session, seq, payload: args.payload(seq) };
                observer.on_sent(seq, start.elapsed());
                endpoint.send(&message, args.server).await.map_err(io::Error::other)?;
                deadline = Instant::now() + if unsent.is_empty() { args.wait() } else { args.interval() };
            }
        }
    }
    for _ in bad_before..endpoint.bad() {
        observer.on_bad_datagram();
    }
    Ok(observer.report())
    // END SOLUTION
}
// SOLUTION

/// Waits for the deadline, and then until tokio has looked at the socket once more: it may find that time has passed
/// before it finds what arrived meanwhile, as after a pause of the whole process.
async fn reached(deadline: Instant) {
    sleep_until(deadline).await;
    yield_now().await;
}
// END SOLUTION
