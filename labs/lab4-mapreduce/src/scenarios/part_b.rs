//! Part B: applications.

use super::files::{Drawn, shown};
use crate::samples::{APPLY, App, COMBINES, Table, Texts as Files, Way};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// The scenarios of this part.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "B1",
        name: "words are counted as bytes, and white space is what ASCII says",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 5,
        hint: "Rule B1. Which bytes end a word? Two words of bytes that are no text are two words, and a word that differs in one byte is another one.",
        run: words,
    },
    Scenario {
        id: "B2",
        name: "grep gives each line that contains the pattern, at its place",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule B2. Keys are sorted by their bytes. Which of the lines 9 and 10 comes first, and what does the rule do about that? A pattern can be longer than the line, and it can be empty.",
        run: grep,
    },
    Scenario {
        id: "B3",
        name: "the index names each file of a word once, in order",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 5,
        hint: "Rule B3. A word can be in a file more than once, and files can come in any order. What does Reduce get then, and what is it to give?",
        run: index,
    },
    Scenario {
        id: "B4",
        name: "sums are exact, and what is no number is refused",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule B4. A key may contain a TAB. A sum can be too large in the middle and fit at the end. What does a line with no number tell the user: nothing, or that it is there?",
        run: sums,
    },
    Scenario {
        id: "B5",
        name: "your own application is pure, and has something to say",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule B5. Is there anything in your Map or Reduce that is not one of its arguments: a counter, the order of calls, the time? Does your combiner, if you have one, change what Reduce sees?",
        run: own,
    },
    Scenario {
        id: "B6",
        name: "whether values are combined, and how, changes no result",
        part: 'B',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules B1, B4 and B5. With a combiner a value may stand for many. What does Reduce have to do with it: count it, or add it? And which application is to have no combiner at all?",
        run: combined,
    },
];

fn files(of: &[(&str, &[u8])]) -> Files {
    of.iter().map(|(name, text)| (name.to_string(), text.to_vec())).collect()
}

fn apply(bench: &Bench<'_>, app: &App, files: &Files, way: Way) -> Result<Result<Table, String>, Failure> {
    let texts: Vec<_> = files.iter().map(|(name, text)| format!("{name} {}", shown(text))).collect();
    bench.call(&APPLY, &(app.clone(), files.clone(), way), &format!("{app:?} worked on {}", texts.join(", ")))
}

/// The application must give this.
///
/// # Errors
/// It does not.
pub fn expect(bench: &Bench<'_>, rule: &str, app: &App, files: &Files, way: Way, right: &Table) -> Outcome {
    let found = apply(bench, app, files, way)?;
    let found = found.map_err(|error| Failure::new(format!("Rule {rule}: {app:?} has refused: {error}.")))?;
    let keys: BTreeSet<_> = found.keys().chain(right.keys()).collect();
    let Some(key) = keys.into_iter().find(|key| found.get(*key) != right.get(*key)) else { return Ok(()) };
    let about = |result: Option<&Vec<u8>>| result.map_or("no result".into(), |result| shown(result));
    let texts: Vec<_> = files.iter().map(|(name, text)| format!("{name} is {}", shown(text))).collect();
    let how = if way == Way::Plain { "" } else { ", with values that were combined," };
    Err(Failure::new(format!(
        "Rule {rule}: for the key {} {app:?}{how} gives {}, but it should be {}. {}.",
        shown(key),
        about(found.get(key)),
        about(right.get(key)),
        texts.join("; ")
    )))
}

fn table(of: &[(&[u8], &[u8])]) -> Table {
    of.iter().map(|(key, result)| (key.to_vec(), result.to_vec())).collect()
}

/// The words of these files with their counts.
#[must_use]
pub fn counted(files: &Files) -> Table {
    let mut counts: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for (_, text) in files {
        for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            *counts.entry(word.to_vec()).or_default() += 1;
        }
    }
    counts.into_iter().map(|(word, count)| (word, count.to_string().into_bytes())).collect()
}

const STRANGE_TEXT: &[u8] =
    b" the quick\tbrown  fox\x0cthe fox\rtwo\n\xff \xfe \xff\xfe x\0y \xef\xbf\xbd The the. na\xc3\xafve\n\n\x0b a\x0bb \xc2\xa0 \x1c\n";

fn words(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let strange = files(&[("a", STRANGE_TEXT), ("b", b"the end"), ("c", b"")]);
    let random = files(&[("a", &drawn.text(bench.amount(30))), ("b", &drawn.words(bench.amount(200), 50))]);
    for files in [strange, random] {
        expect(bench, "B1", &App::WordCount, &files, Way::Plain, &counted(&files))?;
    }
    Ok(())
}

fn grep(bench: &Bench<'_>) -> Outcome {
    let lines = (1..=12).map(|line| format!("line {line} of all\n")).collect::<String>();
    let files = files(&[
        ("d/a", lines.as_bytes()),
        ("b", b"aaa\n\n\xff\0\xff all\nal l\nALL\nal"),
        ("d/b", b"all\tof\\it\nends with all"),
    ]);
    for pattern in
        [b"all".as_slice(), b"", b"aa", b"\0\xff", b"aaaa", b"of all", b"no such thing", b"\\", b"."]
    {
        let mut right = Table::new();
        for (file, text) in &files {
            let ended = text.strip_suffix(b"\n").unwrap_or(text);
            for (record, line) in ended.split(|byte| *byte == b'\n').zip(1_u64..) {
                if contains(record, pattern) {
                    right.insert(format!("{file}:{line:010}").into_bytes(), record.to_vec());
                }
            }
        }
        expect(bench, "B2", &App::Grep(pattern.to_vec()), &files, Way::Plain, &right)?;
    }
    Ok(())
}

