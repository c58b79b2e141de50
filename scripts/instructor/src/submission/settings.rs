//! Files of a submission that would change how it is built or tested. None of them counts; those that are not the kit's are told.

use crate::kit::{Kit, with_path};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Their paths, below the submission's folder or a lab's.
const NAMES: [&str; 8] = [
    ".cargo/config",
    ".cargo/config.toml",
    ".config/nextest.toml",
    "build.rs",
    "Cargo.toml",
    "clippy.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
];

/// Larger ones are not the kit's.
pub(super) const BYTES_MAX: u64 = 64 * 1024;

/// What was found, by path; of one that is too large, nothing.
#[derive(Debug, Default)]
pub(super) struct Settings {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Settings {
    /// Whether a path, from the submission's folder on, is one of these.
    pub(super) fn is_one(path: &Path) -> bool {
        NAMES.iter().any(|name| path.ends_with(name))
    }

    pub(super) fn keep(&mut self, path: &Path, content: Vec<u8>) {
        self.files.insert(path.into(), content);
    }

    /// Looks into a folder of a submission, whose path below the submission's is `below`, and into its labs' folders.
    pub(super) fn look(&mut self, folder: &Path, below: &Path) -> io::Result<()> {
        self.look_in(folder, below)?;
        for entry in fs::read_dir(folder).map_err(|error| with_path(below, &error))? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with("lab") && entry.file_type()?.is_dir() {
                self.look_in(&entry.path(), &below.join(name))?;
            }
        }
        Ok(())
    }

    fn look_in(&mut self, folder: &Path, below: &Path) -> io::Result<()> {
        for name in NAMES {
            let path = folder.join(name);
            let Ok(about) = fs::symlink_metadata(&path) else { continue };
            let is_read = about.is_file() && about.len() <= BYTES_MAX;
            let content =
                if is_read { fs::read(&path).map_err(|error| with_path(&path, &error))? } else { vec![] };
            self.keep(&below.join(name), content);
        }
        Ok(())
    }

    /// Those that concern this lab and are none of the kit's files of this name.
    pub(super) fn remarks(&self, kit: &Kit, lab: &str) -> io::Result<Vec<String>> {
        let mut remarks = vec![];
        for (path, content) in &self.files {
            let name = NAMES.iter().find(|name| path.ends_with(name)).unwrap_or(&"");
            let mut others = path.components().map(|part| part.as_os_str().to_string_lossy());
            let of_lab = others.find(|part| part.starts_with("lab"));
            // The hand-out's own folder has a manifest that names fewer members than the kit's.
            if of_lab.as_ref().is_some_and(|other| other != lab)
                || (of_lab.is_none() && *name == "Cargo.toml")
            {
                continue;
            }
            let ours = [PathBuf::from(name), Path::new("skeleton").join(lab).join(name)];
            let is_ours = |file: &PathBuf| fs::read(kit.path(file)).is_ok_and(|bytes| bytes == *content);
            if !ours.iter().any(is_ours) {
                remarks
                    .push(format!("{} was left out: the kit says how a submission is built", path.display()));
            }
        }
        Ok(remarks)
    }
}
