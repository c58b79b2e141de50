//! The jail in which a submission is built and run: namespaces of its own (bubblewrap), limits (prlimit) and, where the grader is
//! root, a user of its own (setpriv). Nothing of the machine is seen in it but the system's programs and libraries, read-only, the
//! compiler where it builds, and what it is given by name.
//!
//! There are two kinds. [`Jail::build`] is for the compiler. [`Jail::cell`] is for one run of one scenario: in it are a judge of the
//! kit's (`inside.rs`) and the processes of the submission, which [`Inmates`] puts under limits and another user. All that has
//! run in a cell is gone when the cell is: processes, files, mounts, sockets.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How well a submission is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Level {
    /// Nothing but a process of its own.
    Process,
    /// Namespaces of its own for processes, network, files, and limits; the user is the grader's.
    Namespaces,
    /// And a user of its own.
    User,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Process => "own process",
            Level::Namespaces => "own namespaces",
            Level::User => "own user and namespaces",
        })
    }
}

/// How submissions are kept apart here.
#[derive(Clone, Debug)]
pub(crate) struct Jail {
    level: Level,
    /// Why it is not better.
    why: Option<String>,
    /// The user of a jail whose level has one.
    user: u32,
}

impl fmt::Display for Jail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            None => self.level.fmt(f),
            Some(why) => write!(f, "{} ({why})", self.level),
        }
    }
}

/// The number of the first user that no machine has; each workshop has its own, since the limit of processes is a user's.
const FIRST_USER: u32 = 2_000_000_000;

/// What a process may take. Of one user there may be several processes at once.
struct Limits {
    /// Bytes of address space.
    memory: u64,
    /// Bytes of a file.
    file: u64,
    /// Seconds of processor time.
    seconds: u64,
    /// Processes and threads of the user's.
    processes: u64,
}

const OF_A_BUILD: Limits = Limits { memory: 8 << 30, file: 2 << 30, seconds: 900, processes: 512 };
const OF_A_RUN: Limits = Limits { memory: 4 << 30, file: 1 << 30, seconds: 600, processes: 256 };

/// Bytes that a cell's own files may take.
const CELL_BYTES: u64 = 512 << 20;

/// What of the machine is seen in a jail, read-only.
const SYSTEM: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
];

/// In the environment of a jail: the number of the process that has made it.
pub(crate) const GRADER: &str = "FAULTLINE_GRADER";

/// Where things are in a jail.
const TREE: &str = "/kit";
const TOOLCHAIN: &str = "/toolchain";
const CARGO_HOME: &str = "/cargo";
const JUDGE: &str = "/judge";
const SUBMISSION: &str = "/submission";

impl Jail {
    /// No jail: for what is the kit's own.
    pub(crate) fn none() -> Jail {
        Jail { level: Level::Process, why: None, user: 0 }
    }

