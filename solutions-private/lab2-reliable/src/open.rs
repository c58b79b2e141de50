//! The open stage of a connection: a sender and a receiver, one for each direction, until both directions are done.
//!
//! Both are machines inside the connection: see [`Context::inside`].

use crate::{connection::Connection, sender};
use lab2_kit::{ConnectionConfig, Context, Segment, SenderCommand, SeqNo};
// SOLUTION
use crate::connection::Timer;
use crate::{Receiver, Sender};
use lab2_kit::{ConnectionNotice, Deliver, Machine as _, ReceiverConfig, SenderConfig};
// END SOLUTION

/// What an open side must remember.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Open {
    // SOLUTION: // Yours: the two machines, and how far the side is on its way to its end.
    config: ConnectionConfig,
    sender: Sender,
    receiver: Receiver,
    /// The application has nothing more to send.
    finished: bool,
    /// The application was told that the other side has finished.
    ended: bool,
    closed: bool,
    // END SOLUTION
}

impl Open {
    /// A side whose messages begin with the number `first`, and those of its peer with `peer_first`.
    #[must_use]
    pub fn new(config: ConnectionConfig, first: SeqNo, peer_first: SeqNo) -> Self {
        // SOLUTION: todo!("lab 2, part E: Open::new")
        let ConnectionConfig { peer, window, rto, .. } = config;
        let sender = Sender::new(SenderConfig { receiver: peer, first, window, rto, congestion: false });
        let receiver = Receiver::new(ReceiverConfig { sender: peer, first: peer_first, window });
        Open { config, sender, receiver, finished: false, ended: false, closed: false }
        // END SOLUTION
    }

    /// Whether `Closed` was told (rule E6).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // SOLUTION: todo!("lab 2, part E: Open::is_closed")
        self.closed
        // END SOLUTION
    }

    /// Whether a `RESET` that names this number counts (rule E10).
    #[must_use]
    pub fn has_said(&self, about: SeqNo) -> bool {
        // SOLUTION: todo!("lab 2, part E: Open::has_said")
        self.sender.has_in_flight(about) || about == self.receiver.expected()
        // END SOLUTION
    }

    /// The application sends, or finishes (rules E5 and E11).
    pub fn on_command(&mut self, command: SenderCommand, ctx: &mut Context<Connection>) {
        // SOLUTION: todo!("lab 2, part E: Open::on_command")
        if self.finished {
            return ctx.notify(ConnectionNotice::Rejected);
        }
        self.finished = command == SenderCommand::Finish;
        ctx.inside(Timer::Sender, |inner| self.sender.on_command(command, inner));
        // END SOLUTION
    }

    /// A segment from the peer, and the datagram in which it came; a `RESET` never gets here (rules E5 to E8).
    pub fn on_segment(&mut self, segment: &Segment, datagram: &[u8], ctx: &mut Context<Connection>) {
        // SOLUTION: todo!("lab 2, part E: Open::on_segment")
        let peer = self.config.peer;
        match segment {
            Segment::Ack { .. } => {
                ctx.inside(Timer::Sender, |inner| self.sender.on_datagram(peer, datagram, inner));
            }
            Segment::Data { .. } | Segment::Fin { .. } => {
                let told = ctx
                    .inside(|never| match never {}, |inner| self.receiver.on_datagram(peer, datagram, inner));
                told.into_iter().for_each(|notice| self.pass_on(notice, ctx));
            }
            _ => self.acknowledge(ctx),
        }
        if self.finished && self.sender.is_done() && self.ended && !self.closed {
            self.close(ctx);
        }
        // END SOLUTION
    }

    /// A timer of the sender has run out.
    pub fn on_timer(&mut self, timer: sender::Timer, ctx: &mut Context<Connection>) {
        // SOLUTION: todo!("lab 2, part E: Open::on_timer")
        ctx.inside(Timer::Sender, |inner| self.sender.on_timer(timer, inner));
        // END SOLUTION
    }

    /// Says what it has (rules E3, E7 and E8).
    pub fn acknowledge(&self, ctx: &mut Context<Connection>) {
        // SOLUTION: todo!("lab 2, part E: Open::acknowledge")
        ctx.send(self.config.peer, self.receiver.ack().encode());
        // END SOLUTION
    }

    /// Asks whether the peer is there (rule E7).
    pub fn keep_alive(&self, ctx: &mut Context<Connection>) {
        // SOLUTION: todo!("lab 2, part E: Open::keep_alive")
        ctx.send(self.config.peer, Segment::KeepAlive { next: self.receiver.expected() }.encode());
        // END SOLUTION
    }
    // SOLUTION

    fn pass_on(&mut self, notice: Deliver, ctx: &mut Context<Connection>) {
        match notice {
            Deliver::Message(message) => ctx.notify(ConnectionNotice::Message(message)),
            Deliver::End => {
                self.ended = true;
                ctx.notify(ConnectionNotice::End);
            }
        }
    }

    fn close(&mut self, ctx: &mut Context<Connection>) {
        self.closed = true;
        ctx.notify(ConnectionNotice::Closed);
        ctx.cancel_timer(Timer::KeepAlive);
        ctx.cancel_timer(Timer::GiveUp);
        ctx.set_timer(Timer::Linger, self.config.linger);
    }
    // END SOLUTION
}
