//! What executes map and reduce functions in a worker's process: on a thread of its own, so that the worker goes on meanwhile.

use crate::engine::{Execute, Working};
use crate::message::{Assignment, Input};
use crate::types::{Cause, Task};
use crate::words;
use faultline::asynchronous::Runtime;
use faultline::folder::Folder;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// A map task for a thread.
#[derive(Clone, Debug)]
pub struct MapWork {
    /// The application, as it is called on a command line.
    pub application: String,
    /// The number of the task.
    pub number: u32,
    /// How many reduce tasks there are.
    pub reduces: u32,
    /// The file that the lines are from, by name.
    pub file: String,
    /// The number of the first line in that file, from 1.
    pub first_line: u64,
    /// Of the lines these are left out, by their numbers in that file.
    pub skip: Vec<u64>,
    /// Where the lines are.
    pub input: PathBuf,
    /// An empty folder, in which the files `mr-<number>-<reduce>` are to be made.
    pub place: PathBuf,
    /// Set when nobody wants the result any more.
    pub stop: Stop,
}

/// A reduce task for a thread.
#[derive(Clone, Debug)]
pub struct ReduceWork {
    /// The application, as it is called on a command line.
    pub application: String,
    /// The number of the task.
    pub number: u32,
    /// Where the parts are, in the order of the map tasks.
    pub inputs: Vec<PathBuf>,
    /// An empty folder, in which the file `out-<number>` is to be made.
    pub place: PathBuf,
    /// Set when nobody wants the result any more.
    pub stop: Stop,
}

/// Whether somebody still wants a result.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether nobody does.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How the tasks of an application are executed.
#[derive(Clone, Copy, Debug)]
pub struct Engines {
    /// Executes a map task.
    pub map: fn(&MapWork) -> Result<(), Cause>,
    /// Executes a reduce task.
    pub reduce: fn(&ReduceWork) -> Result<(), Cause>,
}

/// The application of the scenarios, `words`: in which chunks a word is, and how often.
pub const GIVEN: Engines = Engines { map: map_words, reduce: reduce_words };

fn map_words(work: &MapWork) -> Result<(), Cause> {
    check_application(&work.application)?;
    let chunk = fs::read(&work.input).map_err(|error| named(&work.input, &error))?;
    let chunk = words::without(&chunk, work.first_line, &work.skip)
        .map_err(|(line, why)| Cause::Refused(line, format!("{}, {why}", work.file)))?;
    for (reduce, part) in words::parts(&chunk, work.number, work.reduces).iter().enumerate() {
        let path = work.place.join(format!("mr-{}-{reduce}", work.number));
        fs::write(&path, part).map_err(|error| named(&path, &error))?;
    }
    Ok(())
}

fn reduce_words(work: &ReduceWork) -> Result<(), Cause> {
    check_application(&work.application)?;
    let read = |path: &PathBuf| fs::read(path).map_err(|error| named(path, &error));
    let parts = work.inputs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let path = work.place.join(format!("out-{}", work.number));
    fs::write(&path, words::output(parts.iter().map(Vec::as_slice))).map_err(|error| named(&path, &error))
}

fn check_application(name: &str) -> Result<(), Cause> {
    if name == "words" {
        return Ok(());
    }
    Err(Cause::Failed(format!(
        "the given engine has the application `words` alone, and not `{name}`; start workers with --engine lab4"
    )))
}

fn named(path: &Path, error: &io::Error) -> Cause {
    Cause::Failed(format!("{}: {error}", path.display()))
}

/// Executes tasks on threads. What they make is in folders of their own until it is whole, so that one whose result nobody wants
/// any more does no harm.
pub(crate) struct Threads {
    path: PathBuf,
    engines: Engines,
    /// Each task takes so much longer.
    longer: Duration,
    begun: AtomicU64,
    /// Each thread at work holds one too.
    at_work: mpsc::Sender<()>,
}

/// Threads of a worker that has ended: they may still be at work on what nobody wants any more.
pub(crate) struct Rest {
    path: PathBuf,
    at_work: mpsc::Receiver<()>,
}

