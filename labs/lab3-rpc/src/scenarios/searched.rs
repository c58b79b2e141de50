//! Clients and a server, searched in every order of events.

use super::checks::{call, client_config, result_of, server_config};
use super::history::{Ends, History, Promise};
use crate::{CLIENT, ClientCommand, ClientNotice, Host, SERVER, ServerCommand, ServerNotice};
use faultline::ms;
use faultline::scenario::{Bench, Failure};
use faultline::search::{Explored, Limits, Search, Seen};
use faultline::simulation::Handle;
use std::time::Duration;

/// Who may crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mortal {
    /// Nobody.
    Nobody,
    /// The server.
    Server,
    /// The first client, which then makes the calls of the second list.
    Client(&'static [&'static str]),
}

/// What is searched: at most two clients, and the arguments of their calls.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// The first client's.
    pub ann: &'static [&'static str],
    /// The second client's; there is none when this is empty.
    pub bob: &'static [&'static str],
    /// Who may crash.
    pub mortal: Mortal,
    /// What the server promises.
    pub promise: Promise,
}

type Client = Handle<ClientCommand, ClientNotice>;
type Server = Handle<ServerCommand, ServerNotice>;

/// How long a datagram lives at most: less than a server remembers a client, and than a client waits for a silent server.
const LIFETIME: Duration = ms(50_000);

/// Searches; in no state may the end be out of reach when `timers` more time-outs are allowed. The application of the server
/// takes any time for each call.
///
/// # Errors
/// The shortest story that breaks a rule.
pub fn search(bench: &Bench<'_>, limits: Limits, calls: Calls, timers: u8) -> Result<Explored, Failure> {
    let limits = Limits { lifetime: LIFETIME, ..limits };
    if calls.bob.is_empty() {
        let (mut search, [s, a]) = Search::new(bench, limits, ["server", "client"]);
        let server = start_server(&mut search, s)?;
        let ann = search.start(a, &CLIENT, &client_config(s))?;
        run(search, server, &[(ann, calls.ann)], calls, timers)
    } else {
        let (mut search, [s, a, b]) = Search::new(bench, limits, ["server", "ann", "bob"]);
        let server = start_server(&mut search, s)?;
        let ann = search.start(a, &CLIENT, &client_config(s))?;
        let bob = search.start(b, &CLIENT, &client_config(s))?;
        run(search, server, &[(ann, calls.ann), (bob, calls.bob)], calls, timers)
    }
}

fn start_server(search: &mut Search<'_>, host: Host) -> Result<Server, Failure> {
    let server = search.start(host, &SERVER, &server_config())?;
    search.application(server, |ServerNotice::Execute { client, call, arguments, .. }| {
        let result = Ok(result_of(arguments));
        Some(ServerCommand::Finish { client: *client, call: *call, result })
    });
    Ok(server)
}

fn run(
    mut search: Search<'_>,
    server: Server,
    clients: &[(Client, &'static [&'static str])],
    calls: Calls,
    timers: u8,
) -> Result<Explored, Failure> {
    for (client, arguments) in clients {
        arguments.iter().for_each(|arguments| search.command(*client, &call(arguments)));
    }
    let mut again: &[&str] = &[];
    match calls.mortal {
        Mortal::Nobody => {}
        Mortal::Server => search.may_crash(server.host),
        Mortal::Client(next) => {
            again = next;
            let ann = clients[0].0;
            search.may_crash_when_asked(ann.host);
            next.iter().for_each(|arguments| search.at_restart(ann, &call(arguments)));
        }
    }
    let all = clients.to_vec();
    let goal = all.clone();
    search.always(move |seen| check(seen, server, &all, again, calls));
    search.goal(move |seen| {
        goal.iter().all(|(client, arguments)| match seen.notices_since_crash(*client) {
            None => seen.notices(*client).len() == arguments.len(),
            Some(since) => since.len() == again.len(),
        })
    });
    let all = clients.to_vec();
    search.missing(move |seen| missing(seen, &all, again, calls.mortal));
    search.recovers_with(timers);
    search.run()
}

/// Which calls are unfinished, and what would have them finished.
fn missing(
    seen: &Seen<'_>,
    clients: &[(Client, &'static [&'static str])],
    again: &[&str],
    mortal: Mortal,
) -> String {
    let open = clients.iter().zip(["ann", "bob"]).flat_map(|((client, arguments), name)| {
        let name = if clients.len() == 1 { "the client" } else { name };
        let (asked, told) = match seen.notices_since_crash(*client) {
            Some(since) => (again.len(), since),
            None => (arguments.len(), seen.notices(*client)),
        };
        let is_open =
            move |number: &u64| told.iter().all(|ClientNotice::Finished { call, .. }| call.0 != *number);
        (1..=asked as u64).filter(is_open).map(move |number| format!("call {number} of {name}"))
    });
    let open = open.collect::<Vec<_>>().join(" and ");
    let rules = match mortal {
        Mortal::Server => {
            ", though the server came up again or can. A client with an unfinished call goes on asking (rules B2, B3 and D2), \
             and a new server says that the old one is gone (rules B7 and D3)"
        }
        _ => {
            ". A client with an unfinished call goes on asking (rules B2, B3 and D2), and is answered (rules B2, C1 and D3)"
        }
    };
    format!("Unfinished: {open}{rules}.")
}

/// Executions are looked at first: a client may be told only of what has happened.
fn check(
    seen: &Seen<'_>,
    server: Server,
    clients: &[(Client, &'static [&'static str])],
    again: &[&str],
    calls: Calls,
) -> Result<(), String> {
    let ends = if calls.mortal == Mortal::Server { Ends::Any } else { Ends::Done };
    let mut history = History::new(calls.promise, ends);
    let ask = |history: &mut History, arguments: &[&str]| -> Vec<Vec<u8>> {
        (1..).zip(arguments).for_each(|(number, it)| history.ask(number, it.as_bytes()));
        arguments.iter().map(|it| it.as_bytes().to_vec()).collect()
    };
    let asked: Vec<_> = clients.iter().map(|(_, arguments)| ask(&mut history, arguments)).collect();
    let again = ask(&mut history, again);
    seen.notices(server).iter().try_for_each(|notice| history.execute(notice))?;
    for ((client, _), asked) in clients.iter().zip(&asked) {
        let mut told = seen.notices(*client);
        let since: Vec<ClientNotice> = seen.notices_since_crash(*client).unwrap_or_default();
        told.truncate(told.len() - since.len());
        history.finish_all(asked, &told)?;
        history.finish_all(&again, &since)?;
    }
    Ok(())
}
