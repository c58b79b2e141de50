//! Our rates beside those of stateright, turmoil, TCP, tarpc and the shell, from one run of one process: `scripts/bench`. Nothing here judges
//! whether a rate is good enough; the exit code says only that everything that was measured did its work.

mod bounded;
mod calls;
mod cluster;
mod goodput;
mod machines;
mod measure;
mod ping_pong;
mod ping_pong_turmoil;
mod report;
mod search;
mod seeds;
mod stop_and_wait;
mod words;

use calls::Load;
use clap::{Parser, ValueEnum as _};
use faultline::ms;
use faultline::program::LocalProgram;
use faultline::search::Limits;
use lab2_kit::rcp::transfer::Options;
use lab2_kit::{CONNECTION, RECEIVER, RTO, SENDER};
use lab2_reliable::{Connection, Receiver, Sender, rto};
use measure::{Clock, Subject};
use ping_pong::Game;
use report::{Group, Report, Row};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use stop_and_wait::Scope;
use words::{Counter, Text};

const IS_DEV: bool = cfg!(debug_assertions);
/// States per CPU-second.
const SEARCH_TARGET: Option<f64> = Some(if IS_DEV { 100_000.0 } else { 250_000.0 });
/// Datagrams per CPU-second.
const SIMULATION_TARGET: Option<f64> = Some(if IS_DEV { 1_000_000.0 } else { 10_000_000.0 });

/// Measures our worlds and those of our peers in one process.
#[derive(Parser)]
#[command(
    bin_name = "scripts/bench",
    after_help = "--profile dev, before these, is the profile in which students run."
)]
struct Arguments {
    /// Only looks whether everything runs: a few seconds, and no rates to rely on.
    #[arg(long)]
    quick: bool,
    /// Prints JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// Only goodput beside TCP.
    #[arg(long)]
    goodput: bool,
    /// Only calls beside tarpc.
    #[arg(long)]
    rpc: bool,
    /// Only words that are counted, beside a table and the shell.
    #[arg(long)]
    words: bool,
    /// Only a cluster of processes, beside lab 4's engine.
    #[arg(long)]
    cluster: bool,
    /// Counts the words of this file in a process that does nothing else.
    #[arg(long, hide = true, num_args = 2, value_names = ["WHO", "FILE"])]
    count: Vec<String>,
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
struct Parts {
    worlds: bool,
    goodput: bool,
    rpc: bool,
    words: bool,
    cluster: bool,
}

impl Arguments {
    fn parts(&self) -> Parts {
        let chosen = [self.goodput, self.rpc, self.words, self.cluster];
        let all = !chosen.contains(&true);
        let [goodput, rpc, words, cluster] = chosen.map(|part| all || part);
        Parts { worlds: all, goodput, rpc, words, cluster }
    }
}

/// How much work each run is.
struct Effort {
    repetitions: usize,
    messages: usize,
    limits: Limits,
    /// Rounds of ping-pong with our machine, our asynchronous code and turmoil: about as long each.
    rounds: [u32; 3],
    /// Bytes that are carried between two sockets.
    bytes: u64,
    /// Calls that are made one after the other, and 64 at once.
    calls: [usize; 2],
    /// Megabytes of text, and how many they become when it grows.
    text: (u64, &'static [u64]),
    /// Tasks of a large job, and workers.
    crowd: cluster::Crowd,
    seeds: u64,
}

impl Effort {
    fn whole() -> Effort {
        let limits = Limits {
            losses: 2,
            duplicates: 2,
            timers: 4,
            in_flight: 6,
            states: 10_000_000,
            ..Limits::default()
        };
        let rounds = [500_000, 100_000, 10_000];
        Effort {
            repetitions: 5,
            messages: 5,
            limits,
            rounds,
            bytes: 64_000_000,
            calls: [20_000, 100_000],
            text: (70, &[10, 100, 1_000]),
            crowd: cluster::Crowd { tasks: 100_000, workers: 1_000 },
            seeds: seeds::TARGET_SEEDS,
        }
    }

    /// Only such rates are held against a target.
    fn is_whole(&self) -> bool {
        self.seeds == seeds::TARGET_SEEDS
    }

    fn quick() -> Effort {
        let limits = Limits { timers: 2, ..Effort::whole().limits };
        Effort {
            repetitions: 1,
            messages: 3,
            limits,
            rounds: [10_000, 5_000, 500],
            bytes: 1_000_000,
            calls: [500, 2_000],
            text: (1, &[1, 2]),
            crowd: cluster::Crowd { tasks: 1_000, workers: 50 },
            seeds: 20,
        }
    }
}

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == cluster::CLUSTER) {
        return cluster::main();
    }
    let options = Arguments::parse();
    if let [who, file] = options.count.as_slice() {
        let counted = Counter::from_str(who, true).and_then(|counter| counter.run_alone(Path::new(file)));
        return counted.map_or_else(
            |wrong| {
                eprintln!("error: {wrong}");
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        );
    }
    let effort = if options.quick { Effort::quick() } else { Effort::whole() };
    let parts = options.parts();
    let measured = measure_all(&effort, parts)
        .and_then(|report| with_memory(report, &effort, parts))
        .and_then(|report| with_cluster(report, &effort, parts));
    let report = match measured {
        Ok(report) => report,
        Err(wrong) => {
            eprintln!("error: {wrong}");
            return ExitCode::FAILURE;
        }
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report).expect("a report is plain data"));
    } else {
        print!("{report}");
    }
    ExitCode::SUCCESS
}

