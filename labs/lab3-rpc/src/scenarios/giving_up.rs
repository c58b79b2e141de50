//! Part D: calls that end without an answer. The list is in `part_d.rs`.

use super::checks::{
    ANN, Alone, FAR, GIVE_UP, NEXT, RTO, Served, THERE, call, call_within, done, not_executed, reply_to,
    request, unknown, working,
};
use crate::{CallId, Host, MAX_ARGUMENTS, Message, Why};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::script::PEER;
use std::time::Duration;

const DEADLINE: Duration = ms(10_000);

pub(super) fn deadlines(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.command(&call_within("a", DEADLINE))?;
    client.greeted()?;
    client.script.pass(DEADLINE - ms(1))?;
    client.script.take_datagrams();
    client.script.deliver(PEER, &working(client.me, 1))?;
    client.script.expect_nothing("rules D2 and D4: call 1 was not sent, and there is 1 ms left")?;
    client.script.pass(ms(1))?;
    let rule = "rule D4: nobody has ever heard of call 1, whatever a WORKING says";
    client.script.expect_notice(&not_executed(1, Why::Deadline), rule)?;
    client.script.expect_no_timer("rule B10: no call is unfinished")?;
    client.welcome(THERE)?;
    client.script.expect_nothing("rule B2: no call is unfinished")?;
    deadlines_while_greeting(&mut client)?;

    client.script.command(&call_within("d", DEADLINE))?;
    client.expect_request(THERE, 4, 4, "d", "rule B2: the server is known")?;
    client.script.pass(DEADLINE / 2)?;
    client.script.command(&call_within("e", FAR))?;
    client.script.take_datagrams();
    client.script.deliver(PEER, &working(client.me, 4))?;
    client.script.pass(DEADLINE / 2 - ms(1))?;
    client.script.take_datagrams();
    client.script.expect_nothing("rule D4: there is 1 ms left")?;
    client.script.pass(ms(1))?;
    client.script.take_datagrams();
    let rule = "rule D4: the deadline is for the whole call, however often it is sent; the server may have executed it";
    client.script.expect_notice(&unknown(4, Why::Deadline), rule)?;
    client.reply(4, "D")?;
    client.script.expect_nothing("rule B4: call 4 is finished")?;
    client.reply(5, "E")?;
    client.script.expect_notice(&done(5, "E"), "rule D4: call 5 has a deadline of its own")?;
    client.script.pass(2 * DEADLINE)?;
    client.script.expect_nothing("rule D4: a call that is finished has no deadline")
}

/// The server is not known. Of two calls that wait, one ends at its deadline; the other is sent before, and ends at its own.
fn deadlines_while_greeting(client: &mut Alone) -> Outcome {
    client.script.command(&call_within("b", DEADLINE))?;
    client.expect_hello(
        "rules B1 and B2: a WELCOME came when no call was unfinished, so this life greets anew",
    )?;
    client.script.pass(RTO)?;
    client.expect_hello("rule B3: whoever greets anew begins with rto.first")?;
    client.script.command(&call_within("c", RTO))?;
    client.script.pass(RTO)?;
    client.script.expect_notice(&not_executed(3, Why::Deadline), "rule D4: the time of call 3 is over")?;
    client.script.expect_nothing("rule B3: the RTO of HELLO has doubled")?;
    client.script.pass(RTO)?;
    client.expect_hello("rule B2: call 2 still waits, though call 3 does not")?;
    client.script.pass(DEADLINE / 2 - 3 * RTO)?;
    client.welcome(THERE)?;
    client.expect_request(
        THERE,
        2,
        2,
        "b",
        "rule D4: calls 1 and 3 are finished, so call 2 is the oldest",
    )?;
    client.script.pass(DEADLINE / 2 - ms(1))?;
    client.script.take_datagrams();
    client.script.expect_nothing("rule D4: there is 1 ms left")?;
    client.script.pass(ms(1))?;
    let rule =
        "rule D4: the deadline is counted from when call 2 was asked for, and not from its first request";
    client.script.expect_notice(&unknown(2, Why::Deadline), rule)?;
    client.script.expect_no_timer("rule B10: no call is unfinished")
}

