//! Part C, both machines: numbers that go around, every order of events, bad networks, and what it costs.

use crate::scenarios::checks::{
    RTO, ack_with, data, expect_accepted, expect_data, expect_delivered, message, receiver_config,
    receiver_of, send_all, sender_config, sender_of,
};
use crate::scenarios::pair::{Pair, Plan, Step, search_plan};
use crate::{ReceiverCommand, ReceiverConfig, RtoConfig, Segment, SenderConfig, SeqNo};
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome};
use faultline::script::PEER;
use faultline::search::Limits;
use faultline::simulation::{Fault, Link, Rule, Which};
use std::time::Duration;

pub(super) fn around(bench: &Bench<'_>) -> Outcome {
    const MIDDLE: u32 = 1 << 31;
    // At each of these another number is the one that goes around: one in flight, or the end of a window.
    let near = |number: u32| (0..9).map(move |before| number.wrapping_sub(before));
    for first in near(0).chain(near(MIDDLE)) {
        let at = |ahead: u32| first.wrapping_add(ahead);
        let config = SenderConfig { first: SeqNo(first), window: 3, ..sender_config(PEER, RTO) };
        let mut s = sender_of(bench, &config)?;
        send_all(&mut s, &["a", "b", "c", "d", "e", "f", "g", "h"])?;
        expect_data(
            &mut s,
            first,
            &["a", "b", "c"],
            "rules A1 and C1: numbers begin with `first` and go around",
        )?;
        s.deliver(PEER, &ack_with(at(2), 2))?;
        expect_accepted(&mut s, first, 2, "rule C2: two numbers are before this one")?;
        expect_data(
            &mut s,
            at(3),
            &["d"],
            "rule C1: the end of the receiver's window is one number further",
        )?;
        for (next, window) in [(at(1), 3), (first, 3), (at(5), 3), (at(2), 1)] {
            s.deliver(PEER, &ack_with(next, window))?;
            s.expect_nothing("rules B3 and C7: this ACK is old, or of something that was never sent")?;
        }
        s.pass(RTO)?;
        expect_data(&mut s, at(2), &["c"], "rule C3: this is the oldest in flight")?;
        s.deliver(PEER, &ack_with(at(4), 3))?;
        expect_accepted(&mut s, at(2), 2, "rule C2: two more are acknowledged")?;
        expect_data(&mut s, at(4), &["e", "f"], "rule C1: the window has room for them")?;
        s.deliver(PEER, &ack_with(at(6), 1))?;
        expect_accepted(&mut s, at(4), 2, "rule C2: two more are acknowledged")?;
        expect_data(&mut s, at(6), &["g"], "rule C1: it lies before the end of the receiver's window")?;
        s.expect_nothing("rules C1 and C7: the next one is the end of the receiver's window")?;

        let config = ReceiverConfig { first: SeqNo(first), window: 3, ..receiver_config(PEER) };
        let mut r = receiver_of(bench, &config)?;
        for (ahead, text) in [(2, "c"), (1, "b"), (u32::MAX, "old"), (3, "far"), (MIDDLE, "far")] {
            r.deliver(PEER, &data(at(ahead), text))?;
            r.expect_datagram(PEER, &ack_with(first, 3), "rule A5: the first number is still expected")?;
            r.expect_nothing("rule C4: it is early, or there is no room for it")?;
        }
        r.deliver(PEER, &data(first, "a"))?;
        expect_delivered(&mut r, &["a", "b", "c"], "rule C4: now three are in order")?;
        r.expect_datagram(PEER, &ack_with(at(3), 3), "rule A5: the next number is expected")?;
        for ahead in [2, 1, 0] {
            r.deliver(PEER, &data(at(ahead), "old"))?;
            r.expect_datagram(PEER, &ack_with(at(3), 3), "rule B2: an old copy is answered")?;
            r.expect_nothing("rule B1: it was delivered before")?;
        }
        for (ahead, text) in [(4, "e"), (5, "f"), (3, "d")] {
            r.deliver(PEER, &data(at(ahead), text))?;
        }
        expect_delivered(&mut r, &["d", "e", "f"], "rule C4: three more are in order")?;
    }
    Ok(())
}

