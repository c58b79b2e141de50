//! What the two sides of `rcp` say to each other over a connection.
//!
//! The sending side says how many bytes will come, sends them piece by piece, and their checksum at the end. The receiving
//! side reports what it has written, so that the sender knows how far the bytes themselves have come, and not only their
//! segments: only the ends can tell whether a file has arrived.

use super::error::CopyError;
use crate::{ConnectionCommand, ConnectionConfig, ConnectionNotice, Host, Machine, RtoConfig, SeqNo};
use faultline::codec;
use faultline::live::LiveHost;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// After how many messages the receiving side reports, and how many reports the sending side may be ahead.
const REPORT_EVERY: u64 = 32;
const REPORTS_AHEAD: u64 = 4;
/// How long one wait takes at most; a side waits again and again.
const PATIENCE: Duration = Duration::from_millis(200);
/// The longest time-out. Short, for an RTO that losses have doubled stays so until there is a sample.
const RTO_MAX: Duration = Duration::from_millis(200);
/// For how many of the longest time-outs a closed side still answers. The other one asks at least so often for the `ACK` of its
/// `FIN`; when one question or answer of five is lost, all of them are in one copy of ten million.
const LINGER_RTOS: u32 = 10;

/// How a file is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many messages may be in flight.
    pub window: u32,
    /// How many bytes of the file a message has at most.
    pub message: u32,
    /// After how long without a sign of life the other side is given up.
    pub give_up: Duration,
}

impl Default for Options {
    /// Few and large: a copy through a network that loses is the faster the fewer of the messages in flight are lost at a
    /// time, since an `ACK` that follows a repair gives no sample (rules D4 and D5).
    fn default() -> Options {
        Options { window: 8, message: 32_000, give_up: Duration::from_secs(20) }
    }
}

impl Options {
    fn config(&self) -> ConnectionConfig {
        ConnectionConfig {
            peer: Host(1),
            window: self.window,
            rto: RtoConfig {
                first: Duration::from_millis(50),
                min: Duration::from_millis(5),
                max: RTO_MAX,
                granularity: Duration::from_millis(1),
            },
            keep_alive: self.give_up / 4,
            give_up: self.give_up,
            linger: RTO_MAX * LINGER_RTOS,
        }
    }
}

/// What the sending side says.
#[derive(Serialize, Deserialize)]
enum Part {
    /// So many bytes will come.
    Begin(u64),
    /// The next bytes.
    Bytes(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The CRC-32 of all of them.
    Checksum(u32),
}

/// The bytes of the file that a message of the sending side carries.
pub(crate) fn bytes_of(message: &[u8]) -> Vec<u8> {
    match codec::decode(message) {
        Ok(Part::Bytes(bytes)) => bytes,
        _ => vec![],
    }
}

/// What the receiving side says: so many bytes were written.
#[derive(Serialize, Deserialize)]
struct Report(u64);

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that the receiving side has written, as far as this side knows.
    pub written: u64,
    /// Bytes that the file has.
    pub len: u64,
}

/// One side at work: its machine, and what it was told and has not looked at.
pub struct Side<M: Machine> {
    host: LiveHost<M>,
    told: VecDeque<ConnectionNotice>,
    options: Options,
}

impl<M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>> Side<M> {
    /// Makes the side that connects to `to` and sends.
    ///
    /// # Errors
    /// The socket or the machine does not work.
    pub fn connect(
        make: fn(ConnectionConfig) -> M,
        socket: UdpSocket,
        to: SocketAddr,
        options: Options,
    ) -> Result<Self, CopyError> {
        Self::start(make, socket, &[to], options, &ConnectionCommand::Connect(isn()))
    }

    /// Makes the side that waits for the other one, and receives.
    ///
    /// # Errors
    /// The socket or the machine does not work.
    pub fn listen(
        make: fn(ConnectionConfig) -> M,
        socket: UdpSocket,
        options: Options,
    ) -> Result<Self, CopyError> {
        Self::start(make, socket, &[], options, &ConnectionCommand::Listen(isn()))
    }

    fn start(
        make: fn(ConnectionConfig) -> M,
        socket: UdpSocket,
        known: &[SocketAddr],
        options: Options,
        first: &ConnectionCommand,
    ) -> Result<Self, CopyError> {
        let host = LiveHost::start(make(options.config()), socket, known)?;
        let mut side = Side { host, told: VecDeque::new(), options };
        side.ask(first)?;
        Ok(side)
    }

