//! What a relay did, in words: one line for each direction.

use super::relay::{CLIENTS, Relay, SERVER};
use crate::simulation::Counts;
use std::fmt;

/// What a relay did so far; made by [`Relay::done`].
#[derive(Clone, Copy)]
pub struct Done<'a>(pub(super) &'a Relay);

impl fmt::Display for Done<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "to the server:  {}", Told(self.0.counts(CLIENTS, SERVER)))?;
        write!(f, "to the clients: {}", Told(self.0.counts(SERVER, CLIENTS)))?;
        match self.0.turned_away() {
            0 => Ok(()),
            count => write!(f, "\n{count} more came when too many were waiting, and were dropped"),
        }
    }
}

/// What was done in one direction. What was carried counts duplicates and what arrives changed.
struct Told(Counts);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { sent, lost, duplicated, reordered, corrupted, delivered, .. } = self.0;
        write!(
            f,
            "{sent} came, {lost} lost, {duplicated} duplicated, {reordered} held back, {corrupted} corrupted"
        )?;
        for (count, what) in [
            (self.0.oversize, "too large"),
            (self.0.overflowed, "too many for the queue"),
            (self.0.unheard, "not taken by the system"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        write!(f, "; {delivered} carried")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_is_told_only_when_it_happened() {
        let counts = Counts { sent: 9, lost: 2, delivered: 7, ..Counts::default() };
        let usual = "9 came, 2 lost, 0 duplicated, 0 held back, 0 corrupted";
        assert_eq!(Told(counts).to_string(), format!("{usual}; 7 carried"));
        let rare = Counts { oversize: 3, ..counts };
        assert_eq!(Told(rare).to_string(), format!("{usual}, 3 too large; 7 carried"));
    }
}
