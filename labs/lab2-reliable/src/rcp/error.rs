//! Why a file was not copied, as a sentence for whoever has typed the command.

use crate::Reason;
use faultline::live::HostError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a file was not copied.
#[derive(Debug)]
pub enum CopyError {
    /// The file cannot be used.
    File(PathBuf, io::Error),
    /// The bytes to send cannot be read, or there are fewer than was said.
    Read(io::Error),
    /// The bytes that have come cannot be written.
    Write(io::Error),
    /// There is no socket to be had at this address.
    Socket(SocketAddr, io::Error),
    /// The machine or its socket does not work.
    Host(HostError),
    /// The connection is lost.
    Lost(Reason),
    /// The connection has refused a command that it must take.
    Rejected,
    /// The other side has finished too soon, or some bytes are not those that were sent.
    NotWhole {
        /// Bytes that have come.
        written: u64,
        /// Bytes that were to come, if the other side has said so.
        len: Option<u64>,
    },
    /// The other side does not say what it must.
    Talk(&'static str),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyError::File(path, error) => write!(f, "{}: {error}", path.display()),
            CopyError::Read(error) => write!(f, "the file cannot be read: {error}"),
            CopyError::Write(error) => write!(f, "the file cannot be written: {error}"),
            CopyError::Socket(address, error) => write!(f, "cannot open a socket at {address}: {error}"),
            CopyError::Host(error) => error.fmt(f),
            CopyError::Lost(Reason::Refused) => {
                f.write_str("the connection was refused: no `rcp receive` waits there, or it is busy")
            }
            CopyError::Lost(Reason::Silent) => {
                f.write_str("nothing was heard from the other side for too long; it was given up")
            }
            CopyError::Lost(Reason::Reset) => {
                f.write_str("the connection was reset: the other side knows nothing of it")
            }
            CopyError::Rejected => f.write_str("the connection has rejected what it must take"),
            CopyError::NotWhole { written, len: Some(len) } if written != len => {
                write!(f, "the other side has finished, but only {written} of {len} bytes have come")
            }
            CopyError::NotWhole { written, len: Some(_) } => {
                write!(f, "all {written} bytes have come, but their checksum is not that of what was sent")
            }
            CopyError::NotWhole { len: None, .. } => {
                f.write_str("the other side has finished and never said how long the file is")
            }
            CopyError::Talk(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for CopyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CopyError::File(_, error)
            | CopyError::Read(error)
            | CopyError::Write(error)
            | CopyError::Socket(_, error) => Some(error),
            CopyError::Host(error) => Some(error),
            CopyError::Lost(_) | CopyError::Rejected | CopyError::NotWhole { .. } | CopyError::Talk(_) => {
                None
            }
        }
    }
}

impl From<HostError> for CopyError {
    fn from(error: HostError) -> CopyError {
        CopyError::Host(error)
    }
}
