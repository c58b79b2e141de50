//! An asynchronous program on a real socket and a real clock, inside tokio.
//!
//! The program is the same as in the simulation. Its tasks are polled by the same executor, which here is one task of tokio's:
//! so they may also await whatever belongs to tokio, such as its signals, files and threads.

use super::addresses::Addresses;
use super::host::HostError;
use super::socket::{DATAGRAM_MAX, enlarge};
use super::timers::Timers;
use crate::asynchronous::{AsyncNode, Datagram, NodeHandle};
use crate::machine::{Action, Host, Moment, Never};
use crate::node::{Event, Node as _};
use crate::random::{Draw as _, Random};
use crate::time::Time;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How many datagrams are handled before timers have their turn.
const TURN_MAX: usize = 64;

/// Runs an asynchronous program until it ends: its main task is what `main` makes. Its own address is `Host(0)`; the others are
/// counted from 1, first the `known` ones, then everybody who sends something, in the order in which they come. It has no
/// application, and its disk is empty.
///
/// # Errors
/// The socket cannot be used, or the program has panicked, asked for what is not there or ended with an error.
#[track_caller]
pub fn run<Main>(
    socket: UdpSocket,
    known: &[SocketAddr],
    main: impl FnOnce(NodeHandle<Never, Never>) -> Main + 'static,
) -> Result<(), HostError>
where
    Main: Future<Output = io::Result<()>> + 'static,
{
    run_tapped(socket, known, |_| (), main)
}

/// A datagram that has passed the socket of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tapped<'d> {
    /// It has come, and is about to be given to the program.
    Received(&'d [u8]),
    /// The program has sent it.
    Sent(&'d [u8]),
}

/// Runs a program as [`run`] does, and shows every datagram to `tap`: so a kit can count what its program is not asked about.
///
/// # Errors
/// As [`run`].
#[track_caller]
pub fn run_tapped<Main>(
    socket: UdpSocket,
    known: &[SocketAddr],
    tap: impl FnMut(Tapped<'_>) + 'static,
    main: impl FnOnce(NodeHandle<Never, Never>) -> Main + 'static,
) -> Result<(), HostError>
where
    Main: Future<Output = io::Result<()>> + 'static,
{
    let place = Location::caller();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let woken = Arc::new(Bell(Notify::new()));
        let outside = Some(Waker::from(woken.clone()));
        let node = AsyncNode::new("program", place, outside, main);
        LiveProgram::new(node, socket, known, Box::new(tap))?.run(&woken).await
    });
    // A thread of tokio's that is still at work for a program that has ended is nobody's business.
    runtime.shutdown_background();
    ended
}

/// Rings when a task is woken by something that is no event of the host.
struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify_one();
    }
}

