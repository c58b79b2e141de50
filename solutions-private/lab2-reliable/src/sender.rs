//! The sender: gets each message to the receiver, one at a time, over a network that may lose it.

use lab2_kit::{Accepted, Context, Host, Machine, Send, SenderConfig};
// SOLUTION
use lab2_kit::{Segment, SeqNo};
use std::collections::VecDeque;
// END SOLUTION

/// One end of the transport: takes messages from the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sender {
    // SOLUTION: // Yours: what a sender must remember.
    config: SenderConfig,
    /// The number of the message in flight, or else of the next one.
    seq: SeqNo,
    /// The message in flight, if any, and those that wait behind it.
    messages: VecDeque<Vec<u8>>,
    // END SOLUTION
}

/// The sender's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// The message in flight has not been acknowledged for an RTO.
    Retransmit,
}

impl Sender {
    /// A sender that has sent nothing yet.
    #[must_use]
    pub fn new(config: SenderConfig) -> Self {
        // SOLUTION: todo!("lab 2, part A: Sender::new")
        Sender { config, seq: SeqNo::FIRST, messages: VecDeque::new() }
        // END SOLUTION
    }
    // SOLUTION

    /// Sends the first message of the queue, if there is one, and gives it an RTO.
    fn transmit(&self, ctx: &mut Context<Self>) {
        let Some(message) = self.messages.front() else { return };
        let segment = Segment::Data { seq: self.seq, payload: message.clone() };
        ctx.send(self.config.receiver, segment.encode());
        ctx.set_timer(Timer::Retransmit, self.config.rto);
    }
    // END SOLUTION
}

impl Machine for Sender {
    type Command = Send;
    type Notice = Accepted;
    type Timer = Timer;

    /// The application gives a message (rules A1 and A4).
    fn on_command(&mut self, Send(message): Send, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part A: Sender::on_command")
        self.messages.push_back(message);
        if self.messages.len() == 1 {
            self.transmit(ctx);
        }
        // END SOLUTION
    }

    /// A datagram arrives; it may be an `ACK` (rules A3 and A6, then B3 and B4).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part A: Sender::on_datagram")
        let Ok(Segment::Ack { next }) = Segment::decode(datagram) else { return };
        let in_flight = !self.messages.is_empty();
        if from != self.config.receiver || !in_flight || next != self.seq.next() {
            return;
        }
        ctx.notify(Accepted(self.seq));
        ctx.cancel_timer(Timer::Retransmit);
        self.messages.pop_front();
        self.seq = next;
        self.transmit(ctx);
        // END SOLUTION
    }

    /// The timer has run out (rule A2).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part A: Sender::on_timer")
        match timer {
            Timer::Retransmit => self.transmit(ctx),
        }
        // END SOLUTION
    }
}
