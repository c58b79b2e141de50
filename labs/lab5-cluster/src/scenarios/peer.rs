//! A host that says what the scenario wants it to say.

use crate::message::{Body, Message, Reply, Request};
use faultline::{Context, Host, Machine, Never};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Sends requests to a coordinator, and hands on the replies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    coordinator: Host,
    call: u64,
}

impl Peer {
    /// One that has said nothing yet.
    #[must_use]
    pub fn new(coordinator: Host) -> Peer {
        Peer { coordinator, call: 0 }
    }
}

/// What it is to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Say(pub Request);

/// What it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard(pub Reply);

impl fmt::Display for Say {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "say {}", self.0)
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has heard {}", self.0)
    }
}

impl Machine for Peer {
    type Command = Say;
    type Notice = Heard;
    type Timer = Never;

    fn on_command(&mut self, Say(request): Say, ctx: &mut Context<'_, Self>) {
        self.call += 1;
        ctx.send(self.coordinator, Message { call: self.call, body: Body::Request(request) }.encode());
    }

    fn on_datagram(&mut self, _from: Host, datagram: &[u8], ctx: &mut Context<'_, Self>) {
        if let Some(Message { call, body: Body::Reply(reply) }) = Message::decode(datagram)
            && call == self.call
        {
            ctx.notify(Heard(reply));
        }
    }
}
