//! `mutants`: judges every mutant of the reference solutions and compares the scenarios that fail with those that the
//! mutant names. A mutant is a patch `solutions-private/mutants/labN/*.patch` with lines before its diff: `fails: B1 B3
//! HB2` (exactly these, public and hidden), `bug: what is wrong`, and `by: B1`, the scenario that is there for this bug.
//!
//! Live scenarios judge only mutants that name one of them. Most of the time goes into scenarios that a mutant does not lose,
//! which run through all their seeds and searches; `--named` leaves these out.

use crate::judge::{self, Pace, Plan, Planned};
use crate::kit::{Kit, with_path};
use crate::submission::Submission;
use crate::workshop::{Built, Parts, Workshop};
use faultline::scenario::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use tempfile::TempDir;

/// Which mutants to judge.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
    /// Only mutants whose file name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Judge each mutant by the scenarios that it names and no others: a fraction of the time, and whether it loses one that it
    /// does not name stays open.
    #[arg(long, conflicts_with = "rewrite")]
    named: bool,
    /// Write into each mutant's first line what it loses. Look at the changes before you commit them.
    #[arg(long)]
    rewrite: bool,
}

/// One wrong program.
#[derive(Debug, PartialEq, Eq)]
struct Mutant {
    /// The patch, as a path below the kit's root.
    path: PathBuf,
    /// Path below solutions-private/mutants, without the ending.
    name: String,
    bug: String,
    fails: BTreeSet<String>,
    /// The scenario that is there for this bug.
    by: Option<String>,
    diff: String,
}

/// Which scenarios really failed.
type Killed = Result<BTreeSet<String>, String>;

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let plans = judge::plans(&options.labs)?;
    let mut work = vec![];
    for plan in &plans {
        let mutants = mutants_of(kit, plan)?;
        let chosen =
            mutants.into_iter().filter(|it| options.only.as_ref().is_none_or(|text| it.name.contains(text)));
        work.extend(chosen.map(|mutant| (plan, mutant)));
    }
    println!("{} mutants", work.len());
    let killed = judge_all(kit, &work, if options.named { Extent::Named } else { Extent::All })?;
    if options.rewrite {
        work.iter().zip(&killed).try_for_each(|((_, mutant), killed)| rewrite(kit, mutant, killed))?;
    }
    report_public(&work, &killed);
    let wrong =
        work.iter().zip(&killed).filter(|((_, mutant), killed)| Ok(&mutant.fails) != killed.as_ref()).count();
    let exactly = if options.named { "" } else { "exactly " };
    let idle = if options.only.is_some() { 0 } else { report_idle(&plans, &work) };
    println!("{} mutants lose {exactly}the scenarios that they name, {wrong} do not", work.len() - wrong);
    Ok(if wrong + idle == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes what a mutant loses into its first line, if it still loses the scenario that is there for it.
fn rewrite(kit: &Kit, mutant: &Mutant, killed: &Killed) -> io::Result<()> {
    let Ok(killed) = killed else { return Ok(()) };
    if killed.is_empty()
        || *killed == mutant.fails
        || mutant.by.as_ref().is_some_and(|by| !killed.contains(by))
    {
        return Ok(());
    }
    let text = kit.read(&mutant.path)?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    let path = kit.path(&mutant.path);
    fs::write(&path, format!("fails: {}\n{rest}", list(killed))).map_err(|error| with_path(&path, &error))
}

/// How many bugs a student sees by the public scenarios alone.
fn report_public(work: &[(&Plan, Mutant)], killed: &[Killed]) {
    let public =
        |killed: &&Killed| killed.as_ref().is_ok_and(|killed| killed.iter().any(|id| !id.starts_with('H')));
    println!(
        "{} of {} are caught by public scenarios alone",
        killed.iter().filter(public).count(),
        work.len()
    );
    let unnamed = work.iter().filter(|(_, mutant)| mutant.by.is_none()).count();
    if unnamed > 0 {
        println!("{unnamed} do not say which scenario is there for them (`by:`)");
    }
}

fn list(ids: &BTreeSet<String>) -> String {
    let mut ids: Vec<&String> = ids.iter().collect();
    let number =
        |id: &str| id.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().unwrap_or(0u32);
    ids.sort_by_key(|id| (id.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_string(), number(id)));
    ids.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Names the scenarios that no mutant fails.
fn report_idle(plans: &[Plan], work: &[(&Plan, Mutant)]) -> usize {
    let ids = plans.iter().flat_map(|plan| plan.scenarios.iter().map(|it| (plan.lab, it.scenario.id)));
    let mut kills: BTreeMap<(&str, &str), usize> = ids.map(|id| (id, 0)).collect();
    for (plan, mutant) in work {
        for id in &mutant.fails {
            if let Some(count) = kills.get_mut(&(plan.lab, id.as_str())) {
                *count += 1;
            }
        }
    }
    println!("mutants caught by each scenario:");
    for ((lab, id), count) in &kills {
        println!("  {lab} {id:<5} {count:>3}{}", if *count == 0 { "  <- catches nothing" } else { "" });
    }
    kills.values().filter(|count| **count == 0).count()
}

fn mutants_of(kit: &Kit, plan: &Plan) -> io::Result<Vec<Mutant>> {
    let folder = Path::new("solutions-private/mutants").join(faultline::report::short_lab(plan.lab));
    let files = kit.files(&folder)?;
    let patches = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "patch"));
    patches.map(|path| parse(path, &kit.read(path)?, plan)).collect()
}

