//! One side of a connection as the rules of part E have it, with room for one message, stepped beside the student's in random
//! histories. It is one flat list of cases, written apart from the reference.

use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome};
use faultline::script::Script;
use faultline::{Host, ms};
use lab2_kit::scenarios::checks::connection_config;
use lab2_kit::{
    CONNECTION, ConnectionCommand, ConnectionConfig, ConnectionNotice, Reason, RtoConfig, Segment, SeqNo,
};
use std::collections::VecDeque;
use std::time::Duration;

/// How many things are done in one history.
const STEPS: usize = 400;

const STRANGER: Host = Host(1);
const PEER: Host = Host(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Nothing,
    Listening,
    Connecting,
    Answered,
    Open,
    Closed,
}

/// Which of the side's time-outs: its place in `Model::due`.
const GREET: usize = 0;
const RESEND: usize = 1;
const ASK: usize = 2;
const GIVE_UP: usize = 3;
const LINGER: usize = 4;

struct Model {
    config: ConnectionConfig,
    phase: Phase,
    isn: u32,
    peer_isn: u32,
    /// What is not acknowledged, the first of it in flight when the side is open; `None` is the `FIN`.
    queue: VecDeque<Option<Vec<u8>>>,
    base: u32,
    expected: u32,
    finished: bool,
    ended: bool,
    now: Duration,
    due: [Option<Duration>; 5],
    sent: Vec<(Segment, &'static str)>,
    told: Vec<(ConnectionNotice, &'static str)>,
}

fn next(number: u32) -> u32 {
    number.wrapping_add(1)
}

impl Model {
    fn new(config: ConnectionConfig) -> Model {
        Model {
            config,
            phase: Phase::Nothing,
            isn: 0,
            peer_isn: 0,
            queue: VecDeque::new(),
            base: 0,
            expected: 0,
            finished: false,
            ended: false,
            now: Duration::ZERO,
            due: [None; 5],
            sent: vec![],
            told: vec![],
        }
    }

    fn set(&mut self, timer: usize, after: Duration) {
        self.due[timer] = Some(self.now + after);
    }

    fn end(&mut self) {
        *self = Model {
            now: self.now,
            sent: std::mem::take(&mut self.sent),
            told: std::mem::take(&mut self.told),
            ..Model::new(self.config)
        };
    }

    fn greet(&mut self, rule: &'static str) {
        let isn = SeqNo(self.isn);
        let segment = match self.phase {
            Phase::Connecting => Segment::Syn { isn },
            _ => Segment::SynAck { isn, next: SeqNo(next(self.peer_isn)) },
        };
        self.sent.push((segment, rule));
    }

    fn send_first(&mut self, rule: &'static str) {
        let seq = SeqNo(self.base);
        let Some(item) = self.queue.front() else {
            self.due[RESEND] = None;
            return;
        };
        let segment = match item {
            Some(payload) => Segment::Data { seq, payload: payload.clone() },
            None => Segment::Fin { seq },
        };
        self.sent.push((segment, rule));
        self.set(RESEND, self.config.rto.first);
    }

    fn acknowledge(&mut self, rule: &'static str) {
        self.sent.push((Segment::Ack { next: SeqNo(self.expected), window: 1 }, rule));
    }

    fn command(&mut self, command: &ConnectionCommand) {
        let rejected = (ConnectionNotice::Rejected, "rule E11: this cannot be done now");
        let item = match command {
            ConnectionCommand::Connect(isn) | ConnectionCommand::Listen(isn) => {
                if self.phase != Phase::Nothing {
                    return self.told.push(rejected);
                }
                self.isn = isn.0;
                self.phase = Phase::Listening;
                if matches!(command, ConnectionCommand::Connect(_)) {
                    self.phase = Phase::Connecting;
                    self.greet("rule E1: Connect sends SYN");
                    self.set(GREET, self.config.rto.first);
                    self.set(GIVE_UP, self.config.give_up);
                }
                return;
            }
            ConnectionCommand::Send(message) => Some(message.clone()),
            ConnectionCommand::Finish => None,
        };
        if self.phase == Phase::Nothing || self.finished {
            return self.told.push(rejected);
        }
        self.finished = item.is_none();
        self.queue.push_back(item);
        if self.phase == Phase::Open && self.queue.len() == 1 {
            self.send_first("rules A1 and E5: nothing is in flight");
        }
    }

    fn open(&mut self, peer_isn: u32) {
        let answers = self.phase == Phase::Connecting;
        self.phase = Phase::Open;
        (self.base, self.expected) = (next(self.isn), next(peer_isn));
        self.due[GREET] = None;
        self.set(ASK, self.config.keep_alive);
        self.set(GIVE_UP, self.config.give_up);
        self.told.push((ConnectionNotice::Opened, "rules E2 and E3: the handshake is done"));
        if answers {
            self.acknowledge("rule E3: the SYN-ACK is answered");
        }
        self.send_first("rule E1: what the application has sent waits until the connection is open");
    }

    fn receive(&mut self, segment: &Segment) {
        if matches!(self.phase, Phase::Connecting | Phase::Answered | Phase::Open) {
            self.set(GIVE_UP, self.config.give_up);
        }
        if self.phase == Phase::Open {
            self.set(ASK, self.config.keep_alive);
        }
        let number = match segment {
            Segment::Data { seq: SeqNo(number), .. }
            | Segment::Fin { seq: SeqNo(number) }
            | Segment::Ack { next: SeqNo(number), .. }
            | Segment::KeepAlive { next: SeqNo(number) }
            | Segment::Syn { isn: SeqNo(number) }
            | Segment::SynAck { next: SeqNo(number), .. }
            | Segment::Reset { about: SeqNo(number) } => *number,
        };
        if matches!(segment, Segment::Reset { .. }) {
            return self.receive_reset(number);
        }
        match (self.phase, segment) {
            (Phase::Open | Phase::Closed, _) => self.receive_open(segment, number),
            (Phase::Listening, Segment::Syn { .. }) => {
                self.phase = Phase::Answered;
                self.peer_isn = number;
                self.greet("rule E2: a SYN is answered with SYN-ACK");
                self.set(GREET, self.config.rto.first);
                self.set(GIVE_UP, self.config.give_up);
            }
            (Phase::Answered, Segment::Syn { .. }) if number == self.peer_isn => {
                self.greet("rule E2: the same SYN is answered again");
            }
            (Phase::Answered, Segment::Ack { .. }) if number == next(self.isn) => self.open(self.peer_isn),
            (Phase::Connecting, Segment::SynAck { isn, .. }) if number == next(self.isn) => self.open(isn.0),
            (
                Phase::Answered,
                Segment::Syn { .. } | Segment::Data { .. } | Segment::Fin { .. } | Segment::KeepAlive { .. },
            ) => {}
            _ => {
                let reset = Segment::Reset { about: SeqNo(number) };
                self.sent.push((reset, "rule E9: this belongs to no connection of this side"));
            }
        }
    }

    fn receive_reset(&mut self, about: u32) {
        let in_flight = !self.queue.is_empty() && about == self.base;
        match self.phase {
            Phase::Connecting if about == self.isn => {
                let refused = ConnectionNotice::Failed(Reason::Refused);
                self.told.push((refused, "rule E10: the RESET names its ISN"));
                self.end();
            }
            Phase::Answered if about == next(self.peer_isn) => {
                self.phase = Phase::Listening;
                self.due = [None; 5];
            }
            Phase::Open if in_flight || about == self.expected => {
                let reset = ConnectionNotice::Failed(Reason::Reset);
                self.told.push((reset, "rule E10: the RESET names what was said last"));
                self.end();
            }
            Phase::Closed if about == self.expected => self.end(),
            _ => {}
        }
    }

    fn receive_open(&mut self, segment: &Segment, number: u32) {
        match segment {
            Segment::Ack { .. } => {
                if !self.queue.is_empty() && number == next(self.base) {
                    self.queue.pop_front();
                    self.base = next(self.base);
                    self.send_first("rule A3: it is acknowledged, and the next one follows");
                }
            }
            Segment::Data { payload, .. } => {
                if number == self.expected {
                    self.expected = next(self.expected);
                    let message = ConnectionNotice::Message(payload.clone());
                    self.told.push((message, "rule A5: this is the message that it was waiting for"));
                }
                self.acknowledge("rules A5 and B2: DATA is answered with what is expected next");
            }
            Segment::Fin { .. } => {
                if number == self.expected {
                    self.expected = next(self.expected);
                    self.ended = true;
                    self.told.push((ConnectionNotice::End, "rule E5: it is the turn of the FIN"));
                }
                self.acknowledge("rule E5: a FIN is answered like DATA");
            }
            _ => self.acknowledge("rules E7 and E8: this is answered with an ACK"),
        }
        if self.phase == Phase::Open && self.finished && self.queue.is_empty() && self.ended {
            self.phase = Phase::Closed;
            self.due = [None; 5];
            self.set(LINGER, self.config.linger);
            self.told.push((ConnectionNotice::Closed, "rule E6: both directions are done"));
        }
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let soonest = (0..5).filter_map(|timer| self.due[timer].map(|at| (at, timer))).min();
            let Some((at, timer)) = soonest.filter(|(at, _)| *at <= end) else { break };
            self.now = at;
            match timer {
                GREET => {
                    self.greet("rule E4: it has not been answered for an RTO");
                    self.set(GREET, self.config.rto.first);
                }
                RESEND => self.send_first("rule A2: the RTO has passed without an ACK"),
                ASK => {
                    let question = Segment::KeepAlive { next: SeqNo(self.expected) };
                    self.sent.push((question, "rule E7: nothing was heard for keep_alive"));
                    self.set(ASK, self.config.keep_alive);
                }
                GIVE_UP if self.phase == Phase::Answered => {
                    self.phase = Phase::Listening;
                    self.due = [None; 5];
                }
                GIVE_UP => {
                    let silent = ConnectionNotice::Failed(Reason::Silent);
                    self.told.push((silent, "rule E7: nothing was heard for give_up"));
                    self.end();
                }
                _ => self.end(),
            }
        }
        self.now = end;
    }

    /// A segment that means something now, or would if one of its numbers were another.
    fn some_segment(&self, random: &mut Random) -> Segment {
        let helpful = match self.phase {
            Phase::Listening => Segment::Syn { isn: SeqNo(random.bits() as u32) },
            Phase::Connecting => {
                Segment::SynAck { isn: SeqNo(random.bits() as u32), next: SeqNo(next(self.isn)) }
            }
            Phase::Answered => Segment::Ack { next: SeqNo(next(self.isn)), window: 1 },
            _ if random.chance(0.5) => Segment::Ack { next: SeqNo(next(self.base)), window: 1 },
            _ if random.chance(0.1) => Segment::Fin { seq: SeqNo(self.expected) },
            _ => Segment::Data { seq: SeqNo(self.expected), payload: payload(random) },
        };
        let segment = if random.chance(0.6) { helpful } else { self.odd_segment(random) };
        match segment {
            // What may follow after a FIN is not told.
            Segment::Data { seq, .. } | Segment::Fin { seq } if self.ended && seq.0 == self.expected => {
                Segment::KeepAlive { next: SeqNo(self.base) }
            }
            segment => segment,
        }
    }

    fn odd_segment(&self, random: &mut Random) -> Segment {
        let near = [self.isn, self.peer_isn, self.base, self.expected, random.bits() as u32];
        let mut number = || {
            let number = near[random.below(5) as usize];
            SeqNo(number.wrapping_add(random.below(4) as u32).wrapping_sub(1))
        };
        let (seq, other) = (number(), number());
        match random.below(12) {
            0 | 1 => Segment::Data { seq, payload: payload(random) },
            2 => Segment::Fin { seq },
            3 | 4 => Segment::Ack { next: seq, window: 1 },
            5 | 6 => Segment::Syn { isn: seq },
            7 | 8 => Segment::SynAck { isn: other, next: seq },
            9 => Segment::KeepAlive { next: seq },
            _ => Segment::Reset { about: seq },
        }
    }

    fn some_command(&self, random: &mut Random) -> ConnectionCommand {
        let isn =
            SeqNo(if random.chance(0.3) { u32::MAX - random.below(3) as u32 } else { random.bits() as u32 });
        let opens = if self.phase == Phase::Nothing { 0.9 } else { 0.05 };
        if random.chance(opens) {
            return if random.chance(0.5) {
                ConnectionCommand::Connect(isn)
            } else {
                ConnectionCommand::Listen(isn)
            };
        }
        if random.chance(0.1) { ConnectionCommand::Finish } else { ConnectionCommand::Send(payload(random)) }
    }
}

/// Few different messages, so that equal ones often follow each other.
fn payload(random: &mut Random) -> Vec<u8> {
    vec![b'a' + random.below(3) as u8]
}

fn some_config(random: &mut Random) -> ConnectionConfig {
    // Odd fractions of a millisecond, so that no two time-outs are due in the same moment.
    let mut odd = |most_ms| ms(1_000 + random.below(most_ms)) + Duration::from_nanos(random.below(1_000_000));
    let rto = RtoConfig::fixed(odd(2_000));
    let keep_alive = odd(20_000);
    let give_up = 2 * keep_alive + odd(30_000);
    ConnectionConfig { rto, keep_alive, give_up, linger: odd(60_000), ..connection_config(PEER) }
}

/// A random history of one side.
pub(super) fn history(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4845_3253);
    let config = some_config(&mut random);
    let mut side = Script::start(bench, CONNECTION, ["side", "stranger"], &config)?;
    side.peer("peer");
    let mut model = Model::new(config);
    for _ in 0..STEPS {
        match random.below(20) {
            0..=5 => {
                let command = model.some_command(&mut random);
                model.command(&command);
                side.command(&command)?;
            }
            6..=14 => {
                let segment = model.some_segment(&mut random);
                model.receive(&segment);
                side.deliver(PEER, &segment.encode())?;
            }
            15 => {
                let mut bytes = model.some_segment(&mut random).encode();
                let bit = random.below(bytes.len() as u64 * 8) as usize;
                bytes[bit / 8] ^= 1 << (bit % 8);
                side.deliver(PEER, &bytes)?;
            }
            16 => side.deliver(STRANGER, &model.some_segment(&mut random).encode())?,
            _ => {
                let spans = [
                    config.rto.first / 2,
                    config.rto.first,
                    config.keep_alive,
                    config.give_up,
                    config.linger,
                ];
                let span = spans[random.below(spans.len() as u64) as usize] + ms(random.below(300));
                let span = if random.chance(0.5) { span / 5 } else { span };
                model.pass(span);
                side.pass(span)?;
            }
        }
        for (segment, rule) in model.sent.drain(..) {
            side.expect_datagram(PEER, &segment.encode(), rule)?;
        }
        for (notice, rule) in model.told.drain(..) {
            side.expect_notice(&notice, rule)?;
        }
        side.expect_nothing("rules A6, B4 and E1 to E11: nothing else follows from this step")?;
        if model.due == [None; 5] {
            side.expect_no_timer("rules E6, E7, E10 and E11: there is nothing to wait for")?;
        }
    }
    Ok(())
}
