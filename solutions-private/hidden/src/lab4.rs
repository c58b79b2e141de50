//! Lab 4's hidden scenarios: the public contract again, with other bytes, sizes and files.

use faultline::folder::{FileImage, Trouble};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, Suite, World, ensure};
use lab4_kit::samples::{App, Run, Way};
use lab4_kit::scenarios::files::{Drawn, lines};
use lab4_kit::scenarios::live::{Workplace, ended_well, expect_words};
use lab4_kit::scenarios::merging::merges;
use lab4_kit::scenarios::part_a::{expect_records, expect_splits};
use lab4_kit::scenarios::part_b::{counted, expect};
use lab4_kit::scenarios::stage::{image, job, succeeds};
use lab4_kit::scenarios::trouble::{survives_failures, survives_full_disks, survives_kills};
use lab4_kit::scenarios::{model, stage};
use lab4_kit::tried::{Tried, line_of};
use lab4_kit::{DONE, Job};
use std::collections::{BTreeMap, BTreeSet};

const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HA1",
        name: "large files of any bytes are cut and read right, also in small portions",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 10,
        hint: "Rules A1 and A2, with files that have more than one buffer of bytes, and lines of any length.",
        run: large_files,
    },
    Scenario {
        id: "HB1",
        name: "applications work on any bytes",
        part: 'B',
        points: 3,
        world: World::Script,
        seeds: 20,
        hint: "Rules B1 to B3, with bytes that are no text at all, in keys, patterns and lines.",
        run: any_bytes,
    },
    Scenario {
        id: "HC1",
        name: "jobs of other sizes give the results that the rules give, and are merged right",
        part: 'C',
        points: 4,
        world: World::Script,
        seeds: 30,
        hint: "Rules C2 to C8, with other numbers of map and reduce tasks, longer keys and more of them, and a file that is named twice.",
        run: other_sizes,
    },
    Scenario {
        id: "HC2",
        name: "wherever a larger job is killed, what is there is whole, and the next job is right",
        part: 'C',
        points: 4,
        world: World::Script,
        seeds: 2,
        hint: "Rules C5 to C7 and D1: the process is also killed while pairs that did not fit into memory are written and merged.",
        run: killed,
    },
    Scenario {
        id: "HC3",
        name: "a disk that is full or fails at any moment of a larger job leaves nothing behind",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules C7 and D1: the disk is also full while pairs that did not fit into memory are written and merged.",
        run: full,
    },
    Scenario {
        id: "HD1",
        name: "thirty thousand keys come through a small memory, in order",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules D1 to D4, with many more pairs than memory, long keys, and values that grow when they are combined.",
        run: many_pairs,
    },
    Scenario {
        id: "HD2",
        name: "the program's applications give what is computed otherwise from the same files",
        part: 'D',
        points: 4,
        world: World::Live,
        seeds: 1,
        hint: "The program `mr` with each application on files like those of the public scenarios, and with wrong input.",
        run: programs,
    },
];

/// The hidden scenarios.
#[must_use]
pub fn suite() -> Suite {
    Suite { lab: "lab4-mapreduce", scenarios: SCENARIOS.to_vec(), bonus: &[] }
}

/// Bytes of all kinds, with an end of line now and then.
fn noise(drawn: &mut Drawn, length: usize, line: usize) -> Vec<u8> {
    let byte = |_| match drawn.below(line) {
        0 => b'\n',
        1 => b'\r',
        _ => drawn.below(256) as u8,
    };
    (0..length).map(byte).collect()
}

fn large_files(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let files = image(&[
        ("noise", &noise(&mut drawn, 100_000, 40)),
        ("long lines", &noise(&mut drawn, 150_000, 100_000)),
        ("short lines", &drawn.text(3_000)),
    ]);
    let names: Vec<String> = files.keys().rev().cloned().collect();
    let ragged = Trouble { ragged: Some(bench.seed()), ..Trouble::default() };
    for (size, trouble) in [
        (1_000 + drawn.below(5_000) as u64, Trouble::default()),
        (65_536, Trouble::default()),
        (8_192, ragged),
        (u64::MAX, Trouble::default()),
    ] {
        expect_splits(bench, &files, &names, size, &trouble)?;
        for split in model::splits(&files, &names, size) {
            expect_records(bench, &files, &split, &trouble)?;
        }
    }
    Ok(())
}

