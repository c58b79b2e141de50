//! The client's half of a call: asks until it is answered, and says honestly what it knows.

use lab3_kit::{CallId, ClientCommand, ClientConfig, ClientNotice, Context, Host, Machine};

/// One client, with all its calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    // Yours: what a client must remember.
}

/// The client's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// `HELLO` has not been answered for an RTO (rule B2).
    Hello,
    /// This call has not been answered for an RTO (rule B3), or for a `watch` (rule D2).
    Resend(CallId),
    /// The time that this call may take is over (rule D4).
    Deadline(CallId),
    /// Nothing was heard for `give_up` (rule D5).
    Silence,
}

impl Client {
    /// A client that has not started yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        todo!("lab 3, part B: Client::new")
    }
}

impl Machine for Client {
    type Command = ClientCommand;
    type Notice = ClientNotice;
    type Timer = Timer;

    /// The client comes up (rule B1).
    fn on_start(&mut self, ctx: &mut Context<Self>) {
        todo!("lab 3, part B: Client::on_start")
    }

    /// The application calls (rules B1, B2 and B8, then D4 and D5).
    fn on_command(&mut self, command: ClientCommand, ctx: &mut Context<Self>) {
        todo!("lab 3, part B: Client::on_command")
    }

    /// A datagram arrives: who the server is (rules B2 and B7), or how a call goes (rules B4 and B9, then D2 and D5).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        todo!("lab 3, part B: Client::on_datagram")
    }

    /// A timer has run out (rules B2 and B3, then D2, D4 and D5).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        todo!("lab 3, part B: Client::on_timer")
    }
}
