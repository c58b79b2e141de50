//! Lab 4's engine and applications as what executes tasks here.

#[path = "../../lab4-mapreduce/programs/theirs.rs"]
mod theirs;

use lab4_kit::samples::{App, Apps as _, Task};
use lab4_kit::{Application, Combiner, Emit, Folder, Folders, Job, Record, Refusal, Split};
use lab4_mapreduce::{map, reduce};
use lab5_kit::Cause;
use lab5_kit::live::engines::{Engines, MapWork, ReduceWork, Stop};
use std::cell::Cell;
use theirs::Theirs;

pub(crate) const ENGINES: Engines = Engines { map: run_map, reduce: run_reduce };

/// So many bytes of pairs a map task may hold.
const MEMORY: usize = 64 << 20;

fn application(name: &str) -> Result<App, Cause> {
    Ok(match name {
        "wc" => App::WordCount,
        "index" => App::Index,
        "sum" => App::Sum,
        "own" => App::Own,
        _ => match name.strip_prefix("grep:") {
            Some(pattern) => App::Grep(pattern.into()),
            None => {
                return Err(Cause::Failed(format!(
                    "lab 4 has no application `{name}`: wc, index, sum, own or grep:PATTERN"
                )));
            }
        },
    })
}

fn run_map(work: &MapWork) -> Result<(), Cause> {
    Theirs::with(&application(&work.application)?, Map(work))
}

fn run_reduce(work: &ReduceWork) -> Result<(), Cause> {
    Theirs::with(&application(&work.application)?, Reduce(work))
}

struct Map<'a>(&'a MapWork);

impl Task for Map<'_> {
    type Output = Result<(), Cause>;

    fn run<A: Application>(self, app: &A) -> Self::Output {
        let work = self.0;
        let input = work.input.to_string_lossy().into_owned();
        let place = Folder::real(&work.place);
        let inputs = place.with_aliases([(work.file.clone(), input.clone())]);
        let end = place.length(&input).map_err(failed)?;
        let split = Split { file: work.file.clone(), start: 0, end, first_line: work.first_line };
        let job = Job { reduces: work.reduces, memory: MEMORY, ..Job::default() };
        let folders = Folders { inputs, out: place };
        let app = Guarded { app, stop: &work.stop, skip: &work.skip, refused: Cell::new(None) };
        let mapped = map::run_map(&app, &job, work.number, &split, &folders);
        mapped.map(drop).map_err(|error| match app.refused.get() {
            Some(line) => Cause::Refused(line, error.to_string()),
            None => failed(error),
        })
    }
}

struct Reduce<'a>(&'a ReduceWork);

impl Task for Reduce<'_> {
    type Output = Result<(), Cause>;

    fn run<A: Application>(self, app: &A) -> Self::Output {
        let work = self.0;
        let names = work.inputs.iter().enumerate();
        let aliases = names
            .map(|(map, input)| (format!("mr-{map}-{}", work.number), input.to_string_lossy().into_owned()));
        let place = Folder::real(&work.place).with_aliases(aliases);
        let app = Guarded { app, stop: &work.stop, skip: &[], refused: Cell::new(None) };
        let reduced = reduce::run_reduce(&app, work.number, work.inputs.len() as u32, &place);
        reduced.map(drop).map_err(failed)
    }
}

fn failed(why: impl std::fmt::Display) -> Cause {
    Cause::Failed(why.to_string())
}

/// An application that is not shown some lines, of which it is known what it refuses, and which refuses everything when nobody wants its
/// result any more.
struct Guarded<'a, A> {
    app: &'a A,
    stop: &'a Stop,
    skip: &'a [u64],
    /// The line that it has refused.
    refused: Cell<Option<u64>>,
}

impl<A> Guarded<'_, A> {
    fn check(&self) -> Result<(), Refusal> {
        if self.stop.is_set() { Err(Refusal("it is not wanted any more".into())) } else { Ok(()) }
    }
}

impl<A: Application> Application for Guarded<'_, A> {
    type Value = A::Value;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, Self::Value>) -> Result<(), Refusal> {
        self.check()?;
        if self.skip.contains(&record.line) {
            return Ok(());
        }
        self.app.map(record, emit).inspect_err(|_| self.refused.set(Some(record.line)))
    }

    fn combiner(&self) -> Option<Combiner<Self::Value>> {
        self.app.combiner()
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Self::Value>) -> Result<Vec<u8>, Refusal> {
        self.check()?;
        self.app.reduce(key, values)
    }
}
