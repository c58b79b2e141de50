//! What a failure leaves in target/lab: a trace file to replay, and a picture to look at.

use crate::report::{Ended, short_lab};
use crate::scenario::Scenario;
use crate::trace_file::{FORMAT, Header, TraceFile, VERSION};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Leaves the files of a failure, as far as they can be written; a full disk must not hide the failure itself.
pub(super) fn leave(lab: &str, scenario: &Scenario, ended: &mut Ended) {
    let Some(folder) = folder() else { return };
    let _ = try_leave(&folder, lab, scenario, ended);
}

/// `target/lab` of the target folder that this program was built into.
fn folder() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file())?;
    Some(target.join("lab"))
}

fn try_leave(folder: &Path, lab: &str, scenario: &Scenario, ended: &Ended) -> io::Result<()> {
    let Some(failure) = &ended.failure else { return Ok(()) };
    let Some(story) = &failure.story else { return Ok(()) };
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
    let file = TraceFile { header, records: story.records.clone() };
    fs::create_dir_all(folder)?;
    let place = folder.join(format!("{}-{}.jsonl", short_lab(lab), scenario.id));
    fs::write(place, file.to_text())
}