fn contains(record: &[u8], pattern: &[u8]) -> bool {
    (0..=record.len()).any(|start| record[start..].starts_with(pattern))
}

fn index(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let strange =
        files(&[("z/a", STRANGE_TEXT), ("b", b"the end the end"), ("a", b"end fox"), ("z/B", b"fox")]);
    let names = ["x", "a/1", "a", "10", "9"];
    let random = names.iter().map(|name| (name.to_string(), drawn.words(bench.amount(60), 40))).collect();
    for files in [strange, random] {
        let mut places: BTreeMap<Vec<u8>, BTreeSet<&str>> = BTreeMap::new();
        for (file, text) in &files {
            for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                places.entry(word.to_vec()).or_default().insert(file);
            }
        }
        let line = |files: BTreeSet<&str>| files.into_iter().collect::<Vec<_>>().join("\t").into_bytes();
        let right = places.into_iter().map(|(word, files)| (word, line(files))).collect();
        expect(bench, "B3", &App::Index, &files, Way::Plain, &right)?;
    }
    Ok(())
}

fn sums(bench: &Bench<'_>) -> Outcome {
    let good = files(&[
        ("a", b"x\t1\ny\t-5\nx\t41\n\nwith\ttab\t7\n\t3\n\xff\t+8\nbig\t9223372036854775807"),
        ("b", b"y\t5\nbig\t1\nbig\t-2\nx\t0\nsmall\t-9223372036854775808\n a \t0012\n"),
    ]);
    let right = table(&[
        (b"x", b"42"),
        (b"y", b"0"),
        (b"with\ttab", b"7"),
        (b"", b"3"),
        (b"\xff", b"8"),
        (b"big", b"9223372036854775806"),
        (b"small", b"-9223372036854775808"),
        (b" a ", b"12"),
    ]);
    expect(bench, "B4", &App::Sum, &good, Way::Plain, &right)?;
    for (text, why) in [
        (b"no tab".as_slice(), "there is no TAB"),
        (b"x\t", "there is no number"),
        (b"x\t1.5", "this is no i64"),
        (b"x\t 1", "a blank is no digit"),
        (b"x\t9223372036854775808", "this is no i64"),
        (b"x\t\xff", "this is no number"),
        (b" ", "a blank is a record, and there is no TAB in it"),
        (b"x\t1\t", "there is no number behind the last TAB"),
    ] {
        let files = files(&[("a", &[b"x\t1\n", text, b"\nx\t2\n"].concat())]);
        let found = apply(bench, &App::Sum, &files, Way::Plain)?;
        ensure(found.is_err(), || {
            format!("Rule B4: the record {} must be refused: {why}. But the job went on.", shown(text))
        })?;
    }
    let over = files(&[("a", b"x\t9223372036854775807\nx\t1\n")]);
    let found = apply(bench, &App::Sum, &over, Way::Plain)?;
    ensure(found.is_err(), || {
        format!("Rule B4: the sum 9223372036854775808 is no i64 and must be refused, but it gave {found:?}.")
    })
}

/// What the book has as an example.
const FOX: &[u8] = b"the quick brown fox\nthe fox ate the mouse\nhow now brown cow\n";

fn own(bench: &Bench<'_>) -> Outcome {
    let fox = files(&[("fox", FOX)]);
    let plain = |files: &Files| {
        apply(bench, &App::Own, files, Way::Plain)?
            .map_err(|error| Failure::new(format!("Rule B5: `Own` has refused a text: {error}.")))
    };
    let first = plain(&fox)?;
    ensure(first.len() >= 2, || {
        format!("Rule B5: `Own` has {} keys for the text in the book, not two.", first.len())
    })?;
    let again = plain(&fox)?;
    ensure(first == again, || {
        "Rule B5: the same text gave another result the second time, so something besides the arguments decides.".into()
    })?;
    let strange = files(&[("a", STRANGE_TEXT), ("b", FOX)]);
    let plain = plain(&strange)?;
    for way in [Way::Combined(2), Way::Tree] {
        let combined = apply(bench, &App::Own, &strange, way)?;
        ensure(combined.as_ref() == Ok(&plain), || {
            "Rule B5: with values that were combined two by two, `Own` gives another result than without."
                .into()
        })?;
    }
    Ok(())
}

fn combined(bench: &Bench<'_>) -> Outcome {
    for (app, rule, right) in [(App::WordCount, "B1", true), (App::Sum, "B4", false)] {
        let found = bench.call(&COMBINES, &app, &format!("{app:?} was asked for its combiner"))?;
        ensure(found == right, || {
            format!("Rule {rule}: {app:?} has {} combiner.", if right { "a" } else { "no" })
        })?;
    }
    let text = files(&[("a", STRANGE_TEXT), ("b", b"the the the the the the the end fox fox")]);
    for way in [Way::Combined(2), Way::Combined(3), Way::Combined(100), Way::Tree] {
        expect(bench, "B1", &App::WordCount, &text, way, &counted(&text))?;
    }
    let numbers = files(&[("a", b"x\t9223372036854775807\nx\t1\nx\t-5\nx\t1\n")]);
    let right = table(&[(b"x", b"9223372036854775804")]);
    expect(bench, "B4", &App::Sum, &numbers, Way::Combined(2), &right)
}
