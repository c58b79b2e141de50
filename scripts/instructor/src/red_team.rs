//! `red-team`: grades hostile submissions and looks whether each earns what it should, is told for what it is, and leaves nothing
//! behind. An attack is a folder `solutions-private/red-team/NAME/` with `attack.toml` ([`Attack`]) and with what is laid over the
//! submission that it starts from: `files/`, or what `make.sh` does there.

mod traces;

use crate::grade;
use crate::grade_json::{Grade, Status};
use crate::jail::{Jail, Level};
use crate::judge::{self, Pace};
use crate::kit::{Kit, with_path};
use crate::mutants;
use crate::submission::Submission;
use crate::workshop::{Parts, Workshop};
use serde::Deserialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use traces::Traces;

/// Which attacks to make.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only attacks whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Make so many in all, from the first again after the last.
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Where there is no jail, say so and succeed.
    #[arg(long)]
    or_skip: bool,
}

/// What an attack is, and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attack {
    /// What it does.
    what: String,
    /// The lab that it hands in.
    lab: String,
    /// What it starts from.
    from: Base,
    /// The points that it may earn: those of its honest part.
    points: u32,
    /// A sentence of which its grade must have each.
    told: Vec<String>,
    /// What its grade must not have: what it wanted to know.
    #[serde(default)]
    kept: Vec<String>,
    /// Only these scenarios judge it, where each takes its time.
    #[serde(default)]
    scenarios: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Base {
    Skeleton,
    Reference,
}

/// Where attacks are.
const FOLDER: &str = "solutions-private/red-team";

/// The labs that attacks hand in.
const LABS: [&str; 2] = ["lab1-datagram", "lab2-reliable"];

/// Some builds are attacks too.
const BUILD_PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let jail = Jail::probe(kit, 0);
    println!("isolation: {jail}");
    if jail.level() == Level::Process && options.or_skip {
        println!("SKIPPED red-team");
        return Ok(ExitCode::SUCCESS);
    }
    if jail.level() == Level::Process {
        return Err(io::Error::other("hostile submissions are run in a jail or not at all"));
    }
    // Where it has none of its own, there is nobody of this number.
    let user = jail.user().unwrap_or(u32::MAX);
    let workshop = Workshop::open(kit, 0)?.jailed(jail);
    // What is built but once is no attack.
    for lab in LABS {
        let sources = Submission::open(&kit.path("skeleton"))?.all_sources(vec![lab.into()])?;
        workshop.install(lab, &sources)?;
        workshop.build(lab, Parts::All)?.map_err(io::Error::other)?;
    }
    let workshop = workshop.patient(BUILD_PATIENCE);
    let names = names(kit, options)?;
    let runs = options.runs.unwrap_or(names.len());
    let before = Traces::take(user)?;
    let mut wrong = 0;
    for name in names.iter().cycle().take(runs) {
        let start = Instant::now();
        let troubles = make(kit, &workshop, name, &before, user)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{} {name:<34} {seconds:>5.1} s", if troubles.is_empty() { "ok    " } else { "WRONG " });
        troubles.iter().for_each(|trouble| println!("         {trouble}"));
        wrong += usize::from(!troubles.is_empty());
    }
    println!("{} of {runs} attacks came to nothing", runs - wrong);
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn names(kit: &Kit, options: &Options) -> io::Result<Vec<String>> {
    let folder = kit.path(FOLDER);
    let mut names = vec![];
    for entry in fs::read_dir(&folder).map_err(|error| with_path(&folder, &error))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.retain(|name| options.only.as_ref().is_none_or(|text| name.contains(text)));
    names.sort();
    if names.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{FOLDER} has no such attack")));
    }
    Ok(names)
}

/// Makes one attack; what is wrong about what came of it.
fn make(
    kit: &Kit,
    workshop: &Workshop<'_>,
    name: &str,
    before: &Traces,
    user: u32,
) -> io::Result<Vec<String>> {
    let folder = Path::new(FOLDER).join(name);
    let manifest = folder.join("attack.toml");
    let attack: Attack = toml::from_str(&kit.read(&manifest)?).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", manifest.display()))
    })?;
    let place = tempfile::tempdir()?;
    let submission = submission(kit, &attack, &folder, place.path())?;
    let plans: Vec<_> = judge::plans(std::slice::from_ref(&attack.lab))?
        .into_iter()
        .map(|plan| {
            plan.filtered(|it| {
                attack.scenarios.is_empty() || attack.scenarios.iter().any(|id| id == it.scenario.id)
            })
        })
        .collect();
    let labs = grade::grade_labs(workshop, &submission, &plans, Pace::default(), &|_| {}, &|_, _| {})?;
    let grade = Grade::new(None, workshop.isolation(), labs);
    drop(place);
    let text = serde_json::to_string_pretty(&grade)?;
    let mut troubles = vec![];
    if grade.score + grade.bonus != attack.points {
        troubles.push(format!("earned {} points, not {}", grade.score + grade.bonus, attack.points));
    }
    let missing = attack.told.iter().filter(|told| !text.contains(&json(told)));
    troubles.extend(missing.map(|told| format!("nobody was told: {told}")));
    let known = attack.kept.iter().filter(|kept| text.contains(&json(kept)));
    troubles.extend(known.map(|kept| format!("it has learned: {kept}")));
    troubles.extend(traces::left(before, user)?);
    if !troubles.is_empty() {
        let said = grade.labs.iter().flat_map(|lab| {
            let (passed, lost): (Vec<_>, Vec<_>) =
                lab.scenarios.iter().partition(|it| it.status == Status::Passed);
            let passed: Vec<_> = passed.iter().map(|it| it.id.as_str()).collect();
            let passed = format!("passed: {}", passed.join(" "));
            let lost = lost.into_iter().map(|it| format!("{} {:?}: {}", it.id, it.status, it.reason));
            let words = lab.message.iter().chain(&lab.remarks).chain(&lab.flags).cloned();
            words.chain([passed]).chain(lost).take(8).collect::<Vec<_>>()
        });
        troubles.extend(said.map(|said| format!("  said: {}", faultline::text::line(&said, 200))));
        troubles.insert(0, attack.what);
    }
    Ok(troubles)
}

/// A text as it is within a string of JSON.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_start_matches('"').trim_end_matches('"').to_string()
}

/// Makes what is handed in.
fn submission(kit: &Kit, attack: &Attack, folder: &Path, place: &Path) -> io::Result<PathBuf> {
    let base = match attack.from {
        Base::Skeleton => "skeleton",
        Base::Reference => "solutions-private",
    };
    let (tree, archive) = (place.join("tree"), place.join("handed-in"));
    fs::create_dir_all(&tree)?;
    mutants::copy(kit, base, &attack.lab, &tree)?;
    let files = kit.path(folder).join("files");
    if files.is_dir() {
        shell("cp -R \"$0\"/. \"$1\"", &files, &tree, &archive)?;
    }
    let make = kit.path(folder).join("make.sh");
    if make.is_file() {
        shell("exec bash \"$0\" \"$1\" \"$2\"", &make, &tree, &archive)?;
    }
    // Whoever makes an archive chooses its ending.
    let made = fs::read_dir(place)?.filter_map(Result::ok).map(|entry| entry.path());
    let archive = made.into_iter().find(|path| path.file_name().is_some_and(|name| name != "tree"));
    Ok(archive.unwrap_or(tree))
}

fn shell(script: &str, zeroth: &Path, tree: &Path, archive: &Path) -> io::Result<()> {
    let status = Command::new("bash").args(["-euc", script]).arg(zeroth).arg(tree).arg(archive).status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{}: {status}", zeroth.display())))
}
