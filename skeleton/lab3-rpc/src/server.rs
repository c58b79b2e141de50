//! The server's half of a call: has each one executed, and remembers what came out for as long as it may be asked again.

use lab3_kit::{CallId, Context, Host, Incarnation, Machine, ServerCommand, ServerConfig, ServerNotice};

/// One server, with all its clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    // Yours: what a server must remember.
}

/// The server's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// This call has been executed for `acknowledge_after` (rule D1).
    Acknowledge(Incarnation, CallId),
    /// Nothing was heard of this client for `forget_after` (rule C3).
    Forget(Incarnation),
}

impl Server {
    /// A server that has not started yet.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        todo!("lab 3, part B: Server::new")
    }
}

impl Machine for Server {
    type Command = ServerCommand;
    type Notice = ServerNotice;
    type Timer = Timer;

    /// The server comes up (rule B1).
    fn on_start(&mut self, ctx: &mut Context<Self>) {
        todo!("lab 3, part B: Server::on_start")
    }

    /// The application has executed a call (rules B6 and B8, then C1 and C2).
    fn on_command(&mut self, command: ServerCommand, ctx: &mut Context<Self>) {
        todo!("lab 3, part B: Server::on_command")
    }

    /// A datagram arrives (rules B2, B6, B7 and B9, then C1 to C3, and D3).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        todo!("lab 3, part B: Server::on_datagram")
    }

    /// A timer has run out (rules C3 and D1).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        todo!("lab 3, part C: Server::on_timer")
    }
}
