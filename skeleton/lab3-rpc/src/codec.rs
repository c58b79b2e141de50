//! Values as bytes and back (rules A1 to A3). The format is bincode's; which of its many formats, and within which limits,
//! is decided here and nowhere else.

use lab3_kit::Unreadable;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of `value` (rule A1).
///
/// # Panics
/// When serde cannot encode the type at all, which is a mistake in the type.
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    todo!("lab 3, part A: encode")
}

/// The value of which `bytes` are the encoding, all of them (rules A2 and A3).
///
/// # Errors
/// They are no such encoding, or too large.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    todo!("lab 3, part A: decode")
}
