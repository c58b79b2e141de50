//! Part F, hidden: a random history of a sender beside a model, several losses at once, a link alone.

use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::script::{PEER, Script};
use faultline::simulation::{Fault, Link, Rule, Simulation, Which};
use lab2_kit::scenarios::bottleneck::{Bottleneck, Road};
use lab2_kit::scenarios::checks::{
    RTO, SenderScript, ack_with, data, message, receiver_config, send, sender_config,
};
use lab2_kit::scenarios::pair::Pair;
use lab2_kit::scenarios::progress::Promise;
use lab2_kit::{Accepted, ReceiverConfig, SENDER, Segment, SenderConfig, SeqNo};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HF1",
        name: "a sender with a congestion window does just what the contract says in random histories",
        part: 'F',
        points: 2,
        world: World::Script,
        seeds: 20,
        hint: "The rule is in the reason. Which step of the story is the first that your sender took otherwise?",
        run: random_history,
    },
    Scenario {
        id: "HF2",
        name: "three losses in a window of 32 cost three messages and no time-out",
        part: 'F',
        points: 1,
        world: World::Simulation,
        seeds: 10,
        hint: "Rules F5 and F6. Replay with --full: what follows each ACK while there are holes?",
        run: three_losses,
    },
    Scenario {
        id: "HF3",
        name: "a transfer that is alone uses the link and does not flood its queue",
        part: 'F',
        points: 1,
        world: World::Simulation,
        seeds: 3,
        hint: "Rules F2 to F6. How large does the window become before the first loss, and how small after it?",
        run: alone,
    },
];

/// The window of the sender's configuration in the random histories.
const WINDOW: u32 = 24;

/// A sender as parts C and F have it. Numbers count from 0 here; on the wire they begin with `first`.
struct Model {
    first: u32,
    rto: Duration,
    given: u32,
    base: u32,
    /// The next number that was never sent.
    next: u32,
    /// The end of the receiver's window.
    end: u32,
    /// What it was before something was acknowledged last: no `ACK` of the number base tells of an earlier end.
    end_before: u32,
    window: u32,
    threshold: u32,
    /// What counts for the next growth by 1 (F3).
    counted: u32,
    duplicates: u32,
    /// The end of what was in flight at the loss that is repaired.
    repaired_at: Option<u32>,
    /// Until the timer runs out.
    left: Duration,
}

impl Model {
    fn new(first: u32, rto: Duration) -> Model {
        Model {
            first,
            rto,
            given: 0,
            base: 0,
            next: 0,
            end: WINDOW,
            end_before: WINDOW,
            window: 1,
            threshold: u32::MAX,
            counted: 0,
            duplicates: 0,
            repaired_at: None,
            left: rto,
        }
    }

    fn in_flight(&self) -> u32 {
        self.next - self.base
    }

    /// The receiver's window from base on.
    fn open(&self) -> u32 {
        self.end - self.base
    }

    /// The smallest window that an old `ACK` of the number base can bear.
    fn least(&self) -> u32 {
        self.end_before.saturating_sub(self.base)
    }

    fn data(&self, number: u32) -> Vec<u8> {
        data(self.first.wrapping_add(number), &format!("m{number}"))
    }

    fn loss(&mut self) {
        self.threshold = (self.in_flight() / 2).max(2);
        self.window = self.threshold;
        self.counted = 0;
        self.repaired_at = Some(self.next);
    }

    fn grow(&mut self, count: u32) {
        if self.window < self.threshold {
            self.window = self.threshold.min(self.window + count);
            return;
        }
        self.counted += count;
        if self.counted >= self.window {
            self.counted -= self.window;
            self.window += 1;
        }
    }

    /// What is sent because the windows allow it.
    fn fill(&mut self) -> Vec<u32> {
        let end = self.given.min(self.base + WINDOW.min(self.window)).min(self.end).max(self.next);
        if self.in_flight() == 0 {
            self.left = self.rto;
        }
        (std::mem::replace(&mut self.next, end)..end).collect()
    }