impl Rest {
    /// Waits until the threads have ended, and removes what they leave. One that does not end soon goes with its process.
    pub(crate) async fn end(mut self, runtime: &Runtime) -> io::Result<()> {
        let _ = runtime.timeout(Duration::from_secs(5), self.at_work.recv()).await;
        remove_places(&self.path)
    }
}

/// With this begins the name of a thread's folder.
const PLACE: &str = "tmp-thread-";

impl Threads {
    /// Threads that work in this folder. What earlier ones have left is removed.
    pub(crate) fn new(path: PathBuf, engines: Engines, longer: Duration) -> io::Result<(Threads, Rest)> {
        remove_places(&path)?;
        // Nothing is ever sent: who receives hears when all senders have gone.
        let (at_work, ended) = mpsc::channel(1);
        let rest = Rest { path: path.clone(), at_work: ended };
        Ok((Threads { path, engines, longer, begun: AtomicU64::new(0), at_work }, rest))
    }

    /// Has a thread do some work in a folder of its own; then the files get their names.
    fn begin(
        &self,
        work: impl FnOnce(&Path, Stop) -> Result<(), Cause> + Send + 'static,
        names: Vec<(String, String)>,
    ) -> Working {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let (path, place) = (self.path.clone(), self.path.join(format!("{PLACE}{number}")));
        let (longer, at_work) = (self.longer, self.at_work.clone());
        Box::pin(async move {
            let guard = Wanted(Stop::default());
            let (stop, inside) = (guard.0.clone(), place.clone());
            // Not on the thread: a process that ends does not wait for it.
            tokio::time::sleep(longer).await;
            let thread = tokio::task::spawn_blocking(move || {
                let worked = fs::create_dir(&inside)
                    .map_err(|error| named(&inside, &error))
                    .and_then(|()| work(&inside, stop.clone()));
                if stop.is_set() || worked.is_err() {
                    let _ = fs::remove_dir_all(&inside);
                }
                drop(at_work);
                worked
            });
            thread.await.map_err(|panic| panicked(&panic))??;
            let finish = || -> io::Result<()> {
                for (from, to) in &names {
                    fs::rename(place.join(from), path.join(to))?;
                }
                fs::remove_dir_all(&place)
            };
            finish().map_err(|error| named(&place, &error))
        })
    }
}

fn remove_places(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PLACE) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A panic of the application's is a failure like any other.
fn panicked(panic: &tokio::task::JoinError) -> Cause {
    Cause::Failed(panic.to_string())
}

/// Says that nobody wants the result any more, when it is dropped.
struct Wanted(Stop);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl Execute for Threads {
    fn map(&self, assignment: &Assignment, _folder: &Folder, input: &str, outputs: &[String]) -> Working {
        let (Task::Map(number) | Task::Reduce(number)) = assignment.attempt.task;
        let Input::Chunk(chunk, reduces) = assignment.input.clone() else { return refused() };
        let (map, application) = (self.engines.map, assignment.application.clone());
        let (input, skip) = (self.path.join(input), assignment.skip.clone());
        let work = move |place: &Path, stop| {
            map(&MapWork {
                application,
                number,
                reduces,
                file: chunk.file,
                first_line: chunk.first_line,
                skip,
                input,
                place: place.into(),
                stop,
            })
        };
        let names = outputs.iter().enumerate();
        let names = names.map(|(reduce, output)| (format!("mr-{number}-{reduce}"), output.clone())).collect();
        self.begin(work, names)
    }

    fn reduce(&self, assignment: &Assignment, _folder: &Folder, inputs: &[String], output: &str) -> Working {
        let (Task::Map(number) | Task::Reduce(number)) = assignment.attempt.task;
        let (reduce, application) = (self.engines.reduce, assignment.application.clone());
        let inputs = inputs.iter().map(|input| self.path.join(input)).collect();
        let work = move |place: &Path, stop| {
            reduce(&ReduceWork { application, number, inputs, place: place.into(), stop })
        };
        self.begin(work, vec![(format!("out-{number}"), output.into())])
    }
}

fn refused() -> Working {
    Box::pin(async { Err(Cause::Failed("a map task was assigned without a chunk".into())) })
}
