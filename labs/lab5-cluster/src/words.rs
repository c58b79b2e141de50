//! The application of the scenarios: in which chunks a word is, and how often. Its result depends on every byte of the input and on the
//! order of the parts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A word that the application refuses, so that a job can be seen to fail.
pub const POISON: &str = "POISON";

/// What Map has made of a chunk: for each word how often it is there.
pub type Counts = BTreeMap<Vec<u8>, u64>;

/// The words of a chunk.
#[must_use]
pub fn count(chunk: &[u8]) -> Counts {
    let mut counts = Counts::new();
    for word in chunk.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_vec()).or_default() += 1;
    }
    counts
}

/// A chunk without some of its lines, which are counted from `first`.
///
/// # Errors
/// One of the others has [`POISON`] in it: its number, and a sentence for people.
pub fn without(chunk: &[u8], first: u64, skip: &[u64]) -> Result<Vec<u8>, (u64, String)> {
    let mut rest = vec![];
    for (number, line) in (first..).zip(chunk.split_inclusive(|byte| *byte == b'\n')) {
        if skip.contains(&number) {
            continue;
        }
        if line.split(u8::is_ascii_whitespace).any(|word| word == POISON.as_bytes()) {
            return Err((number, format!("line {number}: the word {POISON} is in it")));
        }
        rest.extend(line);
    }
    Ok(rest)
}

/// The partition of a word: the last byte, so that small texts have something in each.
#[must_use]
pub fn partition(word: &[u8], reduces: u32) -> u32 {
    u32::from(word.last().copied().unwrap_or_default()) % reduces
}

/// The parts of a map task's output, one for each reduce task: lines with a word and how often it is in the chunk of this number.
#[must_use]
pub fn parts(chunk: &[u8], number: u32, reduces: u32) -> Vec<Vec<u8>> {
    let mut parts = vec![vec![]; reduces as usize];
    for (word, times) in count(chunk) {
        let part = &mut parts[partition(&word, reduces) as usize];
        part.extend(word);
        part.extend(format!("\t{number}x{times}\n").as_bytes());
    }
    parts
}

/// A reduce task's output: lines with a word and all that the parts say of it, in their order. What is no such line is taken for a
/// word, since a torn file must be found out by who made it.
#[must_use]
pub fn output<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut words: BTreeMap<&[u8], String> = BTreeMap::new();
    for line in parts.into_iter().flat_map(|part| part.split(|byte| *byte == b'\n')) {
        if line.is_empty() {
            continue;
        }
        let end = line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
        let where_and_times = String::from_utf8_lossy(line.get(end + 1..).unwrap_or_default());
        let all = words.entry(&line[..end]).or_default();
        let comma = if all.is_empty() { "" } else { "," };
        let _ = write!(all, "{comma}{where_and_times}");
    }
    let line = |(word, all): (&[u8], String)| [word, b"\t", all.as_bytes(), b"\n"].concat();
    words.into_iter().flat_map(line).collect()
}

/// What a job on these chunks must give: the outputs of all reduce tasks.
#[must_use]
pub fn expected(chunks: &[Vec<u8>], reduces: u32) -> Vec<Vec<u8>> {
    let all: Vec<Vec<Vec<u8>>> =
        (0..).zip(chunks).map(|(number, chunk)| parts(chunk, number, reduces)).collect();
    (0..reduces as usize).map(|reduce| output(all.iter().map(|parts| parts[reduce].as_slice()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_left_out_and_poison_is_refused_with_its_line() {
        let chunk = b"one\na POISON b\n\nPOISONED\nPOISON";
        assert_eq!(without(chunk, 10, &[]).unwrap_err().0, 11);
        assert_eq!(without(chunk, 10, &[11]).unwrap_err().0, 14);
        assert_eq!(without(chunk, 10, &[11, 14]).unwrap(), b"one\n\nPOISONED\n");
    }

    #[test]
    fn a_word_is_where_it_is() {
        let outputs = expected(&[b"to be or".to_vec(), b"not to be, to".to_vec(), vec![]], 2);
        let text = String::from_utf8(outputs.concat()).unwrap();
        assert_eq!(text.lines().count(), 5);
        assert!(
            text.contains("to\t0x1,1x2\n") && text.contains("be,\t1x1\n") && text.contains("or\t0x1\n"),
            "{text}"
        );
        assert!(outputs.iter().all(|output| !output.is_empty()));
    }
}
