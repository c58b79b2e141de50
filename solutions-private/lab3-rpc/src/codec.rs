//! Values as bytes and back (rules A1 to A3). The format is bincode's; which of its many formats, and within which limits,
//! is decided here and nowhere else.

use lab3_kit::Unreadable;
use serde::Serialize;
use serde::de::DeserializeOwned;
// SOLUTION
use bincode::config::{BigEndian, Configuration, Fixint, Limit};
use lab3_kit::MAX_VALUE;
use lab3_kit::limits::Within;

const FORMAT: Configuration<BigEndian, Fixint, Limit<MAX_VALUE>> =
    bincode::config::standard().with_big_endian().with_fixed_int_encoding().with_limit::<MAX_VALUE>();
// END SOLUTION

/// The bytes of `value` (rule A1).
///
/// # Panics
/// When serde cannot encode the type at all, which is a mistake in the type.
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // SOLUTION: todo!("lab 3, part A: encode")
    bincode::serde::encode_to_vec(value, FORMAT).expect("a type that serde can encode")
    // END SOLUTION
}

/// The value of which `bytes` are the encoding, all of them (rules A2 and A3).
///
/// # Errors
/// They are no such encoding, or too large.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    // SOLUTION: todo!("lab 3, part A: decode")
    if bytes.len() > MAX_VALUE {
        return Err(Unreadable(format!("{} bytes are more than {MAX_VALUE}", bytes.len())));
    }
    let (Within(value), used) =
        bincode::serde::decode_from_slice(bytes, FORMAT).map_err(|error| Unreadable(error.to_string()))?;
    match bytes.len() - used {
        0 => Ok(value),
        more => Err(Unreadable(format!("{more} bytes are left over"))),
    }
    // END SOLUTION
}