    /// An `ACK` of everything before `next`; what is sent again because of it.
    fn acknowledge(&mut self, next: u32, window: u32) -> Vec<u32> {
        let (count, end) = (next - self.base, self.end.max(next + window));
        let before = std::mem::replace(&mut self.end, end);
        if count > 0 {
            self.base = next;
            self.end_before = before;
            self.left = self.rto;
            self.duplicates = 0;
            match self.repaired_at {
                None => self.grow(count),
                Some(end) if next < end => return vec![next],
                Some(_) => self.repaired_at = None,
            }
        } else if end == before && self.in_flight() > 0 {
            self.duplicates += 1;
            if self.duplicates == 3 && self.repaired_at.is_none() {
                self.loss();
                return vec![self.base];
            }
        }
        vec![]
    }

    fn expect(&self, s: &mut SenderScript, numbers: Vec<u32>, rule: &str) -> Outcome {
        numbers.into_iter().try_for_each(|number| s.expect_datagram(PEER, &self.data(number), rule))
    }

    /// The application gives a message.
    fn give(&mut self, s: &mut SenderScript) -> Outcome {
        s.command(&send(&format!("m{}", self.given)))?;
        self.given += 1;
        let new = self.fill();
        self.expect(s, new, "rules C1 and F1: the windows have room for it")?;
        s.expect_nothing("rules C1 and F1: a window is full")
    }

    /// Delivers an `ACK` and expects what follows.
    fn step(&mut self, s: &mut SenderScript, next: u32, window: u32) -> Outcome {
        let accepted = self.base..next;
        s.deliver(PEER, &ack_with(self.first.wrapping_add(next), window))?;
        for number in accepted {
            s.expect_notice(
                &Accepted(SeqNo(self.first.wrapping_add(number))),
                "rule C2: it is acknowledged",
            )?;
        }
        let again = self.acknowledge(next, window);
        self.expect(s, again, "rules F5 and F6: the oldest is sent again at once")?;
        let new = self.fill();
        self.expect(s, new, "rules C1 and F1 to F6: the windows have room for it")?;
        s.expect_nothing(&format!(
            "rules F1 to F6: {} in flight, congestion window {}",
            self.in_flight(),
            self.window
        ))
    }

    /// Lets `span` pass and expects what is sent again.
    fn pass(&mut self, s: &mut SenderScript, span: Duration) -> Outcome {
        s.pass(span)?;
        let mut rest = span;
        while self.in_flight() > 0 && self.left <= rest {
            rest -= self.left;
            self.left = self.rto;
            self.loss();
            self.window = 1;
            self.expect(s, vec![self.base], "rules A2 and C3: the timer has run out")?;
        }
        self.left = self.left.saturating_sub(rest);
        s.expect_nothing("rules A4 and F4: a time-out sends the oldest again, and nothing else")
    }
}

