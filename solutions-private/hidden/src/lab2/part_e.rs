//! Part E, hidden: frozen bytes, random histories beside a model, deeper searches, and long swarms.

use super::side_model;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::{PEER, Script};
use faultline::search::Limits;
use faultline::simulation::{Change, Ended, Link, Simulation};
use faultline::{Context, Host, Machine, Never, ms};
use lab2_kit::scenarios::checks::{connection_config, message, send_on};
use lab2_kit::scenarios::copying::{self, Copy};
use lab2_kit::scenarios::crash::{self, Mortal};
use lab2_kit::scenarios::lives::Lives;
use lab2_kit::scenarios::talk::{ISNS, Plan, Talk, search};
use lab2_kit::{CONNECTION, ConnectionCommand, ConnectionConfig, ConnectionNotice, Segment, SeqNo};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HE1",
        name: "both sides of a whole connection send exactly the bytes of the contract, around the last number",
        part: 'E',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rules E1 to E6. Which number does each segment bear, on your side and on the other?",
        run: golden,
    },
    Scenario {
        id: "HE2",
        name: "a side does just what the contract says in random histories",
        part: 'E',
        points: 3,
        world: World::Script,
        seeds: 30,
        hint: "The rule is in the reason. Which step of the story is the first that your side took otherwise?",
        run: side_model::history,
    },
    Scenario {
        id: "HE3",
        name: "a connection gets through more losses and copies than one",
        part: 'E',
        points: 2,
        world: World::Search,
        seeds: 1,
        hint: "Rules E1 to E6. The story is the shortest there is: ask at each step what that side could know.",
        run: deeper,
    },
    Scenario {
        id: "HE4",
        name: "a crash and a late copy, or a crash and a loss, leave no client in the dark",
        part: 'E',
        points: 2,
        world: World::Search,
        seeds: 1,
        hint: "Rules E8 to E10. At the end of the story, what does each side believe? Which segment could tell it otherwise?",
        run: deeper_crashes,
    },
    Scenario {
        id: "HE5",
        name: "many crashes and cuts in a bad network mix no two connections, and in the end one succeeds",
        part: 'E',
        points: 2,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules E6 to E12. Messages are called after their connection: c2.0 is the first of the client's connection 2.",
        run: many_lives,
    },
    Scenario {
        id: "HE6",
        name: "an idle hour and cuts shorter than give_up cost time, and nothing else",
        part: 'E',
        points: 1,
        world: World::Simulation,
        seeds: 10,
        hint: "Rules E5 and E7. What is a sign of life, and when does the time begin anew?",
        run: idle_and_cut,
    },
    Scenario {
        id: "HE7",
        name: "a stranger who knows the protocol and every number changes nothing",
        part: 'E',
        points: 1,
        world: World::Simulation,
        seeds: 3,
        hint: "Rule B4. Each side is told its peer's address when it is made, and who sent it each datagram.",
        run: forger,
    },
    Scenario {
        id: "HE8",
        name: "10 MB cross a bad network between two processes, in thousands of messages and in very large ones",
        part: 'E',
        points: 5,
        world: World::Live,
        seeds: 1,
        hint: "All rules at once, in real time. What in your code has a size, or counts something that never ends?",
        run: files,
    },
];

/// Twice on one network: thousands of messages, and messages of nearly the size of a datagram.
fn files(bench: &Bench<'_>) -> Outcome {
    const MIB: usize = 1024 * 1024;
    let many = Copy { len: 8 * MIB, window: 4, message: 3_000, link: copying::bad_network() };
    // Of so few datagrams more must be struck for all kinds of faults to happen.
    let link = Link { duplicate: 0.1, reorder: 0.2, ..copying::bad_network() };
    let large = Copy { len: 2 * MIB + 1, window: 4, message: 60_000, link };
    many.run(bench)?;
    large.run(bench)
}

