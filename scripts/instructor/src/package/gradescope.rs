//! Gradescope's package and what it runs there: the layout is /autograder/{source,submission,results,submission_metadata.json}, and the
//! root of the zip becomes /autograder/source.

use super::as_options;
use crate::export;
use crate::grade;
use crate::kit::{Kit, with_path};
use serde::Deserialize;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What of the kit grades. The hidden scenarios have the lints and versions of their workspace.
const GIVEN: [&str; 10] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
    "harness",
    "labs",
    "scripts",
    "skeleton",
    "solutions-private/Cargo.toml",
    "solutions-private/hidden",
];

/// Where what the service starts is in the kit; it must be at the root of the zip.
const AT_THE_ROOT: &str = "scripts/instructor/package";

/// The assignment's secret in the package.
const SECRET: &str = "secret";

/// How often a submission is tried whose grading has failed, for which it is not to blame.
const TRIES: u32 = 2;

/// The package, as a zip.
pub(super) fn zip(kit: &Kit, labs: &[&str], secret: Option<&Path>, minutes: u64) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(io::Cursor::new(vec![]));
    let mut add = |path: &str, mode: u32, content: &[u8]| {
        let options = SimpleFileOptions::default().unix_permissions(mode);
        zip.start_file(path, options).map_err(io::Error::other)?;
        zip.write_all(content)
    };
    for given in GIVEN {
        let files = if kit.path(given).is_dir() { kit.files(given)? } else { vec![given.into()] };
        for file in files {
            let (content, mode) = read(kit, &file)?;
            let path = match file.strip_prefix(AT_THE_ROOT) {
                Ok(name) if ["setup.sh", "run_autograder"].iter().any(|it| name == Path::new(it)) => name,
                _ => &file,
            };
            add(&path.to_string_lossy(), mode, &content)?;
        }
    }
    add("settings.sh", 0o600, settings(&channel(kit)?, labs, minutes).as_bytes())?;
    if let Some(secret) = secret {
        // As it is checked here, nobody finds a bad one there.
        add(SECRET, 0o600, &grade::read_secret(secret)?)?;
    }
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}

fn read(kit: &Kit, file: &Path) -> io::Result<(Vec<u8>, u32)> {
    let path = kit.path(file);
    let named = |error: io::Error| with_path(file, &error);
    let is_executable = fs::metadata(&path).map_err(named)?.permissions().mode() & 0o100 != 0;
    Ok((fs::read(&path).map_err(named)?, if is_executable { 0o755 } else { 0o644 }))
}

/// The compiler's version, without the components that only who works on the kit needs.
fn channel(kit: &Kit) -> io::Result<String> {
    const FILE: &str = "rust-toolchain.toml";
    let text = kit.read(FILE)?;
    let line = text.lines().find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"'));
    let missing =
        || io::Error::new(io::ErrorKind::InvalidData, format!("{FILE} has no line channel = \"...\""));
    line.map(String::from).ok_or_else(missing)
}

/// What both scripts read: where the compiler is, and what is graded.
fn settings(channel: &str, labs: &[&str], minutes: u64) -> String {
    format!(
        "# Made by `scripts/package gradescope`.\n\
         export RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo\n\
         export RUSTUP_TOOLCHAIN={channel}\n\
         export PATH=/usr/local/cargo/bin:$PATH\n\
         export CARGO_BUILD_JOBS=1\n\
         labs='{}'\n\
         minutes={minutes}\n",
        as_options(labs)
    )
}

/// What Gradescope's package starts for a submission.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The service's folder.
    #[arg(long, value_name = "DIR", default_value = "/autograder")]
    at: PathBuf,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
    /// A submission that takes longer than this, in minutes, loses what was not judged by then.
    #[arg(long, value_name = "N", default_value_t = 35)]
    minutes: u64,
}

/// The part of submission_metadata.json that is needed.
#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    users: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    email: String,
}

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let secret = kit.path(SECRET);
    let draw = match secret.exists() {
        true => Some((student(&options.at.join("submission_metadata.json"))?, secret)),
        false => None,
    };
    let submission = submitted(&options.at.join("submission"))?;
    let wanted = grade::Options::of_a_service(submission, options.labs.clone(), draw, options.minutes);
    let mut tries = 0;
    let graded = loop {
        tries += 1;
        match grade::grade(kit, &wanted) {
            Err(error) if tries < TRIES => eprintln!("once more, since this went wrong: {error}"),
            graded => break graded?,
        }
    };
    let results = export::gradescope(&graded);
    export::write(&options.at.join("results/results.json"), results.as_bytes(), 0o644)?;
    println!("{}", graded.total());
    Ok(ExitCode::SUCCESS)
}