    /// Sends these bytes, of which there are `len`, and closes the connection; `tell` is told how far they have come.
    ///
    /// # Errors
    /// They cannot be read, or nobody knows whether all of them have arrived.
    pub fn send(
        &mut self,
        bytes: &mut impl Read,
        len: u64,
        mut tell: impl FnMut(Progress),
    ) -> Result<(), CopyError> {
        let ahead = REPORTS_AHEAD * REPORT_EVERY * u64::from(self.options.message);
        let (mut given, mut written, mut checksum) = (0, 0, crc32fast::Hasher::new());
        let (mut finished, mut closed) = (false, false);
        self.say(&Part::Begin(len))?;
        while !closed {
            while given < len && given - written < ahead {
                let mut piece = vec![0; u64::from(self.options.message).min(len - given) as usize];
                bytes.read_exact(&mut piece).map_err(CopyError::Read)?;
                checksum.update(&piece);
                given += piece.len() as u64;
                self.say(&Part::Bytes(piece))?;
            }
            if given == len && !finished {
                finished = true;
                self.say(&Part::Checksum(checksum.clone().finalize()))?;
                self.ask(&ConnectionCommand::Finish)?;
            }
            match self.next()? {
                ConnectionNotice::Message(report) => {
                    let report = codec::decode::<Report>(&report);
                    written = report.map_err(|_| CopyError::Talk("the other side reports nonsense"))?.0;
                    tell(Progress { written, len });
                }
                ConnectionNotice::Closed => closed = true,
                _ => {}
            }
        }
        if written == len {
            return Ok(());
        }
        Err(CopyError::Talk("the connection was closed, but the other side has not reported the whole file"))
    }

    /// Receives bytes and writes them into `file`; when all of them are there, `keep` makes them a file, and only then is
    /// the sending side told so. Gives the number of bytes.
    ///
    /// # Errors
    /// They cannot be written, or not all of them have come.
    pub fn receive(
        &mut self,
        file: &mut impl Write,
        keep: impl FnOnce() -> io::Result<()>,
        mut tell: impl FnMut(Progress),
    ) -> Result<u64, CopyError> {
        let (mut len, mut written, mut messages, mut whole) = (None, 0, 0, false);
        let (mut checksum, mut keep) = (crc32fast::Hasher::new(), Some(keep));
        loop {
            match self.next()? {
                ConnectionNotice::Message(message) => match codec::decode::<Part>(&message) {
                    Ok(Part::Begin(bytes)) => len = Some(bytes),
                    Ok(Part::Bytes(bytes)) => {
                        file.write_all(&bytes).map_err(CopyError::Write)?;
                        checksum.update(&bytes);
                        written += bytes.len() as u64;
                        messages += 1;
                        if messages % REPORT_EVERY == 0 && len != Some(written) {
                            self.say(&Report(written))?;
                        }
                        tell(Progress { written, len: len.unwrap_or(written) });
                    }
                    Ok(Part::Checksum(wanted)) => {
                        whole = len == Some(written) && wanted == checksum.clone().finalize();
                    }
                    Err(_) => {
                        let nonsense = "the other side says something that is no part of a file";
                        return Err(CopyError::Talk(nonsense));
                    }
                },
                ConnectionNotice::End if whole => {
                    keep.take().map_or(Ok(()), |keep| keep()).map_err(CopyError::Write)?;
                    self.say(&Report(written))?;
                    self.ask(&ConnectionCommand::Finish)?;
                }
                ConnectionNotice::End => return Err(CopyError::NotWhole { written, len }),
                ConnectionNotice::Closed => return Ok(written),
                _ => {}
            }
        }
    }

    /// Answers for as long as the connection lingers.
    ///
    /// # Errors
    /// The socket or the machine does not work.
    pub fn linger(&mut self) -> Result<(), CopyError> {
        let until = Instant::now() + self.options.config().linger;
        while Instant::now() < until {
            self.host.wait(until.saturating_duration_since(Instant::now()).min(PATIENCE))?;
        }
        Ok(())
    }

    fn ask(&mut self, command: &ConnectionCommand) -> Result<(), CopyError> {
        self.told.extend(self.host.command(command)?);
        Ok(())
    }

    fn say(&mut self, what: &impl Serialize) -> Result<(), CopyError> {
        self.ask(&ConnectionCommand::Send(codec::encode(what)))
    }

    /// The next thing that the machine tells.
    fn next(&mut self) -> Result<ConnectionNotice, CopyError> {
        loop {
            match self.told.pop_front() {
                Some(ConnectionNotice::Failed(reason)) => return Err(CopyError::Lost(reason)),
                Some(ConnectionNotice::Rejected) => return Err(CopyError::Rejected),
                Some(notice) => return Ok(notice),
                None => self.told.extend(self.host.wait(PATIENCE)?),
            }
        }
    }
}

/// An ISN that no other life of this address is likely to have had (RFC 9293, section 3.4.1).
fn isn() -> SeqNo {
    SeqNo(RandomState::new().hash_one(std::process::id()) as u32)
}
