//! Lab 2's hidden scenarios: the public contract again, with other bytes, times, hosts, faults and lengths.

mod model;
mod part_a;
mod part_b;
mod part_c;
mod part_d;
mod part_e;
mod part_f;
mod side_model;

use faultline::scenario::{Scenario, Suite};

/// The hidden scenarios, part by part.
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
