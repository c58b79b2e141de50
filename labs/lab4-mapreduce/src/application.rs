//! What an application of MapReduce is: a Map and a Reduce function, and perhaps a way to combine.
//!
//! Dean and Ghemawat, "MapReduce: Simplified Data Processing on Large Clusters", OSDI'04, sections 2 and 4.3.

use std::fmt;

/// One line of an input file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The name of the file, as the job names it.
    pub file: &'a str,
    /// The number of the line in the file, from 1.
    pub line: u64,
    /// The line without its end.
    pub bytes: &'a [u8],
}

/// Why an application cannot go on: the input is not what it should be. It is a sentence for people, without the place, which
/// is added by who calls the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Takes the pairs that [`Application::map`] emits: a key of any bytes, and a value.
pub type Emit<'a, Value> = &'a mut dyn FnMut(&[u8], Value);

/// Makes one value of two: the first becomes both.
pub type Combiner<Value> = fn(&mut Value, Value);

/// A computation on records. All three functions are pure: what they give depends on their arguments and on the application,
/// and on nothing else.
pub trait Application {
    /// What is known of a key. It goes through files, so it is also bytes.
    type Value: Field;

    /// Emits pairs for one record, any number of them.
    ///
    /// # Errors
    /// The record is not what the application can work on.
    fn map(&self, record: &Record<'_>, emit: Emit<'_, Self::Value>) -> Result<(), Refusal>;

    /// How two values of one key are made one before they are written, if they can be. The result of the job must not depend
    /// on whether, and how often, this is done.
    fn combiner(&self) -> Option<Combiner<Self::Value>> {
        None
    }

    /// The result for one key. It may take fewer values than there are.
    ///
    /// # Errors
    /// There is no result for these values.
    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Self::Value>) -> Result<Vec<u8>, Refusal>;
}

/// What can go through a file as bytes and come back equal.
pub trait Field: Clone + PartialEq + fmt::Debug + 'static {
    /// Writes its bytes to the end of `to`.
    fn write(&self, to: &mut Vec<u8>);

    /// What has these bytes, all of them; `None` when nothing has.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Field for u64 {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<u64> {
        Some(u64::from_be_bytes(bytes.try_into().ok()?))
    }
}

impl Field for i64 {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<i64> {
        Some(i64::from_be_bytes(bytes.try_into().ok()?))
    }
}

impl Field for Vec<u8> {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self);
    }

    fn read(bytes: &[u8]) -> Option<Vec<u8>> {
        Some(bytes.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back<T: Field>(field: T) {
        let mut bytes = vec![];
        field.write(&mut bytes);
        assert_eq!(T::read(&bytes), Some(field));
    }

    #[test]
    fn fields_come_back() {
        [0, 1, u64::MAX].into_iter().for_each(there_and_back);
        [i64::MIN, -1, 0, i64::MAX].into_iter().for_each(there_and_back);
        [vec![], vec![0], b"a\n\xff".to_vec()].into_iter().for_each(there_and_back);
        assert_eq!(u64::read(&[1, 2]), None);
        assert_eq!(i64::read(&[]), None);
    }
}
