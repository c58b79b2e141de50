//! What happened in a run, step by step, and how a person is told: each event with what the host made of it.
//!
//! Read next: `trace/what.rs`, which says what can happen, and `trace/telling.rs`, which says it in words.

mod record;
mod story;
mod telling;
mod what;

pub use record::{Record, RecordKind};
pub use story::{Row, Story};
pub use telling::Words;
pub(crate) use telling::{BY_CHANCE, Label, disk_op};
pub(crate) use what::{Carried, HostChange, What};

use crate::machine::Host;
use crate::text;
use crate::time::Time;
use telling::STARTS;
use what::{is_event, is_fault, is_input};

/// The most steps that a trace keeps; what comes later is counted, not kept.
const MAX_STEPS: usize = 1 << 20;

/// The most rows and records of a story; it has the last ones.
const MAX_STORY: usize = 10_000;

/// The most bytes of a story's rows, which cross the boundary between two processes.
const MAX_STORY_BYTES: usize = 4 << 20;

/// The longest text of a row, in characters; a report breaks it into lines.
const ROW_WIDTH: usize = 1_000;

/// The longest text of a record, in characters.
const TEXT_WIDTH: usize = 400;

/// The longest state of a machine that is kept, in characters.
const STATE_WIDTH: usize = 2_000;

/// One thing that happened.
#[derive(Clone, Debug)]
struct Step {
    at: Time,
    what: What,
    /// What the machine was like afterwards, when that was asked for.
    state: Option<String>,
}

/// The steps of one run.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    labels: Vec<Label>,
    steps: Vec<Step>,
    dropped: u64,
    off: bool,
    states: bool,
}

impl Trace {
    /// A trace that keeps nothing: for benchmarks and for search.
    pub(crate) fn off() -> Trace {
        Trace { off: true, ..Trace::default() }
    }

    /// A trace that also keeps what each machine was like after each step.
    pub(crate) fn with_states() -> Trace {
        Trace { states: true, ..Trace::default() }
    }

    /// Keeps what a machine is like after what has just happened to it.
    pub(crate) fn state(&mut self, host: Host, describe: impl FnOnce() -> String) {
        if !self.states {
            return;
        }
        let happened = |step: &&mut Step| step.what.host() == host && is_input(&step.what);
        if let Some(step) = self.steps.iter_mut().rev().find(happened) {
            step.state = Some(text::line(&describe(), STATE_WIDTH));
        }
    }

    pub(crate) fn add_host(&mut self, label: Label) {
        self.labels.push(label);
    }

    pub(crate) fn set_host(&mut self, host: Host, label: Label) {
        if let Some(known) = self.labels.get_mut(usize::from(host.0)) {
            *known = label;
        }
    }

    pub(crate) fn name(&self, host: Host) -> &str {
        self.labels.get(usize::from(host.0)).map_or("nobody", |label| &label.name)
    }

    /// An empty trace of the same hosts.
    pub(crate) fn same_hosts(&self) -> Trace {
        Trace { labels: self.labels.clone(), states: self.states, ..Trace::default() }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    pub(crate) fn push(&mut self, at: Time, what: impl FnOnce() -> What) {
        if self.off {
            return;
        }
        if self.steps.len() < MAX_STEPS {
            self.steps.push(Step { at, what: what(), state: None });
        } else {
            self.dropped += 1;
        }
    }

    pub(crate) fn datagram(&self, from: Host, datagram: &[u8]) -> String {
        self.labels
            .get(usize::from(from.0))
            .map_or_else(|| text::bytes(datagram, 40), |label| (label.words.datagram)(datagram))
    }

    fn label(&self, host: Host) -> Option<&Label> {
        self.labels.get(usize::from(host.0))
    }

    /// The trace as a story, titled with where it comes from and how long it is.
    pub(crate) fn story(&self, source: &str) -> Story {
        let mut rows = self.rows();
        let plural = if rows.len() == 1 { "" } else { "s" };
        let title = format!("{source}, {} step{plural}", rows.len());
        let mut bytes = 0;
        let fits = |row: &&Row| {
            bytes += row.text.len();
            bytes <= MAX_STORY_BYTES
        };
        let kept = rows.iter().rev().take(MAX_STORY).take_while(fits).count();
        rows.drain(..rows.len() - kept);
        Story {
            title,
            rows,
            hosts: self.labels.iter().map(|label| label.name.clone()).collect(),
            records: self.records(),
        }
    }

    /// The trace as rows for people: an event and its consequences share a row.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = vec![];
        for step in &self.steps {
            let (host, text) = self.tell(&step.what);
            match rows.last_mut() {
                Some(row) if !is_event(&step.what) && row.host == host && row.at == step.at => row.add(&text),
                _ => rows.push(Row::of(step.at, host, text, is_fault(&step.what))),
            }
        }
        rows.retain(|row| row.text != STARTS);
        for row in &mut rows {
            row.text = text::middle(&text::line(&row.text, usize::MAX), ROW_WIDTH);
        }
        if self.dropped > 0 {
            let text = format!("… and {} more steps, which were not kept", self.dropped);
            rows.push(Row::new(Time::ZERO, "", text));
        }
        rows
    }

    fn records(&self) -> Vec<Record> {
        let record = |step: &Step| {
            let carried = step.what.carried();
            Record {
                at_ns: step.at.as_nanos(),
                host: step.what.host(),
                kind: step.what.kind(),
                text: text::line(&self.tell(&step.what).1, TEXT_WIDTH),
                peer: step.what.peer(),
                datagram: carried.map(|it| it.number),
                content: carried.map(|it| self.datagram(it.from, &it.bytes)),
                state: step.state.clone(),
            }
        };
        self.steps[self.steps.len().saturating_sub(MAX_STORY)..].iter().map(record).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Role;

    fn trace() -> Trace {
        let role: Role<(), String, String> = Role::new("role", |bytes| text::bytes(bytes, 40));
        let mut trace = Trace::default();
        trace.add_host(Label::new("left", &role));
        trace.add_host(Label::new("right", &role));
        trace
    }

    #[test]
    fn an_event_and_what_follows_from_it_share_a_row() {
        let mut trace = trace();
        let (left, right) = (Host(0), Host(1));
        trace.push(Time::ZERO, || What::Started(left));
        trace.push(Time::ZERO, || What::Commanded(left, crate::codec::encode(&"greet").into()));
        let carried = Carried { number: 1, from: left, to: right, bytes: b"hi".as_slice().into() };
        trace.push(Time::ZERO, || What::Sent(carried.clone()));
        trace.push(Time::ZERO, || What::Lost(carried.clone(), BY_CHANCE));
        let rows: Vec<_> = trace.rows().into_iter().map(|row| format!("{} {}", row.host, row.text)).collect();
        assert_eq!(rows, ["left is asked to greet: sends \"hi\"", "network loses \"hi\" to right"]);
    }

    #[test]
    fn a_trace_that_is_off_keeps_nothing() {
        let mut trace = Trace::off();
        trace.push(Time::ZERO, || What::Started(Host(0)));
        assert!(trace.rows().is_empty());
    }
}
