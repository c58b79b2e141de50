//! How often is each word there?

use lab4_kit::{Application, Combiner, Emit, Record, Refusal};

/// Rule B1.
#[derive(Clone, Copy, Debug)]
pub struct WordCount;

impl Application for WordCount {
    type Value = u64;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, u64>) -> Result<(), Refusal> {
        todo!("lab 4, part B: WordCount::map")
    }

    fn combiner(&self) -> Option<Combiner<u64>> {
        todo!("lab 4, part B: WordCount::combiner")
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = u64>) -> Result<Vec<u8>, Refusal> {
        todo!("lab 4, part B: WordCount::reduce")
    }
}
