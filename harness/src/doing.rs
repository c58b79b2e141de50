//! What student code is asked to do just now, told to the parent process beforehand: when the code ends its process (a full
//! stack, memory that cannot be had), nobody is left to say it.

use crate::channel::Channel;
use crate::report::Ended;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// What a scenario's process tells its parent.
#[derive(Serialize, Deserialize)]
pub(crate) enum Word {
    /// From now on student code does this: the end of a sentence.
    Doing(String),
    /// The scenario has come to its end.
    Ended(Box<Ended>),
}

/// The parent, and what it was told last.
static PARENT: Mutex<Option<(Channel, String)>> = Mutex::new(None);

/// From now on the parent is told.
pub(crate) fn tell(parent: Channel) {
    *PARENT.lock().unwrap_or_else(PoisonError::into_inner) = Some((parent, String::new()));
}

/// Student code is about to do this; in a process that has no such parent nobody is told.
pub(crate) fn now(what: &str) {
    if let Some((parent, last)) = PARENT.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        *last = format!(" while {what}");
        // Without a parent this process ends anyway.
        let _ = parent.send(&Word::Doing(last.clone()));
    }
}

/// What was said last, as the end of a sentence; nothing, when nothing was.
pub(crate) fn last() -> String {
    let parent = PARENT.lock().unwrap_or_else(PoisonError::into_inner);
    parent.as_ref().map_or_else(String::new, |(_, last)| last.clone())
}
