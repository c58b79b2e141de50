//! The sender: gets each message to the receiver, over a network that may lose it.

use lab2_kit::{Accepted, Context, Host, Machine, SenderCommand, SenderConfig};
// SOLUTION
use crate::congestion::Congestion;
use crate::rto::Rto;
use lab2_kit::{Segment, SeqNo, Time};
use std::collections::VecDeque;
// END SOLUTION

/// One end of the transport: takes messages from the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sender {
    // SOLUTION: // Yours: what a sender must remember.
    config: SenderConfig,
    /// The oldest number that is not acknowledged.
    base: SeqNo,
    /// What has the numbers from `base` on: first what is in flight, then what waits.
    queue: VecDeque<Item>,
    in_flight: usize,
    /// How many numbers from `base` on the receiver has room for; unknown until its first `ACK`.
    room: Option<u32>,
    /// The only message in flight is beyond the receiver's window.
    probing: bool,
    rto: Rto,
    congestion: Option<Congestion>,
    /// How many `ACK`s in a row have acknowledged nothing.
    duplicates: u32,
    /// While a loss is repaired: how much of what was in flight then is not acknowledged.
    repairing: u32,
    // END SOLUTION
}
// SOLUTION

/// A message, or else the `FIN`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Item {
    command: SenderCommand,
    /// When it was sent first.
    sent: Option<Time>,
    sent_again: bool,
}
// END SOLUTION

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
        // SOLUTION: todo!("lab 2, part A: Sender::new")
        Sender {
            config,
            base: config.first,
            queue: VecDeque::new(),
            in_flight: 0,
            room: None,
            probing: false,
            rto: Rto::new(config.rto),
            congestion: config.congestion.then(Congestion::new),
            duplicates: 0,
            repairing: 0,
        }
        // END SOLUTION
    }
    // SOLUTION

    /// Whether this number is in flight.
    #[must_use]
    pub fn has_in_flight(&self, seq: SeqNo) -> bool {
        (self.base.distance_to(seq) as usize) < self.in_flight
    }

    /// Whether everything was acknowledged.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.queue.is_empty()
    }

    /// Sends what the windows allow.
    fn fill(&mut self, ctx: &mut Context<Self>) {
        let congestion = self.congestion.as_ref().map_or(u32::MAX, Congestion::window);
        let window = self.config.window.min(self.room.unwrap_or(u32::MAX)).min(congestion) as usize;
        while self.in_flight < window.min(self.queue.len()) {
            self.in_flight += 1;
            self.transmit(self.in_flight - 1, ctx);
        }
    }

    /// Sends what is at this place of the queue.
    fn transmit(&mut self, place: usize, ctx: &mut Context<Self>) {
        let seq = self.base.plus(place as u32);
        let item = &mut self.queue[place];
        item.sent_again = item.sent.is_some();
        item.sent = Some(ctx.now());
        let segment = match &item.command {
            SenderCommand::Send(payload) => Segment::Data { seq, payload: payload.clone() },
            SenderCommand::Finish => Segment::Fin { seq },
        };
        ctx.send(self.config.receiver, segment.encode());
    }

    fn set_timer(&self, ctx: &mut Context<Self>) {
        ctx.set_timer(Timer::Retransmit, self.rto.current());
    }

    /// Takes the first so many out of the queue, for they have arrived.
    fn accept(&mut self, count: usize, ctx: &mut Context<Self>) {
        let items: Vec<Item> = self.queue.drain(..count).collect();
        let newest = items.last().and_then(|item| item.sent);
        if let Some(sent) = newest.filter(|_| items.iter().all(|item| !item.sent_again)) {
            self.rto.sample(ctx.now().since(sent));
        }
        for _ in items {
            ctx.notify(Accepted(self.base));
            self.base = self.base.next();
        }
        self.in_flight -= count;
        self.probing = false;
        self.duplicates = 0;
        if self.queue.is_empty() {
            ctx.cancel_timer(Timer::Retransmit);
        } else {
            self.set_timer(ctx);
        }
        self.repair(count as u32, ctx);
    }

    /// So many were acknowledged: the congestion window grows, or the next hole is mended.
    fn repair(&mut self, count: u32, ctx: &mut Context<Self>) {
        let Some(congestion) = &mut self.congestion else { return };
        if self.repairing == 0 {
            congestion.acknowledged(count);
            return;
        }
        self.repairing = self.repairing.saturating_sub(count);
        if self.repairing > 0 {
            self.transmit(0, ctx);
        }
    }

    /// An `ACK` has acknowledged nothing although something is in flight.
    fn duplicate(&mut self, ctx: &mut Context<Self>) {
        let Some(congestion) = &mut self.congestion else { return };
        self.duplicates += 1;
        if self.duplicates == 3 && self.repairing == 0 {
            self.repairing = self.in_flight as u32;
            congestion.lost(self.repairing);
            self.transmit(0, ctx);
        }
    }
    // END SOLUTION
}

impl Machine for Sender {
    type Command = SenderCommand;
    type Notice = Accepted;
    type Timer = Timer;

    /// The application gives a message (rules A1 and A4, then C1 and C8), or it has no more (rule E5).
    fn on_command(&mut self, command: SenderCommand, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part A: Sender::on_command")
        self.queue.push_back(Item { command, sent: None, sent_again: false });
        if self.queue.len() == 1 {
            self.set_timer(ctx);
        }
        self.fill(ctx);
        // END SOLUTION
    }

    /// A datagram arrives; it may be an `ACK` (rules A3 and A6, then B3 and B4, C1 to C3, C7 and C8, and D4).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part A: Sender::on_datagram")
        let Ok(Segment::Ack { next, window }) = Segment::decode(datagram) else { return };
        let count = self.base.distance_to(next);
        if from != self.config.receiver || count as usize > self.in_flight {
            return;
        }
        let room = self.room.map_or(window, |room| room.saturating_sub(count));
        self.room = Some(room.max(window));
        if count > 0 {
            self.accept(count as usize, ctx);
        } else if self.probing && window > 0 {
            self.probing = false;
            self.in_flight = 0;
        } else if window <= room && self.in_flight > 0 && !self.probing {
            self.duplicate(ctx);
        }
        let idle = self.in_flight == 0;
        self.fill(ctx);
        if idle && self.in_flight > 0 && count == 0 {
            self.set_timer(ctx);
        }
        // END SOLUTION
    }

    /// The timer has run out (rules A2 and C3, then C8 and D5).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 2, part A: Sender::on_timer")
        let Timer::Retransmit = timer;
        self.rto.back_off();
        if self.in_flight == 0 {
            self.probing = true;
            self.in_flight = 1;
        } else if let Some(congestion) = self.congestion.as_mut().filter(|_| !self.probing) {
            congestion.timed_out(self.in_flight as u32);
            self.repairing = self.in_flight as u32;
        }
        self.transmit(0, ctx);
        self.set_timer(ctx);
        // END SOLUTION
    }
}
