//! What was handed in as an archive or a git repository: read as a stream of entries, of which those that are sources of a lab are kept.
//! Nothing is written to a disk by names that somebody else has chosen, and nothing is read without end.

use super::settings::{self, Settings};
use super::{FILE_BYTES_MAX, Sources};
use flate2::read::GzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// The most entries of an archive.
const ENTRIES_MAX: usize = 50_000;

/// The most bytes of all entries together, unpacked.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most bytes of sources.
const KEPT_MAX: usize = 32 * 1024 * 1024;

/// So many folders may stand above a lab's.
const ABOVE_MAX: usize = 3;

/// Of what was left out, this many are named.
const REMARKS_MAX: usize = 50;

/// The sources in an archive, by lab.
#[derive(Debug, Default)]
pub(super) struct Archive {
    pub(super) labs: BTreeMap<String, Sources>,
    pub(super) settings: Settings,
}

/// Whether a file is an archive by its name, or a folder a bare repository.
pub(super) fn is_archive(path: &Path) -> bool {
    path.is_file() || (path.join("HEAD").is_file() && path.join("objects").is_dir())
}

/// Reads an archive.
///
/// # Errors
/// `InvalidData`: it cannot be read, or is too large. Whoever has handed it in is to blame. Others: it is not there.
pub(super) fn read(path: &Path) -> io::Result<Archive> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let mut found = Found::default();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if path.is_dir() {
        read_repository(path, &mut found)?;
    } else if ends(&[".tar.gz", ".tgz"]) {
        read_tar(GzDecoder::new(BufReader::new(File::open(path)?)), &mut found)?;
    } else if ends(&[".tar"]) {
        read_tar(BufReader::new(File::open(path)?), &mut found)?;
    } else if ends(&[".zip"]) {
        read_zip(path, &mut found)?;
    } else {
        return Err(invalid("this is no folder, no .tar.gz, .tgz, .tar or .zip, and no git repository"));
    }
    Ok(found.sorted())
}

fn invalid(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// Files by lab, by the folder that the lab is in, and by path below src/.
    labs: BTreeMap<String, BTreeMap<PathBuf, BTreeMap<PathBuf, Vec<u8>>>>,
    settings: Settings,
    remarks: Vec<String>,
    unnamed: usize,
    entries: usize,
    kept: usize,
}

/// Where a file of an archive belongs.
enum Place {
    Source { lab: String, above: PathBuf, below: PathBuf },
    Setting(PathBuf),
}

impl Found {
    fn remark(&mut self, path: &Path, why: &str) {
        if self.remarks.len() < REMARKS_MAX {
            self.remarks.push(format!("{} was left out: {why}", path.display()));
        } else {
            self.unnamed += 1;
        }
    }

