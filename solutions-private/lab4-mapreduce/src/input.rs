//! Input files: where they are cut, and the lines of a part (rules A1 to A3).

use lab4_kit::{Folder, Record, Split};
use std::io;
// SOLUTION
use lab4_kit::FileReader;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Take};
// END SOLUTION

/// Where these files are cut so that each split has at least `size` bytes, but for the last one of a file (rule A1).
///
/// # Errors
/// A file cannot be read.
pub fn splits(inputs: &Folder, files: &[String], size: u64) -> io::Result<Vec<Split>> {
    // SOLUTION: todo!("lab 4, part A: splits")
    let mut splits = vec![];
    for file in files {
        cut(BufReader::new(inputs.open(file)?), file, size.max(1), &mut splits)?;
    }
    Ok(splits)
    // END SOLUTION
}
// SOLUTION

/// Appends the splits of one file.
fn cut(mut reader: impl BufRead, file: &str, size: u64, splits: &mut Vec<Split>) -> io::Result<()> {
    let (mut start, mut place) = (0, 0);
    let (mut first_line, mut line) = (1, 1);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        // All that the split needs in any case, or the line that makes it large enough.
        let needed = (start + size).saturating_sub(place);
        let taken = if needed > 0 {
            buffer.len().min(usize::try_from(needed).unwrap_or(usize::MAX))
        } else {
            buffer.iter().position(|byte| *byte == b'\n').map_or(buffer.len(), |end| end + 1)
        };
        line += buffer[..taken].iter().filter(|byte| **byte == b'\n').count() as u64;
        let ends_line = buffer[taken - 1] == b'\n';
        reader.consume(taken);
        place += taken as u64;
        if ends_line && place >= start + size {
            splits.push(Split { file: file.into(), start, end: place, first_line });
            (start, first_line) = (place, line);
        }
    }
    if place > start {
        splits.push(Split { file: file.into(), start, end: place, first_line });
    }
    Ok(())
}
// END SOLUTION

/// The lines of a split, one after the other.
pub struct Records {
    // SOLUTION: // Yours: the file, and where in it you are.
    file: String,
    line: u64,
    reader: Take<BufReader<FileReader>>,
    bytes: Vec<u8>,
    // END SOLUTION
}

impl Records {
    /// Begins with the first line of `split`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(inputs: &Folder, split: &Split) -> io::Result<Records> {
        // SOLUTION: todo!("lab 4, part A: Records::open")
        let mut reader = BufReader::with_capacity(1 << 16, inputs.open(&split.file)?);
        reader.seek(SeekFrom::Start(split.start))?;
        Ok(Records {
            file: split.file.clone(),
            line: split.first_line,
            reader: reader.take(split.end - split.start),
            bytes: vec![],
        })
        // END SOLUTION
    }

    /// The next line (rule A2); `None` after the last one of the split.
    ///
    /// # Errors
    /// The file cannot be read, or has become shorter than the split (rule A3).
    pub fn read(&mut self) -> io::Result<Option<Record<'_>>> {
        // SOLUTION: todo!("lab 4, part A: Records::read")
        self.bytes.clear();
        let length = self.reader.read_until(b'\n', &mut self.bytes)?;
        let left = self.reader.limit();
        if !self.bytes.ends_with(b"\n") && left > 0 {
            let text = format!("{} ends {left} bytes before its split does", self.file);
            return Err(io::Error::new(ErrorKind::UnexpectedEof, text));
        }
        if length == 0 {
            return Ok(None);
        }
        let line = self.line;
        self.line += 1;
        Ok(Some(Record { file: &self.file, line, bytes: without_end(&self.bytes) }))
        // END SOLUTION
    }
}
// SOLUTION

fn without_end(line: &[u8]) -> &[u8] {
    let Some(line) = line.strip_suffix(b"\n") else { return line };
    line.strip_suffix(b"\r").unwrap_or(line)
}
// END SOLUTION
