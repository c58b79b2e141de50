//! Part E on real sockets: the student's `kv` and `calc` in processes of their own.

use super::stage::{PATIENCE, Stage, look_at, serve};
use crate::{CALC, KV, Message};
use faultline::live::port::Port;
use faultline::live::process::Finished;
use faultline::live::relay::{CLIENTS, Relay, SERVER, direct};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World};
use faultline::simulation::{Change, Link};
use faultline::{ms, text};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

/// The scenarios of this file.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "E10",
        name: "a counter in another process is exact, whatever the network loses, copies and holds back",
        part: 'E',
        points: 3,
        world: World::Live,
        seeds: 1,
        hint: "Rules E1 to E5 on top of B and C. Do it by hand: `kv serve` in one terminal, `kv load ADDRESS --faults duplicate=20%` in another, then with loss=20%. Which of the two makes the counter wrong?",
        run: counter,
    },
    Scenario {
        id: "E11",
        name: "a server is killed in the middle of a load, and of each call the truth is told",
        part: 'E',
        points: 3,
        world: World::Live,
        seeds: 1,
        hint: "Rules B7, C1 and E1. Kill `kv serve` under a `kv load --apart` by hand and start it again at the same address. What does the Caller know of the calls that were on the way, and which outcome says exactly that?",
        run: killed,
    },
    Scenario {
        id: "E12",
        name: "a server that is asked to end finishes what it has begun, and refuses what comes later",
        part: 'E',
        points: 2,
        world: World::Live,
        seeds: 1,
        hint: "Rule E6. Type `calc call ADDRESS wait go`, press Ctrl-C in the server's terminal, call it again, and then make the file: in which order must `serve` do what?",
        run: asked_to_end,
    },
];

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// So that no server is given up while this machine is busy with something else.
const GIVE_UP: [&str; 2] = ["--give-up-ms", "60000"];

fn counter(bench: &Bench<'_>) -> Outcome {
    const CALLS: u64 = 400;
    let mut stage = Stage::new(bench, KV)?;
    let (server, address) = serve(&mut stage, "server", LOOPBACK)?;
    let outside = bench.network()?;
    let relay = Relay::between(&outside, stage.network(), address, bench.seed())?;
    relay.keep_log();
    relay.links(Link {
        loss: 0.1,
        duplicate: 0.1,
        copy_delay: ms(20),
        reorder: 0.1,
        reorder_delay: ms(5),
        ..direct()
    });
    let (to, calls) = (relay.addr().to_string(), CALLS.to_string());
    let load = stage.start_on(
        &outside,
        "client",
        &["load", &to, "--calls", &calls, "--at-once", "16", GIVE_UP[0], GIVE_UP[1]],
    )?;
    let load = stage.end("client", load).inspect_err(|_| look_at(&mut stage, &relay))?;
    look_at(&mut stage, &relay);
    if load.code != Some(0) {
        return Err(stage.wrong(format!(
            "Rules B3 and E1: all {CALLS} calls can be done, and the load ended so: {}.",
            last_line(&load.stderr)
        )));
    }
    let get = stage.start("reader", &["call", &address.to_string(), "get", "counter"])?;
    let get = stage.end("reader", get)?;
    let counted = get.stdout.trim().parse::<u64>();
    let counted = counted
        .map_err(|_| stage.wrong(format!("The counter cannot be read: {}.", last_line(&get.stderr))))?;
    if counted != CALLS {
        let why = if counted > CALLS {
            "Rule C1: some call was executed more than once"
        } else {
            "Rules A5 and B4: some call was told to be done and was not executed"
        };
        return Err(stage.wrong(format!("{why}. {CALLS} calls have added 1 each, and the sum is {counted}.")));
    }
    stage.kill("server", server)?;
    check_faults(&relay, CALLS)?;
    bench.note(format!("{} requests for {CALLS} calls reached the server", requests(&relay)));
    Ok(())
}

/// How many requests the network has carried to the server.
fn requests(relay: &Relay) -> u64 {
    let is_request = |datagram: &[u8]| matches!(Message::decode(datagram), Ok(Message::Request { .. }));
    let log = relay.log();
    let to_server = log.iter().filter(|record| record.from == CLIENTS && is_request(&record.datagram));
    let carried = to_server.filter(|record| record.fate.lost.is_none());
    carried.map(|record| 1 + u64::from(record.fate.duplicated)).sum()
}

