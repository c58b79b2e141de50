//! A sender with a window, as parts C and D have it, stepped beside the student's in random histories. Messages are counted
//! from 0 and never go around; only on the wire they bear the numbers of the configuration.

use super::rto::Timeout;
use super::{PEER, STRANGER, garbage, payload};
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::script::Script;
use lab2_kit::scenarios::checks::{SenderScript, ack_with, data};
use lab2_kit::{Accepted, RtoConfig, RtoEvent, SENDER, Segment, SenderCommand, SenderConfig, SeqNo};
use std::time::Duration;

/// How many things are done in one history.
const STEPS: usize = 300;

/// The largest window of either side in a history.
const WINDOW_MAX: u64 = 9;

/// A message and what became of it.
struct Given {
    payload: Vec<u8>,
    /// How often it was sent, as a probe or not.
    copies: u32,
    /// When it was sent last.
    at: Duration,
}

/// What must follow from a step.
enum Follows {
    Sent(usize),
    Accepted(usize),
}

struct Model {
    config: SenderConfig,
    given: Vec<Given>,
    /// So many are acknowledged.
    done: usize,
    /// So many were sent, not counting a probe.
    sent: usize,
    /// The first for which the receiver has no room.
    end: Option<usize>,
    probed: bool,
    now: Duration,
    due: Option<Duration>,
    timeout: Timeout,
}

impl Model {
    fn number(&self, message: usize) -> u32 {
        self.config.first.0.wrapping_add(message as u32)
    }

    /// The largest number that a true `ACK` can bear, as a message.
    fn top(&self) -> usize {
        if self.probed { self.sent + 1 } else { self.sent }
    }

    fn transmit(&mut self, message: usize, follows: &mut Vec<Follows>) {
        self.given[message].copies += 1;
        self.given[message].at = self.now;
        follows.push(Follows::Sent(message));
    }

    fn set_timer(&mut self) {
        self.due = Some(self.now + self.timeout.span());
    }

    /// Sends what may be sent now.
    fn go_on(&mut self, follows: &mut Vec<Follows>) {
        let none_in_flight = self.sent == self.done;
        let end = self.end.unwrap_or(usize::MAX).min(self.done + self.config.window as usize);
        let last = self.given.len().min(end);
        if self.sent < last {
            self.probed = false;
            (self.sent..last).for_each(|message| self.transmit(message, follows));
            self.sent = last;
            if none_in_flight {
                self.set_timer();
            }
        } else if none_in_flight && self.due.is_none() && self.sent < self.given.len() {
            self.set_timer();
        }
    }

    fn give(&mut self, payload: Vec<u8>) -> Vec<Follows> {
        let mut follows = vec![];
        self.given.push(Given { payload, copies: 0, at: self.now });
        self.go_on(&mut follows);
        follows
    }

    /// An `ACK` of all messages before `next`, with room up to `end`.
    fn acknowledge(&mut self, next: usize, end: usize) -> Vec<Follows> {
        let mut follows = vec![];
        if next < self.done || next > self.top() {
            return follows;
        }
        self.end = Some(self.end.map_or(end, |before| before.max(end)));
        if next > self.done {
            let news = &self.given[self.done..next];
            if news.iter().all(|given| given.copies == 1) {
                let newest = news.last().map_or(self.now, |given| given.at);
                self.timeout.happens(RtoEvent::Sample(self.now - newest));
            }
            follows.extend((self.done..next).map(Follows::Accepted));
            (self.done, self.sent, self.probed) = (next, self.sent.max(next), false);
            self.due = None;
            if self.sent > self.done {
                self.set_timer();
            }
        }
        self.go_on(&mut follows);
        follows
    }

    /// The timer runs out.
    fn time_out(&mut self) -> Vec<Follows> {
        let mut follows = vec![];
        self.timeout.happens(RtoEvent::TimedOut);
        self.probed |= self.sent == self.done;
        self.transmit(self.done, &mut follows);
        self.set_timer();
        follows
    }
}

