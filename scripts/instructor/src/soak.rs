//! `soak`: runs every scenario that makes random choices against the reference over many seeds. A failure is a defect of
//! the kit: a right program must never lose a point.

use crate::judge;
use crate::kit::Kit;
use crate::submission::Submission;
use crate::workshop::{Parts, Workshop};
use faultline::report;
use std::io;
use std::process::ExitCode;

/// How long to soak.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Seeds for each scenario.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
}

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let submission = Submission::open(&kit.path("solutions-private"))?;
    let workshop = Workshop::open(kit, 0)?;
    let mut failures = 0;
    for plan in judge::plans(&options.labs)? {
        let plan = plan.soak(options.seeds);
        let sources = submission.sources(plan.lab)?.unwrap_or_default();
        workshop.install(plan.lab, &sources)?;
        let built = workshop.build(plan.lab, Parts::All)?.map_err(io::Error::other)?;
        for (planned, ended) in plan.scenarios.iter().zip(judge::judge(&plan, &built)) {
            println!(
                "{:<6} {} {:<5} over {} seeds",
                ended.word(),
                plan.lab,
                planned.scenario.id,
                options.seeds
            );
            if ended.failure.is_some() {
                print!("{}", report::failure(plan.lab, &planned.scenario, &ended));
                failures += 1;
            }
        }
    }
    println!("{failures} scenarios failed for the reference");
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
