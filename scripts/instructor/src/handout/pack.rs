//! A hand-out as a folder, an archive or a git repository. The same tree is the same bytes, whoever makes it, where and when.

use super::Tree;
use crate::kit::with_path;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a hand-out becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Folder,
    Archive,
    Repository,
}

/// The folder that an archive is unpacked to.
const TOP: &str = "faultline";

/// Who has made the one commit of a repository, and when: nobody, at the beginning of time.
const AUTHOR: [(&str, &str); 6] = [
    ("GIT_AUTHOR_NAME", "Faultline"),
    ("GIT_AUTHOR_EMAIL", "faultline@localhost"),
    ("GIT_AUTHOR_DATE", "1970-01-01T00:00:00+0000"),
    ("GIT_COMMITTER_NAME", "Faultline"),
    ("GIT_COMMITTER_EMAIL", "faultline@localhost"),
    ("GIT_COMMITTER_DATE", "1970-01-01T00:00:00+0000"),
];

impl Form {
    /// By the name of what is to be made; what would be lost by that is an error.
    pub(super) fn of(out: &Path) -> io::Result<Form> {
        let name = out.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with(".tar.gz") {
            return Ok(Form::Archive);
        }
        if name.ends_with(".git") {
            return if !out.exists() || out.join("HEAD").is_file() {
                Ok(Form::Repository)
            } else {
                Err(is_there(out, "is no bare repository"))
            };
        }
        match fs::read_dir(out).map(|mut entries| entries.next().is_none()) {
            Ok(true) => Ok(Form::Folder),
            Ok(false) => {
                Err(is_there(out, "is not empty; students keep their work with `cargo lab upgrade`"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Form::Folder),
            Err(error) => Err(with_path(out, &error)),
        }
    }

    /// Writes the tree. What was there before is replaced in one step.
    pub(super) fn write(self, tree: &Tree, out: &Path) -> io::Result<()> {
        let parent = match out.parent() {
            Some(parent) if parent != Path::new("") => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(|error| with_path(&parent, &error))?;
        let draft = tempfile::Builder::new().prefix(".handout-").tempdir_in(&parent)?;
        match self {
            Form::Folder => {
                let inside = draft.path().join(TOP);
                write_folder(tree, &inside)?;
                if out.exists() {
                    fs::remove_dir(out).map_err(|error| with_path(out, &error))?;
                }
                fs::rename(inside, out)
            }
            Form::Archive => {
                let inside = draft.path().join("archive");
                write_archive(tree, &inside)?;
                fs::rename(inside, out)
            }
            Form::Repository => {
                let inside = draft.path().join("repository");
                write_repository(tree, &draft.path().join(TOP), &inside)?;
                if out.exists() {
                    fs::rename(out, draft.path().join("old"))?;
                }
                fs::rename(inside, out)
            }
        }
        .map_err(|error| with_path(out, &error))
    }
}

fn is_there(out: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{} {why}: give another --out", out.display()))
}

/// Writes files, with their modes, into a folder; those that are the same already stay as they are.
pub(super) fn write_folder(tree: &Tree, folder: &Path) -> io::Result<()> {
    for (path, content) in tree {
        let place = folder.join(path);
        let named = |error: io::Error| with_path(&place, &error);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(named)?;
        }
        if fs::read(&place).is_ok_and(|present| present == content.bytes) {
            continue;
        }
        fs::write(&place, &content.bytes).map_err(named)?;
        fs::set_permissions(&place, Permissions::from_mode(mode(content.is_executable))).map_err(named)?;
    }
    Ok(())
}

fn mode(is_executable: bool) -> u32 {
    if is_executable { 0o755 } else { 0o644 }
}

fn write_archive(tree: &Tree, place: &Path) -> io::Result<()> {
    // The encoder writes no name and no time by itself.
    let encoder = GzEncoder::new(BufWriter::new(File::create(place)?), Compression::best());
    let mut archive = tar::Builder::new(encoder);
    for (path, content) in tree {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.bytes.len() as u64);
        header.set_mode(mode(content.is_executable));
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, Path::new(TOP).join(path), content.bytes.as_slice())?;
    }
    archive.into_inner()?.finish()?.flush()
}

/// A bare repository with one commit.
fn write_repository(tree: &Tree, work: &Path, place: &Path) -> io::Result<()> {
    write_folder(tree, work)?;
    let git = |arguments: &[&str]| -> io::Result<()> {
        let output = Command::new("git")
            .arg(format!("--git-dir={}", place.display()))
            .arg(format!("--work-tree={}", work.display()))
            .args([
                "-c",
                "commit.gpgsign=false",
                "-c",
                "core.autocrlf=false",
                "-c",
                "core.hooksPath=/dev/null",
            ])
            .args(arguments)
            .envs(AUTHOR)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(io::Error::other(format!("git {}: {}", arguments.join(" "), words.trim_end())))
    };
    git(&["init", "--quiet", "--initial-branch=main"])?;
    git(&["add", "--all", "--force"])?;
    git(&["commit", "--quiet", "--message", "The labs"])?;
    git(&["config", "core.bare", "true"])
}

#[cfg(test)]
mod tests {
    use super::super::tree::Content;
    use super::*;

    fn tree() -> Tree {
        let content = |text: &str, is_executable| Content { bytes: text.into(), is_executable };
        Tree::from([("a/b.rs".into(), content("fn b() {}", false)), ("run".into(), content("#!", true))])
    }

    #[test]
    fn the_same_tree_is_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let written = |name: &str| {
            let out = folder.path().join(name);
            Form::of(&out).unwrap().write(&tree(), &out).unwrap();
            fs::read(out).unwrap()
        };
        assert_eq!(written("one.tar.gz"), written("two.tar.gz"));
        let commit = |name: &str| {
            let out = folder.path().join(name);
            Form::of(&out).unwrap().write(&tree(), &out).unwrap();
            let git = Command::new("git").arg("-C").arg(&out).args(["rev-list", "--all"]).output().unwrap();
            String::from_utf8(git.stdout).unwrap()
        };
        let commits = commit("one.git");
        assert_eq!((commits.lines().count(), commits), (1, commit("two.git")));
        // Once more over what is there.
        assert_eq!(commit("one.git"), commit("two.git"));
    }

    #[test]
    fn an_archive_has_one_folder_with_modes() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("x.tar.gz");
        Form::Archive.write(&tree(), &out).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(File::open(out).unwrap()));
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap())
        });
        let entries: Vec<_> = entries.collect();
        assert_eq!(entries, [("faultline/a/b.rs".into(), 0o644), ("faultline/run".into(), 0o755)]);
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("course");
        Form::of(&out).unwrap().write(&tree(), &out).unwrap();
        assert_eq!(fs::metadata(out.join("run")).unwrap().permissions().mode() & 0o777, 0o755);
        let error = Form::of(&out).unwrap_err().to_string();
        assert!(error.contains("course is not empty"), "{error}");
        fs::rename(&out, folder.path().join("course.git")).unwrap();
        assert!(Form::of(&folder.path().join("course.git")).is_err());
    }
}
