//! A private channel between two processes of the kit: frames over a socket that the child finds as its standard input.
//!
//! Standard output stays the student's own: nothing that is printed there can be taken for an answer.

use crate::codec;
use crate::group::Group;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

const LENGTH_BYTES: usize = 4;

/// One end of the channel. Only one handle of an end may receive: what has come is kept in it.
#[derive(Debug)]
pub(crate) struct Channel {
    stream: UnixStream,
    /// What has come and was not asked for yet.
    kept: Vec<u8>,
    /// How many bytes have come in all.
    received: u64,
}

/// How much is read at once.
const READ_BYTES: usize = 4 * 1024;

impl Channel {
    /// Starts `command` in a group of its own, with the other end as its standard input.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Channel, Group)> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = command.process_group(0).stdin(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        // The command keeps its copy of the child's end until its standard input is replaced; without that, the end of the
        // child would not be seen as the end of the channel.
        command.stdin(Stdio::null());
        Ok((Channel::of(ours), Group::of(child)))
    }

    /// The end that this process was started with. From here on its standard input is empty, so that nobody else in this process
    /// finds the channel there.
    pub(crate) fn inherited() -> io::Result<Channel> {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Channel::of(stream))
    }

    /// A second handle of the same end.
    pub(crate) fn another(&self) -> io::Result<Channel> {
        Ok(Channel::of(self.stream.try_clone()?))
    }

    /// How long [`Channel::receive`] waits; `None` is for ever.
    pub(crate) fn patience(&self, patience: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(patience)
    }

    /// Sends one message.
    pub(crate) fn send<T: Serialize>(&mut self, message: &T) -> io::Result<()> {
        let body = codec::encode(message);
        let length = u32::try_from(body.len()).map_err(|_| too_large(body.len()))?;
        if body.len() > codec::MAX_BYTES {
            return Err(too_large(body.len()));
        }
        let mut frame = Vec::with_capacity(LENGTH_BYTES + body.len());
        frame.extend(length.to_be_bytes());
        frame.extend(body);
        self.stream.write_all(&frame)
    }

    /// Waits for one message. [`io::ErrorKind::UnexpectedEof`] when the other process has ended.
    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        self.fill(LENGTH_BYTES)?;
        let length = self.kept.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)) as usize;
        if length > codec::MAX_BYTES {
            return Err(too_large(length));
        }
        let end = LENGTH_BYTES + length;
        self.fill(end)?;
        let message = codec::decode(&self.kept[LENGTH_BYTES..end]);
        self.kept.drain(..end);
        message.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// How many bytes have come in all.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Reads until so many bytes are there; mostly a whole message comes at once.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        while self.kept.len() < wanted {
            let before = self.kept.len();
            self.kept.resize(before + READ_BYTES.max(wanted - before), 0);
            let read = self.stream.read(&mut self.kept[before..]);
            self.kept.truncate(before + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.received += read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn of(stream: UnixStream) -> Channel {
        Channel { stream, kept: vec![], received: 0 }
    }
}

fn too_large(length: usize) -> io::Error {
    let text = format!("a message of {length} bytes; the most is {}", codec::MAX_BYTES);
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Channel, Channel) {
        let (a, b) = UnixStream::pair().unwrap();
        (Channel::of(a), Channel::of(b))
    }

    #[test]
    fn messages_arrive_whole_and_in_order() {
        let (mut a, mut b) = pair();
        a.send(&"one".to_string()).unwrap();
        a.send(&vec![7u8; 70_000]).unwrap();
        assert_eq!(b.receive::<String>().unwrap(), "one");
        assert_eq!(b.receive::<Vec<u8>>().unwrap(), vec![7u8; 70_000]);
    }

    #[test]
    fn an_absurd_length_is_refused_before_memory_is_taken() {
        let (mut a, mut b) = pair();
        a.stream.write_all(&[0xff; 4]).unwrap();
        assert_eq!(b.receive::<u8>().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn the_end_of_the_other_side_is_seen() {
        let (a, mut b) = pair();
        drop(a);
        assert_eq!(b.receive::<u8>().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
