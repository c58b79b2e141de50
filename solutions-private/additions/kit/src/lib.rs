//! Lab 7, the half that students are given: a function, and the scenarios.
//!
//! - A1: the function gives the sum of all numbers.
//! - A2: it gives nothing when the sum is no `u32`.

pub mod scenarios;

use faultline::program::Function;

/// The student's `sum`.
pub const SUM: Function<Vec<u32>, Option<u32>> = Function::new("sum");
