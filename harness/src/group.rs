//! A child process that leads a group of its own, so that nothing it has started outlives it.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::io;
use std::process::{Child, ExitStatus};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(5);

/// How often a child that should be ending is looked at before it is killed: two seconds.
const POLLS: u32 = 400;

/// The child and what it has started. All of it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    reaped: bool,
}

impl Group {
    /// The group of a child that was started with `process_group(0)`.
    pub(crate) fn of(child: Child) -> Group {
        Group { child, reaped: false }
    }

    /// How the child ended, once it has closed its channel; one that goes on for two more seconds is killed.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        for _ in 0..POLLS {
            if self.has_ended() {
                break;
            }
            std::thread::sleep(POLL);
        }
        self.kill()
    }

    /// Kills the group; how the child ended.
    pub(crate) fn kill(&mut self) -> io::Result<ExitStatus> {
        // Before the child is reaped its number cannot have become another group's.
        if let Some(group) = self.pid().filter(|_| !self.reaped) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.reaped = true;
        self.child.wait()
    }

    /// Whether the child has ended, without taking its status away.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        self.reaped || self.pid().is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), options), Ok(Some(_))))
    }

    /// The group's number, which is its leader's.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id().cast_signed())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).process_group(0).stdin(Stdio::null());
        command
    }

    #[test]
    fn a_status_is_the_childs_own_when_it_ends_by_itself() {
        let mut group = Group::of(shell("exit 3").spawn().unwrap());
        assert_eq!(group.wait().unwrap().code(), Some(3));
    }

    #[test]
    fn what_the_child_has_started_dies_with_it() {
        let mut child = shell("sleep 1000 & exit 0").stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        assert_eq!(Group::of(child).wait().unwrap().code(), Some(0));
        // The end of the output is seen only when nobody holds it any more.
        assert_eq!(output.read_to_end(&mut vec![]).unwrap(), 0);
    }
}
