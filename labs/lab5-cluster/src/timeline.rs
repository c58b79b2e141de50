//! A picture of a job: a lane for each worker, a bar for each attempt, and what became of it.
//!
//! It is made of what a coordinator was asked and has answered, so it shows what a coordinator can know: a worker that is dead and
//! one that is silent look alike.

use crate::message::{Body, Message, Reply, Request};
use crate::types::{Address, Attempt, WorkerId};
use faultline::Host;
use faultline::simulation::Delivery;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// What has happened so far.
#[derive(Clone, Debug)]
pub struct Timeline {
    started: Instant,
    /// Who is silent for so long is lost.
    lease: Duration,
    lanes: BTreeMap<Address, Lane>,
    end: Duration,
}

/// What a worker has done, in all its lives.
#[derive(Clone, Debug, Default)]
struct Lane {
    bars: Vec<Bar>,
    /// When it has registered, and whether that was not its first life.
    lives: Vec<(Duration, WorkerId)>,
    heard: Duration,
}

#[derive(Clone, Debug)]
struct Bar {
    attempt: Attempt,
    begin: Duration,
    end: Option<Duration>,
    fate: Fate,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Running,
    Counted,
    Useless,
    Failed,
    Lost,
}

impl Fate {
    const ALL: [Fate; 5] = [Fate::Counted, Fate::Useless, Fate::Failed, Fate::Lost, Fate::Running];

    fn word(self) -> &'static str {
        match self {
            Fate::Running => "running at the end",
            Fate::Counted => "counted",
            Fate::Useless => "another one was first",
            Fate::Failed => "failed",
            Fate::Lost => "lost with its worker",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Fate::Running => "running",
            Fate::Counted => "counted",
            Fate::Useless => "useless",
            Fate::Failed => "failed",
            Fate::Lost => "lost",
        }
    }
}

impl Timeline {
    /// One in which nothing has happened yet, of a coordinator with this lease.
    #[must_use]
    pub fn new(lease: Duration) -> Timeline {
        Timeline { started: Instant::now(), lease, lanes: BTreeMap::new(), end: Duration::ZERO }
    }

