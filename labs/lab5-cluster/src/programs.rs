//! `cluster`: a coordinator, its workers and its client, each a process. Here are the command line, the words and the exit codes;
//! coordinator and worker are the student's.

mod arguments;
mod shown;

use crate::coordinating::{Coordinate, Coordinator};
use crate::live::client::{Client, ClientError, Submission};
use crate::live::coordinator::{Ended, coordinate, desk};
use crate::live::engines::{Engines, GIVEN};
use crate::live::network::{Handler, Listening, Network};
use crate::live::{tcp, worker};
use crate::message::{Bytes, Read};
use crate::site::Site;
use crate::timeline::Timeline;
use crate::types::{CoordinatorConfig, WorkerConfig};
use arguments::{
    Arguments, CollectArguments, Command, CoordinatorArguments, EngineName, SubmitArguments, WorkerArguments,
};
use clap::Parser as _;
use faultline::asynchronous::Runtime;
use faultline::folder::Folder;
use faultline::live::Keeper;
use shown::{Bars, Watched};
use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

/// The name under which the scenarios start the program.
pub const CLUSTER: &str = "cluster";

/// Why the program has not done what it was to do.
enum Trouble {
    /// This went wrong.
    Failed(String),
    /// Somebody has interrupted it.
    Interrupted,
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Trouble {
        Trouble::Failed(error.to_string())
    }
}

fn of_path(path: &Path) -> impl Fn(io::Error) -> Trouble {
    move |error| Trouble::Failed(format!("{}: {error}", path.display()))
}

fn failed(error: impl Display) -> Trouble {
    Trouble::Failed(error.to_string())
}

/// How a process comes by a way to make calls.
pub type MakeNetwork = Rc<dyn Fn(&Runtime) -> Rc<dyn Network>>;

/// What the program is made of.
#[derive(Clone)]
pub struct Parts<C, Work> {
    /// How a coordinator is made.
    pub coordinator: fn(CoordinatorConfig) -> C,
    /// What a worker does.
    pub work: fn(Site) -> Work,
    /// How it gives bytes of its files to others.
    pub read: fn(&Folder, &Read) -> io::Result<Bytes>,
    /// Lab 4's engine.
    pub lab4: Engines,
    /// How calls are made.
    pub network: MakeNetwork,
}

/// The program, over TCP: how a coordinator is made, what a worker does, how it gives bytes of its files to others, and lab 4's
/// engine.
#[must_use]
pub fn main<C: Coordinate, Work>(
    coordinator: fn(CoordinatorConfig) -> C,
    work: fn(Site) -> Work,
    read: fn(&Folder, &Read) -> io::Result<Bytes>,
    lab4: Engines,
) -> ExitCode
where
    Work: Future<Output = io::Result<()>> + 'static,
{
    main_with(std::env::args_os(), Parts { coordinator, work, read, lab4, network: Rc::new(tcp::network) })
}

/// The program made of these parts, with these arguments; the first is the name of the program.
#[must_use]
pub fn main_with<C: Coordinate, Work>(
    arguments: impl IntoIterator<Item = OsString>,
    parts: Parts<C, Work>,
) -> ExitCode
where
    Work: Future<Output = io::Result<()>> + 'static,
{
    let network = parts.network.clone();
    let done = match Arguments::parse_from(arguments).command {
        Command::Coordinator(arguments) => run_coordinator(arguments, parts.coordinator, network),
        Command::Worker(arguments) => run_worker(arguments, parts),
        Command::Submit(arguments) => submit(arguments, network),
        Command::Collect(arguments) => collect(arguments, network),
        Command::Status { coordinator, watch } => status(coordinator, watch, network),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Failed(why)) => {
            eprintln!("cluster: {why}");
            ExitCode::FAILURE
        }
        Err(Trouble::Interrupted) => ExitCode::from(130),
    }
}

/// Runs tasks on this process's runtime until `main` has an end.
fn run<T: 'static, Main>(main: impl FnOnce(Runtime) -> Main + 'static) -> Result<T, Trouble>
where
    Main: Future<Output = Result<T, Trouble>> + 'static,
{
    // The runtime has a socket for datagrams, which nobody uses here.
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    let ended: Rc<RefCell<Option<Result<T, Trouble>>>> = Rc::default();
    let inside = ended.clone();
    let ran = faultline::live::run(socket, &[], move |node| async move {
        let end = main((*node).clone()).await;
        *inside.borrow_mut() = Some(end);
        Ok(())
    });
    let end = ended.borrow_mut().take();
    end.unwrap_or_else(|| {
        Err(Trouble::Failed(ran.err().map_or("it has not ended".into(), |error| error.to_string())))
    })
}

/// Ready when somebody wants this process to end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                biased;
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without handlers the signals end it too.
        _ => std::future::pending().await,
    }
}

/// Listens, and says where.
fn listen(network: &dyn Network, address: SocketAddrV4, handler: Handler) -> Result<Listening, Trouble> {
    if address.ip().is_unspecified() {
        return Err(Trouble::Failed(format!(
            "{address}: others must reach this process there; name one of its addresses"
        )));
    }
    let listening = network.listen(address, handler).map_err(|error| {
        Trouble::Failed(format!(
            "{address}: {error}\n    take another address, or port 0 for any that is free"
        ))
    })?;
    println!("listening on {}", listening.address());
    Ok(listening)
}