/// A step of the frozen connection: what an application asks for, or bytes on their way.
enum Step {
    Client(ConnectionCommand),
    Server(ConnectionCommand),
    There(&'static str),
    Back(&'static str),
}

/// One whole connection: client's ISN 2³² − 2, server's 65,535, room for 2.
fn frozen() -> Vec<Step> {
    use Step::{Back, Client, Server, There};
    vec![
        Server(ConnectionCommand::Listen(SeqNo(65_535))),
        Client(ConnectionCommand::Connect(SeqNo(u32::MAX - 1))),
        Client(send_on(b"ask")),
        There("d72995dc03fcfeffffff"),
        Back("fd31693c04fbfffffcffffffff"),
        There("b30687b601fc0000010002"),
        There("72e4478c00fcffffffff0361736b"),
        Back("09d28d10010002"),
        Server(send_on(b"answer")),
        Back("e82f475100fc0000010006616e73776572"),
        There("032fe78b01fc0100010002"),
        Client(ConnectionCommand::Finish),
        There("7d70ef730200"),
        Back("48e39609010102"),
        Server(ConnectionCommand::Finish),
        Back("d0eb69d002fc01000100"),
        There("d35547cc01fc0200010002"),
    ]
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap_or_default();
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn golden(bench: &Bench<'_>) -> Outcome {
    const RULE: &str = "rules E1 to E6: the connection is laid down byte by byte";
    let config = ConnectionConfig { window: 2, ..connection_config(PEER) };
    for names in [["client", "server"], ["server", "client"]] {
        let mut side = Script::start(bench, CONNECTION, names, &config)?;
        let is_client = names[0] == "client";
        for step in frozen() {
            match step {
                Step::Client(command) if is_client => side.command(&command)?,
                Step::Server(command) if !is_client => side.command(&command)?,
                Step::Client(_) | Step::Server(_) => {}
                Step::There(hex) if is_client => side.expect_datagram(PEER, &bytes(hex), RULE)?,
                Step::Back(hex) if !is_client => side.expect_datagram(PEER, &bytes(hex), RULE)?,
                Step::There(hex) | Step::Back(hex) => side.deliver(PEER, &bytes(hex))?,
            }
        }
        let heard: &[u8] = if is_client { b"answer" } else { b"ask" };
        side.expect_notice(&ConnectionNotice::Opened, "rules E2 and E3: the handshake is done")?;
        side.expect_notice(&ConnectionNotice::Message(heard.to_vec()), "rule B1: the message was delivered")?;
        side.expect_notice(&ConnectionNotice::End, "rule E5: the other side has finished")?;
        side.expect_notice(&ConnectionNotice::Closed, "rule E6: both directions are done")?;
        side.expect_nothing(RULE)?;
        side.pass(config.linger)?;
        side.expect_no_timer("rule E6: after linger the connection is forgotten")?;
    }
    Ok(())
}

fn deeper(bench: &Bench<'_>) -> Outcome {
    // Behind a pipe, where states are told apart by their histories, these are 300,000 and 530,000 states.
    let lifetime = Duration::from_secs(10);
    let limits =
        Limits { losses: 2, timers: 3, in_flight: 2, lifetime, states: 1_000_000, ..Limits::default() };
    search(bench, Limits { duplicates: 1, ..limits }, Plan::open(&["a"], &[]), 3)?;
    search(bench, limits, Plan::whole(&[], &[]), 3).map(drop)
}

fn deeper_crashes(bench: &Bench<'_>) -> Outcome {
    // Behind a pipe, where states are told apart by their histories, these are 190,000 and 120,000 states.
    let lifetime = Duration::from_secs(10);
    let limits =
        Limits { timers: 3, crashes: 1, in_flight: 2, lifetime, states: 1_000_000, ..Limits::default() };
    crash::search(bench, Limits { duplicates: 1, ..limits }, Mortal::Server, 3)?;
    crash::search(bench, Limits { losses: 1, ..limits }, Mortal::Server, 3).map(drop)
}

fn many_lives(bench: &Bench<'_>) -> Outcome {
    Lives::start(bench, Link::swarm(bench.seed()))?.run(bench.amount(25))
}

/// Lets `span` pass without a word from either side.
fn nothing_new(talk: &mut Talk<'_>, span: Duration, rule: &str) -> Outcome {
    let before = talk.told()?;
    talk.run_until(span, |_| false)?;
    let after = talk.told()?;
    if before != after {
        let all = after.concat();
        let last = all.last().map(ToString::to_string).unwrap_or_default();
        return Err(talk.simulation.fail(format!("{rule}, but one of them {last}.")));
    }
    Ok(())
}

fn idle_and_cut(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4845_3653);
    let window = 1 + random.below(8) as u32;
    let link = Link { latency_min: ms(1), latency_max: ms(400), ..Link::default() };
    let mut talk = Talk::start(bench, link, |config| ConnectionConfig { window, ..config })?;
    let isn = |random: &mut Random| SeqNo(u32::MAX - random.below(90) as u32);
    talk.open([isn(&mut random), isn(&mut random)])?;
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    for (round, idle) in [minutes(10), minutes(10), minutes(60)].into_iter().enumerate() {
        for side in 0..2 {
            talk.send(side, (0..bench.amount(20)).map(|number| message(20 * round + number)))?;
        }
        let [client, server] = [talk.sides[0].host, talk.sides[1].host];
        let config = connection_config(server);
        let cut = ms(random.below(config.give_up.as_millis() as u64 - 40_000));
        for (from, to) in [(client, server), (server, client)] {
            talk.simulation.schedule(ms(300), Change::Cut(from, to));
            talk.simulation.schedule(ms(300) + cut, Change::Heal(from, to));
        }
        let plan = talk.plan.clone();
        if talk.run_until(Duration::from_secs(400), |told| plan.is_done(told))? != Ended::Reached {
            return Err(talk.simulation.fail(format!(
                "Rules A2 and E7: the link was cut for {} s, which is less than give_up, but 400 s later not all messages are \
                 delivered.",
                cut.as_secs()
            )));
        }
        let rule = "Rule E7: an idle time passes in a good network, and both sides ask and answer in time";
        nothing_new(&mut talk, idle, rule)?;
    }
    talk.finish(0)?;
    talk.finish(1)?;
    talk.close(Duration::from_secs(100))
}

/// A host that sends every kind of segment with every number that counts, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Forger {
    client: Host,
    server: Host,
    rounds: u32,
}

impl Machine for Forger {
    type Command = Never;
    type Notice = Never;
    type Timer = ();

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        ctx.set_timer((), ms(7));
    }

