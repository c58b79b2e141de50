//! What a job must give: the rules once more, without files, and with everything in memory.

use crate::application::{Application, Field, Record};
use crate::tried::{Count, First, Join, Pairs, Tried};
use crate::types::{Job, Split, Summary};
use faultline::folder::FileImage;
use std::collections::BTreeMap;

/// A key and a value, or a key and its result.
pub type Pair = (Vec<u8>, Vec<u8>);

/// All that a job leaves, and what it asks of its application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The pairs of each intermediate file, by map and reduce task.
    pub intermediate: BTreeMap<(u32, u32), Vec<Pair>>,
    /// The results of each reduce task.
    pub outputs: Vec<Vec<Pair>>,
    /// What it says at the end.
    pub summary: Summary,
    /// The records, in order.
    pub records: Vec<(String, u64)>,
}

/// What a job of one of the scenarios' applications must give; `None` when the application refuses something.
#[must_use]
pub fn expected(app: Tried, job: &Job, inputs: &FileImage) -> Option<Expected> {
    match app {
        Tried::Pairs => of(&Pairs, job, inputs),
        Tried::First => of(&First, job, inputs),
        Tried::Count => of(&Count, job, inputs),
        Tried::Join => of(&Join, job, inputs),
    }
}

fn of<A: Application>(app: &A, job: &Job, inputs: &FileImage) -> Option<Expected> {
    let splits = splits(inputs, &job.inputs, job.split_size);
    let mut summary = Summary { maps: splits.len() as u32, reduces: job.reduces, ..Summary::default() };
    let mut intermediate = BTreeMap::new();
    let mut seen = vec![];
    let mut keys: BTreeMap<Vec<u8>, Vec<A::Value>> = BTreeMap::new();
    for (map, split) in (0..).zip(&splits) {
        let mut pairs: BTreeMap<Vec<u8>, Vec<A::Value>> = BTreeMap::new();
        for (line, bytes) in records(inputs, split) {
            seen.push((split.file.clone(), line));
            let record = Record { file: &split.file, line, bytes: &bytes };
            app.map(&record, &mut |key, value| {
                summary.emitted += 1;
                pairs.entry(key.to_vec()).or_default().push(value);
            })
            .ok()?;
        }
        let files: &mut BTreeMap<_, _> = &mut intermediate;
        (0..job.reduces).for_each(|reduce| drop(files.insert((map, reduce), vec![])));
        for (key, mut values) in pairs {
            if let Some(combine) = app.combiner().filter(|_| job.combine) {
                let rest = values.split_off(1);
                rest.into_iter().for_each(|next| combine(&mut values[0], next));
            }
            summary.written += values.len() as u64;
            let file = files.entry((map, partition(&key, job.reduces))).or_default();
            file.extend(values.iter().map(|value| (key.clone(), bytes_of(value))));
            keys.entry(key).or_default().extend(values);
        }
    }
    summary.records = seen.len() as u64;
    summary.keys = keys.len() as u64;
    let mut outputs = vec![vec![]; job.reduces as usize];
    for (key, values) in keys {
        let result = app.reduce(&key, &mut values.into_iter()).ok()?;
        outputs[partition(&key, job.reduces) as usize].push((key, result));
    }
    Some(Expected { intermediate, outputs, summary, records: seen })
}

fn bytes_of(value: &impl Field) -> Vec<u8> {
    let mut bytes = vec![];
    value.write(&mut bytes);
    bytes
}

/// Rule C1.
#[must_use]
pub fn partition(key: &[u8], reduces: u32) -> u32 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in key {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    (hash % u64::from(reduces)) as u32
}

/// Rule A1.
#[must_use]
pub fn splits(inputs: &FileImage, files: &[String], size: u64) -> Vec<Split> {
    let mut splits = vec![];
    for file in files {
        let text = inputs.get(file).map(Vec::as_slice).unwrap_or_default();
        let (mut start, mut first_line, mut place, mut line) = (0, 1, 0, 1);
        for bytes in text.split_inclusive(|byte| *byte == b'\n') {
            place += bytes.len() as u64;
            line += 1;
            if place - start >= size || place == text.len() as u64 {
                splits.push(Split { file: file.clone(), start, end: place, first_line });
                (start, first_line) = (place, line);
            }
        }
    }
    splits
}

/// Rule A2: the number and the bytes of each record.
#[must_use]
pub fn records(inputs: &FileImage, split: &Split) -> Vec<(u64, Vec<u8>)> {
    let text = inputs.get(&split.file).map(Vec::as_slice).unwrap_or_default();
    let text = &text[split.start as usize..split.end as usize];
    let lines = text.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let ended = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n"));
        ended.unwrap_or(line).to_vec()
    });
    (split.first_line..).zip(lines).collect()
}