/// The kit's own check that there was something to survive.
fn check_faults(relay: &Relay, calls: u64) -> Outcome {
    relay.require_faults()?;
    let both = [relay.counts(CLIENTS, SERVER), relay.counts(SERVER, CLIENTS)];
    let all = both.iter().all(|it| it.lost > 0 && it.duplicated > 0 && it.reordered > 0);
    if !all || relay.turned_away() > 0 || requests(relay) <= calls {
        return Err(Failure::of_the_kit("The network did not do what it was to do."));
    }
    Ok(())
}

fn killed(bench: &Bench<'_>) -> Outcome {
    const CALLS: usize = 300;
    const AT_ONCE: usize = 8;
    /// After so many datagrams to the server nothing comes back from it, and a few later nothing reaches it: so some of the
    /// calls that are on the way then are executed, and some are not.
    const LAST_ANSWERED: u64 = 200;
    const LAST_HEARD: u64 = LAST_ANSWERED + 4;
    let mut stage = Stage::new(bench, KV)?;
    let port = Port::reserve_on(stage.network())?;
    let (first, _) = serve(&mut stage, "server 1", port.addr())?;
    let outside = bench.network()?;
    let relay = Relay::between(&outside, stage.network(), port.addr(), bench.seed())?;
    relay.keep_log();
    relay.links(Link { loss: 0.02, duplicate: 0.1, ..direct() });
    relay.after_datagram(CLIENTS, SERVER, LAST_ANSWERED, Change::Cut(SERVER, CLIENTS));
    relay.after_datagram(CLIENTS, SERVER, LAST_HEARD, Change::Cut(CLIENTS, SERVER));
    let (to, calls, at_once) = (relay.addr().to_string(), CALLS.to_string(), AT_ONCE.to_string());
    let load = ["load", &to, "--calls", &calls, "--at-once", &at_once, "--apart", GIVE_UP[0], GIVE_UP[1]];
    let mut load = stage.start_on(&outside, "client", &load)?;
    let mut is_over = false;
    PATIENCE.until(|| {
        is_over = !matches!(load.try_wait(), Ok(None));
        (is_over || relay.counts(CLIENTS, SERVER).sent > LAST_HEARD).then_some(())
    });
    look_at(&mut stage, &relay);
    if is_over || relay.counts(CLIENTS, SERVER).sent <= LAST_HEARD {
        let load = if is_over { stage.end("client", load)? } else { stage.kill("client", load)? };
        return Err(stage.wrong(format!(
            "Rule B3: {CALLS} calls were to be made, and the client has stopped asking in the middle: {}.",
            last_line(&load.stderr)
        )));
    }
    stage.tell("network", format!("is cut after {LAST_HEARD} datagrams to the server"));
    let first = stage.kill("server 1", first)?;
    let (second, _) = serve(&mut stage, "server 2", port.addr())?;
    relay.change(&Change::Heal(SERVER, CLIENTS))?;
    relay.change(&Change::Heal(CLIENTS, SERVER))?;
    stage.tell("network", "is whole again".into());
    let load = stage.end("client", load).inspect_err(|_| look_at(&mut stage, &relay))?;
    let second = stage.kill("server 2", second)?;
    look_at(&mut stage, &relay);
    relay.require_faults()?;
    if !load.stdout.lines().any(|line| line.starts_with(&format!("{CALLS} calls in "))) {
        return Err(stage.wrong(format!(
            "Rule B7: a client goes on with the server that has answered. {CALLS} calls were to be made, and the load ended so: \
             {}.",
            last_line(&load.stderr)
        )));
    }
    let truth = Truth::new(&load, [&first, &second]);
    truth.check(CALLS, AT_ONCE).map_err(|why| stage.wrong(why))?;
    bench.note(format!("{} calls unknown, {} of them executed", truth.unknown(), truth.unknown_executed()));
    Ok(())
}

/// What the client says of each call, and what the servers say.
struct Truth {
    /// The calls of which the client says that they are not done, by key, with what it says: "unknown", "not executed".
    told: BTreeMap<String, String>,
    /// How often each key was added to, by each server.
    executed: BTreeMap<String, [usize; 2]>,
}

