//! Looks at a machine's copies: a copy shares nothing with its original, and `Hash` and `==` agree about what a state is.
//!
//! A search stands on both: it steps copies apart, and it takes two states of one hash for the same. Nothing of the
//! student's is run twice here but `Clone`, `Eq`, `Hash` and `Debug`, with one exception in [`Before::compare`].

use crate::crash::guarded;
use crate::machine::{Action, Moment};
use crate::node::{Event, Inspect, Node};
use crate::quiet::quietly;
use std::collections::HashMap;

/// How many states are kept to compare others with.
const MAX_KNOWN: usize = 512;

/// How many bytes of state are printed in one run: printing is by far the dearest way to look at a state.
const MAX_TEXT: usize = 256 << 10;

/// A copy of a machine, made before the machine handles an event, and what it looked like then.
pub(super) struct Before {
    copy: Box<dyn Node>,
    key: u64,
    /// `None` when enough has been printed.
    text: Option<String>,
}

/// States by type and hash, and how much may still be printed.
pub(super) struct Known {
    states: HashMap<(&'static str, u64), Before>,
    text_left: usize,
}

impl Default for Known {
    fn default() -> Self {
        Known { states: HashMap::new(), text_left: MAX_TEXT }
    }
}

impl Before {
    pub(super) fn of(node: &dyn Node, known: &mut Known) -> Result<Before, String> {
        answering(node, || {
            let copy = node.fork().map_err(|crash| crash.to_string())?;
            let key = copy.key();
            let text = (known.text_left > 0).then(|| copy.describe());
            known.text_left = known.text_left.saturating_sub(text.as_ref().map_or(0, String::len));
            Ok(Before { copy, key, text })
        })?
    }

    /// Compares with the machine after the event and with the states that are known; the error says which rule is broken.
    pub(super) fn compare(
        self,
        after: &dyn Node,
        moment: Moment,
        event: &Event<'_>,
        actions: &[Action],
        known: &mut Known,
    ) -> Result<(), String> {
        let name = name(after);
        answering(after, || {
            let text_changed = self.text.as_ref().is_some_and(|text| self.copy.describe() != *text);
            if self.copy.key() != self.key || text_changed {
                return Err(shares(name));
            }
            contract(name, &*self.copy, after)?;
            let Some(like) = known.states.get(&(name, self.key)) else {
                if known.states.len() < MAX_KNOWN {
                    known.states.insert((name, self.key), self);
                }
                return Ok(());
            };
            contract(name, &*like.copy, &*self.copy)?;
            // Equal, though they print differently: what was left out may be of no importance. The other one is asked.
            let prints_alike = like.text.is_none() || self.text.is_none() || like.text == self.text;
            if !prints_alike && surroundings(&*like.copy) == surroundings(&*self.copy) {
                let mut others = vec![];
                let handle =
                    || like.copy.fork().and_then(|mut copy| copy.handle(moment, *event, &mut others));
                let answer = quietly(handle);
                if answer.is_ok() && others != actions {
                    return Err(equal_but_different(name));
                }
            }
            Ok(())
        })?
    }
}

/// Runs code that calls the student's `Clone`, `Eq`, `Hash` and `Debug`.
fn answering<T>(node: &dyn Node, code: impl FnOnce() -> T) -> Result<T, String> {
    guarded(code).map_err(|crash| format!("{} cannot be copied and compared: {crash}.", name(node)))
}

fn name(node: &dyn Node) -> &'static str {
    node.inspect().map_or("the machine", Inspect::type_name)
}

fn surroundings(node: &dyn Node) -> Option<u64> {
    node.inspect().map(Inspect::surroundings)
}

/// Equal states have equal hashes; and since the kit takes a hash for the state, only they.
fn contract(name: &str, one: &dyn Node, other: &dyn Node) -> Result<(), String> {
    let equal = one.inspect().zip(other.inspect()).and_then(|(one, other)| one.equals(other));
    match (equal, one.key() == other.key()) {
        (Some(true), false) => Err(format!(
            "Two states of {name} are equal (==) and have different hashes: its PartialEq leaves out what its Hash looks \
             at, or is always true. Derive both."
        )),
        (Some(false), true) => Err(format!(
            "Two states of {name} are not equal (!=) and have the same hash: its Hash leaves a field out or is constant, \
             and a search would take the two for one. Derive it."
        )),
        _ => Ok(()),
    }
}

fn shares(name: &str) -> String {
    format!(
        "A clone of {name} shares state with its original: when the original handled an event, the clone changed too. \
         Look for Rc, Arc, Cell, RefCell, Mutex or atomics in its fields; plain fields with a derived Clone share nothing."
    )
}

fn equal_but_different(name: &str) -> String {
    format!(
        "Two states of {name} are equal (==), but do different things with the same event: its PartialEq and Hash leave \
         out a field that matters. Derive both."
    )
}