/// The receiver of a history: what it has said, in order. It never takes back room that it has told of.
#[derive(Default)]
struct Peer {
    next: usize,
    end: usize,
    said: Vec<(usize, usize)>,
}

impl Peer {
    /// One more `ACK`, of something up to `top`.
    fn speak(&mut self, random: &mut Random, top: usize, closes: bool) -> (usize, usize) {
        self.next += random.below((top - self.next + 1) as u64) as usize;
        let room = if closes { [0, 0, 1, 2, WINDOW_MAX] } else { [WINDOW_MAX; 5] };
        let room = room[random.below(room.len() as u64) as usize] as usize;
        self.end = self.end.max(self.next + room);
        self.said.push((self.next, self.end));
        (self.next, self.end)
    }

    /// One of the `ACK`s so far, which may not have come yet or may come again.
    fn repeat(&self, random: &mut Random) -> Option<(usize, usize)> {
        let back = random.below(6) as usize + 1;
        self.said.len().checked_sub(back).map(|index| self.said[index])
    }
}

/// A number that no true `ACK` can bear now.
fn untrue(random: &mut Random, model: &Model) -> u32 {
    let (base, top) = (model.number(model.done), model.number(model.top()));
    let number = match random.below(6) {
        0 => top.wrapping_add(1),
        1 => top.wrapping_add(1 + random.below(WINDOW_MAX) as u32),
        2 => base.wrapping_sub(1 + random.below(WINDOW_MAX) as u32),
        3 => base.wrapping_add(1 << 31),
        4 => model.config.first.0.wrapping_sub(1),
        _ => random.bits() as u32,
    };
    let ahead = number.wrapping_sub(base);
    if ahead <= top.wrapping_sub(base) { top.wrapping_add(1) } else { number }
}

struct History {
    random: Random,
    model: Model,
    script: SenderScript,
    /// How far a timer may be off.
    slack: Duration,
}

impl History {
    fn start(
        bench: &Bench<'_>,
        mut random: Random,
        rto: RtoConfig,
        slack: Duration,
    ) -> Result<Self, Failure> {
        let firsts = [0, u32::MAX - random.below(40) as u32, (1 << 31) - random.below(40) as u32];
        let config = SenderConfig {
            receiver: PEER,
            first: SeqNo(firsts[random.below(3) as usize]),
            window: 1 + random.below(WINDOW_MAX) as u32,
            rto,
            congestion: false,
        };
        let mut script = Script::start(bench, SENDER, ["sender", "stranger"], &config)?;
        script.peer("receiver");
        let model = Model {
            config,
            given: vec![],
            done: 0,
            sent: 0,
            end: None,
            probed: false,
            now: Duration::ZERO,
            due: None,
            timeout: Timeout::new(rto),
        };
        Ok(History { random, model, script, slack })
    }

    fn expect(&mut self, follows: &[Follows], rule: &str) -> Outcome {
        for follows in follows {
            match follows {
                Follows::Sent(message) => {
                    let (seq, payload) =
                        (SeqNo(self.model.number(*message)), &self.model.given[*message].payload);
                    let datagram = Segment::Data { seq, payload: payload.clone() }.encode();
                    self.script.expect_datagram(PEER, &datagram, rule)?;
                }
                Follows::Accepted(message) => {
                    let notice = Accepted(SeqNo(self.model.number(*message)));
                    self.script.expect_notice(&notice, "rule C2: it is acknowledged")?;
                }
            }
        }
        self.script.expect_nothing(rule)?;
        if self.model.due.is_none() {
            self.script.expect_no_timer("rule A4: nothing is in flight and nothing waits")?;
        }
        Ok(())
    }

    fn give(&mut self) -> Outcome {
        let payload = payload(&mut self.random);
        let follows = self.model.give(payload.clone());
        self.script.command(&SenderCommand::Send(payload))?;
        self.expect(
            &follows,
            "rule C1: a message is sent at once if the window has room for it, else it waits",
        )
    }

