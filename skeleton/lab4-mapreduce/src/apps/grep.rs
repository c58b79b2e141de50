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
        todo!("lab 4, part B: Grep::map")
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        todo!("lab 4, part B: Grep::reduce")
    }
}
