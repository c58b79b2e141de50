//! Lab 3's hidden scenarios: the public contract again, with other bytes, times, hosts, faults and lengths.

pub mod marathon;
mod model;
mod part_b;
mod part_c;
mod part_d;

use faultline::scenario::{Scenario, Suite};

/// The hidden scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    let parts: [&[Scenario]; 3] = [part_b::SCENARIOS, part_c::SCENARIOS, part_d::SCENARIOS];
    Suite { lab: "lab3-rpc", scenarios: parts.concat(), bonus: &[] }
}