fn measure_all(effort: &Effort, parts: Parts) -> Result<Report, String> {
    let mut report = Report {
        profile: if IS_DEV { "dev" } else { "release" },
        cpus: std::thread::available_parallelism().map_or(1, usize::from),
        peers: report::versions(&["stateright", "tarpc", "turmoil"]),
        repetitions: effort.repetitions,
        groups: vec![],
        seeds: effort.seeds,
        scenarios: vec![],
        memory: vec![],
    };
    if parts.worlds {
        report.groups = vec![searches(effort)?, simulations(effort, ms(1))?, simulations(effort, ms(10))?];
        report.scenarios = seeds::soak(&reference(), effort.seeds)?;
    }
    if parts.goodput {
        let Options { window, message, .. } = Options::default();
        report.groups.extend([goodput(effort, message, window)?, goodput(effort, 8_000, 32)?]);
    }
    if parts.rpc {
        for (calls, (at_once, target)) in effort.calls.into_iter().zip(calls::TARGET_RATIOS) {
            let target = effort.is_whole().then_some(target);
            report.groups.extend(calls::groups(Load { calls, at_once }, effort.repetitions, target)?);
        }
    }
    if parts.words {
        report.groups.extend([words(effort, &Text::made(effort.text.0)?)?, growing(effort)?]);
    }
    if parts.cluster {
        let title = format!(
            "Requests that a coordinator decides in a job of {} tasks and {} workers",
            effort.crowd.tasks, effort.crowd.workers
        );
        let subjects = [subject("lab 5's reference", None, || cluster::decide(effort.crowd))];
        report.groups.push(group(title, "requests", &subjects, effort, 0)?);
    }
    Ok(report)
}

/// A job in which a worker is killed is so much larger: a lease is to be short beside it.
const LONGER: u64 = 5;

/// How long jobs take on clusters of processes: this program several times more.
fn with_cluster(mut report: Report, effort: &Effort, parts: Parts) -> Result<Report, String> {
    if parts.cluster {
        let target = effort.is_whole();
        report.groups.push(cluster::beside_one_process(effort.text.0, effort.repetitions, target)?);
        report.groups.push(cluster::with_a_loss(LONGER * effort.text.0, effort.repetitions, target)?);
    }
    Ok(report)
}

/// What counting words takes from memory, each in a process of its own: this program once more.
fn with_memory(mut report: Report, effort: &Effort, parts: Parts) -> Result<Report, String> {
    if parts.words {
        let text = Text::made(effort.text.0)?;
        for counter in [Counter::Table, Counter::Reference, Counter::Plain] {
            report.memory.push((words_name(counter), counter.peak(&text)?));
        }
    }
    Ok(report)
}

fn words_name(counter: Counter) -> &'static str {
    match counter {
        Counter::Table => "HashMap on one thread",
        Counter::Reference => "lab 4's reference",
        Counter::Plain => "lab 4's, without combiner",
    }
}

/// How fast words are counted, beside a table and the shell.
fn words(effort: &Effort, text: &Text) -> Result<Group, String> {
    let title = format!(
        "Counting the words of {} MB of text, per second of real time; the references take 64 MB for pairs",
        text.megabytes()
    );
    let counters = [Counter::Table, Counter::Reference, Counter::Plain];
    let mut subjects: Vec<_> =
        counters.map(|counter| subject(words_name(counter), None, move || counter.count(text))).into();
    let pipelines = words::PIPELINES.iter().filter(|pipeline| pipeline.is_there());
    subjects.extend(pipelines.map(|pipeline| subject(pipeline.name, None, || pipeline.count(text))));
    let mut group = group_by(Clock::Real, title, "MB", &subjects, effort, 0)?;
    if effort.is_whole() {
        let median = |place: usize| group.rows.get(place).map_or(0.0, |row| row.rate.median);
        let fastest = (3..group.rows.len()).map(median).fold(0.0, f64::max);
        let (table, sorted) = (median(0), median(3));
        group.rows[1].target = Some(fastest.max(words::TARGET_RATIO * table));
        group.rows[2].target = Some(sorted);
    }
    Ok(group)
}

/// Whether a megabyte costs the same in a large text as in a small one.
fn growing(effort: &Effort) -> Result<Group, String> {
    let texts: Vec<_> = effort.text.1.iter().map(|size| Text::made(*size)).collect::<Result<_, _>>()?;
    let names = ["lab 4's reference, small", "ten times as large", "a hundred times as large"];
    let subjects: Vec<_> = texts
        .iter()
        .zip(names)
        .map(|(text, name)| subject(name, None, || Counter::Reference.count(text)))
        .collect();
    let title = format!("Counting the words of {:?} MB of text, per second of real time", effort.text.1);
    group_by(Clock::Real, title, "MB", &subjects, effort, 0)
}