fn any_bytes(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let files: Vec<_> =
        ["z", "d/a", "a"].iter().map(|name| (name.to_string(), noise(&mut drawn, 400, 30))).collect();
    expect(bench, "B1", &App::WordCount, &files, Way::Plain, &counted(&files))?;
    expect(bench, "B1", &App::WordCount, &files, Way::Combined(3), &counted(&files))?;
    let (mut places, mut found) = (BTreeMap::<Vec<u8>, BTreeSet<&str>>::new(), BTreeMap::new());
    let pattern: Vec<u8> = (0..1 + drawn.below(2)).map(|_| drawn.below(256) as u8).collect();
    for (file, text) in &files {
        for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            places.entry(word.to_vec()).or_default().insert(file);
        }
        let ended = text.strip_suffix(b"\n").unwrap_or(text);
        for (record, line) in ended.split(|byte| *byte == b'\n').zip(1_u64..) {
            if (0..record.len()).any(|start| record[start..].starts_with(&pattern)) {
                found.insert(format!("{file}:{line:010}").into_bytes(), record.to_vec());
            }
        }
    }
    let list = |files: BTreeSet<&str>| files.into_iter().collect::<Vec<_>>().join("\t").into_bytes();
    let places = places.into_iter().map(|(word, files)| (word, list(files))).collect();
    expect(bench, "B3", &App::Index, &files, Way::Plain, &places)?;
    expect(bench, "B2", &App::Grep(pattern), &files, Way::Plain, &found)
}

fn emitting(drawn: &mut Drawn, lines: usize) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..lines {
        let length = 1 + drawn.below(40);
        let pairs: Vec<_> = (0..drawn.below(5))
            .map(|_| {
                if drawn.below(2) == 0 {
                    (drawn.bytes(), drawn.bytes())
                } else {
                    (noise(drawn, length, 9), vec![])
                }
            })
            .collect();
        text.push_str(&line_of(&pairs));
        text.push('\n');
    }
    text.into_bytes()
}

fn other_sizes(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let inputs: FileImage =
        ["p", "q/p", "r"].iter().map(|name| (name.to_string(), emitting(&mut drawn, 40))).collect();
    let settings = Job {
        split_size: *drawn.one(&[200, 900, 5_000]),
        reduces: *drawn.one(&[2, 5, 64, 300]),
        combine: false,
        keep: true,
        ..Job::default()
    };
    let app = *drawn.one(&[Tried::Pairs, Tried::First, Tried::Join]);
    let mut run = job(app, inputs, settings);
    run.job.inputs = ["r", "p", "r", "q/p"].map(String::from).to_vec();
    succeeds(bench, &run)?;
    merges(bench, &Run { job: Job { keep: false, ..run.job.clone() }, ..run })
}

/// A job whose pairs do not fit into memory.
fn tight(seed: u64, app: Tried) -> Run {
    let mut drawn = Drawn::new(seed);
    let inputs = image(&[("x", &emitting(&mut drawn, 6)), ("y", &emitting(&mut drawn, 4))]);
    job(app, inputs, Job { split_size: 200, reduces: 2, memory: 150, ..Job::default() })
}

fn killed(bench: &Bench<'_>) -> Outcome {
    let first = tight(bench.seed() + 1, Tried::Pairs);
    let first = Run { job: Job { reduces: 4, keep: true, ..first.job.clone() }, ..first };
    survives_kills(bench, &first, &tight(bench.seed(), Tried::Join))
}

fn full(bench: &Bench<'_>) -> Outcome {
    let small = tight(7, Tried::Join);
    let small = Run { out: image(&[("theirs", b"1"), ("mr-", b"2")]), ..small };
    survives_full_disks(bench, &small, 5)?;
    survives_failures(bench, &small)
}

