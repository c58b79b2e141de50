//! The student's program, `cargo lab`: shows the points of a lab, replays a scenario, gives a hint, lists scenarios, and is
//! a bad network for programs that run by themselves (`relay.rs`).
//!
//! It links no lab: it builds the lab's own test program and runs it with the right option, so that what is replayed is
//! the code as it is now.

mod relay;
mod upgrade;

use clap::{Parser, Subcommand};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Where a student's labs are.
const SKELETON: &str = "skeleton";

/// How the names of trace files end.
const TRACE_ENDING: &str = ".jsonl";

/// The longest header of a trace file, in bytes.
const HEADER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Works with the labs of this kit.
#[derive(Parser)]
#[command(name = "cargo lab", bin_name = "cargo lab")]
struct Arguments {
    /// The workspace folder whose labs are meant.
    #[arg(long, global = true, default_value = SKELETON, value_name = "DIR")]
    labs: PathBuf,
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Runs every public scenario of a lab and shows the points.
    Score {
        /// The lab, as in lab2 or lab2-reliable.
        lab: String,
    },
    /// Runs one scenario again, or the run of a trace file, and shows its story.
    Replay {
        /// The lab and the scenario, as in lab2-B3, or a trace file that a failure left, as in target/lab/lab2-B3.jsonl.
        scenario: String,
        /// The seed that a failure named.
        #[arg(long)]
        seed: Option<u64>,
        /// The first so many seeds, up to one that fails: a longer run than a graded one.
        #[arg(long, conflicts_with = "seed")]
        seeds: Option<u64>,
        /// Shows every step, however many there are.
        #[arg(long)]
        full: bool,
    },
    /// Says where to look when a scenario fails, without giving the answer away.
    Hint {
        /// The lab and the scenario, as in lab2-B3.
        scenario: String,
    },
    /// Lists the scenarios of a lab, or the labs.
    List {
        /// The lab, as in lab2.
        lab: Option<String>,
    },
    /// Brings a new hand-out over this one, and keeps what you have written.
    Upgrade {
        /// The folder to which the new hand-out was unpacked.
        new: PathBuf,
    },
    /// Is a bad network between a program and its server, until Ctrl-C.
    #[command(after_help = relay::EXAMPLE)]
    Relay(relay::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(wrong) => {
            eprintln!("error: {wrong}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let labs = labs(&arguments.labs)?;
    let test = |lab: &str, options: &[&str]| test_program(&arguments.labs, lab, options);
    match &arguments.command {
        Subcommands::Score { lab } => test(find(&labs, lab)?, &["--score"]),
        Subcommands::Replay { scenario, full, .. } if scenario.ends_with(TRACE_ENDING) => {
            let (lab, file) = trace(&labs, Path::new(scenario))?;
            let mut options = vec!["--replay-file", file.as_str()];
            options.extend(full.then_some("--full"));
            test(lab, &options)
        }
        Subcommands::Replay { scenario, seed, seeds, full } => {
            let (lab, id) = split(&labs, scenario)?;
            let (seed, seeds) = (seed.map(|seed| seed.to_string()), seeds.map(|seeds| seeds.to_string()));
            let mut options = vec!["--replay", &id];
            options.extend(seed.as_deref().map(|seed| ["--seed", seed]).into_iter().flatten());
            options.extend(seeds.as_deref().map(|seeds| ["--seeds", seeds]).into_iter().flatten());
            options.extend(full.then_some("--full"));
            test(lab, &options)
        }
        Subcommands::Hint { scenario } => {
            let (lab, id) = split(&labs, scenario)?;
            test(lab, &["--hint", &id])
        }
        Subcommands::List { lab: Some(lab) } => test(find(&labs, lab)?, &["--list"]),
        Subcommands::List { lab: None } => {
            labs.iter().for_each(|lab| println!("{lab}"));
            Ok(ExitCode::SUCCESS)
        }
        Subcommands::Upgrade { new } => {
            let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            let upgrade = upgrade::run(new, &here)?;
            upgrade.remarks.iter().for_each(|remark| println!("{remark}"));
            println!("brought {}, removed {}", upgrade.brought, upgrade.removed);
            Ok(ExitCode::SUCCESS)
        }
        Subcommands::Relay(options) => relay::run(options).map(|()| ExitCode::SUCCESS),
    }
}

/// The labs' package names, sorted.
fn labs(folder: &Path) -> Result<Vec<String>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let listing = std::fs::read_dir(&root).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names = listing.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut labs: Vec<_> = names.filter(|name| name.starts_with("lab")).collect();
    labs.sort();
    Ok(labs)
}

fn find<'a>(labs: &'a [String], wanted: &str) -> Result<&'a str, String> {
    let short = |lab: &str| lab.split('-').next().unwrap_or_default().to_string();
    let found = labs.iter().find(|lab| lab.as_str() == wanted || short(lab) == wanted);
    found
        .map(String::as_str)
        .ok_or_else(|| format!("there is no lab {wanted}; there are {}", labs.join(", ")))
}

