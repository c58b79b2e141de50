//! The jail in which a submission is built and run: namespaces of its own (bubblewrap, `walls.rs`), limits (prlimit) and, where the
//! grader is root, a user of its own (setpriv). Where there are no namespaces, as in most containers, root can still have the user and
//! the limits (`account.rs`).
//!
//! There are two kinds. [`Jail::build`] is for the compiler. [`Jail::cell`] is for one scenario: in it are a judge of the
//! kit's (`inside.rs`) and the processes of the submission, which [`Inmates`] puts under limits and another user. All that has
//! run in a cell is gone when the cell is: processes, files, mounts, sockets.

mod account;
mod filter;
mod limits;
mod objects;
mod walls;

pub(crate) use limits::Inmates;
pub(crate) use objects::Object;

use crate::kit::Kit;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How well a submission is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Level {
    /// Nothing but a process of its own.
    Process,
    /// A user of its own, and limits.
    Account,
    /// Namespaces of its own for processes, network, files, and limits; the user is the grader's.
    Namespaces,
    /// And a user of its own.
    User,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Process => "own process",
            Level::Account => "own user",
            Level::Namespaces => "own namespaces",
            Level::User => "own user and namespaces",
        })
    }
}

/// How submissions are kept apart here.
#[derive(Clone, Debug)]
pub(crate) struct Jail {
    level: Level,
    /// Whether the processes of one run are kept apart from one another too, by networks of their own.
    networks_apart: bool,
    /// Why it is not better.
    why: Option<String>,
    /// The number of the workshop.
    number: u32,
}

impl fmt::Display for Jail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            None => f.write_str(&self.isolation()),
            Some(why) => write!(f, "{} ({why})", self.isolation()),
        }
    }
}

/// A place for one run of a scenario.
pub(crate) struct Cell {
    /// What starts the judge in it.
    pub(crate) command: Command,
    /// Where in it the programs of the submission are.
    pub(crate) programs: BTreeMap<String, PathBuf>,
    /// Its own folder, where it has one outside of itself.
    _folder: Option<account::Folder>,
}

/// The number of the first user that no machine has; each workshop has its own, since the limit of processes is a user's.
const FIRST_USER: u32 = 2_000_000_000;

/// In the environment of a jail: the number of the process that has made it.
pub(crate) const GRADER: &str = "FAULTLINE_GRADER";

impl Jail {
    /// No jail: for what is the kit's own.
    pub(crate) fn none() -> Jail {
        Jail { level: Level::Process, networks_apart: false, why: None, number: 0 }
    }

    /// The best that this machine has, for the workshop of this number.
    pub(crate) fn probe(kit: &Kit, number: u32) -> Jail {
        let is_root = rustix::process::geteuid().is_root();
        let with_walls = if is_root { Level::User } else { Level::Namespaces };
        let mut jail = Jail { level: with_walls, networks_apart: false, why: None, number };
        let Err(mut why) = jail.try_walls() else {
            match jail.try_networks() {
                Ok(()) => jail.networks_apart = true,
                Err(why) => jail.why = Some(format!("the processes of a run share one network: {why}")),
            }
            return jail;
        };
        let without = |level, why: &str| Jail { level, networks_apart: false, why: Some(why.into()), number };
        if is_root {
            let jail = without(Level::Account, &why);
            match jail.try_account(kit) {
                Ok(()) => return jail,
                Err(more) => why = format!("{why}; {more}"),
            }
        }
        without(Level::Process, &why)
    }

    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// How a submission is kept apart, in a few words.
    pub(crate) fn isolation(&self) -> String {
        let networks = if self.networks_apart { ", networks apart" } else { "" };
        format!("{}{networks}", self.level)
    }

    /// Whether each network of a scenario is apart from the others.
    pub(crate) fn networks_apart(&self) -> bool {
        self.networks_apart
    }

    /// The user of what runs in it, if its level has one.
    pub(crate) fn user(&self) -> Option<u32> {
        match self.level {
            Level::User => Some(FIRST_USER + self.number),
            Level::Account => Some(account::inmate(self.number)),
            Level::Namespaces | Level::Process => None,
        }
    }