    /// The best that this machine has, for the workshop of this number.
    pub(crate) fn probe(number: u32) -> Jail {
        let user = FIRST_USER + number;
        let level = if rustix::process::geteuid().is_root() { Level::User } else { Level::Namespaces };
        let jail = Jail { level, why: None, user };
        match jail.try_out() {
            Ok(()) => jail,
            Err(why) => Jail { level: Level::Process, why: Some(why), user },
        }
    }

    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// The user of what runs in it, if its level has one.
    pub(crate) fn user(&self) -> u32 {
        self.user
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

    fn try_out(&self) -> Result<(), String> {
        let mut command = self.walls();
        command.args(["--dir", SUBMISSION]);
        command.arg("--").args(self.inmates().prefix(&OF_A_RUN)).arg("true");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        match command.output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => {
                let words = String::from_utf8_lossy(&output.stderr).trim().to_string();
                Err(format!("bubblewrap does not work here: {words}"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err("bubblewrap is not installed (apt-get install bubblewrap)".into())
            }
            Err(error) => Err(format!("bubblewrap cannot be started: {error}")),
        }
    }

    /// What all jails have: namespaces, the system's files, an empty /tmp, no environment.
    fn walls(&self) -> Command {
        let mut command = Command::new("bwrap");
        command.args([
            "--unshare-pid",
            "--unshare-net",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
        ]);
        command.args(["--die-with-parent", "--hostname", "faultline", "--clearenv"]);
        // Who has started it, for who looks what is left of it.
        let grader = std::process::id().to_string();
        command.args(["--setenv", GRADER, &grader]);
        if self.level == Level::User {
            // What it takes to become another user, and to look after what that user leaves.
            command.args(["--cap-drop", "ALL"]);
            for capability in ["SETUID", "SETGID", "SETPCAP", "KILL", "DAC_OVERRIDE", "FOWNER"] {
                command.args(["--cap-add", &format!("CAP_{capability}")]);
            }
        } else {
            command.arg("--unshare-user");
        }
        command.args(["--perms", "0755", "--dir", "/etc"]);
        for path in SYSTEM {
            command.args(["--ro-bind-try", path, path]);
        }
        command.args(["--proc", "/proc", "--dev", "/dev"]);
        command.args([
            "--perms",
            "1777",
            "--size",
            &CELL_BYTES.to_string(),
            "--tmpfs",
            "/tmp",
            "--chdir",
            "/tmp",
        ]);
        for (name, value) in [("PATH", "/usr/bin:/bin"), ("HOME", "/tmp"), ("RUST_BACKTRACE", "0")] {
            command.args(["--setenv", name, value]);
        }
        command
    }

    /// The processes of a submission in a cell.
    pub(crate) fn inmates(&self) -> Inmates {
        Inmates { user: (self.level == Level::User).then_some(self.user) }
    }

    /// The compiler's jail: cargo with `tree` as its folder, where nothing can be written but what it builds. The paths that it tells
    /// are those of the jail; [`Jail::outside`] says where that is.
    pub(crate) fn build(&self, tree: &Path, compiler: &Compiler) -> io::Result<Command> {
        let target = tree.join(TARGET);
        fs::create_dir_all(&target)?;
        let lock = tree.join("Cargo.lock");
        if self.level == Level::User {
            give(&target, self.user)?;
            give(&lock, self.user)?;
        }
        let mut command = self.walls();
        let bind = |command: &mut Command, how: &str, from: &Path, to: &Path| {
            command.arg(how).arg(from).arg(to);
        };
        bind(&mut command, "--ro-bind", tree, Path::new(TREE));
        bind(&mut command, "--bind", &target, &Path::new(TREE).join(TARGET));
        // Cargo takes out of it what is not needed.
        bind(&mut command, "--bind", &lock, &Path::new(TREE).join("Cargo.lock"));
        bind(&mut command, "--ro-bind", &compiler.sysroot, Path::new(TOOLCHAIN));
        command.args(["--perms", "0777", "--dir", CARGO_HOME]);
        for name in ["registry", "config.toml"] {
            bind(&mut command, "--ro-bind-try", &compiler.home.join(name), &Path::new(CARGO_HOME).join(name));
        }
        let here = [("CARGO_HOME", CARGO_HOME), ("CARGO_TARGET_DIR", TARGET), ("CARGO_INCREMENTAL", "0")];
        for (name, value) in here {
            command.args(["--setenv", name, value]);
        }
        command.args(["--setenv", "PATH", &format!("{TOOLCHAIN}/bin:/usr/bin:/bin"), "--chdir", TREE]);
        command.arg("--").args(self.inmates().prefix(&OF_A_BUILD)).arg(format!("{TOOLCHAIN}/bin/cargo"));
        Ok(command)
    }

    /// Where a file of the compiler's jail is.
    pub(crate) fn outside(tree: &Path, inside: &Path) -> PathBuf {
        inside.strip_prefix(TREE).map_or_else(|_| inside.to_path_buf(), |path| tree.join(path))
    }

    /// A cell for one run of a scenario, in which `judge`, a program of the kit's, is started with this argument; and where in it
    /// these programs of the submission are.
    pub(crate) fn cell(
        &self,
        judge: &Path,
        argument: &str,
        programs: &BTreeMap<String, PathBuf>,
    ) -> (Command, BTreeMap<String, PathBuf>) {
        let mut command = self.walls();
        command.args(["--perms", "0700", "--dir", JUDGE, "--perms", "0755", "--dir", SUBMISSION]);
        let inside = Path::new(JUDGE).join("judge");
        command.arg("--ro-bind").arg(judge).arg(&inside);
        let mut places = BTreeMap::new();
        for (name, path) in programs {
            let place = Path::new(SUBMISSION).join(name);
            command.arg("--ro-bind").arg(path).arg(&place);
            places.insert(name.clone(), place);
        }
        // What the judge makes the submission may use, whoever that is.
        command.args(["--", "/bin/sh", "-c", "umask 0; exec \"$@\"", "sh"]).arg(inside).arg(argument);
        command.stderr(Stdio::null());
        (command, places)
    }
}

/// Where a jailed build puts what it makes; others, with other paths, would have it make all anew.
const TARGET: &str = "jailed";

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

/// Who runs the programs of a submission in a cell, and within which limits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Inmates {
    /// The user, when it is not the judge's.
    user: Option<u32>,
}

impl Inmates {
    /// What comes before a command. It becomes that command: the process is the same.
    fn prefix(self, limits: &Limits) -> Vec<String> {
        let Limits { memory, file, seconds, processes } = limits;
        let mut words = vec!["prlimit".to_string()];
        words.extend([
            format!("--as={memory}"),
            format!("--fsize={file}"),
            format!("--cpu={seconds}"),
            format!("--nproc={processes}"),
            "--core=0".into(),
        ]);
        let capabilities = ["--inh-caps=-all", "--no-new-privs"].map(String::from);
        words.push("setpriv".into());
        if let Some(user) = self.user {
            words.extend([format!("--reuid={user}"), format!("--regid={user}"), "--clear-groups".into()]);
            words.push("--bounding-set=-all".into());
        }
        words.extend(capabilities);
        words
    }

