//! The client's half of a call: asks until it is answered, and says honestly what it knows.

use lab3_kit::{CallId, ClientCommand, ClientConfig, ClientNotice, Context, Host, Machine};
// SOLUTION
use lab3_kit::{CallOutcome, Incarnation, MAX_ARGUMENTS, Message, Target, Why};
use std::collections::BTreeMap;
use std::time::Duration;
// END SOLUTION

/// One client, with all its calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    // SOLUTION: // Yours: what a client must remember.
    config: ClientConfig,
    me: Incarnation,
    /// The server that is known.
    server: Option<Incarnation>,
    /// The calls that are not finished.
    calls: BTreeMap<CallId, Call>,
    last: CallId,
    /// The RTO of `HELLO`.
    rto: Duration,
    // END SOLUTION
}
// SOLUTION

/// A call that is not finished.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Call {
    target: Target,
    arguments: Vec<u8>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// The server is not known yet.
    Waiting,
    /// Its request was sent, and will be sent again after this.
    Asking(Duration),
    /// The server is working on it.
    Watching,
}
// END SOLUTION

/// The client's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// `HELLO` has not been answered for an RTO (rule B2).
    Hello,
    /// This call has not been answered for an RTO (rule B3), or for a `watch` (rule D2).
    Resend(CallId),
    /// The time that this call may take is over (rule D4).
    Deadline(CallId),
    /// Nothing was heard for `give_up` (rule D5).
    Silence,
}

impl Client {
    /// A client that has not started yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        // SOLUTION: todo!("lab 3, part B: Client::new")
        Client {
            config,
            me: Incarnation(0),
            server: None,
            calls: BTreeMap::new(),
            last: CallId(0),
            rto: config.rto.first,
        }
        // END SOLUTION
    }
    // SOLUTION

    fn send(&self, message: &Message, ctx: &mut Context<Self>) {
        ctx.send(self.config.server, message.encode());
    }

    /// Twice as long, up to the maximum.
    fn longer(&self, rto: Duration) -> Duration {
        (rto * 2).min(self.config.rto.max)
    }

    fn hello(&self, ctx: &mut Context<Self>) {
        self.send(&Message::Hello { client: self.me }, ctx);
        ctx.set_timer(Timer::Hello, self.rto);
    }

    /// Sends the request of a call, when the server is known, and waits for an answer for so long.
    fn ask(&mut self, call: CallId, rto: Duration, ctx: &mut Context<Self>) {
        let oldest = self.calls.keys().next().copied().unwrap_or(call);
        let (Some(server), Some(state)) = (self.server, self.calls.get_mut(&call)) else { return };
        state.stage = Stage::Asking(rto);
        let (client, target, arguments) = (self.me, state.target, state.arguments.clone());
        let request = Message::Request { client, server, call, oldest, target, arguments };
        self.send(&request, ctx);
        ctx.set_timer(Timer::Resend(call), rto);
    }

    fn ask_all(&mut self, ctx: &mut Context<Self>) {
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.ask(call, self.config.rto.first, ctx);
        }
    }

    fn finish(&mut self, call: CallId, outcome: CallOutcome, ctx: &mut Context<Self>) {
        self.calls.remove(&call);
        ctx.cancel_timer(Timer::Resend(call));
        ctx.cancel_timer(Timer::Deadline(call));
        if self.calls.is_empty() {
            ctx.cancel_timer(Timer::Hello);
            ctx.cancel_timer(Timer::Silence);
            self.rto = self.config.rto.first;
        }
        ctx.notify(ClientNotice::Finished { call, outcome });
    }

    /// Finishes a call without an answer.
    fn give_up(&mut self, call: CallId, why: Why, ctx: &mut Context<Self>) {
        let Some(state) = self.calls.get(&call) else { return };
        let outcome = match state.stage {
            Stage::Waiting => CallOutcome::NotExecuted(why),
            Stage::Asking(_) | Stage::Watching => CallOutcome::Unknown(why),
        };
        self.finish(call, outcome, ctx);
    }

    fn give_up_all(&mut self, why: Why, ctx: &mut Context<Self>) {
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.give_up(call, why, ctx);
        }
    }

    fn is_sent(&self, call: CallId) -> bool {
        self.calls.get(&call).is_some_and(|state| state.stage != Stage::Waiting)
    }

    fn on_message(&mut self, message: Message, ctx: &mut Context<Self>) {
        match message {
            Message::Welcome { server, .. } if self.server.is_none() && !self.calls.is_empty() => {
                self.server = Some(server);
                self.rto = self.config.rto.first;
                ctx.cancel_timer(Timer::Hello);
                self.ask_all(ctx);
            }
            Message::Reply { call, result, .. } if self.is_sent(call) => {
                self.finish(call, CallOutcome::Done(result), ctx);
            }
            Message::Working { call, .. } => {
                let Some(state) = self.calls.get_mut(&call) else { return };
                if let Stage::Asking(_) = state.stage {
                    state.stage = Stage::Watching;
                    ctx.set_timer(Timer::Resend(call), self.config.watch);
                }
            }
            Message::Gone { asked, server, .. } if self.server == Some(asked) => {
                self.server = Some(server);
                self.give_up_all(Why::Restarted, ctx);
            }
            _ => {}
        }
    }
    // END SOLUTION
}

