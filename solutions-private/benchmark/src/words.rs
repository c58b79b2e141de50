//! How fast lab 4's reference counts words, beside a table on one thread, which is the limit, and the pipelines that everybody
//! knows. The text is made here: words as frequent as in a text of people, the one of rank `r` about `1/r` as often as the first.

use faultline::folder::Folder;
use faultline::random::{Draw as _, Random};
use lab4_kit::{Folders, Job};
use lab4_mapreduce::apps::WordCount;
use lab4_mapreduce::job;
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How much of the table's rate the reference is to have with a combiner.
pub(crate) const TARGET_RATIO: f64 = 0.6;

const MEGABYTE: u64 = 1_000_000;

/// Different words; the King James Bible has about 34,000.
const WORDS: u64 = 60_000;

/// A text in a folder that goes with it.
pub(crate) struct Text {
    folder: TempDir,
    megabytes: u64,
}

impl Text {
    /// Makes one.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn made(megabytes: u64) -> Result<Text, String> {
        let folder = tempfile::tempdir().map_err(told)?;
        let text = Text { folder, megabytes };
        let mut file = BufWriter::new(File::create(text.path()).map_err(told)?);
        let mut random = Random::new(1);
        let (mut written, mut in_line) = (0, 0);
        while written < megabytes * MEGABYTE {
            let share = random.below(1 << 40) as f64 / (1_u64 << 40) as f64;
            let word = word((WORDS as f64).powf(share) as u64);
            in_line += 1;
            let end = if in_line % 12 == 0 { "\n" } else { " " };
            file.write_all(word.as_bytes()).and_then(|()| file.write_all(end.as_bytes())).map_err(told)?;
            written += word.len() as u64 + 1;
        }
        file.flush().map_err(told)?;
        Ok(text)
    }

    pub(crate) fn megabytes(&self) -> u64 {
        self.megabytes
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("text")
    }
}

/// Frequent words are short.
fn word(rank: u64) -> String {
    let mut rest = rank;
    let mut word = String::new();
    loop {
        word.push(char::from(b'a' + (rest % 26) as u8));
        rest /= 26;
        if rest == 0 {
            return word + ["", "ed", "ing", "s"][(rank % 4) as usize];
        }
    }
}

/// Who counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Counter {
    /// A table on one thread.
    Table,
    /// The reference, as `mr run --app wc` does it.
    Reference,
    /// The reference without a combiner.
    Plain,
}

impl Counter {
    /// Counts the words; gives megabytes.
    ///
    /// # Errors
    /// It cannot, or has counted wrong.
    pub(crate) fn count(self, text: &Text) -> Result<u64, String> {
        let keys = self.keys(&text.path())?;
        // Of the rarest words one or the other may not be there.
        if !(WORDS / 100..=WORDS).contains(&keys) {
            return Err(format!("{self:?} has found {keys} different words"));
        }
        Ok(text.megabytes)
    }

    /// How long it takes to count the words.
    ///
    /// # Errors
    /// As [`Counter::count`].
    pub(crate) fn seconds(self, text: &Text) -> Result<Duration, String> {
        let started = Instant::now();
        self.count(text)?;
        Ok(started.elapsed())
    }

    /// How many different words there are.
    fn keys(self, path: &Path) -> Result<u64, String> {
        if self == Counter::Table {
            return table(path).map_err(told);
        }
        let out = tempfile::tempdir().map_err(told)?;
        let folders = Folders { inputs: Folder::real(""), out: Folder::real(out.path()) };
        let inputs = vec![path.to_str().ok_or("a folder's name is not UTF-8")?.to_string()];
        let job = Job { inputs, combine: self == Counter::Reference, ..Job::default() };
        Ok(job::run(&WordCount, &job, &folders, &mut |_| ()).map_err(told)?.keys)
    }

    /// Counts in this process, and says on the standard output what memory it took: for [`peak`].
    ///
    /// # Errors
    /// As [`Counter::count`].
    pub(crate) fn run_alone(self, path: &Path) -> Result<(), String> {
        self.keys(path)?;
        let status = fs::read_to_string("/proc/self/status").map_err(told)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        println!("{}", peak.unwrap_or("?").trim());
        Ok(())
    }

    /// The most memory that a process has which does nothing but count, as its system says it.
    ///
    /// # Errors
    /// There is no such process.
    pub(crate) fn peak(self, text: &Text) -> Result<String, String> {
        let program = std::env::current_exe().map_err(told)?;
        let name = format!("{self:?}").to_lowercase();
        let output =
            Command::new(program).args(["--count", &name]).arg(text.path()).output().map_err(told)?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_string());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
    }
}

fn table(path: &Path) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut line = vec![];
    while reader.read_until(b'\n', &mut line)? > 0 {
        for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            match counts.get_mut(word) {
                Some(count) => *count += 1,
                None => drop(counts.insert(word.to_vec(), 1)),
            }
        }
        line.clear();
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort();
    let out = tempfile::tempfile()?;
    let mut out = BufWriter::new(out);
    sorted.iter().try_for_each(|(word, count)| {
        out.write_all(word)?;
        writeln!(out, "\t{count}")
    })?;
    out.flush()?;
    Ok(sorted.len() as u64)
}

/// A pipeline of a shell.
#[derive(Clone, Copy)]
pub(crate) struct Pipeline {
    pub(crate) name: &'static str,
    /// Without this program there is none.
    needs: &'static str,
    after_tr: &'static str,
}

/// What people would type.
pub(crate) const PIPELINES: [Pipeline; 2] = [
    Pipeline { name: "tr | sort | uniq -c", needs: "sort", after_tr: "sort | uniq -c" },
    Pipeline {
        name: "tr | mawk | sort",
        needs: "mawk",
        after_tr: "mawk '{ n[$0]++ } END { for (word in n) print word, n[word] }' | sort",
    },
];

impl Pipeline {
    /// Whether its programs are there.
    pub(crate) fn is_there(&self) -> bool {
        let found = Command::new("sh")
            .args(["-c", &format!("command -v {}", self.needs)])
            .stdout(Stdio::null())
            .status();
        found.is_ok_and(|status| status.success())
    }

    /// Counts the words; gives megabytes.
    ///
    /// # Errors
    /// It cannot.
    pub(crate) fn count(&self, text: &Text) -> Result<u64, String> {
        let line = format!("set -e; tr -s '[:space:]' '\\n' <\"$0\" | {} >\"$1\"", self.after_tr);
        let status = Command::new("sh")
            .args(["-c", &line])
            .args([text.path(), text.folder.path().join("counted")])
            .env("LC_ALL", "C")
            .status()
            .map_err(told)?;
        if status.success() {
            Ok(text.megabytes)
        } else {
            Err(format!("{} has ended with {status}", self.name))
        }
    }
}

fn told(error: impl fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_count_alike() {
        let text = Text::made(1).unwrap();
        let right = Counter::Table.keys(&text.path()).unwrap();
        for counter in [Counter::Reference, Counter::Plain] {
            assert_eq!(counter.keys(&text.path()).unwrap(), right);
        }
        for pipeline in PIPELINES.iter().filter(|pipeline| pipeline.is_there()) {
            pipeline.count(&text).unwrap();
            let counted = fs::read_to_string(text.folder.path().join("counted")).unwrap();
            assert_eq!(counted.lines().filter(|line| !line.trim().is_empty()).count() as u64, right);
        }
    }
}
