//! The receiver: delivers each message to its application once, in order, and says what it has.

use lab2_kit::{Context, Deliver, Host, Machine, Never, ReceiverCommand, ReceiverConfig};
// SOLUTION
use lab2_kit::{Segment, SeqNo};
use std::collections::VecDeque;
// END SOLUTION

/// The other end of the transport: delivers messages to the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receiver {
    // SOLUTION: // Yours: what a receiver must remember.
    config: ReceiverConfig,
    /// The number that is expected next.
    expected: SeqNo,
    /// What has come of the numbers from `expected` on.
    early: VecDeque<Option<Deliver>>,
    /// What is in order and waits for the application.
    waiting: VecDeque<Deliver>,
    stopped: bool,
    // END SOLUTION
}

impl Receiver {
    /// A receiver that has seen nothing yet.
    #[must_use]
    pub fn new(config: ReceiverConfig) -> Self {
        // SOLUTION: todo!("lab 2, part A: Receiver::new")
        Receiver {
            config,
            expected: config.first,
            early: VecDeque::new(),
            waiting: VecDeque::new(),
            stopped: false,
        }
        // END SOLUTION
    }
    // SOLUTION

    /// What it has, and for how many more there is room.
    #[must_use]
    pub fn ack(&self) -> Segment {
        Segment::Ack { next: self.expected, window: self.room() }
    }

    /// The number that is expected next.
    #[must_use]
    pub fn expected(&self) -> SeqNo {
        self.expected
    }

    fn room(&self) -> u32 {
        self.config.window - self.waiting.len() as u32
    }

    /// Keeps what has come if there is room for it, and moves what is in order now.
    fn keep(&mut self, seq: SeqNo, item: Deliver) {
        let ahead = self.expected.distance_to(seq);
        if ahead >= self.room() {
            return;
        }
        let place = ahead as usize;
        if self.early.len() <= place {
            self.early.resize(place + 1, None);
        }
        self.early[place].get_or_insert(item);
        while let Some(Some(item)) = self.early.pop_front_if(|next| next.is_some()) {
            self.waiting.push_back(item);
            self.expected = self.expected.next();
        }
    }

    fn deliver(&mut self, ctx: &mut Context<Self>) {
        if !self.stopped {
            self.waiting.drain(..).for_each(|item| ctx.notify(item));
        }
    }
    // END SOLUTION
}

impl Machine for Receiver {
    type Command = ReceiverCommand;
    type Notice = Deliver;
    type Timer = Never;

    /// A datagram arrives; it may be `DATA` (rules A5 and A6, then B1, B2 and B4, C4 and C5) or `FIN` (rule E5).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part A: Receiver::on_datagram")
        if from != self.config.sender {
            return;
        }
        match Segment::decode(datagram) {
            Ok(Segment::Data { seq, payload }) => self.keep(seq, Deliver::Message(payload)),
            Ok(Segment::Fin { seq }) => self.keep(seq, Deliver::End),
            _ => return,
        }
        self.deliver(ctx);
        ctx.send(from, self.ack().encode());
        // END SOLUTION
    }

    /// The application is busy, or free again (rule C6).
    fn on_command(&mut self, command: ReceiverCommand, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part C: Receiver::on_command")
        self.stopped = command == ReceiverCommand::Stop;
        if !self.stopped && !self.waiting.is_empty() {
            self.deliver(ctx);
            ctx.send(self.config.sender, self.ack().encode());
        }
        // END SOLUTION
    }
}
