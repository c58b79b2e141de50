//! Part C: a job.

use super::files::{Drawn, STRANGE, names, shown};
use super::merging::{damaged, merges};
use super::model::{self, Pair};
use super::stage::{image, job, succeeds};
use super::trouble::{
    leaves_only_foreign, must_fail, survives_failures, survives_full_disks, survives_kills,
};
use crate::samples::{PARTITION, Run};
use crate::tried::{HOPELESS, REFUSED, Tried, line_of};
use crate::types::{DONE, Job};
use faultline::folder::{FileImage, Trouble};
use faultline::scenario::{Bench, Outcome, Scenario, World, ensure};

/// The scenarios of this part.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "C1",
        name: "a key belongs to the same reduce task in every process",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 5,
        hint: "Rule C1. Compute the hash of the key \"a\" by hand: one xor, one multiplication. In which order, and with how many bits?",
        run: partitions,
    },
    Scenario {
        id: "C2",
        name: "intermediate files have each pair in its partition, sorted by key, in the order of emission",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C2. Run a small job with `mr run --keep` and look at its files with `xxd`. Which bytes are lengths? Is there a file for a partition in which there is nothing?",
        run: intermediate,
    },
    Scenario {
        id: "C3",
        name: "outputs have one line for each key, whatever bytes it has",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules C3 and C4. Which byte ends a key in the output, and what if the key contains it? Sorting comes before escaping: the order is that of the keys, not of what is written.",
        run: strange_keys,
    },
    Scenario {
        id: "C4",
        name: "any number of map and reduce tasks gives the results that the rules give",
        part: 'C',
        points: 5,
        world: World::Script,
        seeds: 30,
        hint: "Rules C2 to C4 and C6. The reason names the first line that is wrong. Follow its key: which map tasks emit it, in which files is it, and in which order are these read?",
        run: any_job,
    },
    Scenario {
        id: "C5",
        name: "Reduce may leave values, and the next key is not hurt",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule C3. Reduce takes one value and returns. Where is your reader then, and what does the next key see?",
        run: first_only,
    },
    Scenario {
        id: "C6",
        name: "nothing to do is done well: no files, empty files, no pairs",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules C4 and C6. How many outputs does a job without any pairs have? Look at what each of your loops does if there is nothing to loop over.",
        run: nothing,
    },
    Scenario {
        id: "C7",
        name: "a second job in the same folder leaves nothing of the first, and nobody else's file is touched",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C6. Which names do your files have, exactly? `out-1` is yours and `out-1.txt` is not. An earlier job may have had more reduce tasks, or may have been killed.",
        run: twice,
    },
    Scenario {
        id: "C8",
        name: "wherever a job is killed, what is there is whole, and the next job is right",
        part: 'C',
        points: 5,
        world: World::Script,
        seeds: 1,
        hint: "Rules C5 and C6. The story ends where the process was killed. Which file had its final name at that moment, and was all of it there? When may `done` be there, and when not?",
        run: killed,
    },
    Scenario {
        id: "C9",
        name: "a job that fails says where, and leaves nothing half done",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules C6 and C7. What do you know of the record at the moment at which Map refuses it? Which files are there then, and who removes them? And what must still be there if the inputs cannot even be split?",
        run: fails,
    },
    Scenario {
        id: "C10",
        name: "a disk that is full or fails is an error, and nothing stays on it",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rules C7 and C9. The story shows the last operation before the error. When does a buffered writer really write, and who hears of it if that fails? A file that is dropped says nothing.",
        run: full,
    },
    Scenario {
        id: "C11",
        name: "the system may read and write less than it was asked to",
        part: 'C',
        points: 2,
        world: World::Script,
        seeds: 5,
        hint: "Rule C9. `read` and `write` say how many bytes they have handled. Which of your calls look at that number?",
        run: ragged,
    },
    Scenario {
        id: "C12",
        name: "a damaged intermediate file is an error that names it",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule C3. A file can end anywhere: between two pairs, within a length, within a key. Only one of these is an end. And a file that is missing is not an empty one.",
        run: damaged,
    },
    Scenario {
        id: "C13",
        name: "the outputs are merged in the order of their keys, if the job is done",
        part: 'C',
        points: 3,
        world: World::Script,
        seeds: 5,
        hint: "Rule C8. The keys stand in the lines as they were written. In which order are `a` and a TAB, and in which order are they as they are written?",
        run: merged,
    },
];

