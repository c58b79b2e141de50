//! What a reduce task does with damaged files, and how outputs are merged.

use super::files::{bytes_of_pairs, lines, shown};
use super::model::Pair;
use super::stage::{image, succeeds};
use crate::samples::{MERGE, REDUCE, Run};
use crate::types::DONE;
use faultline::folder::{FileImage, Trouble};
use faultline::scenario::{Bench, Failure, Outcome, ensure};

pub(super) fn damaged(bench: &Bench<'_>) -> Outcome {
    let pairs: Vec<Pair> = [(b"a".as_slice(), b"1".as_slice()), (b"b", b""), (b"c", b"three")]
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .to_vec();
    let good = bytes_of_pairs(&pairs);
    let files = image(&[("mr-0-1", &good), ("mr-1-1", &good), ("mr-2-1", &good)]);
    let reduce = |files: &FileImage, why: &str| {
        bench.call(
            &REDUCE,
            &(files.clone(), Trouble::default(), (1, 3)),
            &format!("reduce task 1 ran, and {why}"),
        )
    };
    let right = reduce(&files, "all was well")?;
    let right =
        right.map_err(|error| Failure::new(format!("Rule C3: a reduce task has failed: {error}.")))?;
    let found = right.get("out-1").map(|content| lines("out-1", content)).transpose()?;
    ensure(found.is_some_and(|lines| lines.len() == 3), || {
        "Rule C4: the output of reduce task 1 is not there, or not of three keys.".into()
    })?;
    let sorted: Vec<usize> = (1..good.len()).filter(|end| ![10, 19].contains(end)).collect();
    for end in sorted {
        let mut cut = files.clone();
        cut.insert("mr-1-1".into(), good[..end].to_vec());
        refuses(
            &reduce(&cut, "mr-1-1 was cut")?,
            &format!("mr-1-1 was cut after byte {end}, within a pair"),
        )?;
    }
    let backwards: Vec<Pair> = pairs.iter().rev().cloned().collect();
    let promise = [&good[..], &[0xff; 8], b"x"].concat();
    for (bytes, why) in [
        (bytes_of_pairs(&backwards), "the keys of mr-1-1 are not sorted"),
        (promise, "mr-1-1 promises more bytes than there are"),
    ] {
        let mut wrong = files.clone();
        wrong.insert("mr-1-1".into(), bytes);
        refuses(&reduce(&wrong, why)?, why)?;
    }
    let mut missing = files;
    missing.remove("mr-1-1");
    refuses(&reduce(&missing, "mr-1-1 was missing")?, "there is no mr-1-1")
}

fn refuses(reduced: &Result<FileImage, String>, why: &str) -> Outcome {
    match reduced {
        Ok(_) => Err(Failure::new(format!("Rule C3: {why}, but the reduce task has made its output."))),
        Err(error) => ensure(error.contains("mr-1-1"), || {
            format!("Rule C3: {why}; the error must name the file, but it is: {error}.")
        }),
    }
}

/// The outputs of this job must be merged right, and not at all when something is missing.
///
/// # Errors
/// They are not.
pub fn merges(bench: &Bench<'_>, run: &Run) -> Outcome {
    let reduces = run.job.reduces;
    let mut out = succeeds(bench, run)?.out;
    let merge = |out: &FileImage, why: &str| {
        bench.call(
            &MERGE,
            &(out.clone(), Trouble::default(), ()),
            &format!("it merged {reduces} outputs, and {why}"),
        )
    };
    let found = merge(&out, "all was well")?;
    let found = found.map_err(|error| Failure::new(format!("Rule C8: merging has failed: {error}.")))?;
    let mut right = vec![];
    for (name, content) in out.iter().filter(|(name, _)| name.starts_with("out-")) {
        let lines = lines(name, content)?.into_iter().zip(content.split_inclusive(|byte| *byte == b'\n'));
        right.extend(lines.map(|((key, _), line)| (key, line)));
    }
    right.sort();
    let right: Vec<&[u8]> = right.into_iter().map(|(_, line)| line).collect();
    let found: Vec<&[u8]> = found.split_inclusive(|byte| *byte == b'\n').collect();
    let place = (0..right.len().max(found.len())).find(|place| found.get(*place) != right.get(*place));
    if let Some(place) = place {
        let about = |line: Option<&&[u8]>| line.map_or("nothing".into(), |line| shown(line));
        return Err(Failure::new(format!(
            "Rule C8: line {} of {reduces} merged outputs is {}, but it should be {}.",
            place + 1,
            about(found.get(place)),
            about(right.get(place))
        )));
    }
    let mut missing = out.clone();
    missing.remove("out-0");
    out.remove(DONE);
    for (out, file) in [(missing, "out-0"), (out, DONE)] {
        match merge(&out, "one file was missing")? {
            Ok(_) => {
                return Err(Failure::new(format!(
                    "Rule C8: there is no {file}, but the outputs were merged all the same."
                )));
            }
            Err(error) => ensure(error.contains(file), || {
                format!("Rule C8: there is no {file}; the error must say so, but it is: {error}.")
            })?,
        }
    }
    Ok(())
}
