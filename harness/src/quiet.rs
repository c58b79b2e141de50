//! What student code prints while the kit runs it again for its own purposes goes nowhere, so that a line that is printed
//! once in a run is read once.
//!
//! Standard output and standard error belong to the whole process: nothing else may be printed meanwhile.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;

/// Runs `code`, of which nothing that it prints is seen.
pub(crate) fn quietly<T>(code: impl FnOnce() -> T) -> T {
    // Where it cannot be had, lines are repeated, which is no reason to run nothing.
    let silence = Silence::begin().ok();
    let result = code();
    drop(silence);
    result
}

/// Where output goes when the silence is over.
struct Silence {
    out: OwnedFd,
    error: OwnedFd,
}

impl Silence {
    fn begin() -> io::Result<Silence> {
        io::stdout().flush()?;
        let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
        let silence = Silence {
            out: rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?,
            error: rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3)?,
        };
        rustix::stdio::dup2_stdout(&nowhere)?;
        rustix::stdio::dup2_stderr(&nowhere)?;
        Ok(silence)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // What is still in the buffer was printed in silence. There is nobody left to tell of an error.
        let _ = io::stdout().flush();
        let _ = rustix::stdio::dup2_stdout(&self.out);
        let _ = rustix::stdio::dup2_stderr(&self.error);
    }
}
