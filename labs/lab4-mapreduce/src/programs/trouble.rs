//! Why `mr` could not do it, and what to do about it.

use crate::types::JobError;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What the user is told.
#[derive(Debug)]
pub(super) struct Trouble {
    out: PathBuf,
    error: JobError,
}

impl Trouble {
    pub(super) fn new(out: &Path, error: JobError) -> Trouble {
        Trouble { out: out.into(), error }
    }

    /// A file whose name no job can have.
    pub(super) fn of_name(path: &Path) -> Trouble {
        let file = path.display().to_string();
        Trouble { out: path.into(), error: JobError::Damaged { file, why: "its name is not UTF-8".into() } }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trouble { out, error } = self;
        write!(formatter, "{error}")?;
        let hint = match error {
            JobError::Files(error) => match error.kind() {
                ErrorKind::NotFound => "check the name and the folder that you are in".into(),
                ErrorKind::PermissionDenied => {
                    "you may not; ask for the right, or take another folder".into()
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    format!("make room there, or choose an --out other than {}", out.display())
                }
                ErrorKind::IsADirectory => "give the files in it, such as FOLDER/*".into(),
                ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "it must be a folder".into(),
                _ => return Ok(()),
            },
            JobError::Record { .. } | JobError::Key { .. } => {
                "mend the input, or use an application that takes it".into()
            }
            JobError::NotDone => {
                format!("wait for the job, or run it again: {} is not its result", out.display())
            }
            JobError::Damaged { .. } => format!("run the job again: {} is not its result", out.display()),
        };
        write!(formatter, "\n    {hint}")
    }
}
