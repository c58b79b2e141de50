//! Lab 7: a function that adds.

/// The sum of these numbers, if it is a `u32` (rules A1 and A2).
#[must_use]
pub fn sum(numbers: &[u32]) -> Option<u32> {
    // SOLUTION: todo!("lab 7, part A: sum")
    numbers.iter().try_fold(0, |sum: u32, number| sum.checked_add(*number))
    // END SOLUTION
}
