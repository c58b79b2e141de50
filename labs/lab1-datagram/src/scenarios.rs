//! Lab 1's public scenarios: the one place where their names, parts, points and hints stand.

pub mod codec_checks;
pub mod live_echo;
pub mod live_ping;
mod part_a;
mod part_b;
mod part_c;
mod part_c_live;
pub mod ping_run;
pub mod simulated;
pub mod truth;

use faultline::scenario::{Scenario, Suite};

/// The public scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    let parts: [&[Scenario]; 4] =
        [part_a::SCENARIOS, part_b::SCENARIOS, part_c::SCENARIOS, part_c_live::SCENARIOS];
    Suite { lab: "lab1-datagram", scenarios: parts.concat(), bonus: &[] }
}
