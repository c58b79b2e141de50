//! The space-time diagram as SVG: hosts are vertical lines, the records go down one a row, datagrams are arrows from where
//! they were sent to where they ended. In a search each host has a clock of its own, so the order of the records is the
//! axis, not time.

use super::flights::{End, Flight, flights};
use super::marks::{
    COLUMN, GAP, Place, Point, at_line, columns, copies, cross, cut, escape, head, sign, words, zigzag,
};
use super::steps::{Step, moment};
use crate::machine::Host;
use crate::trace::{Record, RecordKind, Story};
use std::fmt::Write as _;

/// The height of one row, in pixels; so are all lengths below.
const ROW: f64 = 30.0;
/// Above the first row and below the last.
const EDGE: f64 = 12.0;
/// For the numbers of the steps and their moments.
const GUTTER: f64 = 134.0;
/// For the texts of the outermost hosts.
const MARGIN: f64 = 220.0;
/// Between two hosts' lines, when there are two and when there are more.
const LANES: (f64, f64) = (310.0, 236.0);

/// A story on a surface.
pub(super) struct Diagram<'a> {
    story: &'a Story,
    /// The steps that are shown.
    steps: &'a [Step],
    /// The last step is the one that fails.
    fails: bool,
    flights: Vec<Flight>,
    /// For each record, the flight that it tells of.
    told_of: Vec<Option<usize>>,
    /// For each record, on which row it is; records that are not shown are on none, above the first.
    rows: Vec<Option<usize>>,
    height: f64,
}

