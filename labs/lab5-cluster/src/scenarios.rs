//! Lab 5's public scenarios: the one place where their names, parts, points and hints stand.

pub mod client;
pub mod cluster;
pub mod crowd;
mod live;
pub mod live_stage;
pub mod model;
pub mod office;
mod part_a;
mod part_b;
mod part_c;
mod part_d;
mod part_e;
mod part_f;
mod part_g;
mod part_s;
pub mod peer;
pub mod searched;
mod tidy;

use faultline::scenario::{Scenario, Suite};

/// The public scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    let parts: [&[Scenario]; 9] = [
        part_a::SCENARIOS,
        part_b::SCENARIOS,
        part_c::SCENARIOS,
        part_d::SCENARIOS,
        part_e::SCENARIOS,
        part_f::SCENARIOS,
        part_g::SCENARIOS,
        part_s::SCENARIOS,
        live::SCENARIOS,
    ];
    Suite { lab: "lab5-cluster", scenarios: parts.concat(), bonus: &['S'] }
}
