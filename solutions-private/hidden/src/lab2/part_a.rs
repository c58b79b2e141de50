//! Part A, hidden: any bytes, any RTO, a long cut, an application that comes and goes.

use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::PEER;
use faultline::simulation::Link;
use faultline::{Host, ms};
use lab2_kit::scenarios::checks::{RTO, ack, message, receiver, sender, sender_with};
use lab2_kit::scenarios::pair::Pair;
use lab2_kit::scenarios::progress::Promise;
use lab2_kit::{Accepted, Deliver, Segment, SenderCommand, SeqNo};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HA1",
        name: "messages of any bytes and of any length up to 1,000 are carried unchanged",
        part: 'A',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rules A1, A2 and A5. A message is bytes: it may be empty, and it need not be text.",
        run: any_bytes,
    },
    Scenario {
        id: "HA2",
        name: "the RTO is the one of the configuration, from 1 ms to 60 s",
        part: 'A',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rules A2 to A4. The configuration says how long an RTO is; a machine waits for it, and does not poll.",
        run: any_rto,
    },
    Scenario {
        id: "HA3",
        name: "a sender keeps trying through a cut of a hundred RTOs, and then goes on",
        part: 'A',
        points: 2,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule A2. Until when is a message sent again?",
        run: long_cut,
    },
    Scenario {
        id: "HA4",
        name: "messages that come in bursts, between them pauses, cross a lossy network",
        part: 'A',
        points: 1,
        world: World::Simulation,
        seeds: 10,
        hint: "Rules A1 to A4. A message may come while one is in flight or while there is none, and just before or after a timer.",
        run: bursts,
    },
];

fn data_of(seq: usize, payload: &[u8]) -> Vec<u8> {
    Segment::Data { seq: SeqNo(seq as u32), payload: payload.to_vec() }.encode()
}

fn any_bytes(bench: &Bench<'_>) -> Outcome {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let messages =
        [vec![], vec![], vec![0], every_byte, vec![0xff; 1_000], vec![0xff; 1_000], vec![0xc3, 0x28], vec![]];
    let mut s = sender(bench)?;
    let mut r = receiver(bench)?;
    for (number, payload) in messages.iter().enumerate() {
        let expected = data_of(number, payload);
        s.command(&SenderCommand::Send(payload.clone()))?;
        s.expect_datagram(PEER, &expected, "rule A1: a message is sent at once, whatever its bytes")?;
        s.pass(RTO)?;
        s.expect_datagram(PEER, &expected, "rule A2: it is sent again unchanged")?;
        r.deliver(PEER, &expected)?;
        r.expect_notice(
            &Deliver::Message(payload.clone()),
            "rule A5: this is the message that it was waiting for",
        )?;
        r.expect_datagram(PEER, &ack(number as u32 + 1), "rule A5: the ACK says what is expected next")?;
        s.deliver(PEER, &ack(number as u32 + 1))?;
        s.expect_notice(&Accepted(SeqNo(number as u32)), "rule A3: it is acknowledged")?;
    }
    s.expect_nothing("rule A3: all are done")?;
    r.expect_nothing("rule A5: one delivery and one ACK for each")
}

fn any_rto(bench: &Bench<'_>) -> Outcome {
    for rto in [ms(1), ms(37), Duration::from_secs(60)] {
        let mut s = sender_with(bench, rto)?;
        let just_before = rto - Duration::from_micros(1);
        s.command(&SenderCommand::Send(message(1)))?;
        s.command(&SenderCommand::Send(message(2)))?;
        s.expect_datagram(PEER, &data_of(0, &message(1)), "rule A1: a message is sent at once")?;
        for number in [0, 1] {
            let expected = data_of(number, &message(number + 1));
            for _ in 0..2 {
                s.pass(just_before)?;
                s.expect_nothing(&format!("rule A2: the RTO of {} ms has not passed yet", rto.as_millis()))?;
                s.pass(rto - just_before)?;
                let rule = format!("rule A2: the RTO of {} ms has passed without an ACK", rto.as_millis());
                s.expect_datagram(PEER, &expected, &rule)?;
            }
            s.pass(just_before)?;
            s.deliver(PEER, &ack(number as u32 + 1))?;
            s.expect_notice(&Accepted(SeqNo(number as u32)), "rule A3: it is acknowledged")?;
            if number == 0 {
                s.expect_datagram(PEER, &data_of(1, &message(2)), "rule A3: the next one follows")?;
            }
        }
        s.expect_no_timer("rule A4: nothing is in flight")?;
    }
    Ok(())
}

fn long_cut(bench: &Bench<'_>) -> Outcome {
    const RTOS: u32 = 100;
    let cut = Link { loss: 1.0, ..Link::default() };
    let mut pair = Pair::start(bench, Link::default(), Promise::AtLeastOnce)?;
    let [s, r] = pair.hosts();
    let cuts: [(&str, &[(Host, Host)]); 2] =
        [("both directions are", &[(s, r), (r, s)]), ("the way back is", &[(r, s)])];
    for (what, directions) in cuts {
        directions.iter().for_each(|(from, to)| pair.simulation.link(*from, *to, cut));
        let before = pair.simulation.counts(s, r).sent;
        pair.send((0..3).map(message))?;
        pair.run_for(RTOS * RTO + RTO / 2)?;
        let sent = pair.simulation.counts(s, r).sent - before;
        if sent != u64::from(RTOS) + 1 {
            return Err(pair.simulation.fail(format!(
                "Rule A2: while {what} cut for {RTOS} RTOs, a message is sent {} times, but DATA was sent {sent} times.",
                RTOS + 1
            )));
        }
        pair.simulation.stop_faults()?;
        pair.finish(2 * RTO)?;
    }
    Ok(())
}

fn bursts(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4841_3453);
    let link = Link { loss: 0.3, latency_min: ms(1), latency_max: ms(80), ..Link::default() };
    let mut pair = Pair::start(bench, link, Promise::AtLeastOnce)?;
    let mut next = 0;
    for _ in 0..bench.amount(40) {
        let burst = random.below(5) as usize;
        pair.send((next..next + burst).map(message))?;
        next += burst;
        pair.run_for(random.between(ms(0), 4 * RTO))?;
    }
    pair.finish(Duration::from_secs(1_000))
}
