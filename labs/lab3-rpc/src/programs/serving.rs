//! The server's half of a program, around a student's `serve`: where calls are executed, what is counted, and when it closes.

use super::counting::Counts;
use super::ending::Ending;
use super::options::ServeOptions;
use crate::message::Target;
use crate::types::{Fault, ServeConfig};
use faultline::asynchronous::{Runtime, UdpSocket};
use faultline::live::{self, LiveError, relay::Relay};
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often a terminal is told what was done so far.
const REFRESH: Duration = Duration::from_secs(1);

/// What a server is made of.
pub struct Desk {
    /// The host that it runs on.
    pub runtime: Runtime,
    /// Its socket.
    pub socket: UdpSocket,
    /// What `serve` is told.
    pub config: ServeConfig,
    /// Ready when somebody has asked the program to end: by Ctrl-C, or SIGTERM.
    pub closing: Closing,
    /// Executes calls.
    pub dispatch: Dispatch,
}

/// A call that is being executed.
pub type Work = Pin<Box<dyn Future<Output = Result<Vec<u8>, Fault>>>>;

/// Ready when a server is to close.
pub type Closing = Pin<Box<dyn Future<Output = ()>>>;

/// Executes calls, on threads that may wait, so that the server goes on meanwhile.
#[derive(Clone, Debug)]
pub struct Dispatch {
    counts: Rc<RefCell<Counts>>,
}

impl Dispatch {
    /// The handler of a service: `dispatch` is given what is called and the encoded arguments.
    pub fn handler<Method>(self, dispatch: Method) -> impl Fn(Target, Vec<u8>) -> Work
    where
        Method: FnOnce(Target, &[u8]) -> Result<Vec<u8>, Fault> + Clone + Send + 'static,
    {
        move |target, arguments| {
            let (dispatch, counts) = (dispatch.clone(), self.counts.clone());
            Box::pin(async move {
                counts.borrow_mut().begin();
                let done = tokio::task::spawn_blocking(move || dispatch(target, &arguments)).await;
                counts.borrow_mut().end();
                // The method's panic is the handler's.
                done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
            })
        }
    }
}

/// Runs the server that `main` makes until it has ended; the whole main function of `program serve`.
pub fn serve<Main>(
    program: &'static str,
    options: &ServeOptions,
    main: impl FnOnce(Desk) -> Main + 'static,
) -> ExitCode
where
    Main: Future<Output = ()> + 'static,
{
    Ending::tell(program, run(program, options, main))
}

fn run<Main>(
    program: &'static str,
    options: &ServeOptions,
    main: impl FnOnce(Desk) -> Main + 'static,
) -> Result<(), Ending>
where
    Main: Future<Output = ()> + 'static,
{
    let (socket, relay) = open(options)?;
    let counts = Rc::new(RefCell::new(Counts::default()));
    let (tapped, watched, executed) = (counts.clone(), counts.clone(), counts.clone());
    let (config, address) = (options.config(), options.listen);
    let address = match &relay {
        Some(relay) => relay.addr(),
        None => socket.local_addr().map_err(|error| unusable(address, &error))?,
    };
    let line = status_line();
    let shown = line.clone();
    let tap = move |datagram: live::Tapped<'_>| tapped.borrow_mut().look(datagram);
    live::run_tapped(socket, &[], tap, move |node| async move {
        let runtime = (*node).clone();
        let (asked, closing) = asked_to_close(program, watched.clone(), shown.clone())?;
        let socket = UdpSocket::bind(&runtime).await?;
        runtime.spawn(asked);
        runtime.spawn(show(watched, shown));
        println!("listening on {address}");
        let dispatch = Dispatch { counts: executed };
        main(Desk { runtime, socket, config, closing, dispatch }).await;
        Ok(())
    })?;
    line.finish_and_clear();
    println!("{}", counts.borrow());
    if let Some(relay) = relay {
        println!("{}", relay.done());
    }
    Ok(())
}

/// The server's socket: where it is to listen, or behind a bad network that listens there.
fn open(options: &ServeOptions) -> Result<(std::net::UdpSocket, Option<Relay>), Ending> {
    let listen = options.listen;
    let bind = |at| std::net::UdpSocket::bind(at).map_err(|error| unusable(at, &error));
    let Some(faults) = options.faults else { return Ok((bind(listen)?, None)) };
    let socket = bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let behind = socket.local_addr().map_err(|error| unusable(listen, &error))?;
    let seed = RandomState::new().hash_one(std::process::id());
    let relay = Relay::start_at(listen, behind, seed).map_err(|error| match error {
        LiveError::Kit { source, .. } => unusable(listen, &source),
        other => Ending::Broken(other.to_string()),
    })?;
    relay.links(faults.link);
    Ok((socket, Some(relay)))
}

fn unusable(address: SocketAddr, error: &io::Error) -> Ending {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => "; another program listens there, so end it or take another port",
        io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
        io::ErrorKind::PermissionDenied => "; ports below 1024 are not for everybody",
        _ => "",
    };
    Ending::Broken(format!("cannot listen at {address}: {error}{advice}"))
}

/// A line on standard error, when that is a terminal.
fn status_line() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}

/// Shows a terminal what was done so far, again and again.
async fn show(counts: Rc<RefCell<Counts>>, line: ProgressBar) {
    let mut refresh = tokio::time::interval(REFRESH);
    loop {
        refresh.tick().await;
        line.set_message(counts.borrow().to_string());
    }
}

/// What is ready when somebody has asked the program to end, and the task that waits for that. Who asks twice does not want
/// to wait for the calls that are running.
fn asked_to_close(
    program: &'static str,
    counts: Rc<RefCell<Counts>>,
    line: ProgressBar,
) -> io::Result<(impl Future<Output = ()> + 'static, Closing)> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (asked, closing) = tokio::sync::oneshot::channel();
    let task = async move {
        either(&mut interrupt, &mut terminate).await;
        // It fails only when `serve` has dropped it.
        let _ = asked.send(());
        let running = match counts.borrow().running() {
            0 => String::new(),
            running => format!(", {running} are waited for"),
        };
        line.suspend(|| println!("closing: no call is begun any more{running}"));
        either(&mut interrupt, &mut terminate).await;
        let running = counts.borrow().running();
        line.finish_and_clear();
        eprintln!("{program}: ended at once, while {running} calls were running");
        std::process::exit(1);
    };
    let closing = Box::pin(async move {
        // A sender that is gone was asked, or the program is over.
        let _ = closing.await;
    });
    Ok((task, closing))
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        biased;
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
