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

/// The widest text of a row, in characters.
const ROW_WIDTH: usize = 96;

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

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) at: Time,
    pub(crate) what: What,
}

/// What can happen: events that reach a host, what the host does then, and what the network does.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Started(Host),
    Commanded(Host, Arc<[u8]>),
    Received {
        from: Host,
        to: Host,
        datagram: Arc<[u8]>,
    },
    TimerFired(Host, String),
    Sent {
        from: Host,
        to: Host,
        datagram: Arc<[u8]>,
    },
    Disk(Host, DiskOp),
    Notified(Host, Arc<[u8]>),
    Lost {
        from: Host,
        to: Host,
        datagram: Arc<[u8]>,
        why: &'static str,
    },
    /// Something was done to a host: a crash, a pause.
    Changed(Host, String),
    Duplicated {
        from: Host,
        to: Host,
        datagram: Arc<[u8]>,
    },
    Corrupted {
        from: Host,
        to: Host,
        datagram: Arc<[u8]>,
    },
}

/// The steps of one run.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    labels: Vec<Label>,
    steps: Vec<Step>,
    dropped: u64,
    off: bool,
}

impl Trace {
    /// A trace that keeps nothing: for benchmarks and for search.
    pub(crate) fn off() -> Trace {
        Trace { off: true, ..Trace::default() }
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
        Trace { labels: self.labels.clone(), ..Trace::default() }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    pub(crate) fn push(&mut self, at: Time, what: impl FnOnce() -> What) {
        if self.off {
            return;
        }
        if self.steps.len() < MAX_STEPS {
            self.steps.push(Step { at, what: what() });
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
        let rows = self.rows();
        let plural = if rows.len() == 1 { "" } else { "s" };
        Story { title: format!("{source}, {} step{plural}", rows.len()), rows }
    }

    /// The trace as rows for people: an event and its consequences share a row.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = vec![];
        for step in &self.steps {
            match self.consequence(&step.what) {
                Some((host, text)) => match rows.last_mut() {
                    Some(row) if row.host == self.name(host) && row.at == step.at => row.add(&text),
                    _ => rows.push(Row { at: step.at, host: self.name(host).into(), text, open: true }),
                },
                None => rows.push(self.event(step)),
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

    fn consequence(&self, what: &What) -> Option<(Host, String)> {
        match what {
            What::Sent { from, to, datagram } => {
                let datagram = self.datagram(*from, datagram);
                let many = self.labels.len() > 2;
                let to = if many { format!(" to {}", self.name(*to)) } else { String::new() };
                Some((*from, format!("sends {datagram}{to}")))
            }
            What::Notified(host, bytes) => Some((*host, self.label(*host).map(|it| (it.notice)(bytes))?)),
            What::Disk(host, op) => Some((*host, disk_op(op))),
            _ => None,
        }
    }

    fn fault(&self, what: &str, from: Host, to: Host, datagram: &[u8]) -> String {
        format!("{what} {} to {}", self.datagram(from, datagram), self.name(to))
    }

    fn event(&self, step: &Step) -> Row {
        const NETWORK: &str = "network";
        let (host, text) = match &step.what {
            What::Started(host) => (self.name(*host), STARTS.to_string()),
            What::Commanded(host, bytes) => {
                let command = self.label(*host).map(|it| (it.command)(bytes)).unwrap_or_default();
                (self.name(*host), format!("is asked to {command}"))
            }
            What::Received { from, to, datagram: bytes } => {
                let many = self.labels.len() > 2;
                let from_whom = if many { format!(" from {}", self.name(*from)) } else { String::new() };
                (self.name(*to), format!("receives {}{from_whom}", self.datagram(*from, bytes)))
            }
            What::TimerFired(host, name) => (self.name(*host), format!("timer {name} runs out")),
            What::Lost { from, to, datagram, why: BY_CHANCE } => {
                (NETWORK, self.fault("loses", *from, *to, datagram))
            }
            What::Lost { from, to, datagram, why } => {
                (NETWORK, format!("{}: {why}", self.fault("loses", *from, *to, datagram)))
            }
            What::Changed(host, text) => (self.name(*host), text.clone()),
            What::Duplicated { from, to, datagram } => {
                (NETWORK, self.fault("duplicates", *from, *to, datagram))
            }
            What::Corrupted { from, to, datagram } => (NETWORK, self.fault("corrupts", *from, *to, datagram)),
            What::Sent { .. } | What::Notified(..) | What::Disk(..) => ("", String::new()),
        };
        Row { at: step.at, host: host.into(), text, open: true }
    }
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
    /// The steps, in order.
    pub rows: Vec<Row>,
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
        let datagram: Arc<[u8]> = b"hi".as_slice().into();
        trace.push(Time::ZERO, || What::Started(left));
        trace.push(Time::ZERO, || What::Commanded(left, crate::codec::encode(&"greet").into()));
        trace.push(Time::ZERO, || What::Sent { from: left, to: right, datagram: datagram.clone() });
        trace.push(Time::ZERO, || What::Lost {
            from: left,
            to: right,
            datagram: datagram.clone(),
            why: BY_CHANCE,
        });
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
