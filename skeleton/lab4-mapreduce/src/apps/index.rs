//! In which files is each word?

use lab4_kit::{Application, Emit, Record, Refusal};

/// Rule B3.
#[derive(Clone, Copy, Debug)]
pub struct Index;

impl Application for Index {
    type Value = Vec<u8>;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, Vec<u8>>) -> Result<(), Refusal> {
        todo!("lab 4, part B: Index::map")
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        todo!("lab 4, part B: Index::reduce")
    }
}
