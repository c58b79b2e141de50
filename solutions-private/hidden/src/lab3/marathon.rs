//! A marathon: very many calls of several clients through loss, copies, delay, cuts, crashes and restarts of either side, in
//! one simulation. No call is executed twice, every client is told the truth, and nobody's memory grows with the calls: not the
//! machines', which is measured, and not the kit's, which keeps only what can still turn out wrong.

use faultline::disk::Unsynced;
use faultline::ms;
use faultline::program::Program;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Change, Ended, Handle, Link, Simulation};
use lab3_kit::scenarios::checks::{FORGET_AFTER, call_within, client_config, result_of, server_config};
use lab3_kit::scenarios::history::{Ends, History, Promise};
use lab3_kit::{
    CLIENT, CallOutcome, ClientCommand, ClientConfig, ClientNotice, Host, SERVER, ServerCommand,
    ServerNotice, Time,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

/// How many clients there are.
const CLIENTS: usize = 4;

/// How many calls each of them has unfinished at once.
const AT_ONCE: usize = 8;

/// The longest time between two disasters.
const CALM: Duration = ms(20_000);

/// The most bytes that a client may hold: its unfinished calls with their arguments, several times over.
pub const CLIENT_MAX: usize = 16 << 10;

/// The most bytes that the server may hold: the clients' last calls, also those of the lives that it has not yet forgotten.
pub const SERVER_MAX: usize = 384 << 10;

/// How far a marathon is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Calls that were asked for.
    pub asked: u64,
    /// Calls that were executed and answered.
    pub done: u64,
    /// Calls that ended without an answer.
    pub unanswered: u64,
    /// Calls whose client has crashed before they ended.
    pub lost: u64,
    /// Crashes, of the server and of clients.
    pub crashes: u64,
    /// Cuts, one way or both.
    pub cuts: u64,
    /// The most bytes that a client has held at the end of a calm.
    pub client_held: usize,
    /// The same of the server.
    pub server_held: usize,
    /// The most calls that the kit itself had to remember.
    pub remembered: usize,
    /// Virtual time.
    pub now: Duration,
}

/// What the applications know, shared with them.
struct Shared {
    history: History,
    wrong: Option<String>,
    random: Random,
    /// Each client's open calls of its present life, by number.
    open: [BTreeMap<u64, Vec<u8>>; CLIENTS],
    /// The number of each client's last call.
    last: [u64; CLIENTS],
    /// Calls that have ended, but may still be executed until their last datagram is gone.
    limbo: VecDeque<(Time, Vec<u8>)>,
    /// How many calls are still to be asked for.
    left: u64,
    progress: Progress,
}

impl Shared {
    fn judge(&mut self, judged: Result<(), String>) {
        if let (Err(wrong), None) = (judged, &self.wrong) {
            self.wrong = Some(wrong);
        }
    }

    /// The next call of a client; its arguments differ from those of every other.
    fn next(&mut self, client: usize) -> Option<ClientCommand> {
        self.left = self.left.checked_sub(1)?;
        self.progress.asked += 1;
        self.last[client] += 1;
        let filler = "x".repeat(self.random.below(100) as usize);
        let arguments = format!("{client}.{} {filler}", self.progress.asked);
        self.history.ask(self.last[client], arguments.as_bytes());
        self.open[client].insert(self.last[client], arguments.clone().into());
        Some(call_within(&arguments, ms([4_000, 90_000][self.random.below(2) as usize])))
    }

    fn execute(&mut self, notice: &ServerNotice) -> (Duration, ServerCommand) {
        let judged = self.history.execute(notice);
        self.judge(judged);
        let ServerNotice::Execute { client, call, arguments, .. } = notice;
        let longest = if self.random.chance(0.01) { ms(20_000) } else { ms(600) };
        let after = self.random.between(Duration::ZERO, longest);
        (after, ServerCommand::Finish { client: *client, call: *call, result: Ok(result_of(arguments)) })
    }

