//! The relay's faults by rate: what is forwarded is counted against the dice, which are those of the simulation. With the
//! seed fixed a run has the same fates each time, so that these tests cannot come out differently on a slow machine.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use faultline::live::patience::Patience;
use faultline::live::peer::Peer;
use faultline::live::relay::{CLIENTS, Fate, Relay, SERVER, direct};
use faultline::program::LocalProgram;
use faultline::scenario::Bench;
use faultline::simulation::{Counts, Link, Simulation};
use faultline::{Context, Host, Machine, Never, ms, text};
use std::time::Duration;

const SEED: u64 = 11;
const N: u32 = 4_000;
/// How many may be under way, so that no socket's buffer overruns.
const WINDOW: u64 = 50;
const ENOUGH: Patience = Patience::new(400);

/// What became of a run's datagrams.
struct Run {
    counts: Counts,
    fates: Vec<Fate>,
    /// What the server got.
    got: Vec<Vec<u8>>,
}

/// Sends numbers through a relay with this link.
fn run(link: Link, len: usize) -> Run {
    let (client, server) = (Peer::bind().unwrap(), Peer::bind().unwrap());
    let relay = Relay::start(server.addr(), SEED).unwrap();
    relay.keep_log();
    relay.link(CLIENTS, SERVER, link);
    let mut got = vec![];
    let mut receive = || {
        while let Ok((datagram, _)) = server.receive(Patience::new(0)) {
            got.push(datagram);
        }
    };
    for number in 0..u64::from(N) {
        client.send(&datagram(number as u32, len), relay.addr()).unwrap();
        let sent = || relay.counts(CLIENTS, SERVER).sent;
        ENOUGH.until(|| (sent() + WINDOW > number).then_some(())).expect("the relay is at work");
        if number % WINDOW == 0 {
            receive();
        }
    }
    // What the seed promises to arrive, no more and no less.
    let all = simulated(link, len);
    let gone = || (relay.counts(CLIENTS, SERVER).delivered == all.delivered).then_some(());
    ENOUGH.until(gone).expect("as many as in the simulation go on");
    receive();
    let fates = relay.log().iter().map(|record| record.fate).collect();
    relay.require_faults().unwrap();
    assert_eq!(got.len() as u64, all.delivered);
    Run { counts: relay.counts(CLIENTS, SERVER), fates, got }
}

fn datagram(number: u32, len: usize) -> Vec<u8> {
    let mut datagram = vec![0x5A; len];
    datagram[..4].copy_from_slice(&number.to_be_bytes());
    datagram
}

/// Sends all numbers at its start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sender {
    to: Host,
    len: usize,
}

impl Machine for Sender {
    type Command = Never;
    type Notice = Never;
    type Timer = Never;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        (0..N).for_each(|number| ctx.send(self.to, datagram(number, self.len)));
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], _: &mut Context<Self>) {}
}

/// What the simulation's network does with the same seed and link.
fn simulated(link: Link, len: usize) -> Counts {
    let program = LocalProgram::new();
    let bench = Bench::new(&program, SEED);
    let (mut world, [client, server]) = Simulation::new(&bench, ["client", "server"]);
    world.without_trace();
    world.links(link);
    let describe = |datagram: &[u8]| text::bytes(datagram, 24);
    world.start_given(server, Sender { to: client, len: 4 }, describe).unwrap();
    world.start_given(client, Sender { to: server, len }, describe).unwrap();
    world.run_for(Duration::from_secs(100)).unwrap();
    world.counts(client, server)
}

/// Whether so many of `n` are no further than six sigma from what the rate promises.
fn is_near(count: u64, n: f64, rate: f64) -> bool {
    (count as f64 - n * rate).abs() <= 6.0 * (n * rate * (1.0 - rate)).sqrt()
}

fn check(link: Link) -> Run {
    let run = run(link, 40);
    assert_eq!(run.counts, simulated(link, 40));
    let n = f64::from(N);
    assert!(is_near(run.counts.lost, n, link.loss), "{:?}", run.counts);
    let arrived = n - run.counts.lost as f64;
    assert!(is_near(run.counts.duplicated, arrived, link.duplicate), "{:?}", run.counts);
    // Copies have their own dice.
    let with_copies = arrived + run.counts.duplicated as f64;
    assert!(is_near(run.counts.corrupted, with_copies, link.corrupt), "{:?}", run.counts);
    assert!(is_near(run.counts.reordered, with_copies, link.reorder), "{:?}", run.counts);
    let told = |pick: fn(&Fate) -> bool| run.fates.iter().filter(|fate| pick(fate)).count() as u64;
    assert_eq!(told(|fate| fate.lost.is_some()), run.counts.lost);
    assert_eq!(told(|fate| fate.duplicated), run.counts.duplicated);
    run
}

#[test]
fn datagrams_are_lost_at_their_rate() {
    let run = check(Link { loss: 0.05, ..direct() });
    let lost = |number: u32| run.fates[number as usize].lost.is_some();
    let expected: Vec<_> =
        (0..N).filter(|number| !lost(*number)).map(|number| datagram(number, 40)).collect();
    assert!(run.got == expected, "exactly those arrive that were not lost");
}

#[test]
fn datagrams_are_duplicated_at_their_rate() {
    let run = check(Link { duplicate: 0.1, copy_delay: ms(3), ..direct() });
    let mut got = run.got;
    got.sort_unstable();
    let copies = got.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
    assert_eq!(copies, run.counts.duplicated);
}

#[test]
fn datagrams_are_corrupted_at_their_rate() {
    let run = check(Link { corrupt: 0.2, ..direct() });
    let pairs = run.got.iter().zip(0..);
    let changed = pairs.filter(|(got, number)| **got != datagram(*number, 40)).count() as u64;
    assert_eq!(changed, run.counts.corrupted);
}

#[test]
fn datagrams_are_held_back_at_their_rate() {
    let run = check(Link { reorder: 0.3, reorder_delay: ms(2), ..direct() });
    let told = run.fates.iter().filter(|fate| fate.reordered).count() as u64;
    assert_eq!(told, run.counts.reordered);
}

#[test]
fn all_faults_at_once_and_a_swarm_are_those_of_the_simulation() {
    let all =
        Link { loss: 0.1, duplicate: 0.1, corrupt: 0.1, reorder: 0.1, reorder_delay: ms(1), ..direct() };
    check(all);
    let swarm = Link { copy_delay: ms(20), reorder_delay: ms(20), ..Link::swarm(1) };
    assert!(swarm.loss + swarm.duplicate + swarm.corrupt + swarm.reorder > 0.0, "{swarm:?}");
    let (one, two) = (check(swarm), check(swarm));
    assert!(one.fates == two.fates, "one seed, one fate for each number");
}

#[test]
fn a_burst_of_large_datagrams_passes_at_five_percent_loss() {
    let run = run(Link { loss: 0.05, ..direct() }, 1_200);
    assert_eq!(run.got.len() as u64, run.counts.sent - run.counts.lost);
}