/// Whose submission it is: the addresses of all who have handed it in together, whoever of them has uploaded it.
fn student(metadata: &Path) -> io::Result<String> {
    let wrong =
        |why: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", metadata.display()));
    let text = fs::read_to_string(metadata).map_err(|error| with_path(metadata, &error))?;
    let read: Metadata = serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
    let mut emails: Vec<_> = read.users.into_iter().map(|user| user.email.to_lowercase()).collect();
    emails.sort();
    if emails.is_empty() {
        return Err(wrong("it names nobody, and hidden seeds are drawn for somebody"));
    }
    Ok(emails.join(" "))
}

/// Where the labs are in what was uploaded: a zip of a folder becomes a folder in a folder.
fn submitted(folder: &Path) -> io::Result<PathBuf> {
    const DEPTH_MAX: u32 = 4;
    let mut place = folder.to_path_buf();
    for _ in 0..DEPTH_MAX {
        let named = |error: io::Error| with_path(&place, &error);
        let entries = fs::read_dir(&place).map_err(named)?.collect::<Result<Vec<_>, _>>().map_err(named)?;
        let [only] = &entries[..] else { break };
        let name = only.file_name().to_string_lossy().into_owned();
        // A link leads to what is none of theirs.
        if !only.file_type()?.is_dir() || name == "skeleton" || name.starts_with("lab") {
            break;
        }
        place = only.path();
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_what_grades_and_no_solution() {
        let kit = Kit::open(None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("key");
        fs::write(&secret, [7; 32]).unwrap();
        let zip = zip(&kit, &["lab2-reliable"], Some(&secret), 8).unwrap();
        let mut archive = zip::ZipArchive::new(io::Cursor::new(zip)).unwrap();
        for (name, mode) in [
            ("setup.sh", 0o755),
            ("run_autograder", 0o755),
            ("secret", 0o600),
            ("Cargo.toml", 0o644),
            ("scripts/grade", 0o755),
            ("skeleton/lab2-reliable/Cargo.toml", 0o644),
            ("solutions-private/hidden/Cargo.toml", 0o644),
        ] {
            let file = archive.by_name(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(file.unix_mode().map(|bits| bits & 0o777), Some(mode), "{name}");
        }
        for place in 0..archive.len() {
            let name = archive.by_index_raw(place).unwrap().name().unwrap().to_string();
            assert!(!name.starts_with("solutions-private/lab") && !name.contains("mutants/"), "{name}");
        }
        let mut settings = String::new();
        io::Read::read_to_string(&mut archive.by_name("settings.sh").unwrap(), &mut settings).unwrap();
        assert!(settings.contains("labs='--lab lab2-reliable'\nminutes=8\n"), "{settings}");
    }

    #[test]
    fn a_group_is_the_same_whoever_of_it_hands_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metadata");
        let student = |text: &str| {
            fs::write(&path, text).unwrap();
            student(&path).map_err(|error| error.to_string())
        };
        let both =
            student(r#"{"id": 1, "users": [{"email": "B@x.edu", "name": "B"}, {"email": "a@x.edu"}]}"#);
        assert_eq!(both.as_deref(), Ok("a@x.edu b@x.edu"));
        assert!(student(r#"{"users": []}"#).unwrap_err().contains("it names nobody"));
        assert!(student("{").unwrap_err().contains("metadata: "));
    }

    #[test]
    fn folders_around_the_labs_are_gone_into() {
        let folder = tempfile::tempdir().unwrap();
        let labs = folder.path().join("upload/faultline");
        fs::create_dir_all(labs.join("lab1-datagram/src")).unwrap();
        assert_eq!(submitted(folder.path()).unwrap(), labs);
        fs::create_dir(labs.join("lab2-reliable")).unwrap();
        assert_eq!(submitted(folder.path()).unwrap(), labs);
        fs::remove_dir_all(&labs).unwrap();
        std::os::unix::fs::symlink("/", &labs).unwrap();
        assert_eq!(submitted(folder.path()).unwrap(), folder.path().join("upload"));
    }
}
