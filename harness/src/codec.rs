//! The one place where the kit turns values into bytes and back: bincode 2 with a size limit, and a sealed form with
//! a checksum for networks that corrupt. Decoding never panics, never allocates past the limit and refuses leftovers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// The largest value that is decoded, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The largest sealed value that is opened, in bytes: twice what a datagram can carry, since a number may be longer as a value
/// than in its bytes.
const MAX_SEALED: usize = 128 * 1024;

const CHECKSUM_LEN: usize = 4;

/// Why bytes are not a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// The bytes do not describe a value of the wanted type.
    Malformed(String),
    /// A value was read and this many bytes were left over.
    Trailing(usize),
    /// A sealed value's checksum does not match, or the bytes are too short to have one.
    Corrupt,
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodecError::Malformed(why) => write!(f, "malformed: {why}"),
            CodecError::Trailing(count) => write!(f, "{count} bytes left over after the value"),
            CodecError::Corrupt => f.write_str("the checksum does not match"),
        }
    }
}

impl std::error::Error for CodecError {}

/// The bytes of `value`.
///
/// # Panics
/// When the type cannot be encoded at all (a map of unknown length, say), which is a mistake in the type.
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = vec![];
    encode_after(&mut bytes, value);
    bytes
}

/// Puts the bytes of `value` behind those that are there.
fn encode_after<T: Serialize>(bytes: &mut Vec<u8>, value: &T) {
    bincode::serde::encode_into_std_write(value, bytes, bincode::config::standard())
        .expect("a type that serde can encode");
}

/// The value of which `bytes` are the whole encoding.
///
/// # Errors
/// [`CodecError::Malformed`] or [`CodecError::Trailing`].
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    decode_within::<T, MAX_BYTES>(bytes)
}

/// As [`decode`]; room is made for no more than `LIMIT` bytes, whatever is promised.
fn decode_within<T: DeserializeOwned, const LIMIT: usize>(bytes: &[u8]) -> Result<T, CodecError> {
    let config = bincode::config::standard().with_limit::<LIMIT>();
    let (value, used) = bincode::serde::decode_from_slice(bytes, config)
        .map_err(|error| CodecError::Malformed(error.to_string()))?;
    match bytes.len() - used {
        0 => Ok(value),
        left => Err(CodecError::Trailing(left)),
    }
}

/// The bytes of `value` behind their CRC-32.
#[must_use]
pub fn seal<T: Serialize>(value: &T) -> Vec<u8> {
    let mut sealed = vec![0; CHECKSUM_LEN];
    encode_after(&mut sealed, value);
    let checksum = crc32fast::hash(&sealed[CHECKSUM_LEN..]);
    sealed[..CHECKSUM_LEN].copy_from_slice(&checksum.to_le_bytes());
    sealed
}

/// The value that was [`seal`]ed.
///
/// # Errors
/// [`CodecError::Corrupt`] when the bytes were changed on the way; else as [`decode`].
pub fn open<T: DeserializeOwned>(sealed: &[u8]) -> Result<T, CodecError> {
    let (checksum, body) = sealed.split_at_checked(CHECKSUM_LEN).ok_or(CodecError::Corrupt)?;
    if checksum != crc32fast::hash(body).to_le_bytes() {
        return Err(CodecError::Corrupt);
    }
    decode_within::<T, MAX_SEALED>(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strict_prefix_and_every_flipped_bit_of_a_sealed_value_is_refused() {
        let sealed = seal(&(7u32, "hello".to_string(), Some(vec![1u8, 2, 3])));
        for end in 0..sealed.len() {
            assert!(open::<(u32, String, Option<Vec<u8>>)>(&sealed[..end]).is_err());
        }
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open::<(u32, String, Option<Vec<u8>>)>(&bad), Err(CodecError::Corrupt));
        }
    }

    #[test]
    fn leftovers_and_absurd_lengths_are_refused() {
        assert_eq!(decode::<u8>(&[1, 2]), Err(CodecError::Trailing(1)));
        let huge = [253, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(matches!(decode::<Vec<u8>>(&huge), Err(CodecError::Malformed(_))));
    }
}
