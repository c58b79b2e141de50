//! `rcp`: copies a file to another process over a student's connection, on real sockets.
//!
//! Here are its command line and its files; what the two sides say to each other is in `transfer.rs`. A file that comes is a
//! draft until it is whole ([`draft_of`]), so nobody takes half a file for a whole one.

mod error;
pub mod transfer;

pub use error::CopyError;

use crate::{ConnectionCommand, ConnectionConfig, ConnectionNotice, Machine};
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use transfer::{Options, Progress, Side};

/// The most: a message and its header must fit into one datagram.
const MESSAGE_MAX: i64 = 60_000;

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
        options: OptionArguments,
    },
    /// Receives a file, and ends.
    Receive {
        /// Where to put it; an existing file is replaced once the new one is whole, and until then it is FILE.part.
        file: PathBuf,
        /// Where to listen; port 0 is any free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        #[command(flatten)]
        options: OptionArguments,
    },
}

#[derive(Args, Clone, Copy)]
struct OptionArguments {
    /// How many messages may be in flight.
    #[arg(long, default_value_t = Options::default().window, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    window: u32,
    /// How many bytes of the file a message has at most.
    #[arg(long, default_value_t = Options::default().message, value_parser = clap::value_parser!(u32).range(1..=MESSAGE_MAX))]
    message: u32,
    /// After how long without a sign of life the other side is given up, in milliseconds.
    #[arg(long, default_value_t = Options::default().give_up.as_millis() as u64, value_parser = clap::value_parser!(u64).range(100..=3_600_000))]
    give_up_ms: u64,
}

impl From<OptionArguments> for Options {
    fn from(OptionArguments { window, message, give_up_ms }: OptionArguments) -> Options {
        Options { window, message, give_up: Duration::from_millis(give_up_ms) }
    }
}

/// The main function of `rcp`, with connections that `make` makes.
#[must_use]
pub fn main<M>(make: fn(ConnectionConfig) -> M) -> ExitCode
where
    M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>,
{
    main_with(std::env::args_os(), make)
}

/// As [`main`], with these arguments; the first is the name of the program.
#[must_use]
pub fn main_with<M>(
    arguments: impl IntoIterator<Item = OsString>,
    make: fn(ConnectionConfig) -> M,
) -> ExitCode
where
    M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>,
{
    let bar = progress_bar();
    let done = match Arguments::parse_from(arguments).command {
        Command::Send { file, to, options } => send(make, &file, to, options.into(), &bar),
        Command::Receive { file, listen, options } => receive(make, &file, listen, options.into(), &bar),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What it has come to stays on the terminal.
            bar.abandon();
            eprintln!("rcp: {error}");
            ExitCode::FAILURE
        }
    }
}

fn send<M>(
    make: fn(ConnectionConfig) -> M,
    path: &Path,
    to: SocketAddr,
    options: Options,
    bar: &ProgressBar,
) -> Result<(), CopyError>
where
    M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>,
{
    let named = |error| CopyError::File(path.into(), error);
    let mut file = File::open(path).map_err(named)?;
    let about = file.metadata().map_err(named)?;
    if !about.is_file() {
        return Err(named(io::Error::other("it is no file")));
    }
    let anywhere: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let began = Instant::now();
    let mut side = Side::connect(make, bind(anywhere)?, to, options)?;
    side.send(&mut file, about.len(), |progress| show(bar, progress))?;
    bar.finish_and_clear();
    println!("sent {} bytes in {:.3} s", about.len(), began.elapsed().as_secs_f64());
    side.linger()
}

fn receive<M>(
    make: fn(ConnectionConfig) -> M,
    path: &Path,
    listen: SocketAddr,
    options: Options,
    bar: &ProgressBar,
) -> Result<(), CopyError>
where
    M: Machine<Command = ConnectionCommand, Notice = ConnectionNotice>,
{
    let mut draft = Draft::begin(path)?;
    let socket = bind(listen)?;
    let address = socket.local_addr().map_err(|error| CopyError::Socket(listen, error))?;
    let mut side = Side::listen(make, socket, options)?;
    println!("listening on {address}");
    let Draft { path: draft_path, file } = &mut draft;
    let written = side.receive(file, || fs::rename(draft_path, path), |progress| show(bar, progress))?;
    bar.finish_and_clear();
    println!("received {written} bytes");
    side.linger()
}

/// What a file that is to be called `path` is called until it is whole. A draft that was left behind, because its process
/// was killed, is overwritten by the next copy of this file.
#[must_use]
pub fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A file that is not whole yet; removed when it never becomes so.
struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    fn begin(path: &Path) -> Result<Draft, CopyError> {
        if path.is_dir() {
            return Err(CopyError::File(path.into(), io::Error::other("it is a folder")));
        }
        let path = draft_of(path);
        let file = File::create(&path).map_err(|error| CopyError::File(path.clone(), error))?;
        Ok(Draft { path, file })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It is not there any more when it has become the file.
        let _ = fs::remove_file(&self.path);
    }
}

fn bind(address: SocketAddr) -> Result<UdpSocket, CopyError> {
    UdpSocket::bind(address).map_err(|error| CopyError::Socket(address, error))
}

/// A bar on standard error, when that is a terminal; nothing is drawn before there is something to show.
fn progress_bar() -> ProgressBar {
    let template = "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} to go";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

fn show(bar: &ProgressBar, Progress { written, len }: Progress) {
    bar.set_length(len);
    bar.set_position(written);
}
