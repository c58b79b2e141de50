//! The student's echo server as a real process, and clients of the kit's that play to it datagram by datagram.
//!
//! Nothing is judged by a wait: that a datagram is not answered shows when the next one's answer comes first.

use super::codec_checks::difference;
use crate::golden::Exchange;
use crate::program::ECHO;
use faultline::live::LiveError;
use faultline::live::network::Network;
use faultline::live::patience::Patience;
use faultline::live::peer::Peer;
use faultline::live::process::{Place, Process};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::{Row, Story, Time, text};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long an answer may take: two seconds of an idle machine.
pub const PATIENCE: Patience = Patience::new(40);

/// How the first line of an echo server begins; its address follows.
const LISTENING: &str = "listening on ";

/// How the last line of an echo server begins and ends; the count is between.
const DROPPED: [&str; 2] = ["dropped ", " bad datagrams"];

/// A running echo server.
pub struct EchoServer {
    network: Network,
    process: RefCell<Process>,
    addr: SocketAddr,
    started: Instant,
    rows: RefCell<Vec<Row>>,
}

/// A client with a socket of its own.
pub struct Client {
    name: &'static str,
    peer: Peer,
}

impl EchoServer {
    /// Starts the student's echo server and waits until it says where it listens.
    ///
    /// # Errors
    /// It ends before that, or says something else.
    pub fn start(bench: &Bench<'_>) -> Result<EchoServer, Failure> {
        let program = bench.program().executable(ECHO)?;
        let network = bench.network()?;
        let place = Place { network: network.clone(), ..Place::default() };
        let mut process = Process::spawn_at::<&str>(place, ECHO, program, &[]).map_err(Failure::from)?;
        let line = process.read_line(Patience::default()).map_err(Failure::from)?;
        let addr = line.strip_prefix(LISTENING).and_then(|addr| addr.parse().ok());
        let addr = addr.ok_or_else(|| {
            Failure::new(format!(
                "The first line of echo must be {LISTENING:?} and an address, but is {:?}.",
                text::line(&line, 80)
            ))
        })?;
        let process = RefCell::new(process);
        Ok(EchoServer { network, process, addr, started: Instant::now(), rows: RefCell::default() })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The network in which it is, alone but for its clients.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// A new client, beside the server.
    ///
    /// # Errors
    /// There is no socket to be had.
    pub fn client(&self, name: &'static str) -> Result<Client, Failure> {
        let peer = Peer::bind_on(&self.network).map_err(Failure::from)?;
        Ok(Client { name, peer })
    }

    /// Did: the client sends these bytes, which are called `what` in the story.
    ///
    /// # Errors
    /// The machine does not send them.
    pub fn send(&self, client: &Client, datagram: &[u8], what: &str) -> Outcome {
        self.tell(client.name, format!("sends {what} ({} bytes)", datagram.len()));
        client.peer.send(datagram, self.addr).map_err(Failure::from)
    }

    /// Expects that the next datagram that comes to the client is exactly this, from the server's address.
    ///
    /// # Errors
    /// Another one comes, or none.
    pub fn expect(&self, client: &Client, datagram: &[u8], what: &str, rule: &str) -> Outcome {
        let received = PATIENCE.until(|| match client.peer.receive(Patience::new(0)) {
            Ok(received) => Some(Ok(received)),
            Err(LiveError::NoDatagram { .. }) => self.check_running("answered").err().map(Err),
            Err(error) => Some(Err(error)),
        });
        let (found, from) = match received {
            Some(Ok(received)) => received,
            Some(Err(error)) => return Err(self.told(error.into())),
            None => {
                return Err(self
                    .wrong(format!("{rule}. The {} waits for {what}, and no datagram comes.", client.name)));
            }
        };
        self.tell(client.name, format!("receives {}", text::bytes(&found, 60)));
        if found != datagram {
            let difference = difference(datagram, &found);
            return Err(
                self.wrong(format!("{rule}. The {} waits for {what}, but {difference}.", client.name))
            );
        }
        if from != self.addr {
            return Err(self.wrong(format!("{rule}. The answer comes from another socket of the server's.")));
        }
        Ok(())
    }

    /// Did: the client sends a ping. Expects that the next datagram that comes to it is its echo.
    ///
    /// # Errors
    /// As [`EchoServer::send`] and [`EchoServer::expect`].
    pub fn exchange(&self, client: &Client, exchange: &Exchange, rule: &str) -> Outcome {
        self.send(client, &exchange.ping, &format!("the ping {}", exchange.name))?;
        self.expect(client, &exchange.echo, &format!("the echo of {}", exchange.name), rule)
    }

    /// Did: for this time nothing comes. A right server may be left alone for any time, so no verdict hangs on how long
    /// it was in truth.
    ///
    /// # Errors
    /// The server ends.
    pub fn idle(&self, span: Duration) -> Outcome {
        self.tell("client", format!("send nothing for {} ms", span.as_millis()));
        std::thread::sleep(span);
        self.check_running("was sent anything").map_err(|error| self.told(error.into()))
    }

    /// Did: the client sends this ping while the server stands still, and is gone before the server goes on.
    ///
    /// # Errors
    /// The server cannot be stopped, for instance because it has ended.
    pub fn send_and_vanish(&self, client: Client, exchange: &Exchange) -> Outcome {
        self.process.borrow_mut().pause().map_err(Failure::from)?;
        self.send(&client, &exchange.ping, &format!("the ping {} and closes its socket", exchange.name))?;
        drop(client);
        self.process.borrow_mut().resume().map_err(Failure::from)
    }

    /// Did: Ctrl-C. Expects that the server ends well and tells how many datagrams it has dropped, and gives the number.
    ///
    /// # Errors
    /// It does not.
    pub fn interrupt(self) -> Result<u64, Failure> {
        self.tell("the kit", "interrupts the server (SIGINT, as Ctrl-C)".into());
        self.process.borrow_mut().interrupt().map_err(|error| self.told(error.into()))?;
        let story = self.story();
        let finished = self.process.into_inner().finish(Patience::default()).map_err(Failure::from)?;
        let line = finished.stdout.lines().last().unwrap_or_default();
        let [before, after] = DROPPED;
        let count = line.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let count = count.and_then(|count| count.parse().ok()).filter(|_| finished.code == Some(0));
        count.ok_or_else(|| {
            let line = text::line(line, 80);
            let ended = finished.code.map_or("by a signal".into(), |code| format!("with exit code {code}"));
            Failure::new(format!(
                "After Ctrl-C echo must say \"{before}N{after}\" and end with exit code 0, but it says {line:?} and \
                 ends {ended}."
            ))
            .with(story)
        })
    }

    /// A failure with the story so far.
    #[must_use]
    pub fn wrong(&self, reason: String) -> Failure {
        self.told(Failure::new(reason))
    }

    fn told(&self, failure: Failure) -> Failure {
        failure.with(self.story())
    }

    fn check_running(&self, awaited: &'static str) -> Result<(), LiveError> {
        self.process.borrow_mut().check_running(awaited)
    }

    fn tell(&self, host: &str, text: String) {
        let at = Time::ZERO + Duration::from_millis(self.started.elapsed().as_millis() as u64);
        self.rows.borrow_mut().push(Row::new(at, host, text));
    }

    fn story(&self) -> Story {
        let rows = self.rows.borrow().clone();
        Story::new(format!("live, {} steps, real time", rows.len()), rows)
    }
}
