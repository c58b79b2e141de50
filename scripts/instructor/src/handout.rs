//! `handout`: the tree that students are given, in a folder, an archive or a git repository, after it was looked through for what must not
//! be there, and tried as a student will: it builds, and every scenario fails.

mod leaks;
mod pack;
mod tree;
mod trial;

use crate::finding::report;
use crate::kit::Kit;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where the hand-out goes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A folder, which must be empty or not there; an archive, when it ends in .tar.gz; or a bare git repository with one commit, when it
    /// ends in .git. An archive and a repository are replaced.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Only looks the text through, and neither builds it nor runs its scenarios: seconds instead of minutes.
    #[arg(long)]
    untried: bool,
}

/// Path below the hand-out's root, and what is there.
type Tree = std::collections::BTreeMap<PathBuf, tree::Content>;

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let form = pack::Form::of(&options.out)?;
    let mut tree = tree::collect(kit)?;
    let findings = leaks::find(kit, &tree)?;
    if !findings.is_empty() {
        return Ok(report(&findings, ""));
    }
    if options.untried {
        trial::lock(kit, &mut tree)?;
    } else if let Some(wrong) = trial::run(kit, &mut tree)? {
        eprintln!("{wrong}");
        return Ok(ExitCode::FAILURE);
    }
    tree::sign(&mut tree);
    form.write(&tree, &options.out)?;
    tell(&tree, &options.out, options.untried);
    Ok(ExitCode::SUCCESS)
}

/// What is in it, by the folders at its top.
fn tell(tree: &Tree, out: &Path, untried: bool) {
    let mut tops: Vec<(String, usize, usize)> = vec![];
    for (path, content) in tree {
        let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let first = parts.next().unwrap_or_default();
        let top = match (first.as_str(), parts.next(), parts.next()) {
            ("labs" | "skeleton", Some(lab), Some(_)) => format!("{first}/{lab}"),
            (_, Some(_), _) => first,
            _ => ".".into(),
        };
        match tops.iter_mut().find(|(known, ..)| *known == top) {
            Some((_, files, bytes)) => (*files, *bytes) = (*files + 1, *bytes + content.bytes.len()),
            None => tops.push((top, 1, content.bytes.len())),
        }
    }
    tops.sort();
    for (top, files, bytes) in &tops {
        println!("  {top:<28} {files:>4} files {:>8.1} kB", *bytes as f64 / 1_000.0);
    }
    let tried = if untried { "not tried" } else { "it builds, and every scenario fails" };
    println!("{} files, {}: no solution, hidden scenario or marker; {tried}", tree.len(), out.display());
}
