//! Gives the events of a run to fresh machines: they must do the same, because a machine is a function of its events.

use super::cause;
use super::log::{Answer, Log, Origin, Step};
use super::telling::Telling;
use crate::crash::{Crash, guarded};
use crate::driver::OwnedEvent;
use crate::program::Program;
use crate::scenario::Failure;

/// How many fresh machines are given each history. Something with two outcomes of equal chance is seen in 15 of 16 cases.
const TIMES: usize = 4;

/// How many are asked for the cause, once a difference is known.
const TIMES_FOR_CAUSE: usize = 16;

/// How many are asked when none of these has differed.
const MOST_TIMES_FOR_CAUSE: usize = 64;

/// How many events are given again at the most, in all.
const MAX_EVENTS: usize = 400_000;

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
    let telling = Telling::new(program, origin, history);
    let what = match other {
        Some(other) => {
            let (first, then) = telling.contrast(&last.answer, other);
            format!("does not do the same twice for the same events: first it {first}, then it {then}")
        }
        None => match cause::contrast(&others) {
            Some((one, other)) => format!("leaves different states for the same events: {one} and {other}"),
            None => "leaves different states for the same events".into(),
        },
    };
    let place = format!("{}::{}", origin.type_name, handler(&last.event));
    Failure::new(format!("{place} {what}. {cause}")).with(telling.story(history, other))
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

fn handler(event: &OwnedEvent) -> &'static str {
    match event {
        OwnedEvent::Start(_) => "on_start",
        OwnedEvent::Command(_) => "on_command",
        OwnedEvent::Datagram(..) => "on_datagram",
        OwnedEvent::Timer(_) => "on_timer",
    }
}
