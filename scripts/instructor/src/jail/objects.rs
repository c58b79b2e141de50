//! System V's shared memory, semaphores and queues: a namespace has its own, and they outlive the processes that have made them.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// How the kernel's table of a kind is called, and how `ipcrm` calls one of it.
const KINDS: [(&str, &str); 3] = [("shm", "--shmem-id"), ("sem", "--semaphore-id"), ("msg", "--queue-id")];

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    option: &'static str,
    number: String,
    /// The user who has made it.
    pub(super) maker: u32,
}

impl Object {
    /// All that this process's namespace has; a kernel without them has none.
    pub(crate) fn all() -> Vec<Object> {
        let tables = KINDS.iter().filter_map(|(name, option)| {
            Some((option, fs::read_to_string(Path::new("/proc/sysvipc").join(name)).ok()?))
        });
        tables.flat_map(|(option, table)| Object::of_table(option, &table)).collect()
    }

    /// Those of a table, which begins with the names of its columns.
    fn of_table(option: &'static str, table: &str) -> Vec<Object> {
        let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let names = rows.next().unwrap_or_default();
        let Some(maker) = names.iter().position(|name| *name == "cuid") else { return vec![] };
        let object = |row: Vec<&str>| {
            let maker = row.get(maker)?.parse().ok()?;
            Some(Object { option, number: row.get(1)?.to_string(), maker })
        };
        rows.filter_map(object).collect()
    }

    /// Removes it; one that is gone by now is gone.
    pub(super) fn remove(&self) -> io::Result<()> {
        let mut command = Command::new("ipcrm");
        command.args([self.option, &self.number]).stdin(Stdio::null()).stderr(Stdio::null()).status()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_their_makers_are_read_off_the_kernels_table() {
        let table = "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid\n\
                     -123456789          7   644           0          0     0     0     1     2    60900     4\n";
        let object = Object { option: "--queue-id", number: "7".into(), maker: 60_900 };
        assert_eq!(Object::of_table("--queue-id", table), [object]);
        assert_eq!(Object::of_table("--queue-id", ""), []);
    }
}
