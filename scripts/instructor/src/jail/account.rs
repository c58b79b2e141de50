//! A jail without walls: users of its own and limits, for machines on which the grader is root and there are no namespaces to be had, such
//! as a container of a grading service. The submission sees the machine's files as any stranger does, its processes and its
//! network; so what it may not read must not be readable by strangers, which [`Jail::try_account`] looks into.
//!
//! Who builds is another user than who runs, since what was built is used again. Nothing of theirs is left when [`sweep`] is done.

use super::limits::{Inmates, Limits, OF_A_BUILD, OF_A_RUN};
use super::objects::Object;
use super::{Cell, Compiler, GRADER, Jail, Level, TO_CARGO, give};
use crate::kit::Kit;
use faultline::text;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Numbers of users that systems leave alone, and that a container has, whose users end at 65535; a hundred workshops have their own.
const BUILDERS: u32 = 60_800;
const INMATES: u32 = 60_900;
const WORKSHOPS: u32 = 100;

/// Where a build puts what it makes: its paths are not those within walls.
const TARGET: &str = "unwalled";
/// Cargo's folder, in which it may make files.
const CARGO_HOME: &str = "cargo-home";

/// Where everybody may leave files.
const OPEN: [&str; 5] = ["/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/dev/mqueue"];

/// Who builds in the workshop of this number.
fn builder(number: u32) -> u32 {
    BUILDERS + number % WORKSHOPS
}

/// Who runs there.
pub(super) fn inmate(number: u32) -> u32 {
    INMATES + number % WORKSHOPS
}

/// A program as this user, with nothing of our environment.
fn as_user(user: u32, limits: &Limits, program: &Path) -> Command {
    let words = Inmates { user: Some(user) }.prefix(limits);
    let mut command = Command::new("/bin/sh");
    // Whoever grades may keep his files to himself; these are for other users.
    command.args(["-c", "umask 022; exec \"$@\"", "sh"]).args(words).arg(program).env_clear();
    for (name, value) in [("PATH", "/usr/bin:/bin"), ("HOME", "/tmp"), ("RUST_BACKTRACE", "0")] {
        command.env(name, value);
    }
    command
}

impl Jail {
    /// Whether a user of its own keeps a submission from what it may not have; if not, why.
    pub(super) fn try_account(&self, kit: &Kit) -> Result<(), String> {
        for user in [builder(self.number), inmate(self.number)] {
            let output = as_user(user, &OF_A_RUN, Path::new("true")).output();
            let output = output.map_err(|error| format!("/bin/sh cannot be started: {error}"))?;
            if !output.status.success() {
                let words = String::from_utf8_lossy(&output.stderr).trim().to_string();
                return Err(format!("nor can a program have a user of its own: {words}"));
            }
        }
        let compiler = Compiler::find(kit.root()).map_err(|error| error.to_string())?;
        let cargo = compiler.sysroot.join("bin/cargo");
        for needed in [&cargo, &kit.path("target"), &kit.path("Cargo.toml")] {
            if !is_read_by(builder(self.number), needed) {
                return Err(format!("{} is nothing that another user may read", needed.display()));
            }
        }
        let me = std::env::current_exe().map_err(|error| error.to_string())?;
        for secret in [kit.path("solutions-private"), me] {
            self.require_hidden(&secret).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Refuses a file that a submission could read.
    ///
    /// # Errors
    /// It could; the text says what to do.
    pub(crate) fn require_hidden(&self, path: &Path) -> io::Result<()> {
        let users = [builder(self.number), inmate(self.number)];
        if self.level != Level::Account || !users.into_iter().any(|user| is_read_by(user, path)) {
            return Ok(());
        }
        let path = path.display();
        Err(io::Error::other(format!("a submission could read {path}: chmod -R go-rwx {path}")))
    }

    /// [`Jail::build`].
    pub(super) fn build_as_user(&self, tree: &Path, compiler: &Compiler) -> io::Result<Command> {
        let user = builder(self.number);
        let (target, home, lock) = (tree.join(TARGET), tree.join(CARGO_HOME), tree.join("Cargo.lock"));
        for folder in [&target, &home] {
            fs::create_dir_all(folder)?;
        }
        for name in ["registry", "config.toml"] {
            let (from, to) = (compiler.home.join(name), home.join(name));
            if from.exists() && !to.is_symlink() {
                std::os::unix::fs::symlink(&from, &to)?;
            }
        }
        for theirs in [&target, &home, &lock] {
            give(theirs, user)?;
        }
        for folder in [&target, &home] {
            fs::set_permissions(folder, Permissions::from_mode(0o755))?;
        }
        let mut command = as_user(user, &OF_A_BUILD, &compiler.sysroot.join("bin/cargo"));
        let path = format!("{}:/usr/bin:/bin", compiler.sysroot.join("bin").display());
        command.current_dir(tree).env("PATH", path).env("CARGO_HOME", &home).env("CARGO_TARGET_DIR", &target);
        command.envs(TO_CARGO);
        Ok(command)
    }
}

/// [`Jail::cell`].
pub(super) fn cell(judge: &Path, argument: &str, programs: &BTreeMap<String, PathBuf>) -> io::Result<Cell> {
    let folder = tempfile::Builder::new().prefix("faultline-cell-").tempdir()?;
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777))?;
    // What the judge makes the submission may use, whoever that is.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(judge).arg(argument).env_clear();
    command.current_dir(folder.path()).stderr(Stdio::null());
    for name in ["HOME", "TMPDIR"] {
        command.env(name, folder.path());
    }
    let grader = std::process::id().to_string();
    command.env("PATH", "/usr/bin:/bin").env("RUST_BACKTRACE", "0").env(GRADER, grader);
    Ok(Cell { command, programs: programs.clone(), _folder: Some(Folder(folder)) })
}

