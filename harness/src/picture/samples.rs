//! Small stories for the tests of pictures.

use crate::machine::Host;
use crate::trace::{Record, RecordKind, Story};

/// What happened to a host.
pub(super) fn told(kind: RecordKind, host: u16, text: &str) -> Record {
    Record {
        at_ns: 0,
        host: Host(host),
        kind,
        text: text.into(),
        peer: None,
        datagram: None,
        content: None,
        state: None,
    }
}

/// What happened to a datagram.
pub(super) fn record(kind: RecordKind, host: u16, peer: u16, number: u64, content: &str) -> Record {
    let word = match kind {
        RecordKind::Send => "sends",
        RecordKind::Receive => "receives",
        RecordKind::Lose => "loses",
        RecordKind::Duplicate => "duplicates",
        _ => "corrupts",
    };
    Record {
        peer: Some(Host(peer)),
        datagram: Some(number),
        content: Some(content.into()),
        ..told(kind, host, &format!("{word} {content}"))
    }
}

/// A story of two hosts.
pub(super) fn story(records: impl IntoIterator<Item = Record>) -> Story {
    Story {
        hosts: vec!["left".into(), "right".into()],
        records: records.into_iter().collect(),
        ..Story::new("a sample", vec![])
    }
}

/// A story in which a record of each kind occurs; every content is `text`.
pub(super) fn every_kind(text: &str) -> Story {
    use RecordKind::{
        Command, Corrupt, Crash, Disk, Duplicate, Lose, Notice, Other, Receive, Restart, Send, Start, Timer,
    };
    let mut records = vec![
        told(Start, 0, "starts"),
        told(Start, 1, "starts"),
        told(Command, 0, text),
        record(Send, 0, 1, 1, text),
        record(Duplicate, 0, 1, 1, text),
        record(Corrupt, 0, 1, 1, text),
        told(Timer, 0, text),
        record(Send, 0, 1, 2, text),
        record(Lose, 0, 1, 2, text),
        record(Receive, 1, 0, 1, text),
        told(Disk, 1, text),
        told(Notice, 1, text),
        record(Receive, 1, 0, 1, "changed"),
        told(Crash, 1, "crashes"),
        told(Restart, 1, "comes up again"),
        told(Other, 1, text),
    ];
    records[9].state = Some(text.into());
    story(records)
}
