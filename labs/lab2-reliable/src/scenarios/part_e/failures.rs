//! Part E: silence, restarts, strangers and what is left of earlier connections (rules E7 to E12).

use crate::scenarios::checks::{ack, data, message, send_on};
use crate::scenarios::crash::{self, Mortal};
use crate::scenarios::lives::Lives;
use crate::scenarios::side::{
    FIRST, OURS, SideScript, THEIR_FIRST, THEIRS, client, connect, fin, hears, keep_alive, listen,
    open_client, open_server, reset, side_config, syn, syn_ack,
};
use crate::scenarios::talk::{ISNS, Talk};
use crate::{ConnectionConfig, ConnectionNotice, Reason, SeqNo};
use faultline::ms;
use faultline::scenario::{Bench, Outcome};
use faultline::script::{PEER, Script};
use faultline::search::Limits;
use faultline::simulation::Link;
use std::time::Duration;

/// The ISN of the other side's next life.
const NEXT: u32 = 900_000;

pub(super) fn asks_when_idle(bench: &Bench<'_>) -> Outcome {
    let config = side_config();
    for mut side in [open_client(bench, &config)?, open_server(bench, &config)?] {
        let question = keep_alive(THEIR_FIRST);
        for _ in 0..2 {
            side.pass(config.keep_alive - ms(1))?;
            side.expect_nothing("rule E7: keep_alive has not passed yet")?;
            side.pass(ms(1))?;
            side.expect_datagram(PEER, &question, "rule E7: nothing was heard for keep_alive")?;
        }
        for _ in 0..10 {
            side.deliver(PEER, &ack(FIRST))?;
            side.pass(config.keep_alive - ms(1))?;
            side.expect_nothing("rule E7: the ACK was a sign of life, and keep_alive counts from there")?;
            side.pass(ms(1))?;
            side.expect_datagram(PEER, &question, "rule E7: nothing was heard for keep_alive")?;
        }
        for _ in 0..10 {
            side.pass(config.keep_alive / 2)?;
            side.deliver(PEER, &keep_alive(FIRST))?;
            side.expect_datagram(PEER, &ack(THEIR_FIRST), "rule E7: a KEEP-ALIVE is answered with an ACK")?;
            side.expect_nothing("rule E7: the KEEP-ALIVE is a sign of life itself")?;
        }
        side.command(&send_on(b"a"))?;
        side.expect_datagram(PEER, &data(FIRST, "a"), "rule E7: the connection is as open as before")?;
    }
    Ok(())
}

/// Lets a side be alone for `span`, while bytes that are no segment keep coming.
fn alone(side: &mut SideScript, span: Duration) -> Outcome {
    for _ in 0..10 {
        side.pass(span / 10)?;
        let mut changed = ack(FIRST);
        changed[0] ^= 1;
        side.deliver(PEER, &changed)?;
    }
    Ok(())
}

pub(super) fn gives_up(bench: &Bench<'_>) -> Outcome {
    let config = side_config();
    let silent = &ConnectionNotice::Failed(Reason::Silent);
    let mut connecting = client(bench, &config)?;
    connecting.command(&connect(OURS))?;
    let mut open = open_server(bench, &config)?;
    open.pass(config.give_up / 2)?;
    open.deliver(PEER, &ack(FIRST))?;
    open.command(&send_on(b"a"))?;
    for mut side in [connecting, open] {
        side.take_datagrams();
        alone(&mut side, config.give_up - ms(10))?;
        side.take_datagrams();
        side.expect_nothing("rule E7: give_up has not passed since the last sign of life")?;
        side.pass(ms(10))?;
        side.expect_notice(
            silent,
            "rule E7: undecodable bytes are no sign of life, and nothing else came for give_up",
        )?;
        side.take_datagrams();
        side.expect_no_timer("rule E7: the connection is forgotten")?;
        side.command(&send_on(b"b"))?;
        side.expect_notice(&ConnectionNotice::Rejected, "rule E11: after Failed there is no connection")?;
        side.expect_nothing("rule E11: what is rejected is not sent")?;
        side.deliver(PEER, &ack(FIRST))?;
        side.expect_datagram(PEER, &reset(FIRST), "rules E7 and E9: the connection is forgotten")?;
    }
    Ok(())
}

