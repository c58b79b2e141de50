//! How student code ends without an answer: it panics, it ends its process, or it does not come back.

use crate::machine::{Host, MAX_ACTIONS, WithoutEnd};
use crate::text;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// Student code did not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Crash {
    /// It panicked.
    Panicked {
        /// The panic's message.
        message: String,
        /// `file:line` of the panic.
        place: String,
    },
    /// Its process ended in the middle of the run.
    Exited(String),
    /// It ran for so long that the kit gave up; the text names the handler.
    Hung(String),
    /// A handler asked for more and more; the text says where, as `file:line`.
    WithoutEnd(String),
    /// It broke a rule on which the kit itself stands; the text says which.
    Unfit(String),
    /// It asked for something impossible, such as a datagram to a host that does not exist.
    Misused(String),
}

impl Crash {
    /// Whether it is an ordinary panic, not one of the kit's own and not a `todo!`.
    pub(crate) fn is_a_panic(&self) -> bool {
        matches!(self, Crash::Panicked { message, .. } if !message.starts_with(UNWRITTEN))
    }

    /// A datagram that cannot be sent.
    pub(crate) fn stray(from: Host, to: Host) -> Crash {
        let why = if from == to { "which is its own" } else { "which is not in this run" };
        Crash::Misused(format!(
            "your code sent a datagram to the address {to:?}, {why}; the right one is in the configuration"
        ))
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Crash::Panicked { message, place } if message.starts_with(UNWRITTEN) => {
                let what = message.trim_start_matches(UNWRITTEN).trim_start_matches([':', ' ']);
                write!(f, "not written yet: {} ({})", text::line(what, 120), text::line(place, 120))
            }
            Crash::Panicked { message, place } => {
                write!(f, "your code panicked at {}: {}", text::line(place, 120), text::line(message, 200))
            }
            Crash::Exited(how) => write!(f, "your code ended the process ({})", text::line(how, 120)),
            Crash::Hung(what) => write!(f, "{} did not return", text::line(what, 240)),
            Crash::WithoutEnd(place) => write!(
                f,
                "your code asks for more than {MAX_ACTIONS} things in one event (or for 64 MiB), at {}: it sends, sets \
                 timers, writes or notifies without end",
                text::line(place, 120)
            ),
            Crash::Unfit(what) => f.write_str(&text::line(what, 500)),
            Crash::Misused(what) => f.write_str(&text::line(what, 200)),
        }
    }
}

/// How the message of `todo!` begins.
const UNWRITTEN: &str = "not yet implemented";

thread_local! {
    static LAST_PANIC: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `code`; a panic becomes a [`Crash`] and is not printed.
pub(crate) fn guarded<T>(code: impl FnOnce() -> T) -> Result<T, Crash> {
    remember_panics();
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(code));
    GUARDED.set(outer);
    result.map_err(|payload| {
        let last = LAST_PANIC.with(|last| last.borrow_mut().take());
        if payload.is::<WithoutEnd>() {
            return Crash::WithoutEnd(last.map(|(_, place)| place).unwrap_or_default());
        }
        let (message, place) = last.unwrap_or_else(|| (message_of(&*payload), "an unknown place".into()));
        Crash::Panicked { message, place }
    })
}

/// From here on a panic in guarded code is remembered instead of being printed.
fn remember_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                return print(info);
            }
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
            let message = message_of(info.payload());
            LAST_PANIC.with(|last| *last.borrow_mut() = Some((message, place)));
        }));
    });
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_place_and_a_stub_is_told_apart() {
        let crash = guarded(|| panic!("oh {}", "no")).unwrap_err();
        assert!(crash.to_string().starts_with("your code panicked at harness/src/crash.rs:"), "{crash}");
        let stub = guarded(|| -> () { todo!("lab 9, part A: f") }).unwrap_err();
        assert!(
            stub.to_string().starts_with("not written yet: lab 9, part A: f (harness/src/crash.rs:"),
            "{stub}"
        );
        assert_eq!(guarded(|| 7), Ok(7));
    }
}
