//! The connection on real sockets, in two processes.

use crate::scenarios::copying::{self, Copy};
use faultline::scenario::{Bench, Outcome};

/// What is asked for in the book: 5 % lost, 2 % duplicated, some overtaken, both ways.
pub(super) fn file(bench: &Bench<'_>) -> Outcome {
    let copy = Copy { len: 1024 * 1024, window: 8, message: 4_000, link: copying::bad_network() };
    copy.run(bench)
}