pub(super) fn silence(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    client.script.pass(GIVE_UP - ms(1))?;
    client.script.take_datagrams();
    client.script.expect_nothing("rule D5: there is 1 ms left")?;
    client.script.pass(ms(1))?;
    client.script.take_datagrams();
    client.script.expect_notice(&not_executed(1, Why::Silent), "rule D5: nobody has ever heard of call 1")?;
    client.script.expect_no_timer("rule B10: no call is unfinished")?;

    client.script.command(&call("b"))?;
    client.greeted()?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 2, 2, "b", "rule B2: now the client knows the server")?;
    client.script.pass(GIVE_UP - ms(1))?;
    client.script.deliver(PEER, &reply_to(client.me, 1, "A"))?;
    client.script.pass(GIVE_UP / 2)?;
    client.script.command(&call("c"))?;
    client.script.command(&call(&"x".repeat(MAX_ARGUMENTS + 1)))?;
    client.script.expect_notice(&not_executed(4, Why::TooLarge), "rule B8: this can never be sent")?;
    client.script.pass(GIVE_UP / 2 - ms(1))?;
    client.script.take_datagrams();
    client.script.expect_nothing("rule D5: the server has said something, if nothing of use")?;
    client.script.deliver(PEER, b"garbage")?;
    client.script.deliver(PEER, &reply_to(ANN, 2, "B"))?;
    client.script.pass(ms(1))?;
    for number in [2, 3] {
        let rule = "rule D5: garbage, what is for others and further calls are no signs of life; the server may have \
                    executed it";
        given_up_now(&mut client, number, rule)?;
    }
    client.script.expect_no_timer("rule B10: no call is unfinished")?;
    client.script.pass(2 * GIVE_UP)?;
    silence_of_a_known_server(&mut client)
}

/// The server is known, four calls were made, and none is unfinished.
fn silence_of_a_known_server(client: &mut Alone) -> Outcome {
    client.script.command(&call("e"))?;
    client.expect_request(THERE, 5, 5, "e", "rule D5: the server is still the one that is known")?;
    client.script.pass(GIVE_UP - ms(1))?;
    client.script.take_datagrams();
    client.script.expect_nothing("rule D5: the time began with call 5")?;
    client.script.pass(ms(1))?;
    given_up_now(client, 5, "rule D5: the time began with call 5, for which the client had not to greet")?;

    for (arguments, deadline) in [("f", FAR), ("g", FAR), ("h", DEADLINE)] {
        client.script.command(&call_within(arguments, deadline))?;
    }
    client.reply(7, "G")?;
    client.script.expect_notice(&done(7, "G"), "rule B4: this is the reply to call 7")?;
    client.script.pass(DEADLINE)?;
    client.script.take_datagrams();
    client.script.expect_notice(&unknown(8, Why::Deadline), "rule D4: the time of call 8 is over")?;
    client.script.pass(GIVE_UP - DEADLINE - ms(1))?;
    client.script.take_datagrams();
    client.script.expect_nothing("rule D5: there is 1 ms left")?;
    client.script.pass(ms(1))?;
    given_up_now(client, 6, "rule D5: other calls have ended since, but nothing was heard")?;

    client.script.command(&call("i"))?;
    client.script.pass(GIVE_UP / 2)?;
    client.script.deliver(PEER, &working(client.me, 9))?;
    client.script.pass(GIVE_UP - ms(1))?;
    client.script.take_datagrams();
    client.script.expect_nothing("rule D5: WORKING was a sign of life")?;
    client.script.pass(ms(1))?;
    given_up_now(client, 9, "rule D5: nothing was heard since WORKING, and no PROBE was answered")?;

    client.script.command(&call("j"))?;
    client.script.pass(GIVE_UP - ms(1))?;
    client.script.take_datagrams();
    client.reply(10, "J")?;
    client.script.expect_notice(&done(10, "J"), "rule D5: the time began with call 10")
}

fn given_up_now(client: &mut Alone, call: u64, rule: &str) -> Outcome {
    client.script.take_datagrams();
    client.script.expect_notice(&unknown(call, Why::Silent), rule)
}

