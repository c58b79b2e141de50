//! The files of a job: read strictly, and made at random.

use super::model::Pair;
use crate::tried::line_of;
use faultline::folder::FileImage;
use faultline::random::{Draw as _, Random};
use faultline::scenario::Failure;
use faultline::text;

/// Bytes for people: text where they are text.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let whole: String = bytes.iter().take(40).map(|byte| byte.escape_ascii().to_string()).collect();
    if bytes.len() > 40 { format!("\"{whole}...\" ({} bytes)", bytes.len()) } else { format!("\"{whole}\"") }
}

/// A list of names for people.
#[must_use]
pub fn names(image: &FileImage) -> String {
    let names: Vec<&str> = image.keys().map(String::as_str).collect();
    if names.is_empty() { "nothing".into() } else { text::line(&names.join(", "), 300) }
}

/// The pairs of an intermediate file.
///
/// # Errors
/// It is none (rule C2).
pub fn pairs(file: &str, mut bytes: &[u8]) -> Result<Vec<Pair>, Failure> {
    let length = bytes.len();
    let mut pairs = vec![];
    while !bytes.is_empty() {
        let place = length - bytes.len();
        let pair = take_pair(&mut bytes).ok_or_else(|| {
            Failure::new(format!(
                "Rule C2: a pair of {file} begins with byte {place}, and the file ends before the pair does; it has {length} bytes."
            ))
        })?;
        pairs.push(pair);
    }
    Ok(pairs)
}

fn take_pair(bytes: &mut &[u8]) -> Option<Pair> {
    let (lengths, rest) = bytes.split_at_checked(8)?;
    let (key_length, value_length) = lengths.split_at(4);
    let length = |bytes: &[u8]| bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    let (key, rest) = rest.split_at_checked(length(key_length))?;
    let (value, rest) = rest.split_at_checked(length(value_length))?;
    *bytes = rest;
    Some((key.into(), value.into()))
}

/// The bytes of an intermediate file.
#[must_use]
pub fn bytes_of_pairs(pairs: &[Pair]) -> Vec<u8> {
    let mut bytes = vec![];
    for (key, value) in pairs {
        bytes.extend((key.len() as u32).to_be_bytes());
        bytes.extend((value.len() as u32).to_be_bytes());
        bytes.extend(key);
        bytes.extend(value);
    }
    bytes
}

/// The keys and results of an output.
///
/// # Errors
/// It is none (rule C4).
pub fn lines(file: &str, bytes: &[u8]) -> Result<Vec<Pair>, Failure> {
    let mut lines = vec![];
    for (line, number) in bytes.split_inclusive(|byte| *byte == b'\n').zip(1..) {
        lines.push(take_line(line).ok_or_else(|| {
            Failure::new(format!(
                "Rule C4: line {number} of {file} is no key, TAB, result and LF: {}.",
                shown(line)
            ))
        })?);
    }
    Ok(lines)
}

fn take_line(line: &[u8]) -> Option<Pair> {
    let line = line.strip_suffix(b"\n")?;
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    Some((unescaped(&line[..tab])?, unescaped(&line[tab + 1..])?))
}

fn unescaped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = vec![];
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\t' => return None,
            b'\\' => plain.push(match bytes.next()? {
                b'\\' => b'\\',
                b't' => b'\t',
                b'n' => b'\n',
                _ => return None,
            }),
            other => plain.push(*other),
        }
    }
    Some(plain)
}

/// Keys and values that are easily taken for something else.
pub const STRANGE: [&[u8]; 20] = [
    b"",
    b" ",
    b"\t",
    b"\n",
    b"\r\n",
    b"\\",
    b"\\n",
    b"\\t",
    b"\0",
    b"\xff",
    b"\xff\xfe",
    b"a b",
    b"a\tb",
    b"a\nb",
    b"a",
    b"A",
    b"aa",
    b"a\0",
    b"\xef\xbf\xbd",
    b"1,2:3=4;",
];

/// Draws inputs and what they are made of.
pub struct Drawn(Random);

impl Drawn {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Drawn {
        Drawn(Random::new(seed ^ 0x6d61_7072))
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0.below(n as u64) as usize
    }

    /// One of these.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A few bytes, often strange ones.
    pub fn bytes(&mut self) -> Vec<u8> {
        match self.below(4) {
            0 | 1 => self.one(&STRANGE).to_vec(),
            2 => vec![b'a' + self.below(4) as u8; 1 + self.below(3)],
            _ => {
                let length = if self.below(20) == 0 { 200 + self.below(2_000) } else { self.below(6) };
                (0..length).map(|_| self.below(256) as u8).collect()
            }
        }
    }

    /// Text with lines of all kinds: with LF, with CR LF, empty, with CR and NUL inside, and an end without LF or with.
    pub fn text(&mut self, lines: usize) -> Vec<u8> {
        let mut text = vec![];
        for _ in 0..lines {
            let words = self.below(5);
            for _ in 0..words {
                text.extend_from_slice(self.one::<&[u8]>(&[
                    b"the",
                    b"quick",
                    b"fox",
                    b" ",
                    b" ",
                    b"\t",
                    b"\r",
                    b"\0",
                    b"\xff\xfe",
                    b"x",
                ]));
            }
            text.extend_from_slice(self.one::<&[u8]>(&[b"\n", b"\n", b"\n", b"\r\n"]));
        }
        if self.below(2) == 0 {
            text.pop();
        }
        text
    }

    /// A file of lines that emit strange pairs.
    pub fn pairs(&mut self, lines: usize) -> Vec<u8> {
        let mut text = String::new();
        for _ in 0..lines {
            let pairs: Vec<_> = (0..self.below(4)).map(|_| (self.bytes(), self.bytes())).collect();
            text.push_str(&line_of(&pairs));
            text.push('\n');
        }
        text.into_bytes()
    }

    /// Words as in a text of people: the word of rank `r` is about `1/r` as frequent as the first.
    pub fn words(&mut self, words: usize, distinct: usize) -> Vec<u8> {
        let mut text = vec![];
        for number in 0..words {
            // The rank is even on a logarithmic scale.
            let share = self.below(1 << 20) as f64 / f64::from(1 << 20);
            let rank = (distinct as f64).powf(share) as usize;
            text.extend(format!("w{rank}").as_bytes());
            text.push(if number % 11 == 10 { b'\n' } else { b' ' });
        }
        text
    }
}
