//! Lab 1's hidden scenarios: random messages, the kit's own bytes on the other side of every program, other faults.

mod codec;
mod damage;
mod echo;
mod observer;
mod ping;
mod wire;

use faultline::scenario::{Scenario, Suite};

/// The hidden scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    let parts: [&[Scenario]; 4] = [codec::SCENARIOS, echo::SCENARIOS, ping::SCENARIOS, observer::SCENARIOS];
    Suite { lab: "lab1-datagram", scenarios: parts.concat(), bonus: &[] }
}