    /// Refuses to go on where a submission would be kept apart by nothing but a process, unless it is trusted.
    pub(crate) fn require(&self, is_trusted: bool) -> io::Result<()> {
        if self.level > Level::Process || is_trusted {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "a submission would have a process of its own here and nothing else, so it could read and change what you can: {}. \
             --allow-weak-isolation grades all the same",
            self.why.as_deref().unwrap_or("there is no jail")
        )))
    }

    /// How many scenarios may run at once. Where there are no walls one cannot tell whose process it is that was left behind.
    pub(crate) fn at_once(&self, wanted: usize) -> usize {
        if self.level == Level::Account { 1 } else { wanted }
    }

    /// The processes of a submission in a cell.
    pub(crate) fn inmates(&self) -> Inmates {
        Inmates { user: self.user() }
    }

    /// Cargo with `tree` as its folder, where nothing can be written but what it builds. The paths that it tells are those of the jail;
    /// [`Jail::outside`] says where that is.
    pub(crate) fn build(&self, tree: &Path, compiler: &Compiler) -> io::Result<Command> {
        match self.level {
            Level::Account => self.build_as_user(tree, compiler),
            _ => self.build_within_walls(tree, compiler),
        }
    }

    /// A cell for a scenario, in which `judge`, a program of the kit's, is started with this argument, and which has these
    /// programs of the submission.
    pub(crate) fn cell(
        &self,
        judge: &Path,
        argument: &str,
        programs: &BTreeMap<String, PathBuf>,
    ) -> io::Result<Cell> {
        match self.level {
            Level::Account => account::cell(judge, argument, programs),
            _ => Ok(self.cell_within_walls(judge, argument, programs)),
        }
    }

    /// Ends what a build or a run has left on the machine. Within walls nothing can be left.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        match self.level {
            Level::Account => account::sweep(self.number),
            _ => Ok(()),
        }
    }
}

/// Where a jailed build puts what it makes; others, with other paths, would have it make all anew.
const TARGET: &str = "jailed";

/// How Cargo builds what is judged: once and alone, so that incremental files are of no use, and those of a build
/// that was killed a riddle for the next linker; and without tables of lines, since nobody
/// looks at a backtrace, which saves a third of a build's time.
pub(crate) const TO_CARGO: [(&str, &str); 2] =
    [("CARGO_INCREMENTAL", "0"), ("CARGO_PROFILE_DEV_DEBUG", "none")];

/// The compiler of this machine.
#[derive(Clone, Debug)]
pub(crate) struct Compiler {
    sysroot: PathBuf,
    home: PathBuf,
}

impl Compiler {
    /// The one of this folder's toolchain.
    pub(crate) fn find(folder: &Path) -> io::Result<Compiler> {
        let output = Command::new("rustc").args(["--print", "sysroot"]).current_dir(folder).output()?;
        let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if !output.status.success() || !sysroot.join("bin/cargo").is_file() {
            return Err(io::Error::other("rustc --print sysroot names no toolchain with a cargo"));
        }
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
        Ok(Compiler { sysroot, home: home.unwrap_or_default() })
    }
}

/// Makes a folder or file, and all in it, a user's own, unless it is already.
fn give(path: &Path, user: u32) -> io::Result<()> {
    if fs::metadata(path)?.uid() == user {
        return Ok(());
    }
    let owner = format!("{user}:{user}");
    let status = Command::new("chown").args([OsStr::new("-R"), OsStr::new(&owner)]).arg(path).status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{} could not be given to the user {user}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_trusted_is_not_graded_without_a_jail() {
        let jail = Jail { why: Some("bubblewrap is not installed".into()), ..Jail::none() };
        let error = jail.require(false).unwrap_err().to_string();
        assert!(error.contains("bubblewrap is not installed"), "{error}");
        assert!(error.contains("--allow-weak-isolation"), "{error}");
        jail.require(true).unwrap();
        assert_eq!(jail.to_string(), "own process (bubblewrap is not installed)");
    }

    #[test]
    fn what_the_compiler_has_made_is_found_outside() {
        let tree = Path::new("/somewhere/judge/0");
        assert_eq!(Jail::outside(tree, Path::new("/kit/jailed/x")), Path::new("/somewhere/judge/0/jailed/x"));
        assert_eq!(Jail::outside(tree, Path::new("/elsewhere/x")), Path::new("/elsewhere/x"));
    }

    #[test]
    fn a_cell_has_the_programs_and_nothing_else_of_the_machine() {
        let jail = Jail::probe(&Kit::open(None).unwrap(), 99);
        if jail.level() < Level::Namespaces {
            eprintln!("SKIPPED: {jail}");
            return;
        }
        let judge = Path::new("/bin/sh");
        let programs = BTreeMap::from([("tool".to_string(), PathBuf::from("/bin/true"))]);
        let mut cell = jail.cell(judge, "-c", &programs).unwrap();
        assert_eq!(cell.programs["tool"], Path::new("/submission/tool"));
        let look = "ls / /submission; ls /tmp | wc -l; /submission/tool && echo runs; umask; ls /proc | grep -c '^[0-9]'";
        let output = cell.command.arg(look).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for there in ["submission", "tool", "runs", "0000"] {
            assert!(text.contains(there), "{there}: {text}");
        }
        for absent in ["home", "root", "work", "var"] {
            assert!(text.lines().all(|line| line != absent), "{absent}: {text}");
        }
        let processes: u32 = text.lines().last().unwrap().parse().unwrap();
        assert!(processes <= 5, "{text}");
    }
}
