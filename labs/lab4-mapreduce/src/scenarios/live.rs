//! The program `mr` on real files.

use super::files::{Drawn, names, shown};
use super::stage::{is_foreign, results};
use crate::types::{DONE, MR};
use faultline::folder::{FileImage, Folder};
use faultline::live::patience::Patience;
use faultline::live::process::{Finished, Process};
use faultline::live::unwritten;
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World, ensure};
use faultline::text;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The scenarios of this file.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "D6",
        name: "the program counts the words of real files, with little memory and few files",
        part: 'D',
        points: 3,
        world: World::Live,
        seeds: 1,
        hint: "All of parts A to D. Run `mr run --app wc` by hand on the same kind of files, with `--memory 64K` and `--split-size 20K`, and compare `mr cat` with `tr -s ' ' '\\n' | sort | uniq -c`.",
        run: counts,
    },
    Scenario {
        id: "D7",
        name: "a program that is killed leaves nothing that looks done, and the next one is right",
        part: 'D',
        points: 3,
        world: World::Live,
        seeds: 1,
        hint: "Rules C5 and C6. Kill `mr run` by hand with Ctrl-C while it works on a large file, and look into the folder. What may be there, and what may not?",
        run: killed,
    },
];

/// For how many ticks a process may do what it must: half a minute on an idle machine, for what takes a second.
pub const PATIENCE: Patience = Patience::new(600);

/// Files of a job and the program that works on them, if one does.
pub struct Workplace {
    folder: TempDir,
    program: Option<PathBuf>,
}

impl Workplace {
    /// An empty folder for the student's `mr`.
    ///
    /// # Errors
    /// There is no such program.
    pub fn new(bench: &Bench<'_>) -> Result<Workplace, Failure> {
        Ok(Workplace { program: Some(bench.program().executable(MR)?.to_owned()), ..Workplace::empty()? })
    }

    /// An empty folder for nobody.
    ///
    /// # Errors
    /// The kit's own.
    pub fn empty() -> Result<Workplace, Failure> {
        let folder = faultline::live::folder().map_err(|error| of_the_kit(&error))?;
        Ok(Workplace { folder, program: None })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file there.
    ///
    /// # Errors
    /// The kit's own.
    pub fn put(&self, name: &str, content: &[u8]) -> Outcome {
        let path = self.folder.path().join(name);
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, content))
            .map_err(|error| of_the_kit(&error))
    }

    /// Starts `mr`, which may have at most so many files open.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, arguments: &[&str], open_max: u32) -> Result<Process, Failure> {
        // A shell sets the limit and becomes the program.
        let limited = format!("ulimit -n {open_max}; exec \"$0\" \"$@\"");
        let program = self.program.as_ref().ok_or_else(|| Failure::of_the_kit("Nobody works here."))?;
        let program = program.display().to_string();
        let arguments: Vec<&str> =
            ["-c", &limited, &program].into_iter().chain(arguments.iter().copied()).collect();
        Ok(Process::spawn_in(self.folder.path(), "mr", Path::new("/bin/sh"), &arguments)?)
    }

    /// Runs `mr` to its end.
    ///
    /// # Errors
    /// It does not end, or says that something is not written.
    pub fn run(&self, arguments: &[&str], open_max: u32) -> Result<Finished, Failure> {
        let finished = self.start(arguments, open_max)?.finish(PATIENCE)?;
        match unwritten(&finished.stderr) {
            Some(failure) => Err(failure),
            None => Ok(finished),
        }
    }

    /// All files of a folder.
    ///
    /// # Errors
    /// The kit's own.
    pub fn files(&self, name: &str) -> Result<FileImage, Failure> {
        let read = || -> io::Result<FileImage> {
            let folder = Folder::real(self.folder.path().join(name));
            let file = |name: String| {
                let mut content = vec![];
                folder.open(&name)?.read_to_end(&mut content)?;
                Ok((name, content))
            };
            folder.names()?.into_iter().map(file).collect()
        };
        read().map_err(|error| of_the_kit(&error))
    }
}

fn of_the_kit(error: &io::Error) -> Failure {
    Failure::of_the_kit(format!("The scenario's own files: {error}."))
}

