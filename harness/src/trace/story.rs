//! A story for people: rows of which each is one event with what followed from it.

use super::record::Record;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// One line of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// When it happened.
    pub at: Time,
    /// The host to which it happened, or `network`.
    pub host: String,
    /// What happened, and what followed from it.
    pub text: String,
    /// Whether it is something that goes wrong around the program: a loss, a copy, a crash.
    pub(crate) is_fault: bool,
    pub(super) open: bool,
}

impl Row {
    /// A whole line, for worlds that keep no trace.
    #[must_use]
    pub fn new(at: Time, host: impl Into<String>, text: impl Into<String>) -> Row {
        Row { at, host: host.into(), text: text.into(), is_fault: false, open: false }
    }

    /// The beginning of a line, to which consequences are added.
    pub(super) fn of(at: Time, host: &str, text: String, is_fault: bool) -> Row {
        Row { at, host: host.into(), text, is_fault, open: true }
    }

    pub(super) fn add(&mut self, consequence: &str) {
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
