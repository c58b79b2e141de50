//! Gives the events of a run to fresh machines: they must do the same, because a machine is a function of its events.

use super::cause;
use super::log::{Answer, Log, Origin, Step};
use crate::crash::{Crash, guarded};
use crate::driver::OwnedEvent;
use crate::machine::Action;
use crate::program::Program;
use crate::scenario::Failure;
use crate::text;
use crate::trace::{Row, Story, disk_op};

/// How many fresh machines are given each history. Something with two outcomes of equal chance is seen in 15 of 16 cases.
const TIMES: usize = 4;

/// How many are asked for the cause, once a difference is known.
const TIMES_FOR_CAUSE: usize = 16;

/// How many are asked when none of these has differed.
const MOST_TIMES_FOR_CAUSE: usize = 64;

/// How many events are given again at the most, in all.
const MAX_EVENTS: usize = 400_000;

/// How many of the last events are told.
const MAX_ROWS: usize = 200;

/// What a fresh machine did with the event that is looked at.
pub(super) struct Again {
    pub(super) answer: Answer,
    pub(super) key: u64,
    pub(super) text: String,
}

/// The first difference between a run and fresh machines.
pub(super) fn check(program: &dyn Program, log: &Log) -> Option<Failure> {
    let mut left = MAX_EVENTS;
    for history in log.histories() {
        if left < history.len() * TIMES {
            return None;
        }
        left -= history.len() * TIMES;
        let origin = log.origin(history[0].origin);
        let differing = (0..TIMES).filter_map(|_| first_difference(program, origin, &history)).min();
        if let Some(at) = differing {
            return Some(told(program, origin, &history[..=at]));
        }
    }
    None
}

/// The place of the first event with which a fresh machine does not do the same.
fn first_difference(program: &dyn Program, origin: &Origin, history: &[&Step]) -> Option<usize> {
    let Ok(mut node) = program.start(&origin.role, &origin.config) else { return Some(0) };
    let mut actions = vec![];
    history.iter().position(|step| {
        actions.clear();
        match (node.handle(step.moment, step.event.borrow(), &mut actions), &step.answer) {
            (Ok(()), Ok(first)) => actions != *first || node.key() != step.key,
            (Err(crash), Err(first)) => crash != *first,
            _ => true,
        }
    })
}

/// What a fresh machine does with the last event of `history`.
fn again(program: &dyn Program, origin: &Origin, history: &[&Step]) -> Result<Again, Crash> {
    let mut node = program.start(&origin.role, &origin.config)?;
    let (last, before) = history.split_last().ok_or_else(|| Crash::Unfit("no events".into()))?;
    for step in before {
        node.handle(step.moment, step.event.borrow(), &mut vec![])?;
    }
    let mut actions = vec![];
    let answer = node.handle(last.moment, last.event.borrow(), &mut actions).map(|()| actions);
    let key = guarded(|| node.key()).unwrap_or_default();
    Ok(Again { answer, key, text: node.describe() })
}

fn told(program: &dyn Program, origin: &Origin, history: &[&Step]) -> Failure {
    let last = history[history.len() - 1];
    let others = ask(program, origin, history);
    let cause = cause::of(last, &others).words();
    let other = others.iter().find(|it| it.answer != last.answer).map(|it| &it.answer);
    let what = match other {
        Some(other) => {
            let (first, then) = contrast(&last.answer, other);
            format!("did not do the same twice for the same events: first it {first}, then it {then}")
        }
        None => match cause::contrast(&others) {
            Some((one, other)) => format!("left different states for the same events: {one} and {other}"),
            None => "left different states for the same events".into(),
        },
    };
    let place = format!("{}::{}", origin.type_name, handler(&last.event));
    Failure::new(format!("{place} {what}. {cause}")).with(story(origin, history, other))
}

/// Asks fresh machines about the last event of `history` until the difference is seen.
fn ask(program: &dyn Program, origin: &Origin, history: &[&Step]) -> Vec<Again> {
    let last = history[history.len() - 1];
    let mut others: Vec<Again> = vec![];
    for times in 0..MOST_TIMES_FOR_CAUSE {
        if times >= TIMES_FOR_CAUSE && others.iter().any(|it| it.answer != last.answer || it.key != last.key)
        {
            break;
        }
        others.extend(again(program, origin, history));
    }
    others
}

/// The first thing in which two answers differ.
fn contrast(first: &Answer, other: &Answer) -> (String, String) {
    let (Ok(one), Ok(two)) = (first, other) else { return (show_answer(first), show_answer(other)) };
    let at = one.iter().zip(two).take_while(|(one, two)| one == two).count();
    let nothing = || if at == 0 { "did nothing".into() } else { "did nothing more".to_string() };
    (one.get(at).map_or_else(nothing, show), two.get(at).map_or_else(nothing, show))
}

fn show_answer(answer: &Answer) -> String {
    match answer {
        Ok(actions) if actions.is_empty() => "did nothing".into(),
        Ok(actions) => actions.iter().map(show).collect::<Vec<_>>().join(", "),
        Err(Crash::Panicked { message, .. }) => format!("panicked ({})", text::line(message, 60)),
        Err(crash) => format!("failed ({crash})"),
    }
}

fn show(action: &Action) -> String {
    match action {
        Action::Send { to, datagram } => format!("sent {} to host {}", text::bytes(datagram, 32), to.0),
        Action::SetTimer { after, .. } => format!("set a timer to {after:?}"),
        Action::CancelTimer { .. } => "stopped a timer".into(),
        Action::Disk(op) => disk_op(op),
        Action::Notify(bytes) => format!("notified {}", text::bytes(bytes, 32)),
        Action::Discard(unread) => format!("threw a datagram away ({})", unread.reason()),
    }
}

fn handler(event: &OwnedEvent) -> &'static str {
    match event {
        OwnedEvent::Start(_) => "on_start",
        OwnedEvent::Command(_) => "on_command",
        OwnedEvent::Datagram(..) => "on_datagram",
        OwnedEvent::Timer(_) => "on_timer",
    }
}

fn story(origin: &Origin, history: &[&Step], other: Option<&Answer>) -> Story {
    let row = |step: &Step, text: String| Row::new(step.moment.now, origin.type_name, text::line(&text, 96));
    let hidden = history.len().saturating_sub(MAX_ROWS);
    let mut rows: Vec<Row> = history[hidden..]
        .iter()
        .map(|step| {
            let bytes = match &step.event {
                OwnedEvent::Command(bytes) | OwnedEvent::Datagram(_, bytes) => text::bytes(bytes, 32),
                OwnedEvent::Start(_) | OwnedEvent::Timer(_) => String::new(),
            };
            row(step, format!("{}({bytes}): {}", handler(&step.event), show_answer(&step.answer)))
        })
        .collect();
    if let (Some(other), Some(last)) = (other, history.last()) {
        rows.push(row(last, format!("a fresh machine, same events: {}", show_answer(other))));
    }
    let count = history.len();
    let plural = if count == 1 { "" } else { "s" };
    Story::new(format!("this machine alone, its {count} event{plural} given twice"), rows)
}
