//! The addresses that a live host tells apart, by the numbers under which its program knows them.

use crate::machine::Host;
use std::net::SocketAddr;

/// How many there may be; who comes later is not heard.
const ADDRESSES_MAX: usize = 1_024;

/// The host's own address is `Host(0)`; the others are counted from 1, first those that are known at the start, then everybody
/// who sends something, in the order in which they come.
#[derive(Debug)]
pub(super) struct Addresses(Vec<SocketAddr>);

impl Addresses {
    pub(super) fn new(known: &[SocketAddr]) -> Addresses {
        Addresses(known.to_vec())
    }

    /// The number of an address; `None` when there is no room for another one.
    pub(super) fn host(&mut self, address: SocketAddr) -> Option<Host> {
        let known = self.0.iter().position(|known| *known == address);
        let index = known.or_else(|| {
            (self.0.len() < ADDRESSES_MAX).then(|| {
                self.0.push(address);
                self.0.len() - 1
            })
        })?;
        Some(Host(index as u16 + 1))
    }

    /// The address of a number.
    ///
    /// # Errors
    /// Nobody has it; the text says so.
    pub(super) fn of(&self, host: Host) -> Result<SocketAddr, String> {
        let address = usize::from(host.0).checked_sub(1).and_then(|index| self.0.get(index));
        address.copied().ok_or_else(|| format!("nobody knows the address of {host:?}"))
    }
}
