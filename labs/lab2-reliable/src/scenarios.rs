//! Lab 2's public scenarios: the one place where their names, parts, points and hints stand.

pub mod bottleneck;
pub mod checks;
pub mod copying;
pub mod crash;
pub mod lives;
pub mod pair;
mod part_a;
mod part_b;
mod part_c;
mod part_d;
mod part_e;
mod part_f;
pub mod progress;
pub mod side;
pub mod talk;

use faultline::scenario::{Scenario, Suite};

/// The public scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    let parts: [&[Scenario]; 6] = [
        part_a::SCENARIOS,
        part_b::SCENARIOS,
        part_c::SCENARIOS,
        part_d::SCENARIOS,
        part_e::SCENARIOS,
        part_f::SCENARIOS,
    ];
    Suite { lab: "lab2-reliable", scenarios: parts.concat(), bonus: &['F'] }
}
