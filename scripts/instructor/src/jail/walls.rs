//! A jail with walls: namespaces of its own, which bubblewrap makes. Nothing of the machine is seen in it but the system's programs and
//! libraries, read-only, the compiler where it builds, and what it is given by name.

use super::filter;
use super::limits::{OF_A_BUILD, OF_A_RUN};
use super::{Cell, Compiler, GRADER, Jail, Level, TARGET, TO_CARGO, give};
use faultline::live::network::Network;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// What it takes to make networks within walls, and to enter them.
const TO_MAKE_NETWORKS: [&str; 4] = ["--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_NET_ADMIN"];

/// Where things are in a jail.
const TREE: &str = "/kit";
const TOOLCHAIN: &str = "/toolchain";
const CARGO_HOME: &str = "/cargo";
const JUDGE: &str = "/judge";
const SUBMISSION: &str = "/submission";

impl Jail {
    /// Whether there are namespaces to be had here; if not, why.
    pub(super) fn try_walls(&self) -> Result<(), String> {
        let mut command = self.walls();
        command.args(["--dir", SUBMISSION]);
        command.arg("--").args(self.inmates().prefix(&OF_A_RUN)).arg("true");
        try_out(command)
    }

    /// Whether the judge can make networks within walls; if not, why.
    pub(super) fn try_networks(&self) -> Result<(), String> {
        let mut command = self.walls();
        command.args(TO_MAKE_NETWORKS).arg("--").args(Network::maker());
        try_out(command)
    }

    /// What all jails have: namespaces, the system's files, an empty /tmp, no environment.
    fn walls(&self) -> Command {
        let mut command = under_filter();
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

    /// [`Jail::build`].
    pub(super) fn build_within_walls(&self, tree: &Path, compiler: &Compiler) -> io::Result<Command> {
        let target = tree.join(TARGET);
        fs::create_dir_all(&target)?;
        let lock = tree.join("Cargo.lock");
        if let Some(user) = self.user() {
            give(&target, user)?;
            give(&lock, user)?;
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
        for (name, value) in
            [("CARGO_HOME", CARGO_HOME), ("CARGO_TARGET_DIR", TARGET)].into_iter().chain(TO_CARGO)
        {
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

    /// [`Jail::cell`].
    pub(super) fn cell_within_walls(
        &self,
        judge: &Path,
        argument: &str,
        programs: &BTreeMap<String, PathBuf>,
    ) -> Cell {
        let mut command = self.walls();
        if self.networks_apart {
            command.args(TO_MAKE_NETWORKS);
        }
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
        Cell { command, programs: places, _folder: None }
    }
}

/// Bubblewrap, which puts all that it starts under the filter of system calls.
fn under_filter() -> Command {
    // A filter that cannot be opened is told as a jail that there is not: no command without it would be one.
    let Some(filter) = filter::path().unwrap_or_else(|_| Some("/dev/null/no filter".into())) else {
        return Command::new("bwrap");
    };
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "exec 9<\"$0\" && exec bwrap --seccomp 9 \"$@\""]).arg(filter);
    command
}

/// Whether a command ends well; if not, why.
fn try_out(mut command: Command) -> Result<(), String> {
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
