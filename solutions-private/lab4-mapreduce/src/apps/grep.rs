//! In which lines is a pattern?

use lab4_kit::{Application, Emit, Record, Refusal};

/// Rule B2.
#[derive(Clone, Debug)]
pub struct Grep {
    /// The bytes that are looked for.
    pub pattern: Vec<u8>,
}

impl Application for Grep {
    type Value = Vec<u8>;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, Vec<u8>>) -> Result<(), Refusal> {
        // SOLUTION: todo!("lab 4, part B: Grep::map")
        let pattern = self.pattern.as_slice();
        if pattern.is_empty() || record.bytes.windows(pattern.len()).any(|bytes| bytes == pattern) {
            let place = format!("{}:{:010}", record.file, record.line);
            emit(place.as_bytes(), record.bytes.to_vec());
        }
        Ok(())
        // END SOLUTION
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        // SOLUTION: todo!("lab 4, part B: Grep::reduce")
        let _ = key;
        Ok(values.next().unwrap_or_default())
        // END SOLUTION
    }
}
