//! Part B, hidden: deeper searches, older copies, longer runs, strangers, and random histories beside a model.

use super::model;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::{Deed, PEER};
use faultline::search::Limits;
use faultline::simulation::{Link, Simulation};
use faultline::{Context, Host, Machine, Never, ms};
use lab2_kit::scenarios::checks::{
    ack, data, deliver, message, receiver, receiver_config, send, sender, sender_config,
};
use lab2_kit::scenarios::pair::{Pair, search};
use lab2_kit::scenarios::progress::Promise;
use lab2_kit::{Accepted, Segment, SeqNo};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HB1",
        name: "three messages, two of them equal, arrive once each and in order",
        part: 'B',
        points: 2,
        world: World::Search,
        seeds: 1,
        hint: "Rules B1 to B3. Equal messages are two messages: only the number tells a copy from a new one.",
        run: every_order,
    },
    Scenario {
        id: "HB2",
        name: "copies that are hundreds of messages old are not delivered",
        part: 'B',
        points: 2,
        world: World::Simulation,
        seeds: 10,
        hint: "Rules B1 and B2. How old can a copy be when it arrives?",
        run: very_old_copies,
    },
    Scenario {
        id: "HB3",
        name: "both sides can count beyond 65,536",
        part: 'B',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rule A1. How far can each of your numbers count?",
        run: many_messages,
    },
    Scenario {
        id: "HB4",
        name: "a sender does just what the contract says in random histories",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 20,
        hint: "The rule is in the reason. Which step of the story is the first that your sender took otherwise?",
        run: model::sender,
    },
    Scenario {
        id: "HB5",
        name: "a receiver does just what the contract says in random histories",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 20,
        hint: "The rule is in the reason. Which step of the story is the first that your receiver took otherwise?",
        run: model::receiver,
    },
    Scenario {
        id: "HB6",
        name: "a stranger who knows the protocol and every number changes nothing",
        part: 'B',
        points: 1,
        world: World::Simulation,
        seeds: 3,
        hint: "Rule B4. Each machine is told its peer's address when it is made, and who sent it each datagram.",
        run: forger,
    },
    Scenario {
        id: "HB7",
        name: "an RTO shorter than the round trip costs copies, but no message",
        part: 'B',
        points: 1,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules A2, B2 and B3. When the RTO is short, most DATA and most ACK segments are copies of older ones.",
        run: short_rto,
    },
];

fn every_order(bench: &Bench<'_>) -> Outcome {
    // Behind a pipe, where states are told apart by their histories, this is 26,000 states.
    let limits = Limits { losses: 2, duplicates: 1, timers: 1, in_flight: 3, ..Limits::default() };
    search(bench, limits, Promise::ExactlyOnce, &["a", "a", "b"]).map(drop)
}

fn very_old_copies(bench: &Bench<'_>) -> Outcome {
    let link = Link { duplicate: 0.5, copy_delay: Duration::from_secs(2), ..Link::default() };
    let mut pair = Pair::start(bench, link, Promise::ExactlyOnce)?;
    pair.send((0..bench.amount(600)).map(message))?;
    pair.finish(Duration::from_secs(60))
}

fn many_messages(bench: &Bench<'_>) -> Outcome {
    const MANY: u32 = (1 << 16) + 2;
    const AT_ONCE: u32 = 500;
    let (mut s, mut r) = (sender(bench)?, receiver(bench)?);
    let mut first = 0;
    while first < MANY {
        let numbers = first..MANY.min(first + AT_ONCE);
        first = numbers.end;
        let acknowledged = |number| [Deed::Command(send("m")), Deed::Deliver(PEER, ack(number + 1))];
        s.all(&numbers.clone().flat_map(acknowledged).collect::<Vec<_>>())?;
        r.all(&numbers.clone().map(|number| Deed::Deliver(PEER, data(number, "m"))).collect::<Vec<_>>())?;
        for number in numbers {
            s.expect_datagram(PEER, &data(number, "m"), "rule A1: a message bears the next number")?;
            s.expect_notice(&Accepted(SeqNo(number)), "rule A3: it is acknowledged")?;
            r.expect_notice(&deliver("m"), "rule A5: this is the message that it was waiting for")?;
            r.expect_datagram(PEER, &ack(number + 1), "rule A5: the ACK says what is expected next")?;
        }
    }
    s.command(&send("m"))?;
    s.expect_datagram(PEER, &data(MANY, "m"), "rule A1: a message bears the next number")?;
    for low_bits in [8, 16] {
        let next = (MANY + 1) % (1 << low_bits);
        s.deliver(PEER, &ack(next))?;
        s.expect_nothing("rule B3: this ACK is old")?;
        r.deliver(PEER, &data(MANY % (1 << low_bits), "old"))?;
        r.expect_datagram(PEER, &ack(MANY), "rule B2: the answer to an old message is what is expected now")?;
        r.expect_nothing("rule B1: it was delivered before")?;
    }
    s.deliver(PEER, &ack(MANY + 1))?;
    s.expect_notice(&Accepted(SeqNo(MANY)), "rule A3: it is acknowledged")
}

