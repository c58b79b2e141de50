//! Folders in which a scenario and programs of the student's meet.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

/// An empty folder, which is removed when it is dropped. Who may write there besides its owner the umask of this process says:
/// where a judge lets a submission run as another user, that is everybody who is in the jail.
///
/// # Errors
/// It cannot be made.
pub fn folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("faultline-").permissions(Permissions::from_mode(0o777)).tempdir()
}
