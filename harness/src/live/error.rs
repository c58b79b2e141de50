//! What can go wrong with real processes and sockets, as sentences that a student can act on.

use std::fmt;
use std::io;

use super::patience::Patience;
use crate::scenario::Failure;
use crate::text;

/// Why something in the live world did not happen.
#[derive(Debug)]
pub enum LiveError {
    /// The operating system did not start the program.
    Start {
        /// The process's name in the story.
        name: String,
        /// The program's path.
        program: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The process ended, or closed its standard output, before it did what was awaited.
    Ended {
        /// The process's name in the story.
        name: String,
        /// How it ended: "exit code 101", "signal 9", "its output is closed, it still runs".
        how: String,
        /// What it was to do: "printed a line".
        awaited: &'static str,
        /// The end of what it wrote, standard error before standard output.
        last_words: String,
    },
    /// The process runs and did not do what was awaited.
    Silent {
        /// The process's name in the story.
        name: String,
        /// What it was to do: "printed a line".
        awaited: &'static str,
        /// How long it had.
        patience: Patience,
        /// The end of what it wrote, standard error before standard output.
        last_words: String,
    },
    /// A process could not be signalled or waited for.
    Control {
        /// The process's name in the story.
        name: String,
        /// What was tried: "pause".
        action: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// No datagram came.
    NoDatagram {
        /// How long the peer waited.
        patience: Patience,
    },
    /// A socket or a thread of the kit's own failed: trouble of the machine, not of the student's program.
    Kit {
        /// What was tried: "bind the relay's socket".
        action: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { name, program, source } => write!(f, "cannot start {name} ({program}): {source}"),
            Self::Ended { name, how, awaited, last_words } => {
                write!(f, "{name} ended ({how}) before it {awaited}; {}", Quoted(last_words))
            }
            Self::Silent { name, awaited, patience, last_words } => {
                write!(f, "{name} runs, but within {patience} it has not {awaited}; {}", Quoted(last_words))
            }
            Self::Control { name, action, source } => write!(f, "cannot {action} {name}: {source}"),
            Self::NoDatagram { patience } => write!(f, "no datagram came within {patience}"),
            Self::Kit { action, source } => write!(f, "the kit cannot {action}: {source}"),
        }
    }
}

impl std::error::Error for LiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start { source, .. } | Self::Control { source, .. } | Self::Kit { source, .. } => {
                Some(source)
            }
            Self::Ended { .. } | Self::Silent { .. } | Self::NoDatagram { .. } => None,
        }
    }
}

impl From<LiveError> for Failure {
    /// The program's fault, unless the machine did not do its part.
    fn from(error: LiveError) -> Failure {
        match error {
            LiveError::Kit { .. } | LiveError::Start { .. } | LiveError::Control { .. } => {
                Failure::of_the_kit(format!("The machine did not do its part: {error}."))
            }
            LiveError::Ended { ref last_words, .. } => {
                unwritten(last_words).unwrap_or_else(|| Failure::new(format!("In the live run {error}.")))
            }
            LiveError::Silent { .. } | LiveError::NoDatagram { .. } => {
                Failure::new(format!("In the live run {error}."))
            }
        }
    }
}

/// The failure of a process whose last words are those of a `todo!`, its own or those that [`run`](super::run) makes of it.
#[must_use]
pub fn unwritten(last_words: &str) -> Option<Failure> {
    let said = ["not yet implemented: ", "not written yet: "];
    let (_, what) = said.iter().find_map(|said| last_words.split_once(said))?;
    let what = what.lines().next().unwrap_or_default();
    let what = what.split_once(" (").map_or(what, |(what, _place)| what);
    Some(Failure::new(format!("Not written yet: {}.", text::line(what, 80))))
}

/// Last words as they are told.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => write!(f, "it wrote nothing"),
            words => write!(f, "its last words: {words:?}"),
        }
    }
}
