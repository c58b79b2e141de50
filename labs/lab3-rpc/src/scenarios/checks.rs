//! What scenarios with one machine need: a client or a server by itself, and short names for what goes in and comes out.

use crate::{
    CLIENT, CallId, CallOutcome, ClientCommand, ClientConfig, ClientNotice, Fault, Host, Incarnation,
    Message, RtoConfig, SERVER, ServerCommand, ServerConfig, ServerNotice, Target, Why,
};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::script::{PEER, Script};
use std::time::Duration;

/// The first RTO of most scenarios.
pub const RTO: Duration = ms(1_000);

/// The longest RTO of most scenarios; doubling alone does not lead to it.
pub const RTO_MAX: Duration = ms(6_000);

/// How often a client asks about a long call.
pub const WATCH: Duration = ms(5_000);

/// After so much silence a server is given up.
pub const GIVE_UP: Duration = ms(60_000);

/// When a server says that it is at work.
pub const ACKNOWLEDGE_AFTER: Duration = ms(400);

/// When a server forgets a client.
pub const FORGET_AFTER: Duration = Duration::from_secs(600);

/// A deadline that plays no part.
pub const FAR: Duration = Duration::from_secs(24 * 3_600);

/// What scenarios call.
pub const TARGET: Target = Target { service: 1, version: 1, method: 1 };

/// The server that a client by itself is told of.
pub const THERE: Incarnation = Incarnation(0x5E11 << 48);

/// Another one, at the same address.
pub const NEXT: Incarnation = Incarnation(0x5E22 << 48);

/// The client that asks a server by itself.
pub const ANN: Incarnation = Incarnation(0xA000 << 48);

/// Another one.
pub const BOB: Incarnation = Incarnation(0xB000 << 48);

/// A client of the server on this host.
#[must_use]
pub const fn client_config(server: Host) -> ClientConfig {
    ClientConfig { server, rto: RtoConfig { first: RTO, max: RTO_MAX }, watch: WATCH, give_up: GIVE_UP }
}

/// A server.
#[must_use]
pub const fn server_config() -> ServerConfig {
    ServerConfig { acknowledge_after: ACKNOWLEDGE_AFTER, forget_after: FORGET_AFTER }
}

/// The command that calls with these arguments.
#[must_use]
pub fn call(arguments: &str) -> ClientCommand {
    call_within(arguments, FAR)
}

/// The command that calls with these arguments and this deadline.
#[must_use]
pub fn call_within(arguments: &str, deadline: Duration) -> ClientCommand {
    ClientCommand::Call { target: TARGET, arguments: arguments.into(), deadline }
}

/// What the scenarios' service makes of these arguments.
#[must_use]
pub fn result_of(arguments: &[u8]) -> Vec<u8> {
    arguments.to_ascii_uppercase()
}

/// The notice that a call is done, with this result.
#[must_use]
pub fn done(call: u64, result: &str) -> ClientNotice {
    finished(call, CallOutcome::Done(Ok(result.into())))
}

/// The notice that nobody knows what became of a call.
#[must_use]
pub fn unknown(call: u64, why: Why) -> ClientNotice {
    finished(call, CallOutcome::Unknown(why))
}

/// The notice that a call was not executed.
#[must_use]
pub fn not_executed(call: u64, why: Why) -> ClientNotice {
    finished(call, CallOutcome::NotExecuted(why))
}

/// The notice that a call has ended in this way.
#[must_use]
pub fn finished(call: u64, outcome: CallOutcome) -> ClientNotice {
    ClientNotice::Finished { call: CallId(call), outcome }
}

/// The bytes of a reply to a client.
#[must_use]
pub fn reply_to(client: Incarnation, call: u64, result: &str) -> Vec<u8> {
    Message::Reply { client, call: CallId(call), result: Ok(result.into()) }.encode()
}