pub(super) fn signs_of_life(bench: &Bench<'_>) -> Outcome {
    let server = THERE;
    let stranger = Host(PEER.0 + 1);
    let signs = |client| {
        let gone = Message::Gone { client, asked: NEXT, server };
        [
            Message::Welcome { client, server: NEXT }.encode(),
            gone.encode(),
            working(client, 7),
            reply_to(client, 7, "Z"),
        ]
    };
    let others = |client| {
        let probe = Message::Probe { client, server, call: CallId(1) };
        [Message::Hello { client }.encode(), request(client, server, 1, 1, "a"), probe.encode()]
    };
    for kind in 0..4 {
        let mut client = nearly_given_up(bench)?;
        client.script.deliver(PEER, &signs(client.me)[kind])?;
        client.script.pass(GIVE_UP - ms(1))?;
        client.script.take_datagrams();
        let rule = "rule D5: the server has said something to this client, if nothing of use";
        client.script.expect_nothing(rule)?;
        client.script.pass(ms(1))?;
        given_up_now(&mut client, 1, "rule D5: nothing was heard since")?;

        let mut client = nearly_given_up(bench)?;
        client.script.deliver(stranger, &signs(client.me)[kind])?;
        client.script.pass(ms(1))?;
        given_up_now(&mut client, 1, "rule D5: only what comes from the server's host is a sign of life")?;

        let mut client = nearly_given_up(bench)?;
        client.script.deliver(PEER, &signs(ANN)[kind])?;
        client.script.pass(ms(1))?;
        given_up_now(&mut client, 1, "rule D5: only what names this client is a sign of life")?;
    }
    for kind in 0..3 {
        let mut client = nearly_given_up(bench)?;
        client.script.deliver(PEER, &others(client.me)[kind])?;
        client.script.pass(ms(1))?;
        given_up_now(&mut client, 1, "rule D5: this is no message of a server's, and no sign of life")?;
    }
    signs_while_greeting(bench)
}

/// A client that knows the server and has one call, 1 ms before it gives up.
fn nearly_given_up(bench: &Bench<'_>) -> Result<Alone, Failure> {
    let mut client = Alone::calling(bench, "a")?;
    client.script.peer("stranger");
    client.script.pass(GIVE_UP - ms(1))?;
    client.script.take_datagrams();
    Ok(client)
}

fn signs_while_greeting(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.command(&call("a"))?;
    client.greeted()?;
    for _ in 0..2 {
        client.script.pass(GIVE_UP - ms(1))?;
        client.script.take_datagrams();
        client
            .script
            .expect_nothing("rule D5: a GONE was heard, though no server is known that could be gone")?;
        client.gone(NEXT, THERE)?;
    }
    client.script.pass(GIVE_UP - ms(1))?;
    client.script.take_datagrams();
    client.welcome(THERE)?;
    client.expect_request(THERE, 1, 1, "a", "rule B2: now the client knows the server")?;
    client.script.pass(GIVE_UP - ms(1))?;
    client.script.take_datagrams();
    client.script.expect_nothing("rule D5: the WELCOME was a sign of life")?;
    client.script.pass(ms(1))?;
    given_up_now(&mut client, 1, "rule D5: nothing was heard since the WELCOME")
}

pub(super) fn given_up(bench: &Bench<'_>) -> Outcome {
    let mut client = Alone::start(bench)?;
    client.script.command(&call_within("a", ms(500)))?;
    client.greeted()?;
    client.welcome(THERE)?;
    client.expect_request(THERE, 1, 1, "a", "rule B2: now the client knows the server")?;
    client.script.pass(ms(500))?;
    client.script.expect_notice(&unknown(1, Why::Deadline), "rule D4: its time is over, and it was sent")?;
    client.script.expect_no_timer("rule B10: no call is unfinished")?;
    client.script.command(&call("b"))?;
    client.expect_request(THERE, 2, 2, "b", "rule B3: call 1 is finished, so call 2 is the oldest")?;

    let mut server = Served::start(bench)?;
    server.serve(ANN, 2, 2, "b")?;
    server.request(ANN, 1, 1, "a")?;
    server.script.expect_nothing("rule C2: the client has given call 1 up, and has been told so")?;
    server.serve(ANN, 3, 3, "c")
}
