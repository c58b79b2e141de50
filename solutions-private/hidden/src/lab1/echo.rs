//! Part B against clients that speak the judge's own bytes.

use super::{damage, wire};
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World, ensure};
use lab1_kit::golden::Exchange;
use lab1_kit::message::{Kind, MAX_PAYLOAD, Message};
use lab1_kit::scenarios::live_echo::EchoServer;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HB1",
        name: "any ping of any client is answered with its own session, seq and payload",
        part: 'B',
        points: 2,
        world: World::Live,
        seeds: 1,
        hint: "Rules B2 and B6. Nothing of an answer comes from an earlier ping or from another client.",
        run: any_ping,
    },
    Scenario {
        id: "HB2",
        name: "between pings come damaged datagrams and echoes, and each damaged one is counted",
        part: 'B',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rules B3 and B7. An echo is no bad datagram, and a bad datagram is no ping.",
        run: damaged_between,
    },
];

fn random_exchange(random: &mut Random) -> Exchange {
    exchange(wire::random_message(random))
}

fn exchange_of(random: &mut Random, len: usize) -> Exchange {
    let message = wire::random_message(random);
    exchange(Message { payload: (0..len).map(|_| random.bits() as u8).collect(), ..message })
}

fn exchange(message: Message) -> Exchange {
    let (seq, session) = (message.seq, message.session);
    let ping = wire::datagram(&Message { kind: Kind::Ping, ..message.clone() });
    let echo = wire::datagram(&Message { kind: Kind::Echo, ..message });
    Exchange { name: format!("{seq} of session {session}"), ping, echo }
}

fn any_ping(bench: &Bench<'_>) -> Outcome {
    const RULE: &str = "Rule B6: a ping is answered by its echo, to where it came from";
    let mut random = Random::new(bench.seed());
    let server = EchoServer::start(bench)?;
    let clients =
        [server.client("first client")?, server.client("second client")?, server.client("third client")?];
    for round in 0..20 {
        // The first rounds are those of the largest pings, then of the smallest.
        let mut next = || match round {
            0 | 1 => exchange_of(&mut random, MAX_PAYLOAD),
            2 | 3 => exchange_of(&mut random, round - 2),
            _ => random_exchange(&mut random),
        };
        let exchanges = clients.each_ref().map(|client| (client, next()));
        for (client, exchange) in &exchanges {
            server.send(client, &exchange.ping, &format!("the ping {}", exchange.name))?;
        }
        for (client, exchange) in exchanges.iter().rev() {
            server.expect(client, &exchange.echo, &format!("the echo of {}", exchange.name), RULE)?;
        }
    }
    Ok(())
}

fn damaged_between(bench: &Bench<'_>) -> Outcome {
    const RULE: &str = "Rule B3: only the ping is answered";
    let mut random = Random::new(bench.seed());
    let server = EchoServer::start(bench)?;
    let clients = [server.client("one client")?, server.client("other client")?];
    let mut bad = 0;
    for (round, damage) in [damage::ALL, damage::ALL].concat().into_iter().enumerate() {
        let client = &clients[round % 2];
        // Every way to damage comes to a small ping and to one of the largest.
        let len = if round < damage::ALL.len() { 1 + random.below(40) } else { MAX_PAYLOAD as u64 };
        let next = exchange_of(&mut random, len as usize);
        let damaged = damage.apply(&mut random, &next.ping);
        if let Err(error) = wire::verdict(&damaged) {
            bad += 1;
            server.send(client, &damaged, &format!("a datagram of which {error}"))?;
        }
        server.exchange(client, &next, RULE)?;
        server.send(client, &next.echo, "an echo")?;
    }
    server.exchange(&clients[0], &random_exchange(&mut random), "Rule B7: an echo is not answered")?;
    server.exchange(&clients[1], &random_exchange(&mut random), "Rule B7: an echo is not answered")?;
    let dropped = server.interrupt()?;
    ensure(dropped == bad, || {
        format!("Rule B3: {bad} bad datagrams were sent to the server, and it has dropped {dropped}.")
    })
}
