//! A client of the kit's that sends one request again and again.

use crate::{CallId, Incarnation, Message, Target};
use faultline::{Context, Host, Machine, Never, ms};

/// Greets, and sends its only request so many times, one each millisecond.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Storm {
    server: Host,
    target: Target,
    arguments: Vec<u8>,
    left: u32,
    known: Option<Incarnation>,
}

/// Who it is.
const ME: Incarnation = Incarnation(0x5707 << 48);

impl Storm {
    /// One that calls `target` with these encoded arguments.
    #[must_use]
    pub fn new(server: Host, target: Target, arguments: Vec<u8>, copies: u32) -> Storm {
        Storm { server, target, arguments, left: copies, known: None }
    }
}

impl Machine for Storm {
    type Command = Never;
    type Notice = Never;
    type Timer = ();

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        ctx.send(self.server, Message::Hello { client: ME }.encode());
    }

    fn on_datagram(&mut self, _from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        if let (Ok(Message::Welcome { server, .. }), None) = (Message::decode(datagram), self.known) {
            self.known = Some(server);
            self.on_timer((), ctx);
        }
    }

    fn on_timer(&mut self, (): (), ctx: &mut Context<Self>) {
        let (Some(server), Some(left)) = (self.known, self.left.checked_sub(1)) else { return };
        self.left = left;
        let (call, target, arguments) = (CallId(1), self.target, self.arguments.clone());
        let request = Message::Request { client: ME, server, call, oldest: call, target, arguments };
        ctx.send(self.server, request.encode());
        ctx.set_timer((), ms(1));
    }
}