fn parse(path: &Path, text: &str, plan: &Plan) -> io::Result<Mutant> {
    let wrong = |line: usize, what: &str| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}:{line}: {what}", path.display()))
    };
    let mut lines = text.lines();
    let fails = lines.next().and_then(|line| line.strip_prefix("fails:"));
    let fails = fails.ok_or_else(|| wrong(1, "write `fails:` and the ids of the scenarios that it loses"))?;
    let bug = lines.next().and_then(|line| line.strip_prefix("bug:"));
    let bug = bug.ok_or_else(|| wrong(2, "write `bug:` and what is wrong with the program"))?.trim().into();
    let fails: BTreeSet<String> = fails.split_whitespace().map(String::from).collect();
    if fails.is_empty() {
        return Err(wrong(1, "a mutant must lose at least one scenario"));
    }
    if let Some(id) = fails.iter().find(|id| plan.scenarios.iter().all(|it| it.scenario.id != id.as_str())) {
        return Err(wrong(1, &format!("{} has no scenario {id}", plan.lab)));
    }
    let by = lines.next().and_then(|line| line.strip_prefix("by:")).map(|id| id.trim().to_string());
    if let Some(id) = by.iter().find(|id| !fails.contains(*id)) {
        return Err(wrong(3, &format!("`by: {id}` is not among those that it fails")));
    }
    let diff = text.find("--- ").ok_or_else(|| wrong(4, "there is no diff"))?;
    let short = path.components().rev().take(2).collect::<Vec<_>>();
    let name: PathBuf = short.into_iter().rev().collect();
    let name = name.with_extension("").display().to_string();
    Ok(Mutant { path: path.into(), name, bug, fails, by, diff: text[diff..].into() })
}

/// A mutant that is built, with its programs in a folder of its own, so that its workshop can go on to the next.
struct Ready<'a> {
    /// Its number in the work.
    index: usize,
    mutant: &'a Mutant,
    plan: Plan,
    built: Built,
    /// Where its programs are.
    _folder: TempDir,
}

/// What is judged, and what has come of it.
struct Work<'a> {
    kit: &'a Kit,
    extent: Extent,
    queue: Mutex<std::iter::Enumerate<std::slice::Iter<'a, (&'a Plan, Mutant)>>>,
    results: Mutex<BTreeMap<usize, Killed>>,
}