fn run_coordinator<C: Coordinate>(
    arguments: CoordinatorArguments,
    make: fn(CoordinatorConfig) -> C,
    network: MakeNetwork,
) -> Result<(), Trouble> {
    let CoordinatorArguments { listen: address, journal, lease_ms, backup_ms, max_failures, timeline } =
        arguments;
    fs::create_dir_all(&journal).map_err(of_path(&journal))?;
    let lease = Duration::from_millis(lease_ms);
    let config = CoordinatorConfig { lease, backup_after: Duration::from_millis(backup_ms), max_failures };
    let (seen, ended) = run(move |runtime| async move {
        let keeper = Keeper::start(Coordinator(make(config)), &journal).map_err(failed)?;
        let (handler, asks) = desk();
        let listening = listen(&*network(&runtime), address, handler)?;
        let mut seen = Timeline::new(lease);
        let ended = coordinate(runtime, listening, asks, keeper, lease, &mut seen, interrupted());
        let ended = ended.await.map_err(failed)?;
        Ok((seen, ended))
    })?;
    if let Some(path) = timeline {
        fs::write(&path, seen.page("A job and its workers")).map_err(of_path(&path))?;
    }
    match ended {
        Ended::Collected => Ok(()),
        Ended::Failed(why) => Err(Trouble::Failed(format!("the job has failed: {why}"))),
        Ended::Interrupted => Err(Trouble::Interrupted),
    }
}

fn run_worker<C: Coordinate, Work>(arguments: WorkerArguments, parts: Parts<C, Work>) -> Result<(), Trouble>
where
    Work: Future<Output = io::Result<()>> + 'static,
{
    let Parts { work, read, lab4, network, .. } = parts;
    let engines = if let EngineName::Lab4 = arguments.engine { lab4 } else { GIVEN };
    let WorkerArguments { coordinator, listen: address, folder, pause_ms, beat_ms, task_ms, .. } = arguments;
    let longer = Duration::from_millis(task_ms);
    fs::create_dir_all(&folder).map_err(of_path(&folder))?;
    // Engines are given paths, whatever folder they think they are in.
    let folder = fs::canonicalize(&folder).map_err(of_path(&folder))?;
    let beat = Duration::from_millis(beat_ms);
    let config = WorkerConfig { beat, pause: Duration::from_millis(pause_ms) };
    let is_over = run(move |runtime| async move {
        let network = network(&runtime);
        let listening = listen(&*network, address, worker::handler(&folder, read))?;
        let address = listening.address();
        let place = worker::Place { coordinator, address, folder, engines, longer, config };
        let worked = worker::run(runtime, network, place, work, interrupted()).await;
        drop(listening);
        worked.map_err(failed)
    })?;
    if is_over { Ok(()) } else { Err(Trouble::Interrupted) }
}

/// Lets a client do something, unless it is interrupted.
fn as_client<T: 'static, Main>(
    coordinator: SocketAddrV4,
    network: MakeNetwork,
    main: impl FnOnce(Client, Runtime) -> Main + 'static,
) -> Result<T, Trouble>
where
    Main: Future<Output = Result<T, ClientError>> + 'static,
{
    run(move |runtime| async move {
        let client = Client::new(&runtime, network(&runtime), coordinator);
        tokio::select! {
            biased;
            () = interrupted() => Err(Trouble::Interrupted),
            done = main(client, runtime.clone()) => Ok(done?),
        }
    })
}

fn submit(arguments: SubmitArguments, network: MakeNetwork) -> Result<(), Trouble> {
    let SubmitArguments { coordinator, app, inputs, out, reduces, chunk_size, copies, workers, skip_refused } =
        arguments;
    for path in &inputs {
        // Before anybody waits for workers.
        fs::File::open(path).map_err(of_path(path))?;
    }
    fs::create_dir_all(&out).map_err(of_path(&out))?;
    let submission = Submission {
        application: app,
        inputs,
        chunk_size,
        reduces,
        skips: skip_refused,
        copies: copies.into(),
        workers: workers.into(),
    };
    let to = out.clone();
    let told = as_client(coordinator, network, move |client, _| async move {
        let mut bars = Bars::new();
        let job = client.submit(&submission, &mut |progress| bars.tell(&progress)).await?;
        client.collect(&to, Some(&job), &mut |progress| bars.tell(&progress)).await?;
        Ok(bars.end())
    })?;
    println!("{told}; the results are in {}", out.display());
    Ok(())
}

fn collect(arguments: CollectArguments, network: MakeNetwork) -> Result<(), Trouble> {
    let CollectArguments { coordinator, out } = arguments;
    fs::create_dir_all(&out).map_err(of_path(&out))?;
    let to = out.clone();
    let told = as_client(coordinator, network, move |client, _| async move {
        let mut bars = Bars::new();
        client.collect(&to, None, &mut |progress| bars.tell(&progress)).await?;
        Ok(bars.end())
    })?;
    println!("{told}; the results are in {}", out.display());
    Ok(())
}

fn status(coordinator: SocketAddrV4, watch: bool, network: MakeNetwork) -> Result<(), Trouble> {
    as_client(coordinator, network, move |client, runtime| async move {
        let mut watched = Watched::new(watch);
        loop {
            let is_over = watched.show(&client.status_now().await?);
            if is_over || !watch {
                return Ok(());
            }
            runtime.sleep(Duration::from_millis(250)).await;
        }
    })
}
