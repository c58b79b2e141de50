//! `soak`: runs every scenario that makes random choices against the reference over many seeds, or one of them over very
//! many, or lab 3's marathon of calls. A failure is a defect of the kit: a right program must never lose a point.

use crate::judge::{self, Planned};
use crate::kit::Kit;
use crate::submission::Submission;
use crate::workshop::{Parts, Workshop};
use faultline::remote::RemoteProgram;
use faultline::report;
use faultline::scenario::World;
use hidden_scenarios::lab3::marathon::{self, Progress};
use std::io;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often something is said of a long soak.
const EVERY: Duration = Duration::from_secs(10);

/// The lab whose calls are made.
const LAB: &str = "lab3-rpc";

/// How long to soak.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Seeds for each scenario.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// At most so many seeds for a scenario of live processes, which takes seconds for each.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    live_seeds: Option<u64>,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
    /// Only the scenario with this id, such as A8.
    #[arg(long, value_name = "ID")]
    only: Option<String>,
    /// Only scenarios in simulation: fuzzers, which draw many inputs from each seed, take far longer.
    #[arg(long)]
    simulated: bool,
    /// Instead of scenarios: so many calls of lab 3 in one simulation, through every fault.
    #[arg(long, conflicts_with_all = ["seeds", "live_seeds", "only", "simulated"])]
    calls: Option<u64>,
    /// The seed of these calls.
    #[arg(long, default_value_t = 1, requires = "calls")]
    seed: u64,
}

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let submission = Submission::open(&kit.path("solutions-private"))?;
    let workshop = Workshop::open(kit, 0)?;
    if let Some(calls) = options.calls {
        return run_marathon(&submission, &workshop, options, calls);
    }
    let (mut failures, mut soaked) = (0, 0);
    for plan in judge::plans(&options.labs)? {
        let plan =
            plan.soak(|world| seeds(world, options)).filtered(|planned| is_asked_for(planned, options));
        if plan.scenarios.is_empty() {
            continue;
        }
        let sources = submission.all_sources(workshop.submitted(plan.lab)?)?;
        workshop.install(plan.lab, &sources)?;
        let built = workshop.build(plan.lab, Parts::All)?.map_err(io::Error::other)?;
        let ends = judge::judge_and_tell(&plan, &built, &now_and_then(plan.lab));
        for (planned, ended) in plan.scenarios.iter().zip(ends) {
            println!(
                "{:<6} {} {:<5} over {} seeds",
                ended.word(),
                plan.lab,
                planned.scenario.id,
                planned.seeds().count()
            );
            soaked += 1;
            if ended.failure.is_some() {
                print!("{}", report::failure(plan.lab, &planned.scenario, &ended));
                failures += 1;
            }
        }
    }
    if soaked == 0 {
        return Err(io::Error::other("no scenario that was asked for makes random choices"));
    }
    println!("{failures} scenarios failed for the reference");
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many seeds a scenario of this world gets.
fn seeds(world: World, options: &Options) -> u64 {
    match (world, options.live_seeds) {
        (World::Live, Some(most)) => options.seeds.min(most),
        _ => options.seeds,
    }
}

fn is_asked_for(planned: &Planned, options: &Options) -> bool {
    let is_in_simulation = planned.scenario.world == World::Simulation;
    options.only.as_ref().is_none_or(|id| planned.scenario.id == id)
        && (is_in_simulation || !options.simulated)
}

/// Lets the reference make very many calls, and says what they cost.
fn run_marathon(
    submission: &Submission,
    workshop: &Workshop<'_>,
    options: &Options,
    calls: u64,
) -> io::Result<ExitCode> {
    if options.labs.iter().any(|lab| report::short_lab(lab) != "lab3") {
        return Err(io::Error::other("only lab3 has calls to make"));
    }
    workshop.install(LAB, &submission.all_sources(vec![LAB.into()])?)?;
    let built = workshop.build(LAB, Parts::Driver)?.map_err(io::Error::other)?;
    // The reference may say as much as it likes, and nothing of it is kept.
    let program = RemoteProgram::start(Command::new(&built.driver), built.executables)?.with_bound(u64::MAX);
    let (start, mut said) = (Instant::now(), Instant::now());
    let ran = marathon::run(&program, options.seed, calls, &mut |progress| {
        if said.elapsed() >= EVERY {
            said = Instant::now();
            eprintln!("  {}", words(progress, start.elapsed()));
        }
    });
    match ran {
        Ok(progress) => {
            println!("passed {LAB} {}", words(&progress, start.elapsed()));
            println!("       the kit's own process took at most {}", peak().unwrap_or("?".into()));
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            println!(
                "FAILED {LAB} after {} s, seed {}: {}",
                start.elapsed().as_secs(),
                options.seed,
                failure.reason
            );
            Ok(ExitCode::FAILURE)
        }
    }
}

fn words(progress: &Progress, time: Duration) -> String {
    let Progress { asked, done, unanswered, lost, crashes, cuts, client_held, server_held, remembered, now } =
        progress;
    format!(
        "{asked} calls ({done} done, {unanswered} without an answer, {lost} of clients that crashed), {crashes} crashes, {cuts} \
         cuts, {} s of virtual time in {} s; held at most: a client {client_held} bytes, the server {server_held}; the kit \
         remembered at most {remembered} calls",
        now.as_secs(),
        time.as_secs()
    )
}

/// The most memory that this process has had, as Linux says it.
fn peak() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().into())
}

/// Says on the standard error how far a scenario is, but not at each seed.
fn now_and_then(lab: &str) -> impl Fn(&Planned, u64) + Sync {
    let said = Mutex::new(Instant::now());
    move |planned, count| {
        let Ok(mut said) = said.lock() else { return };
        if said.elapsed() >= EVERY {
            *said = Instant::now();
            eprintln!("  {lab} {}: {count} of {} seeds", planned.scenario.id, planned.seeds().count());
        }
    }
}