    /// One more entry; whether it is worth reading, and where it belongs.
    fn admit(
        &mut self,
        path: &Path,
        is_file: bool,
        is_folder: bool,
        bytes: u64,
    ) -> io::Result<Option<Place>> {
        self.entries += 1;
        if self.entries > ENTRIES_MAX {
            return Err(invalid(format!("it has more than {ENTRIES_MAX} entries")));
        }
        if is_folder {
            return Ok(None);
        }
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            self.remark(path, "its path leads out of the archive");
            return Ok(None);
        }
        let Some(place) = place(path) else { return Ok(None) };
        let why = if !is_file {
            "not a regular file"
        } else if bytes > FILE_BYTES_MAX {
            "larger than a megabyte"
        } else {
            return Ok(Some(place));
        };
        self.remark(path, why);
        Ok(None)
    }

    fn keep(&mut self, place: Place, path: &Path, content: &mut dyn Read) -> io::Result<()> {
        let mut bytes = vec![];
        let (lab, above, below) = match place {
            Place::Source { lab, above, below } => (lab, above, below),
            Place::Setting(path) => {
                content
                    .take(settings::BYTES_MAX)
                    .read_to_end(&mut bytes)
                    .map_err(|error| unreadable(&error))?;
                self.settings.keep(&path, bytes);
                return Ok(());
            }
        };
        content.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            self.remark(path, "larger than a megabyte");
            return Ok(());
        }
        self.kept += bytes.len();
        if self.kept > KEPT_MAX {
            return Err(invalid("its sources have more than 32 MB"));
        }
        let files = self.labs.entry(lab).or_default().entry(above).or_default();
        if files.insert(below, bytes).is_some() {
            self.remark(path, "it is there twice, and the last one counts");
        }
        Ok(())
    }

    /// Of several folders that have a lab the one that is higher up.
    fn sorted(mut self) -> Archive {
        let mut archive = Archive { settings: std::mem::take(&mut self.settings), ..Archive::default() };
        for (lab, places) in std::mem::take(&mut self.labs) {
            let mut folders: Vec<&PathBuf> = places.keys().collect();
            folders.sort_by_key(|folder| (folder.components().count(), (*folder).clone()));
            let chosen = folders.first().map(|folder| (*folder).clone()).unwrap_or_default();
            let others: BTreeSet<PathBuf> = folders.into_iter().skip(1).cloned().collect();
            for other in others {
                self.remark(&other.join(&lab), &format!("there is another one in {:?}", chosen.display()));
            }
            let files =
                places.into_iter().filter(|(folder, _)| *folder == chosen).flat_map(|(_, files)| files);
            archive.labs.insert(lab, Sources { files: files.collect(), remarks: vec![] });
        }
        if self.unnamed > 0 {
            self.remarks.push(format!("{} more were left out", self.unnamed));
        }
        for sources in archive.labs.values_mut() {
            sources.remarks.clone_from(&self.remarks);
        }
        archive
    }
}

/// `anything/labN-name/src/below.rs`, with few folders above; or a file that says how to build.
fn place(path: &Path) -> Option<Place> {
    let parts: Vec<&str> = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| part.as_os_str().to_str())
        .collect::<Option<_>>()?;
    let lab = parts.windows(2).position(|pair| pair[0].starts_with("lab") && pair[1] == "src");
    let Some(lab) = lab else {
        let path: PathBuf = parts.iter().collect();
        return (parts.len() <= ABOVE_MAX + 3 && Settings::is_one(&path)).then_some(Place::Setting(path));
    };
    let below: PathBuf = parts[lab + 2..].iter().collect();
    let is_source = below.extension().is_some_and(|extension| extension == "rs");
    (lab <= ABOVE_MAX && is_source).then(|| Place::Source {
        lab: parts[lab].into(),
        above: parts[..lab].iter().collect(),
        below,
    })
}

fn unreadable(error: &io::Error) -> io::Error {
    invalid(format!("it cannot be read: {error}"))
}

/// Fails when it has given too much: `take` alone would look like the end.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| invalid(format!("unpacked, it has more than {} MB", BYTES_MAX / 1024 / 1024)))?;
        Ok(read)
    }
}

fn read_tar(stream: impl Read, found: &mut Found) -> io::Result<()> {
    let mut archive = tar::Archive::new(Bounded { inner: stream, left: BYTES_MAX });
    for entry in archive.entries().map_err(|error| unreadable(&error))? {
        let mut entry = entry.map_err(|error| unreadable(&error))?;
        let path = entry.path().map_err(|error| unreadable(&error))?.into_owned();
        let kind = entry.header().entry_type();
        if let Some(place) = found.admit(&path, kind.is_file(), kind.is_dir(), entry.size())? {
            found.keep(place, &path, &mut entry)?;
        }
    }
    Ok(())
}

fn read_zip(path: &Path, found: &mut Found) -> io::Result<()> {
    let wrong = |error: zip::result::ZipError| invalid(format!("it cannot be read: {error}"));
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path)?)).map_err(wrong)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(wrong)?;
        let path = PathBuf::from(entry.name().map_err(wrong)?.into_owned());
        let is_file = entry.is_file() && !entry.is_symlink();
        if let Some(place) = found.admit(&path, is_file, entry.is_dir(), entry.size())? {
            found.keep(place, &path, &mut entry)?;
        }
    }
    Ok(())
}

