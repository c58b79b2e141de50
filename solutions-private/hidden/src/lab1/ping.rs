//! Part C's ping against a server of the judge's own, which sees each ping's bytes and decides what comes back; and
//! through the relay with other faults than the public ones.

use super::damage::Damage;
use super::wire;
use faultline::live::network::Network;
use faultline::live::patience::Patience;
use faultline::live::peer::Peer;
use faultline::live::relay::{CLIENTS, Relay, SERVER};
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World, ensure};
use faultline::simulation::{Corruption, Fault, Link, Rule, Which};
use lab1_kit::message::{HEADER_LEN, Kind, Message};
use lab1_kit::report::Report;
use lab1_kit::scenarios::live_ping::{ATTEMPTS, SESSION, Setup, ping_through, read_report, undecided};
use lab1_kit::scenarios::ping_run::check_round_trips;
use lab1_kit::scenarios::truth::{self, Arrival};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HC1",
        name: "ping sends the right bytes in time and counts what an unreliable server answers",
        part: 'C',
        points: 2,
        world: World::Live,
        seeds: 1,
        hint: "Rules C9 to C11, against a server that is not yours.",
        run: strange_server,
    },
    Scenario {
        id: "HC2",
        name: "ping reports what happened to more than a hundred pings",
        part: 'C',
        points: 1,
        world: World::Live,
        seeds: 1,
        hint: "Rules C7 and C9 to C11. Small numbers hide what large ones show.",
        run: many_pings,
    },
];

/// What is done to replies; each makes a legal datagram a bad one for certain.
const DAMAGES: [Damage; 5] = [
    Damage::Kind,
    Damage::Flip(4, 8),
    Damage::Pad,
    Damage::Version,
    Damage::Flip(HEADER_LEN, HEADER_LEN + 40),
];

/// How many pings later a held reply is sent.
const HELD_FOR: u32 = 3;

/// A server that answers each ping as it likes, and its log.
struct Server {
    peer: Peer,
    setup: Setup,
    random: Random,
    clock: Instant,
    next_seq: u32,
    held: Vec<(u32, SocketAddr)>,
    arrived: Vec<Duration>,
    log: Vec<(Duration, Arrival)>,
    longest: Duration,
}

impl Server {
    fn new(network: &Network, setup: Setup, seed: u64) -> Result<Server, Failure> {
        Ok(Server {
            peer: Peer::bind_on(network).map_err(Failure::from)?,
            setup,
            random: Random::new(seed),
            clock: Instant::now(),
            next_seq: 0,
            held: vec![],
            arrived: vec![],
            log: vec![],
            longest: Duration::ZERO,
        })
    }

    /// Answers the pings that have come.
    fn turn(&mut self) -> Outcome {
        while let Ok((datagram, client)) = self.peer.receive(Patience::new(0)) {
            let now = self.clock.elapsed();
            self.check(&datagram, now)?;
            self.arrived.push(now);
            self.answer(self.next_seq, client)?;
            self.next_seq += 1;
            for (seq, client) in std::mem::take(&mut self.held) {
                if seq + HELD_FOR < self.next_seq {
                    self.reply(seq, client)?;
                } else {
                    self.held.push((seq, client));
                }
            }
        }
        Ok(())
    }

    fn check(&self, datagram: &[u8], now: Duration) -> Outcome {
        let seq = self.next_seq;
        ensure(seq < self.setup.count, || "Rule C9: ping sends more pings than it was asked for.".into())?;
        let wanted = self.message(Kind::Ping, seq);
        ensure(datagram == wire::datagram(&wanted), || {
            let what = wire::verdict(datagram).map_or_else(
                |error| error.to_string(),
                |it| format!("it is a {:?} of session {:#x} and seq {}", it.kind, it.session, it.seq),
            );
            format!("Rule C9: ping {seq} of session {SESSION:#x} came as other bytes than it must: {what}.")
        })?;
        ensure(now >= seq * self.setup.interval, || format!("Rule C9: ping {seq} was sent too early."))
    }

    fn message(&self, kind: Kind, seq: u32) -> Message {
        Message { kind, session: SESSION, seq, payload: self.setup.payload(seq) }
    }

