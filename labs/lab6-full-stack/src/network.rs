//! A cluster's calls over lab 3's: whoever is called has a thread with a server of lab 3, and for each that it calls a process has a thread
//! with a client, since each of these has a socket and a runtime of its own.

use crate::desk::Desk;
use faultline::asynchronous::{Runtime, UdpSocket};
use faultline::live::{self, relay::Relay};
use faultline::simulation::Link;
use lab5_kit::NoAnswer;
use lab5_kit::live::network::{Handler, Listening, Network};
use lab5_kit::site::Answering;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::rc::Rc;
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// A question for somebody else: method, argument, and where the answer goes.
pub type Question = (u32, Vec<u8>, oneshot::Sender<Result<Vec<u8>, NoAnswer>>);

/// The questions for one who is called.
pub type Questions = mpsc::UnboundedReceiver<Question>;

/// Ready when a server is to close.
pub type Closing = oneshot::Receiver<()>;

/// How calls are made and answered: `ask` has questions answered by the one that the socket knows as `Host(1)`, until there are no more;
/// `serve` answers calls at a desk.
pub struct Threads<Ask, Serve> {
    runtime: Runtime,
    ask: Ask,
    serve: Serve,
    /// The share of datagrams that are lost on the way to this process and back, and of those that come twice.
    loss: f64,
    lines: Rc<RefCell<BTreeMap<SocketAddrV4, mpsc::UnboundedSender<Question>>>>,
}

impl<Ask, Serve, Asking, Serving> Threads<Ask, Serve>
where
    Ask: Fn(Runtime, UdpSocket, Questions) -> Asking + Copy + Send + 'static,
    Asking: Future<Output = ()> + 'static,
    Serve: Fn(Runtime, UdpSocket, Desk, Closing) -> Serving + Copy + Send + 'static,
    Serving: Future<Output = ()> + 'static,
{
    /// A network for a process with this runtime.
    pub fn new(runtime: &Runtime, loss: f64, ask: Ask, serve: Serve) -> Threads<Ask, Serve> {
        Threads { runtime: runtime.clone(), ask, serve, loss, lines: Rc::default() }
    }

    fn line(&self, to: SocketAddrV4) -> io::Result<mpsc::UnboundedSender<Question>> {
        if let Some(line) = self.lines.borrow().get(&to) {
            return Ok(line.clone());
        }
        let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let (line, questions) = mpsc::unbounded_channel();
        let ask = self.ask;
        on_thread(socket, vec![SocketAddr::V4(to)], move |runtime, socket| ask(runtime, socket, questions))?;
        self.lines.borrow_mut().insert(to, line.clone());
        Ok(line)
    }
}

impl<Ask, Serve, Asking, Serving> Network for Threads<Ask, Serve>
where
    Ask: Fn(Runtime, UdpSocket, Questions) -> Asking + Copy + Send + 'static,
    Asking: Future<Output = ()> + 'static,
    Serve: Fn(Runtime, UdpSocket, Desk, Closing) -> Serving + Copy + Send + 'static,
    Serving: Future<Output = ()> + 'static,
{
    fn call(&self, to: SocketAddrV4, method: u32, argument: Vec<u8>) -> Answering<Vec<u8>> {
        let line = self.line(to);
        let lines = self.lines.clone();
        Box::pin(async move {
            let line = line.map_err(|_| NoAnswer)?;
            let (answer, wanted) = oneshot::channel();
            let sent = line.send((method, argument, answer));
            let answered = match sent {
                Ok(()) => wanted.await.unwrap_or(Err(NoAnswer)),
                Err(_) => Err(NoAnswer),
            };
            // The next call begins with another client: whoever is there then may be somebody else.
            if answered.is_err() && lines.borrow().get(&to).is_some_and(|kept| kept.same_channel(&line)) {
                lines.borrow_mut().remove(&to);
            }
            answered
        })
    }

    fn listen(&self, at: SocketAddrV4, handler: Handler) -> io::Result<Listening> {
        let (socket, relay) = open(at, self.loss)?;
        let address = match &relay {
            Some(relay) => relay.addr(),
            None => socket.local_addr()?,
        };
        let SocketAddr::V4(address) = address else {
            return Err(io::Error::other("this is no address of IPv4"));
        };
        let (desk, mut orders) = Desk::new();
        let (close, closing) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let serve = self.serve;
        on_thread(socket, vec![], move |runtime, socket| async move {
            serve(runtime, socket, desk, closing).await;
            drop(relay);
            let _ = ended.send(());
        })?;
        let runtime = self.runtime.clone();
        self.runtime.spawn(async move {
            while let Some((method, argument, result)) = orders.recv().await {
                let work = handler(method, argument);
                runtime.spawn(async move { drop(result.send(work.await)) });
            }
        });
        Ok(Listening::new(address, close, async { drop(end.await) }))
    }
}

/// The socket of a server, and the bad network before it.
fn open(at: SocketAddrV4, loss: f64) -> io::Result<(std::net::UdpSocket, Option<Relay>)> {
    if loss == 0.0 {
        return Ok((std::net::UdpSocket::bind(at)?, None));
    }
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let seed = RandomState::new().hash_one(std::process::id());
    let behind = socket.local_addr()?;
    let relay =
        if at.port() == 0 { Relay::start(behind, seed) } else { Relay::start_at(at.into(), behind, seed) };
    let relay = relay.map_err(|error| io::Error::other(error.to_string()))?;
    let (latency_min, latency_max) = (Duration::ZERO, Duration::ZERO);
    relay.links(Link { latency_min, latency_max, loss, duplicate: loss, ..Link::default() });
    Ok((socket, Some(relay)))
}

/// Runs something on a thread with a runtime of its own. When it fails, the process has failed.
fn on_thread<Main>(
    socket: std::net::UdpSocket,
    known: Vec<SocketAddr>,
    main: impl FnOnce(Runtime, UdpSocket) -> Main + Send + 'static,
) -> io::Result<()>
where
    Main: Future<Output = ()> + 'static,
{
    let run = move || {
        let ended = live::run(socket, &known, move |node| async move {
            let runtime = (*node).clone();
            let socket = UdpSocket::bind(&runtime).await?;
            main(runtime, socket).await;
            Ok(())
        });
        if let Err(error) = ended {
            eprintln!("stack: {error}");
            std::process::exit(101);
        }
    };
    thread::Builder::new().name("calls".into()).spawn(run).map(drop)
}
