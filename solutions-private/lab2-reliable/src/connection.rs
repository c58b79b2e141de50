//! A connection: opened by a handshake, used in both directions, closed by both sides, lost when the peer is gone.
//!
//! This is the handshake and what can go wrong; the open stage is in `open.rs`.

use crate::sender;
use lab2_kit::{ConnectionCommand, ConnectionConfig, ConnectionNotice, Context, Host, Machine};
// SOLUTION
use crate::open::Open;
use crate::rto::Rto;
use lab2_kit::{Reason, Segment, SenderCommand, SeqNo};
// END SOLUTION

/// One side of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    // SOLUTION: // Yours: what this side must remember.
    config: ConnectionConfig,
    stage: Stage,
    /// Our ISN, when there is a connection.
    isn: SeqNo,
    /// What the application has sent before the connection is open.
    early: Vec<SenderCommand>,
    /// The time-out of `SYN` and `SYN-ACK`.
    rto: Rto,
    // END SOLUTION
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
// SOLUTION

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    None,
    Listening,
    Connecting,
    /// A `SYN` with this ISN was answered.
    Answered(SeqNo),
    Open(Box<Open>),
}
// END SOLUTION

impl Connection {
    /// A side without a connection.
    #[must_use]
    pub fn new(config: ConnectionConfig) -> Self {
        // SOLUTION: todo!("lab 2, part E: Connection::new")
        Connection { config, stage: Stage::None, isn: SeqNo(0), early: vec![], rto: Rto::new(config.rto) }
        // END SOLUTION
    }
    // SOLUTION

    fn send(&self, segment: &Segment, ctx: &mut Context<Self>) {
        ctx.send(self.config.peer, segment.encode());
    }

    /// The handshake begins: `stage` is `Connecting` or `Answered`.
    fn begin(&mut self, stage: Stage, ctx: &mut Context<Self>) {
        self.stage = stage;
        self.rto = Rto::new(self.config.rto);
        self.shake_hands(ctx);
        ctx.set_timer(Timer::Handshake, self.rto.current());
        ctx.set_timer(Timer::GiveUp, self.config.give_up);
    }

    fn shake_hands(&self, ctx: &mut Context<Self>) {
        match self.stage {
            Stage::Connecting => self.send(&Segment::Syn { isn: self.isn }, ctx),
            Stage::Answered(syn) => self.send(&Segment::SynAck { isn: self.isn, next: syn.next() }, ctx),
            _ => {}
        }
    }

    /// The connection is open. The segment that has opened it is the first for the open stage, too.
    fn open(&mut self, peer_isn: SeqNo, segment: &Segment, datagram: &[u8], ctx: &mut Context<Self>) {
        let mut open = Open::new(self.config, self.isn.next(), peer_isn.next());
        ctx.cancel_timer(Timer::Handshake);
        ctx.set_timer(Timer::KeepAlive, self.config.keep_alive);
        ctx.notify(ConnectionNotice::Opened);
        open.on_segment(segment, datagram, ctx);
        self.early.drain(..).for_each(|command| open.on_command(command, ctx));
        self.stage = Stage::Open(Box::new(open));
    }

    /// Passes on what the application sends, or keeps it until the connection is open.
    fn ask_sender(&mut self, command: SenderCommand, ctx: &mut Context<Self>) {
        let finished = self.early.last() == Some(&SenderCommand::Finish);
        match &mut self.stage {
            Stage::Open(open) => open.on_command(command, ctx),
            Stage::Listening | Stage::Connecting | Stage::Answered(_) if !finished => {
                self.early.push(command);
            }
            _ => ctx.notify(ConnectionNotice::Rejected),
        }
    }

    /// The peer was heard (rule E7).
    fn heard(&self, ctx: &mut Context<Self>) {
        match &self.stage {
            Stage::Connecting | Stage::Answered(_) => ctx.set_timer(Timer::GiveUp, self.config.give_up),
            Stage::Open(open) if !open.is_closed() => {
                ctx.set_timer(Timer::GiveUp, self.config.give_up);
                ctx.set_timer(Timer::KeepAlive, self.config.keep_alive);
            }
            _ => {}
        }
    }

    /// There is no peer for this connection (rules E7 and E10).
    fn lose(&mut self, reason: Reason, ctx: &mut Context<Self>) {
        match &self.stage {
            Stage::Answered(_) => {
                ctx.cancel_timer(Timer::Handshake);
                ctx.cancel_timer(Timer::GiveUp);
                self.stage = Stage::Listening;
                return;
            }
            Stage::Open(open) if open.is_closed() => {}
            _ => ctx.notify(ConnectionNotice::Failed(reason)),
        }
        self.forget(ctx);
    }