/// Lab 2's reference solution.
fn reference() -> LocalProgram {
    LocalProgram::new()
        .role(&SENDER, Sender::new)
        .role(&RECEIVER, Receiver::new)
        .role(&CONNECTION, Connection::new)
        .function(&RTO, rto::series)
}

/// One message in flight, and nothing else.
fn stop_and_wait() -> LocalProgram {
    LocalProgram::new().role(&SENDER, machines::Sender::new).role(&RECEIVER, machines::Receiver::new)
}

fn searches(effort: &Effort) -> Result<Group, String> {
    let texts = (0..effort.messages).map(|number| format!("m{number}")).collect();
    let scope = Scope { texts, limits: effort.limits };
    let (simple, whole) = (stop_and_wait(), reference());
    let Limits { losses, duplicates, timers, in_flight, .. } = effort.limits;
    let title = format!(
        "Search of lab 2's protocol, one thread: {} messages, {losses} losses, {duplicates} copies, {timers} time-outs, \
         {in_flight} in flight",
        effort.messages
    );
    let subjects = [
        subject("faultline, the same states", SEARCH_TARGET, || search::ours(&simple, &scope)),
        subject("faultline, lab 2's reference", SEARCH_TARGET, || search::ours(&whole, &scope)),
        subject("stateright, the same states", None, || search::stateright_bounded(&scope)),
        subject("stateright, its own network", None, || search::stateright_native(&scope)),
    ];
    group(title, "states", &subjects, effort, 2)
}

fn simulations(effort: &Effort, latency: Duration) -> Result<Group, String> {
    let [machine, asynchronous, turmoil] = effort.rounds.map(|rounds| Game { rounds, latency });
    let title = format!("Simulated ping-pong of two hosts, {} ms apart, with time-outs", latency.as_millis());
    let subjects = [
        subject("faultline, a machine", SIMULATION_TARGET, || ping_pong::machine(machine)),
        subject("faultline, asynchronous code", None, || ping_pong::asynchronous(asynchronous)),
        subject("turmoil", None, || ping_pong_turmoil::turmoil(turmoil)),
    ];
    group(title, "datagrams", &subjects, effort, 2)
}

/// What `rcp` carries with the reference, beside TCP.
fn goodput(effort: &Effort, piece: u32, window: u32) -> Result<Group, String> {
    let load = goodput::Load { bytes: effort.bytes, piece, window };
    let title = format!(
        "Goodput between two sockets of loopback, per second of real time: {} MB in pieces of {} bytes",
        load.bytes / 1_000_000,
        report::thousands(f64::from(piece))
    );
    let subjects = [
        subject("lab 2's reference, as rcp", None, || goodput::reference(load)),
        subject("TCP", None, || goodput::tcp(load)),
    ];
    let mut group = group_by(Clock::Real, title, "kB", &subjects, effort, 1)?;
    let tcp = group.rows[1].rate.median;
    group.rows[0].target = effort.is_whole().then_some(goodput::TARGET_RATIO * tcp);
    Ok(group)
}

fn subject<'a>(
    name: &'static str,
    target: Option<f64>,
    run: impl Fn() -> Result<u64, String> + 'a,
) -> Subject<'a> {
    Subject { name, run: Box::new(run), target }
}

/// Measures the subjects; `peer` is the index of the one whose rate is the unit of the ratios.
fn group(
    title: String,
    unit: &'static str,
    subjects: &[Subject<'_>],
    effort: &Effort,
    peer: usize,
) -> Result<Group, String> {
    group_by(Clock::Cpu, title, unit, subjects, effort, peer)
}

fn group_by(
    clock: Clock,
    title: String,
    unit: &'static str,
    subjects: &[Subject<'_>],
    effort: &Effort,
    peer: usize,
) -> Result<Group, String> {
    let rates = measure::by_turns(subjects, effort.repetitions, clock)?;
    let one = rates[peer].median;
    let rows = subjects.iter().zip(rates).map(|(subject, rate)| Row {
        name: subject.name,
        rate,
        ratio: rate.median / one,
        target: subject.target.filter(|_| effort.is_whole()),
    });
    Ok(Group { title, unit, rows: rows.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rate_and_time_of_a_quick_run_is_above_zero() {
        let report = measure_all(
            &Effort::quick(),
            Parts { worlds: true, goodput: true, rpc: true, words: true, cluster: true },
        )
        .unwrap();
        let rates: Vec<_> = report.groups.iter().flat_map(|group| &group.rows).collect();
        let pipelines = words::PIPELINES.iter().filter(|pipeline| pipeline.is_there()).count();
        assert_eq!(rates.len(), 32 + pipelines);
        assert!(rates.iter().all(|row| row.rate.lowest > 0.0 && row.ratio > 0.0));
        assert!(report.scenarios.iter().all(|soaked| soaked.seconds > 0.0));
    }
}
