//! Runs: files of pairs that are sorted by key. Any number of them is merged into one stream, with few of them open at once.

// SOLUTION: // Yours: part C needs several sorted files as one, and part D also more of them than may be open.
use crate::pairs::{Pair, read_pair, write_pair};
use lab4_kit::{Combiner, Field, FileReader, Folder, JobError, MAX_OPEN, UNFINISHED};
use std::io::{BufReader, BufWriter, Write as _};

/// How many runs are merged at once: one more file is being written.
const FAN_IN: usize = MAX_OPEN - 1;

const BUFFER: usize = 1 << 16;

/// Several runs as one: pairs in the order of their keys, and those of one key in the order of the runs.
pub(crate) struct Merged {
    /// Those that are not at their end, by their next keys. There are few, so they are kept in order by moving one at a time.
    runs: Vec<Run>,
    /// The last key of the run that was read last.
    last: Vec<u8>,
}

struct Run {
    number: usize,
    name: String,
    reader: BufReader<FileReader>,
    next: Pair,
}

impl Run {
    fn comes_before(&self, other: &Run) -> bool {
        (&self.next.key, self.number) < (&other.next.key, other.number)
    }
}

impl Merged {
    /// Begins to merge these runs, at most [`FAN_IN`].
    fn open(out: &Folder, names: &[String]) -> Result<Merged, JobError> {
        let mut runs = vec![];
        for (number, name) in names.iter().enumerate() {
            let reader = BufReader::with_capacity(BUFFER, out.open(name)?);
            let mut run = Run { number, name: name.clone(), reader, next: Pair::default() };
            if read_pair(&mut run.reader, name, &mut run.next)? {
                runs.push(run);
            }
        }
        runs.sort_by(|a, b| (&a.next.key, a.number).cmp(&(&b.next.key, b.number)));
        Ok(Merged { runs, last: vec![] })
    }

    /// The key that comes next.
    pub(crate) fn key(&self) -> Option<&[u8]> {
        self.runs.first().map(|run| run.next.key.as_slice())
    }

    /// Gives `take` the next value and the name of the file that it is from, and goes on.
    pub(crate) fn take<T>(&mut self, take: impl FnOnce(&[u8], &str) -> T) -> Result<Option<T>, JobError> {
        let Some(run) = self.runs.first_mut() else { return Ok(None) };
        let taken = take(&run.next.value, &run.name);
        std::mem::swap(&mut self.last, &mut run.next.key);
        if !read_pair(&mut run.reader, &run.name, &mut run.next)? {
            self.runs.remove(0);
            return Ok(Some(taken));
        }
        if run.next.key < self.last {
            let why = "its keys are not sorted".into();
            return Err(JobError::Damaged { file: run.name.clone(), why });
        }
        let runs = &mut self.runs;
        let place = (1..runs.len()).find(|place| runs[0].comes_before(&runs[*place]));
        let end = place.unwrap_or(runs.len());
        runs[..end].rotate_left(1);
        Ok(Some(taken))
    }
}

/// Merges runs until so few are left that they can be open at once, and begins to merge these. New runs have names that begin with
/// `label`; the old ones stay.
pub(crate) fn merged(out: &Folder, mut names: Vec<String>, label: &str) -> Result<Merged, JobError> {
    let mut made = 0;
    while names.len() > FAN_IN {
        // Neighbours, so that the values of a key stay in order.
        let groups = names.chunks(FAN_IN).map(|group| {
            let [only] = group else {
                made += 1;
                let name = format!("{UNFINISHED}{label}-{made}");
                let mut merged = Merged::open(out, group)?;
                write_merged(&mut merged, out, &name)?;
                return Ok(name);
            };
            Ok(only.clone())
        });
        names = groups.collect::<Result<_, JobError>>()?;
    }
    Merged::open(out, &names)
}

/// Writes all pairs that are left, as they are. Says how many.
fn write_merged(merged: &mut Merged, out: &Folder, name: &str) -> Result<u64, JobError> {
    let mut writer = BufWriter::with_capacity(BUFFER, out.create(name)?);
    let (mut written, mut key) = (0, vec![]);
    while let Some(next) = merged.key() {
        next.clone_into(&mut key);
        merged.take(|value, _| write_pair(&mut writer, &key, value))?.transpose()?;
        written += 1;
    }
    writer.flush()?;
    Ok(written)
}

/// Writes all pairs that are left, with one value for each key if there is a combiner. Says how many.
pub(crate) fn write_combined<Value: Field>(
    merged: &mut Merged,
    combiner: Option<Combiner<Value>>,
    out: &Folder,
    name: &str,
) -> Result<u64, JobError> {
    let Some(combine) = combiner else { return write_merged(merged, out, name) };
    let mut writer = BufWriter::with_capacity(BUFFER, out.create(name)?);
    let (mut written, mut key, mut bytes) = (0, vec![], vec![]);
    while let Some(next) = merged.key() {
        next.clone_into(&mut key);
        let mut all = take_field(merged)?;
        while let Some(value) = &mut all
            && merged.key() == Some(&key)
        {
            if let Some(next) = take_field(merged)? {
                combine(value, next);
            }
        }
        bytes.clear();
        all.iter().for_each(|value| value.write(&mut bytes));
        write_pair(&mut writer, &key, &bytes)?;
        written += 1;
    }
    writer.flush()?;
    Ok(written)
}

/// The next value.
pub(crate) fn take_field<Value: Field>(merged: &mut Merged) -> Result<Option<Value>, JobError> {
    let taken = merged.take(|bytes, file| {
        let why =
            || JobError::Damaged { file: file.into(), why: "a value is none of the application's".into() };
        Value::read(bytes).ok_or_else(why)
    })?;
    taken.transpose()
}
// END SOLUTION
