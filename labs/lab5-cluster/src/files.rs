//! The files on a worker's disk, and how they are called.

use crate::types::{Attempt, Task};
use serde::{Deserialize, Serialize};
use std::fmt;

/// With this begins the name of every file that is not finished (rule B1).
pub const UNFINISHED: &str = "tmp-";

/// A finished file on a worker's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum File {
    /// A part of the input.
    Chunk(u32),
    /// What a map attempt has made for one of `of` reduce tasks.
    Part {
        /// The map task.
        map: u32,
        /// The number of the attempt.
        number: u64,
        /// For which reduce task.
        reduce: u32,
        /// Of how many.
        of: u32,
    },
    /// What a reduce attempt has made.
    Output {
        /// The reduce task.
        reduce: u32,
        /// The number of the attempt.
        number: u64,
    },
}

impl File {
    /// The files that an attempt makes, when there are so many reduce tasks.
    #[must_use]
    pub fn all_of(attempt: Attempt, reduces: u32) -> Vec<File> {
        let number = attempt.number;
        match attempt.task {
            Task::Map(map) => {
                (0..reduces).map(|reduce| File::Part { map, number, reduce, of: reduces }).collect()
            }
            Task::Reduce(reduce) => vec![File::Output { reduce, number }],
        }
    }

    /// Which attempt has made it; none has made a chunk.
    #[must_use]
    pub fn attempt(self) -> Option<Attempt> {
        match self {
            File::Chunk(_) => None,
            File::Part { map, number, .. } => Some(Attempt { task: Task::Map(map), number }),
            File::Output { reduce, number } => Some(Attempt { task: Task::Reduce(reduce), number }),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            File::Chunk(number) => format!("chunk-{number}"),
            File::Part { map, number, reduce, of } => format!("map-{map}-{number}-part-{reduce}-of-{of}"),
            File::Output { reduce, number } => format!("out-{reduce}-{number}"),
        }
    }

    /// Its name as long as it is not finished.
    #[must_use]
    pub fn draft(self) -> String {
        format!("{UNFINISHED}{}", self.name())
    }

    /// The file that has this name; none has, when it is that of a draft or of something else.
    #[must_use]
    pub fn of_name(name: &str) -> Option<File> {
        let words: Vec<&str> = name.split('-').collect();
        let file = match words[..] {
            ["chunk", number] => File::Chunk(number.parse().ok()?),
            ["map", map, number, "part", reduce, "of", of] => File::Part {
                map: map.parse().ok()?,
                number: number.parse().ok()?,
                reduce: reduce.parse().ok()?,
                of: of.parse().ok()?,
            },
            ["out", reduce, number] => {
                File::Output { reduce: reduce.parse().ok()?, number: number.parse().ok()? }
            }
            _ => return None,
        };
        // One file has one name: not `chunk-007`.
        (file.name() == name).then_some(file)
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_and_by_no_other() {
        let attempt = Attempt { task: Task::Map(3), number: 1 << 32 };
        let mut files = File::all_of(attempt, 2);
        files.extend(File::all_of(Attempt { task: Task::Reduce(1), number: 7 }, 2));
        assert!(files.iter().take(2).all(|file| file.attempt() == Some(attempt)));
        files.push(File::Chunk(12));
        for file in files {
            assert_eq!((File::of_name(&file.name()), File::of_name(&file.draft())), (Some(file), None));
        }
        for name in
            ["", "chunk-", "chunk-007", "chunk--1", "map-1-2-part-0", "out-1-2-3", "out-+1-2", "notes"]
        {
            assert_eq!(File::of_name(name), None, "{name}");
        }
    }
}