/// The bytes of a reply that is a fault.
#[must_use]
pub fn fault_to(client: Incarnation, call: u64, fault: Fault) -> Vec<u8> {
    Message::Reply { client, call: CallId(call), result: Err(fault) }.encode()
}

/// The bytes of `WORKING`.
#[must_use]
pub fn working(client: Incarnation, call: u64) -> Vec<u8> {
    Message::Working { client, call: CallId(call) }.encode()
}

/// The bytes of a request.
#[must_use]
pub fn request(client: Incarnation, server: Incarnation, call: u64, oldest: u64, arguments: &str) -> Vec<u8> {
    let (call, oldest, arguments) = (CallId(call), CallId(oldest), arguments.into());
    Message::Request { client, server, call, oldest, target: TARGET, arguments }.encode()
}

/// A client by itself; the scenario is its server.
pub struct Alone {
    /// The script.
    pub script: Script<ClientConfig, ClientCommand, ClientNotice>,
    /// Who the client says that it is, once it has said so.
    pub me: Incarnation,
}

impl Alone {
    /// A client that was asked for nothing yet.
    ///
    /// # Errors
    /// It does not come up.
    pub fn start(bench: &Bench<'_>) -> Result<Alone, Failure> {
        let script = Script::start(bench, CLIENT, ["client", "server"], &client_config(PEER))?;
        Ok(Alone { script, me: Incarnation(0) })
    }

    /// A client whose first call has these arguments; it was told who the server is, and has sent its request.
    ///
    /// # Errors
    /// It does not greet, or sends no request.
    pub fn calling(bench: &Bench<'_>, arguments: &str) -> Result<Alone, Failure> {
        let mut client = Alone::start(bench)?;
        client.script.command(&call(arguments))?;
        client.greeted()?;
        client.welcome(THERE)?;
        client.expect_request(THERE, 1, 1, arguments, "rule B2: now the client knows the server")?;
        Ok(client)
    }

    /// Expects that it has greeted, and learns who it is.
    ///
    /// # Errors
    /// It has not.
    pub fn greeted(&mut self) -> Outcome {
        let sent = self.script.take_datagrams();
        let hellos: Vec<Incarnation> = sent
            .iter()
            .filter_map(|(to, datagram)| match Message::decode(datagram) {
                Ok(Message::Hello { client }) if *to == PEER => Some(client),
                _ => None,
            })
            .collect();
        match hellos[..] {
            [me] if sent.len() == 1 => {
                self.me = me;
                Ok(())
            }
            _ => Err(self.script.fail(
                "Rule B2: a client that has a call and does not know the server greets it first. Expected: it sends one \
                 HELLO, and nothing else.",
            )),
        }
    }

    /// Expects that it greets next, as whom it has said that it is; `rule` says why.
    ///
    /// # Errors
    /// It has sent something else, or nothing.
    pub fn expect_hello(&mut self, rule: &str) -> Outcome {
        self.script.expect_datagram(PEER, &Message::Hello { client: self.me }.encode(), rule)
    }

    /// The server says who it is.
    ///
    /// # Errors
    /// The client does not answer.
    pub fn welcome(&mut self, server: Incarnation) -> Outcome {
        self.script.deliver(PEER, &Message::Welcome { client: self.me, server }.encode())
    }

    /// The server says that another one is gone.
    ///
    /// # Errors
    /// The client does not answer.
    pub fn gone(&mut self, asked: Incarnation, server: Incarnation) -> Outcome {
        self.script.deliver(PEER, &Message::Gone { client: self.me, asked, server }.encode())
    }

    /// The server replies.
    ///
    /// # Errors
    /// The client does not answer.
    pub fn reply(&mut self, call: u64, result: &str) -> Outcome {
        self.script.deliver(PEER, &reply_to(self.me, call, result))
    }

