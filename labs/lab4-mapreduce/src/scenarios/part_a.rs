//! Part A: input.

use super::files::{Drawn, shown};
use super::model;
use super::stage::image;
use crate::samples::{RECORDS, SPLITS};
use crate::types::Split;
use faultline::folder::{FileImage, Trouble};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World, ensure};

/// The scenarios of this part.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "A1",
        name: "a file is cut after lines, as soon as a split is large enough",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A1. Draw the file as boxes of bytes, and mark where the first split has `size` bytes. Where is the end of the line that this byte is in? And what if the byte is an LF?",
        run: cut,
    },
    Scenario {
        id: "A2",
        name: "every file has its own splits, and empty files have none",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A1. What does a split say that makes it belong to one file? Two files can have the same name in two folders, one file can be named twice, and a file can be empty.",
        run: several,
    },
    Scenario {
        id: "A3",
        name: "a record is a line without its end, whichever end that is",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A2. There are two ways for a line to end, and a third one for the last line of a file. Which bytes belong to the record if a CR is not followed by an LF?",
        run: ends,
    },
    Scenario {
        id: "A4",
        name: "whatever the size of the splits, each line is read once, with its number",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 10,
        hint: "Rules A1 and A2. Take the file of the reason, and compare the splits of two sizes line by line. Which line is in two splits, or in none, or has another number?",
        run: any_size,
    },
    Scenario {
        id: "A5",
        name: "what cannot be read is an error that names the file, and no end",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A3. Where do you look at what `read` gives? An error is not the end of the file; and a file can be shorter now than it was when it was cut.",
        run: unreadable,
    },
    Scenario {
        id: "A6",
        name: "a read may give fewer bytes than were asked for, and a line may be long",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 5,
        hint: "Rules A3 and C9. `read` gives what it likes, at least one byte: half a line, half of a CR LF. What do you do with the half that you have?",
        run: ragged,
    },
];

fn splits_of(
    bench: &Bench<'_>,
    files: &FileImage,
    names: &[String],
    size: u64,
    trouble: &Trouble,
) -> Result<Result<Vec<Split>, String>, Failure> {
    let what = format!("cutting {} into splits of {size} bytes", names.join(", "));
    bench.call(&SPLITS, &(files.clone(), trouble.clone(), (names.to_vec(), size)), &what)
}

/// The splits must be those of the model.
///
/// # Errors
/// They are not.
pub fn expect_splits(
    bench: &Bench<'_>,
    files: &FileImage,
    names: &[String],
    size: u64,
    trouble: &Trouble,
) -> Outcome {
    let right = model::splits(files, names, size);
    let found = splits_of(bench, files, names, size, trouble)?;
    let found = found.map_err(|error| Failure::new(format!("Rule A1: `splits` has failed: {error}.")))?;
    let Some(place) = (0..found.len().max(right.len())).find(|place| found.get(*place) != right.get(*place))
    else {
        return Ok(());
    };
    let about = |split: Option<&Split>| match split {
        Some(Split { file, start, end, first_line }) => {
            format!("bytes {start} to {end} of {file}, from line {first_line} on")
        }
        None => "no split".into(),
    };
    let texts: Vec<_> = files.iter().map(|(name, text)| format!("{name} is {}", shown(text))).collect();
    Err(Failure::new(format!(
        "Rule A1: with a size of {size}, split {} is {}, but it should be {}. {}.",
        place + 1,
        about(found.get(place)),
        about(right.get(place)),
        texts.join("; ")
    )))
}

/// The records of a split must be those of the model.
///
/// # Errors
/// They are not.
pub fn expect_records(bench: &Bench<'_>, files: &FileImage, split: &Split, trouble: &Trouble) -> Outcome {
    let what = format!("reading bytes {} to {} of {}", split.start, split.end, split.file);
    let found = bench.call(&RECORDS, &(files.clone(), trouble.clone(), split.clone()), &what)?;
    let found =
        found.map_err(|error| Failure::new(format!("Rule A2: reading a split has failed: {error}.")))?;
    let right = model::records(files, split);
    let right: Vec<_> = right.into_iter().map(|(line, bytes)| (split.file.clone(), line, bytes)).collect();
    let Some(place) = (0..found.len().max(right.len())).find(|place| found.get(*place) != right.get(*place))
    else {
        return Ok(());
    };
    let about = |record: Option<&(String, u64, Vec<u8>)>| match record {
        Some((file, line, bytes)) => format!("line {line} of {file}, {}", shown(bytes)),
        None => "no record".into(),
    };
    let text = &files[&split.file][split.start as usize..split.end as usize];
    Err(Failure::new(format!(
        "Rule A2: number {} of the split {} is {}, but it should be {}.",
        place + 1,
        shown(text),
        about(found.get(place)),
        about(right.get(place))
    )))
}

fn cut(bench: &Bench<'_>) -> Outcome {
    let good = Trouble::default();
    for text in [
        "one\ntwo\nthree\n",
        "one\ntwo\nthree",
        "\n\n\n",
        "a\n\nb\n",
        "no end",
        "x",
        "\n",
        "long line\nx\ny\nz\n",
    ] {
        let files = image(&[("text", text.as_bytes())]);
        for size in (1..=text.len() as u64 + 2).chain([1 << 40]) {
            expect_splits(bench, &files, &["text".into()], size, &good)?;
        }
    }
    Ok(())
}