    fn forget(&mut self, ctx: &mut Context<Self>) {
        let retransmit = Timer::Sender(sender::Timer::Retransmit);
        for timer in [Timer::Handshake, Timer::KeepAlive, Timer::GiveUp, Timer::Linger, retransmit] {
            ctx.cancel_timer(timer);
        }
        *self = Connection::new(self.config);
    }

    fn on_reset(&mut self, about: SeqNo, ctx: &mut Context<Self>) {
        match &self.stage {
            Stage::Connecting if about == self.isn => self.lose(Reason::Refused, ctx),
            Stage::Answered(syn) if about == syn.next() => self.lose(Reason::Reset, ctx),
            Stage::Open(open) if open.has_said(about) => self.lose(Reason::Reset, ctx),
            _ => {}
        }
    }

    fn on_segment(&mut self, segment: &Segment, datagram: &[u8], ctx: &mut Context<Self>) {
        let ours = self.isn.next();
        match (&mut self.stage, segment) {
            (_, Segment::Reset { about }) => self.on_reset(*about, ctx),
            (Stage::Open(open), _) => open.on_segment(segment, datagram, ctx),
            (Stage::Listening, Segment::Syn { isn }) => self.begin(Stage::Answered(*isn), ctx),
            (Stage::Connecting, Segment::SynAck { isn, next }) if *next == ours => {
                self.open(*isn, segment, datagram, ctx);
            }
            (Stage::Answered(syn), Segment::Ack { next, .. }) if *next == ours => {
                let peer_isn = *syn;
                self.open(peer_isn, segment, datagram, ctx);
            }
            (Stage::Answered(syn), Segment::Syn { isn }) if isn == syn => self.shake_hands(ctx),
            (Stage::Answered(_), Segment::Ack { .. } | Segment::SynAck { .. })
            | (Stage::None | Stage::Listening | Stage::Connecting, _) => {
                self.send(&Segment::Reset { about: number(segment) }, ctx);
            }
            (Stage::Answered(_), _) => {}
        }
    }
    // END SOLUTION
}
// SOLUTION

/// The number that a segment bears.
fn number(segment: &Segment) -> SeqNo {
    match segment {
        Segment::Data { seq: number, .. }
        | Segment::Fin { seq: number }
        | Segment::Ack { next: number, .. }
        | Segment::KeepAlive { next: number }
        | Segment::Syn { isn: number }
        | Segment::SynAck { next: number, .. }
        | Segment::Reset { about: number } => *number,
    }
}
// END SOLUTION

impl Machine for Connection {
    type Command = ConnectionCommand;
    type Notice = ConnectionNotice;
    type Timer = Timer;

    /// The application asks for something (rules E1, E5 and E11).
    fn on_command(&mut self, command: ConnectionCommand, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part E: Connection::on_command")
        match command {
            ConnectionCommand::Send(message) => self.ask_sender(SenderCommand::Send(message), ctx),
            ConnectionCommand::Finish => self.ask_sender(SenderCommand::Finish, ctx),
            _ if self.stage != Stage::None => ctx.notify(ConnectionNotice::Rejected),
            ConnectionCommand::Listen(isn) => {
                self.isn = isn;
                self.stage = Stage::Listening;
            }
            ConnectionCommand::Connect(isn) => {
                self.isn = isn;
                self.begin(Stage::Connecting, ctx);
            }
        }
        // END SOLUTION
    }

    /// A datagram arrives: the handshake (rules E2 and E3), what is for the open stage (E5 to E8), signs of life (E7), and
    /// what belongs to no connection (E9 and E10).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part E: Connection::on_datagram")
        let Ok(segment) = Segment::decode(datagram) else { return };
        if from == self.config.peer {
            self.heard(ctx);
            self.on_segment(&segment, datagram, ctx);
        }
        // END SOLUTION
    }

    /// A timer has run out (rules E4, E6 and E7, and those of the sender).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part E: Connection::on_timer")
        match (timer, &mut self.stage) {
            (Timer::Handshake, _) => {
                self.rto.back_off();
                self.shake_hands(ctx);
                ctx.set_timer(Timer::Handshake, self.rto.current());
            }
            (Timer::KeepAlive, Stage::Open(open)) => {
                open.keep_alive(ctx);
                ctx.set_timer(Timer::KeepAlive, self.config.keep_alive);
            }
            (Timer::Sender(timer), Stage::Open(open)) => open.on_timer(timer, ctx),
            (Timer::GiveUp, _) => self.lose(Reason::Silent, ctx),
            (Timer::Linger, _) => self.forget(ctx),
            _ => {}
        }
        // END SOLUTION
    }
}
