//! One side of a connection by itself: scripts, and short names for what goes in and comes out.
//!
//! The side under test always has the ISN [`OURS`], and the scenario, which is the other side, the ISN [`THEIRS`].

use super::checks::{ack, connection_config};
use crate::{CONNECTION, ConnectionCommand, ConnectionConfig, ConnectionNotice, Segment, SeqNo};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::script::{PEER, Script};

/// One side by itself; the scenario is the other side.
pub type SideScript = Script<ConnectionConfig, ConnectionCommand, ConnectionNotice>;

/// The ISN of the side under test.
pub const OURS: u32 = 1_000;

/// The ISN of the other side.
pub const THEIRS: u32 = 500_000;

/// The first number of the side under test.
pub const FIRST: u32 = OURS + 1;

/// The first number of the other side.
pub const THEIR_FIRST: u32 = THEIRS + 1;

/// A side with room for one message, whose time-outs never run out in the same moment.
#[must_use]
pub const fn side_config() -> ConnectionConfig {
    let config = connection_config(PEER);
    ConnectionConfig { keep_alive: ms(20_300), give_up: ms(70_700), linger: ms(90_900), ..config }
}

/// Starts a side that is to connect.
///
/// # Errors
/// It does not come up.
pub fn client(bench: &Bench<'_>, config: &ConnectionConfig) -> Result<SideScript, Failure> {
    Script::start(bench, CONNECTION, ["client", "server"], config)
}

/// Starts a side that is to listen.
///
/// # Errors
/// It does not come up.
pub fn server(bench: &Bench<'_>, config: &ConnectionConfig) -> Result<SideScript, Failure> {
    Script::start(bench, CONNECTION, ["server", "client"], config)
}

/// Starts a side, which has connected.
///
/// # Errors
/// It has not.
pub fn open_client(bench: &Bench<'_>, config: &ConnectionConfig) -> Result<SideScript, Failure> {
    let mut c = client(bench, config)?;
    c.command(&connect(OURS))?;
    c.expect_datagram(PEER, &syn(OURS), "rule E1: Connect sends SYN")?;
    c.deliver(PEER, &syn_ack(THEIRS, FIRST))?;
    c.expect_notice(&ConnectionNotice::Opened, "rule E3: this is the SYN-ACK for its SYN")?;
    let first_ack = Segment::Ack { next: SeqNo(THEIR_FIRST), window: config.window }.encode();
    c.expect_datagram(PEER, &first_ack, "rule E3: the SYN-ACK is answered with an ACK")?;
    Ok(c)
}

/// Starts a side, to which the other has connected.
///
/// # Errors
/// It has not.
pub fn open_server(bench: &Bench<'_>, config: &ConnectionConfig) -> Result<SideScript, Failure> {
    let mut s = server(bench, config)?;
    s.command(&listen(OURS))?;
    accept(&mut s)?;
    Ok(s)
}

/// Connects to a side that listens.
///
/// # Errors
/// It does not open.
pub fn accept(s: &mut SideScript) -> Outcome {
    s.deliver(PEER, &syn(THEIRS))?;
    s.expect_datagram(PEER, &syn_ack(OURS, THEIR_FIRST), "rule E2: a SYN is answered with SYN-ACK")?;
    s.deliver(PEER, &ack(FIRST))?;
    s.expect_notice(&ConnectionNotice::Opened, "rule E2: this is the ACK of its SYN-ACK")
}

/// The command that connects.
#[must_use]
pub fn connect(isn: u32) -> ConnectionCommand {
    ConnectionCommand::Connect(SeqNo(isn))
}

/// The command that listens.
#[must_use]
pub fn listen(isn: u32) -> ConnectionCommand {
    ConnectionCommand::Listen(SeqNo(isn))
}

/// The notice that delivers `text`.
#[must_use]
pub fn hears(text: &str) -> ConnectionNotice {
    ConnectionNotice::Message(text.as_bytes().to_vec())
}

/// The bytes of `SYN isn`.
#[must_use]
pub fn syn(isn: u32) -> Vec<u8> {
    Segment::Syn { isn: SeqNo(isn) }.encode()
}

/// The bytes of `SYN-ACK isn next`.
#[must_use]
pub fn syn_ack(isn: u32, next: u32) -> Vec<u8> {
    Segment::SynAck { isn: SeqNo(isn), next: SeqNo(next) }.encode()
}

/// The bytes of `FIN seq`.
#[must_use]
pub fn fin(seq: u32) -> Vec<u8> {
    Segment::Fin { seq: SeqNo(seq) }.encode()
}

/// The bytes of `KEEP-ALIVE next`.
#[must_use]
pub fn keep_alive(next: u32) -> Vec<u8> {
    Segment::KeepAlive { next: SeqNo(next) }.encode()
}

/// The bytes of `RESET about`.
#[must_use]
pub fn reset(about: u32) -> Vec<u8> {
    Segment::Reset { about: SeqNo(about) }.encode()
}