fn partitions(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let mut keys: Vec<Vec<u8>> = STRANGE.iter().map(|key| key.to_vec()).collect();
    keys.extend((0..bench.amount(200)).map(|_| drawn.bytes()));
    // Fowler, Noll and Vo's own vectors of FNV-1a with 64 bits: "", "a" and "foobar".
    let golden = [
        (b"".as_slice(), 0xcbf2_9ce4_8422_2325_u64),
        (b"a", 0xaf63_dc4c_8601_ec8c),
        (b"foobar", 0x8594_4171_f739_67e8),
    ];
    for reduces in [1, 2, 3, 17, 1_000, u32::MAX] {
        let asked: Vec<Vec<u8>> = golden.iter().map(|(key, _)| key.to_vec()).chain(keys.clone()).collect();
        let what = format!("it was asked for the partitions of {} keys, of {reduces}", asked.len());
        let found = bench.call(&PARTITION, &(asked.clone(), reduces), &what)?;
        let known = golden.iter().map(|(_, hash)| (hash % u64::from(reduces)) as u32);
        let right: Vec<u32> = known.chain(keys.iter().map(|key| model::partition(key, reduces))).collect();
        for ((key, found), right) in asked.iter().zip(&found).zip(&right) {
            ensure(found == right, || {
                format!(
                    "Rule C1: of {reduces} reduce tasks, number {right} works on the key {}, not {found}.",
                    shown(key)
                )
            })?;
        }
        ensure(found.len() == right.len(), || "Rule C1: there is not one partition for each key.".into())?;
    }
    Ok(())
}

/// A file that emits these pairs, one or more in a line.
fn emitting(pairs: &[(&[u8], &[u8])], in_a_line: usize) -> Vec<u8> {
    let owned: Vec<Pair> = pairs.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
    let lines: Vec<String> = owned.chunks(in_a_line).map(line_of).collect();
    (lines.join("\n") + "\n").into_bytes()
}

const UNSORTED: [(&[u8], &[u8]); 11] = [
    (b"b", b"1"),
    (b"a", b"2"),
    (b"b", b"3"),
    (b"", b"4"),
    (b"a", b""),
    (b"b", b"0"),
    (b"a\0", b"5"),
    (b"\xff", b"6"),
    (b"B", b"7"),
    (b"a", b"1"),
    (b"", b"\0\xff\t\n"),
];

fn intermediate(bench: &Bench<'_>) -> Outcome {
    let inputs = image(&[("x", &emitting(&UNSORTED, 3)), ("y", &emitting(&UNSORTED[4..8], 1))]);
    for (split_size, reduces) in [(1 << 20, 1), (1 << 20, 3), (1, 3), (30, 2)] {
        let settings = Job { split_size, reduces, keep: true, ..Job::default() };
        succeeds(bench, &job(Tried::Pairs, inputs.clone(), settings))?;
    }
    Ok(())
}

fn strange_keys(bench: &Bench<'_>) -> Outcome {
    let pairs: Vec<Pair> = STRANGE.iter().rev().map(|key| (key.to_vec(), key.to_vec())).collect();
    let alike: Vec<Pair> =
        ["alike so far b", "alike so far", "alike so far ab", "alike so far aab", "alike so far B"]
            .map(|key| (key.into(), vec![]))
            .to_vec();
    let long = (vec![b'k'; 70_000], vec![b'\t'; 70_000]);
    let text = [line_of(&pairs), line_of(&alike), line_of(&[long, (b"\xff\xff".to_vec(), b"end".to_vec())])]
        .join("\n");
    let inputs = image(&[("x", text.as_bytes())]);
    for reduces in [1, 3, 17, 300] {
        succeeds(bench, &job(Tried::Pairs, inputs.clone(), Job { reduces, ..Job::default() }))?;
    }
    Ok(())
}