impl<'a> Work<'a> {
    fn next(&self) -> Option<(usize, &'a (&'a Plan, Mutant))> {
        self.queue.lock().ok()?.next()
    }

    fn end(&self, index: usize, mutant: &Mutant, killed: Killed) {
        tell(mutant, &killed);
        if let Ok(mut results) = self.results.lock() {
            results.insert(index, killed);
        }
    }

    /// Builds one after another, until there are no more or nobody judges any more.
    fn build_all(&self, number: usize, ready: &SyncSender<Ready<'a>>) -> io::Result<()> {
        let workshop = self.extent.workshop(self.kit, number)?;
        while let Some((index, (plan, mutant))) = self.next() {
            let plan = self.extent.plan(plan, mutant);
            match build(self.kit, &workshop, &plan, mutant)? {
                Err(why) => self.end(index, mutant, Err(why)),
                Ok(built) => {
                    let folder = workshop.folder()?;
                    let built = built.moved_to(folder.path())?;
                    if ready.send(Ready { index, mutant, plan, built, _folder: folder }).is_err() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    fn judge_all(&self, ready: &Mutex<Receiver<Ready<'a>>>) {
        /// Scenarios of one mutant at once.
        const AT_ONCE: usize = 4;
        while let Some(next) = ready.lock().ok().and_then(|ready| ready.recv().ok()) {
            let Ready { index, mutant, plan, built, _folder } = next;
            let ends = judge::judge_at(&plan, &built, Pace { at_once: AT_ONCE, until: None });
            let failed = plan.scenarios.iter().zip(&ends).filter(|(_, ended)| ended.failure.is_some());
            self.end(index, mutant, Ok(failed.map(|(it, _)| it.scenario.id.to_string()).collect()));
        }
    }
}

/// Builds on all cores. What fails live mostly waits, for what never comes, so more mutants are judged at once than are built.
fn judge_all(kit: &Kit, work: &[(&Plan, Mutant)], extent: Extent) -> io::Result<Vec<Killed>> {
    /// Mutants that are judged at once for each that is built.
    const JUDGES: usize = 3;
    let (builders, all) = (judge::cores().min(work.len().max(1)), work.len());
    let queue = Mutex::new(work.iter().enumerate());
    let work = Work { kit, extent, queue, results: Mutex::default() };
    let (send, receive) = mpsc::sync_channel(0);
    let receive = Mutex::new(receive);
    thread::scope(|scope| {
        for _ in 0..builders * JUDGES {
            scope.spawn(|| work.judge_all(&receive));
        }
        let builders: Vec<_> = (1..=builders)
            .map(|number| {
                let (work, send) = (&work, send.clone());
                scope.spawn(move || work.build_all(number, &send))
            })
            .collect();
        drop(send);
        builders.into_iter().try_for_each(|builder| {
            builder.join().unwrap_or_else(|_| Err(io::Error::other("a building thread panicked")))
        })
    })?;
    let results = work.results.into_inner().unwrap_or_default();
    if results.len() < all {
        return Err(io::Error::other("a judging thread panicked"));
    }
    Ok(results.into_values().collect())
}

/// Builds a mutant, if it can be built.
fn build(
    kit: &Kit,
    workshop: &Workshop<'_>,
    plan: &Plan,
    mutant: &Mutant,
) -> io::Result<Result<Built, String>> {
    let folder = tempfile::tempdir()?;
    let labs = workshop.submitted(plan.lab)?;
    labs.iter().try_for_each(|lab| copy(kit, "solutions-private", lab, folder.path()))?;
    if let Err(words) = apply(folder.path(), &mutant.diff)? {
        return Ok(Err(format!("the patch does not apply: {words}")));
    }
    let sources = Submission::open(folder.path())?.all_sources(labs)?;
    workshop.install(plan.lab, &sources)?;
    let parts = if plan.has_live() { Parts::All } else { Parts::Driver };
    let built = workshop.build(plan.lab, parts)?;
    Ok(built.map_err(|words| format!("it does not build: {words}")))
}

/// What each mutant is judged by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Every scenario, to see exactly what it loses.
    All,
    /// The scenarios that it names.
    Named,
}

impl Extent {
    /// Who loses everything that he is judged by needs no fast code; who passes most of it does.
    fn workshop(self, kit: &Kit, number: usize) -> io::Result<Workshop<'_>> {
        match self {
            Extent::All => Workshop::open(kit, number),
            Extent::Named => Workshop::hasty(kit, number),
        }
    }

    /// Of all scenarios, a mutant that names no live one is not judged by any: it would wait, in real time, for what it never
    /// does, and what it loses is told by the others.
    fn plan(self, plan: &Plan, mutant: &Mutant) -> Plan {
        let is_named = |planned: &Planned| mutant.fails.contains(planned.scenario.id);
        let is_live = |planned: &Planned| planned.scenario.world == World::Live;
        let names_one = plan.scenarios.iter().any(|planned| is_live(planned) && is_named(planned));
        plan.filtered(|planned| match self {
            Extent::All => names_one || !is_live(planned),
            Extent::Named => is_named(planned),
        })
    }
}

/// Copies the sources of a lab, in `skeleton` or `solutions-private`, into a folder of labs.
pub(crate) fn copy(kit: &Kit, from: &str, lab: &str, to: &Path) -> io::Result<()> {
    let base = Path::new(from);
    let from = base.join(lab).join("src");
    for file in kit.files(&from)? {
        let below = file.strip_prefix(base).unwrap_or(&file);
        let target = to.join(below);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|error| with_path(folder, &error))?;
        }
        fs::copy(kit.path(&file), &target).map_err(|error| with_path(&file, &error))?;
    }
    Ok(())
}

