//! What the kit asks of an observer: the contract of part C as a trait. The rules C1 to C8 are in [`crate::report`].
//!
//! An observer reads no clock and no socket: `now` is handed in. So it runs in virtual time and under `ping` alike.

use crate::message::Message;
use crate::report::Report;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

// ANCHOR: observe
/// Counts what happens to the pings of one session. Every `now` is the time since one fixed moment, and no `now` is
/// smaller than the one before.
pub trait Observe: Clone + Eq + Hash + Debug + 'static {
    /// An observer of this session that has seen nothing yet.
    fn new(session: u32) -> Self;

    /// Ping `seq` is sent now; each seq is sent once (C1).
    fn on_sent(&mut self, seq: u32, now: Duration);

    /// A message arrives now; it may be anybody's (C2 to C4, C6, C7).
    fn on_reply(&mut self, message: &Message, now: Duration);

    /// A datagram arrived that did not decode (C5).
    fn on_bad_datagram(&mut self);

    /// Everything so far, summed up (C1 to C8).
    fn report(&self) -> Report;
}
// ANCHOR_END: observe
