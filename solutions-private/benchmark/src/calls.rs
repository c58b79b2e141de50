//! How many calls a second lab 3's reference makes between two threads over loopback, and how long a call takes, beside tarpc
//! over TCP. Server and client have a runtime of one thread each; both carry 16 bytes there and back.
//!
//! What the reference carries is executed at most once though UDP loses and copies; TCP sees to that for tarpc in the kernel.

use crate::measure;
use crate::report::{Group, Row};
use faultline::asynchronous::{NodeHandle, UdpSocket};
use faultline::live::{self, HostError};
use faultline::{Host, Never};
use futures::StreamExt as _;
use lab3_kit::{ClientConfig, RtoConfig, ServeConfig, ServerConfig};
use lab3_rpc::{Caller, serve};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};
use tarpc::context::Context;
use tarpc::serde_transport::Transport;
use tarpc::server::{BaseChannel, Channel as _};
use tarpc::tokio_serde::formats::Bincode;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// What is called, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) calls: usize,
    /// How many are unfinished at once.
    pub(crate) at_once: usize,
}

/// What came out of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Calls per second.
    pub(crate) rate: f64,
    /// How long half of the calls took at most, in microseconds.
    pub(crate) p50: f64,
    /// How long 99 of 100 took at most, in microseconds.
    pub(crate) p99: f64,
}

const LOOPBACK: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
const DEADLINE: Duration = Duration::from_secs(10);

lab3_rpc::service! {
    /// Gives back what it is given.
    service Echo, client EchoClient = 1, version 1 {
        1 => fn echo(words: (u64, u64)) -> (u64, u64);
    }
}

#[derive(Clone, Copy)]
struct Echoes;

impl Echo for Echoes {
    fn echo(&mut self, words: (u64, u64)) -> (u64, u64) {
        words
    }
}

/// Makes the calls with lab 3's reference.
pub(crate) fn reference(load: Load) -> Result<Timing, String> {
    let listening = std::net::UdpSocket::bind(LOOPBACK).map_err(told)?;
    let to = listening.local_addr().map_err(told)?;
    let (close, closed) = oneshot::channel::<()>();
    let server = thread::spawn(move || -> Result<(), HostError> {
        live::run(listening, &[], |node: NodeHandle<Never, Never>| async move {
            let socket = UdpSocket::bind(&node).await?;
            let handler = |target, arguments: Vec<u8>| async move { Echoes.dispatch(target, &arguments) };
            let closing = async move { drop(closed.await) };
            serve(&node, socket, serve_config(), handler, closing).await;
            Ok(())
        })
    });
    let timing = Rc::new(Cell::new(None));
    let taken = timing.clone();
    let socket = std::net::UdpSocket::bind(LOOPBACK).map_err(told)?;
    live::run(socket, &[to], move |node: NodeHandle<Never, Never>| async move {
        let caller = Caller::start(&node, UdpSocket::bind(&node).await?, client_config());
        let times = Rc::new(Times::new(load));
        times.warm_up(|words| call(&caller, words)).await?;
        let tasks: Vec<_> = (0..load.at_once)
            .map(|_| {
                let (caller, times) = (caller.clone(), times.clone());
                node.spawn(async move { times.work(|words| call(&caller, words)).await })
            })
            .collect();
        for task in tasks {
            task.await.map_err(io::Error::other)??;
        }
        taken.set(Some(times.timing()));
        Ok(())
    })
    .map_err(told)?;
    drop(close);
    server.join().map_err(|_| "the server's thread panicked".to_string())?.map_err(told)?;
    timing.take().ok_or_else(|| "the client has ended without a result".into())
}

async fn call(caller: &Caller, words: (u64, u64)) -> io::Result<(u64, u64)> {
    caller.call(EchoClient::echo(words), DEADLINE).await.map_err(io::Error::other)
}

fn serve_config() -> ServeConfig {
    ServeConfig {
        server: ServerConfig {
            acknowledge_after: Duration::from_millis(25),
            forget_after: Duration::from_secs(120),
        },
        at_once: 64,
        waiting: 1_024,
        linger: Duration::from_millis(1),
    }
}

fn client_config() -> ClientConfig {
    ClientConfig {
        server: Host(1),
        rto: RtoConfig { first: Duration::from_millis(50), max: Duration::from_secs(1) },
        watch: Duration::from_millis(500),
        give_up: Duration::from_secs(5),
    }
}

/// How many calls are unfinished at once, and how much of tarpc's rate the reference is then to have. With many, TCP carries
/// several calls with one system call, and UDP needs one for each datagram.
pub(crate) const TARGET_RATIOS: [(usize, f64); 2] = [(1, 1.0), (64, 0.5)];