/// How many messages cross while the forger is at work.
const FORGED: u32 = 20;

/// A host that sends every `DATA` and every `ACK` that there can be, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Forger {
    sender: Host,
    receiver: Host,
    rounds: u32,
}

impl Machine for Forger {
    type Command = Never;
    type Notice = Never;
    type Timer = ();

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        ctx.set_timer((), ms(3));
    }

    fn on_datagram(&mut self, _from: Host, _datagram: &[u8], _ctx: &mut Context<Self>) {}

    fn on_timer(&mut self, (): (), ctx: &mut Context<Self>) {
        for number in 0..FORGED {
            ctx.send(self.receiver, data(number, "forged"));
            ctx.send(self.sender, ack(number + 1));
        }
        self.rounds -= 1;
        if self.rounds > 0 {
            self.on_start(ctx);
        }
    }
}

fn forger(bench: &Bench<'_>) -> Outcome {
    let (mut simulation, [receiver, forger, sender]) =
        Simulation::new(bench, ["receiver", "forger", "sender"]);
    simulation.links(Link { latency_min: ms(5), latency_max: ms(10), ..Link::default() });
    simulation.start_given(forger, Forger { sender, receiver, rounds: 100 }, Segment::describe)?;
    let config = sender_config(receiver, ms(1_000));
    let mut pair = Pair::join(simulation, config, receiver_config(sender), Promise::ExactlyOnce)?;
    pair.send((0..FORGED as usize).map(message))?;
    pair.finish(Duration::from_secs(2))?;
    let answers = pair.simulation.counts(receiver, sender).sent;
    if answers != u64::from(FORGED) {
        return Err(pair.simulation.fail(format!(
            "Rule B4: {FORGED} messages are answered {FORGED} times, but {answers} ACKs were sent to the sender."
        )));
    }
    let to_forger = [sender, receiver].map(|host| pair.simulation.counts(host, forger).sent);
    if to_forger != [0, 0] {
        return Err(pair.simulation.fail("Rule B4: what a stranger sends is dropped, but it was answered."));
    }
    Ok(())
}

fn short_rto(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4842_3753);
    let rto = ms(3 + random.below(40));
    let link = Link {
        latency_max: ms(60),
        copy_delay: ms(300),
        loss: 0.1,
        duplicate: 0.2,
        corrupt: 0.1,
        reorder: 0.1,
        reorder_delay: ms(200),
        ..Link::default()
    };
    let (mut simulation, [receiver, sender]) = Simulation::new(bench, ["receiver", "sender"]);
    simulation.links(link);
    let config = sender_config(receiver, rto);
    let mut pair = Pair::join(simulation, config, receiver_config(sender), Promise::ExactlyOnce)?;
    // Each message twice in a row: only their numbers tell them apart.
    let messages = bench.amount(120);
    pair.send((0..messages).map(|number| message(number / 2)))?;
    let began = pair.simulation.now();
    pair.finish(Duration::from_secs(200))?;
    let rtos = pair.simulation.now().since(began).as_nanos() / rto.as_nanos();
    let (sent, most) = (pair.simulation.counts(sender, receiver).sent, messages as u128 + rtos);
    if u128::from(sent) > most {
        return Err(pair.simulation.fail(format!(
            "Rule A2: {messages} messages within {rtos} RTOs explain {most} DATA segments, but {sent} were sent."
        )));
    }
    Ok(())
}