fn random_history(bench: &Bench<'_>) -> Outcome {
    const STEPS: usize = 250;
    let mut random = Random::new(bench.seed() ^ 0x4846_3153);
    let (first, rto) = (u32::MAX - random.below(500) as u32, ms(100 + random.below(900)));
    let config =
        SenderConfig { window: WINDOW, first: SeqNo(first), congestion: true, ..sender_config(PEER, rto) };
    let mut s = Script::start(bench, SENDER, ["sender", "receiver"], &config)?;
    let mut model = Model::new(first, rto);
    // The first message is acknowledged with the whole window, so that its end is known.
    model.give(&mut s)?;
    model.step(&mut s, 1, WINDOW)?;
    for _ in 0..STEPS {
        match random.below(14) {
            0..=2 => (0..=random.below(12)).try_for_each(|_| model.give(&mut s))?,
            3..=7 if model.in_flight() > 0 => {
                let part = random.below(u64::from(model.in_flight())) as u32;
                let next = if random.chance(0.6) { model.next } else { model.next - part };
                let window = if random.chance(0.7) { WINDOW } else { 1 + random.below(24) as u32 };
                model.step(&mut s, next, window.max(model.end.saturating_sub(next)))?;
            }
            8..=9 => {
                let window = model.open().min(model.least().max(1 + random.below(24) as u32));
                (0..=random.below(5)).try_for_each(|_| model.step(&mut s, model.base, window))?;
            }
            10 if model.open() < WINDOW => {
                let more = 1 + random.below(u64::from(WINDOW - model.open())) as u32;
                model.step(&mut s, model.base, model.open() + more)?;
            }
            11 => {
                let far = 1 + random.below(5) as u32;
                let early = random.chance(0.5);
                let wrong = if early { model.next.wrapping_add(far) } else { model.base.wrapping_sub(far) };
                s.deliver(PEER, &ack_with(first.wrapping_add(wrong), WINDOW))?;
                s.expect_nothing("rule B3: this acknowledges nothing that is in flight")?;
            }
            12 => model.pass(&mut s, rto / 3)?,
            13 if random.chance(0.4) => model.pass(&mut s, rto + rto / 2)?,
            _ => model.pass(&mut s, ms(1))?,
        }
        if model.base == model.given {
            s.expect_no_timer("rule A4: nothing is in flight and nothing waits")?;
        }
    }
    Ok(())
}

fn three_losses(bench: &Bench<'_>) -> Outcome {
    const MESSAGES: usize = 200;
    let mut random = Random::new(bench.seed() ^ 0x4846_3253);
    let first = 40 + random.below(20) as u32;
    let lost = [first, first + 1 + random.below(12) as u32, first + 13 + random.below(12) as u32];
    let (mut simulation, [s, r]) = Simulation::new(bench, ["sender", "receiver"]);
    simulation.links(Link { latency_min: ms(10), latency_max: ms(10), ..Link::default() });
    for seq in lost.map(SeqNo) {
        let rule = Rule::new(s, r, Which::Nth(1), Fault::Lose);
        let is_lost = move |datagram: &[u8]| matches!(Segment::decode(datagram), Ok(Segment::Data { seq: it, .. }) if it == seq);
        simulation.rule(rule.matching(is_lost));
    }
    let sender = SenderConfig { window: 32, congestion: true, ..sender_config(r, RTO) };
    let receiver = ReceiverConfig { window: 32, ..receiver_config(s) };
    let mut pair = Pair::join(simulation, sender, receiver, Promise::ExactlyOnce)?;
    pair.send((0..MESSAGES).map(message))?;
    // An RTO would be more by itself.
    pair.finish(RTO - ms(50))?;
    let sent = pair.simulation.counts(s, r).sent;
    if sent != MESSAGES as u64 + 3 {
        return Err(pair.simulation.fail(format!(
            "Rules C9 and F6: {MESSAGES} messages, of which three are lost once, are {} DATA, but {sent} were sent.",
            MESSAGES + 3
        )));
    }
    Ok(())
}

fn alone(bench: &Bench<'_>) -> Outcome {
    const SPAN: Duration = Duration::from_secs(30);
    let road = Road { bytes_per_second: 250_000, latency: ms(40), queue: 30 };
    let mut link = Bottleneck::start(bench, road, 200)?;
    link.begin(1);
    link.run_for(SPAN)?;
    let used = link.delivered(SPAN)[1] as f64 / link.capacity(SPAN);
    let (sent, lost) = link.losses();
    let lost = lost as f64 / sent.max(1) as f64;
    bench.note(format!("use of the link {used:.2} (at least 0.75), lost {lost:.3} (at most 0.10)"));
    if used < 0.75 || lost > 0.1 {
        return Err(link.fail(format!(
            "Rules F2 to F6: in {} s alone on a link a transfer used {used:.2} of what it carries (0.75 at least); {lost:.3} \
             of all datagrams were lost in its queue (0.10 at most).",
            SPAN.as_secs()
        )));
    }
    Ok(())
}
