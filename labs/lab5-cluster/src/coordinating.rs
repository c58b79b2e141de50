//! The shape of a coordinator, and the machine around it that speaks with the network.

use crate::message::{Body, Message, Reply, Request};
use faultline::{Context, Host, Machine};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Debug};
use std::hash::Hash;

// ANCHOR: coordinate
/// What decides who does what: requests come in, each has one reply at once, and timers run out.
///
/// It is a machine like those of labs 2 and 3, less the datagrams: derive the traits that it asks for. `ctx` has its timers and
/// its disk; what it does not write there is gone when it crashes.
pub trait Coordinate: Clone + Eq + Hash + Debug + 'static {
    /// The names of its timers.
    type Timer: Copy + Eq + Hash + Debug;

    /// The coordinator's host comes up, for the first time or again.
    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>);

    /// Somebody asks. The reply may be lost, so who has asked may ask again, and the same request may come twice.
    fn on_request(&mut self, request: Request, ctx: &mut Ctx<'_, Self>) -> Reply;

    /// A timer that was set has run out.
    fn on_timer(&mut self, timer: Self::Timer, ctx: &mut Ctx<'_, Self>);
}

/// What a handler of a coordinator may know of the world and do to it.
pub type Ctx<'a, C> = Context<'a, Coordinator<C>>;
// ANCHOR_END: coordinate

/// A request that has come in another way than as a datagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which of many.
    pub call: u64,
    /// What is asked.
    pub request: Request,
}

/// Its reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// To which of many.
    pub call: u64,
    /// What is answered.
    pub reply: Reply,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.request, f)
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reply, f)
    }
}

/// The machine around a coordinator: a request is a datagram, and so is its reply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coordinator<C>(pub C);

impl<C: Coordinate> Machine for Coordinator<C> {
    type Command = Asked;
    type Notice = Answered;
    type Timer = C::Timer;

    fn on_start(&mut self, ctx: &mut Context<'_, Self>) {
        self.0.on_start(ctx);
    }

    fn on_command(&mut self, Asked { call, request }: Asked, ctx: &mut Context<'_, Self>) {
        let reply = self.0.on_request(request, ctx);
        ctx.notify(Answered { call, reply });
    }

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<'_, Self>) {
        let Some(Message { call, body: Body::Request(request) }) = Message::decode(datagram) else { return };
        let reply = self.0.on_request(request, ctx);
        ctx.send(from, Message { call, body: Body::Reply(reply) }.encode());
    }

    fn on_timer(&mut self, timer: C::Timer, ctx: &mut Context<'_, Self>) {
        self.0.on_timer(timer, ctx);
    }
}
