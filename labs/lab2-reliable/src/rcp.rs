//! `rcp`: copies a file to another process over a student's connection, on real sockets.
//!
//! The sending side says how long the file is, sends it piece by piece, and its checksum at the end. The receiving side
//! reports what it has written, so that the sender knows how far the file itself has come, and not only its segments: only
//! the ends can tell whether a file has arrived.

use crate::{ConnectionCommand, ConnectionConfig, ConnectionNotice, Host, Machine, RtoConfig, SeqNo};
use clap::{Args, Parser, Subcommand};
use faultline::codec;
use faultline::live::{HostError, LiveHost};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// How many bytes of a file one message carries unless told otherwise.
const MESSAGE: usize = 8_000;
/// The most: a message and its header must fit into one datagram.
const MESSAGE_MAX: usize = 60_000;
/// After how many messages the receiving side reports, and how many reports the sending side may be ahead.
const REPORT_EVERY: u64 = 32;
const REPORTS_AHEAD: u64 = 4;
/// How long one wait takes at most; a side waits again and again.
const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Parser)]
#[command(name = "rcp", about = "Copies a file to another process over your connection")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sends a file.
    Send {
        /// The file to send.
        file: PathBuf,
        /// Where `rcp receive` listens, or a relay before it: 127.0.0.1:4000
        to: SocketAddr,
        #[command(flatten)]
        options: Options,
    },
    /// Receives a file, and ends.
    Receive {
        /// Where to put it; an existing file is replaced once the new one is whole.
        file: PathBuf,
        /// Where to listen; port 0 is any free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        #[command(flatten)]
        options: Options,
    },
}

#[derive(Args, Clone, Copy)]
struct Options {
    /// How many messages may be in flight.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    window: u32,
    /// How many bytes a message has at most.
    #[arg(long, default_value_t = MESSAGE as u32, value_parser = clap::value_parser!(u32).range(1..=MESSAGE_MAX as i64))]
    message: u32,
    /// After how long without a sign of life the other side is given up, in milliseconds.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=3_600_000))]
    give_up_ms: u64,
}

/// What the sending side says.
#[derive(Serialize, Deserialize)]
enum Part {
    /// So many bytes will come.
    Begin(u64),
    /// The next bytes.
    Bytes(Vec<u8>),
    /// The CRC-32 of all of them.
    Checksum(u32),
}

/// What the receiving side says: so many bytes have come.
#[derive(Serialize, Deserialize)]
struct Report(u64);

/// Why a file was not copied.
#[derive(Debug)]
enum CopyError {
    File(PathBuf, io::Error),
    Socket(SocketAddr, io::Error),
    Host(HostError),
    Lost(ConnectionNotice),
    Talk(&'static str),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyError::File(path, error) => write!(f, "{}: {error}", path.display()),
            CopyError::Socket(address, error) => write!(f, "cannot open a socket at {address}: {error}"),
            CopyError::Host(error) => error.fmt(f),
            CopyError::Lost(notice) => write!(f, "the connection {notice}"),
            CopyError::Talk(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for CopyError {}

impl From<HostError> for CopyError {
    fn from(error: HostError) -> CopyError {
        CopyError::Host(error)
    }
}

/// The main function of `rcp`, with connections that `make` makes.
#[must_use]
pub fn main<M>(make: fn(ConnectionConfig) -> M) -> ExitCode
where
    M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>,
{
    let done = match Arguments::parse().command {
        Command::Send { file, to, options } => send(make, &file, to, options),
        Command::Receive { file, listen, options } => receive(make, &file, listen, options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rcp: {error}");
            ExitCode::FAILURE
        }
    }
}

fn config(options: Options) -> ConnectionConfig {
    let give_up = Duration::from_millis(options.give_up_ms);
    ConnectionConfig {
        peer: Host(1),
        window: options.window,
        rto: RtoConfig {
            first: Duration::from_millis(200),
            min: Duration::from_millis(5),
            max: Duration::from_secs(2),
            granularity: Duration::from_millis(1),
        },
        keep_alive: give_up / 4,
        give_up,
        linger: Duration::from_millis(500),
    }
}

/// An ISN that no other life of this address is likely to have had (RFC 9293, section 3.4.1).
fn isn() -> SeqNo {
    SeqNo(RandomState::new().hash_one(std::process::id()) as u32)
}

/// One side at work: its machine, and what it was told and has not looked at.
struct Side<M: Machine> {
    host: LiveHost<M>,
    told: VecDeque<ConnectionNotice>,
}

impl<M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>> Side<M> {
    fn start(machine: M, socket: UdpSocket, known: &[SocketAddr]) -> Result<Side<M>, CopyError> {
        Ok(Side { host: LiveHost::start(machine, socket, known)?, told: VecDeque::new() })
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
                Some(lost @ (ConnectionNotice::Failed(_) | ConnectionNotice::Rejected)) => {
                    return Err(CopyError::Lost(lost));
                }
                Some(notice) => return Ok(notice),
                None => self.told.extend(self.host.wait(PATIENCE)?),
            }
        }
    }

    /// Answers for as long as the connection lingers.
    fn linger(&mut self, span: Duration) -> Result<(), CopyError> {
        let until = Instant::now() + span;
        while Instant::now() < until {
            self.host.wait(until.saturating_duration_since(Instant::now()).min(PATIENCE))?;
        }
        Ok(())
    }
}

fn send<M>(
    make: fn(ConnectionConfig) -> M,
    path: &Path,
    to: SocketAddr,
    options: Options,
) -> Result<(), CopyError>
where
    M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>,
{
    let named = |error| CopyError::File(path.into(), error);
    let mut file = File::open(path).map_err(named)?;
    let len = file.metadata().map_err(named)?.len();
    let socket = bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }.parse().unwrap_or(to))?;
    let mut side = Side::start(make(config(options)), socket, &[to])?;
    let bar = progress(len);
    side.ask(&ConnectionCommand::Connect(isn()))?;
    side.say(&Part::Begin(len))?;
    let (mut given, mut arrived, mut checksum) = (0, 0, crc32fast::Hasher::new());
    let ahead = REPORTS_AHEAD * REPORT_EVERY * u64::from(options.message);
    let (mut finished, mut closed) = (false, false);
    let began = Instant::now();
    while !closed {
        while given < len && given - arrived < ahead {
            let mut bytes = vec![0; (options.message as usize).min((len - given) as usize)];
            file.read_exact(&mut bytes).map_err(named)?;
            checksum.update(&bytes);
            given += bytes.len() as u64;
            side.say(&Part::Bytes(bytes))?;
        }
        if given == len && !finished {
            finished = true;
            side.say(&Part::Checksum(checksum.clone().finalize()))?;
            side.ask(&ConnectionCommand::Finish)?;
        }
        match side.next()? {
            ConnectionNotice::Message(bytes) => {
                let report = codec::decode::<Report>(&bytes);
                arrived = report.map_err(|_| CopyError::Talk("the other side reports nonsense"))?.0;
                bar.set_position(arrived);
            }
            ConnectionNotice::Closed => closed = true,
            _ => {}
        }
    }
    bar.finish_and_clear();
    if arrived != len {
        return Err(CopyError::Talk(
            "the connection was closed, but the other side has not reported the whole file",
        ));
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("sent {len} bytes in {seconds:.3} s");
    side.linger(config(options).linger)
}

