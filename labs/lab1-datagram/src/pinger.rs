//! A `ping` for virtual time: a machine of the kit's own that sends pings and feeds the student's observer.
//!
//! Its datagrams are the kit's sealed messages and not those of part A: the observer is tried alone.

use crate::message::{Kind, Message};
use crate::observe::Observe;
use crate::program::{PingerConfig, TellReport, Told};
use faultline::{Context, Host, Machine, Time, codec};
use std::time::Duration;

/// Sends pings at an interval and tells an observer what comes back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pinger<O> {
    config: PingerConfig,
    next_seq: u32,
    observer: O,
}

/// The timer of the next ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NextPing;

impl<O: Observe> Pinger<O> {
    /// A pinger with a new observer.
    #[must_use]
    pub fn new(config: PingerConfig) -> Self {
        Pinger { observer: O::new(config.session), next_seq: 0, config }
    }

    fn ping(&mut self, ctx: &mut Context<Self>) {
        let (seq, session) = (self.next_seq, self.config.session);
        if seq == self.config.count {
            return;
        }
        self.next_seq += 1;
        let payload = seq.to_string().into_bytes();
        self.observer.on_sent(seq, elapsed(ctx));
        ctx.send(self.config.server, codec::seal(&Message { kind: Kind::Ping, session, seq, payload }));
        ctx.set_timer(NextPing, self.config.interval);
    }
}

impl<O: Observe> Machine for Pinger<O> {
    type Command = TellReport;
    type Notice = Told;
    type Timer = NextPing;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        self.ping(ctx);
    }

    fn on_timer(&mut self, _: NextPing, ctx: &mut Context<Self>) {
        self.ping(ctx);
    }

    fn on_datagram(&mut self, _from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        match codec::open(datagram) {
            Ok(message) => self.observer.on_reply(&message, elapsed(ctx)),
            Err(_) => self.observer.on_bad_datagram(),
        }
    }

    fn on_command(&mut self, _: TellReport, ctx: &mut Context<Self>) {
        ctx.notify(Told(self.observer.report()));
    }
}

fn elapsed<O: Observe>(ctx: &mut Context<Pinger<O>>) -> Duration {
    ctx.now().since(Time::ZERO)
}

/// A sealed message for people: `PING 3` or `ECHO 3 of session 7`.
#[must_use]
pub fn describe(datagram: &[u8]) -> String {
    match codec::open::<Message>(datagram) {
        Ok(Message { kind: Kind::Ping, seq, .. }) => format!("PING {seq}"),
        Ok(Message { kind: Kind::Echo, seq, session, .. }) => format!("ECHO {seq} of session {session}"),
        Err(_) => format!("{} bytes that are no message", datagram.len()),
    }
}
