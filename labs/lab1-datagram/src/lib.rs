//! Lab 1, the half that students are given: what a message is, what `ping` reports, the two command lines, and the
//! scenarios.
//!
//! Nothing here is edited. Start with [`message`], which is the contract of part A; part B's is in the `endpoint` and
//! `echo` modules of the student's own package; part C's is in [`report`] and [`observe`].

pub mod cli;
pub mod golden;
pub mod message;
pub mod observe;
pub mod pinger;
pub mod program;
pub mod report;
pub mod scenarios;
