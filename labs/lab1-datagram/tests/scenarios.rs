//! Placeholder: the scenarios of lab 1 come here.
fn main() {}
