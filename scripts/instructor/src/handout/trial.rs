//! A hand-out is tried as a student will: it builds without a network and without a warning, the book can be read, and every scenario
//! fails.

use super::{Tree, pack};
use crate::judge;
use crate::kit::{Kit, with_path};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Of a tool's words, this many lines are shown.
const LINES: usize = 40;

/// Gives the tree its `Cargo.lock`: the kit's, without what is not handed out.
pub(super) fn lock(kit: &Kit, tree: &mut Tree) -> io::Result<()> {
    let place = lay_out(kit, tree)?;
    let output = cargo(&place, &["metadata", "--offline", "--format-version", "1"])?;
    if !output.status.success() {
        return Err(io::Error::other(words(&output)));
    }
    read_lock(&place, tree)
}

/// Tries the hand-out; gives what is wrong with it.
pub(super) fn run(kit: &Kit, tree: &mut Tree) -> io::Result<Option<String>> {
    lock(kit, tree)?;
    let place = kit.path("target/handout/tree");
    let step = |what: &str| eprintln!("{what} ...");
    step("building with lints");
    let lints = ["clippy", "--offline", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let output = cargo(&place, &lints)?;
    if !output.status.success() {
        return Ok(Some(format!("the hand-out does not build without warnings:\n{}", words(&output))));
    }
    step("building the book");
    let mut book = Command::new("mdbook");
    book.args(["build", "book", "--dest-dir"]).arg(kit.path("target/handout/book"));
    let output = capture(book.current_dir(&place)).map_err(|error| {
        io::Error::new(error.kind(), format!("mdbook: {error}; run scripts/setup and source scripts/env.sh"))
    })?;
    if !output.status.success() {
        return Ok(Some(format!("the hand-out's book does not build:\n{}", words(&output))));
    }
    for plan in judge::plans(&[])? {
        step(&format!("trying {}", plan.lab));
        let public = plan.scenarios.iter().filter(|planned| !planned.hidden).count();
        let output =
            cargo(&place, &["test", "--offline", "--locked", "--package", plan.lab, "--test", "scenarios"])?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() || !said.lines().any(|line| line == format!("0 passed, {public} failed")) {
            let why = "not every scenario fails for the skeleton of";
            return Ok(Some(format!("{why} {}, which has {public}:\n{}", plan.lab, words(&output))));
        }
    }
    Ok(None)
}

/// The tree in a folder of its own, with nothing else in it but what a build leaves.
fn lay_out(kit: &Kit, tree: &mut Tree) -> io::Result<PathBuf> {
    let place = kit.path("target/handout/tree");
    let lock = super::tree::Content { bytes: fs::read(kit.path("Cargo.lock"))?, is_executable: false };
    tree.insert("Cargo.lock".into(), lock);
    let keep: BTreeSet<&PathBuf> = tree.keys().collect();
    if place.exists() {
        remove_strangers(&place, Path::new(""), &keep)?;
    }
    pack::write_folder(tree, &place)?;
    Ok(place)
}

fn remove_strangers(place: &Path, below: &Path, keep: &BTreeSet<&PathBuf>) -> io::Result<()> {
    let folder = place.join(below);
    for entry in fs::read_dir(&folder).map_err(|error| with_path(&folder, &error))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if keep.iter().any(|kept| kept.starts_with(&path)) {
                remove_strangers(place, &path, keep)?;
            } else {
                fs::remove_dir_all(entry.path())?;
            }
        } else if !keep.contains(&path) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn read_lock(place: &Path, tree: &mut Tree) -> io::Result<()> {
    let path = place.join("Cargo.lock");
    let bytes = fs::read(&path).map_err(|error| with_path(&path, &error))?;
    tree.insert("Cargo.lock".into(), super::tree::Content { bytes, is_executable: false });
    Ok(())
}

fn cargo(place: &Path, arguments: &[&str]) -> io::Result<Output> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .current_dir(place)
        .env("CARGO_TARGET_DIR", place.with_file_name("target"))
        .env("CARGO_TERM_COLOR", "never")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET");
    capture(&mut command)
}

/// What a command has written, by way of files: a pipe would be held open by what it leaves running.
fn capture(command: &mut Command) -> io::Result<Output> {
    let folder = tempfile::tempdir()?;
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let status =
        command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?).status()?;
    Ok(Output { status, stdout: fs::read(out)?, stderr: fs::read(err)? })
}

/// The last lines of what a command has written.
fn words(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('{')).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