fn several(bench: &Bench<'_>) -> Outcome {
    let files = image(&[
        ("a/x.txt", b"one\ntwo\nthree\n"),
        ("b/x.txt", b"four\nfive"),
        ("empty", b""),
        ("z", b"six\n"),
    ]);
    for names in [
        vec!["b/x.txt", "a/x.txt"],
        vec!["empty"],
        vec![],
        vec!["empty", "z", "empty"],
        vec!["a/x.txt", "a/x.txt"],
        vec!["b/x.txt", "z", "a/x.txt"],
    ] {
        let names: Vec<String> = names.into_iter().map(String::from).collect();
        for size in [1, 5, 1_000] {
            expect_splits(bench, &files, &names, size, &Trouble::default())?;
        }
    }
    Ok(())
}

fn ends(bench: &Bench<'_>) -> Outcome {
    for text in [
        b"one\ntwo\n".as_slice(),
        b"one\r\ntwo\r\n",
        b"one\r\ntwo",
        b"one\ntwo\r",
        b"\r\n\n\r\n",
        b"a\rb\n\r\r\n",
        b"nul \0 and \xff\xfe\n\xc3\n",
        b"\r",
        b"\n\nlast",
        b" spaces \t\n",
    ] {
        let files = image(&[("text", text)]);
        for split in model::splits(&files, &["text".into()], 1 << 20) {
            expect_records(bench, &files, &split, &Trouble::default())?;
        }
        for split in model::splits(&files, &["text".into()], 1) {
            expect_records(bench, &files, &split, &Trouble::default())?;
        }
    }
    Ok(())
}

fn any_size(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let files = image(&[("a", &drawn.text(bench.amount(12))), ("b", &drawn.text(bench.amount(12)))]);
    let names = ["a".to_string(), "b".to_string()];
    for size in [1, 2, 3, 5, 8, 13, 21, 34, 1_000] {
        expect_splits(bench, &files, &names, size, &Trouble::default())?;
        for split in model::splits(&files, &names, size) {
            expect_records(bench, &files, &split, &Trouble::default())?;
        }
    }
    Ok(())
}

fn unreadable(bench: &Bench<'_>) -> Outcome {
    let files = image(&[("good", b"one\ntwo\n"), ("bad", b"one\ntwo\nthree\n")]);
    let broken = |from| Trouble { unreadable: Some(("bad".into(), from)), ..Trouble::default() };
    for (names, trouble, why) in [
        (vec!["good", "missing"], Trouble::default(), "there is no such file"),
        (vec!["good", "bad"], broken(0), "it cannot be read"),
        (vec!["good", "bad"], broken(6), "it cannot be read from its seventh byte on"),
    ] {
        let names: Vec<String> = names.into_iter().map(String::from).collect();
        let found = splits_of(bench, &files, &names, 100, &trouble)?;
        named(&names[1], why, "`splits`", found.as_ref().err())?;
    }
    let split = Split { file: "bad".into(), start: 4, end: 14, first_line: 2 };
    let shorter = Split { end: 15, ..split.clone() };
    let much_shorter = Split { start: 0, end: 100, ..split.clone() };
    let missing = Split { file: "missing".into(), ..split.clone() };
    for (split, trouble, why) in [
        (missing, Trouble::default(), "there is no such file"),
        (split.clone(), broken(4), "it cannot be read"),
        (split, broken(9), "it cannot be read from its tenth byte on"),
        (shorter, Trouble::default(), "it ends one byte before the split does"),
        (much_shorter, Trouble::default(), "it ends before the split does"),
    ] {
        let what = format!("reading {}, where {why}", split.file);
        let found = bench.call(&RECORDS, &(files.clone(), trouble, split.clone()), &what)?;
        named(&split.file, why, "`Records`", found.as_ref().err())?;
    }
    Ok(())
}

fn named(file: &str, why: &str, who: &str, error: Option<&String>) -> Outcome {
    let error = error.ok_or_else(|| {
        Failure::new(format!("Rule A3: {who} has read {file} as if all were well, but {why}."))
    })?;
    ensure(error.contains(file), || {
        format!("Rule A3: the error must name the file {file}, but it is: {error}.")
    })
}

fn ragged(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let long = [vec![b'x'; 100_000], b"\r\n".to_vec(), vec![b'y'; 70_000], b"\nz".to_vec()].concat();
    let files = image(&[("a", &drawn.text(bench.amount(10))), ("long", &long)]);
    let names = ["a".to_string(), "long".to_string()];
    let trouble = Trouble { ragged: Some(bench.seed()), ..Trouble::default() };
    for size in [1, 7, 1 << 20] {
        expect_splits(bench, &files, &names, size, &trouble)?;
        for split in model::splits(&files, &names, size) {
            expect_records(bench, &files, &split, &trouble)?;
        }
    }
    Ok(())
}
