//! Pictures of a story: a Mermaid sequence diagram for texts, and one HTML page to step through in a browser. And charts.
//!
//! Invariant: names, contents and states come from students, so nothing of a story reaches a picture unescaped. Read next:
//! `picture/steps.rs` and `picture/flights.rs`, which say what is drawn, then `picture/page.rs`.

mod chart;
mod diagram;
mod flights;
mod marks;
mod mermaid;
mod page;
mod steps;

pub use chart::Chart;
pub use mermaid::mermaid;
pub use page::{Heading, page};

use crate::machine::Host;
use crate::trace::{Record, RecordKind, Story};
use std::borrow::Cow;

/// The story with at least one host, with records also when its world kept none, and with no host that has no name.
fn drawable(story: &Story) -> Cow<'_, Story> {
    let known = |host: Host| usize::from(host.0) < story.hosts.len();
    let is_sound = |record: &Record| known(record.host) && record.peer.is_none_or(known);
    if !story.records.is_empty() && story.records.iter().all(is_sound) {
        return Cow::Borrowed(story);
    }
    let mut story = story.clone();
    if story.records.is_empty() {
        tell_rows(&mut story);
    } else {
        let hosts = story.hosts.len();
        let known = |host: Host| usize::from(host.0) < hosts;
        story.records.retain(|record| known(record.host) && record.peer.is_none_or(known));
    }
    if story.hosts.is_empty() {
        story.hosts.push("nobody".into());
    }
    Cow::Owned(story)
}

/// Makes records of the rows, whose hosts become the story's.
fn tell_rows(story: &mut Story) {
    for row in &story.rows {
        let known = story.hosts.iter().position(|name| *name == row.host);
        let index = known.unwrap_or_else(|| {
            story.hosts.push(row.host.clone());
            story.hosts.len() - 1
        });
        story.records.push(Record {
            at_ns: row.at.as_nanos(),
            host: Host(u16::try_from(index).unwrap_or(u16::MAX)),
            kind: RecordKind::Other,
            text: row.text.clone(),
            peer: None,
            datagram: None,
            content: None,
            state: None,
        });
    }
}

#[cfg(test)]
mod samples;
