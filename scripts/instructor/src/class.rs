//! `grade-class`: grades every submission of a folder, as many at once as there are cores, and makes the tables.
//!
//! Each submission is graded by a process of its own (`grade`), so that none can stop the others. What is known of a student is
//! `students/ID/` in the output folder; `done.json` comes last there, and says of what the grade was made. So a second start goes on where
//! the first was ended, and grades again whose submission, seeds or scenarios have changed. The tables (`grades.csv`, `class.html`) are
//! always made of what is in the folder, in the order of the names.

mod page;
mod roster;
mod similarity;
mod table;

use crate::export;
use crate::grade::write_atomically;
use crate::grade_json::{Grade, PICTURES, Status};
use crate::judge::{self, Plan};
use crate::kit::{Kit, with_path};
use crate::submission::Submission;
use roster::Roster;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub(crate) use similarity::Options as SimilarityOptions;
pub(crate) use similarity::run as run_similarity;

/// Whom to grade, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A folder with one submission a student: folders, archives or bare repositories, named after the students.
    #[arg(required_unless_present = "merge")]
    folder: Option<PathBuf>,
    /// The folder for all that is made; a second start with the same one goes on where the first was ended.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A table of the class, with a column `id`; the others are copied, and a column `penalty` (percent of the points) is taken off.
    #[arg(long, value_name = "CSV")]
    roster: Option<PathBuf>,
    /// A file with the assignment's secret, from which each student's hidden seeds are drawn.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Hidden scenarios with random choices are run with at least so many seeds; one that fails is enough.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "secret")]
    runs: u64,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
    /// Only this student, graded again whatever is known; may be given more than once.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Only every Nth student, from the Ith on, from 1: for as many machines.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// So many submissions at once; as many as there are cores unless told otherwise.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: Option<u8>,
    /// A submission that takes longer than this, in minutes, loses what was not judged by then.
    #[arg(long, value_name = "N", default_value_t = 60)]
    minutes: u64,
    /// Grade nobody; put together what was made with --shard on several machines.
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with_all = ["folder", "only", "shard"])]
    merge: Vec<PathBuf>,
    /// Grade although this machine cannot keep submissions apart from it.
    #[arg(long)]
    allow_weak_isolation: bool,
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let wrong = || "write I/N, such as 2/3".to_string();
    let (number, of) = text.split_once('/').ok_or_else(wrong)?;
    let (number, of): (usize, usize) =
        (number.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
    if (1..=of).contains(&number) { Ok((number, of)) } else { Err(wrong()) }
}

/// What is known when a student is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    /// Of what the grade was made: submission, seeds, scenarios.
    key: String,
    /// Why there is no grade, which is nobody's zero.
    error: Option<String>,
    seconds: f64,
}

/// How often a submission is tried whose grading has failed, for which it is not to blame.
const TRIES: u32 = 3;

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    // Before anything takes long.
    let roster = options.roster.as_deref().map(Roster::read).transpose()?;
    fs::create_dir_all(options.out.join("students")).map_err(|error| with_path(&options.out, &error))?;
    let mut failed = 0;
    if let Some(folder) = &options.folder {
        failed = grade_all(kit, options, folder)?;
    }
    for part in &options.merge {
        similarity::copy_folder(&part.join("students"), &options.out.join("students"))?;
    }
    let class = table::Class::read(&options.out, roster)?;
    class.write(&options.out)?;
    println!("{}", class.summary());
    println!("written: {0}/grades.csv, {0}/class.html, {0}/students/", options.out.display());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One student's submission.
struct Work {
    id: String,
    submission: PathBuf,
    key: String,
}

