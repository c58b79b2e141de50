//! What do the numbers of each key add up to?

use lab4_kit::{Application, Emit, Record, Refusal};

/// Rule B4.
#[derive(Clone, Copy, Debug)]
pub struct Sum;

impl Application for Sum {
    type Value = i64;

    fn map(&self, record: &Record<'_>, emit: Emit<'_, i64>) -> Result<(), Refusal> {
        // SOLUTION: todo!("lab 4, part B: Sum::map")
        if record.bytes.is_empty() {
            return Ok(());
        }
        let refused = |why: &str| Refusal(format!("{why}: {:?}", String::from_utf8_lossy(record.bytes)));
        let tab = record.bytes.iter().rposition(|byte| *byte == b'\t');
        let tab = tab.ok_or_else(|| refused("there is no TAB in it"))?;
        let number = str::from_utf8(&record.bytes[tab + 1..]).ok().and_then(|text| text.parse().ok());
        emit(&record.bytes[..tab], number.ok_or_else(|| refused("no i64 is behind its last TAB"))?);
        Ok(())
        // END SOLUTION
    }

    fn reduce(&self, key: &[u8], values: &mut dyn Iterator<Item = i64>) -> Result<Vec<u8>, Refusal> {
        // SOLUTION: todo!("lab 4, part B: Sum::reduce")
        let _ = key;
        // On the way it may be larger than at the end.
        let sum: i128 = values.map(i128::from).sum();
        let sum = i64::try_from(sum).map_err(|_| Refusal(format!("the sum {sum} is no i64")))?;
        Ok(sum.to_string().into_bytes())
        // END SOLUTION
    }
}
