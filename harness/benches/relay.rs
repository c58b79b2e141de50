//! How fast the relay is in real time: round trips, and datagrams of 1,200 bytes one way with a window of 64 under way.
//!
//! `cargo bench -p faultline --bench relay`. A window that loses is filled up again, so the figures are of what is sent.
#![expect(clippy::unwrap_used, reason = "a benchmark: a panic is its failure")]

use faultline::live::relay::{CLIENTS, Relay, SERVER, direct};
use faultline::simulation::Link;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const ROUND_TRIPS: u32 = 5_000;
/// Below what a log keeps.
const DATAGRAMS: u64 = 50_000;
const WINDOW: u64 = 64;
/// Datagrams of this length are answered.
const ASK: usize = 8;

fn main() {
    for thinks in [Duration::ZERO, Duration::from_micros(100)] {
        let rate = round_trips(thinks);
        println!("relay, round trips, server thinks {:>3} us {rate:>10.0} a second", thinks.as_micros());
    }
    let lossy = Link { loss: 0.05, ..direct() };
    for (name, link, log) in [
        ("perfect", direct(), false),
        ("perfect, logged", direct(), true),
        ("5 % loss", lossy, false),
        ("1 ms latency", Link::default(), false),
    ] {
        println!("relay, one way, {name:<24} {:>10.0} datagrams a second", one_way(link, log));
    }
}

/// A server that counts, and answers what is [`ASK`] bytes long after some thought.
struct Server {
    relay: Relay,
    got: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    fn start(thinks: Duration) -> Server {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let relay = Relay::start(socket.local_addr().unwrap(), 1).unwrap();
        let (got, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (Arc::clone(&got), Arc::clone(&stop));
        let serve = move || {
            let mut buffer = [0; 2_048];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((len, from)) = socket.recv_from(&mut buffer) else { continue };
                count.fetch_add(1, Ordering::Relaxed);
                if len == ASK {
                    let start = Instant::now();
                    while start.elapsed() < thinks {}
                    socket.send_to(&buffer[..len], from).unwrap();
                }
            }
        };
        Server { relay, got, stop, thread: Some(thread::spawn(serve)) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(thread::JoinHandle::join);
    }
}

fn round_trips(thinks: Duration) -> f64 {
    let server = Server::start(thinks);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    for _ in 0..ROUND_TRIPS {
        client.send_to(&[1; ASK], server.relay.addr()).unwrap();
        client.recv(&mut [0; ASK]).unwrap();
    }
    f64::from(ROUND_TRIPS) / start.elapsed().as_secs_f64()
}

fn one_way(link: Link, log: bool) -> f64 {
    let server = Server::start(Duration::ZERO);
    server.relay.link(CLIENTS, SERVER, link);
    if log {
        server.relay.keep_log();
    }
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    for sent in 0..DATAGRAMS {
        let lossless = link.loss == 0.0;
        let under_way = || {
            let got = server.got.load(Ordering::Relaxed);
            let lost = if lossless { 0 } else { server.relay.counts(CLIENTS, SERVER).lost };
            sent.saturating_sub(got + lost)
        };
        while under_way() >= WINDOW {
            thread::yield_now();
        }
        client.send_to(&[7; 1_200], server.relay.addr()).unwrap();
    }
    DATAGRAMS as f64 / start.elapsed().as_secs_f64()
}
