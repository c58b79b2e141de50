//! Two transfers that share one slow link between two routers, as on any road out of a town.

use super::checks::{message, receiver_config, sender_config};
use crate::{
    Accepted, Deliver, RECEIVER, ReceiverCommand, ReceiverConfig, RtoConfig, SENDER, Segment, SenderCommand,
    SenderConfig,
};
use faultline::picture::Chart;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Handle, Link, Simulation};
use faultline::{Context, Host, Machine, Never, ms, text};
use std::time::Duration;

/// The length of each message.
const MESSAGE: usize = 980;
/// How often the progress is noted.
const STEP: Duration = ms(500);

/// A router between two hosts that send and a slow link, or between the link and two that receive. On the link each
/// datagram bears one byte more: which transfer it is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Router {
    ends: [Host; 2],
    other: Host,
}

impl Machine for Router {
    type Command = Never;
    type Notice = Never;
    type Timer = Never;

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        if let Some(transfer) = self.ends.iter().position(|end| *end == from) {
            ctx.send(self.other, [&[transfer as u8], datagram].concat());
        } else if let Some((transfer, segment)) = datagram.split_first()
            && let Some(end) = self.ends.get(usize::from(*transfer))
        {
            ctx.send(*end, segment.to_vec());
        }
    }
}

/// What a router sends, as stories show it.
fn describe(datagram: &[u8]) -> String {
    match (Segment::decode(datagram), datagram.split_first()) {
        (Err(_), Some((transfer, segment))) => format!("[{transfer}] {}", Segment::describe(segment)),
        _ => Segment::describe(datagram),
    }
}

/// The slow link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Road {
    /// What it carries.
    pub bytes_per_second: u64,
    /// How long a datagram is on it.
    pub latency: Duration,
    /// How many datagrams may wait for it.
    pub queue: usize,
}

impl Road {
    /// The slow link of the public scenario.
    pub const NARROW: Road = Road { bytes_per_second: 100_000, latency: ms(20), queue: 20 };
}

/// Two senders, two routers, two receivers.
pub struct Bottleneck<'a> {
    road: Road,
    simulation: Simulation<'a>,
    senders: [Handle<SenderCommand, Accepted>; 2],
    receivers: [Handle<ReceiverCommand, Deliver>; 2],
    routers: [Host; 2],
    begun: [bool; 2],
    /// How many messages each sender was given.
    given: [usize; 2],
    /// How many messages were delivered of each transfer, step by step.
    progress: [Vec<usize>; 2],
}

