//! The judge's own bytes of lab 1, written from the table in `lab1_kit::message` and held against the golden vectors, so
//! that two mistakes of one student that fit each other are found.

use faultline::random::{Draw as _, Random};
use lab1_kit::message::{DecodeError, HEADER_LEN, Kind, MAX_PAYLOAD, Message};

/// The datagram of a legal message.
pub(super) fn datagram(message: &Message) -> Vec<u8> {
    let code = if message.kind == Kind::Ping { 1 } else { 2 };
    let length = message.payload.len();
    let mut bytes = vec![b'F', b'L', 1, code];
    bytes.extend_from_slice(&message.session.to_be_bytes());
    bytes.extend_from_slice(&message.seq.to_be_bytes());
    bytes.extend_from_slice(&[(length >> 8) as u8, length as u8, 0, 0, 0, 0]);
    bytes.extend_from_slice(&message.payload);
    resealed(bytes)
}

/// The same bytes with the right checksum; they have a header at least.
pub(super) fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = checksum(&bytes);
    bytes[14..HEADER_LEN].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut zeroed = bytes.to_vec();
    zeroed[14..HEADER_LEN].fill(0);
    crc32fast::hash(&zeroed)
}

/// What `decode` must answer.
pub(super) fn verdict(bytes: &[u8]) -> Result<Message, DecodeError> {
    if bytes.len() < HEADER_LEN {
        return Err(DecodeError::TooShort { len: bytes.len() });
    }
    let number =
        |at: usize, len: usize| bytes[at..at + len].iter().fold(0, |n: u32, b| n << 8 | u32::from(*b));
    let (declared, actual) = (number(12, 2) as usize, bytes.len() - HEADER_LEN);
    let (stated, computed) = (number(14, 4), checksum(bytes));
    let errors = [
        (number(0, 2) != 0x464C, DecodeError::BadMagic { found: number(0, 2) as u16 }),
        (bytes[2] != 1, DecodeError::BadVersion { found: bytes[2] }),
        (declared != actual, DecodeError::BadLength { declared, actual }),
        (actual > MAX_PAYLOAD, DecodeError::PayloadTooLarge { len: actual }),
        (stated != computed, DecodeError::BadChecksum { declared: stated, computed }),
        (!(1..=2).contains(&bytes[3]), DecodeError::UnknownKind { found: bytes[3] }),
    ];
    if let Some((_, error)) = errors.into_iter().find(|(is_wrong, _)| *is_wrong) {
        return Err(error);
    }
    let kind = if bytes[3] == 1 { Kind::Ping } else { Kind::Echo };
    Ok(Message { kind, session: number(4, 4), seq: number(8, 4), payload: bytes[HEADER_LEN..].to_vec() })
}

/// A message of random fields, often of a size at an end of what is legal.
pub(super) fn random_message(random: &mut Random) -> Message {
    let kind = if random.chance(0.5) { Kind::Ping } else { Kind::Echo };
    let len = match random.below(4) {
        0 => random.below(3),
        1 => MAX_PAYLOAD as u64 - random.below(3),
        _ => random.below(MAX_PAYLOAD as u64 + 1),
    };
    let payload = (0..len).map(|_| random.bits() as u8).collect();
    Message { kind, session: random.bits() as u32, seq: random.bits() as u32, payload }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab1_kit::golden::Golden;

    #[test]
    fn the_judges_bytes_are_the_golden_ones() {
        let golden = Golden::load();
        for vector in &golden.good {
            assert_eq!(datagram(&vector.message), vector.datagram, "{}", vector.name);
            assert_eq!(verdict(&vector.datagram), Ok(vector.message.clone()), "{}", vector.name);
        }
        for vector in &golden.bad {
            assert_eq!(verdict(&vector.datagram), Err(vector.error.clone()), "{}", vector.name);
        }
    }
}
