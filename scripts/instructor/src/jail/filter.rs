//! Which system calls nobody makes in a jail: those of the kernel's keyrings, which no namespace divides, so that what a submission
//! puts there would outlive its cell. A seccomp filter, handed to bubblewrap.

use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What the filter knows of a machine: the kernel's name for its kind (`AUDIT_ARCH_…`), and `add_key`, `request_key` and `keyctl` there.
struct Kind {
    name: u32,
    calls: [u32; 3],
}

impl Kind {
    fn here() -> Option<Kind> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Kind { name: 0xc000_003e, calls: [248, 249, 250] }),
            "aarch64" => Some(Kind { name: 0xc000_00b7, calls: [217, 218, 219] }),
            _ => None,
        }
    }
}

/// Where this process keeps the filter, for who can open it: in no folder, and gone with the process. `None` on a machine whose calls
/// we do not know.
pub(super) fn path() -> io::Result<Option<PathBuf>> {
    static FILTER: OnceLock<File> = OnceLock::new();
    let Some(kind) = Kind::here() else { return Ok(None) };
    let filter = match FILTER.get() {
        Some(filter) => filter,
        None => {
            let mut made = File::from(memfd_create("filter", MemfdFlags::CLOEXEC)?);
            made.write_all(&program(&kind))?;
            FILTER.get_or_init(|| made)
        }
    };
    Ok(Some(format!("/proc/{}/fd/{}", std::process::id(), filter.as_raw_fd()).into()))
}

/// The program, as an array of `sock_filter` (linux/filter.h).
fn program(kind: &Kind) -> Vec<u8> {
    const LOAD: u16 = 0x20;
    const IF_EQUAL: u16 = 0x15;
    const IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const KILL: u32 = 0x8000_0000;
    const ALLOW: u32 = 0x7fff_0000;
    /// With `EPERM`.
    const REFUSE: u32 = 0x0005_0001;
    /// Where `struct seccomp_data` has the call and the kind of machine.
    const CALL: u32 = 0;
    const MACHINE: u32 = 4;
    /// From here on calls are numbered otherwise (x32).
    const OTHERS: u32 = 0x4000_0000;
    let [add, request, control] = kind.calls;
    // What to do, how many instructions are left out if it is so and if not, the figure.
    let instructions: [(u16, u8, u8, u32); 10] = [
        (LOAD, 0, 0, MACHINE),
        (IF_EQUAL, 1, 0, kind.name),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, CALL),
        (IF_AT_LEAST, 4, 0, OTHERS),
        (IF_EQUAL, 3, 0, add),
        (IF_EQUAL, 2, 0, request),
        (IF_EQUAL, 1, 0, control),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ];
    let bytes = instructions.iter().flat_map(|(what, yes, no, figure)| {
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&what.to_ne_bytes());
        (bytes[2], bytes[3]) = (*yes, *no);
        bytes[4..].copy_from_slice(&figure.to_ne_bytes());
        bytes
    });
    bytes.collect()
}
