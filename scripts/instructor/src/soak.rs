//! `soak`: runs every scenario that makes random choices against the reference over many seeds, or one of them over very
//! many. A failure is a defect of the kit: a right program must never lose a point.

use crate::judge::{self, Planned};
use crate::kit::Kit;
use crate::submission::Submission;
use crate::workshop::{Parts, Workshop};
use faultline::report;
use std::io;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often something is said of a long soak.
const EVERY: Duration = Duration::from_secs(10);

/// How long to soak.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Seeds for each scenario.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
    /// Only the scenario with this id, such as A8.
    #[arg(long, value_name = "ID")]
    only: Option<String>,
}

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let submission = Submission::open(&kit.path("solutions-private"))?;
    let workshop = Workshop::open(kit, 0)?;
    let (mut failures, mut soaked) = (0, 0);
    for plan in judge::plans(&options.labs)? {
        let mut plan = plan.soak(options.seeds);
        if let Some(id) = &options.only {
            plan = plan.only(id);
        }
        if plan.scenarios.is_empty() {
            continue;
        }
        let sources = submission.sources(plan.lab)?.unwrap_or_default();
        workshop.install(plan.lab, &sources)?;
        let built = workshop.build(plan.lab, Parts::All)?.map_err(io::Error::other)?;
        let ends = judge::judge_and_tell(&plan, &built, &now_and_then(plan.lab, options.seeds));
        for (planned, ended) in plan.scenarios.iter().zip(ends) {
            println!(
                "{:<6} {} {:<5} over {} seeds",
                ended.word(),
                plan.lab,
                planned.scenario.id,
                options.seeds
            );
            soaked += 1;
            if ended.failure.is_some() {
                print!("{}", report::failure(plan.lab, &planned.scenario, &ended));
                failures += 1;
            }
        }
    }
    if soaked == 0 {
        return Err(io::Error::other("no scenario of this id makes random choices"));
    }
    println!("{failures} scenarios failed for the reference");
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says on the standard error how far a scenario is, but not at each seed.
fn now_and_then(lab: &str, seeds: u64) -> impl Fn(&Planned, u64) + Sync {
    let said = Mutex::new(Instant::now());
    move |planned, count| {
        let Ok(mut said) = said.lock() else { return };
        if said.elapsed() >= EVERY {
            *said = Instant::now();
            eprintln!("  {lab} {}: {count} of {seeds} seeds", planned.scenario.id);
        }
    }
}
