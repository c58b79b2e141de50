//! Part E: how a connection is closed (rules E5 and E6).

use crate::scenarios::checks::{RTO, ack, ack_with, data, send_on};
use crate::scenarios::side::{
    FIRST, OURS, THEIR_FIRST, THEIRS, accept, connect, fin, hears, keep_alive, listen, open_client,
    open_server, reset, server, side_config, syn,
};
use crate::scenarios::talk::{Plan, search};
use crate::{ConnectionCommand, ConnectionConfig, ConnectionNotice};
use faultline::scenario::{Bench, Outcome};
use faultline::script::PEER;
use faultline::search::Limits;
use std::time::Duration;

pub(super) fn finish_waits_its_turn(bench: &Bench<'_>) -> Outcome {
    let texts = ["a", "b", "c"];
    let mut c = open_client(bench, &side_config())?;
    let mut s = server(bench, &side_config())?;
    s.command(&listen(OURS))?;
    for side in [&mut c, &mut s] {
        texts.iter().try_for_each(|text| side.command(&send_on(text.as_bytes())))?;
        side.command(&ConnectionCommand::Finish)?;
    }
    accept(&mut s)?;
    for side in [&mut c, &mut s] {
        for (number, text) in (FIRST..).zip(texts) {
            side.expect_datagram(
                PEER,
                &data(number, text),
                "rule E5: the messages before Finish are sent first",
            )?;
            side.expect_nothing("rule A1: one message is in flight at a time, and a FIN counts like one")?;
            side.deliver(PEER, &ack(number + 1))?;
        }
        let last = FIRST + 3;
        side.expect_datagram(PEER, &fin(last), "rule E5: the FIN has the number after the last message")?;
        for _ in 0..2 {
            side.pass(RTO)?;
            side.expect_datagram(PEER, &fin(last), "rules E5 and A2: a FIN is sent again like a message")?;
        }
        side.deliver(PEER, &ack(last + 1))?;
        side.pass(3 * RTO)?;
        side.expect_nothing("rules E5 and A3: the FIN is acknowledged, and the other side has not finished")?;
    }
    Ok(())
}

pub(super) fn early_fin(bench: &Bench<'_>) -> Outcome {
    const WINDOW: u32 = 4;
    let config = ConnectionConfig { window: WINDOW, ..side_config() };
    let mut c = open_client(bench, &config)?;
    let missing = "rules E5 and A5: an earlier message is still missing";
    c.deliver(PEER, &fin(THEIR_FIRST + 2))?;
    c.expect_datagram(PEER, &ack_with(THEIR_FIRST, WINDOW), missing)?;
    c.expect_nothing("rule E5: a FIN waits for its turn like a message")?;
    c.deliver(PEER, &data(THEIR_FIRST, "a"))?;
    c.expect_notice(&hears("a"), "rule A5: this is the message that it was waiting for")?;
    c.expect_datagram(PEER, &ack_with(THEIR_FIRST + 1, WINDOW), missing)?;
    c.expect_nothing("rule E5: the turn of the FIN has not come")?;
    c.deliver(PEER, &data(THEIR_FIRST + 1, "b"))?;
    c.expect_notice(&hears("b"), "rule A5: this is the message that it was waiting for")?;
    c.expect_notice(&ConnectionNotice::End, "rules E5 and C4: the FIN was kept, and now it is its turn")?;
    let all = ack_with(THEIR_FIRST + 3, WINDOW);
    c.expect_datagram(PEER, &all, "rule E5: the FIN is acknowledged like a message")?;
    c.deliver(PEER, &fin(THEIR_FIRST + 2))?;
    c.expect_datagram(PEER, &all, "rules E5 and B2: the server may have missed the ACK")?;
    c.expect_nothing("rule E5: End is told once")
}

pub(super) fn half_close(bench: &Bench<'_>) -> Outcome {
    let mut s = open_server(bench, &side_config())?;
    s.deliver(PEER, &fin(THEIR_FIRST))?;
    s.expect_notice(&ConnectionNotice::End, "rule E5: it is the turn of the FIN")?;
    s.expect_datagram(PEER, &ack(THEIR_FIRST + 1), "rule E5: a FIN is acknowledged like a message")?;
    for (number, text) in (FIRST..).zip(["a", "b", "c"]) {
        s.command(&send_on(text.as_bytes()))?;
        s.expect_datagram(
            PEER,
            &data(number, text),
            "rule E5: the other side's FIN does not end this direction",
        )?;
        s.deliver(PEER, &ack(number + 1))?;
    }
    s.expect_nothing("rule E5: its own application has not finished")?;

    let mut c = open_client(bench, &side_config())?;
    c.command(&ConnectionCommand::Finish)?;
    c.expect_datagram(PEER, &fin(FIRST), "rule E5: Finish sends FIN")?;
    c.deliver(PEER, &ack(FIRST + 1))?;
    c.expect_nothing("rule E6: the server has not finished")?;
    for (number, text) in (THEIR_FIRST..).zip(["a", "b", "c"]) {
        c.deliver(PEER, &data(number, text))?;
        c.expect_notice(&hears(text), "rule E5: its own FIN does not end the other direction")?;
        c.expect_datagram(PEER, &ack(number + 1), "rule A5: the ACK says what is expected next")?;
    }
    c.expect_nothing("rule E6: the server has not finished")
}

