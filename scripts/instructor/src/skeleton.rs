//! Generates skeleton/ from solutions-private/: of every lab package the Cargo.toml as it is and the sources with the
//! markers applied (markers.rs), then formatted by rustfmt, so that a block that went leaves no odd layout. The whole
//! skeleton is made in memory before the first file is written. Files of a lab package without a source are removed;
//! skeleton/README.md and hidden files are left alone.

use crate::finding::{self, Finding};
use crate::kit::{Kit, with_path};
use crate::markers;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

const SOURCE: &str = "solutions-private";
const TARGET: &str = "skeleton";

/// What `skeleton` is to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; list every file that differs.
    #[arg(long)]
    check: bool,
    /// Overwrite files that git shows as modified.
    #[arg(long, conflicts_with = "check")]
    force: bool,
}

/// Path of a file relative to the kit's root, and its bytes.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Generates the skeleton, or compares it with what would be generated.
pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let mut findings = Vec::new();
    let wanted = generate(kit, &mut findings)?;
    if !findings.is_empty() {
        return Ok(finding::report(&findings, ""));
    }
    let present = read_present(kit)?;
    let differing: BTreeSet<&PathBuf> =
        wanted.keys().chain(present.keys()).filter(|path| wanted.get(*path) != present.get(*path)).collect();
    if options.check {
        let findings: Vec<_> = differing.iter().map(|path| difference(path, &wanted, &present)).collect();
        return Ok(finding::report(&findings, &format!("skeleton: {} files as generated", wanted.len())));
    }
    if !options.force {
        let modified = modified_in_git(kit)?;
        let at_risk =
            differing.iter().filter(|path| present.contains_key(**path) && modified.contains(**path));
        let text =
            "git shows this file as modified and generating would overwrite it: commit it, or use --force";
        let findings: Vec<_> = at_risk.map(|path| Finding::new(path.display(), 1, text)).collect();
        if !findings.is_empty() {
            return Ok(finding::report(&findings, ""));
        }
    }
    for path in &differing {
        write_or_remove(kit, path, wanted.get(*path))?;
    }
    println!("skeleton: {} files, {} of them changed", wanted.len(), differing.len());
    Ok(ExitCode::SUCCESS)
}

fn generate(kit: &Kit, findings: &mut Vec<Finding>) -> io::Result<Files> {
    let mut files = Files::new();
    for lab in kit.labs(SOURCE)? {
        let manifest = lab.join("Cargo.toml");
        files.insert(moved(&manifest), kit.read(&manifest)?.into_bytes());
        let mut sources = kit.files(lab.join("src"))?;
        sources.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
        if sources.is_empty() {
            findings.push(Finding::new(
                manifest.display(),
                1,
                "this lab has no src/*.rs: Cargo would refuse its skeleton",
            ));
        }
        for path in sources {
            match markers::apply(&kit.read(&path)?) {
                Ok(text) => match format(kit, &text)? {
                    Ok(formatted) => drop(files.insert(moved(&path), formatted)),
                    Err(reason) => findings.push(Finding::new(path.display(), 1, reason)),
                },
                Err(misuses) => findings.extend(
                    misuses.into_iter().map(|misuse| Finding::new(path.display(), misuse.line, misuse.text)),
                ),
            }
        }
    }
    Ok(files)
}

/// The same path in the skeleton.
fn moved(path: &Path) -> PathBuf {
    Path::new(TARGET).join(path.strip_prefix(SOURCE).expect("only paths below SOURCE are given"))
}

/// The text as rustfmt lays it out, or why it cannot.
fn format(kit: &Kit, text: &str) -> io::Result<Result<Vec<u8>, String>> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(kit.root())
        .current_dir(kit.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| with_path(Path::new("rustfmt"), &error))?;
    // rustfmt reads all of its input before it writes, and the input is dropped here: neither side waits for the other.
    child.stdin.take().expect("standard input is piped").write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(Ok(output.stdout));
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Ok(Err(format!(
        "rustfmt cannot read what is left without the solution; lines are those of that text:\n{complaint}"
    )))
}

fn read_present(kit: &Kit) -> io::Result<Files> {
    let mut files = Files::new();
    for lab in kit.labs(TARGET)? {
        for path in kit.files(lab)? {
            let bytes = fs::read(kit.path(&path)).map_err(|error| with_path(&path, &error))?;
            files.insert(path, bytes);
        }
    }
    Ok(files)
}

fn difference(path: &Path, wanted: &Files, present: &Files) -> Finding {
    let file = path.display();
    match (wanted.get(path), present.get(path)) {
        (None, _) => Finding::new(file, 1, "has no source in solutions-private: run scripts/skeleton"),
        (_, None) => Finding::new(file, 1, "is missing: run scripts/skeleton"),
        (Some(wanted), Some(present)) => {
            let same = wanted.iter().zip(present).take_while(|(a, b)| a == b).map(|pair| *pair.0);
            let line = 1 + same.filter(|byte| *byte == b'\n').count();
            Finding::new(
                file,
                line,
                "differs from what its source in solutions-private yields: run scripts/skeleton",
            )
        }
    }
}

fn write_or_remove(kit: &Kit, relative: &Path, bytes: Option<&Vec<u8>>) -> io::Result<()> {
    let path = kit.path(relative);
    let Some(bytes) = bytes else {
        fs::remove_file(&path).map_err(|error| with_path(relative, &error))?;
        // Folders that are empty now go, too; the first one that is not ends this.
        let mut folder = path.parent();
        while let Some(empty) =
            folder.filter(|folder| *folder != kit.path(TARGET) && fs::remove_dir(folder).is_ok())
        {
            folder = empty.parent();
        }
        return Ok(());
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| with_path(relative, &error))?;
    }
    fs::write(&path, bytes).map_err(|error| with_path(relative, &error))
}

/// The files of the skeleton that git shows as modified or does not know. None without git or outside a repository:
/// then nobody has asked for their history to be kept.
fn modified_in_git(kit: &Kit) -> io::Result<BTreeSet<PathBuf>> {
    let git = |arguments: &[&str]| Command::new("git").args(arguments).current_dir(kit.root()).output();
    let prefix = match git(&["rev-parse", "--show-prefix"]) {
        Ok(output) if output.status.success() => {
            PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end())
        }
        Ok(_) => return Ok(BTreeSet::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(with_path(Path::new("git"), &error)),
    };
    let output =
        git(&["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", TARGET])?;
    if !output.status.success() {
        return Err(io::Error::other(format!(
            "git status: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        )));
    }
    // Each entry is two letters, a space and a path from the top of the repository, which may be above the kit.
    let status = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = status.split('\0').filter_map(|entry| entry.get(3..));
    Ok(paths.filter_map(|path| Path::new(path).strip_prefix(&prefix).ok()).map(Path::to_owned).collect())
}