fn many_pairs(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let mut text = String::new();
    for number in 0..6_000 {
        let key = format!(
            "{:06}{}",
            drawn.below(30_000),
            if number % 50 == 0 { "long ".repeat(30) } else { String::new() }
        );
        let pairs: Vec<_> = (0..5)
            .map(|part| (format!("{key}{part}").into_bytes(), number.to_string().into_bytes()))
            .collect();
        text.push_str(&line_of(&pairs));
        text.push('\n');
    }
    let inputs = image(&[("x", text.as_bytes())]);
    for (app, combine) in [(Tried::Join, true), (Tried::Pairs, false)] {
        let settings = Job { memory: 60_000, reduces: 3, combine, split_size: 1 << 19, ..Job::default() };
        let ran = succeeds(bench, &job(app, inputs.clone(), settings))?;
        ensure(ran.open_most <= lab4_kit::MAX_OPEN, || {
            format!("Rule D3: {} files were open at once.", ran.open_most)
        })
        .map_err(|failure| failure.with(stage::story(&ran)))?;
    }
    Ok(())
}

fn programs(bench: &Bench<'_>) -> Outcome {
    let place = Workplace::new(bench)?;
    let mut drawn = Drawn::new(bench.seed());
    let texts = [drawn.words(30_000, 9_000), drawn.text(500), noise(&mut drawn, 40_000, 60)];
    let files = ["one", "more/one", "noise"];
    for (file, text) in files.iter().zip(&texts) {
        place.put(file, text)?;
    }
    let run = |app: &[&str], files: &[&str]| {
        let settings = ["run", "--out", "out", "--memory", "64K", "--split-size", "9K", "--reduces", "3"];
        let arguments: Vec<&str> =
            settings.iter().chain(app).chain(&["--inputs"]).chain(files).copied().collect();
        place.run(&arguments, 40)
    };
    ended_well(&run(&["--app", "wc"], &files)?)?;
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    expect_words(&place.files("out")?, 3, &texts)?;
    ended_well(&run(&["--app", "grep", "--pattern", "w1 w"], &files)?)?;
    let grepped: BTreeMap<_, _> =
        files.iter().zip(&texts).flat_map(|(file, text)| matching(file, text)).collect();
    expect_results(&place.files("out")?, &grepped)?;
    let numbers: String =
        (0..5_000).map(|number| format!("k{}\t{}\n", number % 97, number as i64 - 2_000)).collect();
    let sums = (0..97).map(|key: i64| {
        let sum: i64 = (0..5_000).filter(|number| number % 97 == key).map(|number| number - 2_000).sum();
        (format!("k{key}").into_bytes(), sum.to_string().into_bytes())
    });
    place.put("numbers", numbers.as_bytes())?;
    ended_well(&run(&["--app", "sum"], &["numbers"])?)?;
    expect_results(&place.files("out")?, &sums.collect())?;
    place.put("wrong", b"a\t1\nb 2\n")?;
    let finished = run(&["--app", "sum"], &["numbers", "wrong"])?;
    ensure(finished.code == Some(1) && finished.stderr.contains("wrong, line 2"), || {
        format!(
            "Rule C7: line 2 of the file wrong has no TAB, and mr must say so and end with 1; it ended with {:?}.",
            finished.code
        )
    })?;
    let left = place.files("out")?;
    ensure(left.is_empty(), || format!("Rule C7: the job has failed, and left {} files.", left.len()))
}

/// The lines that contain the pattern of [`programs`].
fn matching(file: &str, text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = vec![];
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if (0..line.len()).any(|start| line[start..].starts_with(b"w1 w")) {
            found.push((format!("{file}:{number:010}").into_bytes(), line.to_vec()));
        }
    }
    found
}

fn expect_results(out: &FileImage, right: &BTreeMap<Vec<u8>, Vec<u8>>) -> Outcome {
    let mut found = BTreeMap::new();
    for (name, content) in out.iter().filter(|(name, _)| *name != DONE) {
        for (key, result) in lines(name, content)? {
            if let Some(twice) = found.insert(key, result) {
                return Err(Failure::new(format!(
                    "Rule C3: a key is there twice, in {name} with {twice:?}."
                )));
            }
        }
    }
    let wrong = right.iter().find(|(key, result)| found.get(*key) != Some(result)).map(|(key, _)| key);
    let wrong = wrong.or(found.keys().find(|key| !right.contains_key(*key)));
    ensure(wrong.is_none(), || {
        let key = wrong.map(|key| String::from_utf8_lossy(key).into_owned()).unwrap_or_default();
        format!("The key {key} has another result than it should have, or none, or should not be there.")
    })
}
