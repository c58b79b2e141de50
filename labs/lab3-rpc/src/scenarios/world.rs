//! Clients and a server in a simulated network: each client's application calls again and again, the server's takes its time.
//! Every notice is checked as it is told.

use super::checks::{FAR, call_within, client_config, result_of, server_config};
use super::history::History;
use crate::{
    CLIENT, ClientCommand, ClientConfig, ClientNotice, Host, SERVER, ServerCommand, ServerConfig,
    ServerNotice,
};
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Ended, Handle, Link, Simulation};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A client in a world.
type ClientHandle = Handle<ClientCommand, ClientNotice>;
/// The server in a world.
type ServerHandle = Handle<ServerCommand, ServerNotice>;

/// How clients and server are, and what is asked of them.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many calls each client makes in all.
    pub calls: usize,
    /// How many of them it has unfinished at once.
    pub at_once: usize,
    /// How long the service takes for a call at most.
    pub work: Duration,
    /// How long a call may take.
    pub deadline: Duration,
    /// What each client is like.
    pub client: ClientConfig,
    /// What the server is like.
    pub server: ServerConfig,
}

impl Default for Load {
    fn default() -> Load {
        Load {
            calls: 20,
            at_once: 3,
            work: Duration::ZERO,
            deadline: FAR,
            // No server is given up, however much is lost.
            client: ClientConfig { give_up: FAR, ..client_config(Host(0)) },
            server: server_config(),
        }
    }
}

/// What the applications know, shared with them.
struct Shared {
    history: History,
    wrong: Option<String>,
    /// Each client's calls of its present life, by number.
    asked: Vec<Vec<Vec<u8>>>,
    /// How many calls each client has still to make.
    left: Vec<usize>,
    /// How many of each client's calls are not finished.
    open: Vec<usize>,
    random: Random,
}

impl Shared {
    fn note(&mut self, judged: Result<(), String>) {
        if let (Err(wrong), None) = (judged, &self.wrong) {
            self.wrong = Some(wrong);
        }
    }

    /// The next call of a client; its arguments differ from those of every other.
    fn next(&mut self, client: usize, deadline: Duration) -> Option<ClientCommand> {
        let left = self.left[client].checked_sub(1)?;
        self.left[client] = left;
        let name = char::from(b'a' + client as u8);
        let filler = "x".repeat(self.random.below(200) as usize);
        let arguments = format!("{name}{left} {filler}");
        self.open[client] += 1;
        let number = self.asked[client].len() as u64 + 1;
        self.asked[client].push(arguments.clone().into());
        self.history.ask(number, arguments.as_bytes());
        Some(call_within(&arguments, deadline))
    }
}

/// A server and its clients.
pub struct World<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    /// The server's host.
    pub server: Host,
    /// The clients' hosts.
    pub clients: Vec<Host>,
    handles: Vec<ClientHandle>,
    shared: Rc<RefCell<Shared>>,
    load: Load,
}

