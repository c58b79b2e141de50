//! How a build ended: cargo's messages, and whom its words blame.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// Of the compiler's words, this many lines are kept.
const BUILD_LINES: usize = 40;

/// What a build has made, by cargo's paths.
#[derive(Debug, Default)]
pub(super) struct Programs {
    /// The program that serves the judge.
    pub(super) driver: Option<PathBuf>,
    /// The lab's own programs by name.
    pub(super) executables: BTreeMap<String, PathBuf>,
}

/// The programs that cargo's messages name.
pub(super) fn programs(messages: &str) -> Programs {
    let mut programs = Programs::default();
    for line in messages.lines() {
        let Ok(artifact) = serde_json::from_str::<Artifact>(line) else { continue };
        let Some(path) = artifact.executable else { continue };
        match artifact.target.kind.first().map(String::as_str) {
            Some("test") if artifact.target.name == "scenarios" => programs.driver = Some(path),
            Some("bin") => drop(programs.executables.insert(artifact.target.name, path)),
            _ => {}
        }
    }
    programs
}

/// Whether cargo's words are about the sources of one of these labs: they do not compile, or one is missing.
pub(super) fn is_about(words: &str, labs: &[String]) -> bool {
    let does_not_compile = |lab: &String| words.contains(&format!("could not compile `{lab}`"));
    let is_missing = words.lines().any(|line| line.trim_start().starts_with("can't find "));
    is_missing || labs.iter().any(does_not_compile)
}

/// Waits for a command; `None` when it took too long and was killed.
pub(super) fn wait(command: &mut Command, patience: Duration) -> io::Result<Option<ExitStatus>> {
    const TICK: Duration = Duration::from_millis(20);
    let mut child = command.spawn()?;
    for _ in 0..patience.as_millis() / TICK.as_millis() {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(TICK);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// The compiler's words from the first error on.
pub(super) fn first_error(words: &str) -> String {
    let start = words.lines().position(|line| line.starts_with("error")).unwrap_or(0);
    let lines: Vec<_> = words.lines().skip(start).take(BUILD_LINES).collect();
    lines.join("\n")
}

#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_fails_is_the_submissions_fault_only_when_it_is_about_it() {
        let labs = ["lab1-datagram".to_string()];
        for (words, is_theirs) in [
            ("error[E0425]: x\nerror: could not compile `lab1-datagram` (lib) due to 1 previous error", true),
            (
                "error: could not compile `lab1-datagram` (lib)\nCaused by:\n  process didn't exit successfully: `rustc` (signal: 9)",
                true,
            ),
            (
                "error: failed to parse manifest\nCaused by:\n  can't find library `lab1_datagram`, rename file to `src/lib.rs`",
                true,
            ),
            (
                "error: failed to read `/kit/skeleton/lab1-datagram/Cargo.toml`\nCaused by:\n  Permission denied",
                false,
            ),
            ("error: could not compile `faultline` (lib) due to 1 previous error", false),
            ("error: No space left on device (os error 28)", false),
            ("", false),
        ] {
            assert_eq!(is_about(words, &labs), is_theirs, "{words}");
        }
    }

    #[test]
    fn the_first_error_is_kept_and_warnings_before_it_are_not() {
        let words = "warning: w\n  at x\nerror[E1]: bad\n  at y\n";
        assert_eq!(first_error(words), "error[E1]: bad\n  at y");
    }
}
