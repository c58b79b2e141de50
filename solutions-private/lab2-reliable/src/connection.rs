//! A connection: opened by a handshake, used in both directions, closed by both sides, lost when the peer is gone.

use crate::sender;
use lab2_kit::{ConnectionCommand, ConnectionConfig, ConnectionNotice, Context, Host, Machine};
// SOLUTION
use crate::rto::Rto;
use crate::{Receiver, Sender};
use lab2_kit::{Deliver, Reason, ReceiverConfig, Segment, SenderCommand, SenderConfig, SeqNo};
// END SOLUTION

/// One side of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    // SOLUTION: // Yours: what this side must remember.
    config: ConnectionConfig,
    state: State,
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
enum State {
    None,
    Listening(Opening),
    Connecting(Opening),
    /// A `SYN` with this ISN was answered.
    Answered(Opening, SeqNo),
    Open(Box<Open>),
}

/// What is known before the connection is open.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Opening {
    isn: SeqNo,
    /// What the application has sent already.
    early: Vec<SenderCommand>,
    rto: Rto,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Open {
    isn: SeqNo,
    peer_isn: SeqNo,
    sender: Sender,
    receiver: Receiver,
    finished: bool,
    peer_finished: bool,
    closed: bool,
}
// END SOLUTION

impl Connection {
    /// A side without a connection.
    #[must_use]
    pub fn new(config: ConnectionConfig) -> Self {
        // SOLUTION: todo!("lab 2, part E: Connection::new")
        Connection { config, state: State::None }
        // END SOLUTION
    }
    // SOLUTION

    fn send(&self, segment: &Segment, ctx: &mut Context<Self>) {
        ctx.send(self.config.peer, segment.encode());
    }

    /// Begins to open, as `Connecting` or `Listening`.
    fn begin(&mut self, isn: SeqNo, state: fn(Opening) -> State, ctx: &mut Context<Self>) {
        if self.state != State::None {
            return ctx.notify(ConnectionNotice::Rejected);
        }
        self.state = state(Opening { isn, early: vec![], rto: Rto::new(self.config.rto) });
        self.shake_hands(ctx);
        if matches!(self.state, State::Connecting(_)) {
            ctx.set_timer(Timer::GiveUp, self.config.give_up);
        }
    }

    /// Sends `SYN` or `SYN-ACK`, and will do so again.
    fn shake_hands(&self, ctx: &mut Context<Self>) {
        let (segment, rto) = match &self.state {
            State::Connecting(opening) => (Segment::Syn { isn: opening.isn }, &opening.rto),
            State::Answered(opening, syn) => {
                (Segment::SynAck { isn: opening.isn, next: syn.next() }, &opening.rto)
            }
            _ => return,
        };
        self.send(&segment, ctx);
        ctx.set_timer(Timer::Handshake, rto.current());
    }

    fn open(&mut self, opening: Opening, peer_isn: SeqNo, ctx: &mut Context<Self>) {
        let ConnectionConfig { peer, window, rto, .. } = self.config;
        let first = opening.isn.next();
        let sender = Sender::new(SenderConfig { receiver: peer, first, window, rto, congestion: false });
        let receiver = Receiver::new(ReceiverConfig { sender: peer, first: peer_isn.next(), window });
        let isn = opening.isn;
        let (finished, peer_finished, closed) = (false, false, false);
        let open = Open { isn, peer_isn, sender, receiver, finished, peer_finished, closed };
        self.state = State::Open(Box::new(open));
        ctx.cancel_timer(Timer::Handshake);
        self.heard(ctx);
        ctx.notify(ConnectionNotice::Opened);
        opening.early.into_iter().for_each(|command| self.ask_sender(command, ctx));
    }

    /// Passes on what the application sends, or keeps it until the connection is open.
    fn ask_sender(&mut self, command: SenderCommand, ctx: &mut Context<Self>) {
        match &mut self.state {
            State::Listening(opening) | State::Connecting(opening) | State::Answered(opening, _)
                if opening.early.last() != Some(&SenderCommand::Finish) =>
            {
                opening.early.push(command);
            }
            State::Open(open) if !open.finished => {
                open.finished = command == SenderCommand::Finish;
                ctx.inside(Timer::Sender, |inner| open.sender.on_command(command, inner));
            }
            _ => ctx.notify(ConnectionNotice::Rejected),
        }
    }

    /// The peer was heard (rule E7).
    fn heard(&self, ctx: &mut Context<Self>) {
        if matches!(self.state, State::None | State::Listening(_)) || self.is_closed() {
            return;
        }
        ctx.set_timer(Timer::GiveUp, self.config.give_up);
        if matches!(self.state, State::Open(_)) {
            ctx.set_timer(Timer::KeepAlive, self.config.keep_alive);
        }
    }

    fn is_closed(&self) -> bool {
        matches!(&self.state, State::Open(open) if open.closed)
    }

    /// There is no connection any more.
    fn forget(&mut self, ctx: &mut Context<Self>) {
        let retransmit = Timer::Sender(sender::Timer::Retransmit);
        for timer in [Timer::Handshake, Timer::KeepAlive, Timer::GiveUp, Timer::Linger, retransmit] {
            ctx.cancel_timer(timer);
        }
        self.state = State::None;
    }

    fn fail(&mut self, reason: Reason, ctx: &mut Context<Self>) {
        if !self.is_closed() {
            ctx.notify(ConnectionNotice::Failed(reason));
        }
        self.forget(ctx);
    }