/// A cell's folder, which is gone with it, however deep what is in it goes.
pub(super) struct Folder(TempDir);

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is told by nobody, and found by nobody else: its name is chance.
        let _ = remove(self.0.path());
    }
}

/// Ends all processes of the users of this workshop, and removes what they have left where everybody may leave files.
///
/// # Errors
/// One of these does not go.
pub(super) fn sweep(number: u32) -> io::Result<()> {
    for user in [builder(number), inmate(number)] {
        end_all_of(user)?;
        for place in OPEN {
            let Ok(entries) = fs::read_dir(place) else { continue };
            for entry in entries {
                let path = entry?.path();
                // What is gone by now is gone.
                let Ok(about) = fs::symlink_metadata(&path) else { continue };
                if about.uid() == user {
                    remove(&path)?;
                }
            }
        }
        Object::all().iter().filter(|it| it.maker == user).try_for_each(Object::remove)?;
    }
    Ok(())
}

/// Removes a file, or a folder and all in it: by a program that holds no folder open for each that it goes down.
fn remove(path: &Path) -> io::Result<()> {
    let output = Command::new("rm").arg("-rf").arg("--").arg(path).stdin(Stdio::null()).output()?;
    let words = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(io::Error::other(text::line(&words, 200))) }
}

/// Kills a user's processes, all at once, until there are none: one by one those that fork would be faster.
fn end_all_of(user: u32) -> io::Result<()> {
    const TRIES: u32 = 200;
    let inmates = Inmates { user: Some(user) };
    for tries in 0..TRIES {
        // Whatever a look would show, killing comes first.
        if tries > 0 && inmates.at_work()?.is_empty() {
            return Ok(());
        }
        let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
        let powerless = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
        // Not under limits, which may be reached; and it is among those that it kills.
        let mut killer = Command::new("setpriv");
        killer.args([user, group]).args(powerless).args(["/bin/sh", "-c", "kill -KILL -1"]);
        killer.stdin(Stdio::null()).stderr(Stdio::null()).status()?;
    }
    Err(io::Error::other(format!("processes of the user {user} do not end: {:?}", inmates.at_work()?)))
}

fn is_read_by(user: u32, path: &Path) -> bool {
    let test = as_user(user, &OF_A_RUN, Path::new("test")).arg("-r").arg(path).status();
    test.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Only root has other users.
    fn is_root() -> bool {
        let is_root = rustix::process::geteuid().is_root();
        if !is_root {
            eprintln!("SKIPPED: who is not root has no other user");
        }
        is_root
    }

    #[test]
    fn what_a_user_has_started_and_left_is_gone_after_the_sweep() {
        if !is_root() {
            return;
        }
        // Of a run that was broken off.
        sweep(99).unwrap();
        let user = inmate(99);
        let left = Path::new("/tmp").join(format!("faultline-left-{}", std::process::id()));
        let script = format!(
            "mkdir -p {0}/x; touch {0}/x/y; cd {0}; perl -e 'mkdir \"d\" and chdir \"d\" for 1..3000'; ipcmk --shmem 64 --queue;
            setsid sleep 1000 & setsid sleep 1000 &",
            left.display()
        );
        let status = as_user(user, &OF_A_RUN, Path::new("/bin/sh")).args(["-c", &script]).status().unwrap();
        assert!(status.success());
        let inmates = Inmates { user: Some(user) };
        // Between fork and exec they are shells.
        let both = ["sleep 1000"; 2];
        let are_there = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            inmates.at_work().unwrap() == both
        });
        assert!(are_there, "{:?}", inmates.at_work());
        assert_eq!(fs::metadata(&left).unwrap().uid(), user);
        let objects = || Object::all().iter().filter(|it| it.maker == user).count();
        assert_eq!(objects(), 2);
        sweep(99).unwrap();
        assert_eq!(objects(), 0);
        assert!(inmates.at_work().unwrap().is_empty());
        assert!(!left.exists());
    }

    #[test]
    fn what_strangers_may_read_is_refused() {
        if !is_root() {
            return;
        }
        let jail = Jail { level: Level::Account, number: 98, ..Jail::none() };
        // In a folder that everybody may enter, whatever the temporary one is.
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, "s").unwrap();
        for (mode, is_hidden) in [(0o644, false), (0o600, true)] {
            fs::set_permissions(&secret, Permissions::from_mode(mode)).unwrap();
            let required = jail.require_hidden(&secret);
            assert_eq!(required.is_ok(), is_hidden, "{required:?}");
        }
    }
}
