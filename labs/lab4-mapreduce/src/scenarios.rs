//! Lab 4's public scenarios: the one place where their names, parts, points and hints stand.

pub mod files;
pub mod live;
pub mod merging;
pub mod model;
pub mod part_a;
pub mod part_b;
mod part_c;
mod part_d;
pub mod stage;
pub mod trouble;

use faultline::scenario::{Scenario, Suite};

/// The public scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    let parts: [&[Scenario]; 5] =
        [part_a::SCENARIOS, part_b::SCENARIOS, part_c::SCENARIOS, part_d::SCENARIOS, live::SCENARIOS];
    Suite { lab: "lab4-mapreduce", scenarios: parts.concat(), bonus: &[] }
}