/// A job whose inputs and numbers are drawn.
fn drawn_job(bench: &Bench<'_>) -> Run {
    let mut drawn = Drawn::new(bench.seed());
    let app = *drawn.one(&[Tried::Pairs, Tried::Pairs, Tried::First, Tried::Count]);
    let mut inputs = FileImage::new();
    for name in ["a/x", "b/x", "c", "d"] {
        let lines = bench.amount(12);
        let text = if app == Tried::Count { drawn.text(lines) } else { drawn.pairs(lines) };
        inputs.insert(name.into(), if drawn.below(8) == 0 { vec![] } else { text });
    }
    let settings = Job {
        split_size: *drawn.one(&[1, 20, 100, 400, 1 << 20]),
        reduces: *drawn.one(&[1, 3, 17]),
        // Part D begins with the combiner.
        combine: false,
        keep: true,
        ..Job::default()
    };
    job(app, inputs, settings)
}

fn any_job(bench: &Bench<'_>) -> Outcome {
    succeeds(bench, &drawn_job(bench)).map(drop)
}

fn first_only(bench: &Bench<'_>) -> Outcome {
    let many: Vec<(&[u8], &[u8])> =
        (0..60_u8).map(|number| UNSORTED[usize::from(number) % UNSORTED.len()]).collect();
    let inputs = image(&[("x", &emitting(&many, 2)), ("y", &emitting(&UNSORTED, 1))]);
    for reduces in [1, 3] {
        let settings = Job { split_size: 100, reduces, ..Job::default() };
        succeeds(bench, &job(Tried::First, inputs.clone(), settings))?;
    }
    Ok(())
}

fn nothing(bench: &Bench<'_>) -> Outcome {
    for inputs in [
        FileImage::new(),
        image(&[("empty", b"")]),
        image(&[("x", b""), ("y", b""), ("z", b"")]),
        image(&[("no pairs", b"\n\n\n")]),
        image(&[("empty", b""), ("x", &emitting(&UNSORTED[..1], 1))]),
    ] {
        for reduces in [1, 3] {
            let settings = Job { split_size: 1, reduces, keep: true, ..Job::default() };
            succeeds(bench, &job(Tried::Pairs, inputs.clone(), settings))?;
        }
    }
    Ok(())
}

/// What earlier jobs, and others, have left in a folder.
fn leftovers() -> FileImage {
    image(&[
        (DONE, b"4\n"),
        ("out-0", b"old\t1\n"),
        ("out-1", b""),
        ("out-3", b"older\t1\n"),
        ("out-00", b"?"),
        ("mr-0-0", b"torn"),
        ("mr-7-2", b""),
        ("tmp-anything", b"half"),
        ("tmp-", b""),
        ("out-99999999999999999999", b"old"),
        ("out-+1", b"mine"),
        ("out-", b"mine"),
        ("out-1.txt", b"mine"),
        ("out-1a", b"mine"),
        ("out-notes", b"mine"),
        ("mr-1", b"mine"),
        ("mr-1-2-3", b"mine"),
        ("mr-a-1", b"mine"),
        ("tmp", b"mine"),
        ("done.txt", b"mine"),
        ("xout-1", b"mine"),
        ("README", b"mine"),
    ])
}

fn twice(bench: &Bench<'_>) -> Outcome {
    let inputs = image(&[("x", &emitting(&UNSORTED, 2))]);
    for keep in [false, true] {
        let settings = Job { split_size: 40, reduces: 2, keep, ..Job::default() };
        let mut again = job(Tried::Pairs, inputs.clone(), settings);
        again.out = leftovers();
        let ran = succeeds(bench, &again)?;
        let mut smaller = job(Tried::Pairs, image(&[("x", &emitting(&UNSORTED[..2], 1))]), Job::default());
        smaller.out = ran.out;
        succeeds(bench, &smaller)?;
    }
    Ok(())
}

