//! Trace files: JSON Lines, one header and then one record a line. Each failure leaves one; `cargo lab replay FILE` makes the
//! run again from it, also after the code was edited, because it names its decisions.
//!
//! The header says what is needed for that; the records say what happened then. Version 2: the
//! kind of a record says what was done to a host; in version 1 only its words did.

use crate::recipe::Recipe;
use crate::scenario::World;
use crate::trace::Record;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the header's `format` says.
pub const FORMAT: &str = "faultline-trace";

/// The version of the format.
pub const VERSION: u32 = 2;

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The first line of a trace file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The lab's package name.
    pub lab: String,
    /// The scenario's id.
    pub scenario: String,
    /// Where it ran.
    pub world: World,
    /// The seed of the run.
    pub seed: u64,
    /// Why it failed.
    pub reason: String,
    /// Everything besides the seed that decided the run.
    pub recipe: Recipe,
    /// The hosts' names; records mean them by their place.
    pub hosts: Vec<String>,
}

/// A whole trace file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFile {
    /// The first line.
    pub header: Header,
    /// The other lines.
    pub records: Vec<Record>,
}

/// Why a text is no trace file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for TraceFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for TraceFileError {}

impl TraceFile {
    /// The text of the file.
    ///
    /// # Panics
    /// Never: headers and records always have a JSON form.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line = |value: serde_json::Result<String>| value.expect("plain data has a JSON form") + "\n";
        let header = line(serde_json::to_string(&self.header));
        self.records.iter().fold(header, |text, record| text + &line(serde_json::to_string(record)))
    }

    /// The trace file that `text` is.
    ///
    /// # Errors
    /// The first line that is wrong, and what is wrong with it.
    pub fn parse(text: &str) -> Result<TraceFile, TraceFileError> {
        let mut lines = text.lines().enumerate();
        let wrong = |line: usize, what: String| TraceFileError { line: line + 1, what };
        let (_, first) = lines.next().ok_or_else(|| wrong(0, "the file is empty".into()))?;
        let header: Header = serde_json::from_str(first)
            .map_err(|error| wrong(0, format!("this is no header of a trace: {error}")))?;
        if header.format != FORMAT {
            return Err(wrong(0, format!("the format is {:?}, not {FORMAT:?}", header.format)));
        }
        if header.version != VERSION {
            return Err(wrong(
                0,
                format!(
                    "the version is {}; this kit reads version {VERSION}: run the scenario again for a new trace",
                    header.version
                ),
            ));
        }
        let record = |(line, text): (usize, &str)| {
            serde_json::from_str(text).map_err(|error| wrong(line, format!("this is no record: {error}")))
        };
        let records =
            lines.filter(|(_, text)| !text.trim().is_empty()).map(record).collect::<Result<_, _>>()?;
        Ok(TraceFile { header, records })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Host;
    use crate::trace::RecordKind;

    fn file() -> TraceFile {
        let header = Header {
            format: FORMAT.into(),
            version: VERSION,
            lab: "lab2-reliable".into(),
            scenario: "B3".into(),
            world: World::Search,
            seed: 7,
            reason: "wrong \"quoted\"\n".into(),
            recipe: Recipe { amounts: vec![3], ..Recipe::default() },
            hosts: vec!["a".into(), "b".into()],
        };
        let record = Record {
            at_ns: 5,
            host: Host(1),
            kind: RecordKind::Receive,
            text: "receives x".into(),
            peer: Some(Host(0)),
            datagram: Some(1),
            content: Some("x".into()),
            state: None,
        };
        TraceFile { header, records: vec![record.clone(), record] }
    }

    #[test]
    fn a_file_is_one_line_a_record_and_comes_back_as_it_was() {
        let text = file().to_text();
        assert_eq!(text.lines().count(), 3);
        assert_eq!(TraceFile::parse(&text), Ok(file()));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let error = |text: &str| TraceFile::parse(text).unwrap_err().to_string();
        assert_eq!(error(""), "line 1: the file is empty");
        assert!(error("{}").starts_with("line 1: this is no header of a trace"));
        let text = file().to_text();
        assert!(error(&text.replace("\"version\":2", "\"version\":1")).contains("this kit reads version 2"));
        assert!(error(&text.replace("\"receive\"", "\"eat\"")).starts_with("line 2: this is no record"));
    }
}
