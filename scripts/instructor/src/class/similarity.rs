//! `similarity`: the sources of a class as tools that compare programs want them (JPlag, Dolos): a folder a student, without what was
//! given, and the given sources beside them. The tool and its verdict are the instructor's.

use super::submissions;
use crate::judge;
use crate::kit::{Kit, with_path};
use crate::submission::Submission;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Whose sources to lay out where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A folder with one submission a student.
    folder: PathBuf,
    /// An empty folder, or one that does not exist: for students/ID/ and given/.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
}

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    if fs::read_dir(&options.out).is_ok_and(|mut entries| entries.next().is_some()) {
        let text = format!("{} is not empty", options.out.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    let plans = judge::plans(&options.labs)?;
    let given = Submission::open(&kit.path("skeleton"))?;
    let (mut students, mut files) = (0, 0);
    for (id, path) in submissions(&options.folder)? {
        let submission = match Submission::open(&path) {
            Ok(submission) => submission,
            Err(error) => {
                eprintln!("left out: {id}: {error}");
                continue;
            }
        };
        students += 1;
        for plan in &plans {
            let theirs = submission.sources(plan.lab)?.unwrap_or_default().files;
            let ours = given.sources(plan.lab)?.unwrap_or_default().files;
            for (file, content) in theirs.into_iter().filter(|file| !ours.contains(file)) {
                put(&options.out.join("students").join(&id).join(plan.lab).join(file), &content)?;
                files += 1;
            }
        }
    }
    for plan in &plans {
        for (file, content) in given.sources(plan.lab)?.unwrap_or_default().files {
            put(&options.out.join("given").join(plan.lab).join(file), &content)?;
        }
    }
    println!(
        "{files} files of {students} students in {0}/students, what was given in {0}/given",
        options.out.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| with_path(folder, &error))?;
    }
    fs::write(path, content).map_err(|error| with_path(path, &error))
}

/// Copies all files of a folder and the folders in it.
pub(super) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from).map_err(|error| with_path(from, &error))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            put(&target, &fs::read(entry.path()).map_err(|error| with_path(&entry.path(), &error))?)?;
        }
    }
    Ok(())
}
