//! What a student has handed in: of each lab the files that count, `src/**/*.rs`, read into memory. Everything else
//! (manifests, build scripts, tests, configuration) comes from the kit and is left where it is. A submission is a folder, an archive or
//! a bare git repository (`archive.rs`).

mod archive;
mod settings;
mod suspects;

use crate::kit::{Kit, with_path};
use settings::Settings;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The largest source file, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The most source files of one lab.
const FILES_MAX: usize = 200;

/// How deep folders may go below src/.
const DEPTH_MAX: usize = 8;

/// The sources of one lab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// Path below src/ and content, sorted by path.
    pub(crate) files: Vec<(PathBuf, Vec<u8>)>,
    /// What was left out, and why, for the report.
    pub(crate) remarks: Vec<String>,
}

/// What was handed in.
pub(crate) struct Submission {
    place: Place,
    /// What would say how it is built, if that counted.
    settings: Settings,
}

enum Place {
    /// A folder that has the labs' folders.
    Folder(PathBuf),
    /// The sources of each lab that was in an archive.
    Archive(BTreeMap<String, Sources>),
}

impl Submission {
    /// The submission in this folder, which has the labs' folders itself or in `skeleton/`; or in this archive or repository, which may
    /// have them below a few folders more.
    ///
    /// # Errors
    /// `InvalidData`: whoever has handed it in is to blame. Others: it is not there, or cannot be read here.
    pub(crate) fn open(path: &Path) -> io::Result<Submission> {
        let folder = fs::canonicalize(path).map_err(|error| with_path(path, &error))?;
        if archive::is_archive(&folder) {
            let archive = archive::read(&folder).map_err(|error| with_path(path, &error))?;
            return Ok(Submission { place: Place::Archive(archive.labs), settings: archive.settings });
        }
        if !folder.is_dir() {
            let text = format!(
                "{} is not a folder; give the folder that holds lab1-datagram/ and so on",
                folder.display()
            );
            return Err(io::Error::new(io::ErrorKind::NotADirectory, text));
        }
        let mut settings = Settings::default();
        settings.look(&folder, Path::new(""))?;
        let skeleton = folder.join("skeleton");
        if skeleton.is_dir() {
            settings.look(&skeleton, Path::new("skeleton"))?;
            return Ok(Submission { place: Place::Folder(skeleton), settings });
        }
        Ok(Submission { place: Place::Folder(folder), settings })
    }

    /// What an instructor should know of what was handed in for `lab` and does not count, or was not handed in.
    pub(crate) fn remarks(&self, kit: &Kit, lab: &str, sources: &Sources) -> io::Result<Vec<String>> {
        let mut remarks = self.settings.remarks(kit, lab)?;
        let given = Path::new("skeleton").join(lab).join("src");
        for file in kit.files(&given)? {
            let below = file.strip_prefix(&given).unwrap_or(&file);
            if sources.files.iter().all(|(path, _)| path != below) {
                remarks.push(format!("src/{} was given and is missing", below.display()));
            }
        }
        Ok(remarks)
    }

    /// What an instructor should read.
    pub(crate) fn flags(sources: &Sources) -> Vec<String> {
        suspects::flags(sources)
    }

    /// The sources of these labs; of those that the submission does not have, there are no files.
    pub(crate) fn all_sources(&self, labs: Vec<String>) -> io::Result<Vec<(String, Sources)>> {
        let of = |lab: String| Ok((lab.clone(), self.sources(&lab)?.unwrap_or_default()));
        labs.into_iter().map(of).collect()
    }

    /// The sources of `lab`; none when the submission has no such lab.
    pub(crate) fn sources(&self, lab: &str) -> io::Result<Option<Sources>> {
        let folder = match &self.place {
            Place::Folder(folder) => folder,
            Place::Archive(labs) => return Ok(labs.get(lab).cloned()),
        };
        let src = folder.join(lab).join("src");
        match fs::symlink_metadata(&src) {
            Ok(about) if about.is_dir() => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(with_path(&src, &error)),
        }
        let mut sources = Sources::default();
        collect(&src, Path::new(""), 0, &mut sources)?;
        sources.files.sort();
        Ok(Some(sources))
    }
}

fn collect(src: &Path, below: &Path, depth: usize, sources: &mut Sources) -> io::Result<()> {
    let folder = src.join(below);
    let mut entries = fs::read_dir(&folder)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|error| with_path(&folder, &error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = below.join(entry.file_name());
        // Not followed: a link may lead out of the submission.
        let about = fs::symlink_metadata(entry.path()).map_err(|error| with_path(&path, &error))?;
        let refused = if about.is_dir() && depth < DEPTH_MAX {
            collect(src, &path, depth + 1, sources)?;
            continue;
        } else if about.is_dir() {
            Some(format!("deeper than {DEPTH_MAX} folders"))
        } else if !about.is_file() {
            Some("not a regular file".into())
        } else if path.extension().is_none_or(|extension| extension != "rs") {
            Some("not a .rs file".into())
        } else if about.len() > FILE_BYTES_MAX {
            Some(format!("larger than {FILE_BYTES_MAX} bytes"))
        } else if sources.files.len() == FILES_MAX {
            Some(format!("more than {FILES_MAX} files"))
        } else {
            None
        };
        match refused {
            Some(why) if sources.remarks.len() < FILES_MAX => {
                sources.remarks.push(format!("src/{} was left out: {why}", path.display()));
            }
            Some(_) => {}
            None => {
                let content = fs::read(entry.path()).map_err(|error| with_path(&path, &error))?;
                sources.files.push((path, content));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(files: &[(&str, &str)]) -> (tempfile::TempDir, Submission) {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let submission = Submission::open(folder.path()).unwrap();
        (folder, submission)
    }

    #[test]
    fn only_sources_count_and_the_rest_is_named() {
        let files = [
            ("lab2-x/src/lib.rs", "a"),
            ("lab2-x/src/b/c.rs", "b"),
            ("lab2-x/src/n.txt", ""),
            ("lab2-x/build.rs", ""),
        ];
        let (_folder, submission) = submission(&files);
        let sources = submission.sources("lab2-x").unwrap().unwrap();
        let paths: Vec<_> = sources.files.iter().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["b/c.rs", "lib.rs"]);
        assert_eq!(sources.remarks, ["src/n.txt was left out: not a .rs file"]);
        assert_eq!(submission.sources("lab1-x").unwrap(), None);
    }

    #[test]
    fn a_whole_hand_out_is_a_submission_too() {
        let (_folder, submission) =
            submission(&[("skeleton/lab2-x/src/lib.rs", "a"), ("lab2-x/src/lib.rs", "b")]);
        assert_eq!(submission.sources("lab2-x").unwrap().unwrap().files[0].1, b"a");
    }

    #[test]
    fn links_are_not_followed() {
        let (folder, submission) = submission(&[("lab2-x/src/lib.rs", "a"), ("secret.rs", "s")]);
        let link = folder.path().join("lab2-x/src/link.rs");
        std::os::unix::fs::symlink(folder.path().join("secret.rs"), link).unwrap();
        let sources = submission.sources("lab2-x").unwrap().unwrap();
        assert_eq!(sources.files.len(), 1);
        assert_eq!(sources.remarks, ["src/link.rs was left out: not a regular file"]);
    }
}
