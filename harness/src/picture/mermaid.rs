//! A story as a Mermaid sequence diagram, for issues, write-ups and the book.

use super::drawable;
use super::flights::{End, Flight, flights};
use super::steps::moment;
use crate::machine::Host;
use crate::text;
use crate::trace::{Record, RecordKind, Story};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The longest diagram, in bytes: Mermaid refuses more than 50,000 characters.
const MAX_LEN: usize = 45_000;

/// The longest text of an arrow or a note, in characters.
const TEXT_WIDTH: usize = 80;

/// The story as a Mermaid sequence diagram: hosts as participants, a datagram as an arrow where it arrives or is lost,
/// everything else as notes. When it is too long for Mermaid, its last part.
#[must_use]
pub fn mermaid(story: &Story) -> String {
    let story = drawable(story);
    let mut out = String::from("sequenceDiagram\n");
    for (index, name) in story.hosts.iter().enumerate() {
        let _ = writeln!(out, "    participant h{index} as {}", escape(name));
    }
    let lines = lines(&story);
    let mut room = MAX_LEN.saturating_sub(out.len());
    let fits = |line: &&String| {
        let fits = line.len() <= room;
        room = room.saturating_sub(line.len());
        fits
    };
    let shown = lines.iter().rev().take_while(fits).count();
    let hidden = lines.len() - shown;
    if hidden > 0 {
        let _ = writeln!(out, "    Note over h0: {hidden} earlier lines are left out");
    }
    lines[hidden..].iter().for_each(|line| out.push_str(line));
    out
}

fn lines(story: &Story) -> Vec<String> {
    let flights = flights(&story.records);
    let ends: BTreeMap<usize, &Flight> =
        flights.iter().filter(|it| it.end != End::OnTheWay).map(|it| (it.last(), it)).collect();
    let mut lines: Vec<String> = vec![];
    for (index, record) in story.records.iter().enumerate() {
        let at = moment(record.at_ns);
        match (ends.get(&index), record.kind) {
            (Some(flight), _) => lines.push(arrow(flight, &at, record)),
            // Its arrow is where it arrives.
            (None, RecordKind::Send) => {}
            (None, RecordKind::Duplicate | RecordKind::Corrupt) => {
                let peer = record.peer.unwrap_or(record.host);
                let number = record.datagram.unwrap_or(0);
                lines.push(note(
                    &[record.host, peer],
                    &format!("{at}, the network {} (datagram {number})", record.text),
                ));
            }
            (None, _) => lines.push(note(&[record.host], &format!("{at}, {}", record.text))),
        }
    }
    let open = flights.iter().filter(|it| it.end == End::OnTheWay);
    lines.extend(open.filter_map(|it| Some(arrow(it, "the end", &story.records[*it.way.first()?]))));
    lines
}

/// An arrow with the number of the datagram, its content, and what is unusual about it.
fn arrow(flight: &Flight, at: &str, record: &Record) -> String {
    let head = match flight.end {
        End::Arrived(_) | End::Taken(_) => "->>",
        End::Lost(_) => "--x",
        End::OnTheWay => "--)",
    };
    let mut label = format!("{at}, ");
    if !flight.is_played() {
        let _ = write!(label, "datagram {}, ", flight.number);
    }
    label.push_str(record.content.as_deref().unwrap_or(&record.text));
    let remarks = flight.remarks();
    let remarks = if remarks.is_empty() { String::new() } else { format!(" [{}]", remarks.join(", ")) };
    format!("    h{}{head}h{}: {}\n", flight.from.0, flight.to.0, escape_with(&label, &remarks))
}

fn note(hosts: &[Host], label: &str) -> String {
    let hosts: Vec<String> = hosts.iter().map(|host| format!("h{}", host.0)).collect();
    format!("    Note over {}: {}\n", hosts.join(","), escape(label))
}

fn escape(label: &str) -> String {
    escape_with(label, "")
}

/// `label`, cut, and `rest`, which is kept, as text in which nothing means anything to Mermaid: all but letters, digits and a
/// few signs become its character codes.
fn escape_with(label: &str, rest: &str) -> String {
    let shown = text::line(label, TEXT_WIDTH);
    let mut out = String::new();
    for character in shown.chars().chain(rest.chars()) {
        if character.is_alphanumeric() || matches!(character, ' ' | '.' | ',' | '-' | '_' | '=' | '…') {
            out.push(character);
        } else {
            let _ = write!(out, "#{};", u32::from(character));
        }
    }
    // An empty name or text would be a syntax error, and so would the keyword as a whole name.
    match out.trim() {
        "" => "#8203;".into(),
        "end" => "end#8203;".into(),
        _ => out,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{every_kind, record, story, told};
    use super::*;

    #[test]
    fn arrows_stand_where_datagrams_arrive_and_tell_what_became_of_them() {
        let diagram = mermaid(&every_kind("hello"));
        let want = "\
sequenceDiagram
    participant h0 as left
    participant h1 as right
    Note over h0: 0 ms, starts
    Note over h1: 0 ms, starts
    Note over h0: 0 ms, hello
    Note over h0,h1: 0 ms, the network duplicates hello #40;datagram 1#41;
    Note over h0,h1: 0 ms, the network corrupts hello #40;datagram 1#41;
    Note over h0: 0 ms, hello
    h0--xh1: 0 ms, datagram 2, hello #91;lost#93;
    h0->>h1: 0 ms, datagram 1, hello
    Note over h1: 0 ms, hello
    Note over h1: 0 ms, hello
    h0->>h1: 0 ms, datagram 1, changed #91;copy, corrupted#93;
    Note over h1: 0 ms, crashes
    Note over h1: 0 ms, comes up again
    Note over h1: 0 ms, hello
";
        assert_eq!(diagram, want);
    }

    #[test]
    fn nothing_breaks_out_of_a_text() {
        let hostile = "x;\nend\u{202e}%%{init: 1}%% <script>alert(1)</script> #35; `$$`\n    h1->>h0: forged";
        let diagram = mermaid(&every_kind(hostile));
        let plain = mermaid(&every_kind("hello"));
        assert_eq!(diagram.lines().count(), plain.lines().count());
        for line in diagram.lines().filter(|line| line.contains("alert")) {
            let (_, label) = line.split_once(": ").expect("every line with a text has a colon");
            assert!(!label.contains(['<', '>', '%', '{', '`', '$', ':', '\u{202e}', '\u{fffd}']), "{label}");
        }
    }

    #[test]
    fn a_story_of_nothing_and_one_of_rows_are_diagrams_too() {
        assert_eq!(mermaid(&Story::default()), "sequenceDiagram\n    participant h0 as nobody\n");
        let rows = vec![crate::Row::new(crate::Time::ZERO, "server", "is killed")];
        assert!(mermaid(&Story::new("live", rows)).contains("Note over h0: 0 ms, is killed"));
    }

    #[test]
    fn a_long_story_is_cut_to_what_mermaid_takes() {
        let records = (0..5_000).map(|n| told(RecordKind::Timer, 0, &format!("timer {n} runs out")));
        let diagram = mermaid(&story(records));
        assert!(diagram.len() < 50_000 && diagram.contains("timer 4999 runs out"));
        assert!(diagram.contains("earlier lines are left out"));
    }

    #[test]
    fn what_is_on_the_way_at_the_end_is_shown() {
        let diagram = mermaid(&story([record(RecordKind::Send, 0, 1, 1, "x")]));
        assert!(
            diagram.contains("h0--)h1: the end, datagram 1, x #91;on the way at the end#93;"),
            "{diagram}"
        );
    }
}
