//! Lab 2 with one message in flight, as of its parts A and B: the machines whose states are those of the stateright model. The
//! whole reference can do more, so it has more states.

use faultline::{Context, Host, Machine, Never};
use lab2_kit::{
    Accepted, Deliver, ReceiverCommand, ReceiverConfig, Segment, SenderCommand, SenderConfig, SeqNo,
};
use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sender {
    config: SenderConfig,
    /// The number of the message in flight, or else of the next one.
    seq: SeqNo,
    /// The message in flight, if any, and those that wait behind it.
    messages: VecDeque<Vec<u8>>,
}

impl Sender {
    pub(crate) fn new(config: SenderConfig) -> Self {
        Sender { config, seq: config.first, messages: VecDeque::new() }
    }

    fn transmit(&self, ctx: &mut Context<Self>) {
        let Some(message) = self.messages.front() else { return };
        let segment = Segment::Data { seq: self.seq, payload: message.clone() };
        ctx.send(self.config.receiver, segment.encode());
        ctx.set_timer((), self.config.rto.first);
    }
}

impl Machine for Sender {
    type Command = SenderCommand;
    type Notice = Accepted;
    type Timer = ();

    fn on_command(&mut self, command: SenderCommand, ctx: &mut Context<Self>) {
        let SenderCommand::Send(message) = command else { return };
        self.messages.push_back(message);
        if self.messages.len() == 1 {
            self.transmit(ctx);
        }
    }

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        let Ok(Segment::Ack { next, .. }) = Segment::decode(datagram) else { return };
        if from != self.config.receiver || self.messages.is_empty() || next != self.seq.next() {
            return;
        }
        ctx.notify(Accepted(self.seq));
        ctx.cancel_timer(());
        self.messages.pop_front();
        self.seq = next;
        self.transmit(ctx);
    }

    fn on_timer(&mut self, (): (), ctx: &mut Context<Self>) {
        self.transmit(ctx);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Receiver {
    config: ReceiverConfig,
    expected: SeqNo,
}

impl Receiver {
    pub(crate) fn new(config: ReceiverConfig) -> Self {
        Receiver { config, expected: config.first }
    }
}

impl Machine for Receiver {
    type Command = ReceiverCommand;
    type Notice = Deliver;
    type Timer = Never;

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        let Ok(Segment::Data { seq, payload }) = Segment::decode(datagram) else { return };
        if from != self.config.sender {
            return;
        }
        if seq == self.expected {
            self.expected = seq.next();
            ctx.notify(Deliver::Message(payload));
        }
        ctx.send(from, Segment::Ack { next: self.expected, window: self.config.window }.encode());
    }
}
