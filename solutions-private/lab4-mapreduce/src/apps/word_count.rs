//! How often is each word there?

use lab4_kit::{Application, Combiner, Emit, Record, Refusal};

/// Rule B1.
#[derive(Clone, Copy, Debug)]
pub struct WordCount;

impl Application for WordCount {
    type Value = u64;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, u64>) -> Result<(), Refusal> {
        // SOLUTION: todo!("lab 4, part B: WordCount::map")
        let words = record.bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.for_each(|word| emit(word, 1));
        Ok(())
        // END SOLUTION
    }

    fn combiner(&self) -> Option<Combiner<u64>> {
        // SOLUTION: todo!("lab 4, part B: WordCount::combiner")
        Some(|sum, more| *sum += more)
        // END SOLUTION
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = u64>) -> Result<Vec<u8>, Refusal> {
        // SOLUTION: todo!("lab 4, part B: WordCount::reduce")
        let _ = key;
        Ok(values.sum::<u64>().to_string().into_bytes())
        // END SOLUTION
    }
}
