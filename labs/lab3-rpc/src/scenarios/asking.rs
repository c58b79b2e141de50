//! Part B: a client by itself. The list is in `part_b.rs`.

use super::checks::{
    Alone, BOB, NEXT, RTO, RTO_MAX, THERE, call, done, fault_to, finished, reply_to, working,
};
use crate::{CallOutcome, Fault, Incarnation, Message};
use faultline::ms;
use faultline::scenario::{Bench, Outcome};
use faultline::script::PEER;

pub(super) fn asks(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.expect_nothing("rule B2: nothing is asked for yet")?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    client.script.command(&call("b"))?;
    client.script.expect_nothing("rule B2: calls wait until the server is known")?;
    let stale = Message::Welcome { client: Incarnation(client.me.0 ^ 1 << 60), server: NEXT };
    client.script.deliver(PEER, &stale.encode())?;
    client.script.expect_nothing("rule B2: this WELCOME is for an earlier life")?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 1, 1, "a", "rule B2: the calls that waited are sent, in order")?;
    client.expect_request(THERE, 2, 1, "b", "rule B2: the calls that waited are sent, in order")?;
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B4: this is the reply to call 1")?;
    client.welcome(NEXT)?;
    client.script.command(&call("c"))?;
    client.expect_request(THERE, 3, 2, "c", "rule B2: the server is known, and a late WELCOME is dropped")?;
    client.script.expect_nothing("rule B2: one request is enough")
}

pub(super) fn asks_again(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    greets_again(&mut client)?;
    client.welcome(THERE)?;
    for (number, arguments) in [(1, "a"), (2, "b")] {
        client.expect_request(THERE, number, 1, arguments, "rule B2: now the client knows the server")?;
    }
    client.reply(2, "B")?;
    client.script.expect_notice(&done(2, "B"), "rule B4: this is the reply to call 2")?;
    client.script.pass(RTO / 2)?;
    client.script.command(&call("c"))?;
    client.expect_request(THERE, 3, 1, "c", "rule B5: call 3 does not wait for call 1")?;
    client.script.pass(RTO / 2)?;
    client.expect_request(THERE, 1, 1, "a", "rule B3: the first RTO of call 1 is over")?;
    client.script.expect_nothing("rule B3: that of call 3 is not, for it is its own")?;
    client.script.pass(RTO / 2)?;
    client.expect_request(THERE, 3, 1, "c", "rule B3: the first RTO of call 3 is over")?;
    client.reply(3, "C")?;
    client.script.expect_notice(&done(3, "C"), "rule B4: this is the reply to call 3")?;
    client.script.command(&call("d"))?;
    client.expect_request(THERE, 4, 1, "d", "rule B5: call 4 does not wait for call 1")?;
    client.script.pass(RTO)?;
    let rule = "rule B3: the RTO of call 4 is its own, and the first is rto.first, whatever that of call 1 is by now";
    client.expect_request(THERE, 4, 1, "d", rule)?;
    client.reply(4, "D")?;
    client.script.expect_notice(&done(4, "D"), "rule B4: this is the reply to call 4")?;
    let mut rto = 2 * RTO;
    client.script.pass(rto - 3 * RTO / 2 - ms(1))?;
    for _ in 0..5 {
        client.script.expect_nothing("rule B3: the RTO of call 1 has doubled, up to rto.max")?;
        client.script.pass(ms(1))?;
        client.expect_request(
            THERE,
            1,
            1,
            "a",
            "rule B3: its RTO is over again; it is never longer than rto.max",
        )?;
        rto = (rto * 2).min(RTO_MAX);
        client.script.pass(rto - ms(1))?;
    }
    Ok(())
}

/// Nobody answers the HELLO of call 1, and meanwhile call 2 is asked for.
fn greets_again(client: &mut Alone) -> Outcome {
    let mut rto = RTO;
    for time in 0..5 {
        client.script.pass(rto / 2)?;
        if time == 1 {
            client.script.command(&call("b"))?;
            client.script.expect_nothing("rule B2: the client has greeted already, so call 2 only waits")?;
        }
        client.script.pass(rto / 2 - ms(1))?;
        client.script.expect_nothing(
            "rule B3: the RTO of HELLO has doubled, up to rto.max; no other call changes it",
        )?;
        client.script.pass(ms(1))?;
        client.expect_hello("rule B3: the RTO of HELLO is over; it is never longer than rto.max")?;
        rto = (rto * 2).min(RTO_MAX);
    }
    Ok(())
}