pub(super) fn syn_while_open(bench: &Bench<'_>) -> Outcome {
    for mut side in [open_client(bench, &side_config())?, open_server(bench, &side_config())?] {
        side.deliver(PEER, &data(THEIR_FIRST, "a"))?;
        side.expect_notice(&hears("a"), "rule A5: this is the message that it was waiting for")?;
        let answer = ack(THEIR_FIRST + 1);
        side.expect_datagram(PEER, &answer, "rule A5: the ACK says what is expected next")?;
        side.command(&send_on(b"x"))?;
        side.expect_datagram(PEER, &data(FIRST, "x"), "rule A1: a message is sent at once")?;
        for datagram in [syn(NEXT), syn(THEIRS), syn_ack(NEXT, FIRST), syn_ack(NEXT, 7)] {
            side.deliver(PEER, &datagram)?;
            side.expect_datagram(
                PEER,
                &answer,
                "rule E8: an open side answers with an ACK of what it expects",
            )?;
            side.expect_nothing("rule E8: it changes nothing")?;
        }
        side.deliver(PEER, &data(THEIR_FIRST + 1, "b"))?;
        side.expect_notice(&hears("b"), "rule E8: the connection goes on where it was")?;
        side.deliver(PEER, &ack(FIRST + 1))?;
        side.command(&send_on(b"y"))?;
        side.expect_datagram(PEER, &ack(THEIR_FIRST + 2), "rule A5: the ACK says what is expected next")?;
        side.expect_datagram(PEER, &data(FIRST + 1, "y"), "rule E8: the connection goes on where it was")?;
    }
    Ok(())
}

pub(super) fn peer_restarts(bench: &Bench<'_>) -> Outcome {
    const SECOND: u32 = 40_000;
    let mut s = open_server(bench, &side_config())?;
    for (number, text) in (THEIR_FIRST..).zip(["a", "b"]) {
        s.deliver(PEER, &data(number, text))?;
        s.expect_notice(&hears(text), "rule A5: this is the message that it was waiting for")?;
        s.expect_datagram(PEER, &ack(number + 1), "rule A5: the ACK says what is expected next")?;
    }
    s.deliver(PEER, &syn(NEXT))?;
    s.expect_datagram(PEER, &ack(THEIR_FIRST + 2), "rule E8: an open side answers a SYN with an ACK")?;
    s.deliver(PEER, &reset(THEIR_FIRST + 2))?;
    s.expect_notice(
        &ConnectionNotice::Failed(Reason::Reset),
        "rule E10: it names the number that is expected",
    )?;
    s.expect_no_timer("rule E11: after Failed there is no connection")?;
    s.command(&listen(SECOND))?;
    s.deliver(PEER, &data(THEIR_FIRST + 2, "old"))?;
    s.expect_datagram(PEER, &reset(THEIR_FIRST + 2), "rule E9: a side that listens has no use for DATA")?;
    s.deliver(PEER, &syn(NEXT))?;
    s.expect_datagram(
        PEER,
        &syn_ack(SECOND, NEXT + 1),
        "rules E2 and E11: a new connection, with the new ISN",
    )?;
    s.deliver(PEER, &ack(SECOND + 1))?;
    s.expect_notice(&ConnectionNotice::Opened, "rule E2: this is the ACK of its SYN-ACK")?;
    for old in [data(THEIR_FIRST, "a"), data(THEIR_FIRST + 2, "old"), fin(THEIR_FIRST + 3)] {
        s.deliver(PEER, &old)?;
        s.expect_datagram(
            PEER,
            &ack(NEXT + 1),
            "rule B2: the answer is what is expected in this connection",
        )?;
        s.expect_nothing("rule E12: a segment of the earlier connection is never delivered")?;
    }
    s.deliver(PEER, &data(NEXT + 1, "c"))?;
    s.expect_notice(&hears("c"), "rule E2: this is the first message of the new connection")?;
    s.expect_datagram(PEER, &ack(NEXT + 2), "rule A5: the ACK says what is expected next")?;
    s.command(&send_on(b"d"))?;
    s.expect_datagram(PEER, &data(SECOND + 1, "d"), "rule E11: the new connection has numbers of its own")
}

/// `RESET`s of these numbers change nothing.
fn old_resets(side: &mut SideScript, numbers: &[u32]) -> Outcome {
    for number in numbers {
        side.deliver(PEER, &reset(*number))?;
        side.expect_nothing("rule E10: this RESET names nothing that the side has said last, so it is old")?;
    }
    Ok(())
}

pub(super) fn old_reset(bench: &Bench<'_>) -> Outcome {
    let mut c = client(bench, &side_config())?;
    c.command(&connect(OURS))?;
    c.expect_datagram(PEER, &syn(OURS), "rule E1: Connect sends SYN")?;
    old_resets(&mut c, &[OURS - 1, FIRST, THEIRS])?;
    c.deliver(PEER, &syn_ack(THEIRS, FIRST))?;
    c.expect_notice(&ConnectionNotice::Opened, "rule E10: the connection is as it was")?;
    c.expect_datagram(PEER, &ack(THEIR_FIRST), "rule E3: the SYN-ACK is answered with an ACK")?;
    old_resets(&mut c, &[OURS, FIRST, THEIRS, THEIR_FIRST + 1])?;
    c.command(&send_on(b"a"))?;
    c.expect_datagram(PEER, &data(FIRST, "a"), "rule A1: a message is sent at once")?;
    c.deliver(PEER, &ack(FIRST + 1))?;
    c.command(&send_on(b"b"))?;
    c.expect_datagram(PEER, &data(FIRST + 1, "b"), "rule A1: a message is sent at once")?;
    old_resets(&mut c, &[FIRST, FIRST + 2])?;
    c.deliver(PEER, &reset(FIRST + 1))?;
    c.expect_notice(&ConnectionNotice::Failed(Reason::Reset), "rule E10: it names a number in flight")?;
    c.expect_no_timer("rule E10: the connection is forgotten")?;

    let mut s = super::handshake::answered(bench)?;
    old_resets(&mut s, &[OURS, FIRST, THEIRS, THEIR_FIRST + 1])?;
    s.deliver(PEER, &ack(FIRST))?;
    s.expect_notice(&ConnectionNotice::Opened, "rule E10: the connection is as it was")?;
    s.deliver(PEER, &reset(THEIR_FIRST))?;
    s.expect_notice(
        &ConnectionNotice::Failed(Reason::Reset),
        "rule E10: it names the number that is expected",
    )?;
    s.deliver(PEER, &reset(THEIR_FIRST))?;
    s.expect_nothing("rule E9: a RESET is never answered")
}

