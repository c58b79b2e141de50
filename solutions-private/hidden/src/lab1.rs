//! Lab 1's hidden scenarios.

use faultline::scenario::Suite;

/// The hidden scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    Suite { lab: "lab1-datagram", scenarios: vec![] }
}
