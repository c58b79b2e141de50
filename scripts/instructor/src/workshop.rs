//! The clean tree in which a submission is built: the kit's own files, and of the submission nothing but its sources.
//!
//! A workshop is kept between runs, so that only what changed is compiled again; files are written only when their
//! content differs, and what does not belong is removed. Invariant: after `install` the tree is the kit plus the
//! sources, whatever was there before.

mod outcome;

use crate::jail::{Compiler, Jail, Level, TO_CARGO};
use crate::kit::{Kit, with_path};
use crate::submission::Sources;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a build may take.
const BUILD_PATIENCE: Duration = Duration::from_secs(600);

/// In a workshop: what was built and put aside.
const APART: &str = "apart";

/// A clean tree and its build folder.
pub(crate) struct Workshop<'a> {
    kit: &'a Kit,
    tree: PathBuf,
    profile: Profile,
    jail: Jail,
    patience: Duration,
    /// Held as long as this is: nobody else works here.
    _lock: File,
}

/// What the environment says of how to build.
type Profile = &'static [(&'static str, &'static str)];

/// Of what runs for a moment, such as a mutant, the building is what takes time: a sixth of it without optimization.
const HASTY: Profile = &[("CARGO_PROFILE_DEV_OPT_LEVEL", "0")];

/// The programs of a built submission.
#[derive(Debug)]
pub(crate) struct Built {
    /// The program that serves the judge.
    pub(crate) driver: PathBuf,
    /// The lab's own programs by name.
    pub(crate) executables: BTreeMap<String, PathBuf>,
    /// In which they may run.
    pub(crate) jail: Jail,
}

impl Built {
    /// The same, with its programs in this folder, which is on the workshop's disk: the next build makes others.
    pub(crate) fn moved_to(self, folder: &Path) -> io::Result<Built> {
        // Moved and not copied: what is still open for writing somewhere, such as in a child just forked, cannot be started.
        let moved = |path: PathBuf| {
            let target = folder.join(path.file_name().unwrap_or_default());
            fs::rename(&path, &target).map_err(|error| with_path(&path, &error)).map(|()| target)
        };
        let driver = moved(self.driver)?;
        let executables = self.executables.into_iter().map(|(name, path)| Ok((name, moved(path)?)));
        Ok(Built { driver, executables: executables.collect::<io::Result<_>>()?, jail: self.jail })
    }
}

/// What of a submission is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// Everything.
    All,
    /// Only what serves the judge: without the lab's own programs, which only live scenarios start.
    Driver,
}

impl<'a> Workshop<'a> {
    /// The workshop of this number, for what is the kit's own; workshops of different numbers can be used side by side.
    pub(crate) fn open(kit: &'a Kit, number: usize) -> io::Result<Workshop<'a>> {
        Workshop::of(kit, number.to_string(), &[])
    }

    /// The same, where what is installed is built and run in a jail.
    pub(crate) fn jailed(self, jail: Jail) -> Workshop<'a> {
        Workshop { jail, ..self }
    }