pub(super) fn strangers(bench: &Bench<'_>) -> Outcome {
    let config = ConnectionConfig { peer: faultline::Host(2), ..side_config() };
    let (stranger, peer) = (PEER, config.peer);
    let mut c = Script::start(bench, crate::CONNECTION, ["client", "stranger"], &config)?;
    c.peer("server");
    c.command(&connect(OURS))?;
    c.expect_datagram(peer, &syn(OURS), "rule E1: Connect sends SYN to the peer")?;
    let drop = "rule B4: what another host sends is dropped";
    for datagram in [syn_ack(THEIRS, FIRST), reset(OURS), syn(THEIRS)] {
        c.deliver(stranger, &datagram)?;
        c.expect_nothing(drop)?;
    }
    c.deliver(peer, &syn_ack(THEIRS, FIRST))?;
    c.expect_notice(&ConnectionNotice::Opened, "rule E3: this is the SYN-ACK for its SYN")?;
    c.expect_datagram(peer, &ack(THEIR_FIRST), "rule E3: the SYN-ACK is answered with an ACK")?;
    c.command(&send_on(b"a"))?;
    c.expect_datagram(peer, &data(FIRST, "a"), "rule A1: a message is sent at once")?;
    c.pass(ms(1))?;
    for datagram in [
        data(THEIR_FIRST, "x"),
        fin(THEIR_FIRST),
        ack(FIRST + 1),
        keep_alive(FIRST),
        syn(THEIRS),
        reset(THEIR_FIRST),
        reset(FIRST),
    ] {
        c.deliver(stranger, &datagram)?;
        c.expect_nothing(drop)?;
        for end in [0, datagram.len() - 1] {
            c.deliver(peer, &datagram[..end])?;
            c.expect_nothing("rule A6: these bytes are no segment")?;
        }
    }
    c.deliver(peer, &ack(FIRST + 1))?;
    c.deliver(peer, &data(THEIR_FIRST, "b"))?;
    c.expect_notice(&hears("b"), "rule B4: the others changed nothing")?;
    c.expect_datagram(peer, &ack(THEIR_FIRST + 1), "rule A5: the ACK says what is expected next")?;
    c.expect_nothing("rule A3: its message is acknowledged")?;
    c.pass(config.give_up - ms(1))?;
    c.deliver(stranger, &ack(FIRST + 1))?;
    c.pass(ms(1))?;
    let silent = ConnectionNotice::Failed(Reason::Silent);
    c.expect_notice(&silent, "rule E7: a datagram of another host is no sign of the peer's life")
}

pub(super) fn crashes(bench: &Bench<'_>) -> Outcome {
    // Behind a pipe, where states are told apart by their histories, these are 260,000 and 130,000 states.
    let lifetime = Duration::from_secs(10);
    let limits =
        Limits { timers: 2, crashes: 1, in_flight: 2, lifetime, states: 400_000, ..Limits::default() };
    crash::search(bench, Limits { timers: 3, in_flight: 3, ..limits }, Mortal::Server, 2)?;
    crash::search(bench, limits, Mortal::Client, 2).map(drop)
}

pub(super) fn bad_network(bench: &Bench<'_>) -> Outcome {
    let window = [1, 4][(bench.seed() % 2) as usize];
    let mut talk =
        Talk::start(bench, Link::swarm(bench.seed()), |config| ConnectionConfig { window, ..config })?;
    // Some of the runs count around: both directions pass the last number, each at a place of its own.
    let near_the_end = [SeqNo(u32::MAX - 20), SeqNo(u32::MAX)];
    let isns = if bench.seed() % 3 == 0 { near_the_end } else { ISNS };
    talk.open(isns)?;
    let count = bench.amount(60);
    for side in 0..2 {
        talk.send(side, (0..count).map(message))?;
        talk.finish(side)?;
    }
    talk.close(Duration::from_secs(3_000))
}

pub(super) fn many_lives(bench: &Bench<'_>) -> Outcome {
    let copy_delay = Duration::from_secs(40);
    let link = Link { loss: 0.05, duplicate: 0.3, copy_delay, latency_max: ms(30), ..Link::default() };
    Lives::start(bench, link)?.run(bench.amount(6))
}
