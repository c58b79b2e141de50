//! The addresses that a live host tells apart, by the numbers under which its program knows them.

use crate::machine::Host;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::net::SocketAddr;

/// How many there may be. For a further one that which was silent for the longest is forgotten, and its number is the new one's:
/// a program tells who speaks by what is said.
const ADDRESSES_MAX: usize = 1_024;

/// The host's own address is `Host(0)`; the others are counted from 1, first those that are known at the start, which are never
/// forgotten, then everybody who sends something, in the order in which they come.
#[derive(Debug)]
pub(super) struct Addresses {
    all: Vec<Address>,
    /// Where each of them stands.
    places: HashMap<SocketAddr, usize, FixedState>,
    /// How many were known at the start.
    known: usize,
    /// How often somebody was heard.
    heard: u64,
}

#[derive(Debug)]
struct Address {
    address: SocketAddr,
    /// When it was heard last, counted in datagrams.
    last_heard: u64,
}

impl Addresses {
    pub(super) fn new(known: &[SocketAddr]) -> Addresses {
        let all: Vec<_> = known.iter().map(|&address| Address { address, last_heard: 0 }).collect();
        let places = known.iter().enumerate().rev().map(|(place, &address)| (address, place)).collect();
        Addresses { all, places, known: known.len(), heard: 0 }
    }

    /// The number of an address from which something has come; `None` when there is no room for another one.
    pub(super) fn host(&mut self, address: SocketAddr) -> Option<Host> {
        self.heard += 1;
        let place = match self.places.get(&address) {
            Some(&place) => place,
            None => self.add(address)?,
        };
        self.all[place].last_heard = self.heard;
        Some(Host(place as u16 + 1))
    }

    fn add(&mut self, address: SocketAddr) -> Option<usize> {
        let new = Address { address, last_heard: self.heard };
        let place = if self.all.len() < ADDRESSES_MAX {
            self.all.push(new);
            self.all.len() - 1
        } else {
            let strangers = self.all.iter().enumerate().skip(self.known);
            let (place, _) = strangers.min_by_key(|(_, address)| address.last_heard)?;
            let gone = std::mem::replace(&mut self.all[place], new);
            self.places.remove(&gone.address);
            place
        };
        self.places.insert(address, place);
        Some(place)
    }

    /// The address of a number.
    ///
    /// # Errors
    /// Nobody has it; the text says so.
    pub(super) fn of(&self, host: Host) -> Result<SocketAddr, String> {
        let address = usize::from(host.0).checked_sub(1).and_then(|place| self.all.get(place));
        address.map(|address| address.address).ok_or_else(|| format!("nobody knows the address of {host:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: usize) -> SocketAddr {
        ([127, 0, 0, 1], port as u16).into()
    }

    #[test]
    fn a_full_book_forgets_who_was_silent_for_the_longest_and_nobody_who_was_known() {
        let mut addresses = Addresses::new(&[at(1)]);
        for port in 2..=ADDRESSES_MAX {
            assert_eq!(addresses.host(at(port)), Some(Host(port as u16)));
        }
        assert_eq!(addresses.host(at(2)), Some(Host(2)));
        assert_eq!(addresses.host(at(50_000)), Some(Host(3)));
        assert_eq!((addresses.of(Host(1)), addresses.of(Host(3))), (Ok(at(1)), Ok(at(50_000))));
        assert_eq!(addresses.host(at(3)), Some(Host(4)));
    }
}