    /// The same, where a build may take so long at most.
    pub(crate) fn patient(self, patience: Duration) -> Workshop<'a> {
        Workshop { patience, ..self }
    }

    /// As [`Workshop::open`], for what is built once and runs for a moment.
    pub(crate) fn hasty(kit: &'a Kit, number: usize) -> io::Result<Workshop<'a>> {
        Workshop::of(kit, format!("{number}-hasty"), HASTY)
    }

    fn of(kit: &'a Kit, name: String, profile: Profile) -> io::Result<Workshop<'a>> {
        let tree = kit.path("target/judge").join(&name);
        fs::create_dir_all(&tree).map_err(|error| with_path(&tree, &error))?;
        let lock = tree.with_added_extension("lock");
        let lock = File::create(&lock).map_err(|error| with_path(&lock, &error))?;
        if lock.try_lock().is_err() {
            eprintln!("waiting for another grader, which builds in the workshop {name} ...");
            lock.lock()?;
        }
        // Of whoever was here before and was killed.
        match fs::remove_dir_all(tree.join(APART)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(with_path(&tree, &error)),
            _ => {}
        }
        Ok(Workshop { kit, tree, profile, jail: Jail::none(), patience: BUILD_PATIENCE, _lock: lock })
    }

    pub(crate) fn kit(&self) -> &Kit {
        self.kit
    }

    /// A folder on its disk, for what is built here.
    pub(crate) fn folder(&self) -> io::Result<TempDir> {
        let apart = self.tree.join(APART);
        fs::create_dir_all(&apart)
            .and_then(|()| tempfile::tempdir_in(&apart))
            .map_err(|error| with_path(&apart, &error))
    }

    /// How what is built here is kept apart.
    pub(crate) fn isolation(&self) -> String {
        self.jail.isolation()
    }

    /// The labs whose sources a submission must have for `lab` to be judged: itself; or instead all labs below it, when its
    /// manifest says so.
    pub(crate) fn submitted(&self, lab: &str) -> io::Result<Vec<String>> {
        let manifest = self.kit.read(Path::new("skeleton").join(lab).join("Cargo.toml"))?;
        if manifest.lines().any(|line| line == "below = \"submitted\"") {
            return Ok(labs_below(&manifest).map(String::from).collect());
        }
        Ok(vec![lab.into()])
    }

    /// Makes the tree the kit plus these sources, so that `lab` can be built.
    pub(crate) fn install(&self, lab: &str, sources: &[(String, Sources)]) -> io::Result<()> {
        let mut wanted = BTreeMap::new();
        for folder in ["harness", "labs"] {
            for file in self.kit.files(folder)? {
                let content = fs::read(self.kit.path(&file)).map_err(|error| with_path(&file, &error))?;
                wanted.insert(file, content);
            }
        }
        for file in ["Cargo.toml", "rust-toolchain.toml"] {
            wanted.insert(file.into(), self.kit.read(file)?.into_bytes());
        }
        // The labs below are there as they are handed out: no mistake of theirs is one of this lab.
        for needed in self.with_labs_below(lab)? {
            let place = Path::new("skeleton").join(&needed);
            let submitted = sources.iter().find(|(lab, _)| *lab == needed);
            for file in self.kit.files(&place)? {
                if submitted.is_none() || !file.starts_with(place.join("src")) {
                    let content = fs::read(self.kit.path(&file)).map_err(|error| with_path(&file, &error))?;
                    wanted.insert(file, content);
                }
            }
            for (path, content) in submitted.iter().flat_map(|(_, sources)| &sources.files) {
                wanted.insert(place.join("src").join(path), content.clone());
            }
        }
        // A members glob must match something.
        wanted.insert("scripts/README.md".into(), b"The judge's tree has no scripts.\n".to_vec());
        for (path, content) in &wanted {
            write_if_changed(&self.tree.join(path), content)?;
        }
        let keep: BTreeSet<_> = wanted.into_keys().collect();
        for folder in ["harness", "labs", "skeleton", "scripts"] {
            self.remove_strangers(Path::new(folder), &keep)?;
        }
        // Cargo takes out what this tree does not need, so the kit's own lock comes first each time.
        write_if_changed(&self.tree.join("Cargo.lock"), self.kit.read("Cargo.lock")?.as_bytes())?;
        // Whoever has started this may keep his files to himself, but in a jail it is somebody else who builds.
        for path in
            ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "harness", "labs", "skeleton", "scripts"]
        {
            make_readable(&self.tree.join(path))?;
        }
        make_mode(&self.tree, 0o755)
    }

    /// A lab, and those that it is built on, and those that these are built on.
    fn with_labs_below(&self, lab: &str) -> io::Result<Vec<String>> {
        let mut labs = vec![lab.to_string()];
        let mut next = 0;
        while let Some(lab) = labs.get(next) {
            let manifest = self.kit.read(Path::new("skeleton").join(lab).join("Cargo.toml"))?;
            let below: Vec<_> = labs_below(&manifest).filter(|it| labs.iter().all(|lab| lab != it)).collect();
            labs.extend(below.into_iter().map(String::from));
            next += 1;
        }
        Ok(labs)
    }

    fn remove_strangers(&self, folder: &Path, keep: &BTreeSet<PathBuf>) -> io::Result<()> {
        let listing = fs::read_dir(self.tree.join(folder)).map_err(|error| with_path(folder, &error))?;
        for entry in listing {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                if keep.iter().any(|kept| kept.starts_with(&path)) {
                    self.remove_strangers(&path, keep)?;
                } else {
                    fs::remove_dir_all(entry.path())?;
                }
            } else if !keep.contains(&path) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Builds `lab`. `Err` within `Ok` is what the compiler says about the submission; a build that fails for any other reason is an
    /// error, for which nobody loses a point.
    pub(crate) fn build(&self, lab: &str, parts: Parts) -> io::Result<Result<Built, String>> {
        let (artifacts, words) = (self.tree.join("artifacts.json"), self.tree.join("compiler.txt"));
        let mut command = self.cargo()?;
        command
            .args(["build", "--offline", "--package", lab, "--test", "scenarios"])
            .arg(if parts == Parts::All { "--bins" } else { "--no-default-features" })
            .args(["--message-format", "json-render-diagnostics", "--color", "never"])
            .stdin(Stdio::null())
            .stdout(File::create(&artifacts)?)
            .stderr(File::create(&words)?);
        let status = outcome::wait(&mut command, self.patience)?;
        self.jail.sweep()?;
        let words = String::from_utf8_lossy(&fs::read(&words)?).into_owned();
        match status {
            None => {
                let seconds = self.patience.as_secs();
                Ok(Err(format!("the build took more than {seconds} seconds and was ended")))
            }
            Some(status) if !status.success() => {
                let error = outcome::first_error(&words);
                if outcome::is_about(&words, &self.submitted(lab)?) {
                    return Ok(Err(error));
                }
                Err(io::Error::other(format!(
                    "{lab} was not built, for which its sources are not to blame: {error}"
                )))
            }
            Some(_) => {
                let programs = outcome::programs(&fs::read_to_string(&artifacts)?);
                let at = |path: &PathBuf| Jail::outside(&self.tree, path);
                let Some(driver) = programs.driver.as_ref().map(at) else {
                    return Ok(Err(format!("the build of {lab} made no scenarios program")));
                };
                let executables = programs.executables.iter().map(|(name, path)| (name.clone(), at(path)));
                Ok(Ok(Built { driver, executables: executables.collect(), jail: self.jail.clone() }))
            }
        }
    }

    /// Cargo in the tree, in the jail if there is one.
    fn cargo(&self) -> io::Result<Command> {
        if self.jail.level() > Level::Process {
            return self.jail.build(&self.tree, &Compiler::find(self.kit.root())?);
        }
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .current_dir(&self.tree)
            .env_remove("RUSTFLAGS")
            .env_remove("RUSTC_WRAPPER")
            .env_remove("CARGO_BUILD_TARGET")
            .env("CARGO_TARGET_DIR", self.tree.join("target"))
            .envs(TO_CARGO)
            .envs(self.profile.iter().copied());
        Ok(command)
    }
}

/// The labs that this one is built on, by its manifest.
fn labs_below(manifest: &str) -> impl Iterator<Item = &str> {
    let paths = manifest.lines().filter_map(|line| line.split_once("path = \"../")?.1.split('"').next());
    paths.filter(|path| path.starts_with("lab"))
}

fn write_if_changed(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| with_path(folder, &error))?;
    }
    fs::write(path, content).map_err(|error| with_path(path, &error))
}

