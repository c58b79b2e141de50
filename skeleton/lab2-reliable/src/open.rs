//! The open stage of a connection: a sender and a receiver, one for each direction, until both directions are done.
//!
//! Both are machines inside the connection: see [`Context::inside`].

use crate::{connection::Connection, sender};
use lab2_kit::{ConnectionConfig, Context, Segment, SenderCommand, SeqNo};

/// What an open side must remember.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Open {
    // Yours: the two machines, and how far the side is on its way to its end.
}

impl Open {
    /// A side whose messages begin with the number `first`, and those of its peer with `peer_first`.
    #[must_use]
    pub fn new(config: ConnectionConfig, first: SeqNo, peer_first: SeqNo) -> Self {
        todo!("lab 2, part E: Open::new")
    }

    /// Whether `Closed` was told (rule E6).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        todo!("lab 2, part E: Open::is_closed")
    }

    /// Whether a `RESET` that names this number counts (rule E10).
    #[must_use]
    pub fn has_said(&self, about: SeqNo) -> bool {
        todo!("lab 2, part E: Open::has_said")
    }

    /// The application sends, or finishes (rules E5 and E11).
    pub fn on_command(&mut self, command: SenderCommand, ctx: &mut Context<Connection>) {
        todo!("lab 2, part E: Open::on_command")
    }

    /// A segment from the peer, and the datagram in which it came; a `RESET` never gets here (rules E5 to E8).
    pub fn on_segment(&mut self, segment: &Segment, datagram: &[u8], ctx: &mut Context<Connection>) {
        todo!("lab 2, part E: Open::on_segment")
    }

    /// A timer of the sender has run out.
    pub fn on_timer(&mut self, timer: sender::Timer, ctx: &mut Context<Connection>) {
        todo!("lab 2, part E: Open::on_timer")
    }

    /// Says what it has (rules E3, E7 and E8).
    pub fn acknowledge(&self, ctx: &mut Context<Connection>) {
        todo!("lab 2, part E: Open::acknowledge")
    }

    /// Asks whether the peer is there (rule E7).
    pub fn keep_alive(&self, ctx: &mut Context<Connection>) {
        todo!("lab 2, part E: Open::keep_alive")
    }
}
