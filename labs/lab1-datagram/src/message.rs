//! A message, its layout in a datagram, and every way in which a datagram can be wrong: the contract of part A.
//!
//! One message is one datagram. All numbers are unsigned.
//!
//! | offset | bytes | field                                                            |
//! |-------:|------:|------------------------------------------------------------------|
//! |      0 |     2 | [`MAGIC`]                                                        |
//! |      2 |     1 | [`VERSION`]                                                      |
//! |      3 |     1 | kind: 1 for [`Kind::Ping`], 2 for [`Kind::Echo`]                 |
//! |      4 |     4 | session                                                          |
//! |      8 |     4 | seq                                                              |
//! |     12 |     2 | length of the payload, in bytes                                  |
//! |     14 |     4 | CRC-32 of IEEE 802.3 over the whole datagram (rule A3)           |
//! |     18 |     n | payload                                                          |
//!
//! - **A1** Every number is big-endian ("network byte order", RFC 1700).
//! - **A2** The length field counts the payload alone, not the header, and nothing follows the payload.
//! - **A3** The checksum covers header and payload, computed while its own four bytes are zero.
//! - **A4** A payload of exactly [`MAX_PAYLOAD`] bytes is legal; `encode` refuses a longer one and cuts nothing.
//! - **A5** `decode` gets bytes from strangers: whatever they are, it returns, never panics, and allocates no more
//!   than the datagram holds.
//! - **A6** `decode` checks in the order of [`DecodeError`]'s variants; the first check that fails is the answer.
//! - **A7** Whatever `encode` accepts, `decode` gives back unchanged.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

// ANCHOR: layout
/// The first two bytes of every datagram: "FL".
pub const MAGIC: u16 = 0x464C;
/// The version of the layout.
pub const VERSION: u8 = 1;
/// Bytes before the payload.
pub const HEADER_LEN: usize = 18;
/// The most bytes that a payload has: with the headers of UDP and IP it fits an Ethernet frame uncut.
pub const MAX_PAYLOAD: usize = 1200;
/// The most bytes that a legal datagram has.
pub const MAX_DATAGRAM: usize = HEADER_LEN + MAX_PAYLOAD;
// ANCHOR_END: layout

// ANCHOR: message
/// What a message asks for; the number is its code in the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// Asks for an [`Kind::Echo`].
    Ping = 1,
    /// Answers a [`Kind::Ping`] with the same session, seq and payload.
    Echo = 2,
}

/// What one datagram carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// A question or its answer.
    pub kind: Kind,
    /// Which run of `ping` it belongs to.
    pub session: u32,
    /// Which ping of that run, counted from 0.
    pub seq: u32,
    /// Any bytes, at most [`MAX_PAYLOAD`].
    pub payload: Vec<u8>,
}
// ANCHOR_END: message

// ANCHOR: encode-error
/// Why a message does not fit a datagram.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EncodeError {
    /// The payload is longer than the layout allows.
    PayloadTooLarge {
        /// Its length in bytes.
        len: usize,
        /// The longest that is legal: [`MAX_PAYLOAD`].
        max: usize,
    },
}
// ANCHOR_END: encode-error

// ANCHOR: decode-error
/// Why bytes are not a message, in the order in which `decode` looks (rule A6).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DecodeError {
    /// Fewer bytes than a header has.
    TooShort {
        /// The bytes that there are.
        len: usize,
    },
    /// It does not begin with [`MAGIC`].
    BadMagic {
        /// What it begins with.
        found: u16,
    },
    /// It is not of [`VERSION`].
    BadVersion {
        /// The version that it states.
        found: u8,
    },
    /// The length field differs from the number of bytes after the header.
    BadLength {
        /// What the length field says.
        declared: usize,
        /// The bytes after the header.
        actual: usize,
    },
    /// The length field is right, but above [`MAX_PAYLOAD`].
    PayloadTooLarge {
        /// The length of the payload.
        len: usize,
    },
    /// The checksum field differs from the checksum of the bytes: some bit changed on the way.
    BadChecksum {
        /// What the checksum field says.
        declared: u32,
        /// What the bytes give.
        computed: u32,
    },
    /// All is well, but no [`Kind`] has this code.
    UnknownKind {
        /// The code.
        found: u8,
    },
}
// ANCHOR_END: decode-error

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PayloadTooLarge { len, max } => {
                write!(f, "a payload of {len} bytes is too large: at most {max} fit")
            }
        }
    }
}

impl Error for EncodeError {}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { len } => write!(f, "{len} bytes are too short for a header of {HEADER_LEN}"),
            Self::BadMagic { found } => write!(f, "it begins with {found:#06x}, not with {MAGIC:#06x}"),
            Self::BadVersion { found } => write!(f, "it has version {found}, not {VERSION}"),
            Self::BadLength { declared, actual } => {
                write!(f, "it declares a payload of {declared} bytes and has {actual}")
            }
            Self::PayloadTooLarge { len } => {
                write!(f, "its payload of {len} bytes is too large: at most {MAX_PAYLOAD} are legal")
            }
            Self::BadChecksum { declared, computed } => {
                write!(f, "it declares checksum {declared:#010x} and its bytes give {computed:#010x}")
            }
            Self::UnknownKind { found } => write!(f, "no kind of message has code {found}"),
        }
    }
}

impl Error for DecodeError {}
