//! Part D: more data than memory.

use super::files::Drawn;
use super::live::Workplace;
use super::model;
use super::stage::{image, job, results, story, succeeds};
use crate::limits::memory_for;
use crate::samples::{MEASURE, Measured, Run, Took};
use crate::tried::{Tried, line_of};
use crate::types::{Job, MAX_OPEN};
use faultline::folder::FileImage;
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World, ensure};

/// The scenarios of this part.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "D1",
        name: "whatever the memory, the result is the same",
        part: 'D',
        points: 4,
        world: World::Script,
        seeds: 10,
        hint: "Rules D1 and D4. With the memory of the reason, how many files does the first map task write before its last one? In which order do the values of one key come out of them?",
        run: any_memory,
    },
    Scenario {
        id: "D2",
        name: "with a combiner no key is twice in an intermediate file, and values keep their order",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 5,
        hint: "Rule D2. A key can be in several of the files that are merged. What has to be done with its values there? And which of the two arguments of the combiner is the earlier one?",
        run: combined,
    },
    Scenario {
        id: "D3",
        name: "few files are open at once, however many there are",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule D3. Count: how many files does a reduce task read, how many does a map task write? If they are too many at once, which can be put together first without mixing up the order of values?",
        run: few_open,
    },
    Scenario {
        id: "D4",
        name: "a million different keys need little memory",
        part: 'D',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule D1. What do you hold for each pair: how many allocations, how many bytes besides those of key and value? What is still held after a file was written, and what by who merges?",
        run: many_keys,
    },
    Scenario {
        id: "D5",
        name: "a key with a million values needs no more memory than one with two",
        part: 'D',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule D1. Reduce is given an iterator. Where do the values come from when it asks for the next one?",
        run: hot_key,
    },
];

fn any_memory(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let inputs = image(&[("x", &drawn.pairs(bench.amount(60))), ("y", &drawn.pairs(bench.amount(20)))]);
    for (memory, reduces) in [(1, 1), (100, 3), (1_000, 1), (1_000, 3), (10_000, 2)] {
        for (app, combine) in [(Tried::Pairs, true), (Tried::Join, true), (Tried::Join, false)] {
            let settings = Job { memory, reduces, combine, split_size: 4_000, keep: true, ..Job::default() };
            succeeds(bench, &job(app, inputs.clone(), settings))?;
        }
    }
    Ok(())
}

fn combined(bench: &Bench<'_>) -> Outcome {
    let mut drawn = Drawn::new(bench.seed());
    let line = |drawn: &mut Drawn, number: usize| {
        let key = *drawn.one(&[b"a".as_slice(), b"b", b"c", b"the", b""]);
        line_of(&[(key.to_vec(), format!("{number} ").into_bytes())])
    };
    let text: Vec<String> = (0..bench.amount(300)).map(|number| line(&mut drawn, number)).collect();
    let inputs = image(&[("x", text.join("\n").as_bytes())]);
    for memory in [1, 50, 500, 5_000, 1 << 20] {
        let settings = Job { memory, reduces: 2, split_size: 2_500, keep: true, ..Job::default() };
        let ran = succeeds(bench, &job(Tried::Join, inputs.clone(), settings))?;
        ensure(text.len() < 20 || ran.calls.combine > 0, || "Rule D2: nothing was combined.".into())?;
    }
    Ok(())
}

fn few_open(bench: &Bench<'_>) -> Outcome {
    // Each line has something for every reduce task.
    let pairs = |line: usize| {
        (0..60).map(move |key| (format!("key {key}").into_bytes(), vec![b'0' + line as u8 % 10]))
    };
    let lines: Vec<String> = (0..45).map(|line| line_of(&pairs(line).collect::<Vec<_>>())).collect();
    let inputs = image(&[("x", lines.join("\n").as_bytes())]);
    for (split_size, memory, reduces, why) in [
        (1, 1 << 20, 3, "there are more map tasks than files may be open"),
        (1 << 20, 1 << 20, 40, "there are more reduce tasks than files may be open"),
        (1 << 20, 100, 2, "the memory is full more often than files may be open"),
    ] {
        let settings = Job { split_size, memory, reduces, ..Job::default() };
        let ran = succeeds(bench, &job(Tried::Pairs, inputs.clone(), settings))?;
        let most = ran.open_most;
        ensure(most <= MAX_OPEN, || {
            format!("Rule D3: {why}, and {most} were open at once; at most {MAX_OPEN} may be.")
        })
        .map_err(|failure| failure.with(story(&ran)))?;
    }
    // A system that does not give more keeps nobody from it.
    let settings = Job { split_size: 1, memory: 300, reduces: 17, ..Job::default() };
    let tight = job(Tried::Join, inputs, settings);
    let trouble = faultline::folder::Trouble { open_max: Some(MAX_OPEN), ..tight.trouble.clone() };
    succeeds(bench, &Run { trouble, ..tight }).map(drop)
}

