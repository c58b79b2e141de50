//! The steps of a story: an event and what follows from it, numbered as in the report that a terminal shows.

use crate::machine::Host;
use crate::time::Time;
use crate::trace::{Record, RecordKind};
use std::ops::Range;
use std::time::Duration;

/// Records that are told together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Its number in the report, from 1; none for a host that comes up and does nothing, which the report leaves out.
    pub(super) number: Option<usize>,
    /// Its records, by index.
    pub(super) records: Range<usize>,
    /// The host to which it happened; for what the network did, the one that sent the datagram.
    pub(super) host: Host,
    /// Whether the network did it.
    pub(super) by_network: bool,
    /// When it happened.
    pub(super) at_ns: u64,
}

/// The records as steps, in their order.
pub(super) fn steps(records: &[Record]) -> Vec<Step> {
    let mut steps: Vec<Step> = vec![];
    for (index, record) in records.iter().enumerate() {
        let joins = |step: &Step| {
            follows(record.kind) && !step.by_network && (step.host, step.at_ns) == (record.host, record.at_ns)
        };
        match steps.last_mut() {
            Some(step) if joins(step) => step.records.end = index + 1,
            _ => steps.push(Step {
                number: None,
                records: index..index + 1,
                host: record.host,
                by_network: is_of_network(record.kind),
                at_ns: record.at_ns,
            }),
        }
    }
    let told = steps
        .iter_mut()
        .filter(|step| step.records.len() > 1 || records[step.records.start].kind != RecordKind::Start);
    told.enumerate().for_each(|(index, step)| step.number = Some(index + 1));
    steps
}

impl Step {
    /// What happened, and what followed from it, in words.
    pub(super) fn text(&self, records: &[Record]) -> String {
        let records = &records[self.records.clone()];
        let mut text = records[0].text.clone();
        for (index, record) in records.iter().enumerate().skip(1) {
            text.push_str(if index == 1 { ": " } else { ", " });
            text.push_str(&record.text);
        }
        text
    }

    /// Who did it, in one word.
    pub(super) fn who<'a>(&self, hosts: &'a [String]) -> &'a str {
        if self.by_network { "network" } else { &hosts[usize::from(self.host.0)] }
    }
}

/// Whether it follows from an event of the same host.
fn follows(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::Send | RecordKind::Notice | RecordKind::Disk)
}

fn is_of_network(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::Lose | RecordKind::Duplicate | RecordKind::Corrupt)
}

/// Whether it reaches a machine, so that the machine's state may change.
fn reaches_machine(kind: RecordKind) -> bool {
    !follows(kind) && !is_of_network(kind)
}

/// What a machine was like after each record that reached one. A trace may keep the state at a record that follows from it.
pub(super) fn states(records: &[Record]) -> Vec<Option<&str>> {
    let mut states = vec![None; records.len()];
    for (index, record) in records.iter().enumerate() {
        let Some(state) = &record.state else { continue };
        let is_cause = |earlier: &Record| earlier.host == record.host && reaches_machine(earlier.kind);
        let near = index.saturating_sub(MAX_CONSEQUENCES)..=index;
        let cause = near.rev().find(|earlier| is_cause(&records[*earlier]));
        states[cause.unwrap_or(index)] = Some(state.as_str());
    }
    states
}

/// How far back the cause of a state is looked for, in records.
const MAX_CONSEQUENCES: usize = 1_000;

/// A moment for people.
pub(super) fn moment(at_ns: u64) -> String {
    (Time::ZERO + Duration::from_nanos(at_ns)).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{record, told};
    use super::*;
    use RecordKind::{Command, Lose, Send, Start};

    #[test]
    fn what_follows_from_an_event_is_in_its_step_and_a_bare_start_has_no_number() {
        let records = [
            told(Start, 0, "starts"),
            told(Command, 0, "asks"),
            record(Send, 0, 1, 1, "x"),
            record(Lose, 0, 1, 1, "x"),
        ];
        let steps = steps(&records);
        let numbers: Vec<_> = steps.iter().map(|step| (step.number, step.records.clone())).collect();
        assert_eq!(numbers, [(None, 0..1), (Some(1), 1..3), (Some(2), 3..4)]);
        assert_eq!(steps[1].text(&records), "asks: sends x");
        assert!(steps[2].by_network);
    }

    #[test]
    fn a_state_belongs_to_the_event_and_not_to_what_the_network_did_meanwhile() {
        let mut records = [told(Command, 0, "asks"), record(Send, 0, 1, 1, "x"), record(Lose, 0, 1, 1, "x")];
        records[2].state = Some("Waiting".into());
        assert_eq!(states(&records), [Some("Waiting"), None, None]);
    }
}