    /// Expects that the client sends this request next; `rule` says why.
    ///
    /// # Errors
    /// It has sent something else, or nothing.
    pub fn expect_request(
        &mut self,
        server: Incarnation,
        call: u64,
        oldest: u64,
        arguments: &str,
        rule: &str,
    ) -> Outcome {
        self.script.expect_datagram(PEER, &request(self.me, server, call, oldest, arguments), rule)
    }

    /// Expects that the client asks next whether the server is still at this call; `rule` says why.
    ///
    /// # Errors
    /// It has sent something else, or nothing.
    pub fn expect_probe(&mut self, call: u64, rule: &str) -> Outcome {
        let probe = Message::Probe { client: self.me, server: THERE, call: CallId(call) };
        self.script.expect_datagram(PEER, &probe.encode(), rule)
    }
}

/// A server by itself; the scenario is its clients and its application.
pub struct Served {
    /// The script.
    pub script: Script<ServerConfig, ServerCommand, ServerNotice>,
    /// Who the server says that it is.
    pub me: Incarnation,
}

impl Served {
    /// A server that has said who it is.
    ///
    /// # Errors
    /// It does not come up, or does not say so.
    pub fn start(bench: &Bench<'_>) -> Result<Served, Failure> {
        let mut script = Script::start(bench, SERVER, ["server", "client"], &server_config())?;
        script.deliver(PEER, &Message::Hello { client: ANN }.encode())?;
        let sent = script.take_datagrams();
        let who = sent.iter().find_map(|(to, datagram)| match Message::decode(datagram) {
            Ok(Message::Welcome { client: ANN, server }) if *to == PEER => Some(server),
            _ => None,
        });
        match who {
            Some(me) if sent.len() == 1 => Ok(Served { script, me }),
            _ => Err(script.fail(
                "Rule B2: a server answers each HELLO at once. Expected: it sends one WELCOME to the client that asked, \
                 and nothing else.",
            )),
        }
    }

    /// A request for this server comes from the first client's host.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn request(&mut self, client: Incarnation, call: u64, oldest: u64, arguments: &str) -> Outcome {
        self.script.deliver(PEER, &request(client, self.me, call, oldest, arguments))
    }

    /// A client asks whether the server is still at a call.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn probe(&mut self, client: Incarnation, call: u64) -> Outcome {
        let probe = Message::Probe { client, server: self.me, call: CallId(call) };
        self.script.deliver(PEER, &probe.encode())
    }

    /// The application has executed a call.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn finish(&mut self, client: Incarnation, call: u64, result: Result<&str, Fault>) -> Outcome {
        let result = result.map(Into::into);
        self.script.command(&ServerCommand::Finish { client, call: CallId(call), result })
    }

    /// Expects that the server has this call executed next; `rule` says why.
    ///
    /// # Errors
    /// It has not.
    pub fn expect_execute(&mut self, client: Incarnation, call: u64, arguments: &str, rule: &str) -> Outcome {
        let (call, arguments) = (CallId(call), arguments.into());
        self.script.expect_notice(&ServerNotice::Execute { client, call, target: TARGET, arguments }, rule)
    }

    /// Expects that the server sends this to the first client's host next; `rule` says why.
    ///
    /// # Errors
    /// It has sent something else, or nothing.
    pub fn expect(&mut self, datagram: &[u8], rule: &str) -> Outcome {
        self.script.expect_datagram(PEER, datagram, rule)
    }

    /// A call comes, is executed at once, and is answered with the result.
    ///
    /// # Errors
    /// One of these things does not happen.
    pub fn serve(&mut self, client: Incarnation, call: u64, oldest: u64, arguments: &str) -> Outcome {
        self.request(client, call, oldest, arguments)?;
        self.expect_execute(client, call, arguments, "rule B6: this request is for this server")?;
        let result = arguments.to_ascii_uppercase();
        self.finish(client, call, Ok(&result))?;
        self.expect(&reply_to(client, call, &result), "rule B6: the result goes to the client")
    }
}