fn apply(folder: &Path, diff: &str) -> io::Result<Result<(), String>> {
    let mut child = Command::new("git")
        .args(["apply", "-p1", "-"])
        .current_dir(folder)
        // The folder is no part of any repository, so the patch's paths are its own.
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder))
        .env_remove("GIT_DIR")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(diff.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    Ok(if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

fn tell(mutant: &Mutant, killed: &Killed) {
    match killed {
        Ok(killed) if *killed == mutant.fails => {
            println!("ok     {:<44} loses {:<40} {}", mutant.name, list(killed), mutant.bug);
        }
        Ok(killed) => {
            println!("WRONG  {:<44} loses {:<40} {}", mutant.name, list(killed), mutant.bug);
            let missing: BTreeSet<_> = mutant.fails.difference(killed).cloned().collect();
            let extra: BTreeSet<_> = killed.difference(&mutant.fails).cloned().collect();
            println!(
                "       should lose but passes: {}; loses but does not say so: {}",
                list(&missing),
                list(&extra)
            );
        }
        Err(why) => println!("WRONG  {:<44} {why}", mutant.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_lab2(text: &str) -> io::Result<Mutant> {
        let plan = judge::plans(&["lab2-reliable".into()]).unwrap().remove(0);
        parse(Path::new("solutions-private/mutants/lab2/x.patch"), text, &plan)
    }

    #[test]
    fn a_mutant_names_its_scenarios_and_its_bug() {
        let mutant = parse_lab2("fails: B3 B1\nbug: forgets\n\n--- a/x\n+++ b/x\n").unwrap();
        assert_eq!(mutant.name, "lab2/x");
        assert_eq!(mutant.fails, BTreeSet::from(["B1".into(), "B3".into()]));
        assert_eq!((mutant.bug.as_str(), mutant.diff.as_str()), ("forgets", "--- a/x\n+++ b/x\n"));
        assert_eq!(mutant.by, None);
        let named = parse_lab2("fails: B10 B1 A2\nbug: forgets\nby: B1\n\n--- a/x\n+++ b/x\n").unwrap();
        assert_eq!((named.by.as_deref(), list(&named.fails).as_str()), (Some("B1"), "A2 B1 B10"));
    }

    #[test]
    fn a_mutant_that_names_no_live_scenario_is_judged_by_none() {
        let plan = judge::plans(&["lab2-reliable".into()]).unwrap().remove(0);
        let live = |mutant: &Mutant| {
            let scenarios = Extent::All.plan(&plan, mutant).scenarios;
            assert!(scenarios.iter().any(|it| it.scenario.id == "B1"));
            scenarios.iter().filter(|it| it.scenario.world == World::Live).count()
        };
        let all = plan.scenarios.iter().filter(|it| it.scenario.world == World::Live).count();
        assert_eq!(live(&parse_lab2("fails: B1\nbug: x\n--- a").unwrap()), 0);
        assert_eq!(live(&parse_lab2("fails: B1 E24\nbug: x\n--- a").unwrap()), all);
    }

    #[test]
    fn mistakes_in_a_mutant_are_said_with_their_place() {
        let error = |text| parse_lab2(text).unwrap_err().to_string();
        assert!(error("fails: B99\nbug: x\n--- a").ends_with("x.patch:1: lab2-reliable has no scenario B99"));
        assert!(error("bug: x\n").contains("x.patch:1: write `fails:`"));
        assert!(error("fails: B1\nbug: x\n").contains("there is no diff"));
        assert!(error("fails: B1\nbug: x\nby: B2\n--- a").contains("x.patch:3: `by: B2` is not among"));
        assert!(error("fails:\nbug: x\n--- a").contains("at least one"));
    }

    #[test]
    fn a_patch_applies_below_the_folder_and_says_when_it_cannot() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("lab/src")).unwrap();
        fs::write(folder.path().join("lab/src/a.rs"), "one\n").unwrap();
        let diff = "--- a/lab/src/a.rs\n+++ b/lab/src/a.rs\n@@ -1 +1 @@\n-one\n+two\n";
        assert_eq!(apply(folder.path(), diff).unwrap(), Ok(()));
        assert_eq!(fs::read_to_string(folder.path().join("lab/src/a.rs")).unwrap(), "two\n");
        assert!(apply(folder.path(), diff).unwrap().is_err());
    }
}