fn many_keys(bench: &Bench<'_>) -> Outcome {
    let job = Job { memory: 2 << 20, reduces: 3, split_size: 8 << 20, ..Job::default() };
    Numbers { lines: 1_000_000, distinct: 1_000_000 }.counted(bench, &job)?;
    Numbers { lines: 250_000, distinct: 250_000 }.counted(bench, &Job { combine: false, ..job })
}

fn hot_key(bench: &Bench<'_>) -> Outcome {
    let job = Job { memory: 1 << 20, reduces: 2, combine: false, split_size: 1 << 30, ..Job::default() };
    Numbers { lines: 1_000_000, distinct: 1 }.counted(bench, &job)
}

/// A file of numbers, one in each line.
struct Numbers {
    lines: u64,
    distinct: u64,
}

/// An odd number, and the one that undoes multiplying by it.
const MIX: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xf1de_83e1_9937_733d];

impl Numbers {
    /// One of the lines, with its end. Equal ones are far from each other, and neighbours have nothing in common.
    fn line(&self, number: u64, seed: u64) -> String {
        let mixed = (number % self.distinct).wrapping_mul(MIX[0]) ^ seed;
        format!("{mixed:020}\n")
    }

    /// Which of the different lines this is.
    fn place(&self, line: &str, seed: u64) -> Option<usize> {
        let mixed: u64 = line.parse().ok()?;
        let number = (mixed ^ seed).wrapping_mul(MIX[1]);
        (number < self.distinct).then_some(number as usize)
    }

    /// How often the line of this place is there.
    fn count(&self, place: usize) -> u64 {
        self.lines / self.distinct + u64::from((place as u64) < self.lines % self.distinct)
    }

    /// Has the lines counted, and looks at the outputs and at what was taken from memory.
    fn counted(&self, bench: &Bench<'_>, job: &Job) -> Outcome {
        let place = Workplace::empty()?;
        let text: String = (0..self.lines).map(|number| self.line(number, bench.seed())).collect();
        place.put("in/lines", text.as_bytes())?;
        place.put("out/mine", b"")?;
        let job = Job { inputs: vec!["lines".into()], ..job.clone() };
        let what = format!(
            "it counted {} lines, {} of them different, with a memory of {} bytes and {}",
            self.lines,
            self.distinct,
            job.memory,
            if job.combine { "a combiner" } else { "no combiner" }
        );
        let measured = Measured { folder: place.path().to_owned(), job };
        let Took { said, usage } = bench.call(&MEASURE, &measured, &what)?;
        said.map_err(|error| Failure::new(format!("The job has failed: {error}. This was when {what}.")))?;
        self.check(bench, &measured.job, &place.files("out")?)?;
        let usage = usage.ok_or_else(|| Failure::of_the_kit("There is no meter."))?;
        let allowed = memory_for(measured.job.memory) as u64;
        bench.note(format!("{} lines: at most {} of {allowed} bytes", self.lines, usage.peak));
        // How much it was differs a little from run to run, so the reason has the bound alone.
        ensure(usage.peak <= allowed, || {
            format!(
                "Rule D1: when {what}, more than the {allowed} bytes that may be allocated at one moment were. All pairs together have {} bytes.",
                self.lines * PAIR
            )
        })?;
        Ok(())
    }

    /// Each line is there once, in its partition, in order, with its count.
    fn check(&self, bench: &Bench<'_>, job: &Job, out: &FileImage) -> Outcome {
        let mut is_there = vec![false; self.distinct as usize];
        for reduce in 0..job.reduces {
            let file = format!("out-{reduce}");
            let results = results(out, &file)?;
            for (key, count) in results {
                let key = String::from_utf8_lossy(&key).into_owned();
                ensure(model::partition(key.as_bytes(), job.reduces) == reduce, || {
                    format!("Rule C1: the key {key} is in {file}.")
                })?;
                let place = self.place(&key, bench.seed());
                let place = place.ok_or_else(|| {
                    Failure::new(format!("Rule C3: {file} has the key {key}, which was never a line."))
                })?;
                let wanted = self.count(place).to_string();
                ensure(!is_there[place] && wanted.as_bytes() == count, || {
                    let count = String::from_utf8_lossy(&count);
                    format!("Rule C3: {file} says {count} for {key}, which is there {wanted} times.")
                })?;
                is_there[place] = true;
            }
        }
        let missing = is_there.iter().filter(|is_there| !**is_there).count();
        ensure(missing == 0, || format!("Rule C3: {missing} keys are missing."))
    }
}

/// The bytes of a pair of these, with its lengths: 8, 20 and 8.
const PAIR: u64 = 36;