/// Makes a file, or a folder and all in it, one that everybody may read.
fn make_readable(path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        return make_mode(path, 0o644);
    }
    make_mode(path, 0o755)?;
    for entry in fs::read_dir(path).map_err(|error| with_path(path, &error))? {
        make_readable(&entry?.path())?;
    }
    Ok(())
}

fn make_mode(path: &Path, mode: u32) -> io::Result<()> {
    let named = |error: io::Error| with_path(path, &error);
    if fs::metadata(path).map_err(named)?.permissions().mode() & mode == mode {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str =
        "[[test]]\npath = \"../../labs/x\"\n[dependencies]\nlab1-y = { path = \"../lab1-y\" }\n";

    fn kit() -> (tempfile::TempDir, Kit) {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("Cargo.toml", "root"),
            ("Cargo.lock", "lock"),
            ("rust-toolchain.toml", "pin"),
            ("harness/src/lib.rs", "harness"),
            ("labs/lab2-x/src/lib.rs", "given"),
            ("skeleton/lab1-y/Cargo.toml", "lower"),
            ("skeleton/lab1-y/src/lib.rs", "todo"),
            ("skeleton/lab2-x/Cargo.toml", MANIFEST),
            ("skeleton/lab2-x/src/lib.rs", "todo"),
        ];
        for (path, content) in files {
            write_if_changed(&folder.path().join(path), content.as_bytes()).unwrap();
        }
        let kit = Kit::open(Some(folder.path().to_owned())).unwrap();
        (folder, kit)
    }

    #[test]
    fn the_tree_is_the_kit_plus_the_sources_whatever_was_there_before() {
        let (_folder, kit) = kit();
        let workshop = Workshop::open(&kit, 0).unwrap();
        let first = Sources {
            files: vec![("lib.rs".into(), b"one".to_vec()), ("old.rs".into(), vec![])],
            remarks: vec![],
        };
        let of = |lab: &str, sources| [(lab.to_string(), sources)];
        workshop.install("lab2-x", &of("lab2-x", first)).unwrap();
        fs::create_dir_all(workshop.tree.join("skeleton/lab2-x/.cargo")).unwrap();
        fs::write(workshop.tree.join("skeleton/lab2-x/build.rs"), "evil").unwrap();
        let second = Sources { files: vec![("lib.rs".into(), b"two".to_vec())], remarks: vec![] };
        workshop.install("lab2-x", &of("lab2-x", second)).unwrap();
        let place = workshop.tree.join("skeleton/lab2-x");
        assert_eq!(fs::read(place.join("src/lib.rs")).unwrap(), b"two");
        assert_eq!(fs::read_to_string(place.join("Cargo.toml")).unwrap(), MANIFEST);
        assert_eq!(fs::read(workshop.tree.join("skeleton/lab1-y/src/lib.rs")).unwrap(), b"todo");
        for gone in ["src/old.rs", "build.rs", ".cargo"] {
            assert!(!place.join(gone).exists(), "{gone}");
        }
    }

    #[test]
    fn who_keeps_his_files_to_himself_has_a_tree_that_another_user_can_build() {
        let (_folder, kit) = kit();
        let workshop = Workshop::open(&kit, 0).unwrap();
        let none = [("lab2-x".to_string(), Sources::default())];
        workshop.install("lab2-x", &none).unwrap();
        let (file, folder) =
            (workshop.tree.join("skeleton/lab1-y/Cargo.toml"), workshop.tree.join("harness"));
        for path in [&file, &folder, &workshop.tree] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        workshop.install("lab2-x", &none).unwrap();
        for (path, mode) in [(&file, 0o644), (&folder, 0o755), (&workshop.tree, 0o755)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & mode, mode, "{}", path.display());
        }
    }

    #[test]
    fn all_labs_below_come_from_the_submission_when_the_manifest_says_so() {
        let (folder, kit) = kit();
        let manifest = "[package.metadata.faultline]\nbelow = \"submitted\"\n[dependencies]\nlab2-x = { path = \"../lab2-x\" }\n";
        for (file, content) in [("Cargo.toml", manifest), ("src/lib.rs", "given")] {
            write_if_changed(&folder.path().join("skeleton/lab3-all").join(file), content.as_bytes())
                .unwrap();
        }
        let workshop = Workshop::open(&kit, 0).unwrap();
        assert_eq!(workshop.submitted("lab3-all").unwrap(), ["lab2-x"]);
        assert_eq!(workshop.submitted("lab2-x").unwrap(), ["lab2-x"]);
        let theirs = Sources { files: vec![("lib.rs".into(), b"theirs".to_vec())], remarks: vec![] };
        workshop.install("lab3-all", &[("lab2-x".into(), theirs)]).unwrap();
        let read = |file: &str| fs::read_to_string(workshop.tree.join("skeleton").join(file)).unwrap();
        assert_eq!(
            (read("lab3-all/src/lib.rs"), read("lab2-x/src/lib.rs")),
            ("given".into(), "theirs".into())
        );
        assert_eq!(read("lab1-y/src/lib.rs"), "todo");
    }
}