impl<'a> Bottleneck<'a> {
    /// All hosts, with `window` messages in flight at most and some difference between the ways of the two.
    ///
    /// # Errors
    /// A machine does not come up.
    pub fn start(bench: &Bench<'a>, road: Road, window: u32) -> Result<Bottleneck<'a>, Failure> {
        let (mut simulation, [s0, s1, left, right, r0, r1]) =
            Simulation::new(bench, ["sender 0", "sender 1", "left", "right", "receiver 0", "receiver 1"]);
        simulation.links(Link { latency_min: ms(3), latency_max: ms(3), ..Link::default() });
        // The moments of the two mix by chance, but no `DATA` overtakes another, for that would look like a loss.
        for receiver in [r0, r1] {
            let back = Link { latency_min: ms(2), latency_max: ms(6), ..Link::default() };
            simulation.link(receiver, right, back);
        }
        let slow = Link {
            latency_min: road.latency,
            latency_max: road.latency,
            bytes_per_second: Some(road.bytes_per_second),
            queue: road.queue,
            ..Link::default()
        };
        simulation.link(left, right, slow);
        simulation.start_given(left, Router { ends: [s0, s1], other: right }, describe)?;
        simulation.start_given(right, Router { ends: [r0, r1], other: left }, describe)?;
        let rto = RtoConfig { first: ms(1_000), min: ms(200), max: ms(60_000), granularity: ms(1) };
        let sender = SenderConfig { window, rto, congestion: true, ..sender_config(left, ms(0)) };
        let receiver = ReceiverConfig { window, ..receiver_config(right) };
        Ok(Bottleneck {
            road,
            senders: [simulation.start(s0, &SENDER, &sender)?, simulation.start(s1, &SENDER, &sender)?],
            receivers: [
                simulation.start(r0, &RECEIVER, &receiver)?,
                simulation.start(r1, &RECEIVER, &receiver)?,
            ],
            simulation,
            routers: [left, right],
            begun: [false, false],
            given: [0, 0],
            progress: [vec![0], vec![0]],
        })
    }

    /// A transfer begins, and never comes to its end: there is always something to send.
    pub fn begin(&mut self, transfer: usize) {
        self.begun[transfer] = true;
    }

    /// Gives each transfer what it can send in the next step, and as much again.
    fn feed(&mut self) -> Outcome {
        let ahead = self.capacity(2 * STEP) as usize;
        for (transfer, sender) in self.senders.into_iter().enumerate().filter(|it| self.begun[it.0]) {
            // A sender that says at once that everything is accepted gets no more than others.
            let goal = self.simulation.notice_count(sender) + ahead;
            while self.given[transfer] < goal {
                let mut bytes = message(self.given[transfer]);
                bytes.resize(MESSAGE, b'.');
                self.simulation.command(sender, &SenderCommand::Send(bytes))?;
                self.given[transfer] += 1;
            }
        }
        Ok(())
    }

    /// Lets `span` pass, and notes the progress on the way.
    ///
    /// # Errors
    /// A machine does not answer.
    pub fn run_for(&mut self, span: Duration) -> Outcome {
        for _ in 0..span.as_millis() / STEP.as_millis() {
            self.feed()?;
            self.simulation.run_for(STEP)?;
            for (receiver, progress) in self.receivers.into_iter().zip(&mut self.progress) {
                progress.push(self.simulation.notice_count(receiver));
            }
        }
        Ok(())
    }

    /// How many messages of each transfer were delivered in the last `span`.
    #[must_use]
    pub fn delivered(&self, span: Duration) -> [usize; 2] {
        let steps = (span.as_millis() / STEP.as_millis()) as usize;
        self.progress.each_ref().map(|progress| {
            let now = progress.len() - 1;
            progress[now] - progress[now.saturating_sub(steps)]
        })
    }

    /// How many messages the link can carry in `span`.
    #[must_use]
    pub fn capacity(&self, span: Duration) -> f64 {
        self.road.bytes_per_second as f64 * span.as_secs_f64() / (MESSAGE as f64 + 16.0)
    }

    /// How many datagrams were given to the slow link, and how many of them found its queue full.
    #[must_use]
    pub fn losses(&self) -> (u64, u64) {
        let counts = self.simulation.counts(self.routers[0], self.routers[1]);
        (counts.sent, counts.overflowed)
    }

    /// The rates of both transfers, as a chart.
    #[must_use]
    pub fn chart(&self, title: &str) -> Chart {
        let rates = |progress: &[usize]| -> Vec<(f64, f64)> {
            // Each point is the mean over four steps: less is noise.
            let windows = progress.windows(5).enumerate();
            let seconds = |step: usize| step as f64 * STEP.as_secs_f64();
            windows.map(|(at, five)| (seconds(at + 4), (five[4] - five[0]) as f64 / seconds(4))).collect()
        };
        let lines = self.progress.iter().enumerate();
        Chart {
            title: title.into(),
            across: "seconds".into(),
            up: "messages delivered in a second".into(),
            lines: lines
                .map(|(transfer, progress)| (format!("transfer {transfer}"), rates(progress)))
                .collect(),
        }
    }

    /// A failure with the story so far.
    #[must_use]
    pub fn fail(&self, reason: String) -> Failure {
        self.simulation.fail(text::line(&reason, 600))
    }
}