impl Truth {
    fn new(load: &Finished, servers: [&Finished; 2]) -> Truth {
        let told = load.stdout.lines().filter_map(|line| {
            let (what, rest) = line.split_once(": add ")?;
            Some((rest.split(' ').next()?.to_string(), what.to_string()))
        });
        let mut executed = BTreeMap::<_, [usize; 2]>::new();
        for (place, server) in servers.iter().enumerate() {
            let keys = server.stdout.lines().filter_map(|line| line.strip_prefix("executes add "));
            for key in keys.filter_map(|rest| rest.split(' ').next()) {
                executed.entry(key.to_string()).or_default()[place] += 1;
            }
        }
        Truth { told: told.collect(), executed }
    }

    fn executed(&self, key: &str) -> usize {
        self.executed.get(key).map_or(0, |by| by.iter().sum())
    }

    fn unknown(&self) -> usize {
        self.told.values().filter(|what| *what == "unknown").count()
    }

    fn unknown_executed(&self) -> usize {
        self.told.iter().filter(|(key, what)| *what == "unknown" && self.executed(key) > 0).count()
    }

    fn check(&self, calls: usize, at_once: usize) -> Result<(), String> {
        for number in 1..=calls {
            let key = format!("counter.{number}");
            let what = self.told.get(&key).map_or("done", String::as_str);
            match (what, self.executed(&key)) {
                (_, 2..) => {
                    let [first, second] = self.executed[&key];
                    return Err(format!(
                        "Rules B7 and C1: call {number} was executed {first} times by the first server and {second} times by \
                         the second one."
                    ));
                }
                ("done", 0) => {
                    return Err(format!(
                        "Rules A5 and B4: call {number} is told to be done, and no server has executed it."
                    ));
                }
                ("not executed", 1) => {
                    return Err(format!(
                        "Rule B7: call {number} is told not to be executed, and a server has executed it. Its request was sent, \
                         so nobody knows."
                    ));
                }
                _ => {}
            }
        }
        let unknown = self.unknown();
        if unknown > at_once {
            return Err(format!(
                "Rule B7: at most {at_once} calls were on the way when the server was killed, and of {unknown} the client says \
                 that nobody knows. Once it knows the new server, its calls are done."
            ));
        }
        let not_done = self.told.len() - unknown;
        if not_done > 0 || unknown == 0 {
            return Err(format!(
                "Rule B7: the calls that were on the way when the server was killed are unknown, and no others. The client \
                 says so of {unknown}, and of {not_done} that they were not executed or have failed."
            ));
        }
        Ok(())
    }
}

fn asked_to_end(bench: &Bench<'_>) -> Outcome {
    let mut stage = Stage::new(bench, CALC)?;
    let (mut server, address) = serve(&mut stage, "server", LOOPBACK)?;
    let address = address.to_string();
    let mut early = stage.start("client 1", &["call", &address, GIVE_UP[0], GIVE_UP[1], "wait", "go"])?;
    stage.line("server", &mut server, "executes wait")?;
    server.terminate()?;
    stage.tell("server", "is asked to end (SIGTERM)".into());
    stage.line("server", &mut server, "closing")?;
    let late = stage.start("client 2", &["call", &address, "add", "2", "3"])?;
    let late = stage.end("client 2", late)?;
    if late.code != Some(3) || !late.stderr.contains("the server is closing") {
        return Err(stage.wrong(format!(
            "Rule E6: a call that comes while the server closes is finished with Fault::Closing, and client 2 ended so: {}.",
            last_line(if late.code == Some(0) { &late.stdout } else { &late.stderr })
        )));
    }
    // It could not have been answered yet: what it waits for is not there.
    if !matches!(early.try_wait(), Ok(None)) {
        let early = stage.end("client 1", early)?;
        return Err(stage.wrong(format!(
            "Rule E6: the handlers that run are waited for, and client 1 has ended before its call was: {}.",
            last_line(&early.stderr)
        )));
    }
    stage.touch("go")?;
    let early = stage.end("client 1", early)?;
    if (early.code, early.stdout.trim()) != (Some(0), "it is there") {
        return Err(stage.wrong(format!(
            "Rule E6: a call that was begun before the server closes is answered like any other, and client 1 ended so: {}.",
            last_line(&early.stderr)
        )));
    }
    let server = stage.end("server", server)?;
    if server.code == Some(0) {
        return Ok(());
    }
    Err(stage.wrong(format!(
        "Rule E6: when no handler runs and linger is over, serve returns, and the server ended so: {}.",
        last_line(&server.stderr)
    )))
}

/// The last line of what a process said, for the middle of a sentence.
fn last_line(words: &str) -> String {
    let line = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
    text::line(line.trim_end_matches('.'), 160)
}
