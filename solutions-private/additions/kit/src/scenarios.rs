//! Lab 7's public scenarios: the one place where their names, parts, points and hints stand.

use crate::SUM;
use faultline::scenario::{Bench, Outcome, Scenario, Suite, World, ensure};

/// The public scenarios.
#[must_use]
pub fn suite() -> Suite {
    Suite { lab: "lab7-adding", scenarios: SCENARIOS.into(), bonus: &[] }
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "A1",
        name: "the sum is that of all numbers",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A1. What is the sum of no numbers?",
        run: |bench| {
            check(bench, &[], Some(0), "A1")?;
            check(bench, &[1, 2, 3, 4], Some(10), "A1")
        },
    },
    Scenario {
        id: "A2",
        name: "a sum that is no u32 is none",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A2. What is the largest u32, and one more?",
        run: |bench| {
            check(bench, &[u32::MAX, 1], None, "A2")?;
            check(bench, &[u32::MAX - 1, 1], Some(u32::MAX), "A1")
        },
    },
];

fn check(bench: &Bench<'_>, numbers: &[u32], wanted: Option<u32>, rule: &str) -> Outcome {
    let what = format!("adding {numbers:?}");
    let sum = bench.call(&SUM, &numbers.to_vec(), &what)?;
    ensure(sum == wanted, || format!("Rule {rule}: {what} must give {wanted:?}, and gives {sum:?}."))
}
