//! What a run leaves in target/lab: a failure a trace file to replay and a picture to look at, any run its chart, and a
//! replay its picture.

use crate::report::{Ended, page, short_lab};
use crate::scenario::Scenario;
use crate::trace::Story;
use crate::trace_file::{FORMAT, Header, TraceFile, VERSION};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Leaves the files of a failure, as far as they can be written; a full disk must not hide the failure itself.
pub(super) fn leave(lab: &str, scenario: &Scenario, ended: &mut Ended) {
    let Some(target) = target() else { return };
    let folder = target.join("lab");
    if let Ok(picture) = try_leave(&folder, lab, scenario, ended) {
        ended.picture = Some(shown(&picture));
    }
}

/// Leaves a picture of the first story of a run that went well, when its stories were asked for.
pub(super) fn leave_passed(lab: &str, scenario: &Scenario, ended: &mut Ended) {
    let (Some(story), None, Some(target)) = (ended.stories.first(), &ended.failure, target()) else { return };
    if let Ok(picture) = write_page(&target.join("lab"), lab, scenario, ended, story) {
        ended.notes.push(format!("picture  {}", shown(&picture)));
    }
}

/// Leaves what the scenario drew, passed or not, and notes where.
pub(super) fn leave_chart(lab: &str, scenario: &Scenario, ended: &mut Ended) {
    let (Some(svg), Some(target)) = (ended.chart.take(), target()) else { return };
    let chart = target.join("lab").join(format!("{}-{}.svg", short_lab(lab), scenario.id));
    if fs::create_dir_all(target.join("lab")).and_then(|()| write_whole(&chart, &svg)).is_ok() {
        ended.notes.push(format!("chart  {}", shown(&chart)));
    }
}

/// A file as it opens from where the student is: by its whole path, or by a short one below a folder of the kit. The folder
/// is the one of the student's shell, since test runners and `cargo lab` start this program in the lab's own.
fn shown(file: &Path) -> String {
    let shell =
        std::env::var_os("PWD").map(PathBuf::from).filter(|folder| folder.join("Cargo.toml").is_file());
    let shell = shell.and_then(|folder| folder.canonicalize().ok());
    shell.and_then(|folder| file.strip_prefix(folder).ok()).unwrap_or(file).display().to_string()
}

/// The target folder that this program was built into: it is in its `debug/` or, when it is a test, in `debug/deps/`.
fn target() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?;
    let profile = if folder.ends_with("deps") { folder.parent()? } else { folder };
    profile.parent()?.canonicalize().ok()
}

fn try_leave(folder: &Path, lab: &str, scenario: &Scenario, ended: &Ended) -> io::Result<PathBuf> {
    let nothing = || io::Error::other("there is nothing to leave");
    let failure = ended.failure.as_ref().ok_or_else(nothing)?;
    let story = failure.story.as_deref().ok_or_else(nothing)?;
    let header = Header {
        format: FORMAT.into(),
        version: VERSION,
        lab: lab.into(),
        scenario: scenario.id.into(),
        world: scenario.world,
        seed: ended.seed,
        reason: failure.reason.clone(),
        recipe: ended.recipe.clone(),
        hosts: story.hosts.clone(),
    };
    let name = format!("{}-{}", short_lab(lab), scenario.id);
    let file = TraceFile { header, records: story.records.clone() };
    fs::create_dir_all(folder)?;
    write_whole(&folder.join(format!("{name}.jsonl")), &file.to_text())?;
    write_page(folder, lab, scenario, ended, story)
}

fn write_page(
    folder: &Path,
    lab: &str,
    scenario: &Scenario,
    ended: &Ended,
    story: &Story,
) -> io::Result<PathBuf> {
    let picture = folder.join(format!("{}-{}.html", short_lab(lab), scenario.id));
    fs::create_dir_all(folder)?;
    write_whole(&picture, &page(lab, scenario, ended, story))?;
    Ok(picture)
}

/// Writes a file in one step: whoever reads it, or writes it at the same time, sees all of one text.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    fs::write(&draft, text)?;
    fs::rename(&draft, path)
}
