//! How fast a cluster of processes counts words, beside lab 4's engine in one process; what it costs when a worker is killed half
//! way; and how many requests a coordinator decides.

use crate::measure::{self, Rate};
use crate::report::{Group, Row};
use crate::words::{Counter, Text};
use faultline::machine::{Action, Moment};
use faultline::node::Event;
use faultline::program::{LocalProgram, Program as _};
use faultline::{Time, codec};
use lab5_cluster::{Coordinator, store, worker};
use lab5_kit::calling::{COORDINATOR, program};
use lab5_kit::coordinating::{Answered, Asked};
use lab5_kit::live::tcp;
use lab5_kit::programs::{self, Parts};
use lab5_kit::{
    Address, Assignment, Chunk, CoordinatorConfig, Folder, Job, Phase, Read, Reply, Request, Site, WorkerId,
};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::rc::Rc;
use std::time::Duration;
use tempfile::TempDir;

#[path = "../../../labs/lab5-cluster/programs/lab4.rs"]
mod lab4;

/// How much of the sequential engine's rate two workers are to have on two CPUs.
const TARGET_RATIO: f64 = 1.2;

/// How much more time a job may take in which one of four workers is killed half way.
const TARGET_LOSS: f64 = 1.35;

/// The first argument of this program when it is to be `cluster`.
pub(crate) const CLUSTER: &str = "cluster";

/// This program as `cluster`, with the arguments that come after the first.
pub(crate) fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let parts = Parts {
        coordinator: Coordinator::new,
        work: worker::work,
        read: store::read,
        lab4: lab4::ENGINES,
        network: Rc::new(tcp::network),
    };
    programs::main_with(arguments, parts)
}

/// What a job on a cluster is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) workers: usize,
    /// The last worker is killed when half of the map tasks are done.
    pub(crate) kills: bool,
}

/// Clusters beside lab 4's engine, on so many megabytes of text.
///
/// # Errors
/// A job was not done.
pub(crate) fn beside_one_process(
    megabytes: u64,
    repetitions: usize,
    has_target: bool,
) -> Result<Group, String> {
    let text = Text::made(megabytes)?;
    let of = |workers| {
        let text = &text;
        move || count(text, Plan { workers, kills: false })
    };
    let title = format!(
        "Counting the words of {} MB of text that is on the workers' disks, per second of real time",
        text.megabytes()
    );
    let rates = measure::timed_by_turns(
        &[
            ("lab 4's reference, one process", Box::new(|| Counter::Reference.seconds(&text))),
            ("lab 5's reference, 1 worker", Box::new(of(1))),
            ("2 workers", Box::new(of(2))),
            ("4 workers", Box::new(of(4))),
        ],
        repetitions,
        text.megabytes(),
    )?;
    Ok(group(title, rates, (2, TARGET_RATIO), has_target))
}

/// What it costs when one of four workers is killed half way, on so many megabytes of text.
///
/// # Errors
/// A job was not done.
pub(crate) fn with_a_loss(megabytes: u64, repetitions: usize, has_target: bool) -> Result<Group, String> {
    let text = Text::made(megabytes)?;
    let of = |kills| {
        let text = &text;
        move || count(text, Plan { workers: 4, kills })
    };
    let title = format!(
        "The same with 4 workers, {} MB and a lease of half a second, when one worker is lost",
        text.megabytes()
    );
    let rates = measure::timed_by_turns(
        &[("nobody is killed", Box::new(of(false))), ("one is killed half way", Box::new(of(true)))],
        repetitions,
        text.megabytes(),
    )?;
    Ok(group(title, rates, (1, 1.0 / TARGET_LOSS), has_target))
}

