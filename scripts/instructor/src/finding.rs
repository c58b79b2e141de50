//! What a check found: one wrong thing with its place, printed as `file:line: what is wrong and what to do`, so that
//! an editor can jump there.

use std::fmt;
use std::process::ExitCode;

/// One wrong thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, relative to the kit's root.
    pub(crate) file: String,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// What is wrong and what to do about it.
    pub(crate) text: String,
}

impl Finding {
    /// A finding at a line of a file.
    pub(crate) fn new(file: impl fmt::Display, line: usize, text: impl Into<String>) -> Self {
        Self { file: file.to_string(), line, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// Prints the findings to standard error, or `when_none` to standard output: exit code 1 or 0.
pub(crate) fn report(findings: &[Finding], when_none: &str) -> ExitCode {
    for finding in findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() {
        println!("{when_none}");
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
