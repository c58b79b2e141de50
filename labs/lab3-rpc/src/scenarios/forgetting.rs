//! Part C: how long a server remembers. The list is in `part_c.rs`.

use super::checks::{ANN, BOB, FORGET_AFTER, NEXT, Served, reply_to, request, working};
use crate::{CallId, Incarnation, Message, ServerCommand};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::script::{Deed, PEER};
use std::time::Duration;

pub(super) fn kept(bench: &Bench<'_>) -> Outcome {
    const CALLS: u64 = 2_000;
    let mut server = Served::start(bench)?;
    let me = server.me;
    let calls = (1..=CALLS).flat_map(|number| {
        let result = Ok(format!("A{number}").into());
        [
            Deed::Deliver(PEER, request(ANN, me, number, 1, &format!("a{number}"))),
            Deed::Command(ServerCommand::Finish { client: ANN, call: CallId(number), result }),
        ]
    });
    server.script.all(&calls.collect::<Vec<_>>())?;
    for number in 1..=CALLS {
        let rule = "rule B6: this request is for this server";
        server.expect_execute(ANN, number, &format!("a{number}"), rule)?;
        let reply = reply_to(ANN, number, &format!("A{number}"));
        server.expect(&reply, "rule B6: the result goes to the client")?;
    }
    for _ in 0..5 {
        server.script.pass(FORGET_AFTER - ms(1))?;
        for number in [1, 2, CALLS] {
            server.request(ANN, number, 1, &format!("a{number}"))?;
            let reply = reply_to(ANN, number, &format!("A{number}"));
            server.expect(&reply, "rule C3: the client still wants it, and is still there")?;
            server.script.expect_nothing("rule C1: it was executed before")?;
        }
    }
    let early = server.script.state_size();
    server.script.pass(FORGET_AFTER)?;
    let late = server.script.state_size();
    if late > early / 5 {
        return Err(server.script.fail(format!(
            "Rule C3: {CALLS} replies are kept for a client that was not heard of for {} s: the server's state takes {late} \
             bytes when printed, after {early}.",
            FORGET_AFTER.as_secs()
        )));
    }
    server.serve(ANN, 1, 1, "a1")
}

/// Of each history two runs: a client is known until the last moment, and from then on it is not.
pub(super) fn forgotten(bench: &Bench<'_>) -> Outcome {
    for early in [ms(1), Duration::ZERO] {
        let mut server = Served::start(bench)?;
        server.request(ANN, 1, 1, "a")?;
        server.expect_execute(ANN, 1, "a", "rule B6: this request is for this server")?;
        server.script.pass(FORGET_AFTER / 2)?;
        server.script.take_datagrams();
        server.finish(ANN, 1, Ok("A"))?;
        server.expect(&reply_to(ANN, 1, "A"), "rule B6: call 1 is done")?;
        server.script.pass(FORGET_AFTER / 2 - early)?;
        ask_again(
            &mut server,
            early,
            "rule C3: its last REQUEST was forget_after ago, and Finish is none of it",
        )?;

        let mut server = Served::start(bench)?;
        server.serve(ANN, 1, 1, "a")?;
        server.script.pass(FORGET_AFTER / 2)?;
        let welcome = Message::Welcome { client: ANN, server: server.me };
        server.script.deliver(PEER, &Message::Hello { client: ANN }.encode())?;
        server.expect(&welcome.encode(), "rule B2: each HELLO is answered")?;
        server.script.deliver(PEER, &request(ANN, NEXT, 2, 1, "b"))?;
        let gone = Message::Gone { client: ANN, asked: NEXT, server: server.me };
        server.expect(&gone.encode(), "rule B7: another server was asked")?;
        server.serve(BOB, 1, 1, "b")?;
        server.script.pass(FORGET_AFTER / 2 - early)?;
        let rule = "rule C3: its last REQUEST for this server was forget_after ago; a HELLO, a request for another server \
                    and those of other clients do not count";
        ask_again(&mut server, early, rule)?;
        busy(bench, early)?;
    }
    let mut server = Served::start(bench)?;
    server.serve(ANN, 1, 1, "a")?;
    server.serve(ANN, 2, 2, "b")?;
    server.script.pass(FORGET_AFTER / 2)?;
    server.request(ANN, 1, 1, "a")?;
    server.script.expect_nothing("rule C2: the client does not want call 1 any more")?;
    server.script.pass(FORGET_AFTER - ms(1))?;
    server.request(ANN, 2, 2, "b")?;
    server.expect(&reply_to(ANN, 2, "B"), "rule C3: the last REQUEST was dropped, and yet it was one")?;
    server.script.expect_nothing("rule C1: call 2 was executed before")
}