fn fails(bench: &Bench<'_>) -> Outcome {
    let good = emitting(&UNSORTED, 1);
    let refused = [&good[..], REFUSED, b"\n", &good[..]].concat();
    let hopeless = emitting(&[(b"a", b"1"), (HOPELESS, b"2"), (b"z", b"3")], 1);
    let settings = Job { split_size: 30, reduces: 3, keep: true, ..Job::default() };
    for (text, why, named) in [
        (refused, "Map refuses line 12 of y", ["y", "line 12", "refused"]),
        (hopeless, "Reduce has no result for a key", ["hopeless", "hopeless", "hopeless"]),
    ] {
        let inputs = image(&[("x", &good), ("y", &text)]);
        let failing = Run { out: leftovers(), ..job(Tried::Pairs, inputs, settings.clone()) };
        let ran = must_fail(bench, &failing, why, &named)?;
        leaves_only_foreign(&ran, &failing.out, why)?;
    }
    let missing = Run { out: leftovers(), ..job(Tried::Pairs, image(&[("x", &good)]), settings.clone()) };
    let missing =
        Run { job: Job { inputs: vec!["x".into(), "missing".into()], ..missing.job.clone() }, ..missing };
    let unreadable = Trouble { unreadable: Some(("x".into(), 20)), ..Trouble::default() };
    let unreadable = Run {
        input_trouble: unreadable,
        job: Job { inputs: vec!["x".into()], ..missing.job.clone() },
        ..missing.clone()
    };
    for (failing, why, named) in
        [(missing, "there is no file missing", "missing"), (unreadable, "x cannot be read", "x")]
    {
        let ran = must_fail(bench, &failing, why, &[named])?;
        ensure(ran.out == failing.out, || {
            format!(
                "Rule C6: {why}, so the inputs cannot be split, and nothing must change in the folder. There was {}, and now there is {}.",
                names(&failing.out),
                names(&ran.out)
            )
        })?;
    }
    Ok(())
}

fn killed(bench: &Bench<'_>) -> Outcome {
    let old = image(&[("x", &emitting(&UNSORTED[..4], 2))]);
    let new = image(&[("x", &emitting(&UNSORTED, 3)), ("y", &emitting(&UNSORTED[2..6], 1))]);
    let settings = |reduces, keep| Job { split_size: 60, reduces, keep, ..Job::default() };
    let (first, second) =
        (job(Tried::Pairs, old, settings(3, true)), job(Tried::Pairs, new, settings(2, false)));
    survives_kills(bench, &first, &second)
}

fn full(bench: &Bench<'_>) -> Outcome {
    let inputs = image(&[("x", &emitting(&UNSORTED, 2)), ("y", &emitting(&UNSORTED, 5))]);
    let whole = job(Tried::Pairs, inputs, Job { split_size: 60, reduces: 2, ..Job::default() });
    let whole = Run { out: image(&[("mine", b"12345")]), ..whole };
    survives_full_disks(bench, &whole, 1)?;
    survives_failures(bench, &whole)
}

fn merged(bench: &Bench<'_>) -> Outcome {
    let reduces = 1 + (bench.seed() % 5) as u32 * 4;
    let run = drawn_job(bench);
    merges(bench, &Run { job: Job { reduces, keep: false, ..run.job }, ..run })
}

fn ragged(bench: &Bench<'_>) -> Outcome {
    let mut drawn = drawn_job(bench);
    // More than any buffer has room for.
    let long = (vec![b'k'; 20_000], (0..70_000).map(|place| place as u8).collect());
    if drawn.app != Tried::Count {
        drawn.inputs.insert("c".into(), line_of(&[long]).into_bytes());
    }
    let ragged = Trouble { ragged: Some(bench.seed()), ..Trouble::default() };
    succeeds(bench, &Run { trouble: ragged.clone(), input_trouble: ragged, ..drawn }).map(drop)
}
