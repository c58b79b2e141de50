//! Lab 2's public scenarios: the one place where their names, parts, points and hints stand.

pub mod checks;
pub mod pair;
mod part_a;
mod part_b;
pub mod progress;

use faultline::scenario::{Scenario, Suite};

/// The public scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    let parts: [&[Scenario]; 2] = [part_a::SCENARIOS, part_b::SCENARIOS];
    Suite { lab: "lab2-reliable", scenarios: parts.concat() }
}
