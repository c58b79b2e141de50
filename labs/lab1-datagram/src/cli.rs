//! The command lines of `echo` and `ping`. A wrong argument ends the program with exit code 2 and a sentence that
//! says which one and what is legal.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use clap::builder::RangedU64ValueParser;

use crate::message::MAX_PAYLOAD;

/// The most pings in one run.
pub const MAX_COUNT: u32 = 100_000;
/// The longest interval and the longest wait, in milliseconds.
pub const MAX_MS: u64 = 60_000;

/// Answers every ping that arrives, until Ctrl-C.
#[derive(Parser, Clone, Debug, PartialEq, Eq)]
#[command(name = "echo")]
pub struct EchoArgs {
    /// Address and port to listen on; port 0 lets the system choose, and the first line printed tells which
    #[arg(long, default_value = "127.0.0.1:0", value_parser = parse_address)]
    pub listen: SocketAddr,
}

/// Sends pings to an echo server and reports what the network did to them.
#[derive(Parser, Clone, Debug, PartialEq, Eq)]
#[command(name = "ping")]
pub struct PingArgs {
    /// Address and port of the echo server
    #[arg(value_parser = parse_server)]
    pub server: SocketAddr,
    /// How many pings to send
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_COUNT)))]
    pub count: u32,
    /// Milliseconds from one ping to the next
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(0..=MAX_MS))]
    pub interval_ms: u64,
    /// Milliseconds to wait for replies after the last ping was sent
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(0..=MAX_MS))]
    pub wait_ms: u64,
    /// Bytes of payload in each ping
    #[arg(long, default_value_t = 32, value_parser = payload_size())]
    pub size: usize,
    /// The session number; a random one if it is not given
    #[arg(long)]
    pub session: Option<u32>,
}

impl PingArgs {
    /// The time from one ping to the next.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }

    /// The time to wait for replies after the last ping was sent.
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }

    /// The session number of the command line, else a random one, so that two runs do not take each other's replies.
    pub fn session_or_random(&self) -> u32 {
        self.session.unwrap_or_else(|| RandomState::new().hash_one("session") as u32)
    }

    /// The payload of ping `seq`: every byte tells its place, so a cut or shifted payload is seen.
    pub fn payload(&self, seq: u32) -> Vec<u8> {
        (0..self.size).map(|index| ((seq as usize).wrapping_add(index) % 251) as u8).collect()
    }
}

fn payload_size() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(0..=MAX_PAYLOAD as u64)
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "not of the form ADDRESS:PORT, such as 127.0.0.1:7000 (names are not looked up)".to_owned()
    })
}

fn parse_server(text: &str) -> Result<SocketAddr, String> {
    let server = parse_address(text)?;
    match server.port() {
        0 => Err("port 0 is no server; take the address that echo prints".to_owned()),
        _ => Ok(server),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping(arguments: &str) -> Result<PingArgs, String> {
        let words = std::iter::once("ping").chain(arguments.split_whitespace());
        PingArgs::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_alone_is_enough() {
        let args = ping("127.0.0.1:7000").unwrap();
        assert_eq!((args.count, args.interval_ms, args.wait_ms, args.size), (10, 100, 1000, 32));
        assert_eq!(args.session, None);
    }

    #[test]
    fn the_limits_themselves_are_legal() {
        let args = ping("[::1]:1 --count 100000 --size 1200 --interval-ms 0 --session 4294967295").unwrap();
        assert_eq!(
            (args.count, args.size, args.interval_ms, args.session),
            (100_000, 1200, 0, Some(u32::MAX))
        );
    }

    #[test]
    fn a_wrong_argument_is_named_with_what_is_legal() {
        for (arguments, told) in [
            ("127.0.0.1:1 --count 0", "1..=100000"),
            ("127.0.0.1:1 --count 100001", "1..=100000"),
            ("127.0.0.1:1 --size 1201", "0..=1200"),
            ("localhost:1", "ADDRESS:PORT"),
            ("127.0.0.1:0", "port 0"),
            ("", "<SERVER>"),
        ] {
            let error = ping(arguments).unwrap_err();
            assert!(error.contains(told), "\"{arguments}\" gave {error}");
        }
    }

    #[test]
    fn echo_chooses_a_loopback_port_by_itself() {
        let args = EchoArgs::try_parse_from(["echo"]).unwrap();
        assert_eq!(args.listen.to_string(), "127.0.0.1:0");
        assert!(EchoArgs::try_parse_from(["echo", "--listen", "here"]).is_err());
    }

    #[test]
    fn payloads_differ_by_place_and_by_seq() {
        let args = ping("127.0.0.1:1 --size 3 --session 9").unwrap();
        assert_eq!(args.payload(0), [0, 1, 2]);
        assert_eq!(args.payload(250), [250, 0, 1]);
        assert_eq!(args.session_or_random(), 9);
    }
}