/// Both by turns: how many calls a second, and how long they take.
///
/// # Errors
/// A call has failed.
pub(crate) fn groups(load: Load, repetitions: usize, target: Option<f64>) -> Result<[Group; 2], String> {
    let subjects: [fn(Load) -> Result<Timing, String>; 2] = [reference, tarpc];
    let mut timings = [vec![], vec![]];
    for repetition in 0..=repetitions {
        for (subject, timings) in subjects.iter().zip(&mut timings) {
            let timing = subject(load)?;
            // The first is there to warm up.
            if repetition > 0 {
                timings.push(timing);
            }
        }
    }
    let of = |which: usize, what: fn(&Timing) -> f64| {
        measure::summary(load.calls as u64, timings[which].iter().map(what).collect())
    };
    let pair = |names: [&'static str; 2], what: fn(&Timing) -> f64| {
        let [ours, theirs] = [of(0, what), of(1, what)];
        [(names[0], ours), (names[1], theirs)].map(|(name, rate)| {
            let ratio = rate.median / theirs.median;
            Row { name, rate, ratio, target: None }
        })
    };
    let at_once = load.at_once;
    let title = |what| format!("{what}: 16 bytes there and back over loopback, {at_once} at once, real time");
    let mut rates = pair(["lab 3's reference", "tarpc over TCP"], |timing| timing.rate);
    rates[0].target = target.map(|ratio| ratio * rates[1].rate.median);
    let halves = pair(["lab 3's reference, p50", "tarpc over TCP, p50"], |timing| timing.p50);
    let most = pair(["lab 3's reference, p99", "tarpc over TCP, p99"], |timing| timing.p99);
    let times = halves.into_iter().chain(most).collect();
    Ok([
        Group { title: title("Calls per second"), unit: "calls", rows: rates.into() },
        Group { title: title("How long a call takes"), unit: "us", rows: times },
    ])
}

/// The same service for tarpc.
#[tarpc::service]
trait TarpcEcho {
    async fn echo(words: (u64, u64)) -> (u64, u64);
}

impl TarpcEcho for Echoes {
    async fn echo(self, _: Context, words: (u64, u64)) -> (u64, u64) {
        words
    }
}

/// Makes the calls with tarpc.
pub(crate) fn tarpc(load: Load) -> Result<Timing, String> {
    let listener = std::net::TcpListener::bind(LOOPBACK).map_err(told)?;
    let to = listener.local_addr().map_err(told)?;
    let server = thread::spawn(move || one_thread(serve_tarpc(listener)));
    let timing = one_thread(call_tarpc(to, load))?;
    server.join().map_err(|_| "the server's thread panicked".to_string())??;
    Ok(timing)
}

fn one_thread<T>(work: impl Future<Output = io::Result<T>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(told)?;
    tokio::task::LocalSet::new().block_on(&runtime, work).map_err(told)
}

async fn serve_tarpc(listener: std::net::TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let (stream, _) = TcpListener::from_std(listener)?.accept().await?;
    stream.set_nodelay(true)?;
    let channel = BaseChannel::with_defaults(Transport::from((stream, Bincode::default())));
    let answers = channel.execute(TarpcEcho::serve(Echoes));
    answers.for_each(|answer| async { drop(tokio::spawn(answer)) }).await;
    Ok(())
}

async fn call_tarpc(to: SocketAddr, load: Load) -> io::Result<Timing> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let transport = Transport::from((stream, Bincode::default()));
    let client = TarpcEchoClient::new(tarpc::client::Config::default(), transport).spawn();
    let times = Rc::new(Times::new(load));
    let ask = async |client: &TarpcEchoClient, words| {
        client.echo(tarpc::context::current(), words).await.map_err(io::Error::other)
    };
    times.warm_up(|words| ask(&client, words)).await?;
    let tasks: Vec<_> = (0..load.at_once)
        .map(|_| {
            let (client, times) = (client.clone(), times.clone());
            tokio::task::spawn_local(async move { times.work(|words| ask(&client, words)).await })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(times.timing())
}

/// The calls that are still to be made, and how long each of the others took.
struct Times {
    load: Load,
    left: Cell<usize>,
    began: Cell<Instant>,
    took: RefCell<Vec<Duration>>,
}

impl Times {
    fn new(load: Load) -> Times {
        let took = RefCell::new(Vec::with_capacity(load.calls));
        Times { load, left: Cell::new(load.calls), began: Cell::new(Instant::now()), took }
    }

    /// Makes a tenth of the calls before the time begins.
    async fn warm_up(&self, call: impl AsyncFn((u64, u64)) -> io::Result<(u64, u64)>) -> io::Result<()> {
        for number in 0..self.load.calls as u64 / 10 {
            check((number, 1), call((number, 1)).await?)?;
        }
        self.began.set(Instant::now());
        Ok(())
    }

    /// Makes one call after the other, until all are made by somebody.
    async fn work(&self, call: impl AsyncFn((u64, u64)) -> io::Result<(u64, u64)>) -> io::Result<()> {
        while let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            let (words, began) = ((left as u64, 2), Instant::now());
            check(words, call(words).await?)?;
            self.took.borrow_mut().push(began.elapsed());
        }
        Ok(())
    }

    fn timing(&self) -> Timing {
        let seconds = self.began.get().elapsed().as_secs_f64().max(1e-6);
        let mut took = self.took.borrow_mut();
        took.sort_unstable();
        let at = |share: f64| {
            let place = ((took.len() as f64 * share).ceil() as usize).clamp(1, took.len());
            took[place - 1].as_secs_f64() * 1e6
        };
        Timing { rate: took.len() as f64 / seconds, p50: at(0.5), p99: at(0.99) }
    }
}

fn check(asked: (u64, u64), answered: (u64, u64)) -> io::Result<()> {
    if asked == answered { Ok(()) } else { Err(io::Error::other("an answer is not what was asked for")) }
}

fn told(error: impl fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_make_all_calls() {
        for at_once in [1, 64] {
            let load = Load { calls: 1_000, at_once };
            for timing in [reference(load).unwrap(), tarpc(load).unwrap()] {
                assert!(timing.rate > 0.0 && timing.p50 > 0.0 && timing.p99 >= timing.p50);
            }
        }
    }
}
