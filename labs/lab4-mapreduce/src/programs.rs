//! `mr`: runs a job on files, and shows its result. Here are its command line, its words and its exit codes; the engine is the
//! student's.

mod trouble;

use crate::application::Application;
use crate::samples::{App, Apps, Engine, Task};
use crate::types::{Folders, Job, JobError, Progress, Summary};
use clap::{Args, Parser, Subcommand, ValueEnum};
use faultline::folder::Folder;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use trouble::Trouble;

/// MapReduce on one machine, with your engine and your applications.
#[derive(Parser)]
#[command(name = "mr", after_help = "Exit codes: 0 done, 1 the job has failed, 2 wrong arguments.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a job; its results are DIR/out-0, DIR/out-1 and so on.
    Run(RunArguments),
    /// Writes the results of a job to the standard output, all in the order of their keys.
    Cat {
        /// The folder of a job that is done.
        dir: PathBuf,
    },
}

#[derive(Args)]
struct RunArguments {
    /// The application.
    #[arg(long, value_enum)]
    app: Name,
    /// What `grep` looks for.
    #[arg(long, required_if_eq("app", "grep"))]
    pattern: Option<String>,
    /// The files to read, in this order.
    #[arg(long, num_args = 0.., value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Where the results go; made when it is not there. Files that no job has made are left alone.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many outputs there are.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    reduces: u32,
    /// How much of a file one map task gets, such as 512K or 16M.
    #[arg(long, default_value = "16M", value_parser = size)]
    split_size: u64,
    /// How many bytes of pairs may be in memory, such as 64M; at least 64K.
    #[arg(long, default_value = "64M", value_parser = memory)]
    memory: u64,
    /// Leaves the application's combiner out.
    #[arg(long)]
    no_combiner: bool,
    /// Leaves intermediate files in place, to be looked at.
    #[arg(long)]
    keep: bool,
    /// Prints what was done as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// How often is each word there?
    Wc,
    /// In which lines is a pattern?
    Grep,
    /// In which files is each word?
    Index,
    /// What do the numbers of each key add up to?
    Sum,
    /// Your own.
    Own,
}

const MEMORY_LEAST: u64 = 64 << 10;

fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.find(|character: char| !character.is_ascii_digit()) {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let unit = match unit {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return Err("a size is a number of bytes, or one with K, M or G behind it".into()),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "a size is at least 1 and below 16 EiB".into())
}

fn memory(text: &str) -> Result<u64, String> {
    let memory = size(text)?;
    if memory < MEMORY_LEAST { Err("less than 64K is no help to anybody".into()) } else { Ok(memory) }
}

/// The program.
#[must_use]
pub fn main<E: Engine, A: Apps>() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(arguments) => run::<E, A>(&arguments),
        Command::Cat { dir } => cat::<E>(&dir),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("mr: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn cat<E: Engine>(dir: &Path) -> Result<(), Trouble> {
    let is_there =
        fs::metadata(dir).map_err(|error| Trouble::new(dir, JobError::Files(named_by(dir, &error))))?;
    if !is_there.is_dir() {
        let error = io::Error::from(io::ErrorKind::NotADirectory);
        return Err(Trouble::new(dir, JobError::Files(named_by(dir, &error))));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let merged = E::merge(&Folder::real(dir), &mut out).and_then(|()| Ok(out.flush()?));
    match merged {
        // Whoever reads has enough, as `head` has.
        Err(JobError::Files(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        merged => merged.map_err(|error| Trouble::new(dir, error)),
    }
}

fn run<E: Engine, A: Apps>(arguments: &RunArguments) -> Result<(), Trouble> {
    let out = &arguments.out;
    fs::create_dir_all(out).map_err(|error| Trouble::new(out, JobError::Files(named_by(out, &error))))?;
    let app = match arguments.app {
        Name::Wc => App::WordCount,
        Name::Grep => App::Grep(arguments.pattern.clone().unwrap_or_default().into_bytes()),
        Name::Index => App::Index,
        Name::Sum => App::Sum,
        Name::Own => App::Own,
    };
    let job = Job {
        inputs: arguments.inputs.iter().map(|path| named(path)).collect::<Result<_, _>>()?,
        split_size: arguments.split_size,
        reduces: arguments.reduces,
        memory: usize::try_from(arguments.memory).unwrap_or(usize::MAX),
        combine: !arguments.no_combiner,
        keep: arguments.keep,
    };
    let folders = Folders { inputs: Folder::real(""), out: Folder::real(out) };
    let bar = ProgressBar::new(0).with_style(style());
    let started = Instant::now();
    let ran = A::with(&app, Running::<E> { job: &job, folders: &folders, bar: &bar, engine: PhantomData });
    bar.finish_and_clear();
    let summary = ran.map_err(|error| Trouble::new(out, error))?;
    report(arguments, &summary, started.elapsed());
    Ok(())
}

/// The error of a path that no `Folder` has named.
fn named_by(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn named(path: &Path) -> Result<String, Trouble> {
    path.to_str().map(String::from).ok_or_else(|| Trouble::of_name(path))
}

/// Runs a job with whichever application.
struct Running<'a, E> {
    job: &'a Job,
    folders: &'a Folders,
    bar: &'a ProgressBar,
    engine: PhantomData<E>,
}

impl<E: Engine> Task for Running<'_, E> {
    type Output = Result<Summary, JobError>;

    fn run<A: Application>(self, app: &A) -> Self::Output {
        let bar = self.bar;
        E::run(app, self.job, self.folders, &mut |progress| {
            let (phase, done, of) = match progress {
                Progress::Map(done, of) => ("map", done, of),
                Progress::Reduce(done, of) => ("reduce", done, of),
            };
            bar.set_message(phase);
            bar.set_length(u64::from(of));
            bar.set_position(u64::from(done));
        })
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{msg:>6} {bar:32} {pos} of {len} tasks, {elapsed}");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    seconds: f64,
    out: &'a Path,
}

fn report(arguments: &RunArguments, summary: &Summary, took: Duration) {
    let (seconds, out) = (took.as_secs_f64(), arguments.out.as_path());
    if arguments.json {
        let report = serde_json::to_string(&Report { summary, seconds, out });
        println!("{}", report.unwrap_or_default());
        return;
    }
    let Summary { maps, reduces, records, emitted, written, keys } = summary;
    println!("{records} records, {emitted} pairs, {written} of them written, {keys} keys");
    println!("tasks: {maps} map, {reduces} reduce; {seconds:.2} s; the results: mr cat {}", out.display());
}
