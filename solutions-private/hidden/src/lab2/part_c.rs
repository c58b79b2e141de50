//! Part C, hidden: random histories beside a model, deeper searches, unequal windows, a whole exchange to the byte.

use super::model;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World, ensure};
use faultline::script::{Deed, PEER};
use faultline::search::Limits;
use faultline::simulation::{Link, Simulation};
use lab2_kit::scenarios::checks::{
    RTO, ack_with, data, expect_accepted, expect_delivered, message, receiver_config, receiver_of, send,
    sender_config, sender_of, window_receiver, window_sender,
};
use lab2_kit::scenarios::pair::{Pair, Plan, Step, search_plan};
use lab2_kit::scenarios::progress::Promise;
use lab2_kit::{ReceiverCommand, ReceiverConfig, SenderConfig, SeqNo};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HC1",
        name: "a sender with a window does just what the contract says in random histories",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 40,
        hint: "The rule is in the reason. Which step of the story is the first that your sender took otherwise?",
        run: model::window_sender,
    },
    Scenario {
        id: "HC2",
        name: "a receiver with a window does just what the contract says in random histories",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 40,
        hint: "The rule is in the reason. Which step of the story is the first that your receiver took otherwise?",
        run: model::window_receiver,
    },
    Scenario {
        id: "HC3",
        name: "four messages, two of them equal, cross a window of two, whatever is lost twice or late",
        part: 'C',
        points: 1,
        world: World::Search,
        seeds: 1,
        hint: "Rules C2 to C4. Equal messages are two messages: only the number tells a copy from a new one.",
        run: every_order,
    },
    Scenario {
        id: "HC4",
        name: "an application that stops twice holds no message up for ever, whatever is lost or copied",
        part: 'C',
        points: 1,
        world: World::Search,
        seeds: 1,
        hint: "Rules C6 to C8. Who speaks first after Resume, and what if nobody hears it?",
        run: stop_twice,
    },
    Scenario {
        id: "HC5",
        name: "machines with unequal windows and any first number cross a bad network",
        part: 'C',
        points: 2,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules C1, C4, C7 and C8. The sender may have a larger window than the receiver, or a smaller one.",
        run: unequal,
    },
    Scenario {
        id: "HC6",
        name: "a whole exchange is the one that the rules give, to the byte",
        part: 'C',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rules C1 to C4. The first datagram that differs is in the reason: which number, which window, which moment?",
        run: golden,
    },
    Scenario {
        id: "HC7",
        name: "a hundred thousand messages and their copies leave the memory as it was",
        part: 'C',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rules B5, C4 and C9. What is left of a message when its turn has come, and what of a copy?",
        run: memory,
    },
];

fn every_order(bench: &Bench<'_>) -> Outcome {
    let steps = ["a", "b", "b", "c"].map(Step::Send);
    let limits = Limits { losses: 2, duplicates: 0, timers: 2, in_flight: 3, ..Limits::default() };
    let plan = Plan { window: 2, first: SeqNo(u32::MAX - 1), recovers_with: 2, ..Plan::new(&steps) };
    search_plan(bench, limits, plan).map(drop)
}

fn stop_twice(bench: &Bench<'_>) -> Outcome {
    let [stop, resume] = [ReceiverCommand::Stop, ReceiverCommand::Resume].map(Step::Tell);
    let steps = [Step::Send("a"), stop, Step::Send("b"), resume, stop, Step::Send("c"), resume];
    let limits = Limits { losses: 1, duplicates: 1, timers: 1, in_flight: 2, ..Limits::default() };
    search_plan(bench, limits, Plan { window: 1, ..Plan::new(&steps) }).map(drop)
}

fn unequal(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4843_3553);
    let (mut simulation, [receiver, sender]) = Simulation::new(bench, ["receiver", "sender"]);
    simulation.links(Link::swarm(bench.seed()));
    let firsts = [0, u32::MAX - 100, (1 << 31) - 100, random.bits() as u32];
    let first = SeqNo(firsts[random.below(4) as usize]);
    let [ours, theirs] = [32, 20].map(|most| 1 + random.below(most) as u32);
    let ours = SenderConfig { first, window: ours, ..sender_config(receiver, RTO) };
    let theirs = ReceiverConfig { first, window: theirs, ..receiver_config(sender) };
    let mut pair = Pair::join(simulation, ours, theirs, Promise::ExactlyOnce)?;
    let messages = bench.amount(250);
    let mut next = 0;
    while next < messages {
        let burst = (1 + random.below(60) as usize).min(messages - next);
        // Each message twice in a row: only their numbers tell them apart.
        pair.send((next..next + burst).map(|number| message(number / 2)))?;
        next += burst;
        pair.run_for(random.between(ms(0), 3 * RTO))?;
        if random.chance(0.3) {
            pair.tell(ReceiverCommand::Stop)?;
            pair.run_for(random.between(ms(0), 8 * RTO))?;
            pair.tell(ReceiverCommand::Resume)?;
        }
    }
    pair.finish(Duration::from_secs(5_000))
}

