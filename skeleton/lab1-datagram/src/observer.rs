//! Part C: what the replies of one session tell about the network. The rules C1 to C8 are in `lab1_kit::report`; when
//! each handler is called is in `lab1_kit::observe`.
#![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]

use std::time::Duration;

use lab1_kit::message::Message;
use lab1_kit::observe::Observe;
use lab1_kit::report::Report;

/// Counts what happens to the pings of one session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Observer {
    // Yours: what is known of each ping, and the counts.
}

impl Observe for Observer {
    fn new(session: u32) -> Self {
        todo!("lab 1, part C: Observer::new")
    }

    fn on_sent(&mut self, seq: u32, now: Duration) {
        todo!("lab 1, part C: Observer::on_sent")
    }

    fn on_reply(&mut self, message: &Message, now: Duration) {
        todo!("lab 1, part C: Observer::on_reply")
    }

    fn on_bad_datagram(&mut self) {
        todo!("lab 1, part C: Observer::on_bad_datagram")
    }

    fn report(&self) -> Report {
        todo!("lab 1, part C: Observer::report")
    }
}
