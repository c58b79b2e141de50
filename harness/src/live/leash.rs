//! A process group that does not outlive this process, however this process ends: well, by a panic, by SIGKILL.
//!
//! Its leader is a shell that waits for the end of a pipe of which only this process has the other end. The operating system
//! ends the pipe when this process is gone, and then the shell kills the group, itself included. Since the leader is there
//! first, no program is ever without it. (PR_SET_PDEATHSIG would need unsafe code here, and reaches no grandchildren.)

use crate::group::Group;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Waits for the end of its input; then removes the folder that it was given, if any, and kills its group. A program that
/// is still writing may defeat one attempt to remove, not many.
const GUARD: &str = r#"trap "" HUP INT QUIT TERM
read -r line
for _ in 1 2 3 4 5 6 7 8 9; do
    [ -z "$1" ] || rm -rf -- "$1" && break
done
kill -KILL 0"#;

/// An empty group under guard, to be joined; `folder` is removed when this process ends without dropping the group.
pub(super) fn tie(folder: Option<&Path>) -> io::Result<Group> {
    let guard = Command::new("sh")
        .args(["-c", GUARD, "guard"])
        .arg(folder.unwrap_or(Path::new("")))
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // The pipe's other end stays in the child that the group keeps.
    Ok(Group::of(guard))
}