/// A client with a call that is executed for long, and with shorter ones before and after it.
fn busy(bench: &Bench<'_>, early: Duration) -> Outcome {
    let begin = || {
        let mut server = Served::start(bench)?;
        server.serve(ANN, 1, 1, "a")?;
        server.request(ANN, 2, 1, "slow")?;
        server.expect_execute(ANN, 2, "slow", "rule B6: this request is for this server")?;
        server.serve(ANN, 3, 1, "c")?;
        Ok::<_, Failure>(server)
    };
    let mut server = begin()?;
    server.script.pass(3 * FORGET_AFTER)?;
    server.script.take_datagrams();
    let rule = "rule C3: the client is not forgotten, for call 2 is being executed";
    for (number, arguments, answer) in
        [(1, "a", reply_to(ANN, 1, "A")), (2, "slow", working(ANN, 2)), (3, "c", reply_to(ANN, 3, "C"))]
    {
        server.request(ANN, number, 1, arguments)?;
        server.expect(&answer, rule)?;
        server.script.expect_nothing("rule C1: it was executed before")?;
    }

    let mut server = begin()?;
    server.script.pass(3 * FORGET_AFTER / 2)?;
    server.script.take_datagrams();
    server.finish(ANN, 2, Ok("SLOW"))?;
    server.expect(&reply_to(ANN, 2, "SLOW"), "rule B6: now it is done")?;
    server.script.pass(FORGET_AFTER / 2 - early)?;
    let rule = "rule C3: the client is looked at for the second time after 2 * forget_after, and by then it has no call that is \
                being executed";
    ask_again(&mut server, early, rule)
}

/// A copy of call 1 comes; when it is `early`, the client is still known.
fn ask_again(server: &mut Served, early: Duration, rule: &str) -> Outcome {
    server.request(ANN, 1, 1, "a")?;
    if early > Duration::ZERO {
        server.expect(
            &reply_to(ANN, 1, "A"),
            "rule C3: the client is not to be forgotten before the next ms",
        )?;
    } else {
        server.expect_execute(ANN, 1, "a", &format!("{rule}. So it is forgotten, and this call is new"))?;
    }
    server.script.expect_nothing("rule C1: there is one answer")
}

pub(super) fn memory(bench: &Bench<'_>) -> Outcome {
    const CALLS: u64 = 5_000;
    let mut server = Served::start(bench)?;
    server.serve(ANN, 1, 1, "a")?;
    let early = server.script.state_size();
    let me = server.me;
    for first in (2..CALLS).step_by(500) {
        let calls = (first..first + 500).flat_map(|number| {
            let stranger = Message::Hello { client: Incarnation(number << 48) }.encode();
            let finish =
                ServerCommand::Finish { client: ANN, call: CallId(number), result: Ok(b"A".to_vec()) };
            let ask = request(ANN, me, number, number, "a");
            [
                Deed::Deliver(PEER, ask.clone()),
                Deed::Command(finish),
                Deed::Deliver(PEER, ask),
                Deed::Deliver(PEER, stranger),
            ]
        });
        server.script.all(&calls.collect::<Vec<_>>())?;
        let sent = server.script.take_datagrams().len();
        if sent != 1_500 {
            return Err(server.script.fail(format!(
                "Rules B2, B6 and C1: 500 calls, a copy of each and 500 HELLO make 1,500 answers, but {sent} were sent."
            )));
        }
    }
    let late = server.script.state_size();
    if late > early + 200 {
        return Err(server.script.fail(format!(
            "Rule C4: after 1 call the server's state took {early} bytes when printed, after {CALLS} calls and as many \
             HELLO {late}. It remembers what nobody wants any more."
        )));
    }
    Ok(())
}
