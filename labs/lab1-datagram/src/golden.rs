//! The golden vectors of golden.txt: messages with their exact bytes, and bytes with their exact error, made by a
//! program that shares no line with the kit. What agrees with them can talk to everybody who does.

use crate::message::{DecodeError, Kind, Message};

const FILE: &str = include_str!("../golden.txt");

/// A message and the datagram that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodVector {
    /// What is special about it.
    pub name: String,
    /// The message.
    pub message: Message,
    /// Its encoding, the only right one.
    pub datagram: Vec<u8>,
}

/// A datagram that is no message, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadVector {
    /// What is special about it.
    pub name: String,
    /// The first check that fails (rule A6).
    pub error: DecodeError,
    /// The bytes.
    pub datagram: Vec<u8>,
}

/// A ping and the echo that answers it, as datagrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The ping's name in the file.
    pub name: String,
    /// The question.
    pub ping: Vec<u8>,
    /// The answer.
    pub echo: Vec<u8>,
}

/// Every vector of one file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Golden {
    /// Messages with their bytes.
    pub good: Vec<GoodVector>,
    /// Bytes with their error.
    pub bad: Vec<BadVector>,
}

impl Golden {
    /// The vectors of golden.txt.
    pub fn load() -> Self {
        Self::parse(FILE).expect("golden.txt is part of the kit, whose tests parse it")
    }

    /// The message named `name`.
    ///
    /// # Panics
    /// There is none: scenarios name only what golden.txt has.
    pub fn message(&self, name: &str) -> &GoodVector {
        let found = self.good.iter().find(|vector| vector.name == name);
        found.expect("golden.txt has every message that a scenario names")
    }

    /// The ping named `name` with its answer.
    ///
    /// # Panics
    /// As [`Golden::message`].
    pub fn exchange(&self, name: &str) -> Exchange {
        let echo = self.message(&format!("{name}-echo")).datagram.clone();
        Exchange { name: name.to_owned(), ping: self.message(name).datagram.clone(), echo }
    }

    /// Reads a file: six words for a message, three for an error, `#` for a comment. Says which line is otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut golden = Self::default();
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let known = match words.as_slice() {
                [] => Some(()),
                [first, ..] if first.starts_with('#') => Some(()),
                [name, kind, session, seq, payload, datagram] => {
                    good(name, [kind, session, seq, payload, datagram]).map(|vector| golden.good.push(vector))
                }
                [name, error, datagram] => bad(name, error, datagram).map(|vector| golden.bad.push(vector)),
                _ => None,
            };
            known.ok_or_else(|| format!("golden vectors, line {}: not understood", index + 1))?;
        }
        Ok(golden)
    }
}

fn good(name: &str, [kind, session, seq, payload, datagram]: [&str; 5]) -> Option<GoodVector> {
    let kind = match kind {
        "ping" => Kind::Ping,
        "echo" => Kind::Echo,
        _ => return None,
    };
    let (session, seq) = (field(session)?, field(seq)?);
    let message = Message { kind, session, seq, payload: bytes(payload)? };
    Some(GoodVector { name: name.to_owned(), message, datagram: bytes(datagram)? })
}

fn bad(name: &str, error: &str, datagram: &str) -> Option<BadVector> {
    let (variant, values) = error.strip_suffix(')')?.split_once('(')?;
    let values: Option<Vec<u32>> = values.split(',').map(field).collect();
    let error = match (variant, values?.as_slice()) {
        ("TooShort", [len]) => DecodeError::TooShort { len: *len as usize },
        ("BadMagic", [found]) => DecodeError::BadMagic { found: (*found).try_into().ok()? },
        ("BadVersion", [found]) => DecodeError::BadVersion { found: (*found).try_into().ok()? },
        ("BadLength", [declared, actual]) => {
            DecodeError::BadLength { declared: *declared as usize, actual: *actual as usize }
        }
        ("PayloadTooLarge", [len]) => DecodeError::PayloadTooLarge { len: *len as usize },
        ("BadChecksum", [declared, computed]) => {
            DecodeError::BadChecksum { declared: *declared, computed: *computed }
        }
        ("UnknownKind", [found]) => DecodeError::UnknownKind { found: (*found).try_into().ok()? },
        _ => return None,
    };
    Some(BadVector { name: name.to_owned(), error, datagram: bytes(datagram)? })
}

/// A number, in hexadecimal if it begins with `0x`.
fn field(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

/// `-` for no bytes, `ramp(N)` for N bytes 00 01 02 ... that start over after ff, else hexadecimal digits.
fn bytes(word: &str) -> Option<Vec<u8>> {
    if word == "-" {
        return Some(Vec::new());
    }
    if let Some(length) = word.strip_prefix("ramp(").and_then(|rest| rest.strip_suffix(')')) {
        return Some((0..length.parse::<usize>().ok()?).map(|index| index as u8).collect());
    }
    let (pairs, rest) = word.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{HEADER_LEN, MAX_DATAGRAM};

    #[test]
    fn every_size_that_matters_is_there() {
        let good = Golden::load().good;
        assert!(good.len() >= 14);
        for size in [0, 1, 5, 1199, 1200] {
            assert!(good.iter().any(|vector| vector.message.payload.len() == size), "no payload of {size}");
        }
        assert!(good.iter().all(|vector| vector.datagram.len() == HEADER_LEN + vector.message.payload.len()));
        assert!(good.iter().any(|vector| vector.datagram.len() == MAX_DATAGRAM));
        assert!(good.iter().any(|vector| vector.message.session == 0x8000_0001));
        assert!(good.iter().any(|vector| vector.message.seq == 0xFFFF_FFFE));
    }

    #[test]
    fn every_ping_has_its_answer() {
        let golden = Golden::load();
        for vector in golden.good.iter().filter(|vector| vector.message.kind == Kind::Ping) {
            let answer = golden.message(&format!("{}-echo", vector.name));
            assert_eq!(answer.message, Message { kind: Kind::Echo, ..vector.message.clone() });
            assert_eq!(golden.exchange(&vector.name).echo, answer.datagram);
        }
    }

    #[test]
    fn every_error_is_there_and_names_are_unique() {
        let golden = Golden::load();
        let variants = golden.bad.iter().map(|vector| std::mem::discriminant(&vector.error));
        let distinct: std::collections::HashSet<_> = variants.collect();
        assert_eq!(distinct.len(), 7);

        let good = golden.good.iter().map(|vector| &vector.name);
        let names: Vec<_> = good.chain(golden.bad.iter().map(|vector| &vector.name)).collect();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn a_line_is_read_as_it_is_written() {
        let golden = Golden::parse("# comment\n\na ping 0x10 7 - 00ff\nb TooShort(2) 4600\n").unwrap();
        let message = Message { kind: Kind::Ping, session: 16, seq: 7, payload: Vec::new() };
        assert_eq!(golden.good, [GoodVector { name: "a".to_owned(), message, datagram: vec![0, 0xFF] }]);
        let error = DecodeError::TooShort { len: 2 };
        assert_eq!(golden.bad, [BadVector { name: "b".to_owned(), error, datagram: vec![0x46, 0] }]);
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        for line in [
            "a",
            "a pong 1 2 - 00",
            "a ping x 2 - 00",
            "a ping 1 2 - 000",
            "a Odd(1) 00",
            "a BadVersion(256) 00",
        ] {
            let error = Golden::parse(&format!("# first\n{line}")).unwrap_err();
            assert!(error.contains("line 2"), "{line} gave {error}");
        }
    }
}