    fn acknowledge(&mut self, (next, end): (usize, usize)) -> Outcome {
        let follows = self.model.acknowledge(next, end);
        self.script.deliver(PEER, &ack_with(self.model.number(next), (end - next) as u32))?;
        self.expect(&follows, "rules B3, C1, C2 and C7: this follows from the ACK, and nothing else")
    }

    fn noise(&mut self) -> Outcome {
        let right = self.model.number(self.model.top());
        let room = self.random.below(WINDOW_MAX) as u32;
        let (from, datagram, rule) = match self.random.below(5) {
            0 => (STRANGER, ack_with(right, room), "rule B4: a stranger's ACK is dropped"),
            1 => (PEER, data(right, "x"), "rule B4: a sender has no use for DATA"),
            2 => (
                PEER,
                garbage(&mut self.random, &ack_with(right, room)),
                "rule A6: these bytes are no segment",
            ),
            _ => {
                let number = untrue(&mut self.random, &self.model);
                (PEER, ack_with(number, room), "rule B3: this acknowledges nothing that is in flight")
            }
        };
        self.script.deliver(from, &datagram)?;
        self.expect(&[], rule)
    }

    fn pass(&mut self, span: Duration) -> Outcome {
        let until = self.model.now + span;
        while let Some(due) = self.model.due.filter(|due| *due <= until + self.slack) {
            self.script.pass(due - self.slack - self.model.now)?;
            self.expect(&[], "rules A2 and C3: the timer is set for a whole RTO, which has not passed")?;
            self.script.pass(2 * self.slack)?;
            self.model.now = due;
            let follows = self.model.time_out();
            self.model.now = due + self.slack;
            self.expect(
                &follows,
                "rules C3, C8 and D5: the timer has run out; this follows, and nothing else",
            )?;
        }
        let rest = until.saturating_sub(self.model.now);
        self.script.pass(rest)?;
        self.model.now += rest;
        self.expect(&[], "rule A4: no timer is due")
    }
}

/// A random history with an RTO that stays as it is, old `ACK`s, and a window that closes.
pub(in crate::lab2) fn window_history(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4843_3153);
    let rto = ms(1 + random.below(5_000));
    let slack = Duration::from_micros(1);
    let mut history = History::start(bench, random, RtoConfig::fixed(rto), slack)?;
    let mut peer = Peer::default();
    for _ in 0..STEPS {
        match history.random.below(12) {
            0..=3 => history.give()?,
            4..=5 => {
                let top = history.model.top();
                let ack = peer.speak(&mut history.random, top, true);
                history.acknowledge(ack)?;
            }
            6 => {
                // It is said, but it does not come yet.
                let top = history.model.top();
                peer.speak(&mut history.random, top, true);
            }
            7..=8 => {
                if let Some(ack) = peer.repeat(&mut history.random) {
                    history.acknowledge(ack)?;
                }
            }
            9 => history.noise()?,
            _ => {
                let spans = [rto / 3, rto, 3 * rto + rto / 3];
                let span = spans[history.random.below(3) as usize];
                history.pass(span)?;
            }
        }
    }
    Ok(())
}

/// A random history with an RTO that adapts and a window of the receiver that does not matter.
pub(in crate::lab2) fn timeout_history(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4844_3153);
    let rto = RtoConfig {
        first: ms(500 + random.below(3_000)),
        min: ms(20 + random.below(400)),
        max: ms(4_000 + random.below(60_000)),
        granularity: ms(1 + random.below(100)),
    };
    let mut history = History::start(bench, random, rto, Duration::from_micros(50))?;
    let mut peer = Peer::default();
    for _ in 0..STEPS {
        match history.random.below(10) {
            0..=2 => history.give()?,
            3..=5 => {
                let top = history.model.top();
                let ack = peer.speak(&mut history.random, top, false);
                history.acknowledge(ack)?;
            }
            6 => history.noise()?,
            7..=8 => {
                let most = ms(1_000);
                let span = history.random.between(ms(0), most);
                history.pass(span)?;
            }
            _ => {
                let span = history.model.timeout.span();
                history.pass(span)?;
            }
        }
    }
    Ok(())
}
