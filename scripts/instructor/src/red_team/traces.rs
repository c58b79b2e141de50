//! What a submission could leave on a machine: processes, mounts, ports, files.

use crate::jail::GRADER;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// What there is of it now.
#[derive(Debug, Default)]
pub(super) struct Traces(BTreeSet<String>);

impl Traces {
    /// What there is; a submission is run by `user`, or as this process.
    pub(super) fn take(user: u32) -> io::Result<Traces> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir("/proc")?.filter_map(Result::ok) {
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            // Of another user, or with our mark: other graders may be at work.
            let mark = format!("{GRADER}={}", std::process::id());
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            let is_a_submissions = entry.metadata().is_ok_and(|about| about.uid() == user)
                || words.contains(&format!("{GRADER} {}", std::process::id()))
                || environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes());
            // A process without a command line has ended.
            if is_a_submissions
                && !words.is_empty()
                && entry.file_name().to_string_lossy().parse::<u32>().is_ok()
            {
                found.insert(format!("the process {} {words}", entry.file_name().display()));
            }
        }
        for line in fs::read_to_string("/proc/self/mounts")?.lines() {
            found.insert(format!("the mount {line}"));
        }
        for list in ["tcp", "tcp6", "udp", "udp6"] {
            for line in fs::read_to_string(format!("/proc/net/{list}")).unwrap_or_default().lines().skip(1) {
                let words: Vec<_> = line.split_whitespace().collect();
                // Their columns: 1 is the local address, 7 the user.
                if words.get(7).is_some_and(|owner| *owner == user.to_string()) {
                    found.insert(format!("the {list} port {}", words[1]));
                }
            }
        }
        for folder in [&std::env::temp_dir(), Path::new("/dev/shm"), Path::new("/var/tmp")] {
            for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
                if entry.metadata().is_ok_and(|about| about.uid() == user) {
                    found.insert(format!("the file {}", entry.path().display()));
                }
            }
        }
        Ok(Traces(found))
    }
}

/// What is there and was not before.
pub(super) fn left(before: &Traces, user: u32) -> io::Result<Vec<String>> {
    /// What was killed may take a moment to go.
    const LOOKS: u32 = 40;
    let mut left = vec![];
    for _ in 0..LOOKS {
        let now = Traces::take(user)?;
        left = now.0.difference(&before.0).map(|trace| format!("it has left {trace}")).collect();
        if left.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(left)
}
