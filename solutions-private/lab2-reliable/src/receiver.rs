//! The receiver: delivers each message to its application once, in order, and says what it has.

use lab2_kit::{Context, Deliver, Host, Machine, Never, ReceiverConfig};
// SOLUTION
use lab2_kit::{Segment, SeqNo};
// END SOLUTION

/// The other end of the transport: delivers messages to the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receiver {
    // SOLUTION: // Yours: what a receiver must remember.
    config: ReceiverConfig,
    /// The number of the message that is delivered next.
    expected: SeqNo,
    // END SOLUTION
}

impl Receiver {
    /// A receiver that has seen nothing yet.
    #[must_use]
    pub fn new(config: ReceiverConfig) -> Self {
        // SOLUTION: todo!("lab 2, part A: Receiver::new")
        Receiver { config, expected: SeqNo::FIRST }
        // END SOLUTION
    }
}

impl Machine for Receiver {
    type Command = Never;
    type Notice = Deliver;
    type Timer = Never;

    /// A datagram arrives; it may be `DATA` (rules A5 and A6, then B1, B2 and B4).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part A: Receiver::on_datagram")
        let Ok(Segment::Data { seq, payload }) = Segment::decode(datagram) else { return };
        if from != self.config.sender {
            return;
        }
        if seq == self.expected {
            self.expected = seq.next();
            ctx.notify(Deliver(payload));
        }
        let ack = Segment::Ack { next: self.expected };
        ctx.send(from, ack.encode());
        // END SOLUTION
    }
}