    /// A command for this program.
    pub(crate) fn command(self, program: &Path) -> Command {
        let words = self.prefix(&OF_A_RUN);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(program);
        command
    }

    /// Programs of the same names that put themselves under limits and another user and then become these: for who starts them by
    /// their paths.
    pub(crate) fn wrapped(
        self,
        programs: &BTreeMap<String, PathBuf>,
    ) -> io::Result<BTreeMap<String, PathBuf>> {
        let folder = Path::new(JUDGE).join("programs");
        fs::create_dir_all(&folder)?;
        let prefix = self.prefix(&OF_A_RUN).join(" ");
        let wrap = |(name, path): (&String, &PathBuf)| {
            let place = folder.join(name);
            fs::write(&place, format!("#!/bin/sh\nexec {prefix} {} \"$@\"\n", path.display()))?;
            fs::set_permissions(&place, fs::Permissions::from_mode(0o555))?;
            Ok((name.clone(), place))
        };
        let wrapped = programs.iter().map(wrap).collect();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o555))?;
        wrapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_trusted_is_not_graded_without_a_jail() {
        let jail = Jail { level: Level::Process, why: Some("bubblewrap is not installed".into()), user: 0 };
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
        let jail = Jail::probe(99);
        if jail.level() == Level::Process {
            eprintln!("SKIPPED: {jail}");
            return;
        }
        let judge = Path::new("/bin/sh");
        let programs = BTreeMap::from([("tool".to_string(), PathBuf::from("/bin/true"))]);
        let (mut cell, places) = jail.cell(judge, "-c", &programs);
        assert_eq!(places["tool"], Path::new("/submission/tool"));
        let look = "ls / /submission; ls /tmp | wc -l; /submission/tool && echo runs; umask; ls /proc | grep -c '^[0-9]'";
        let output = cell.arg(look).output().unwrap();
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
