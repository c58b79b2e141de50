//! A connection: opened by a handshake, used in both directions, closed by both sides, lost when the peer is gone.
//!
//! This is the handshake and what can go wrong; the open stage is in `open.rs`.

use crate::sender;
use lab2_kit::{ConnectionCommand, ConnectionConfig, ConnectionNotice, Context, Host, Machine};

/// One side of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    // Yours: what this side must remember.
}

/// The connection's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// `SYN` or `SYN-ACK` has not been answered for an RTO (rule E4).
    Handshake,
    /// Nothing was heard for `keep_alive`, or again since then (rule E7).
    KeepAlive,
    /// Nothing was heard for `give_up` (rule E7).
    GiveUp,
    /// The side has been closed for `linger` (rule E6).
    Linger,
    /// A timer of the sender in this side.
    Sender(sender::Timer),
}

impl Connection {
    /// A side without a connection.
    #[must_use]
    pub fn new(config: ConnectionConfig) -> Self {
        todo!("lab 2, part E: Connection::new")
    }
}

impl Machine for Connection {
    type Command = ConnectionCommand;
    type Notice = ConnectionNotice;
    type Timer = Timer;

    /// The application asks for something (rules E1, E5 and E11).
    fn on_command(&mut self, command: ConnectionCommand, ctx: &mut Context<Self>) {
        todo!("lab 2, part E: Connection::on_command")
    }

    /// A datagram arrives: the handshake (rules E2 and E3), what is for the open stage (E5 to E8), signs of life (E7), and
    /// what belongs to no connection (E9 and E10).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        todo!("lab 2, part E: Connection::on_datagram")
    }

    /// A timer has run out (rules E4, E6 and E7, and those of the sender).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        todo!("lab 2, part E: Connection::on_timer")
    }
}