impl<'a> World<'a> {
    /// A server and two clients that were not asked for anything yet, in a world where all links are like `link`.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn start(bench: &Bench<'a>, link: Link, load: Load, history: History) -> Result<World<'a>, Failure> {
        let (mut simulation, [s, a, b]) = Simulation::new(bench, ["server", "ann", "bob"]);
        simulation.links(link);
        let server = simulation.start(s, &SERVER, &load.server)?;
        let config = ClientConfig { server: s, ..load.client };
        let clients = vec![a, b];
        let handles = vec![simulation.start(a, &CLIENT, &config)?, simulation.start(b, &CLIENT, &config)?];
        let shared = Rc::new(RefCell::new(Shared {
            history,
            wrong: None,
            asked: vec![vec![]; clients.len()],
            left: vec![bench.amount(load.calls); clients.len()],
            open: vec![0; clients.len()],
            random: Random::new(bench.seed() ^ 0x0052_5043),
        }));
        serve(&mut simulation, server, load.work, &shared);
        for (index, client) in handles.iter().enumerate() {
            go_on(&mut simulation, *client, index, load.deadline, &shared);
        }
        Ok(World { simulation, server: s, clients, handles, shared, load })
    }

    /// The application of each client begins: it makes its first calls, and another one whenever one is finished.
    ///
    /// # Errors
    /// A client does not answer.
    pub fn begin(&mut self) -> Outcome {
        (0..self.handles.len()).try_for_each(|index| self.begin_one(index))
    }

    /// One client's application begins.
    ///
    /// # Errors
    /// The client does not answer.
    pub fn begin_one(&mut self, index: usize) -> Outcome {
        for _ in 0..self.load.at_once {
            let next = self.shared.borrow_mut().next(index, self.load.deadline);
            next.map_or(Ok(()), |command| self.simulation.command(self.handles[index], &command))?;
        }
        Ok(())
    }

    /// A client's host has crashed: what it has asked for so far is nobody's any more, and it begins to count anew.
    pub fn forget(&mut self, index: usize) {
        let mut shared = self.shared.borrow_mut();
        shared.asked[index].clear();
        shared.open[index] = 0;
    }

    /// How many calls are finished, and how many there are to be.
    #[must_use]
    pub fn progress(&self) -> [usize; 2] {
        let shared = self.shared.borrow();
        [shared.history.finished(), shared.history.asked() + shared.left.iter().sum::<usize>()]
    }

    /// Lets `span` pass, or less when every call is finished.
    ///
    /// # Errors
    /// A rule is broken.
    pub fn pass(&mut self, span: Duration) -> Result<Ended, Failure> {
        let shared = self.shared.clone();
        self.simulation.run_until(span, |_| {
            let shared = shared.borrow();
            match &shared.wrong {
                Some(wrong) => Err(Failure::new(wrong.clone())),
                None => Ok(shared.left.iter().chain(&shared.open).all(|count| *count == 0)),
            }
        })
    }

    /// Lets the run go on until every call is finished, which must be within `span`.
    ///
    /// # Errors
    /// A rule is broken, or it takes longer.
    pub fn finish(&mut self, span: Duration) -> Outcome {
        let ended = self.pass(span)?;
        if ended == Ended::Reached {
            return Ok(());
        }
        let [finished, all] = self.progress();
        let why = match ended {
            Ended::Quiet => {
                "nothing can happen any more, for no datagram is on the way and no timer is set".into()
            }
            _ => format!("{} s have passed", span.as_secs()),
        };
        Err(self
            .simulation
            .fail(format!("{why}, but only {finished} of {all} calls are finished (rules B2 to B6).")))
    }
}

/// The server's application takes up to `work` for each call.
fn serve(
    simulation: &mut Simulation<'_>,
    server: ServerHandle,
    work: Duration,
    shared: &Rc<RefCell<Shared>>,
) {
    let shared = shared.clone();
    simulation.application(server, move |_, notice: &ServerNotice| {
        let shared = &mut *shared.borrow_mut();
        let judged = shared.history.execute(notice);
        shared.note(judged);
        let ServerNotice::Execute { client, call, arguments, .. } = notice;
        let result = Ok(result_of(arguments));
        let after = shared.random.between(Duration::ZERO, work);
        vec![(after, ServerCommand::Finish { client: *client, call: *call, result })]
    });
}

/// A client's application makes another call when one is finished.
fn go_on(
    simulation: &mut Simulation<'_>,
    client: ClientHandle,
    index: usize,
    deadline: Duration,
    shared: &Rc<RefCell<Shared>>,
) {
    let shared = shared.clone();
    simulation.application(client, move |_, notice: &ClientNotice| {
        let shared = &mut *shared.borrow_mut();
        let judged = shared.history.finish_all(&shared.asked[index], std::slice::from_ref(notice));
        shared.note(judged);
        shared.open[index] = shared.open[index].saturating_sub(1);
        shared.next(index, deadline).into_iter().map(|command| (Duration::ZERO, command)).collect()
    });
}
