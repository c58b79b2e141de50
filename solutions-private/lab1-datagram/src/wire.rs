//! Part A: messages to bytes and back. The layout and the rules A1 to A7 are in `lab1_kit::message`.
// SOLUTION: #![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]
// END SOLUTION

// SOLUTION
use lab1_kit::message::{HEADER_LEN, Kind, MAGIC, MAX_PAYLOAD, VERSION};
// END SOLUTION
use lab1_kit::message::{DecodeError, EncodeError, Message};

// SOLUTION
/// The bytes of the checksum field.
const CHECKSUM: std::ops::Range<usize> = 14..18;

// END SOLUTION
/// The datagram that carries this message; fails if the payload is above `MAX_PAYLOAD` (A1 to A4).
pub fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    // SOLUTION: todo!("lab 1, part A: encode")
    let Message { kind, session, seq, payload } = message;
    let len = payload.len();
    if len > MAX_PAYLOAD {
        return Err(EncodeError::PayloadTooLarge { len, max: MAX_PAYLOAD });
    }
    let mut datagram = Vec::with_capacity(HEADER_LEN + len);
    datagram.extend(MAGIC.to_be_bytes());
    datagram.extend([VERSION, *kind as u8]);
    datagram.extend(session.to_be_bytes());
    datagram.extend(seq.to_be_bytes());
    // No cast loses anything here: len is at most MAX_PAYLOAD.
    datagram.extend((len as u16).to_be_bytes());
    datagram.extend([0; 4]);
    datagram.extend(payload);
    let checksum = checksum_of(&datagram);
    datagram[CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    Ok(datagram)
    // END SOLUTION
}

/// The message that these bytes are, or the first thing that is wrong with them (A5 to A7).
pub fn decode(datagram: &[u8]) -> Result<Message, DecodeError> {
    // SOLUTION: todo!("lab 1, part A: decode")
    let Some((header, payload)) = datagram.split_first_chunk::<HEADER_LEN>() else {
        return Err(DecodeError::TooShort { len: datagram.len() });
    };
    // Named bytes instead of offsets: the pattern is the layout, and the compiler counts.
    let [m0, m1, version, kind, i0, i1, i2, i3, s0, s1, s2, s3, l0, l1, c0, c1, c2, c3] = *header;
    let magic = u16::from_be_bytes([m0, m1]);
    if magic != MAGIC {
        return Err(DecodeError::BadMagic { found: magic });
    }
    if version != VERSION {
        return Err(DecodeError::BadVersion { found: version });
    }
    let (declared, actual) = (usize::from(u16::from_be_bytes([l0, l1])), payload.len());
    if declared != actual {
        return Err(DecodeError::BadLength { declared, actual });
    }
    if actual > MAX_PAYLOAD {
        return Err(DecodeError::PayloadTooLarge { len: actual });
    }
    let (declared, computed) = (u32::from_be_bytes([c0, c1, c2, c3]), checksum_of(datagram));
    if declared != computed {
        return Err(DecodeError::BadChecksum { declared, computed });
    }
    let kind = match kind {
        1 => Kind::Ping,
        2 => Kind::Echo,
        found => return Err(DecodeError::UnknownKind { found }),
    };
    let session = u32::from_be_bytes([i0, i1, i2, i3]);
    let seq = u32::from_be_bytes([s0, s1, s2, s3]);
    Ok(Message { kind, session, seq, payload: payload.to_vec() })
    // END SOLUTION
}
// SOLUTION

/// The checksum of a whole datagram, as if its own four bytes were zero (A3).
fn checksum_of(datagram: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&datagram[..CHECKSUM.start]);
    hasher.update(&[0; CHECKSUM.end - CHECKSUM.start]);
    hasher.update(&datagram[CHECKSUM.end..]);
    hasher.finalize()
}
// END SOLUTION
