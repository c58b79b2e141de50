//! The scenario of all labs together: the one place where its name, points and hint stand.

use crate::STACK;
use faultline::live::network::Network;
use faultline::live::relay::Relay;
use faultline::live::stage::Stage;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, Suite, World};
use faultline::simulation::Link;
use lab4_kit::scenarios::model::partition;
use lab5_kit::scenarios::live_stage::{LiveCluster, Manner, name};
use lab5_kit::words;
use std::fs;

/// The public scenarios; all of it is a bonus.
#[must_use]
pub fn suite() -> Suite {
    Suite { lab: "lab6-full-stack", scenarios: SCENARIOS.into(), bonus: &['A'] }
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "A1",
        name: "five labs run one job",
        part: 'A',
        points: 10,
        world: World::Live,
        seeds: 2,
        hint: "The story says which lab is at work. Do the scenarios of that lab pass, over more seeds too (`cargo lab replay … --seeds 100`)?",
        run: five_labs,
    },
    Scenario {
        id: "A2",
        name: "the job survives lost datagrams and crashes, of the coordinator too",
        part: 'A',
        points: 10,
        world: World::Live,
        seeds: 2,
        hint: "What is a call worth whose server was started again? Lab 3's rules D3 to D5, lab 5's A8, C1 and part G.",
        run: crashes,
    },
];

/// A cluster with the calls of lab 3 and the engine of lab 4.
const CLEAN: Manner =
    Manner { command: &["cluster"], worker: &["--engine", "lab4"], application: "wc", expected: word_counts };

/// Each process is behind a network that loses datagrams and doubles them.
const BAD: Manner = Manner { command: &["cluster", "--loss", "3"], ..CLEAN };

/// Lab 4's outputs of word count.
fn word_counts(chunks: &[Vec<u8>], reduces: u32) -> Vec<Vec<u8>> {
    let mut outputs = vec![vec![]; reduces as usize];
    for (word, times) in words::count(&chunks.concat()) {
        let output = &mut outputs[partition(&word, reduces) as usize];
        output.extend([&word[..], b"\t", times.to_string().as_bytes(), b"\n"].concat());
    }
    outputs
}

fn text(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed ^ 0x7374_6163);
    let mut text = String::new();
    while text.len() < 6_000 {
        let end = if random.chance(0.15) { '\n' } else { ' ' };
        text.push_str(&format!("word{}{end}", random.below(15) * random.below(15)));
    }
    text.into_bytes()
}

fn five_labs(bench: &Bench<'_>) -> Outcome {
    let mut stage = Stage::new(bench, STACK)?;
    ping(&mut stage)?;
    let text = bring(&mut stage, &bench.network()?, bench.seed())?;
    let mut cluster = LiveCluster::start_on(stage, CLEAN, text, 2, 20)?;
    cluster.submit(b"")?;
    cluster.end(0, 0)?;
    cluster.check()
}

fn crashes(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x6372_6173);
    let stage = Stage::new(bench, STACK)?;
    let mut cluster = LiveCluster::start_on(stage, BAD, text(bench.seed()), 3, 120)?;
    cluster.submit(b"")?;
    cluster.until_done(1 + random.below(4) as u32)?;
    let victim = random.below(3) as usize;
    cluster.workers[victim].kill()?;
    cluster.stage.tell(name(victim), "is killed (SIGKILL)".into());
    cluster.until_done(4 + random.below(4) as u32)?;
    cluster.kill_coordinator(random.below(300))?;
    std::thread::sleep(ms(random.below(300)));
    cluster.workers[victim].restart()?;
    cluster.stage.tell(name(victim), "is started again, with its disk".into());
    cluster.end(0, 0)?;
    cluster.check()
}

/// Lab 1 looks whether anybody is there.
fn ping(stage: &mut Stage) -> Outcome {
    const PINGS: &str = "5";
    let mut echo = stage.start("echo", &["echo", "--listen", "127.0.0.1:0"])?;
    let at = stage.line("echo", &mut echo, "listening on ")?;
    let ping =
        stage.start("ping", &["ping", &at, "--count", PINGS, "--interval-ms", "5", "--wait-ms", "300"])?;
    let said = stage.end("ping", ping)?.stdout;
    if !said.lines().any(|line| line == format!("received {PINGS}")) {
        return Err(stage.wrong(format!("Lab 1: {PINGS} pings must be answered, and ping says {said:?}.")));
    }
    echo.interrupt()?;
    match stage.end("echo", echo)?.code {
        Some(0) => Ok(()),
        code => {
            Err(stage.wrong(format!("Lab 1: echo must end with exit code 0, and has ended with {code:?}.")))
        }
    }
}

/// Lab 2 brings a text over a network that loses.
fn bring(stage: &mut Stage, outside: &Network, seed: u64) -> Result<Vec<u8>, Failure> {
    let kit = |error: std::io::Error| Failure::of_the_kit(format!("A file cannot be made: {error}."));
    let text = text(seed);
    fs::write(stage.folder().join("sent"), &text).map_err(kit)?;
    let mut receiver = stage.start("receiver", &["rcp", "receive", "brought"])?;
    let at = stage.line("receiver", &mut receiver, "listening on ")?;
    let at = at.parse().map_err(|_| stage.wrong(format!("Lab 2: {at} is no address.")))?;
    let relay = Relay::between(outside, stage.network(), at, seed)?;
    relay.links(Link { loss: 0.1, duplicate: 0.1, ..Link::default() });
    let sender = stage.start_on(
        outside,
        "sender",
        &["rcp", "send", "sent", &relay.addr().to_string(), "--message", "500"],
    )?;
    for (name, process) in [("sender", sender), ("receiver", receiver)] {
        let code = stage.end(name, process)?.code;
        if code != Some(0) {
            return Err(stage.wrong(format!(
                "Lab 2: the {name} must end with exit code 0, and has ended with {code:?}."
            )));
        }
    }
    let brought = fs::read(stage.folder().join("brought")).unwrap_or_default();
    if brought == text {
        return Ok(brought);
    }
    Err(stage.wrong(format!("Lab 2: {} bytes were sent, and what has come is not the same.", text.len())))
}
