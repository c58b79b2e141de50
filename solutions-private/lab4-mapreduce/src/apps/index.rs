//! In which files is each word?

use lab4_kit::{Application, Emit, Record, Refusal};
// SOLUTION
use std::collections::BTreeSet;
// END SOLUTION

/// Rule B3.
#[derive(Clone, Copy, Debug)]
pub struct Index;

impl Application for Index {
    type Value = Vec<u8>;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, Vec<u8>>) -> Result<(), Refusal> {
        // SOLUTION: todo!("lab 4, part B: Index::map")
        let words = record.bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.for_each(|word| emit(word, record.file.into()));
        Ok(())
        // END SOLUTION
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        // SOLUTION: todo!("lab 4, part B: Index::reduce")
        let _ = key;
        let files: BTreeSet<Vec<u8>> = values.collect();
        Ok(files.into_iter().collect::<Vec<_>>().join(&b'\t'))
        // END SOLUTION
    }
}