/// The folder must have these words with these counts in so many outputs, and no file of a job besides.
///
/// # Errors
/// It has not.
pub fn expect_words(out: &FileImage, reduces: usize, texts: &[&[u8]]) -> Outcome {
    let mut right: BTreeMap<&[u8], u64> = BTreeMap::new();
    for word in
        texts.iter().flat_map(|text| text.split(u8::is_ascii_whitespace)).filter(|word| !word.is_empty())
    {
        *right.entry(word).or_default() += 1;
    }
    for number in 0..reduces {
        let file = format!("out-{number}");
        let results = results(out, &file)?;
        for (word, count) in results {
            let wanted = right.remove(word.as_slice());
            ensure(wanted.is_some_and(|wanted| wanted.to_string().as_bytes() == count), || {
                let wanted = wanted
                    .map_or("it is not there, or in another output".into(), |wanted| wanted.to_string());
                let (word, count) = (shown(&word), String::from_utf8_lossy(&count));
                format!("The word {word} is in {file} with {count}; counted otherwise: {wanted}.")
            })?;
        }
    }
    ensure(right.is_empty(), || format!("{} words are missing in the outputs.", right.len()))?;
    let own = |name: &str| name == DONE || (0..reduces).any(|number| name == format!("out-{number}"));
    let stray = out.keys().find(|name| !own(name) && !is_foreign(name));
    ensure(stray.is_none(), || format!("Rule C7: {} is left over.", stray.map_or("", String::as_str)))
}

/// It must have ended well.
///
/// # Errors
/// It has not.
pub fn ended_well(finished: &Finished) -> Outcome {
    ensure(finished.code == Some(0), || {
        format!("mr has ended with {:?} and said: {}.", finished.code, text::line(&finished.stderr, 300))
    })
}

const RUN: [&str; 7] = ["run", "--app", "wc", "--out", "out", "--memory", "64K"];

/// What people have written: the contract of this lab.
const PROSE: &[u8] = include_bytes!("../contract.rs");

fn counts(bench: &Bench<'_>) -> Outcome {
    let place = Workplace::new(bench)?;
    let mut drawn = Drawn::new(bench.seed());
    let texts = [
        drawn.words(60_000, 20_000),
        drawn.words(20_000, 300),
        b"no end of line".to_vec(),
        vec![],
        PROSE.to_vec(),
    ];
    let files = ["a/text", "b/text", "c", "empty", "prose"];
    for (file, text) in files.iter().zip(&texts) {
        place.put(file, text)?;
    }
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    for more in [["--reduces", "3", "--split-size", "20K"], ["--reduces", "17", "--split-size", "1G"]] {
        let arguments: Vec<&str> =
            RUN.iter().chain(&more).chain(&["--inputs"]).chain(&files).copied().collect();
        ended_well(&place.run(&arguments, 40)?)?;
        let reduces = more[1].parse().map_err(|_| Failure::of_the_kit("a number is none"))?;
        expect_words(&place.files("out")?, reduces, &texts)?;
    }
    let missing: Vec<&str> = RUN.into_iter().chain(["--inputs", "c", "a/missing"]).collect();
    let before = place.files("out")?;
    let finished = place.run(&missing, 40)?;
    ensure(finished.code == Some(1) && finished.stderr.contains("a/missing"), || {
        format!(
            "Rule A3: there is no file a/missing; mr must end with 1 and name it, but it has ended with {:?} and said: {}.",
            finished.code,
            text::line(&finished.stderr, 300)
        )
    })?;
    ensure(place.files("out")? == before, || {
        "Rule C6: there is no file a/missing, and nothing in the folder must change because of that.".into()
    })
}

fn killed(bench: &Bench<'_>) -> Outcome {
    let place = Workplace::new(bench)?;
    let text = Drawn::new(bench.seed()).words(200_000, 30_000);
    place.put("text", &text)?;
    // Many small files, so that it is at work for a while.
    let more = ["--split-size", "40K", "--reduces", "30", "--inputs", "text"];
    let arguments: Vec<&str> = RUN.iter().chain(&more).copied().collect();
    let mut process = place.start(&arguments, 40)?;
    let started = PATIENCE.until(|| match process.try_wait() {
        Ok(Some(_)) | Err(_) => Some(()),
        Ok(None) => place.files("out").is_ok_and(|out| out.contains_key("mr-2-0")).then_some(()),
    });
    ensure(started.is_some(), || "Rule C2: there is no mr-2-0, although mr runs and runs.".into())?;
    let was_running = process.try_wait()?.is_none();
    if was_running {
        process.kill()?;
    }
    let left = place.files("out")?;
    if was_running {
        ensure(!left.contains_key(DONE), || {
            format!(
                "Rule C6: mr was killed while it made intermediate files, and {DONE} is there; with it are {}.",
                names(&left)
            )
        })?;
    }
    let cat = place.run(&["cat", "out"], 40)?;
    ensure(!was_running || cat.code == Some(1), || {
        "Rule C8: mr was killed in the middle, but `mr cat` shows a result.".into()
    })?;
    ended_well(&place.run(&arguments, 40)?)?;
    expect_words(&place.files("out")?, 30, &[&text])
}
