//! Applications with which the scenarios try an engine. What they emit stands in their input, so a scenario decides it.

use crate::application::{Application, Combiner, Emit, Record, Refusal};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// What becomes of a line that is this.
pub const REFUSED: &[u8] = b"refuse this";

/// A key for which there is no result.
pub const HOPELESS: &[u8] = b"hopeless";

/// What an engine has asked of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// Calls of Map.
    pub map: u64,
    /// Calls of Reduce.
    pub reduce: u64,
    /// Calls of the combiner.
    pub combine: u64,
    /// The records of the first calls of Map: file and line.
    pub records: Vec<(String, u64)>,
    /// The keys of the first calls of Reduce.
    pub keys: Vec<Vec<u8>>,
}

/// So many calls are remembered one by one.
const REMEMBERED: usize = 4_096;

/// After so many calls of one kind the engine is believed to be at work and not in a circle.
const STEP: u64 = 10_000;

thread_local! {
    /// A combiner is a plain function, so what is counted stands beside it. One job runs at a time.
    static CALLS: RefCell<Calls> = RefCell::default();
}

/// What was asked since the last time.
#[must_use]
pub fn take_calls() -> Calls {
    CALLS.take()
}

fn mapped(record: &Record<'_>) -> Result<(), Refusal> {
    CALLS.with_borrow_mut(|calls| {
        calls.map += 1;
        if calls.map.is_multiple_of(STEP) {
            faultline::goes_on();
        }
        if calls.records.len() < REMEMBERED {
            calls.records.push((record.file.into(), record.line));
        }
    });
    if record.bytes == REFUSED { Err(Refusal("this record is refused".into())) } else { Ok(()) }
}

fn reduced(key: &[u8]) -> Result<(), Refusal> {
    CALLS.with_borrow_mut(|calls| {
        calls.reduce += 1;
        if calls.reduce.is_multiple_of(STEP) {
            faultline::goes_on();
        }
        if calls.keys.len() < REMEMBERED {
            calls.keys.push(key.into());
        }
    });
    if key == HOPELESS { Err(Refusal("there is no result for it".into())) } else { Ok(()) }
}

/// Which application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tried {
    /// [`Pairs`].
    Pairs,
    /// [`First`].
    First,
    /// [`Count`].
    Count,
    /// [`Join`].
    Join,
}

/// A line is a list of pairs ([`line_of`]). The result of a key is all of its values, each with its length.
#[derive(Clone, Copy, Debug)]
pub struct Pairs;

/// As [`Pairs`], but Reduce takes only the first value and leaves the others.
#[derive(Clone, Copy, Debug)]
pub struct First;

/// Counts equal lines.
#[derive(Clone, Copy, Debug)]
pub struct Count;

/// As [`Pairs`], with a combiner: it puts values behind each other, so that their order can be seen.
#[derive(Clone, Copy, Debug)]
pub struct Join;

/// The line for which [`Pairs`] emits these pairs: all bytes in hexadecimal digits.
#[must_use]
pub fn line_of(pairs: &[(Vec<u8>, Vec<u8>)]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    pairs.iter().map(|(key, value)| format!("{}:{}", hex(key), hex(value))).collect::<Vec<_>>().join(" ")
}

fn emit_line(record: &Record<'_>, emit: Emit<'_, Vec<u8>>) -> Result<(), Refusal> {
    mapped(record)?;
    for pair in record.bytes.split(|byte| *byte == b' ').filter(|pair| !pair.is_empty()) {
        let strange = || Refusal(format!("this line is none of the scenario's: {:?}", record.bytes));
        let colon = pair.iter().position(|byte| *byte == b':').ok_or_else(strange)?;
        let key = unhex(&pair[..colon]).ok_or_else(strange)?;
        emit(&key, unhex(&pair[colon + 1..]).ok_or_else(strange)?);
    }
    Ok(())
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some((digit(*high)? * 16 + digit(*low)?) as u8));
    if rest.is_empty() { bytes.collect() } else { None }
}

/// Values with their lengths, one behind the other.
fn all(values: &mut dyn Iterator<Item = Vec<u8>>) -> Vec<u8> {
    values.fold(vec![], |mut all, value| {
        all.extend(format!("{}=", value.len()).as_bytes());
        all.extend(value);
        all
    })
}

impl Application for Pairs {
    type Value = Vec<u8>;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, Vec<u8>>) -> Result<(), Refusal> {
        emit_line(record, emit)
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        reduced(key)?;
        Ok(all(values))
    }
}

impl Application for First {
    type Value = Vec<u8>;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, Vec<u8>>) -> Result<(), Refusal> {
        emit_line(record, emit)
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        reduced(key)?;
        Ok(all(&mut values.take(1)))
    }
}

impl Application for Count {
    type Value = u64;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, u64>) -> Result<(), Refusal> {
        mapped(record)?;
        emit(record.bytes, 1);
        Ok(())
    }

    fn combiner(&self) -> Option<Combiner<u64>> {
        Some(|sum, one| {
            CALLS.with_borrow_mut(|calls| calls.combine += 1);
            *sum += one;
        })
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = u64>) -> Result<Vec<u8>, Refusal> {
        reduced(key)?;
        Ok(values.sum::<u64>().to_string().into_bytes())
    }
}

impl Application for Join {
    type Value = Vec<u8>;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, Vec<u8>>) -> Result<(), Refusal> {
        emit_line(record, emit)
    }

    fn combiner(&self) -> Option<Combiner<Vec<u8>>> {
        Some(|all, next| {
            CALLS.with_borrow_mut(|calls| calls.combine += 1);
            all.extend(next);
        })
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        reduced(key)?;
        Ok(values.flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_emits_what_it_was_made_of() {
        let pairs = [(vec![], vec![0]), (b"a\n".to_vec(), vec![]), (vec![0xff], b"xyz".to_vec())];
        let line = line_of(&pairs);
        let record = Record { file: "a", line: 1, bytes: line.as_bytes() };
        let mut emitted = vec![];
        Pairs.map(&record, &mut |key, value| emitted.push((key.to_vec(), value))).unwrap();
        assert_eq!(emitted, pairs);
        let strange = Record { file: "a", line: 1, bytes: b"0g:" };
        assert!(Pairs.map(&strange, &mut |_, _| ()).is_err());
        assert_eq!(take_calls().map, 2);
        assert_eq!(take_calls(), Calls::default());
    }
}
