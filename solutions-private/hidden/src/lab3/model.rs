//! A server as the rules of parts B to D have it, stepped beside the student's in random histories. It is one flat list of
//! cases, written apart from the reference.

use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome};
use faultline::script::PEER;
use lab3_kit::scenarios::checks::{ACKNOWLEDGE_AFTER, FORGET_AFTER, NEXT, Served, TARGET};
use lab3_kit::scenarios::malformed::Malformed;
use lab3_kit::{CallId, Fault, Incarnation, MAX_RESULT, Message, ServerCommand, ServerNotice};
use std::collections::BTreeMap;
use std::time::Duration;

const CLIENTS: u64 = 3;

type CallResult = Result<Vec<u8>, Fault>;

/// When something is to happen, and how many events there were when that was decided: equal moments come in that order.
type Due = (Duration, u64);

#[derive(Default)]
struct Known {
    horizon: u64,
    /// What is known of each call: its result, or when it is to be acknowledged (never, when it was).
    calls: BTreeMap<u64, Result<CallResult, Option<Due>>>,
    forget_at: Duration,
}

/// What the server is to be like after what has happened so far.
pub(super) struct ServerModel {
    now: Duration,
    events: u64,
    clients: BTreeMap<u64, Known>,
    sent: Vec<(Message, &'static str)>,
    told: Vec<(ServerNotice, &'static str)>,
}

fn name(client: u64) -> Incarnation {
    Incarnation((0xC0 + client) << 56)
}

impl ServerModel {
    /// Lets so many things happen to the student's server and to the model.
    pub(super) fn compare(bench: &Bench<'_>, steps: usize) -> Outcome {
        let mut random = Random::new(bench.seed() ^ 0x5345_5256);
        let mut server = Served::start(bench)?;
        let mut model = ServerModel {
            now: Duration::ZERO,
            events: 0,
            clients: BTreeMap::new(),
            sent: vec![],
            told: vec![],
        };
        for _ in 0..bench.amount(steps) {
            model.step(&mut server, &mut random)?;
            for (message, rule) in model.sent.drain(..) {
                server.expect(&message.encode(), rule)?;
            }
            for (notice, rule) in model.told.drain(..) {
                server.script.expect_notice(&notice, rule)?;
            }
            server.script.expect_nothing("rules B9, C1 and C2: nothing else follows from this")?;
        }
        Ok(())
    }

    fn step(&mut self, server: &mut Served, random: &mut Random) -> Outcome {
        self.events += 1;
        let client = random.below(CLIENTS);
        let horizon = self.clients.get(&client).map_or(1, |known| known.horizon.max(1));
        let call = (horizon + random.below(6)).saturating_sub(2).max(1);
        match random.below(20) {
            0..7 => {
                // A right client says no more than the number of the call itself.
                let oldest = (horizon + random.below(4)).saturating_sub(2).clamp(1, call);
                let arguments = format!("{client}.{call}");
                self.request(client, call, oldest, &arguments);
                server.request(name(client), call, oldest, &arguments)
            }
            7..12 => {
                let result = Self::result(random);
                self.finish(client, call, &result);
                let command = ServerCommand::Finish { client: name(client), call: CallId(call), result };
                server.script.command(&command)
            }
            12..14 => {
                self.probe(client, call);
                server.probe(name(client), call)
            }
            14 => {
                self.sent.push((
                    Message::Welcome { client: name(client), server: server.me },
                    "rule B2: a server answers each HELLO",
                ));
                server.script.deliver(PEER, &Message::Hello { client: name(client) }.encode())
            }
            15 => {
                let gone = Message::Gone { client: name(client), asked: NEXT, server: server.me };
                self.sent.push((gone, "rules B7 and D3: another server was asked"));
                let (client, call, oldest) = (name(client), CallId(call), CallId(1));
                let wrong = match random.below(2) {
                    0 => Message::Probe { client, server: NEXT, call },
                    _ => Message::Request {
                        client,
                        server: NEXT,
                        call,
                        oldest,
                        target: TARGET,
                        arguments: vec![],
                    },
                };
                server.script.deliver(PEER, &wrong.encode())
            }
            16 => {
                let (client, call) = (name(client), CallId(call));
                let valid = Message::Request {
                    client,
                    server: server.me,
                    call,
                    oldest: call,
                    target: TARGET,
                    arguments: vec![7; 9],
                };
                server.script.deliver(PEER, &Malformed::new(random.bits()).datagram(&valid))
            }
            17 if random.below(8) == 0 => self.pass(server, FORGET_AFTER - ms(300) + ms(random.below(600))),
            _ => self.pass(server, ms(random.below(700))),
        }
    }

    fn result(random: &mut Random) -> CallResult {
        match random.below(6) {
            0 => Err(Fault::BadArguments),
            1 => Err(Fault::Failed("no".into())),
            2 => Ok(vec![b'x'; MAX_RESULT + random.below(2) as usize]),
            _ => Ok(format!("r{}", random.below(1_000)).into()),
        }
    }

    fn request(&mut self, client: u64, call: u64, oldest: u64, arguments: &str) {
        let known = self.clients.entry(client).or_default();
        known.forget_at = self.now + FORGET_AFTER;
        known.horizon = known.horizon.max(oldest);
        let horizon = known.horizon;
        known.calls.retain(|number, _| *number >= horizon);
        if call < horizon {
            return;
        }
        match known.calls.get(&call) {
            None => {
                known.calls.insert(call, Err(Some((self.now + ACKNOWLEDGE_AFTER, self.events))));
                let (client, call, arguments) = (name(client), CallId(call), arguments.into());
                let execute = ServerNotice::Execute { client, call, target: TARGET, arguments };
                self.told.push((execute, "rules B6 and C2: this call is new, and wanted"));
            }
            Some(_) => self.answer(client, call, "rule C1: this is a copy, and it is answered"),
        }
    }

    fn answer(&mut self, client: u64, call: u64, rule: &'static str) {
        let state = self.clients.get(&client).and_then(|known| known.calls.get(&call));
        let (client, call) = (name(client), CallId(call));
        match state {
            None => {}
            Some(Ok(result)) => {
                self.sent.push((Message::Reply { client, call, result: result.clone() }, rule))
            }
            Some(Err(_)) => self.sent.push((Message::Working { client, call }, rule)),
        }
    }

    fn finish(&mut self, client: u64, call: u64, result: &CallResult) {
        let state = self.clients.get_mut(&client).and_then(|known| known.calls.get_mut(&call));
        let Some(state @ Err(_)) = state else { return };
        *state = Ok(match result {
            Ok(result) if result.len() > MAX_RESULT => Err(Fault::TooLarge),
            result => result.clone(),
        });
        self.answer(client, call, "rules B6 and B8: the call is done");
    }

    fn probe(&mut self, client: u64, call: u64) {
        if let Some(known) = self.clients.get_mut(&client) {
            known.forget_at = self.now + FORGET_AFTER;
        }
        self.answer(client, call, "rule D3: the client asks how it goes");
    }

    /// Time passes: calls become long, clients are forgotten.
    fn pass(&mut self, server: &mut Served, span: Duration) -> Outcome {
        let end = self.now + span;
        let mut due = vec![];
        for (client, known) in &mut self.clients {
            for (call, state) in &mut known.calls {
                if let Err(at) = state
                    && at.is_some_and(|(at, _)| at <= end)
                {
                    due.extend(at.take().map(|at| (at, *client, *call)));
                }
            }
        }
        due.sort_unstable();
        for (_, client, call) in due {
            self.answer(client, call, "rule D1: the call takes long");
        }
        self.now = end;
        self.clients.retain(|_, known| {
            while known.forget_at <= end && known.calls.values().any(Result::is_err) {
                known.forget_at += FORGET_AFTER;
            }
            known.forget_at > end
        });
        server.script.pass(span)
    }
}
