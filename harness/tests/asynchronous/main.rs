//! Asynchronous hosts in the simulation: the same story for the same seed, every fault as machines know it, a crash that
//! leaves no task behind, and a sentence for each way in which tasks can go wrong.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

#[path = "../../src/bin/toy-lab/asker.rs"]
mod asker;
mod clock;
mod driver;
mod mistakes;
mod seeds;
mod socket;
mod tasks;

use asker::{ANSWERER, ASKER, Answered, Ask, Fault, Setting};
use faultline::asynchronous::{
    Elapsed, JoinHandle, MAX_COMMANDS, MAX_POLLS, NodeHandle, RECEIVE_BUFFER, Runtime, SocketOptions,
    UdpSocket,
};
use faultline::disk::Unsynced;
use faultline::program::{LocalProgram, Program, Role};
use faultline::remote::RemoteProgram;
use faultline::scenario::{Bench, Failure};
use faultline::script::{PEER, Script};
use faultline::search::{Limits, Search};
use faultline::simulation::{Change, Ended, Handle, HostOptions, Link, Simulation};
use faultline::{Host, Time, ms, text};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::process::Command;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};

/// What is said to a program and by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Word(String);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "says {}", self.0)
    }
}

type Node = NodeHandle<Word, Word>;

const SUBJECT: Role<Host, Word, Word> = Role::new("subject", |datagram| text::bytes(datagram, 24));
const PARTNER: Role<Host, Word, Word> = Role::new("partner", |datagram| text::bytes(datagram, 24));

/// Says `what`, with the time on the host's clock.
fn say(node: &Node, what: impl fmt::Display) {
    node.notify(Word(format!("{} {what}", node.now())));
}

/// A world in which `subject` runs on the first host and `partner` on the second.
struct Stage<'a> {
    world: Simulation<'a>,
    subject: Handle<Word, Word>,
    partner: Handle<Word, Word>,
}

/// Ends at once: the partner of a subject that needs none.
async fn nobody(_: Host, _: Node) -> io::Result<()> {
    Ok(())
}

fn play<S, P>(
    subject: impl Fn(Host, Node) -> S + 'static,
    partner: impl Fn(Host, Node) -> P + 'static,
    direct: impl FnOnce(&mut Stage<'_>),
) -> Result<Vec<String>, Failure>
where
    S: Future<Output = io::Result<()>> + 'static,
    P: Future<Output = io::Result<()>> + 'static,
{
    let program = LocalProgram::new().async_role(&SUBJECT, subject).async_role(&PARTNER, partner);
    let bench = Bench::new(&program, 1);
    let (mut world, [s, p]) = Simulation::new(&bench, ["subject", "partner"]);
    let subject = world.start(s, &SUBJECT, &p)?;
    let partner = world.start(p, &PARTNER, &s)?;
    let mut stage = Stage { world, subject, partner };
    direct(&mut stage);
    stage.world.run_for(Duration::from_secs(10))?;
    Ok(stage.world.notices(subject)?.into_iter().map(|Word(text)| text).collect())
}

/// What a program says that is alone in the world.
fn alone<S>(subject: impl Fn(Node) -> S + 'static) -> Result<Vec<String>, Failure>
where
    S: Future<Output = io::Result<()>> + 'static,
{
    play(move |_, node| subject(node), nobody, |_| {})
}

fn reason(outcome: Result<Vec<String>, Failure>) -> String {
    outcome.unwrap_err().reason
}

/// Sends 0, 1, 2, ... to its peer, one every 10 ms.
async fn beacon(peer: Host, node: Node) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    let mut interval = node.interval(ms(10));
    for number in 0..9 {
        interval.tick().await;
        socket.send_to(&[number], peer).await?;
    }
    Ok(())
}

async fn receive(socket: &UdpSocket) -> u8 {
    let mut buffer = [0; 1];
    socket.recv_from(&mut buffer).await.unwrap();
    buffer[0]
}

/// Says each number that it hears.
async fn lamp(_: Host, node: Node) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    loop {
        say(&node, receive(&socket).await);
    }
}

fn ask(bench: &Bench<'_>, fault: Fault) -> Result<(Vec<Answered>, String), Failure> {
    let (mut world, [a, b]) = Simulation::new(bench, ["asker", "answerer"]);
    world.links(Link { loss: 0.3, duplicate: 0.2, latency_max: ms(30), ..Link::default() });
    let asker = world.start(a, &ASKER, &Setting { peer: b, fault })?;
    world.start(b, &ANSWERER, &Setting { peer: a, fault })?;
    for number in 1..=50 {
        world.command(asker, &Ask(number))?;
    }
    let ended = world.run_until(Duration::from_secs(100), |it| Ok(it.notice_count(asker) == 50))?;
    if ended != Ended::Reached {
        return Err(world.fail(format!("{ended:?}: not all questions were answered.")));
    }
    world.require_faults()?;
    Ok((world.notices(asker)?, format!("{:?}", world.story())))
}

fn in_process(seed: u64, fault: Fault) -> Result<(Vec<Answered>, String), Failure> {
    ask(&Bench::new(&asker::add(LocalProgram::new()), seed), fault)
}

fn toy_lab() -> RemoteProgram {
    RemoteProgram::start(Command::new(env!("CARGO_BIN_EXE_toy-lab")), BTreeMap::new()).unwrap()
}

fn behind_a_pipe(fault: Fault) -> Result<(Vec<Answered>, String), Failure> {
    ask(&Bench::new(&toy_lab() as &dyn Program, 1), fault)
}

/// Says when it is dropped.
struct Loud(Node);

impl Drop for Loud {
    fn drop(&mut self) {
        say(&self.0, "dropped");
    }
}