impl Machine for Client {
    type Command = ClientCommand;
    type Notice = ClientNotice;
    type Timer = Timer;

    /// The client comes up (rule B1).
    fn on_start(&mut self, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 3, part B: Client::on_start")
        self.me = Incarnation(ctx.random());
        // END SOLUTION
    }

    /// The application calls (rules B1, B2 and B8, then D4 and D5).
    fn on_command(&mut self, command: ClientCommand, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 3, part B: Client::on_command")
        let ClientCommand::Call { target, arguments, deadline } = command;
        self.last = CallId(self.last.0 + 1);
        let call = self.last;
        if arguments.len() > MAX_ARGUMENTS {
            ctx.notify(ClientNotice::Finished { call, outcome: CallOutcome::NotExecuted(Why::TooLarge) });
            return;
        }
        let first = self.calls.is_empty();
        self.calls.insert(call, Call { target, arguments, stage: Stage::Waiting });
        ctx.set_timer(Timer::Deadline(call), deadline);
        if first {
            ctx.set_timer(Timer::Silence, self.config.give_up);
        }
        if self.server.is_some() {
            self.ask(call, self.config.rto.first, ctx);
        } else if first {
            self.hello(ctx);
        }
        // END SOLUTION
    }

    /// A datagram arrives: who the server is (rules B2 and B7), or how a call goes (rules B4 and B9, then D2 and D5).
    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 3, part B: Client::on_datagram")
        let Ok(message) = Message::decode(datagram) else { return };
        let (Message::Welcome { client, .. }
        | Message::Reply { client, .. }
        | Message::Working { client, .. }
        | Message::Gone { client, .. }) = message
        else {
            return;
        };
        if from != self.config.server || client != self.me {
            return;
        }
        if !self.calls.is_empty() {
            ctx.set_timer(Timer::Silence, self.config.give_up);
        }
        self.on_message(message, ctx);
        // END SOLUTION
    }

    /// A timer has run out (rules B2 and B3, then D2, D4 and D5).
    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<Self>) {
        // SOLUTION: todo!("lab 3, part B: Client::on_timer")
        match timer {
            Timer::Hello => {
                self.rto = self.longer(self.rto);
                self.hello(ctx);
            }
            Timer::Resend(call) => {
                let (Some(server), Some(state)) = (self.server, self.calls.get(&call)) else { return };
                match state.stage {
                    Stage::Asking(rto) => self.ask(call, self.longer(rto), ctx),
                    Stage::Watching => {
                        self.send(&Message::Probe { client: self.me, server, call }, ctx);
                        ctx.set_timer(Timer::Resend(call), self.config.watch);
                    }
                    Stage::Waiting => {}
                }
            }
            Timer::Deadline(call) => self.give_up(call, Why::Deadline, ctx),
            Timer::Silence => self.give_up_all(Why::Silent, ctx),
        }
        // END SOLUTION
    }
}