pub(super) fn every_order(bench: &Bench<'_>) -> Outcome {
    let steps = ["a", "b", "c"].map(Step::Send);
    let limits = Limits { losses: 1, duplicates: 1, timers: 1, in_flight: 3, ..Limits::default() };
    let plan = Plan { window: 3, first: SeqNo(u32::MAX), ..Plan::new(&steps) };
    search_plan(bench, limits, plan).map(drop)
}

pub(super) fn stop_and_go(bench: &Bench<'_>) -> Outcome {
    let [stop, resume] = [ReceiverCommand::Stop, ReceiverCommand::Resume].map(Step::Tell);
    let steps = [stop, Step::Send("a"), Step::Send("b"), Step::Send("c"), resume];
    let limits = Limits { losses: 1, timers: 2, in_flight: 3, ..Limits::default() };
    search_plan(bench, limits, Plan { window: 2, ..Plan::new(&steps) }).map(drop)
}

pub(super) fn bad_network(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4331_3453);
    let window = 1 + random.below(8) as u32;
    let mut pair = Pair::with_window(bench, Link::swarm(bench.seed()), window, RtoConfig::fixed(RTO))?;
    let messages = bench.amount(200);
    let mut next = 0;
    while next < messages {
        let burst = (1 + random.below(30) as usize).min(messages - next);
        pair.send((next..next + burst).map(message))?;
        next += burst;
        if random.chance(0.5) {
            pair.tell(ReceiverCommand::Stop)?;
        }
        pair.run_for(random.between(ms(0), 5 * RTO))?;
        pair.tell(ReceiverCommand::Resume)?;
        pair.run_for(random.between(ms(0), RTO))?;
    }
    pair.finish(Duration::from_secs(3_000))
}

pub(super) fn cost(bench: &Bench<'_>) -> Outcome {
    const WINDOW: u32 = 8;
    let is_data = |datagram: &[u8]| matches!(Segment::decode(datagram), Ok(Segment::Data { .. }));
    for loss in [0.0, 0.1] {
        let mut pair =
            Pair::with_window(bench, Link { loss, ..Link::default() }, WINDOW, RtoConfig::fixed(RTO))?;
        let [s, r] = pair.hosts();
        pair.simulation.rule(Rule::new(s, r, Which::Nth(1), Fault::Lose).matching(is_data));
        let messages = bench.amount(80) as u64;
        pair.send((0..messages as usize).map(message))?;
        pair.finish(Duration::from_secs(1_000))?;
        let (there, back) = (pair.simulation.counts(s, r), pair.simulation.counts(r, s));
        let losses = there.lost + back.lost;
        let (explained, sent) = (messages + losses, there.sent);
        if sent > explained {
            return Err(pair.simulation.fail(format!(
                "Rules C3, C4 and C9: with a window of {WINDOW}, {messages} messages and {losses} losses explain \
                 {explained} DATA segments, but {sent} were sent."
            )));
        }
        if back.sent != there.delivered {
            return Err(pair.simulation.fail(format!(
                "Rule A5: {} DATA segments arrived, and each is answered once, but {} ACK segments were sent.",
                there.delivered, back.sent
            )));
        }
    }
    Ok(())
}

pub(super) fn goodput(bench: &Bench<'_>) -> Outcome {
    const WINDOW: usize = 8;
    const ONE_WAY: Duration = ms(50);
    let link = Link { latency_min: ONE_WAY, latency_max: ONE_WAY, ..Link::default() };
    let mut pair = Pair::with_window(bench, link, WINDOW as u32, RtoConfig::fixed(RTO))?;
    let messages = bench.amount(20 * WINDOW);
    pair.send((0..messages).map(message))?;
    pair.finish(Duration::from_secs(1_000))?;
    let (took, least) = (pair.done_at(), 2 * ONE_WAY * messages.div_ceil(WINDOW) as u32);
    if took.as_nanos() > least.as_nanos() as u64 {
        return Err(pair.simulation.fail(format!(
            "Rules C1 and C2: with a window of {WINDOW} and a round trip of {} ms, {messages} messages take {} ms, but \
             they were accepted after {took}.",
            2 * ONE_WAY.as_millis(),
            least.as_millis()
        )));
    }
    Ok(())
}
