//! Where the kit is: its root folder and its files. Every path outside this module is relative to the root, so that
//! what is printed does not depend on the folder in which a program was started.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A checkout of the kit.
pub(crate) struct Kit {
    root: PathBuf,
}

impl Kit {
    /// The kit at `root`, or else the one that this program was built in.
    pub(crate) fn open(root: Option<PathBuf>) -> io::Result<Self> {
        let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        let root = fs::canonicalize(&root).map_err(|error| with_path(&root, &error))?;
        if !root.join("skeleton").is_dir() {
            let text = format!("{} is not the kit's root: it has no skeleton/", root.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        Ok(Self { root })
    }

    /// The root folder, absolute.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The absolute path of a file or folder of the kit.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A text file of the kit; an error names the file.
    pub(crate) fn read(&self, relative: impl AsRef<Path>) -> io::Result<String> {
        let path = self.path(&relative);
        fs::read_to_string(&path).map_err(|error| with_path(relative.as_ref(), &error))
    }

    /// Every file below a folder, relative to the root and sorted. Hidden files and folders are left out; a missing
    /// folder has no files.
    pub(crate) fn files(&self, folder: impl AsRef<Path>) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for (path, is_folder) in self.entries(folder)? {
            if is_folder {
                files.extend(self.files(path)?);
            } else {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// The lab packages below `folder`: its folders named lab*, relative to the root and sorted.
    pub(crate) fn labs(&self, folder: impl AsRef<Path>) -> io::Result<Vec<PathBuf>> {
        let entries = self.entries(folder)?;
        let is_lab =
            |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lab"));
        let mut labs: Vec<_> = entries
            .into_iter()
            .filter(|(path, is_folder)| *is_folder && is_lab(path))
            .map(|entry| entry.0)
            .collect();
        labs.sort();
        Ok(labs)
    }

    fn entries(&self, folder: impl AsRef<Path>) -> io::Result<Vec<(PathBuf, bool)>> {
        let folder = folder.as_ref();
        let listing = match fs::read_dir(self.path(folder)) {
            Ok(listing) => listing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(with_path(folder, &error)),
        };
        let mut entries = Vec::new();
        for entry in listing {
            let entry = entry.map_err(|error| with_path(folder, &error))?;
            let name = entry.file_name();
            if !name.to_string_lossy().starts_with('.') {
                entries.push((folder.join(name), entry.file_type()?.is_dir()));
            }
        }
        Ok(entries)
    }
}

/// The error with the path that it is about.
pub(crate) fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The path with `.` and `..` worked out by name alone. A `..` that leads out of the start stays.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_worked_out_by_name() {
        assert_eq!(normal(Path::new("a/./b/../c")), Path::new("a/c"));
        assert_eq!(normal(Path::new("a/../../c")), Path::new("../c"));
        assert_eq!(normal(Path::new("../../c")), Path::new("../../c"));
    }

    #[test]
    fn files_are_listed_in_order_and_without_hidden_ones() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("skeleton/b")).unwrap();
        for file in ["skeleton/b/2", "skeleton/a", "skeleton/.hidden", "skeleton/b/1"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let kit = Kit::open(Some(folder.path().to_owned())).unwrap();
        let expected: Vec<PathBuf> = ["skeleton/a", "skeleton/b/1", "skeleton/b/2"].map(PathBuf::from).into();
        assert_eq!(kit.files("skeleton").unwrap(), expected);
        assert!(kit.files("nowhere").unwrap().is_empty());
    }

    #[test]
    fn a_folder_without_a_skeleton_is_not_a_kit() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Kit::open(Some(folder.path().to_owned())).is_err());
    }
}
