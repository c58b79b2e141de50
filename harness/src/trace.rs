//! What happened in a run, step by step, and how a person is told: each event with what the host made of it.

use crate::disk::DiskOp;
use crate::machine::Host;
use crate::program::Role;
use crate::text;
use crate::time::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::sync::Arc;

/// The most steps that a trace keeps; what comes later is counted, not kept.
const MAX_STEPS: usize = 1 << 20;

/// The most rows and records of a story; it has the last ones.
const MAX_STORY: usize = 10_000;

/// The widest text of a row, in characters.
const ROW_WIDTH: usize = 96;

/// The longest text of a record, in characters.
const TEXT_WIDTH: usize = 400;

/// The longest state of a machine that is kept, in characters.
const STATE_WIDTH: usize = 2_000;

/// How to show one host and what it says.
#[derive(Clone)]
pub(crate) struct Label {
    pub(crate) name: String,
    datagram: fn(&[u8]) -> String,
    command: fn(&[u8]) -> String,
    notice: fn(&[u8]) -> String,
}

impl Label {
    pub(crate) fn new<Config, Command, Notice>(name: &str, role: &Role<Config, Command, Notice>) -> Label
    where
        Command: DeserializeOwned + Display,
        Notice: DeserializeOwned + Display,
    {
        Label { name: name.into(), datagram: role.describe, command: show::<Command>, notice: show::<Notice> }
    }
}

fn show<T: DeserializeOwned + Display>(bytes: &[u8]) -> String {
    crate::codec::decode::<T>(bytes).map_or_else(|_| text::bytes(bytes, 40), |value| value.to_string())
}

/// A datagram on its way. Copies of one datagram have its number.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// Counted over the whole run from 1; 0 for what the scenario plays itself.
    pub(crate) number: u64,
    pub(crate) from: Host,
    pub(crate) to: Host,
    pub(crate) bytes: Arc<[u8]>,
}

/// One thing that happened.
#[derive(Clone, Debug)]
struct Step {
    at: Time,
    what: What,
    /// What the machine was like afterwards, when that was asked for.
    state: Option<String>,
}

/// What can happen: events that reach a host, what the host does then, and what the network does.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Started(Host),
    Commanded(Host, Arc<[u8]>),
    Received(Carried),
    TimerFired(Host, String),
    Sent(Carried),
    Disk(Host, DiskOp),
    Notified(Host, Arc<[u8]>),
    Lost(Carried, &'static str),
    Duplicated(Carried),
    Corrupted(Carried),
    /// Something was done to a host: a crash, a pause.
    Changed(Host, String),
}

impl What {
    fn kind(&self) -> RecordKind {
        match self {
            What::Started(_) => RecordKind::Start,
            What::Commanded(..) => RecordKind::Command,
            What::Received(_) => RecordKind::Receive,
            What::TimerFired(..) => RecordKind::Timer,
            What::Sent(_) => RecordKind::Send,
            What::Disk(..) => RecordKind::Disk,
            What::Notified(..) => RecordKind::Notice,
            What::Lost(..) => RecordKind::Lose,
            What::Duplicated(_) => RecordKind::Duplicate,
            What::Corrupted(_) => RecordKind::Corrupt,
            What::Changed(..) => RecordKind::Change,
        }
    }

    /// The host to which it happened, or which sent the datagram.
    fn host(&self) -> Host {
        match self {
            What::Started(host)
            | What::Commanded(host, _)
            | What::TimerFired(host, _)
            | What::Disk(host, _)
            | What::Notified(host, _)
            | What::Changed(host, _) => *host,
            What::Received(it) => it.to,
            What::Sent(it) | What::Lost(it, _) | What::Duplicated(it) | What::Corrupted(it) => it.from,
        }
    }