    fn answer(&mut self, seq: u32, client: SocketAddr) -> Outcome {
        let echo = self.message(Kind::Echo, seq);
        match (seq + 4) % 10 {
            0 => Ok(()),
            1 => {
                self.held.push((seq, client));
                Ok(())
            }
            2 => {
                self.reply(seq, client)?;
                self.reply(seq, client)
            }
            3 => {
                let other = Message { session: SESSION ^ 0x100, ..echo };
                self.send(&wire::datagram(&other), client, Arrival::Foreign)?;
                self.reply(seq, client)
            }
            5 => {
                let damage = DAMAGES[(seq / 10) as usize % DAMAGES.len()];
                let damaged = damage.apply(&mut self.random, &wire::datagram(&echo));
                self.send(&damaged, client, Arrival::Undecodable)
            }
            7 => {
                self.reply(seq, client)?;
                self.send(&wire::datagram(&self.message(Kind::Ping, seq)), client, Arrival::Foreign)?;
                let never_sent = Message { seq: self.setup.count + seq, ..echo };
                self.send(&wire::datagram(&never_sent), client, Arrival::Foreign)
            }
            _ => self.reply(seq, client),
        }
    }

    fn reply(&mut self, seq: u32, client: SocketAddr) -> Outcome {
        if !self.log.iter().any(|(_, arrival)| *arrival == Arrival::Reply(seq)) {
            let took = self.clock.elapsed() - self.arrived[seq as usize];
            self.longest = self.longest.max(took);
        }
        let datagram = wire::datagram(&self.message(Kind::Echo, seq));
        self.send(&datagram, client, Arrival::Reply(seq))
    }

    fn send(&mut self, datagram: &[u8], client: SocketAddr, arrival: Arrival) -> Outcome {
        self.peer.send(datagram, client).map_err(Failure::from)?;
        self.log.push((self.clock.elapsed(), arrival));
        Ok(())
    }

    fn judge(&self, report: &Report) -> Outcome {
        ensure(self.next_seq == self.setup.count, || {
            format!("Rule C9: ping was to send {} pings, and {} came.", self.setup.count, self.next_seq)
        })?;
        let truth = truth::report(&self.arrived, &self.log);
        truth::compare_counts(report, &truth).map_err(Failure::new)?;
        // Half of it: what this server measured, ping may have begun to measure a little later.
        check_round_trips(report, self.longest / 2, self.clock.elapsed())
    }
}

fn strange_server(bench: &Bench<'_>) -> Outcome {
    let mut setup = Setup { count: 50, interval: ms(4), wait: ms(300), size: 1_200 };
    let mut late_pings = 0;
    for _ in 0..ATTEMPTS {
        let network = bench.network()?;
        let mut server = Server::new(&network, setup, bench.seed())?;
        let mut process = setup.spawn(bench, &network, server.peer.addr())?;
        let ended = setup.patience().until(|| {
            // The process is looked at first, so that nothing it sent is left when it has ended.
            let runs = process.check_running("reported").is_ok();
            server.turn().map_or_else(|wrong| Some(Err(wrong)), |()| (!runs).then_some(Ok(())))
        });
        let endless = || Err(Failure::new("Rule C10: ping has not ended long after its wait was over."));
        ended.unwrap_or_else(endless)?;
        let report = read_report(process, Patience::new(0))?;
        if !server.log.last().is_some_and(|(moment, _)| setup.is_late(*moment)) {
            return server.judge(&report);
        }
        late_pings += u32::from(server.arrived.last().is_some_and(|moment| setup.is_late(*moment)));
        setup.wait *= 2;
    }
    Err(undecided(setup, late_pings))
}

fn many_pings(bench: &Bench<'_>) -> Outcome {
    const COUNT: u32 = 130;
    let faults = |relay: &Relay| {
        relay.link(SERVER, CLIENTS, Link { latency_min: ms(6), latency_max: ms(6), ..Link::default() });
        let mut random = Random::new(bench.seed());
        for (from, to) in [(CLIENTS, SERVER), (SERVER, CLIENTS)] {
            let numbers = (2..u64::from(COUNT) - 20).step_by(4);
            // Each kind of fault comes several times, and each field is hit; where in it is random.
            for (number, turn) in numbers.zip(0..) {
                let fault = match turn % 9 {
                    0 => Fault::Lose,
                    1 => Fault::Duplicate(Duration::ZERO),
                    2 | 3 => {
                        relay.hold(from, to, number, number + 2 + random.below(6));
                        continue;
                    }
                    field => Fault::Corrupt(Corruption::FlipBit(bit_of(
                        [4, 8, 12, 14, 60][field - 4],
                        &mut random,
                    ))),
                };
                relay.rule(Rule::new(from, to, Which::Nth(number), fault));
            }
        }
    };
    let setup = Setup { count: COUNT, interval: ms(3), wait: ms(700), size: 90 };
    ping_through(bench, setup, faults)?.check(ms(6), &[])
}

/// A bit of this byte.
fn bit_of(byte: usize, random: &mut Random) -> usize {
    8 * byte + random.below(8) as usize
}