pub(super) fn closed_when_both_are_done(bench: &Bench<'_>) -> Outcome {
    let mut c = open_client(bench, &side_config())?;
    c.command(&ConnectionCommand::Finish)?;
    c.expect_datagram(PEER, &fin(FIRST), "rule E5: Finish sends FIN")?;
    c.deliver(PEER, &fin(THEIR_FIRST))?;
    c.expect_notice(&ConnectionNotice::End, "rule E5: it is the turn of the FIN")?;
    c.expect_datagram(PEER, &ack(THEIR_FIRST + 1), "rule E5: a FIN is acknowledged like a message")?;
    c.expect_nothing("rule E6: nobody has acknowledged its own FIN yet")?;
    c.pass(RTO)?;
    c.expect_datagram(PEER, &fin(FIRST), "rule E5: its own FIN is sent again")?;
    c.deliver(PEER, &ack(FIRST + 1))?;
    c.expect_notice(&ConnectionNotice::Closed, "rule E6: now both directions are done")?;
    c.deliver(PEER, &reset(THEIR_FIRST + 1))?;
    c.expect_nothing("rule E10: Closed was told, so nobody needs to know that the server has forgotten it")?;
    c.expect_no_timer("rule E10: the connection is forgotten")?;

    let mut s = open_server(bench, &side_config())?;
    s.command(&ConnectionCommand::Finish)?;
    s.expect_datagram(PEER, &fin(FIRST), "rule E5: Finish sends FIN")?;
    s.deliver(PEER, &ack(FIRST + 1))?;
    s.deliver(PEER, &data(THEIR_FIRST, "a"))?;
    s.expect_notice(&hears("a"), "rule E6: only one direction is done")?;
    s.expect_datagram(PEER, &ack(THEIR_FIRST + 1), "rule A5: the ACK says what is expected next")?;
    s.deliver(PEER, &fin(THEIR_FIRST + 1))?;
    s.expect_notice(&ConnectionNotice::End, "rule E5: it is the turn of the FIN")?;
    s.expect_notice(&ConnectionNotice::Closed, "rule E6: now both directions are done")?;
    s.expect_datagram(PEER, &ack(THEIR_FIRST + 2), "rule E5: a FIN is acknowledged like a message")?;
    s.expect_nothing("rule E6: a closed side asks for nothing")
}

pub(super) fn lingers(bench: &Bench<'_>) -> Outcome {
    let config = side_config();
    let mut c = open_client(bench, &config)?;
    c.command(&ConnectionCommand::Finish)?;
    c.expect_datagram(PEER, &fin(FIRST), "rule E5: Finish sends FIN")?;
    c.deliver(PEER, &ack(FIRST + 1))?;
    c.deliver(PEER, &fin(THEIR_FIRST))?;
    c.expect_datagram(PEER, &ack(THEIR_FIRST + 1), "rule E5: a FIN is acknowledged like a message")?;
    for notice in [ConnectionNotice::End, ConnectionNotice::Closed] {
        c.expect_notice(&notice, "rule E6: both directions are done")?;
    }
    let answer = ack(THEIR_FIRST + 1);
    let spans = [config.linger / 4, config.linger / 4, config.linger / 4, RTO * 4];
    for span in spans {
        c.pass(span)?;
        c.expect_nothing("rule E6: a closed side asks for nothing")?;
        for datagram in [fin(THEIR_FIRST), keep_alive(FIRST + 1)] {
            c.deliver(PEER, &datagram)?;
            c.expect_datagram(
                PEER,
                &answer,
                "rule E6: for linger it still answers, for the last ACK may be lost",
            )?;
            c.expect_nothing("rule E6: everything was told before")?;
        }
    }
    c.command(&connect(OURS))?;
    c.expect_notice(
        &ConnectionNotice::Rejected,
        "rules E6 and E11: it has not forgotten the connection yet",
    )?;
    c.pass(config.linger - spans.iter().sum::<Duration>())?;
    c.expect_nothing("rule E6: it forgets the connection without a word")?;
    c.expect_no_timer("rule E6: linger has passed since Closed, whatever came in the meantime")?;
    c.deliver(PEER, &fin(THEIR_FIRST))?;
    c.expect_datagram(PEER, &reset(THEIR_FIRST), "rules E6 and E9: the connection is forgotten")?;
    c.command(&connect(THEIRS))?;
    c.expect_datagram(PEER, &syn(THEIRS), "rule E11: there is no connection, so a new one may begin")
}

pub(super) fn every_order(bench: &Bench<'_>) -> Outcome {
    let lifetime = Duration::from_secs(10);
    let some = Limits { losses: 1, timers: 2, in_flight: 2, lifetime, ..Limits::default() };
    let more = Limits { duplicates: 1, ..some };
    // Behind a pipe, where states are told apart by their histories, the first three are seen whole as well.
    search(bench, more, Plan::open(&["a"], &[]), 2)?;
    search(bench, some, Plan::open(&["a"], &["b"]), 2)?;
    search(bench, some, Plan::whole(&[], &[]), 2)?;
    search(bench, more, Plan::whole(&["a"], &["b"]), 2).map(drop)
}