    fn carried(&self) -> Option<&Carried> {
        match self {
            What::Received(it)
            | What::Sent(it)
            | What::Lost(it, _)
            | What::Duplicated(it)
            | What::Corrupted(it) => Some(it),
            _ => None,
        }
    }
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
            .map_or_else(|| text::bytes(datagram, 40), |label| (label.datagram)(datagram))
    }

    fn label(&self, host: Host) -> Option<&Label> {
        self.labels.get(usize::from(host.0))
    }

    /// The trace as a story, titled with where it comes from and how long it is.
    pub(crate) fn story(&self, source: &str) -> Story {
        let mut rows = self.rows();
        let plural = if rows.len() == 1 { "" } else { "s" };
        let title = format!("{source}, {} step{plural}", rows.len());
        let before = rows.len().saturating_sub(MAX_STORY);
        rows.drain(..before);
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
                _ if is_event(&step.what) => {
                    rows.push(Row { at: step.at, host: host.into(), text, open: true })
                }
                Some(row) if row.host == host && row.at == step.at => row.add(&text),
                _ => rows.push(Row { at: step.at, host: host.into(), text, open: true }),
            }
        }
        rows.retain(|row| row.text != STARTS);
        for row in &mut rows {
            row.text = text::line(&row.text, ROW_WIDTH);
        }
        if self.dropped > 0 {
            let text = format!("… and {} more steps, which were not kept", self.dropped);
            rows.push(Row { at: Time::ZERO, host: String::new(), text, open: false });
        }
        rows
    }

    fn records(&self) -> Vec<Record> {
        let record = |step: &Step| {
            let carried = step.what.carried();
            let peer = carried.map(|it| if step.what.host() == it.from { it.to } else { it.from });
            Record {
                at_ns: step.at.as_nanos(),
                host: step.what.host(),
                kind: step.what.kind(),
                text: text::line(&self.tell(&step.what).1, TEXT_WIDTH),
                peer,
                datagram: carried.map(|it| it.number),
                content: carried.map(|it| self.datagram(it.from, &it.bytes)),
                state: step.state.clone(),
            }
        };
        self.steps[self.steps.len().saturating_sub(MAX_STORY)..].iter().map(record).collect()
    }

    /// To whom it happened, and what, in words.
    fn tell<'a>(&'a self, what: &'a What) -> (&'a str, String) {
        const NETWORK: &str = "network";
        let shown = |it: &Carried| self.datagram(it.from, &it.bytes);
        // With two hosts it is clear who the other one is.
        let to_whom = |word: &str, host: Host| {
            if self.labels.len() > 2 { format!(" {word} {}", self.name(host)) } else { String::new() }
        };
        let named = |host: &Host, text: String| (self.name(*host), text);
        match what {
            What::Started(host) => named(host, STARTS.into()),
            What::Commanded(host, bytes) => {
                let command = self.label(*host).map(|it| (it.command)(bytes)).unwrap_or_default();
                named(host, format!("is asked to {command}"))
            }
            What::Notified(host, bytes) => {
                named(host, self.label(*host).map(|it| (it.notice)(bytes)).unwrap_or_default())
            }
            What::TimerFired(host, name) => named(host, format!("timer {name} runs out")),
            What::Changed(host, text) => named(host, text.clone()),
            What::Disk(host, op) => named(host, disk_op(op)),
            What::Received(it) => {
                named(&it.to, format!("receives {}{}", shown(it), to_whom("from", it.from)))
            }
            What::Sent(it) => named(&it.from, format!("sends {}{}", shown(it), to_whom("to", it.to))),
            What::Lost(it, BY_CHANCE) => (NETWORK, format!("loses {} to {}", shown(it), self.name(it.to))),
            What::Lost(it, why) => (NETWORK, format!("loses {} to {}: {why}", shown(it), self.name(it.to))),
            What::Duplicated(it) => (NETWORK, format!("duplicates {} to {}", shown(it), self.name(it.to))),
            What::Corrupted(it) => (NETWORK, format!("corrupts {} to {}", shown(it), self.name(it.to))),
        }
    }
}

/// Whether a machine was stepped for it.
fn is_input(what: &What) -> bool {
    use What::{Changed, Commanded, Received, Started, TimerFired};
    matches!(what, Started(_) | Commanded(..) | Received(_) | TimerFired(..) | Changed(..))
}

/// Whether it begins a row; what is no event follows from the one before.
fn is_event(what: &What) -> bool {
    !matches!(what, What::Sent(_) | What::Notified(..) | What::Disk(..))
}

pub(crate) fn disk_op(op: &DiskOp) -> String {
    match op {
        DiskOp::Write(name, content) => format!("writes {} to {name}", text::bytes(content, 24)),
        DiskOp::Append(name, bytes) => format!("appends {} to {name}", text::bytes(bytes, 24)),
        DiskOp::Rename(from, to) => format!("renames {from} to {to}"),
        DiskOp::Remove(name) => format!("removes {name}"),
        DiskOp::Sync(name) => format!("syncs {name}"),
    }
}

/// Why a datagram is lost when there is nothing more to say about it.
pub(crate) const BY_CHANCE: &str = "by chance";

const STARTS: &str = "starts";

/// One line of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// When it happened.
    pub at: Time,
    /// The host to which it happened, or `network`.
    pub host: String,
    /// What happened, and what followed from it.
    pub text: String,
    open: bool,
}

impl Row {
    /// A whole line, for worlds that keep no trace.
    #[must_use]
    pub fn new(at: Time, host: impl Into<String>, text: impl Into<String>) -> Row {
        Row { at, host: host.into(), text: text.into(), open: false }
    }

    fn add(&mut self, consequence: &str) {
        self.text.push_str(if std::mem::take(&mut self.open) { ": " } else { ", " });
        self.text.push_str(consequence);
    }
}

/// The part of a run that shows why it failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Where it comes from: the world, the number of faults, the seed.
    pub title: String,
    /// The steps, in order, for people.
    pub rows: Vec<Row>,
    /// The hosts' names in the order of their addresses; none when the world keeps no trace.
    pub hosts: Vec<String>,
    /// The same steps for programs.
    pub records: Vec<Record>,
}

impl Story {
    /// A story of rows alone, for worlds that keep no trace.
    #[must_use]
    pub fn new(title: impl Into<String>, rows: Vec<Row>) -> Story {
        Story { title: title.into(), rows, ..Story::default() }
    }
}

/// One thing that happened, as trace files have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, on the clock of the world, in nanoseconds. In a search each host has its own.
    pub at_ns: u64,
    /// The host to which it happened; for what the network did, the one that sent the datagram.
    pub host: Host,
    /// What happened.
    pub kind: RecordKind,
    /// The same in words.
    pub text: String,
    /// The other host, if a datagram is meant.
    pub peer: Option<Host>,
    /// The datagram's number in this run, which its copies share; 0 for one that the scenario itself played.
    pub datagram: Option<u64>,
    /// What the datagram says.
    pub content: Option<String>,
    /// What the machine was like afterwards.
    pub state: Option<String>,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// The host comes up.
    Start,
    /// The application asks for something.
    Command,
    /// A datagram arrives.
    Receive,
    /// A timer runs out.
    Timer,
    /// The host sends a datagram.
    Send,
    /// The host changes its disk.
    Disk,
    /// The host tells its application something.
    Notice,
    /// The network loses a datagram.
    Lose,
    /// The network copies a datagram.
    Duplicate,
    /// The network changes a datagram.
    Corrupt,
    /// Something is done to the host: a crash, a restart, a pause, a cut.
    Change,
}

#[cfg(test)]
mod tests {
    use super::*;

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
