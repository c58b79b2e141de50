//! The instructor's programs, one module a subcommand: what grades, what makes the skeleton, and what checks that the
//! parts of the kit still agree. None of this is handed out. Each subcommand returns an exit code: 0 as it should be, 1 something
//! is wrong and has been told with its place; an `io::Error` (exit code 2) means that it could not be found out.
//! Read kit.rs next, then the module of the subcommand.

mod book_check;
mod class;
mod export;
mod finding;
mod grade;
mod grade_json;
mod handout;
mod include;
mod inside;
mod jail;
mod judge;
mod kit;
mod markers;
mod mutants;
mod package;
mod red_team;
mod skeleton;
mod soak;
mod submission;
mod versions_check;
mod workshop;

use clap::{Parser, Subcommand};
use kit::Kit;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// The instructor's programs of the Faultline kit.
#[derive(Parser)]
#[command(name = "instructor")]
struct Arguments {
    /// The kit's root folder, when it is not the one that this program was built in.
    #[arg(long, global = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Grades a submission: prints the table and writes grade.json.
    Grade(grade::Options),
    /// Grades every submission of a folder.
    GradeClass(class::Options),
    /// Lays out the sources of a class for tools that compare programs.
    Similarity(class::SimilarityOptions),
    /// Judges every mutant of the reference and compares what it loses with what it names.
    Mutants(mutants::Options),
    /// Grades hostile submissions, which must come to nothing.
    RedTeam(red_team::Options),
    /// Runs the reference over many seeds.
    Soak(soak::Options),
    /// Generates skeleton/ from the reference solutions.
    Skeleton(skeleton::Options),
    /// Writes a grade.json in the shape of a grading service, or to be read.
    Export(export::Options),
    /// Makes the tree that students are given, and tries it.
    Handout(handout::Options),
    /// Makes what a service wants to be given: a zip for Gradescope, a workflow for GitHub.
    Package(package::Options),
    /// What Gradescope's package starts for a submission.
    Gradescope(package::GradescopeOptions),
    /// What the judge starts in a cell.
    #[command(hide = true)]
    Inside,
    /// Checks the book's includes, links and table of contents.
    BookCheck,
    /// Checks that solutions-private and the root name the same dependencies and lints.
    VersionsCheck,
}

fn run(arguments: Arguments) -> io::Result<ExitCode> {
    // In a cell there is no kit.
    if matches!(arguments.command, Command::Inside) {
        return inside::run();
    }
    let kit = Kit::open(arguments.root)?;
    match arguments.command {
        Command::Grade(options) => grade::run(&kit, &options),
        Command::GradeClass(options) => class::run(&kit, &options),
        Command::Similarity(options) => class::run_similarity(&kit, &options),
        Command::Mutants(options) => mutants::run(&kit, &options),
        Command::RedTeam(options) => red_team::run(&kit, &options),
        Command::Soak(options) => soak::run(&kit, &options),
        Command::Skeleton(options) => skeleton::run(&kit, &options),
        Command::Export(options) => export::run(&options),
        Command::Handout(options) => handout::run(&kit, &options),
        Command::Package(options) => package::run(&kit, &options),
        Command::Gradescope(options) => package::run_gradescope(&kit, &options),
        Command::Inside => inside::run(),
        Command::BookCheck => book_check::run(&kit),
        Command::VersionsCheck => versions_check::run(&kit),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