    /// That of a simulated run, from what has arrived.
    #[must_use]
    pub fn of<'a>(lease: Duration, deliveries: impl IntoIterator<Item = &'a Delivery>) -> Timeline {
        let mut timeline = Timeline::new(lease);
        let mut asked: BTreeMap<(Host, u64), Request> = BTreeMap::new();
        for delivery in deliveries {
            let Some(Message { call, body }) = Message::decode(&delivery.datagram) else { continue };
            match body {
                Body::Request(request) => drop(asked.insert((delivery.from, call), request)),
                Body::Reply(reply) => {
                    if let Some(request) = asked.get(&(delivery.to, call)) {
                        timeline.see_at(delivery.at.since(faultline::Time::ZERO), request, &reply);
                    }
                }
                Body::Read(_) | Body::Bytes(_) => {}
            }
        }
        timeline
    }

    /// A request was answered, now.
    pub fn see(&mut self, request: &Request, reply: &Reply) {
        self.see_at(self.started.elapsed(), request, reply);
    }

    fn see_at(&mut self, at: Duration, request: &Request, reply: &Reply) {
        self.end = self.end.max(at);
        let Some(worker) = request.worker() else { return };
        let lane = self.lanes.entry(worker.address).or_default();
        match (request, reply) {
            (_, Reply::Unknown) => lane.close(None, lane.heard, Fate::Lost),
            (Request::Register { .. }, Reply::Welcome { .. })
                if lane.lives.last().is_none_or(|(_, last)| *last != worker) =>
            {
                lane.close(None, lane.heard, Fate::Lost);
                lane.lives.push((at, worker));
            }
            (Request::Ask { .. }, Reply::Assign(assignment)) => lane.begin(at, assignment.attempt),
            (Request::Ask { .. }, Reply::Wait) => lane.close(None, at, Fate::Lost),
            (Request::Done { attempt, .. }, Reply::Kept) => lane.close(Some(*attempt), at, Fate::Counted),
            (Request::Done { attempt, .. }, Reply::Useless) => lane.close(Some(*attempt), at, Fate::Useless),
            (Request::Alive { attempt, .. }, Reply::Stop) => lane.close(Some(*attempt), at, Fate::Useless),
            (Request::Failed { attempt, .. }, Reply::Noted) => lane.close(Some(*attempt), at, Fate::Failed),
            (_, Reply::Over) => lane.close(None, at, Fate::Useless),
            _ => {}
        }
        lane.heard = at;
    }

    /// The same, with those who are silent lost.
    fn settled(&self) -> Timeline {
        let mut settled = self.clone();
        for lane in settled.lanes.values_mut().filter(|lane| lane.heard + self.lease < self.end) {
            lane.close(None, lane.heard, Fate::Lost);
        }
        settled
    }

    /// The picture, as a page that needs nothing else.
    #[must_use]
    pub fn page(&self, title: &str) -> String {
        let settled = self.settled();
        let title = escaped(title);
        let mut page = format!("{HEAD}<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n");
        let bars = || settled.lanes.values().flat_map(|lane| &lane.bars);
        let _ = write!(page, "<p>{} attempts on {} workers", bars().count(), settled.lanes.len());
        for fate in Fate::ALL {
            let count = bars().filter(|bar| bar.fate == fate).count();
            if count > 0 {
                let _ =
                    write!(page, " · <span class=\"key {}\"></span> {count} {}", fate.class(), fate.word());
            }
        }
        let _ = writeln!(page, " · <span class=\"key reduce\"></span> reduce tasks have a line above</p>");
        settled.chart(&mut page);
        page.push_str("</body>\n</html>\n");
        page
    }

    /// The picture alone, as a file.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        self.settled().chart(&mut svg);
        svg
    }

    fn chart(&self, page: &mut String) {
        const LEFT: f64 = 150.0;
        const WIDTH: f64 = 1_000.0;
        const LANE: f64 = 34.0;
        const TOP: f64 = 24.0;
        let seconds = self.end.as_secs_f64().max(0.001);
        let x = |at: Duration| LEFT + (WIDTH - LEFT - 10.0) * at.as_secs_f64() / seconds;
        let height = TOP + LANE * self.lanes.len() as f64 + 8.0;
        let _ = writeln!(
            page,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"timeline\">\n{STYLE}"
        );
        for number in 0..=8 {
            let at = self.end.mul_f64(f64::from(number) / 8.0);
            let _ = writeln!(
                page,
                "<path class=\"grid\" d=\"M{0:.1} {TOP}V{height}\"/><text x=\"{0:.1}\" y=\"14\" text-anchor=\"middle\">{1:.1} s</text>",
                x(at),
                at.as_secs_f64()
            );
        }
        for (index, (address, lane)) in self.lanes.iter().enumerate() {
            let y = TOP + LANE * index as f64 + 6.0;
            let _ = writeln!(
                page,
                "<text x=\"4\" y=\"{:.1}\">{}</text>",
                y + 15.0,
                escaped(&address.to_string())
            );
            for bar in &lane.bars {
                let end = bar.end.unwrap_or(self.end);
                let (from, width) = (x(bar.begin), (x(end) - x(bar.begin)).max(1.5));
                let words = format!(
                    "{}: {:.2} s to {:.2} s, {}",
                    bar.attempt,
                    bar.begin.as_secs_f64(),
                    end.as_secs_f64(),
                    bar.fate.word()
                );
                let _ = writeln!(
                    page,
                    "<g><title>{}</title><rect class=\"{}\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"22\" rx=\"2\"/>",
                    escaped(&words),
                    bar.fate.class()
                );
                if !bar.attempt.task.is_map() {
                    let _ =
                        writeln!(page, "<path class=\"line\" d=\"M{from:.1} {:.1}h{width:.1}\"/>", y - 1.5);
                }
                let name = short(bar.attempt);
                if width > 7.0 * name.len() as f64 {
                    let middle = from + width / 2.0;
                    let _ = writeln!(
                        page,
                        "<text class=\"name\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
                        y + 15.0
                    );
                }
                page.push_str("</g>\n");
            }
            for (number, (at, worker)) in lane.lives.iter().enumerate() {
                let word = if number == 0 { "registers" } else { "registers again" };
                let class = if number == 0 { "life" } else { "life again" };
                let _ = writeln!(
                    page,
                    "<g><title>{worker} {word} at {:.2} s</title><path class=\"{class}\" d=\"M{:.1} {:.1}v28\"/></g>",
                    at.as_secs_f64(),
                    x(*at),
                    y - 3.0
                );
            }
        }
        page.push_str("</svg>\n");
    }
}

