//! What do the numbers of each key add up to?

use lab4_kit::{Application, Emit, Record, Refusal};

/// Rule B4.
#[derive(Clone, Copy, Debug)]
pub struct Sum;

impl Application for Sum {
    type Value = i64;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, i64>) -> Result<(), Refusal> {
        todo!("lab 4, part B: Sum::map")
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = i64>) -> Result<Vec<u8>, Refusal> {
        todo!("lab 4, part B: Sum::reduce")
    }
}