    fn finish(&mut self, client: usize, now: Time, notice: &ClientNotice) -> Option<ClientCommand> {
        let ClientNotice::Finished { call, outcome } = notice;
        let Some(arguments) = self.open[client].remove(&call.0) else {
            let judged =
                format!("Rule B4: call {call} is finished, which is none of the client's open calls.");
            self.judge(Err(judged));
            return None;
        };
        let judged = self.history.finish(&arguments, outcome);
        self.judge(judged);
        match outcome {
            CallOutcome::Done(_) => self.progress.done += 1,
            CallOutcome::NotExecuted(_) | CallOutcome::Unknown(_) => self.progress.unanswered += 1,
        }
        if let CallOutcome::Unknown(_) = outcome {
            self.limbo.push_back((now, arguments));
        }
        self.next(client)
    }

    /// A client has crashed: nobody will be told of its calls.
    fn lose(&mut self, client: usize, now: Time) {
        let open = std::mem::take(&mut self.open[client]);
        self.progress.lost += open.len() as u64;
        self.limbo.extend(open.into_values().map(|arguments| (now, arguments)));
        self.last[client] = 0;
    }

    /// Forgets every call that nothing can happen to any more.
    fn forget(&mut self, now: Time) {
        self.progress.remembered = self.progress.remembered.max(self.history.remembered());
        self.history.settle();
        // No datagram lives so long.
        while self.limbo.front().is_some_and(|(since, _)| now.since(*since) > FORGET_AFTER) {
            self.limbo.pop_front().into_iter().for_each(|(_, arguments)| self.history.forget(&arguments));
        }
    }
}

/// The world of a marathon.
struct Marathon<'a> {
    simulation: Simulation<'a>,
    hosts: [Host; CLIENTS + 1],
    server: Handle<ServerCommand, ServerNotice>,
    clients: Vec<Handle<ClientCommand, ClientNotice>>,
    shared: Rc<RefCell<Shared>>,
    random: Random,
}