/// Grades whoever is not done; how many could not be graded.
fn grade_all(kit: &Kit, options: &Options, folder: &Path) -> io::Result<usize> {
    let (common, plans) = (common_key(kit, options)?, judge::plans(&[])?);
    // One that there is not would be the error of each submission.
    judge::plans(&options.labs)?;
    let all = submissions(folder)?;
    if let Some(unknown) = options.only.iter().find(|id| !all.contains_key(*id)) {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("{} has no submission of {unknown}", folder.display()),
        ));
    }
    let mine = all.into_iter().enumerate().filter(|(index, (id, _))| {
        options.shard.is_none_or(|(number, of)| index % of == number - 1)
            && (options.only.is_empty() || options.only.contains(id))
    });
    let (mut left, mut done) = (vec![], 0);
    for (_, (id, submission)) in mine {
        let key = key(&common, &submission, &plans);
        let known = read_done(&options.out.join("students").join(&id));
        let is_done = known.is_some_and(|known| known.key == key && known.error.is_none());
        if is_done && options.only.is_empty() {
            done += 1;
        } else {
            left.push(Work { id, submission, key });
        }
    }
    let total = left.len();
    println!("{} submissions, of which {done} are graded already", total + done);
    let jobs = options.jobs.map_or_else(judge::cores, usize::from).min(total.max(1));
    let (start, queue) = (Instant::now(), Mutex::new(left.into_iter()));
    let finished = Mutex::new((0, 0));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs)
            .map(|worker| {
                let (queue, finished) = (&queue, &finished);
                scope.spawn(move || -> io::Result<()> {
                    loop {
                        let next = queue.lock().ok().and_then(|mut queue| queue.next());
                        let Some(work) = next else { return Ok(()) };
                        let told = grade_one(options, &work, worker)?;
                        if let Ok(mut finished) = finished.lock() {
                            finished.0 += 1;
                            finished.1 += usize::from(told.is_err());
                            let words = told.unwrap_or_else(|why| format!("NOT GRADED: {why}"));
                            let left = total - finished.0;
                            let eta = start.elapsed().as_secs() * left as u64 / finished.0 as u64;
                            println!(
                                "{:>4} of {total}  {:<24} {words}  ({left} left, {} min {} s)",
                                finished.0,
                                work.id,
                                eta / 60,
                                eta % 60
                            );
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err(io::Error::other("a grading thread panicked")))
        })
    })?;
    finished
        .into_inner()
        .map(|finished| finished.1)
        .map_err(|_| io::Error::other("a grading thread panicked"))
}

/// Grades a submission in a process, again when that fails; says the score, or why there is none.
fn grade_one(options: &Options, work: &Work, workshop: usize) -> io::Result<Result<String, String>> {
    let folder = options.out.join("students").join(&work.id);
    fs::create_dir_all(&folder).map_err(|error| with_path(&folder, &error))?;
    let start = Instant::now();
    let mut ended = Err(String::new());
    for _ in 0..TRIES {
        ended = try_once(options, work, workshop, &folder)?;
        if ended.is_ok() {
            break;
        }
    }
    let told = match &ended {
        Ok(grade) => {
            let (markdown, html) = export::feedback(grade, &work.id);
            let changes = Grade::read(&folder.join("grade.json")).map(|before| changes(&before, grade));
            write_atomically(&folder, "grade.json", &format!("{}\n", serde_json::to_string_pretty(grade)?))?;
            write_atomically(&folder, "feedback.md", &markdown)?;
            write_atomically(&folder, "feedback.html", &html)?;
            let changes = changes.unwrap_or_default();
            Ok(format!("{:>4} of {:<4}{changes}", grade.score, grade.max_score))
        }
        Err(why) => Err(why.clone()),
    };
    let done = Done { key: work.key.clone(), error: ended.err(), seconds: start.elapsed().as_secs_f64() };
    write_atomically(&folder, "done.json", &serde_json::to_string(&done)?)?;
    Ok(told)
}

fn try_once(
    options: &Options,
    work: &Work,
    workshop: usize,
    folder: &Path,
) -> io::Result<Result<Grade, String>> {
    // Where it is known to whoever goes on when this process is gone.
    let place = folder.join("running");
    let log = folder.join("log.txt");
    let words = File::create(&log).map_err(|error| with_path(&log, &error))?;
    let _ = fs::remove_dir_all(&place);
    let program = std::env::current_exe()?;
    let mut command = Command::new(&program);
    command.arg("grade").arg(&work.submission).arg("--out").arg(&place);
    command.args(["--leashed", "--at-once", "1", "--workshop", &workshop.to_string()]);
    command.args(["--minutes", &options.minutes.to_string()]);
    if let Some(secret) = &options.secret {
        command.arg(format!("--student={}", work.id)).arg("--secret").arg(secret);
        command.args(["--runs", &options.runs.to_string()]);
    }
    for lab in &options.labs {
        command.args(["--lab", lab]);
    }
    if options.allow_weak_isolation {
        command.arg("--allow-weak-isolation");
    }
    command.stdin(Stdio::piped()).stdout(words.try_clone()?).stderr(words);
    let mut child = command.spawn().map_err(|error| {
        let why = "was it built anew meanwhile? The same command goes on where this one has ended";
        io::Error::new(error.kind(), format!("{}: {error}; {why}", program.display()))
    })?;
    // When this process is gone, so is our end of the other's input, and the other ends too.
    let leash = child.stdin.take();
    let status = child.wait()?;
    drop(leash);
    let last = || {
        let mut text = String::new();
        let _ = File::open(&log).and_then(|mut log| log.read_to_string(&mut text));
        faultline::text::line(text.lines().last().unwrap_or_default(), 160)
    };
    let grade = Grade::read(&place.join("grade.json"));
    let pictures = folder.join(PICTURES);
    let _ = fs::remove_dir_all(&pictures);
    if let Err(error) = fs::rename(place.join(PICTURES), &pictures)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(with_path(&pictures, &error));
    }
    let _ = fs::remove_dir_all(&place);
    Ok(match grade {
        _ if !status.success() => Err(format!("{status}: {}", last())),
        Err(error) => Err(error.to_string()),
        Ok(grade) => {
            match grade.labs.iter().flat_map(|lab| &lab.scenarios).find(|it| it.status == Status::Error) {
                Some(scenario) => Err(format!("{} could not be judged: {}", scenario.id, scenario.reason)),
                None => Ok(grade),
            }
        }
    })
}