/// The commit that HEAD of a bare repository names. Its objects are read by a repository of our own: the settings of theirs might have
/// commands to run.
fn read_repository(path: &Path, found: &mut Found) -> io::Result<()> {
    let commit = head(path)?;
    let ours = tempfile::tempdir()?;
    let objects = std::fs::canonicalize(path.join("objects"))?;
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .args(arguments)
            .current_dir(ours.path())
            .env("GIT_DIR", ours.path().join("git"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &objects)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null());
        command
    };
    let made = git(&["init", "--quiet", "--bare"]).output()?;
    if !made.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()));
    }
    let mut child =
        git(&["archive", "--format=tar", &commit]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stream = child.stdout.take().ok_or_else(|| io::Error::other("git has no output"))?;
    let read = read_tar(stream, found);
    // It ends by itself when nobody reads on.
    let output = child.wait_with_output()?;
    read?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(invalid(format!("git cannot read its commit {commit}: {}", words.lines().next().unwrap_or_default())))
}

/// The commit of HEAD, without git.
fn head(path: &Path) -> io::Result<String> {
    let read = |file: &str| -> io::Result<String> {
        let mut text = String::new();
        File::open(path.join(file))?.take(1024 * 1024).read_to_string(&mut text)?;
        Ok(text)
    };
    let is_commit =
        |text: &str| matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let head = read("HEAD")?;
    let head = head.trim();
    let commit = match head.strip_prefix("ref: ") {
        None => head.to_string(),
        Some(name) if name.starts_with("refs/") && !name.contains("..") => match read(name) {
            Ok(commit) => commit.trim().to_string(),
            Err(_) => {
                let packed = read("packed-refs").unwrap_or_default();
                let mut refs = packed.lines().filter_map(|line| line.split_once(' '));
                refs.find(|(_, packed)| *packed == name).map_or(String::new(), |(commit, _)| commit.into())
            }
        },
        Some(_) => String::new(),
    };
    if is_commit(&commit) { Ok(commit) } else { Err(invalid(format!("its HEAD, {head:?}, names no commit"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn tar_of(entries: &[(&str, &[u8], tar::EntryType)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(vec![]);
        for (path, content, kind) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_entry_type(*kind);
            // Names that the crate would refuse to write.
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            if kind.is_symlink() {
                header.set_link_name("/etc/passwd").unwrap();
            }
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn read_bytes(name: &str, bytes: &[u8]) -> io::Result<Archive> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    const FILE: tar::EntryType = tar::EntryType::Regular;

    #[test]
    fn sources_are_found_below_any_folder_and_nothing_else_is_kept() {
        let entries: &[(&str, &[u8], _)] = &[
            ("ann/", b"", tar::EntryType::Directory),
            ("ann/skeleton/lab2-x/src/lib.rs", b"a", FILE),
            ("ann/skeleton/lab2-x/src/deep/b.rs", b"b", FILE),
            ("ann/skeleton/lab2-x/build.rs", b"evil", FILE),
            ("ann/skeleton/lab2-x/src/notes.txt", b"n", FILE),
            ("ann/old/copies/of/lab2-x/src/lib.rs", b"too deep", FILE),
            ("ann/backup/old/lab2-x/src/lib.rs", b"old", FILE),
            ("ann/lab3-y/src/lib.rs", b"c", FILE),
        ];
        let archive = read_bytes("x.tar", &tar_of(entries)).unwrap();
        let files = |lab: &str| {
            let files = archive.labs[lab].files.iter();
            files
                .map(|(path, content)| {
                    (path.display().to_string(), String::from_utf8_lossy(content).into_owned())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(files("lab2-x"), [("deep/b.rs".into(), "b".into()), ("lib.rs".into(), "a".to_string())]);
        assert_eq!(files("lab3-y"), [("lib.rs".into(), "c".to_string())]);
        assert_eq!(archive.labs["lab2-x"].remarks.len(), 1, "{:?}", archive.labs["lab2-x"].remarks);
    }

    #[test]
    fn links_and_paths_that_lead_out_are_left_out_and_named() {
        let entries: &[(&str, &[u8], _)] = &[
            ("lab2-x/src/lib.rs", b"a", FILE),
            ("lab2-x/src/link.rs", b"", tar::EntryType::Symlink),
            ("lab2-x/src/device.rs", b"", tar::EntryType::Char),
            ("../lab2-x/src/up.rs", b"u", FILE),
            ("/lab2-x/src/root.rs", b"r", FILE),
        ];
        let archive = read_bytes("x.tar", &tar_of(entries)).unwrap();
        let sources = &archive.labs["lab2-x"];
        assert_eq!(sources.files.len(), 1);
        assert_eq!(sources.remarks.len(), 4, "{:?}", sources.remarks);
    }

    #[test]
    fn a_bomb_ends_early() {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
        let mut header = tar::Header::new_gnu();
        header.set_size(BYTES_MAX + 1024);
        header.set_path("lab2-x/zeros").unwrap();
        header.set_cksum();
        encoder.write_all(header.as_bytes()).unwrap();
        let zeros = vec![0; 1024 * 1024];
        (0..=BYTES_MAX / 1024 / 1024).for_each(|_| encoder.write_all(&zeros).unwrap());
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 2 * 1024 * 1024);
        let error = read_bytes("x.tar.gz", &bomb).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains("more than 256 MB"), "{error}");
        let many: Vec<(String, &[u8], _)> =
            (0..=ENTRIES_MAX).map(|number| (format!("{number}"), &b""[..], FILE)).collect();
        let many: Vec<_> =
            many.iter().map(|(name, content, kind)| (name.as_str(), *content, *kind)).collect();
        assert!(read_bytes("x.tar", &tar_of(&many)).unwrap_err().to_string().contains("50000 entries"));
    }

    #[test]
    fn a_zip_is_read_likewise_and_nonsense_is_told() {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(vec![]));
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file("ann/lab2-x/src/lib.rs", options).unwrap();
        writer.write_all(b"a").unwrap();
        writer.add_symlink("ann/lab2-x/src/link.rs", "/etc/passwd", options).unwrap();
        writer.start_file("ann/lab2-x/src/large.rs", options).unwrap();
        writer.write_all(&vec![b' '; FILE_BYTES_MAX as usize + 1]).unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        let sources = read_bytes("X.ZIP", &bytes).unwrap().labs.remove("lab2-x").unwrap();
        assert_eq!(sources.files, [(PathBuf::from("lib.rs"), b"a".to_vec())]);
        assert_eq!(sources.remarks.len(), 2, "{:?}", sources.remarks);
        for (name, bytes) in [("x.zip", &b"PK nonsense"[..]), ("x.tar.gz", b"nonsense"), ("x.docx", b"")] {
            assert_eq!(read_bytes(name, bytes).unwrap_err().kind(), io::ErrorKind::InvalidData, "{name}");
        }
    }

    #[test]
    fn of_a_repository_the_commit_counts_and_none_of_its_settings() {
        let folder = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let identity =
                ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
            let status =
                Command::new("git").args(identity).args(arguments).current_dir(folder.path()).status();
            assert!(status.unwrap().success(), "{arguments:?}");
        };
        git(&["init", "--quiet", "--initial-branch=main", "work"]);
        std::fs::create_dir_all(folder.path().join("work/lab2-x/src")).unwrap();
        std::fs::write(folder.path().join("work/lab2-x/src/lib.rs"), "a").unwrap();
        git(&["-C", "work", "add", "--all"]);
        git(&["-C", "work", "commit", "--quiet", "--message", "x"]);
        git(&["clone", "--quiet", "--bare", "work", "x.git"]);
        let bare = folder.path().join("x.git");
        std::fs::write(
            bare.join("config"),
            "[core]\n\tbare = true\n\tfsmonitor = touch evil\n[tar \"tar\"]\n\tcommand = false\n",
        )
        .unwrap();
        assert!(is_archive(&bare) && !is_archive(&folder.path().join("work")));
        let sources = read(&bare).unwrap().labs.remove("lab2-x").unwrap();
        assert_eq!(sources.files, [(PathBuf::from("lib.rs"), b"a".to_vec())]);
        std::fs::write(bare.join("HEAD"), "ref: refs/heads/none\n").unwrap();
        assert!(read(&bare).unwrap_err().to_string().contains("names no commit"));
    }
}
