//! `package`: what a service that grades wants to be given: a zip for Gradescope, a workflow for GitHub.

mod github;
mod gradescope;

pub(crate) use gradescope::{Options as GradescopeOptions, run as run_gradescope};

use crate::export;
use crate::judge;
use crate::kit::Kit;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to make for which service.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The service.
    #[arg(value_enum)]
    service: Service,
    /// The file to write: faultline.zip, or .github/workflows/grade.yml. It is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
    /// For Gradescope: a file with the assignment's secret, from which each student's hidden seeds are drawn. It goes into the zip.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// For Gradescope: a submission that takes longer than this, in minutes, loses what was not judged by then. Less than the time limit
    /// that the assignment has there.
    #[arg(long, value_name = "N", default_value_t = 35, value_parser = clap::value_parser!(u64).range(1..=600))]
    minutes: u64,
    /// For GitHub: on so many machines.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    shards: u16,
}

/// A service that grades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Service {
    /// A zip to be uploaded as the autograder of an assignment.
    Gradescope,
    /// A workflow that grades a class on several machines.
    Github,
}

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    // A lab that is not there is told here and not by the service.
    let plans = judge::plans(&options.labs)?;
    let labs: Vec<_> = if options.labs.is_empty() { vec![] } else { plans.iter().map(|it| it.lab).collect() };
    let content = match options.service {
        Service::Gradescope => gradescope::zip(kit, &labs, options.secret.as_deref(), options.minutes)?,
        Service::Github => github::workflow(kit, &labs, options.shards)?.into_bytes(),
    };
    // An assignment's secret is nobody else's.
    export::write(&options.out, &content, if options.secret.is_some() { 0o600 } else { 0o644 })?;
    println!("written to {}, {} kB", options.out.display(), content.len() / 1_000);
    Ok(ExitCode::SUCCESS)
}

/// The labs as options of a command.
fn as_options(labs: &[&str]) -> String {
    labs.iter().map(|lab| format!("--lab {lab}")).collect::<Vec<_>>().join(" ")
}