/// What a regrade has changed, in a few words.
fn changes(before: &Grade, now: &Grade) -> String {
    let of = |grade: &Grade| -> BTreeMap<(String, String), u32> {
        let all = grade.labs.iter().flat_map(|lab| lab.scenarios.iter().map(move |it| (lab, it)));
        all.map(|(lab, it)| ((lab.lab.clone(), it.id.clone()), it.points)).collect()
    };
    let (old, new) = (of(before), of(now));
    let differ = |key: &&(String, String)| old.get(*key) != new.get(*key);
    let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).filter(differ).collect();
    if keys.is_empty() {
        return String::new();
    }
    let points = |points: Option<&u32>| points.map_or("-".into(), u32::to_string);
    let one = |key: &(String, String)| {
        let lab = faultline::report::short_lab(&key.0);
        format!("{lab}-{} {} -> {}", key.1, points(old.get(key)), points(new.get(key)))
    };
    let told: Vec<_> = keys.iter().take(5).map(|key| one(key)).collect();
    let more = if keys.len() > 5 { format!(" and {} more", keys.len() - 5) } else { String::new() };
    format!("  was {}: {}{more}", before.score, told.join(", "))
}

fn read_done(folder: &Path) -> Option<Done> {
    serde_json::from_slice(&fs::read(folder.join("done.json")).ok()?).ok()
}

/// The submissions of a folder by the names of the students.
pub(crate) fn submissions(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| with_path(folder, &error))? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        let endings = [".tar.gz", ".tgz", ".tar", ".zip", ".git"];
        let id = endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name).to_string();
        if let Some(other) = all.insert(id.clone(), path) {
            let text = format!("there are two submissions of {id}: {name} and {}", other.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
    }
    if all.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("{} has no submissions", folder.display()),
        ));
    }
    Ok(all)
}

/// What all grades are made of: scenarios, lower layers, seeds.
fn common_key(kit: &Kit, options: &Options) -> io::Result<Sha256> {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for folder in ["harness/src", "labs", "skeleton", "solutions-private/hidden"] {
        for file in kit.files(folder)? {
            add(file.to_string_lossy().as_bytes());
            add(&fs::read(kit.path(&file)).map_err(|error| with_path(&file, &error))?);
        }
    }
    add(kit.read("Cargo.lock")?.as_bytes());
    if let Some(secret) = &options.secret {
        add(&fs::read(secret).map_err(|error| with_path(secret, &error))?);
        add(&options.runs.to_le_bytes());
    }
    options.labs.iter().for_each(|lab| add(lab.as_bytes()));
    Ok(hash)
}

/// Of what a submission's grade is made. One that cannot be read is told by who grades it, and stops nobody else.
fn key(common: &Sha256, submission: &Path, plans: &[Plan]) -> String {
    let mut hash = common.clone();
    match sources(submission, plans) {
        Err(error) => hash.update(error.to_string()),
        Ok(files) => {
            for (lab, path, content) in files {
                hash.update(format!("{lab} {} {}\n", path.display(), content.len()));
                hash.update(content);
            }
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All that counts of a submission: lab, path and content.
fn sources(submission: &Path, plans: &[Plan]) -> io::Result<Vec<(&'static str, PathBuf, Vec<u8>)>> {
    let submission = Submission::open(submission)?;
    let mut all = vec![];
    for plan in plans {
        let files = submission.sources(plan.lab)?.unwrap_or_default().files;
        all.extend(files.into_iter().map(|(path, content)| (plan.lab, path, content)));
    }
    Ok(all)
}

/// Ends this process when whoever has started it is gone.
pub(crate) fn end_with_parent() {
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(3);
    });
}

/// Keeps this process, and all that it starts, to one core: the judge and the submission speak in turns, which takes a third less
/// processor time when neither has to be woken on another. Where that cannot be, they are slower.
pub(crate) fn keep_to_a_core(number: usize) {
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let cores: Vec<_> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
    let mut one = CpuSet::new();
    one.set(cores[number % cores.len()]);
    let _ = sched_setaffinity(None, &one);
}

/// How long something took, for people.
fn duration(seconds: f64) -> String {
    let time = Duration::from_secs_f64(seconds);
    format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
}