    fn on_datagram(&mut self, _from: Host, _datagram: &[u8], _ctx: &mut Context<Self>) {}

    fn on_timer(&mut self, (): (), ctx: &mut Context<Self>) {
        for (to, [theirs, ours]) in [(self.client, [ISNS[1], ISNS[0]]), (self.server, ISNS)] {
            for seq in (0..4).map(|more| SeqNo(theirs.0 + more)) {
                let payload = b"forged".to_vec();
                let next = SeqNo(ours.0 + seq.0 - theirs.0);
                for segment in [
                    Segment::Data { seq, payload },
                    Segment::Fin { seq },
                    Segment::Ack { next, window: 1 },
                    Segment::KeepAlive { next },
                    Segment::Syn { isn: seq },
                    Segment::SynAck { isn: theirs, next },
                    Segment::Reset { about: seq },
                    Segment::Reset { about: next },
                ] {
                    ctx.send(to, segment.encode());
                }
            }
        }
        self.rounds -= 1;
        if self.rounds > 0 {
            self.on_start(ctx);
        }
    }
}

fn forger(bench: &Bench<'_>) -> Outcome {
    let (mut simulation, [client, forger, server]) = Simulation::new(bench, ["client", "forger", "server"]);
    simulation.links(Link { latency_min: ms(5), latency_max: ms(10), ..Link::default() });
    simulation.start_given(forger, Forger { client, server, rounds: 60 }, Segment::describe)?;
    let mut talk = Talk::join(simulation, [client, server], |config| config)?;
    talk.open(ISNS)?;
    for side in 0..2 {
        talk.send(side, (0..3).map(message))?;
        talk.finish(side)?;
    }
    talk.close(Duration::from_secs(60))?;
    let answers = talk.sides.iter().map(|side| talk.simulation.counts(side.host, forger).sent).sum::<u64>();
    if answers > 0 {
        return Err(talk.simulation.fail("Rule B4: what a stranger sends is dropped, but it was answered."));
    }
    Ok(())
}