struct LiveProgram {
    node: AsyncNode<Never>,
    socket: tokio::net::UdpSocket,
    addresses: Addresses,
    timers: Timers,
    started: Instant,
    random: Random,
    actions: Vec<Action>,
    buffer: Vec<u8>,
    /// What has arrived and is about to be handled.
    arrived: Vec<Datagram>,
    tap: Box<dyn FnMut(Tapped<'_>)>,
}

impl LiveProgram {
    fn new(
        node: AsyncNode<Never>,
        socket: UdpSocket,
        known: &[SocketAddr],
        tap: Box<dyn FnMut(Tapped<'_>)>,
    ) -> io::Result<LiveProgram> {
        socket.set_nonblocking(true)?;
        enlarge(&socket);
        Ok(LiveProgram {
            node,
            addresses: Addresses::new(known),
            timers: Timers::default(),
            started: Instant::now(),
            random: Random::new(RandomState::new().hash_one(socket.local_addr()?)),
            actions: vec![],
            buffer: vec![0; DATAGRAM_MAX],
            arrived: vec![],
            socket: tokio::net::UdpSocket::from_std(socket)?,
            tap,
        })
    }

    async fn run(&mut self, woken: &Bell) -> Result<(), HostError> {
        self.step(|node, moment, actions| node.handle(moment, Event::Start(&[]), actions)).await?;
        let mut alarm = pin!(tokio::time::sleep(Duration::ZERO));
        // When it rings: when the first timer runs out, or earlier, since most timers are stopped before that.
        let mut rings = None;
        while !self.node.is_over() {
            if let Some(next) = self.timers.next().filter(|next| rings.is_none_or(|rings| *next < rings)) {
                alarm.as_mut().reset(next.into());
                rings = Some(next);
            }
            // Each of these is a turn of all tasks, and timers follow, so that none of them keeps the others out.
            tokio::select! {
                biased;
                ready = self.socket.readable() => {
                    ready?;
                    self.receive().await?;
                }
                () = woken.0.notified() => self.step(AsyncNode::poke).await?,
                () = alarm.as_mut(), if rings.is_some() => rings = None,
            }
            self.run_out().await?;
        }
        Ok(())
    }

    /// Handles the datagrams that are there. What is sent because of them leaves when all of them are handled, so that the other
    /// side is not woken for each of them.
    async fn receive(&mut self) -> Result<(), HostError> {
        let mut arrived = std::mem::take(&mut self.arrived);
        while arrived.len() < TURN_MAX {
            match self.socket.try_recv_from(&mut self.buffer) {
                Ok((len, from)) => {
                    let Some(from) = self.addresses.host(from) else { continue };
                    let datagram = &self.buffer[..len];
                    (self.tap)(Tapped::Received(datagram));
                    arrived.push((from, datagram.into()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // News of what became of an earlier datagram, which the program finds out by itself.
                Err(error) if is_of_the_network(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !arrived.is_empty() {
            self.step(|node, moment, actions| node.receive(moment, arrived.drain(..), actions)).await?;
        }
        self.arrived = arrived;
        Ok(())
    }

    /// Handles the timers whose time has come, the earliest first.
    async fn run_out(&mut self) -> Result<(), HostError> {
        let now = Instant::now();
        while let Some(timer) = self.timers.take_before(now).filter(|_| !self.node.is_over()) {
            self.step(|node, moment, actions| node.handle(moment, Event::Timer(timer), actions)).await?;
        }
        Ok(())
    }

    async fn step<E: Into<HostError>>(
        &mut self,
        handle: impl FnOnce(&mut AsyncNode<Never>, Moment, &mut Vec<Action>) -> Result<(), E>,
    ) -> Result<(), HostError> {
        let moment = Moment { now: Time::ZERO + self.started.elapsed(), random: self.random.bits() };
        let mut actions = std::mem::take(&mut self.actions);
        let handled = handle(&mut self.node, moment, &mut actions).map_err(Into::into);
        for action in actions.drain(..) {
            match action {
                Action::Send { to, datagram } => self.send(to, &datagram).await?,
                Action::SetTimer { timer, after } => self.timers.set(timer, Instant::now() + after),
                Action::CancelTimer { timer } => self.timers.cancel(timer),
                Action::Disk(_) => {
                    return Err(HostError::Machine("this host has no disk for its program".into()));
                }
                Action::Notify(_) | Action::Discard(_) => {}
            }
        }
        self.actions = actions;
        handled
    }

    async fn send(&mut self, to: Host, datagram: &[u8]) -> Result<(), HostError> {
        let address = self.addresses.of(to).map_err(HostError::Machine)?;
        let sent = match self.socket.try_send_to(datagram, address) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.socket.send_to(datagram, address).await
            }
            sent => sent,
        };
        match sent {
            Ok(_) => {
                (self.tap)(Tapped::Sent(datagram));
                Ok(())
            }
            // To the program a datagram that cannot leave is one that was lost.
            Err(error) if is_of_the_network(&error) => Ok(()),
            Err(error) => Err(HostError::Socket(error)),
        }
    }
}

/// Whether an error tells of the network between two hosts, and not of the socket.
pub(super) fn is_of_the_network(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asynchronous::UdpSocket as Socket;
    use crate::time::ms;
    use std::sync::mpsc;

    fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    /// Answers until somebody says "stop".
    async fn echo(node: NodeHandle<Never, Never>) -> io::Result<()> {
        let socket = Socket::bind(&node).await?;
        let mut buffer = [0; 100];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await?;
            socket.send_to(&buffer[..length], from).await?;
            if &buffer[..length] == b"stop" {
                return Ok(());
            }
        }
    }

    #[test]
    fn two_programs_speak_over_real_sockets_and_await_what_is_tokios() {
        let ((theirs, address), (ours, _)) = (socket(), socket());
        let (tapped, seen) = mpsc::channel();
        let tap = move |datagram: Tapped<'_>| {
            let _ = tapped.send(match datagram {
                Tapped::Received(datagram) => ("received", datagram.to_vec()),
                Tapped::Sent(datagram) => ("sent", datagram.to_vec()),
            });
        };
        let server = std::thread::spawn(move || run_tapped(theirs, &[], tap, echo));
        let (told, heard) = mpsc::channel();
        run(ours, &[address], move |node| async move {
            let socket = Socket::bind(&node).await?;
            let mut buffer = [0; 100];
            // A thread and a clock of tokio's wake the task from outside.
            let word = tokio::task::spawn_blocking(|| "hello").await.map_err(io::Error::other)?;
            tokio::time::sleep(ms(1)).await;
            for word in [word, "stop"] {
                loop {
                    socket.send_to(word.as_bytes(), Host(1)).await?;
                    let received = node.timeout(ms(200), socket.recv_from(&mut buffer)).await;
                    if let Ok(Ok((length, from))) = received
                        && buffer[..length] == *word.as_bytes()
                    {
                        assert_eq!(from, Host(1));
                        break;
                    }
                }
                told.send(word).map_err(io::Error::other)?;
            }
            Ok(())
        })
        .unwrap();
        server.join().unwrap().unwrap();
        assert_eq!(heard.iter().collect::<Vec<_>>(), ["hello", "stop"]);
        let seen: Vec<_> = seen.iter().collect();
        assert_eq!(seen[..2], [("received", b"hello".to_vec()), ("sent", b"hello".to_vec())]);
        assert_eq!(seen.last(), Some(&("sent", b"stop".to_vec())));
    }

    #[test]
    fn a_program_that_fails_is_an_error_that_says_how() {
        let end = |main: fn(NodeHandle<Never, Never>) -> io::Result<()>| {
            run(socket().0, &[], move |node| async move { main(node) }).unwrap_err().to_string()
        };
        assert!(end(|_| panic!("oh no")).contains("oh no"));
        assert!(end(|_| Err(io::Error::other("no such luck"))).ends_with("no such luck"));
        let stray = run(socket().0, &[], |node| async move {
            Socket::bind(&node).await?.send_to(b"x", Host(7)).await?;
            node.sleep(ms(60_000)).await;
            Ok(())
        });
        assert_eq!(stray.unwrap_err().to_string(), "nobody knows the address of Host(7)");
    }

    #[test]
    fn tasks_that_wake_each_other_without_end_do_not_stop_the_clock() {
        run(socket().0, &[], |node| async move {
            node.spawn(async {
                loop {
                    tokio::task::yield_now().await;
                }
            });
            node.spawn(async {
                loop {
                    let mut first = true;
                    std::future::poll_fn(|context| {
                        context.waker().wake_by_ref();
                        if std::mem::take(&mut first) {
                            std::task::Poll::Pending
                        } else {
                            std::task::Poll::Ready(())
                        }
                    })
                    .await;
                }
            });
            node.sleep(ms(5)).await;
            Ok(())
        })
        .unwrap();
    }
}