/// The datagrams of an exchange of which the first `DATA` is lost, computed by `golden/segments.py`, not by the kit.
const GOLDEN: [&str; 6] = [
    "17b16fab00fcffffffff0161",
    "12d941ff000000",
    "6664988e01fcffffffff02",
    "48e39609010102",
    "88b426ed00010163",
    "8bb0bb22010202",
];

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

fn golden(bench: &Bench<'_>) -> Outcome {
    let [lost, second, waits, both, third, last] = GOLDEN.map(bytes_of);
    let first = SeqNo(u32::MAX);
    let ours = SenderConfig { first, window: 2, ..sender_config(PEER, RTO) };
    let theirs = ReceiverConfig { first, window: 2, ..receiver_config(PEER) };
    let (mut s, mut r) = (sender_of(bench, &ours)?, receiver_of(bench, &theirs)?);
    ["a", "", "c"].iter().try_for_each(|text| s.command(&send(text)))?;
    s.expect_datagram(PEER, &lost, "rule A1: the first message has the number `first`")?;
    s.expect_datagram(PEER, &second, "rule C1: the window is 2, and after 4,294,967,295 comes 0")?;
    r.deliver(PEER, &second)?;
    r.expect_datagram(PEER, &waits, "rules A5 and C5: the first number is still expected")?;
    s.deliver(PEER, &waits)?;
    s.pass(RTO)?;
    s.expect_datagram(PEER, &lost, "rule C3: the oldest is sent again, unchanged")?;
    r.deliver(PEER, &lost)?;
    expect_delivered(&mut r, &["a", ""], "rule C4: both are in order")?;
    r.expect_datagram(PEER, &both, "rule A5: the number 1 is expected next")?;
    s.deliver(PEER, &both)?;
    expect_accepted(&mut s, u32::MAX, 2, "rule C2: both are acknowledged")?;
    s.expect_datagram(PEER, &third, "rule C1: the window has room for it")?;
    r.deliver(PEER, &third)?;
    expect_delivered(&mut r, &["c"], "rule A5: this is the message that it was waiting for")?;
    r.expect_datagram(PEER, &last, "rule A5: the number 2 is expected next")?;
    s.deliver(PEER, &last)?;
    expect_accepted(&mut s, 1, 1, "rule C2: it is acknowledged")?;
    s.expect_nothing("rule A3: everything is accepted")?;
    r.expect_nothing("rule A5: each DATA was answered once")
}

fn memory(bench: &Bench<'_>) -> Outcome {
    const MESSAGES: u32 = 100_000;
    const AT_ONCE: u32 = 500;
    const GROWTH: usize = 64;
    let mut r = window_receiver(bench, 8)?;
    let mut s = window_sender(bench, 8)?;
    let mut sizes = vec![];
    for first in (0..MESSAGES).step_by(AT_ONCE as usize) {
        let numbers = || first..first + AT_ONCE;
        // The odd ones come before the even ones, and each comes again when it is old.
        let arrive = numbers().flat_map(|number| [number ^ 1, number.saturating_sub(3)]);
        r.all(&arrive.map(|number| Deed::Deliver(PEER, data(number, "m"))).collect::<Vec<_>>())?;
        let acknowledged = |number| [Deed::Command(send("m")), Deed::Deliver(PEER, ack_with(number + 1, 8))];
        s.all(&numbers().flat_map(acknowledged).collect::<Vec<_>>())?;
        expect_delivered(&mut r, &["m"; AT_ONCE as usize], "rule C4: all are in order again")?;
        expect_accepted(&mut s, first, AT_ONCE, "rule C2: it is acknowledged")?;
        r.take_datagrams();
        s.take_datagrams();
        if (first + AT_ONCE).is_multiple_of(MESSAGES / 2) {
            r.expect_nothing("rule B1: each message is delivered once")?;
            sizes.push([s.state_size(), r.state_size()]);
        }
    }
    for (index, name) in ["sender", "receiver"].into_iter().enumerate() {
        let (early, late) = (sizes[0][index], sizes[1][index]);
        ensure(late <= early + GROWTH, || {
            format!(
                "Rules B5 and C9: the {name}'s state, as Debug prints it, grew from {early} characters after {} messages to \
                 {late} after {MESSAGES}: it keeps something that is no longer needed.",
                MESSAGES / 2
            )
        })?;
    }
    Ok(())
}