fn receive<M>(
    make: fn(ConnectionConfig) -> M,
    path: &Path,
    listen: SocketAddr,
    options: Options,
) -> Result<(), CopyError>
where
    M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>,
{
    let named = |error| CopyError::File(path.into(), error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = Some(NamedTempFile::new_in(folder).map_err(named)?);
    let socket = bind(listen)?;
    let address = socket.local_addr().map_err(|error| CopyError::Socket(listen, error))?;
    let mut side = Side::start(make(config(options)), socket, &[])?;
    side.ask(&ConnectionCommand::Listen(isn()))?;
    println!("listening on {address}");
    let (mut len, mut written, mut messages, mut whole) = (None, 0, 0, false);
    let mut checksum = crc32fast::Hasher::new();
    loop {
        match side.next()? {
            ConnectionNotice::Message(bytes) => match codec::decode::<Part>(&bytes) {
                Ok(Part::Begin(bytes)) => len = Some(bytes),
                Ok(Part::Bytes(bytes)) => {
                    file.iter_mut().try_for_each(|file| file.write_all(&bytes)).map_err(named)?;
                    checksum.update(&bytes);
                    written += bytes.len() as u64;
                    messages += 1;
                    if messages % REPORT_EVERY == 0 && len != Some(written) {
                        side.say(&Report(written))?;
                    }
                }
                Ok(Part::Checksum(wanted)) => {
                    whole = len == Some(written) && wanted == checksum.clone().finalize();
                }
                Err(_) => {
                    return Err(CopyError::Talk("the other side says something that is no part of a file"));
                }
            },
            ConnectionNotice::End if whole => {
                file.take().map_or(Ok(()), |file| keep(file, path))?;
                side.say(&Report(written))?;
                side.ask(&ConnectionCommand::Finish)?;
            }
            ConnectionNotice::End => {
                return Err(CopyError::Talk(
                    "the other side has finished, but its checksum says that the file is not whole",
                ));
            }
            ConnectionNotice::Closed => break,
            _ => {}
        }
    }
    println!("received {written} bytes");
    side.linger(config(options).linger)
}

/// Gives the file its name, now that all of it is there.
fn keep(file: NamedTempFile, path: &Path) -> Result<(), CopyError> {
    let named = |error| CopyError::File(path.into(), error);
    file.persist(path).map_err(|error| named(error.error))?;
    Ok(())
}

fn bind(address: SocketAddr) -> Result<UdpSocket, CopyError> {
    UdpSocket::bind(address).map_err(|error| CopyError::Socket(address, error))
}

/// A bar on standard error, when that is a terminal.
fn progress(len: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    ProgressBar::new(len).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