pub(super) fn many_at_once(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::calling(bench, "a")?;
    for (number, arguments) in [(2, "b"), (3, "c")] {
        client.script.command(&call(arguments))?;
        client.expect_request(THERE, number, 1, arguments, "rule B5: calls do not wait for each other")?;
    }
    client.reply(2, "B")?;
    client.script.expect_notice(&done(2, "B"), "rule B5: replies come in any order")?;
    client.script.pass(RTO)?;
    client.expect_request(THERE, 1, 1, "a", "rule B3: call 1 is not answered")?;
    client.expect_request(THERE, 3, 1, "c", "rule B3: neither is call 3")?;
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B5: replies come in any order")?;
    client.script.pass(2 * RTO)?;
    client.expect_request(THERE, 3, 3, "c", "rule B3: now call 3 is the oldest")?;
    client.reply(3, "C")?;
    client.script.expect_notice(&done(3, "C"), "rule B4: this is the reply to call 3")?;
    client.script.expect_nothing("rule B4: each call is finished once")
}

pub(super) fn wrong_replies(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    client.reply(1, "Z")?;
    client.script.expect_nothing("rule B4: call 1 is not sent yet, so this is no reply to it")?;
    let stranger = client.script.peer("stranger");
    client.script.deliver(stranger, &Message::Welcome { client: client.me, server: NEXT }.encode())?;
    client.script.expect_nothing("rule B4: this does not come from the server's host")?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 1, 1, "a", "rule B2: now the client knows the server")?;
    let gone = |client| Message::Gone { client, asked: THERE, server: NEXT }.encode();
    let wrong = [
        (stranger, reply_to(client.me, 1, "Z"), "rule B4: this does not come from the server's host"),
        (stranger, gone(client.me), "rule B4: this does not come from the server's host"),
        (stranger, working(client.me, 1), "rule B4: this does not come from the server's host"),
        (PEER, reply_to(BOB, 1, "Z"), "rule B4: this is for another client"),
        (PEER, reply_to(client.me, 2, "Z"), "rule B4: there is no call 2 yet"),
        (PEER, reply_to(client.me, 0, "Z"), "rule B4: there is no call 0"),
        (PEER, gone(BOB), "rule B4: this is for another client"),
        (PEER, working(BOB, 1), "rule B4: this is for another client"),
    ];
    for (from, datagram, rule) in wrong {
        client.script.deliver(from, &datagram)?;
        client.script.expect_nothing(rule)?;
    }
    client.script.pass(RTO)?;
    client.expect_request(
        THERE,
        1,
        1,
        "a",
        "rule B4: nothing of this has changed that call 1 is not answered",
    )?;
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B4: the others changed nothing")?;
    client.reply(1, "A")?;
    client.script.expect_nothing("rule B4: call 1 is finished")?;
    client.script.command(&call("b"))?;
    client.expect_request(THERE, 2, 2, "b", "rule B2: the server is known")?;
    client.reply(1, "A")?;
    client.script.expect_nothing("rule B4: this is the reply to call 1, once more")?;
    client.script.pass(RTO)?;
    client.expect_request(THERE, 2, 2, "b", "rule B3: call 2 is not answered")?;
    let fault = Fault::Failed("no".into());
    client.script.deliver(PEER, &fault_to(client.me, 2, fault.clone()))?;
    client.script.expect_notice(&finished(2, CallOutcome::Done(Err(fault))), "rule B4: a fault is an answer")
}

pub(super) fn forgets(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::calling(bench, "a")?;
    client.reply(1, "A")?;
    client.script.expect_notice(&done(1, "A"), "rule B4: this is the reply to call 1")?;
    let mut early = 0;
    for number in 2..=2_000 {
        client.script.command(&call("a"))?;
        client.expect_request(THERE, number, number, "a", "rule B2: the server is known")?;
        client.reply(number, "A")?;
        client.script.expect_notice(&done(number, "A"), "rule B4: this is the reply")?;
        if number == 1_000 {
            early = client.script.state_size();
        }
    }
    client.script.expect_no_timer("rule B10: no call is unfinished")?;
    let late = client.script.state_size();
    if late > early {
        return Err(client.script.fail(format!(
            "Rule B10: after 1,000 finished calls the client's state took {early} bytes when printed, after 2,000 {late}. \
             It remembers what is finished."
        )));
    }
    Ok(())
}