impl<'a> Diagram<'a> {
    /// The diagram of these steps of a story, which has hosts, and whose last step fails or not.
    pub(super) fn new(story: &'a Story, steps: &'a [Step], fails: bool) -> Diagram<'a> {
        let mut rows = vec![None; story.records.len()];
        let mut row = 0;
        let mut before: Option<&Step> = None;
        for step in steps {
            // Hosts that come up together share a row.
            let together =
                |last: &Step| last.number.is_none() && step.number.is_none() && last.host < step.host;
            if before.is_some_and(together) {
                row -= 1;
            }
            for index in step.records.clone() {
                rows[index] = Some(row);
                row += 1;
            }
            before = Some(step);
        }
        let height = EDGE * 2.0 + ROW * row.max(1) as f64;
        let flights = flights(&story.records);
        let mut told_of = vec![None; story.records.len()];
        for (number, flight) in flights.iter().enumerate() {
            for index in flight.way.iter().copied().chain([flight.last()]) {
                told_of[index].get_or_insert(number);
            }
        }
        Diagram { story, steps, fails, flights, told_of, rows, height }
    }

    fn width(&self) -> f64 {
        self.x(Host(self.story.hosts.len().saturating_sub(1) as u16)) + MARGIN
    }

    /// The hosts' names, to stay on top.
    pub(super) fn names(&self) -> String {
        let mut out = format!(
            r#"<svg class="names" width="{0:.0}" height="40" viewBox="0 0 {0:.0} 40" aria-hidden="true">"#,
            self.width()
        );
        out.push_str(r#"<text class="axis" x="14" y="25">step</text>"#);
        let _ = write!(
            out,
            r#"<text class="axis" x="{:.0}" y="25" text-anchor="end">time</text>"#,
            GUTTER - 12.0
        );
        for (index, name) in self.story.hosts.iter().enumerate() {
            let x = self.x(Host(index as u16));
            let shown = cut(name, 26);
            let half = columns(&shown) as f64 * 7.9 / 2.0 + 12.0;
            let _ = write!(
                out,
                r#"<g><title>{}</title><rect x="{:.1}" y="7" width="{:.1}" height="26" rx="6"/><text x="{x:.1}" y="25" text-anchor="middle">{}</text></g>"#,
                escape(name),
                x - half,
                half * 2.0,
                escape(&shown)
            );
        }
        out + "</svg>"
    }

    /// Everything below the names.
    pub(super) fn svg(&self) -> String {
        let mut out = format!(
            r#"<svg class="diagram" width="{0:.0}" height="{1:.0}" viewBox="0 0 {0:.0} {1:.0}" role="group" aria-label="Space-time diagram">"#,
            self.width(),
            self.height
        );
        out.push_str(HATCH);
        self.steps.iter().for_each(|step| out.push_str(&self.band(step)));
        (0..self.story.hosts.len()).for_each(|host| out.push_str(&self.line(Host(host as u16))));
        self.flights.iter().for_each(|flight| out.push_str(&self.flight(flight)));
        self.steps.iter().for_each(|step| out.push_str(&self.step(step)));
        out + "</svg>"
    }

    fn x(&self, host: Host) -> f64 {
        let lane = if self.story.hosts.len() > 2 { LANES.1 } else { LANES.0 };
        GUTTER + MARGIN + f64::from(host.0) * lane
    }

    /// The middle of a record's row; the upper edge for one that is not shown.
    fn y(&self, index: usize) -> f64 {
        self.rows[index].map_or(0.0, |row| EDGE + ROW * (row as f64 + 0.5))
    }

    /// The surface of a step, which the mouse finds.
    fn band(&self, step: &Step) -> String {
        let (top, bottom) = self.span(step);
        let Some(number) = step.number else { return String::new() };
        let class = if number % 2 == 0 { "band even" } else { "band" };
        format!(
            r#"<rect class="{class}" data-step="{number}" x="0" y="{top:.1}" width="{:.0}" height="{:.1}"/>"#,
            self.width(),
            bottom - top
        )
    }

    fn span(&self, step: &Step) -> (f64, f64) {
        (self.y(step.records.start) - ROW / 2.0, self.y(step.records.end - 1) + ROW / 2.0)
    }

    /// A host's line: none while the host is down, hatched while it is paused.
    fn line(&self, host: Host) -> String {
        let x = self.x(host);
        let mut out = String::new();
        let mut since = 0.0;
        let mut class = "line";
        let mut until = |y: f64, class: &str, since: f64| {
            let _ = match class {
                "gap" => Ok(()),
                "paused" => write!(
                    out,
                    r#"<rect class="paused" x="{:.1}" y="{since:.1}" width="12" height="{:.1}"/>"#,
                    x - 6.0,
                    y - since
                ),
                _ => write!(out, r#"<path class="line" d="M{x:.1} {since:.1}V{y:.1}"/>"#),
            };
        };
        for (index, record) in self.story.records.iter().enumerate().filter(|(_, it)| it.host == host) {
            let next = match record.kind {
                RecordKind::Crash => "gap",
                RecordKind::Pause => "paused",
                RecordKind::Restart | RecordKind::Resume => "line",
                _ => continue,
            };
            until(self.y(index), class, since);
            (class, since) = (next, self.y(index));
        }
        until(self.height, class, since);
        out
    }

    /// A datagram's way: each record of it is a point, so it bends where the network did something to it.
    fn flight(&self, flight: &Flight) -> String {
        let last = flight.last();
        if self.rows[last].is_none() && flight.end != End::OnTheWay {
            return String::new();
        }
        let points = self.points(flight);
        let Some((&first, rest)) = points.split_first() else { return String::new() };
        let mut path = format!("M{:.1} {:.1}", first.x, first.y);
        let mut before = first;
        let mut from = first;
        for (number, &point) in rest.iter().enumerate() {
            from = before;
            let is_corruption = |index: &&usize| self.story.records[**index].kind == RecordKind::Corrupt;
            let corrupted = flight.way.get(number).filter(is_corruption).is_some() && flight.is_corrupted;
            if corrupted {
                let (teeth, end) = zigzag(before, point);
                path.push_str(&teeth);
                from = end;
            }
            let _ = write!(path, "L{:.1} {:.1}", point.x, point.y);
            before = point;
        }
        let end = match flight.end {
            End::Arrived(_) | End::Taken(_) => head(from, before),
            End::Lost(_) => cross("mark", before, 6.0),
            End::OnTheWay => {
                format!(r#"<circle class="mark" cx="{:.1}" cy="{:.1}" r="4"/>"#, before.x, before.y)
            }
        };
        let inner =
            if flight.is_copy { format!(r#"<path class="inner" d="{path}"/>"#) } else { String::new() };
        let shown = self.steps.partition_point(|step| step.records.end <= last);
        let shown = self.steps.get(shown).and_then(|step| step.number);
        format!(
            r#"<g class="flight {}" data-step="{}" data-datagram="{}"><title>{}</title><path class="reach" d="{path}"/><path class="way" d="{path}"/>{inner}{end}</g>"#,
            classes(flight),
            shown.unwrap_or(0),
            flight.number,
            escape(&self.caption(flight))
        )
    }

    fn caption(&self, flight: &Flight) -> String {
        let name = |host: Host| &self.story.hosts[usize::from(host.0)];
        let index = flight.way.first().copied().unwrap_or(flight.last());
        let content = self.story.records[index].content.as_deref().unwrap_or("");
        let remarks = flight.remarks().into_iter().map(|word| format!(", {word}")).collect::<String>();
        let number = if flight.is_played() { String::new() } else { format!(" {}", flight.number) };
        format!("Datagram{number} from {} to {}{remarks}: {content}", name(flight.from), name(flight.to))
    }

    fn points(&self, flight: &Flight) -> Vec<Point> {
        let (from, to) = (self.x(flight.from), self.x(flight.to));
        let towards = (to - from).signum();
        let mut points: Vec<Point> = flight.way.iter().map(|index| self.on_the_way(flight, *index)).collect();
        let tip = |y| Point { x: to - towards * 2.0, y };
        match flight.end {
            End::Taken(index) => points.push(tip(self.y(index) + ROW * 0.4)),
            End::OnTheWay => {
                let Some(last) = points.last().filter(|_| self.rows[flight.last()].is_some()) else {
                    return vec![];
                };
                points.push(Point { x: last.x + (to - from) * 0.2, y: last.y + ROW * 0.5 });
            }
            End::Arrived(index) | End::Lost(index) => {
                if points.is_empty() {
                    let y = if flight.is_played() { self.y(index) - ROW * 0.4 } else { 0.0 };
                    points.push(Point { x: from, y });
                }
                let arrived = matches!(flight.end, End::Arrived(_));
                points.push(if arrived { tip(self.y(index)) } else { self.on_the_way(flight, index) });
            }
        }
        points
    }

    /// Where a record of a flight is: at its sender, at its receiver, or between.
    fn on_the_way(&self, flight: &Flight, index: usize) -> Point {
        let record = &self.story.records[index];
        let part = match record.kind {
            RecordKind::Send => 0.0,
            RecordKind::Duplicate => 0.26,
            RecordKind::Corrupt => 0.5,
            // Lost because of the other host, so at its door.
            RecordKind::Lose
                if record.text.contains("the host is down") || record.text.contains("the socket's") =>
            {
                0.88
            }
            _ => 0.5,
        };
        let (from, to) = (self.x(flight.from), self.x(flight.to));
        Point { x: from + (to - from) * part, y: self.y(index) }
    }

    /// What a step shows above the lines and arrows.
    fn step(&self, step: &Step) -> String {
        let records = step.records.clone();
        let marks: String = records.map(|index| self.mark(index)).collect();
        let Some(number) = step.number else { return format!("<g>{marks}</g>") };
        let fails = self.fails && self.steps.last().is_some_and(|last| last.number == step.number);
        let (top, bottom) = self.span(step);
        let text = step.text(&self.story.records);
        let at = moment(step.at_ns);
        let who = step.who(&self.story.hosts);
        let middle = top + ROW / 2.0 + 4.0;
        let mut out = format!(
            r#"<g class="step{}" id="step={number}" data-step="{number}" tabindex="0" role="button" aria-label="{}">"#,
            if fails { " fails" } else { "" },
            escape(&format!(
                "Step {number}, {at}, {who}: {text}{}",
                if fails { ". Here it fails" } else { "" }
            ))
        );
        let _ = write!(
            out,
            r#"<rect class="frame" x="3" y="{:.1}" width="{:.1}" height="{:.1}" rx="5"/><text class="number" x="{}" y="{middle:.1}">{number}</text><text class="at" x="{:.0}" y="{middle:.1}">{at}</text>"#,
            top + 1.0,
            self.width() - 6.0,
            bottom - top - 2.0,
            if fails { 32 } else { 14 },
            GUTTER - 12.0
        );
        if fails {
            out.push_str(&cross("failure", Point { x: 20.0, y: top + ROW / 2.0 }, 5.0));
        }
        format!(r#"{out}<g class="marks">{marks}</g></g>"#)
    }

    fn mark(&self, index: usize) -> String {
        let record = &self.story.records[index];
        let at = Point { x: self.x(record.host), y: self.y(index) };
        let mut out = at_line(record.kind, at);
        let flight = self.told_of[index].map(|number| &self.flights[number]);
        let (label, place) = match (record.kind, flight) {
            (RecordKind::Start, _) => ("comes up".to_string(), self.beside(record, at)),
            (RecordKind::Duplicate | RecordKind::Corrupt | RecordKind::Lose, Some(flight)) => {
                let at = self.on_the_way(flight, index);
                let towards = (self.x(flight.to) - self.x(flight.from)).signum();
                if record.kind == RecordKind::Duplicate {
                    out.push_str(&copies(at));
                }
                let at = Point { y: at.y - 7.0, ..at };
                (self.fate(record), Place { at, side: towards, room: 22 })
            }
            (RecordKind::Send | RecordKind::Receive, Some(flight)) => {
                (self.content(record, flight), self.beside(record, at))
            }
            _ => (record.text.clone(), self.beside(record, at)),
        };
        let boxed = matches!(record.kind, RecordKind::Command | RecordKind::Notice);
        out.push_str(&if boxed { sign(record, &label, &place) } else { words(record, &label, &place) });
        out
    }

    fn content(&self, record: &Record, flight: &Flight) -> String {
        let content = record.content.as_deref().unwrap_or(&record.text);
        let remarks: Vec<_> = if record.kind == RecordKind::Receive { flight.remarks() } else { vec![] };
        let unusual = remarks.iter().filter(|_| !flight.is_played());
        let remarks: String = unusual.map(|word| format!(" · {word}")).collect();
        format!("{content}{remarks}")
    }

    /// What the network did, in a word, and why.
    fn fate(&self, record: &Record) -> String {
        let peer = record.peer.map_or("", |host| &self.story.hosts[usize::from(host.0)]);
        let shown = format!(" {} to {peer}", record.content.as_deref().unwrap_or(""));
        let why = record.text.split_once(&shown).map_or("", |(_, why)| why);
        match record.kind {
            RecordKind::Duplicate => "copied".into(),
            RecordKind::Corrupt => "corrupted".into(),
            _ => format!("lost{why}"),
        }
    }

    /// Beside a host's line, on the side where its own arrow is not.
    fn beside(&self, record: &Record, at: Point) -> Place {
        let last = self.story.hosts.len() - 1;
        let left = match (usize::from(record.host.0), record.peer) {
            (0, _) => last > 0,
            (lane, _) if lane == last => false,
            (_, Some(peer)) => peer > record.host,
            _ => false,
        };
        let outermost = record.host.0 == 0 || usize::from(record.host.0) == last;
        let room = if outermost { MARGIN } else { LANES.1 } - GAP * 2.0;
        Place { at, side: if left { -1.0 } else { 1.0 }, room: (room / COLUMN) as usize }
    }
}

/// The classes by which the style sheet knows what is unusual.
fn classes(flight: &Flight) -> String {
    let classes = [
        (flight.is_late, "late"),
        (flight.is_copy, "copy"),
        (flight.is_corrupted, "corrupted"),
        (matches!(flight.end, End::Lost(_)), "lost"),
        (flight.end == End::OnTheWay, "open"),
        (flight.is_played(), "played"),
    ];
    classes.into_iter().filter_map(|(holds, class)| holds.then_some(class)).collect::<Vec<_>>().join(" ")
}

/// The pattern of a paused host's line.
const HATCH: &str = r#"<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern></defs>"#;
