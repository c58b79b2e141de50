//! The sender: gets each message to the receiver, over a network that may lose it.

use lab2_kit::{Accepted, Context, Host, Machine, SenderCommand, SenderConfig};

/// One end of the transport: takes messages from the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sender {
    // Yours: what a sender must remember.
}

/// The sender's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// What is in flight has not been acknowledged for an RTO.
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
    type Command = SenderCommand;
    type Notice = Accepted;
    type Timer = Timer;

    /// The application gives a message (rules A1 and A4, then C1 and C8), or it has no more (rule E5).
    fn on_command(&mut self, command: SenderCommand, ctx: &mut Context<Self>) {
        todo!("lab 2, part A: Sender::on_command")
    }

    /// A datagram arrives; it may be an `ACK` (rules A3 and A6, then B3 and B4, C1 to C3, C7 and C8, and D4).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        todo!("lab 2, part A: Sender::on_datagram")
    }

    /// The timer has run out (rules A2 and C3, then C8 and D5).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        todo!("lab 2, part A: Sender::on_timer")
    }
}