impl Lane {
    fn begin(&mut self, at: Duration, attempt: Attempt) {
        let goes_on = self.bars.last().is_some_and(|bar| bar.attempt == attempt && bar.end.is_none());
        if !goes_on {
            self.close(None, at, Fate::Lost);
            self.bars.push(Bar { attempt, begin: at, end: None, fate: Fate::Running });
        }
    }

    /// What is running, be it this attempt or any, has ended.
    fn close(&mut self, attempt: Option<Attempt>, at: Duration, fate: Fate) {
        let is_meant = |bar: &&mut Bar| bar.end.is_none() && attempt.is_none_or(|it| it == bar.attempt);
        for bar in self.bars.iter_mut().filter(is_meant) {
            (bar.end, bar.fate) = (Some(at.max(bar.begin)), fate);
        }
    }
}

/// As short as it can be: the letter of the task and its number.
fn short(attempt: Attempt) -> String {
    match attempt.task {
        crate::types::Task::Map(number) => format!("m{number}"),
        crate::types::Task::Reduce(number) => format!("r{number}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Readable on a light ground and on a dark one.
const STYLE: &str = "<style>
text { font: 11px system-ui, sans-serif; fill: #808890; }
.grid { stroke: #8886; stroke-width: 1; }
.line { stroke: #e07b00; stroke-width: 3; }
.life { stroke: #2a8; stroke-width: 2; }
.again { stroke-width: 3; stroke-dasharray: 3 2; }
rect.counted { fill: #4a90d9; }
rect.useless { fill: #9aa3ad; }
rect.failed { fill: #d6453d; }
rect.lost { fill: #fff0; stroke: #d6453d; stroke-dasharray: 4 2; }
rect.running { fill: #4a90d955; }
text.name { fill: #fff; }
rect.lost + .name { fill: #808890; }
</style>";

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: CanvasText; background: Canvas; }
h1 { font-size: 1.2rem; }
svg { width: 100%; }
.counted { background: #4a90d9; }
.useless { background: #9aa3ad; }
.failed { background: #d6453d; }
.lost { border: 1px dashed #d6453d; }
.running { background: #4a90d955; }
.reduce { border-top: 3px solid #e07b00; }
.key { display: inline-block; width: 1.2em; height: .8em; }
</style>
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Assignment, Input};
    use crate::types::Task;

    #[test]
    fn a_page_has_a_bar_for_each_attempt_with_its_fate() {
        let worker = |life| WorkerId { address: Address(2), life };
        let attempt = |task, number| Attempt { task, number };
        let assign = |attempt| {
            let input = Input::Outputs(vec![], 1);
            Reply::Assign(Assignment { attempt, application: "<words>".into(), input, skip: vec![] })
        };
        let mut timeline = Timeline::new(Duration::from_secs(60));
        let mut see = |at, request: Request, reply: Reply| {
            timeline.see_at(Duration::from_secs(at), &request, &reply);
        };
        let (first, second) = (attempt(Task::Map(0), 1), attempt(Task::Reduce(3), 2));
        see(0, Request::Register { worker: worker(1), finished: vec![] }, Reply::Welcome { useless: vec![] });
        see(1, Request::Ask { worker: worker(1) }, assign(first));
        see(2, Request::Ask { worker: worker(1) }, assign(first));
        see(3, Request::Done { worker: worker(1), attempt: first }, Reply::Kept);
        see(4, Request::Ask { worker: worker(1) }, assign(second));
        see(
            9,
            Request::Register { worker: worker(2), finished: vec![first] },
            Reply::Welcome { useless: vec![] },
        );
        let page = timeline.page("a <job>");
        assert!(page.contains("a &lt;job&gt;") && page.contains("2 attempts on 1 workers"), "{page}");
        assert!(page.contains("map 0.1: 1.00 s to 3.00 s, counted"), "{page}");
        assert!(page.contains("reduce 3.2: 4.00 s to 4.00 s, lost with its worker"), "{page}");
        assert!(page.contains("registers again at 9.00 s"), "{page}");
    }
}
