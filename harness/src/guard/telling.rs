//! Two answers to the same events, in the words of every other story: the role's for datagrams, and those that commands and
//! notices have for themselves.

use super::log::{Answer, Origin, Step};
use crate::crash::Crash;
use crate::driver::OwnedEvent;
use crate::machine::{Action, Host, TimerId};
use crate::program::Program;
use crate::text;
use crate::trace::{Row, Story, Words, disk_op};
use std::collections::{BTreeMap, BTreeSet};

/// How many of the last events are told.
const MAX_ROWS: usize = 200;

/// How to tell of one machine.
pub(super) struct Telling {
    type_name: &'static str,
    words: Words,
    timers: BTreeMap<TimerId, String>,
    /// Whether it has to do with more than one other host, so that a datagram's needs to be said.
    has_peers: bool,
}

impl Telling {
    pub(super) fn new(program: &dyn Program, origin: &Origin, history: &[&Step]) -> Telling {
        Telling {
            type_name: origin.type_name,
            words: origin.words,
            timers: timers(program, origin, history),
            has_peers: peers(history) > 1,
        }
    }

    /// The first thing in which two answers differ.
    pub(super) fn contrast(&self, first: &Answer, other: &Answer) -> (String, String) {
        let (Ok(one), Ok(two)) = (first, other) else { return (self.answer(first), self.answer(other)) };
        let at = one.iter().zip(two).take_while(|(one, two)| one == two).count();
        let nothing = || if at == 0 { "does nothing".into() } else { "does nothing more".to_string() };
        let told = |actions: &[Action]| actions.get(at).map_or_else(nothing, |action| self.action(action));
        (told(one), told(two))
    }

    /// The events with what the machine did, and what a fresh one did with the last.
    pub(super) fn story(&self, history: &[&Step], other: Option<&Answer>) -> Story {
        let row = |step: &Step, text: String| Row::new(step.moment.now, self.type_name, text);
        let hidden = history.len().saturating_sub(MAX_ROWS);
        let mut rows: Vec<Row> = history[hidden..]
            .iter()
            .map(|step| row(step, format!("{}: {}", self.event(&step.event), self.answer(&step.answer))))
            .collect();
        if let (Some(other), Some(last)) = (other, history.last()) {
            rows.push(row(last, format!("a fresh machine, same events: {}", self.answer(other))));
        }
        let count = history.len();
        let plural = if count == 1 { "" } else { "s" };
        Story::new(format!("this machine alone, its {count} event{plural} given twice"), rows)
    }

    fn event(&self, event: &OwnedEvent) -> String {
        match event {
            OwnedEvent::Start(_) => "starts".into(),
            OwnedEvent::Command(bytes) => format!("is asked to {}", (self.words.command)(bytes)),
            OwnedEvent::Datagram(from, bytes) => {
                format!("receives {}{}", (self.words.datagram)(bytes), self.peer("from", *from))
            }
            OwnedEvent::Timer(timer) => format!("timer {} runs out", self.timer(*timer)),
        }
    }

    fn answer(&self, answer: &Answer) -> String {
        match answer {
            Ok(actions) if actions.is_empty() => "does nothing".into(),
            Ok(actions) => actions.iter().map(|action| self.action(action)).collect::<Vec<_>>().join(", "),
            Err(Crash::Panicked { message, .. }) => format!("panics ({})", text::line(message, 60)),
            Err(crash) => format!("fails ({crash})"),
        }
    }

    fn action(&self, action: &Action) -> String {
        match action {
            Action::Send { to, datagram } => {
                format!("sends {}{}", (self.words.datagram)(datagram), self.peer("to", *to))
            }
            Action::SetTimer { timer, after } => format!("sets timer {} to {after:?}", self.timer(*timer)),
            Action::CancelTimer { timer } => format!("stops timer {}", self.timer(*timer)),
            Action::Disk(op) => disk_op(op),
            Action::Notify(bytes) => (self.words.notice)(bytes),
            Action::Discard(unread) => format!("throws a datagram away ({})", unread.reason()),
        }
    }

    fn timer(&self, timer: TimerId) -> &str {
        self.timers.get(&timer).map_or("?", |name| name)
    }

    fn peer(&self, word: &str, host: Host) -> String {
        if self.has_peers { format!(" {word} host {}", host.0) } else { String::new() }
    }
}

/// The names of the timers that the events of `history` set, from a machine to which they are given once more.
fn timers(program: &dyn Program, origin: &Origin, history: &[&Step]) -> BTreeMap<TimerId, String> {
    let mut names = BTreeMap::new();
    let Ok(mut node) = program.start(&origin.role, &origin.config) else { return names };
    let mut actions = vec![];
    for step in history {
        actions.clear();
        if node.handle(step.moment, step.event.borrow(), &mut actions).is_err() {
            break;
        }
        for action in &actions {
            if let Action::SetTimer { timer, .. } = action {
                names.entry(*timer).or_insert_with(|| node.timer_name(*timer));
            }
        }
    }
    names
}

/// With how many other hosts a machine has to do.
fn peers(history: &[&Step]) -> usize {
    let sent = |action: &Action| match action {
        Action::Send { to, .. } => Some(*to),
        _ => None,
    };
    let mut peers = BTreeSet::new();
    for step in history {
        if let OwnedEvent::Datagram(from, _) = &step.event {
            peers.insert(*from);
        }
        peers.extend(step.answer.iter().flatten().filter_map(sent));
    }
    peers.len()
}