/// `lab2-B3` is scenario `B3` of the lab whose short name is `lab2`.
fn split<'a>(labs: &'a [String], scenario: &str) -> Result<(&'a str, String), String> {
    let form = || format!("{scenario:?} is no scenario; write the lab and the id, as in lab2-B3");
    let (lab, id) = scenario.rsplit_once('-').ok_or_else(form)?;
    Ok((find(labs, lab)?, id.to_uppercase()))
}

/// Where a trace file is: at its path, or where failures leave theirs in the folder `target` that this program was built
/// into, which may be elsewhere (`CARGO_TARGET_DIR`).
fn place(file: &Path, target: Option<&Path>) -> Result<PathBuf, String> {
    if let Ok(place) = file.canonicalize() {
        return Ok(place);
    }
    let left = target.zip(file.file_name()).map(|(target, name)| target.join("lab").join(name));
    let nor = left.as_ref().map_or_else(String::new, |left| format!(", nor {}", left.display()));
    left.and_then(|left| left.canonicalize().ok())
        .ok_or_else(|| format!("there is no {}{nor}; a run that fails leaves one", file.display()))
}

/// The target folder, in whose `debug` folder this program is.
fn target() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.parent()?.to_path_buf())
}

/// The lab of a trace file, from its first line, and the file's absolute path.
fn trace<'a>(labs: &'a [String], file: &Path) -> Result<(&'a str, String), String> {
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    let place = place(file, target().as_deref())?;
    let mut first = String::new();
    let opened = std::fs::File::open(&place).map_err(|error| named(&error))?;
    BufReader::new(opened.take(HEADER_BYTES_MAX)).read_line(&mut first).map_err(|error| named(&error))?;
    let header: serde_json::Value = serde_json::from_str(&first)
        .map_err(|error| named(&format!("its first line is no header: {error}")))?;
    let lab = header["lab"].as_str().ok_or_else(|| named(&"its header names no lab"))?;
    let path = place.to_str().ok_or_else(|| named(&"its path is not UTF-8"))?;
    Ok((find(labs, lab)?, path.to_string()))
}

/// Builds the lab's test program and runs it. It is run by itself, not by cargo, which would add words of its own.
fn test_program(folder: &Path, lab: &str, options: &[&str]) -> Result<ExitCode, String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder).join(lab);
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--quiet", "--no-run", "--test", "scenarios"])
        .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if !built.status.success() {
        return Err(format!("{lab} does not build: see above"));
    }
    let program = executable(&String::from_utf8_lossy(&built.stdout))
        .ok_or_else(|| format!("the build of {lab} made no scenarios program"))?;
    let mut command = Command::new(&program);
    let status = command.args(options).current_dir(package).status();
    let status = status.map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// The test program among cargo's messages.
fn executable(messages: &str) -> Option<PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut scenarios = artifacts.filter(|artifact| artifact["target"]["name"] == "scenarios");
    scenarios.find_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labs() -> Vec<String> {
        vec!["lab1-datagram".into(), "lab2-reliable".into()]
    }

    #[test]
    fn a_lab_has_a_short_name() {
        let labs = labs();
        assert_eq!(find(&labs, "lab2"), Ok("lab2-reliable"));
        assert_eq!(find(&labs, "lab1-datagram"), Ok("lab1-datagram"));
        assert_eq!(
            find(&labs, "lab9").unwrap_err(),
            "there is no lab lab9; there are lab1-datagram, lab2-reliable"
        );
    }

    #[test]
    fn a_scenario_is_named_by_lab_and_id() {
        let labs = labs();
        assert_eq!(split(&labs, "lab2-B3"), Ok(("lab2-reliable", "B3".to_string())));
        assert_eq!(split(&labs, "lab2-reliable-b3"), Ok(("lab2-reliable", "B3".to_string())));
        assert!(split(&labs, "B3").unwrap_err().contains("as in lab2-B3"));
    }

    #[test]
    fn a_trace_is_found_at_its_path_and_where_failures_leave_theirs() {
        let target = std::env::temp_dir().join(format!("cargo-lab-{}", std::process::id()));
        std::fs::create_dir_all(target.join("lab")).expect("the folder can be made");
        std::fs::write(target.join("lab/lab2-B3.jsonl"), "").expect("the file can be written");
        let left = target.join("lab/lab2-B3.jsonl").canonicalize().expect("it is there");
        for named in [left.as_path(), Path::new("target/lab/lab2-B3.jsonl"), Path::new("lab2-B3.jsonl")] {
            assert_eq!(place(named, Some(&target)).as_deref(), Ok(left.as_path()));
        }
        let wrong = place(Path::new("lab2-B4.jsonl"), Some(&target)).unwrap_err();
        assert!(wrong.starts_with("there is no lab2-B4.jsonl, nor "), "{wrong}");
        std::fs::remove_dir_all(&target).expect("it can be removed");
    }
}