/// Lets `program` make so many calls; `tell` hears how far it is after each calm.
///
/// # Errors
/// A rule is broken, or a machine holds too much.
pub fn run(
    program: &dyn Program,
    seed: u64,
    calls: u64,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Progress, Failure> {
    let bench = Bench::new(program, seed);
    let mut marathon = Marathon::start(&bench, calls)?;
    (0..CLIENTS).try_for_each(|client| marathon.begin(client))?;
    while marathon.shared.borrow().left > 0 {
        let calm = marathon.random.between(Duration::ZERO, CALM);
        marathon.pass(calm)?;
        marathon.weigh()?;
        tell(&marathon.shared.borrow().progress);
        marathon.disaster()?;
    }
    marathon.simulation.stop_faults()?;
    if marathon.pass(2 * FORGET_AFTER)? != Ended::Reached {
        return Err(marathon
            .simulation
            .fail("All faults have stopped, but some calls do not end (rules D4 and D5)."));
    }
    marathon.weigh()?;
    let progress = marathon.shared.borrow().progress;
    if progress.done < progress.asked / 2 {
        return Err(marathon.simulation.fail(format!("Only few of the calls were answered: {progress:?}.")));
    }
    if calls >= 1_000 {
        marathon.simulation.require_faults()?;
    }
    Ok(progress)
}

impl<'a> Marathon<'a> {
    fn start(bench: &Bench<'a>, calls: u64) -> Result<Marathon<'a>, Failure> {
        let (mut simulation, hosts) = Simulation::new(bench, ["server", "ann", "bob", "cat", "dan"]);
        simulation.keep_nothing();
        simulation.meter();
        simulation.links(Link {
            latency_max: ms(30),
            loss: 0.05,
            duplicate: 0.1,
            copy_delay: ms(40_000),
            corrupt: 0.01,
            reorder: 0.05,
            reorder_delay: ms(9_000),
            ..Link::default()
        });
        let [s, ..] = hosts;
        let server = simulation.start(s, &SERVER, &server_config())?;
        let config = ClientConfig { give_up: ms(30_000), ..client_config(s) };
        let clients = hosts[1..].iter().map(|host| simulation.start(*host, &CLIENT, &config));
        let clients = clients.collect::<Result<Vec<_>, _>>()?;
        let shared = Rc::new(RefCell::new(Shared {
            history: History::new(Promise::AtMostOnce, Ends::Any),
            wrong: None,
            random: Random::new(bench.seed() ^ 0x4D41_5241),
            open: Default::default(),
            last: [0; CLIENTS],
            limbo: VecDeque::new(),
            left: calls,
            progress: Progress::default(),
        }));
        let known = shared.clone();
        simulation.application(server, move |_, notice| vec![known.borrow_mut().execute(notice)]);
        for (index, client) in clients.iter().enumerate() {
            let known = shared.clone();
            simulation.application(*client, move |now, notice| {
                let next = known.borrow_mut().finish(index, now, notice);
                next.into_iter().map(|command| (Duration::ZERO, command)).collect()
            });
        }
        let random = Random::new(bench.seed() ^ 0x5448_4F4E);
        Ok(Marathon { simulation, hosts, server, clients, shared, random })
    }

    /// A client's application makes its first calls.
    fn begin(&mut self, client: usize) -> Outcome {
        for _ in 0..AT_ONCE {
            let next = self.shared.borrow_mut().next(client);
            next.map_or(Ok(()), |command| self.simulation.command(self.clients[client], &command))?;
        }
        Ok(())
    }

    /// Lets `span` pass, or less when there is nothing more to ask for and every call has ended.
    fn pass(&mut self, span: Duration) -> Result<Ended, Failure> {
        let shared = self.shared.clone();
        let ended = self.simulation.run_until(span, |_| {
            let shared = shared.borrow();
            match &shared.wrong {
                Some(wrong) => Err(Failure::new(wrong.clone())),
                None => Ok(shared.left == 0 && shared.open.iter().all(BTreeMap::is_empty)),
            }
        })?;
        let now = self.simulation.now();
        let mut shared = self.shared.borrow_mut();
        shared.forget(now);
        shared.progress.now = now.since(Time::ZERO);
        Ok(ended)
    }

    /// Looks how much the machines hold.
    fn weigh(&mut self) -> Outcome {
        let server = self.simulation.held(self.server)?;
        let clients = self.clients.iter().map(|client| self.simulation.held(*client));
        let client = clients.collect::<Result<Vec<_>, _>>()?.into_iter().max().unwrap_or(0);
        let progress = &mut self.shared.borrow_mut().progress;
        progress.server_held = progress.server_held.max(server);
        progress.client_held = progress.client_held.max(client);
        for (who, held, most, rule) in
            [("server", server, SERVER_MAX, "C4"), ("client", client, CLIENT_MAX, "B10")]
        {
            if held > most {
                return Err(self.simulation.fail(format!(
                    "Rule {rule}: after {} calls the {who} holds {held} bytes; for what it still needs, {most} are enough.",
                    progress.asked
                )));
            }
        }
        Ok(())
    }

    fn disaster(&mut self) -> Outcome {
        let client = self.random.below(CLIENTS as u64) as usize;
        let (server, other) = (self.hosts[0], self.hosts[client + 1]);
        let span = ms(self.random.below(15_000));
        match self.random.below(4) {
            0 => {
                self.simulation.change(&Change::Crash(server, Unsynced::Lost))?;
                self.pass(span)?;
                self.simulation.change(&Change::Restart(server))?;
            }
            1 => {
                self.simulation.change(&Change::Crash(other, Unsynced::Lost))?;
                let now = self.simulation.now();
                self.shared.borrow_mut().lose(client, now);
                self.pass(span)?;
                self.simulation.change(&Change::Restart(other))?;
                self.begin(client)?;
            }
            way => {
                let links = [(server, other), (other, server)];
                let cut = &links[way as usize - 2..];
                cut.iter().try_for_each(|(from, to)| self.simulation.change(&Change::Cut(*from, *to)))?;
                self.pass(span)?;
                cut.iter().try_for_each(|(from, to)| self.simulation.change(&Change::Heal(*from, *to)))?;
                self.shared.borrow_mut().progress.cuts += 1;
                return Ok(());
            }
        }
        self.shared.borrow_mut().progress.crashes += 1;
        Ok(())
    }
}
