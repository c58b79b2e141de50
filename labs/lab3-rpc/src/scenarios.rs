//! Lab 3's public scenarios: the one place where their names, parts, points and hints stand.

mod asking;
pub mod checks;
mod forgetting;
mod fuzz;
mod giving_up;
mod golden;
pub mod history;
mod live;
pub mod malformed;
pub mod office;
mod part_a;
mod part_b;
mod part_c;
mod part_d;
mod part_e;
pub mod searched;
mod stage;
pub mod storm;
mod stubs;
pub mod world;

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
        live::SCENARIOS,
    ];
    Suite { lab: "lab3-rpc", scenarios: parts.concat(), bonus: &[] }
}
