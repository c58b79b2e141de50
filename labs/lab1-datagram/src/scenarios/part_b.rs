//! Part B: the endpoint and the server, as a real process.

use super::live_echo::EchoServer;
use crate::golden::Golden;
use crate::message::MAX_DATAGRAM;
use faultline::ms;
use faultline::scenario::{Bench, Outcome, Scenario, World};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "B1",
        name: "a ping of any legal size is answered by its echo, byte for byte",
        part: 'B',
        points: 2,
        world: World::Live,
        seeds: 1,
        hint: "Rules B2 and B6. How large is the largest legal datagram, and how much room is there for it?",
        run: every_size,
    },
    Scenario {
        id: "B2",
        name: "a short ping after a long one is answered without bytes of the long one",
        part: 'B',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rule B2. What is in the buffer behind the bytes that have just arrived?",
        run: long_then_short,
    },
    Scenario {
        id: "B3",
        name: "bad datagrams get no answer, and the next ping is answered as if they had not come",
        part: 'B',
        points: 2,
        world: World::Live,
        seeds: 1,
        hint: "Rule B3. Which calls on the way of a bad datagram can fail, and where does each of these errors go?",
        run: bad_datagrams,
    },
    Scenario {
        id: "B4",
        name: "the server knows how many bad datagrams it has dropped",
        part: 'B',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rule B3. What is counted, and where does the count live while recv is called again and again?",
        run: counted,
    },
    Scenario {
        id: "B5",
        name: "each client gets the answers to its own pings",
        part: 'B',
        points: 2,
        world: World::Live,
        seeds: 1,
        hint: "Rule B6. A UDP socket talks to everybody. How does the server know whom to answer?",
        run: two_clients,
    },
    Scenario {
        id: "B6",
        name: "a server that nobody has talked to for a while still answers",
        part: 'B',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rule B5. How long may recv wait?",
        run: idle,
    },
    Scenario {
        id: "B7",
        name: "an answer to a client that is gone hurts nobody else",
        part: 'B',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rules B4 and B8. The operating system may tell a socket that its last datagram found nobody.",
        run: client_gone,
    },
    Scenario {
        id: "B8",
        name: "a datagram larger than any legal one is dropped and not cut to a legal one",
        part: 'B',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rules B2 and B3. What does recv_from do with the bytes for which there is no room, and how would you notice?",
        run: oversized,
    },
    Scenario {
        id: "B9",
        name: "an echo is not answered",
        part: 'B',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rule B7. Two servers, and one echo between them: what happens next?",
        run: echo_not_answered,
    },
];

fn every_size(bench: &Bench<'_>) -> Outcome {
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let client = server.client("client")?;
    for name in ["empty", "one-byte", "five-bytes", "length-256", "one-below-the-limit", "at-the-limit"] {
        server.exchange(&client, &golden.exchange(name), "Rule B6: a ping is answered by its echo")?;
    }
    Ok(())
}

fn long_then_short(bench: &Bench<'_>) -> Outcome {
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let client = server.client("client")?;
    for name in ["at-the-limit", "five-bytes", "length-256", "empty", "high-bits-at-the-limit", "one-byte"] {
        server.exchange(&client, &golden.exchange(name), "Rule B2: a message comes as it was sent")?;
    }
    Ok(())
}

fn bad_datagrams(bench: &Bench<'_>) -> Outcome {
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let client = server.client("client")?;
    let next = golden.exchange("five-bytes");
    for bad in &golden.bad {
        server.send(&client, &bad.datagram, &bad.name)?;
        server.exchange(&client, &next, "Rule B3: only the ping after the bad datagram is answered")?;
    }
    server.exchange(&client, &golden.exchange("byte-order"), "Rule B3: nothing else was answered")
}

fn counted(bench: &Bench<'_>) -> Outcome {
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let client = server.client("client")?;
    let next = golden.exchange("five-bytes");
    server.exchange(&client, &next, "Rule B6: a ping is answered by its echo")?;
    for bad in &golden.bad {
        server.send(&client, &bad.datagram, &bad.name)?;
        server.exchange(&client, &next, "Rule B3: only the ping after the bad datagram is answered")?;
    }
    expect_dropped(server, golden.bad.len() as u64)
}

fn expect_dropped(server: EchoServer, sent: u64) -> Outcome {
    let dropped = server.interrupt()?;
    faultline::scenario::ensure(dropped == sent, || {
        format!("Rule B3: {sent} bad datagrams were sent to the server, and it has dropped {dropped}.")
    })
}

fn two_clients(bench: &Bench<'_>) -> Outcome {
    const RULE: &str = "Rule B6: the answer goes to where the ping came from";
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let (one, other) = (server.client("one client")?, server.client("other client")?);
    let (first, second) = (golden.exchange("five-bytes"), golden.exchange("byte-order"));
    server.exchange(&one, &first, RULE)?;
    server.exchange(&other, &second, RULE)?;
    server.exchange(&one, &first, RULE)?;

    server.send(&one, &second.ping, "the ping byte-order")?;
    server.send(&other, &first.ping, "the ping five-bytes")?;
    server.expect(&other, &first.echo, "the echo of five-bytes", RULE)?;
    server.expect(&one, &second.echo, "the echo of byte-order", RULE)
}

fn idle(bench: &Bench<'_>) -> Outcome {
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let client = server.client("client")?;
    server.exchange(&client, &golden.exchange("five-bytes"), "Rule B6: a ping is answered by its echo")?;
    server.idle(ms(1_100))?;
    server.exchange(&client, &golden.exchange("byte-order"), "Rule B5: recv waits as long as it takes")
}

fn client_gone(bench: &Bench<'_>) -> Outcome {
    const RULE: &str = "Rule B8: an answer that finds nobody is the loss of that answer";
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let (gone, client) = (server.client("lost client")?, server.client("client")?);
    server.exchange(&gone, &golden.exchange("one-byte"), "Rule B6: a ping is answered by its echo")?;
    server.send_and_vanish(gone, &golden.exchange("high-bits"))?;
    server.exchange(&client, &golden.exchange("five-bytes"), RULE)?;
    server.exchange(&client, &golden.exchange("byte-order"), RULE)
}

fn oversized(bench: &Bench<'_>) -> Outcome {
    /// The most bytes that UDP carries over IPv4.
    const LARGEST: usize = 65_507;
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let client = server.client("client")?;
    let (limit, next) = (golden.exchange("at-the-limit"), golden.exchange("five-bytes"));
    for len in [MAX_DATAGRAM + 1, MAX_DATAGRAM + 2, 2 * MAX_DATAGRAM, LARGEST] {
        let mut datagram = limit.ping.clone();
        datagram.resize(len, 0xFF);
        server.send(&client, &datagram, "the ping at-the-limit with bytes after it")?;
        server.exchange(&client, &next, "Rule B3: a datagram that is too large is dropped")?;
    }
    server.exchange(&client, &limit, "Rule B2: the largest legal datagram comes whole")?;
    expect_dropped(server, 4)
}

fn echo_not_answered(bench: &Bench<'_>) -> Outcome {
    let (server, golden) = (EchoServer::start(bench)?, Golden::load());
    let client = server.client("client")?;
    for name in ["five-bytes-echo", "empty-echo", "at-the-limit-echo"] {
        server.send(&client, &golden.message(name).datagram, name)?;
        server.exchange(&client, &golden.exchange("byte-order"), "Rule B7: an echo is not answered")?;
    }
    server.exchange(&client, &golden.exchange("five-bytes"), "Rule B7: nothing else was answered")?;
    expect_dropped(server, 0)
}
