//! The receiver: delivers each message to its application once, in order, and says what it has.

use lab2_kit::{Context, Deliver, Host, Machine, Never, ReceiverCommand, ReceiverConfig};

/// The other end of the transport: delivers messages to the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receiver {
    // Yours: what a receiver must remember.
}

impl Receiver {
    /// A receiver that has seen nothing yet.
    #[must_use]
    pub fn new(config: ReceiverConfig) -> Self {
        todo!("lab 2, part A: Receiver::new")
    }
}

impl Machine for Receiver {
    type Command = ReceiverCommand;
    type Notice = Deliver;
    type Timer = Never;

    /// A datagram arrives; it may be `DATA` (rules A5 and A6, then B1, B2 and B4, C4 and C5) or `FIN` (rule E5).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        todo!("lab 2, part A: Receiver::on_datagram")
    }

    /// The application is busy, or free again (rule C6).
    fn on_command(&mut self, command: ReceiverCommand, ctx: &mut Context<Self>) {
        todo!("lab 2, part C: Receiver::on_command")
    }
}