/// Rates beside the first, and what one of them should be of it.
fn group(
    title: String,
    rates: Vec<(&'static str, Rate)>,
    (which, share): (usize, f64),
    has_target: bool,
) -> Group {
    let one = rates[0].1.median;
    let row = |(number, (name, rate)): (usize, (&'static str, Rate))| Row {
        name,
        rate,
        ratio: rate.median / one,
        target: (has_target && number == which).then_some(share * one),
    };
    Group { title, unit: "MB", rows: rates.into_iter().enumerate().map(row).collect() }
}

/// A process that is killed when nobody needs it any more.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a part of the cluster.
fn start(folder: &Path, arguments: &[&str]) -> Result<Killed, String> {
    let program = std::env::current_exe().map_err(told)?;
    let mut command = Command::new(program);
    command.arg(CLUSTER).args(arguments).current_dir(folder);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    Ok(Killed(child.map_err(told)?))
}

/// Where it listens.
fn address(process: &mut Killed) -> Result<String, String> {
    let mut line = String::new();
    let output = process.0.stdout.as_mut().ok_or("a process has no output")?;
    BufReader::new(output).read_line(&mut line).map_err(told)?;
    line.trim().strip_prefix("listening on ").map(String::from).ok_or_else(|| format!("it says {line:?}"))
}

/// Does a job; gives how long it took from the moment at which the input was on the workers' disks.
///
/// # Errors
/// It was not done.
pub(crate) fn count(text: &Text, plan: Plan) -> Result<Duration, String> {
    let place = TempDir::new().map_err(told)?;
    let folder = place.path();
    let mut coordinator =
        start(folder, &["coordinator", "--journal", "journal", "--lease-ms", "500", "--backup-ms", "60000"])?;
    let at = address(&mut coordinator)?;
    let mut workers = vec![];
    for number in 0..plan.workers {
        let disk = format!("disk{number}");
        let arguments =
            ["worker", "--coordinator", &at, "--folder", &disk, "--engine", "lab4", "--beat-ms", "100"];
        let mut worker = start(folder, &arguments)?;
        address(&mut worker)?;
        workers.push(worker);
    }
    let text_path = text.path();
    let (input, count) =
        (text_path.to_str().ok_or("a folder's name is not UTF-8")?, plan.workers.to_string());
    let submit = [
        &[
            "submit",
            "--coordinator",
            &at,
            "--app",
            "wc",
            "--out",
            "out",
            "--reduces",
            "2",
            "--chunk-size",
            "4M",
        ][..],
        &["--copies", &count, "--workers", &count, "--inputs", input],
    ];
    let mut client = start(folder, &submit.concat())?;
    if plan.kills {
        until_half(folder, &at)?;
        workers.pop();
    }
    let mut said = String::new();
    if let Some(output) = client.0.stdout.as_mut() {
        output.read_to_string(&mut said).map_err(told)?;
    }
    if !client.0.wait().map_err(told)?.success() {
        return Err(format!("a job on {} workers was not done: {said}", plan.workers));
    }
    let seconds = said.split_once("; ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("the client says {said:?}"))
}

/// Waits until half of the map tasks are done.
fn until_half(folder: &Path, at: &str) -> Result<(), String> {
    loop {
        let mut status = start(folder, &["status", "--coordinator", at])?;
        let mut said = String::new();
        if let Some(output) = status.0.stdout.as_mut() {
            output.read_to_string(&mut said).map_err(told)?;
        }
        let line = said.lines().find_map(|line| line.strip_prefix("done     ")).unwrap_or_default();
        let mut words = line.split(' ');
        let (done, all) = (words.next(), words.nth(1));
        let number = |word: Option<&str>| word.and_then(|word| word.parse::<u32>().ok());
        if let (Some(done), Some(all)) = (number(done), number(all))
            && 2 * done >= all
        {
            return Ok(());
        }
        if !status.0.wait().map_err(told)?.success() {
            return Err("there is no status".into());
        }
    }
}

/// How many tasks a coordinator is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    pub(crate) tasks: u32,
    pub(crate) workers: u32,
}

/// A coordinator decides who does what in a job of so many tasks, of which a hundredth are reduce tasks; gives requests.
///
/// # Errors
/// The job is not finished.
pub(crate) fn decide(crowd: Crowd) -> Result<u64, String> {
    let coordinators: LocalProgram = program(Coordinator::new, idle, no_file, None);
    let hour = Duration::from_secs(3_600);
    let config = CoordinatorConfig { lease: hour, backup_after: hour, max_failures: 4 };
    let mut node = coordinators.start(COORDINATOR.name, &codec::encode(&config)).map_err(told)?;
    let (mut actions, mut asked) = (vec![], 0);
    let mut moment = Moment { now: Time::ZERO, random: 1 };
    node.handle(moment, Event::Start(&[]), &mut actions).map_err(told)?;
    let mut ask = |request: Request| -> Result<Reply, String> {
        asked += 1;
        moment.random = asked;
        actions.clear();
        let command = codec::encode(&Asked { call: asked, request });
        node.handle(moment, Event::Command(&command), &mut actions).map_err(told)?;
        let told_so = actions.iter().find_map(|action| match action {
            Action::Notify(bytes) => codec::decode::<Answered>(bytes).ok(),
            _ => None,
        });
        told_so.map(|Answered { reply, .. }| reply).ok_or_else(|| "there is no reply".into())
    };
    let reduces = (crowd.tasks / 100).max(1);
    let worker = |number: u32| WorkerId { address: Address(u64::from(number)), life: 1 };
    let holders = |map: u32| [map, map * 7 + 1].map(|number| worker(number % crowd.workers).address).to_vec();
    let chunk = |map| Chunk { file: "text".into(), first_line: 1, holders: holders(map) };
    let job = Job {
        application: "wc".into(),
        chunks: (0..crowd.tasks - reduces).map(chunk).collect(),
        reduces,
        skips: false,
    };
    ask(Request::Submit { job })?;
    for number in 0..crowd.workers {
        ask(Request::Register { worker: worker(number), finished: vec![] })?;
    }
    loop {
        let mut works = false;
        for number in 0..crowd.workers {
            let worker = worker(number);
            if let Reply::Assign(Assignment { attempt, .. }) = ask(Request::Ask { worker })? {
                works = true;
                ask(Request::Alive { worker, attempt })?;
                ask(Request::Done { worker, attempt })?;
            }
        }
        if !works {
            break;
        }
    }
    match ask(Request::Status)? {
        Reply::Status(status) if matches!(status.phase, Phase::Finished(_)) => Ok(asked),
        reply => Err(format!("the job is not finished: {reply}")),
    }
}

async fn idle(_site: Site) -> io::Result<()> {
    std::future::pending::<()>().await;
    Ok(())
}

fn no_file(_folder: &Folder, _read: &Read) -> io::Result<lab5_kit::Bytes> {
    Ok(lab5_kit::Bytes::NoFile)
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
