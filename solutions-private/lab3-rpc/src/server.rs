//! The server's half of a call: has each one executed, and remembers what came out for as long as it may be asked again.

use lab3_kit::{CallId, Context, Host, Incarnation, Machine, ServerCommand, ServerConfig, ServerNotice};
// SOLUTION
use lab3_kit::{Fault, MAX_RESULT, Message, Target};
use std::collections::BTreeMap;
// END SOLUTION

/// One server, with all its clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    // SOLUTION: // Yours: what a server must remember.
    config: ServerConfig,
    me: Incarnation,
    clients: BTreeMap<Incarnation, Known>,
    // END SOLUTION
}
// SOLUTION

/// A client of which something was heard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Known {
    /// Where its last request came from.
    host: Host,
    /// What is before this, it does not want any more.
    oldest: CallId,
    /// Its calls from there on: what came out, or nothing yet.
    calls: BTreeMap<CallId, Option<Result<Vec<u8>, Fault>>>,
}
// END SOLUTION

/// The server's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// This call has been executed for `acknowledge_after` (rule D1).
    Acknowledge(Incarnation, CallId),
    /// Nothing was heard of this client for `forget_after` (rule C3).
    Forget(Incarnation),
}

impl Server {
    /// A server that has not started yet.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        // SOLUTION: todo!("lab 3, part B: Server::new")
        Server { config, me: Incarnation(0), clients: BTreeMap::new() }
        // END SOLUTION
    }
    // SOLUTION

    /// Has a call executed, or says what is known of it.
    fn on_request(
        &mut self,
        from: Host,
        (client, call): (Incarnation, CallId),
        oldest: CallId,
        (target, arguments): (Target, Vec<u8>),
        ctx: &mut Context<Self>,
    ) {
        let new = || Known { host: from, oldest, calls: BTreeMap::new() };
        let known = self.clients.entry(client).or_insert_with(new);
        known.host = from;
        known.oldest = known.oldest.max(oldest);
        let kept = known.calls.split_off(&known.oldest);
        for gone in std::mem::replace(&mut known.calls, kept).into_keys() {
            ctx.cancel_timer(Timer::Acknowledge(client, gone));
        }
        ctx.set_timer(Timer::Forget(client), self.config.forget_after);
        if call < known.oldest {
            return;
        }
        if known.calls.contains_key(&call) {
            self.answer(client, call, ctx);
            return;
        }
        known.calls.insert(call, None);
        ctx.set_timer(Timer::Acknowledge(client, call), self.config.acknowledge_after);
        ctx.notify(ServerNotice::Execute { client, call, target, arguments });
    }

    /// Sends what is known of a call: its reply, or that it is being executed.
    fn answer(&self, client: Incarnation, call: CallId, ctx: &mut Context<Self>) {
        let Some(known) = self.clients.get(&client) else { return };
        let message = match known.calls.get(&call) {
            None => return,
            Some(None) => Message::Working { client, call },
            Some(Some(result)) => Message::Reply { client, call, result: result.clone() },
        };
        ctx.send(known.host, message.encode());
    }
    // END SOLUTION
}

impl Machine for Server {
    type Command = ServerCommand;
    type Notice = ServerNotice;
    type Timer = Timer;

    /// The server comes up (rule B1).
    fn on_start(&mut self, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 3, part B: Server::on_start")
        self.me = Incarnation(ctx.random());
        // END SOLUTION
    }

    /// The application has executed a call (rules B6 and B8, then C1 and C2).
    fn on_command(&mut self, command: ServerCommand, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 3, part B: Server::on_command")
        let ServerCommand::Finish { client, call, result } = command;
        let known = self.clients.get_mut(&client);
        let Some(state @ None) = known.and_then(|known| known.calls.get_mut(&call)) else { return };
        let too_large = result.as_ref().is_ok_and(|result| result.len() > MAX_RESULT);
        *state = Some(if too_large { Err(Fault::TooLarge) } else { result });
        ctx.cancel_timer(Timer::Acknowledge(client, call));
        self.answer(client, call, ctx);
        // END SOLUTION
    }

    /// A datagram arrives (rules B2, B6, B7 and B9, then C1 to C3, and D3).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 3, part B: Server::on_datagram")
        let me = self.me;
        match Message::decode(datagram) {
            Ok(Message::Hello { client }) => {
                ctx.send(from, Message::Welcome { client, server: me }.encode());
            }
            Ok(Message::Request { client, server, .. } | Message::Probe { client, server, .. })
                if server != me =>
            {
                ctx.send(from, Message::Gone { client, asked: server, server: me }.encode());
            }
            Ok(Message::Request { client, call, oldest, target, arguments, .. }) => {
                self.on_request(from, (client, call), oldest, (target, arguments), ctx);
            }
            Ok(Message::Probe { client, call, .. }) => {
                let Some(known) = self.clients.get_mut(&client) else { return };
                known.host = from;
                ctx.set_timer(Timer::Forget(client), self.config.forget_after);
                self.answer(client, call, ctx);
            }
            _ => {}
        }
        // END SOLUTION
    }

    /// A timer has run out (rules C3 and D1).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 3, part C: Server::on_timer")
        match timer {
            Timer::Acknowledge(client, call) => self.answer(client, call, ctx),
            Timer::Forget(client) => {
                let is_busy = |known: &Known| known.calls.values().any(Option::is_none);
                if self.clients.get(&client).is_some_and(is_busy) {
                    ctx.set_timer(Timer::Forget(client), self.config.forget_after);
                } else {
                    self.clients.remove(&client);
                }
            }
        }
        // END SOLUTION
    }
}
