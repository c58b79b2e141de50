//! The command line of a lab's test program: what nextest and cargo give to any test program, and the kit's own modes.

use std::path::PathBuf;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Run the chosen scenarios.
    Test,
    /// Name them.
    List,
    /// Run all and print the table of points.
    Score,
    /// Run one in this process, for its story.
    Replay(String),
    /// Make the run of a trace file again.
    ReplayFile(PathBuf),
    /// Print a hint.
    Hint(String),
    /// The kit's own: run one and report its end over the channel.
    Inside(String),
    /// The kit's own: serve the judge.
    Drive,
}

/// A parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) mode: Mode,
    pub(super) seed: Option<u64>,
    pub(super) seeds: Option<u64>,
    pub(super) full: bool,
    /// The kit's own: the trace file whose run is to be made again.
    pub(super) trace: Option<PathBuf>,
    pub(super) ignored: bool,
    pub(super) terse: bool,
    exact: bool,
    filters: Vec<String>,
    skips: Vec<String>,
}

impl Arguments {
    pub(super) fn parse(words: impl IntoIterator<Item = String>) -> Result<Arguments, String> {
        let mut parsed = Arguments {
            mode: Mode::Test,
            seed: None,
            seeds: None,
            full: false,
            trace: None,
            ignored: false,
            terse: false,
            exact: false,
            filters: vec![],
            skips: vec![],
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--list" => parsed.mode = Mode::List,
                "--score" => parsed.mode = Mode::Score,
                "--replay" => parsed.mode = Mode::Replay(value()?),
                "--replay-file" => parsed.mode = Mode::ReplayFile(value()?.into()),
                "--hint" => parsed.mode = Mode::Hint(value()?),
                "--inside" => parsed.mode = Mode::Inside(value()?),
                crate::remote::DRIVE => parsed.mode = Mode::Drive,
                "--seed" => parsed.seed = Some(number(&word, &value()?)?),
                "--seeds" => parsed.seeds = Some(number(&word, &value()?)?),
                "--trace" => parsed.trace = Some(value()?.into()),
                "--full" => parsed.full = true,
                "--ignored" => parsed.ignored = true,
                "--exact" => parsed.exact = true,
                "--skip" => parsed.skips.push(value()?),
                "--format" => parsed.terse = value()? == "terse",
                "--color" | "--test-threads" | "--logfile" | "-Z" => drop(value()?),
                "--nocapture" | "--no-capture" | "--include-ignored" | "--quiet" | "-q" | "--show-output" => {
                }
                option if option.starts_with('-') => return Err(format!("unknown option {option}")),
                filter => parsed.filters.push(filter.into()),
            }
        }
        Ok(parsed)
    }

    /// Whether a test of this name is meant.
    pub(super) fn selects(&self, name: &str) -> bool {
        let hit = |word: &String| if self.exact { name == word } else { name.contains(word.as_str()) };
        (self.filters.is_empty() || self.filters.iter().any(hit)) && !self.skips.iter().any(hit)
    }
}

fn number(option: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{option} needs a whole number, not {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn what_nextest_asks_is_understood() {
        let list = parse("--list --format terse --ignored").unwrap();
        assert!(list.mode == Mode::List && list.terse && list.ignored);
        let one = parse("--exact B1_a_name --nocapture").unwrap();
        assert!(one.selects("B1_a_name") && !one.selects("B1_a_name_more"));
    }

    #[test]
    fn mistakes_are_said() {
        assert_eq!(parse("--seed x").unwrap_err(), "--seed needs a whole number, not \"x\"");
        assert_eq!(parse("--replay").unwrap_err(), "--replay needs a value");
        assert_eq!(parse("--sede 1").unwrap_err(), "unknown option --sede");
    }
}
