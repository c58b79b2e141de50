//! Who runs the programs of a submission, and within which limits.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a process may take. Of one user there may be several processes at once.
pub(super) struct Limits {
    /// Bytes of address space.
    memory: u64,
    /// Bytes of a file.
    file: u64,
    /// Seconds of processor time.
    seconds: u64,
    /// Processes and threads of the user's.
    processes: u64,
}

pub(super) const OF_A_BUILD: Limits = Limits { memory: 8 << 30, file: 2 << 30, seconds: 900, processes: 512 };
pub(super) const OF_A_RUN: Limits = Limits { memory: 4 << 30, file: 1 << 30, seconds: 600, processes: 256 };

/// Who runs the programs of a submission in a cell, and within which limits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Inmates {
    /// The user, when it is not the judge's.
    pub(super) user: Option<u32>,
}

impl Inmates {
    /// What comes before a command. It becomes that command: the process is the same.
    pub(super) fn prefix(self, limits: &Limits) -> Vec<String> {
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

    /// Programs of the same names, in this folder, that put themselves under limits and another user and then become these: for who
    /// starts them by their paths.
    pub(crate) fn wrapped(
        self,
        programs: &BTreeMap<String, PathBuf>,
        folder: &Path,
    ) -> io::Result<BTreeMap<String, PathBuf>> {
        let prefix = self.prefix(&OF_A_RUN).join(" ");
        let wrap = |(name, path): (&String, &PathBuf)| {
            let place = folder.join(name);
            let path = path.display().to_string().replace('\'', "'\\''");
            fs::write(&place, format!("#!/bin/sh\nexec {prefix} '{path}' \"$@\"\n"))?;
            fs::set_permissions(&place, fs::Permissions::from_mode(0o555))?;
            Ok((name.clone(), place))
        };
        programs.iter().map(wrap).collect()
    }

    /// The command lines of this machine's processes that are theirs: those of their user; where that is the judge's, all that a cell
    /// has but its first process, which reaps the others, and the judge.
    pub(crate) fn at_work(self) -> io::Result<Vec<String>> {
        let mut words = vec![];
        for entry in fs::read_dir("/proc")? {
            let entry = entry?;
            let Ok(number) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            // One that has ended while we look has none any more.
            let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let is_theirs = match self.user {
                Some(user) => users_of(&status).contains(&user),
                None => number != 1 && number != std::process::id(),
            };
            if is_theirs && is_at_work(&status) {
                let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                let line = String::from_utf8_lossy(&line).replace('\0', " ").trim().to_string();
                words.push(if line.is_empty() { field(&status, "Name:").join(" ") } else { line });
            }
        }
        Ok(words)
    }
}

/// The words of a line of a process's status in /proc.
fn field<'a>(status: &'a str, name: &str) -> Vec<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().collect()
}

/// The users as whom a process may act: real, effective, saved, and that of its files.
fn users_of(status: &str) -> Vec<u32> {
    field(status, "Uid:").iter().filter_map(|number| number.parse().ok()).collect()
}

/// Whether a thread of a process still runs: its first may have ended without the others. One that nobody has reaped has ended.
fn is_at_work(status: &str) -> bool {
    let has_ended = field(status, "State:").first().is_none_or(|state| matches!(*state, "Z" | "X"));
    !has_ended || field(status, "Threads:") != ["1"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_program_is_that_program_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("it's here");
        fs::create_dir(&place).unwrap();
        let tool = place.join("tool");
        fs::write(&tool, "#!/bin/sh\necho \"$1\"; ulimit -c\n").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        let inmates = Inmates { user: None };
        let wrapped = inmates.wrapped(&BTreeMap::from([("tool".into(), tool)]), folder.path()).unwrap();
        let output = Command::new(&wrapped["tool"]).arg("two words").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "two words\n0\n", "{output:?}");
    }

    #[test]
    fn a_process_whose_first_thread_has_ended_is_at_work() {
        assert!(is_at_work("Name:\tx\nState:\tS (sleeping)\nThreads:\t1\n"));
        assert!(is_at_work("Name:\tx\nState:\tZ (zombie)\nThreads:\t2\n"));
        assert!(!is_at_work("Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n"));
    }

    #[test]
    fn a_users_processes_are_found() {
        let me = users_of(&fs::read_to_string("/proc/self/status").unwrap());
        assert_eq!(me.len(), 4);
        assert!(!Inmates { user: Some(me[0]) }.at_work().unwrap().is_empty());
        assert!(Inmates { user: Some(1_999_999_999) }.at_work().unwrap().is_empty());
    }
}
