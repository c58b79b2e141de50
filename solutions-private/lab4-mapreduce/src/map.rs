//! Map tasks (rules C2, D1 and D2).

use lab4_kit::{Application, Folders, Job, JobError, Mapped, Split};
// SOLUTION
use crate::input::Records;
use crate::pairs::{LENGTHS, write_pair};
use crate::partition::{fnv_1a, partition};
use crate::runs::{merged, write_combined};
use lab4_kit::{Combiner, Field, Folder, UNFINISHED};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{BufWriter, Write as _};
// END SOLUTION

/// Does the map task of this number on this split: makes all of its intermediate files.
///
/// # Errors
/// As in rule C7.
pub fn run_map<A: Application>(
    app: &A,
    job: &Job,
    number: u32,
    split: &Split,
    folders: &Folders,
) -> Result<Mapped, JobError> {
    // SOLUTION: todo!("lab 4, parts C and D: run_map")
    let combiner = app.combiner().filter(|_| job.combine);
    let mut pairs = Pairs::new(job, number, combiner, &folders.out);
    let mut records = Records::open(&folders.inputs, split)?;
    let mut mapped = Mapped::default();
    while let Some(record) = records.read()? {
        mapped.records += 1;
        let done = app.map(&record, &mut |key, value| {
            mapped.emitted += 1;
            pairs.add(key, value);
        });
        done.map_err(|refusal| JobError::Record {
            file: record.file.into(),
            line: record.line,
            why: refusal.0,
        })?;
        // What could not be written while the application was emitting.
        pairs.checked()?;
    }
    mapped.written = pairs.finish()?;
    Ok(mapped)
    // END SOLUTION
}
// SOLUTION

/// The pairs of a map task: in memory as far as they fit, the others in sorted runs.
struct Pairs<'a, Value> {
    job: &'a Job,
    number: u32,
    combiner: Option<Combiner<Value>>,
    out: &'a Folder,
    held: Held<Value>,
    /// How many times everything was written to runs.
    spills: u32,
    failed: Result<(), JobError>,
}

/// What is in memory.
enum Held<Value> {
    /// Every pair, in the order in which they came.
    All(Buffer),
    /// One value for each key.
    Combined(Table<Value>),
}

/// Pairs one after the other: where each begins, and all their bytes.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    partition: u32,
    key_length: u32,
    /// The first bytes of the key, as a number that is in their order; what is not there is 0.
    beginning: u64,
    value_length: u32,
    start: usize,
}

impl Buffer {
    fn key(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.start..][..entry.key_length as usize]
    }

    /// The order in which entries are written.
    fn order(&self, one: &Entry, other: &Entry) -> Ordering {
        let first = (one.partition, one.beginning).cmp(&(other.partition, other.beginning));
        first.then_with(|| match one.key_length.max(other.key_length) {
            // The shorter one is the beginning of the other.
            0..=8 => one.key_length.cmp(&other.key_length),
            _ => self.key(one).cmp(self.key(other)),
        })
    }

    fn value(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.start + entry.key_length as usize..][..entry.value_length as usize]
    }
}

struct Table<Value> {
    values: HashMap<Box<[u8]>, Value, BuildHasherDefault<KeyHasher>>,
    /// No less than what the pairs have as bytes.
    bytes: usize,
    scratch: Vec<u8>,
}

/// The hash of the partition, for keys that are bytes.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= fnv_1a(bytes);
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        // FNV mixes its high bits least, and the table begins with these.
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// What an entry of the buffer or of the table takes, about, besides its bytes.
const OVERHEAD: usize = 32;

impl<'a, Value: Field> Pairs<'a, Value> {
    fn new(job: &'a Job, number: u32, combiner: Option<Combiner<Value>>, out: &'a Folder) -> Self {
        let held = match combiner {
            None => Held::All(Buffer::default()),
            Some(_) => Held::Combined(Table { values: HashMap::default(), bytes: 0, scratch: vec![] }),
        };
        Pairs { job, number, combiner, out, held, spills: 0, failed: Ok(()) }
    }

    fn add(&mut self, key: &[u8], value: Value) {
        if self.failed.is_err() {
            return;
        }
        let held = match &mut self.held {
            Held::All(buffer) => buffer.add(key, &value, self.job.reduces),
            Held::Combined(table) => match self.combiner {
                Some(combine) => table.add(key, value, combine, self.job.memory),
                None => 0,
            },
        };
        if held >= self.job.memory {
            self.failed = self.spill();
        }
    }

    fn checked(&mut self) -> Result<(), JobError> {
        std::mem::replace(&mut self.failed, Ok(()))
    }

    fn run_name(&self, spill: u32, reduce: u32) -> String {
        format!("{UNFINISHED}map-{}-{spill}-{reduce}", self.number)
    }