    /// Listens again after a `SYN` that nobody stands behind.
    fn listen_again(&mut self, opening: Opening, ctx: &mut Context<Self>) {
        self.forget(ctx);
        self.state = State::Listening(Opening { rto: Rto::new(self.config.rto), ..opening });
    }

    fn reset(&mut self, about: SeqNo, ctx: &mut Context<Self>) {
        match self.state.clone() {
            State::Connecting(opening) if about == opening.isn => self.fail(Reason::Refused, ctx),
            State::Answered(opening, syn) if about == syn.next() => self.listen_again(opening, ctx),
            State::Open(open) if open.sender.has_in_flight(about) || about == open.receiver.expected() => {
                self.fail(Reason::Reset, ctx);
            }
            _ => {}
        }
    }

    fn segment(&mut self, segment: &Segment, datagram: &[u8], ctx: &mut Context<Self>) {
        match (&mut self.state, segment) {
            (_, Segment::Reset { about }) => self.reset(*about, ctx),
            (State::Listening(opening), Segment::Syn { isn }) => {
                self.state = State::Answered(opening.clone(), *isn);
                ctx.set_timer(Timer::GiveUp, self.config.give_up);
                self.shake_hands(ctx);
            }
            (State::Answered(_, syn), Segment::Syn { isn }) if isn == syn => self.shake_hands(ctx),
            (State::Answered(opening, syn), Segment::Ack { next, .. }) if *next == opening.isn.next() => {
                let (opening, peer_isn) = (opening.clone(), *syn);
                self.open(opening, peer_isn, ctx);
            }
            (State::Answered(..), _) => {}
            (State::Connecting(opening), Segment::SynAck { isn, next }) if *next == opening.isn.next() => {
                let (opening, window) = (opening.clone(), self.config.window);
                self.send(&Segment::Ack { next: isn.next(), window }, ctx);
                self.open(opening, *isn, ctx);
            }
            (State::Open(_), _) => self.segment_when_open(segment, datagram, ctx),
            _ => self.send(&Segment::Reset { about: number(segment) }, ctx),
        }
    }

    fn segment_when_open(&mut self, segment: &Segment, datagram: &[u8], ctx: &mut Context<Self>) {
        let (peer, linger) = (self.config.peer, self.config.linger);
        let State::Open(open) = &mut self.state else { return };
        let mut told = vec![];
        match segment {
            Segment::Data { .. } | Segment::Fin { .. } => {
                told = ctx
                    .inside(|never| match never {}, |inner| open.receiver.on_datagram(peer, datagram, inner));
            }
            Segment::Ack { .. } => {
                ctx.inside(Timer::Sender, |inner| open.sender.on_datagram(peer, datagram, inner));
            }
            Segment::SynAck { isn, next } if (*isn, *next) != (open.peer_isn, open.isn.next()) => {}
            _ => {
                let ack = open.receiver.ack();
                self.send(&ack, ctx);
                return;
            }
        }
        for notice in told {
            match notice {
                Deliver::Message(message) => ctx.notify(ConnectionNotice::Message(message)),
                Deliver::End => {
                    open.peer_finished = true;
                    ctx.notify(ConnectionNotice::End);
                }
            }
        }
        if open.finished && open.sender.is_done() && open.peer_finished && !open.closed {
            open.closed = true;
            ctx.notify(ConnectionNotice::Closed);
            ctx.cancel_timer(Timer::KeepAlive);
            ctx.cancel_timer(Timer::GiveUp);
            ctx.set_timer(Timer::Linger, linger);
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
            ConnectionCommand::Connect(isn) => self.begin(isn, State::Connecting, ctx),
            ConnectionCommand::Listen(isn) => self.begin(isn, State::Listening, ctx),
            ConnectionCommand::Send(message) => self.ask_sender(SenderCommand::Send(message), ctx),
            ConnectionCommand::Finish => self.ask_sender(SenderCommand::Finish, ctx),
        }
        // END SOLUTION
    }

    /// A datagram arrives: the handshake (rules E2 and E3), what sender and receiver say (E5 and E6), signs of life (E7),
    /// and what belongs to no connection (E8 to E10 and E12).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part E: Connection::on_datagram")
        let Ok(segment) = Segment::decode(datagram) else { return };
        if from == self.config.peer {
            self.heard(ctx);
            self.segment(&segment, datagram, ctx);
        }
        // END SOLUTION
    }

    /// A timer has run out (rules E4, E6 and E7, and those of the sender).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part E: Connection::on_timer")
        match (timer, &mut self.state) {
            (Timer::Handshake, State::Connecting(opening) | State::Answered(opening, _)) => {
                opening.rto.back_off();
                self.shake_hands(ctx);
            }
            (Timer::KeepAlive, State::Open(open)) => {
                let next = open.receiver.expected();
                self.send(&Segment::KeepAlive { next }, ctx);
                ctx.set_timer(Timer::KeepAlive, self.config.keep_alive);
            }
            (Timer::GiveUp, State::Answered(opening, _)) => {
                let opening = opening.clone();
                self.listen_again(opening, ctx);
            }
            (Timer::GiveUp, _) => self.fail(Reason::Silent, ctx),
            (Timer::Linger, _) => self.forget(ctx),
            (Timer::Sender(timer), State::Open(open)) => {
                ctx.inside(Timer::Sender, |inner| open.sender.on_timer(timer, inner));
            }
            _ => {}
        }
        // END SOLUTION
    }
}
