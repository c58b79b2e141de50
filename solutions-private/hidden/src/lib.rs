//! The scenarios that students never see. They judge the same rules as the public ones, by other means.

pub mod lab1;
pub mod lab2;
pub mod lab3;
pub mod lab4;
pub mod lab5;

use faultline::scenario::Suite;

/// The hidden scenarios of every lab.
#[must_use]
pub fn suites() -> Vec<Suite> {
    vec![lab1::suite(), lab2::suite(), lab3::suite(), lab4::suite(), lab5::suite()]
}
