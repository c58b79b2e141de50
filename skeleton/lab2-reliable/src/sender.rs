//! The sender: gets each message to the receiver, one at a time, over a network that may lose it.

use lab2_kit::{Accepted, Context, Host, Machine, Send, SenderConfig};

/// One end of the transport: takes messages from the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sender {
    // Yours: what a sender must remember.
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
        todo!("lab 2, part A: Sender::new")
    }
}

impl Machine for Sender {
    type Command = Send;
    type Notice = Accepted;
    type Timer = Timer;

    /// The application gives a message (rules A1 and A4).
    fn on_command(&mut self, Send(message): Send, ctx: &mut Context<Self>) {
        todo!("lab 2, part A: Sender::on_command")
    }

    /// A datagram arrives; it may be an `ACK` (rules A3 and A6, then B3 and B4).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        todo!("lab 2, part A: Sender::on_datagram")
    }

    /// The timer has run out (rule A2).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        todo!("lab 2, part A: Sender::on_timer")
    }
}