    fn spill(&mut self) -> Result<(), JobError> {
        let spill = self.spills;
        self.write_held(|pairs, reduce| pairs.run_name(spill, reduce))?;
        self.spills += 1;
        Ok(())
    }

    /// Writes what is held into a file for each reduce task, sorted, and forgets it. Says how many pairs.
    fn write_held(&mut self, name: impl Fn(&Self, u32) -> String) -> Result<u64, JobError> {
        let mut held = match &mut self.held {
            Held::All(buffer) => std::mem::take(buffer),
            Held::Combined(table) => table.take(self.job.reduces),
        };
        let mut entries = std::mem::take(&mut held.entries);
        // Stable: the pairs of one key stay in order.
        entries.sort_by(|one, other| held.order(one, other));
        let mut rest = entries.as_slice();
        for reduce in 0..self.job.reduces {
            let (these, others) = rest.split_at(rest.partition_point(|entry| entry.partition == reduce));
            rest = others;
            let mut writer = BufWriter::with_capacity(1 << 16, self.out.create(&name(self, reduce))?);
            for entry in these {
                write_pair(&mut writer, held.key(entry), held.value(entry))?;
            }
            writer.flush()?;
        }
        Ok(entries.len() as u64)
    }

    /// Makes the intermediate files, each in one step.
    fn finish(mut self) -> Result<u64, JobError> {
        let draft = |reduce: u32, number: u32| format!("{UNFINISHED}mr-{number}-{reduce}");
        let mut written = 0;
        if self.spills == 0 {
            written = self.write_held(|pairs, reduce| draft(reduce, pairs.number))?;
        } else {
            self.spill()?;
        }
        for reduce in 0..self.job.reduces {
            let draft = draft(reduce, self.number);
            if self.spills > 0 {
                let runs: Vec<_> = (0..self.spills).map(|spill| self.run_name(spill, reduce)).collect();
                let label = format!("merge-map-{}-{reduce}", self.number);
                let mut merged = merged(self.out, runs.clone(), &label)?;
                written += write_combined(&mut merged, self.combiner, self.out, &draft)?;
                drop(merged);
                remove(self.out, &runs, &label)?;
            }
            self.out.rename(&draft, &format!("mr-{}-{reduce}", self.number))?;
        }
        Ok(written)
    }
}

/// Removes runs, and those that were made of them.
fn remove(out: &Folder, runs: &[String], label: &str) -> Result<(), JobError> {
    let made = format!("{UNFINISHED}{label}-");
    for name in out.names()? {
        if name.starts_with(&made) {
            out.remove(&name)?;
        }
    }
    runs.iter().try_for_each(|name| Ok(out.remove(name)?))
}

fn beginning(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(8);
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

impl Buffer {
    /// Adds a pair; says how much is held.
    fn add(&mut self, key: &[u8], value: &impl Field, reduces: u32) -> usize {
        let start = self.bytes.len();
        self.bytes.extend(key);
        let before = self.bytes.len();
        value.write(&mut self.bytes);
        self.entries.push(Entry {
            partition: partition(key, reduces),
            key_length: key.len() as u32,
            beginning: beginning(key),
            value_length: (self.bytes.len() - before) as u32,
            start,
        });
        self.bytes.len() + self.entries.len() * OVERHEAD
    }
}

impl<Value: Field> Table<Value> {
    /// Adds a pair; says how much is held.
    fn add(&mut self, key: &[u8], value: Value, combine: Combiner<Value>, memory: usize) -> usize {
        self.scratch.clear();
        value.write(&mut self.scratch);
        // Of two values the combined one has no more bytes than both, or the next line finds it out.
        self.bytes += self.scratch.len();
        match self.values.get_mut(key) {
            Some(all) => combine(all, value),
            None => {
                self.bytes += key.len() + LENGTHS + OVERHEAD;
                self.values.insert(key.into(), value);
            }
        }
        if self.bytes >= memory {
            self.bytes = self.weighed();
            // Otherwise it would be weighed again and again while it is nearly full.
            if self.bytes >= memory / 2 {
                return memory;
            }
        }
        self.bytes
    }

    fn weighed(&mut self) -> usize {
        let scratch = &mut self.scratch;
        let pairs = self.values.iter().map(|(key, value)| {
            scratch.clear();
            value.write(scratch);
            key.len() + scratch.len() + LENGTHS + OVERHEAD
        });
        pairs.sum()
    }

    /// Everything as a buffer; the table is empty then.
    fn take(&mut self, reduces: u32) -> Buffer {
        let mut buffer = Buffer::default();
        for (key, value) in std::mem::take(&mut self.values) {
            buffer.add(&key, &value, reduces);
        }
        self.bytes = 0;
        buffer
    }
}
// END SOLUTION
