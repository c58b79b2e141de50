//! The instructor's table of a class.

use crate::kit::with_path;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Who is in the class, and what else is known of them.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// The names of the columns but `id`.
    pub(super) columns: Vec<String>,
    /// What is in them, by id.
    pub(super) students: BTreeMap<String, Vec<String>>,
}

/// The column whose percentage is taken off.
const PENALTY: &str = "penalty";

impl Roster {
    /// Reads a roster.
    ///
    /// # Errors
    /// It has no column `id`, names somebody twice, or has a penalty that is no percentage; the line is named.
    pub(super) fn read(path: &Path) -> io::Result<Roster> {
        let wrong =
            |what: String| io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| with_path(path, &error))?;
        // Spreadsheets begin with a mark of the byte order.
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let header: Vec<String> =
            reader.headers().map_err(|error| wrong(error.to_string()))?.iter().map(String::from).collect();
        let id = header.iter().position(|name| name == "id");
        let id =
            id.ok_or_else(|| wrong("the first line names the columns, and none of them is `id`".into()))?;
        let columns = header.iter().filter(|name| *name != "id").cloned().collect();
        let mut roster = Roster { columns, students: BTreeMap::new() };
        for record in reader.records() {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let student = record.get(id).unwrap_or_default().to_string();
            let others = record.iter().enumerate().filter(|(column, _)| *column != id);
            let others = others.map(|(_, cell)| cell.to_string()).collect();
            if roster.students.insert(student.clone(), others).is_some() {
                return Err(wrong(format!("line {line}: {student} is there twice")));
            }
            if roster.penalty(&student).is_some_and(|penalty| !(0.0..=100.0).contains(&penalty)) {
                return Err(wrong(format!(
                    "line {line}: the penalty of {student} is no percentage from 0 to 100"
                )));
            }
        }
        Ok(roster)
    }

    /// Whether points may be taken off.
    pub(super) fn has_penalties(&self) -> bool {
        self.columns.iter().any(|name| name == PENALTY)
    }

    /// The percentage that is taken off; `NaN` when the cell has something else. None when nothing is.
    pub(super) fn penalty(&self, student: &str) -> Option<f64> {
        let column = self.columns.iter().position(|name| name == PENALTY)?;
        let cell = self.students.get(student)?.get(column)?.trim_end_matches('%').trim();
        if cell.is_empty() { None } else { Some(cell.parse().unwrap_or(f64::NAN)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Roster, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Roster::read(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_kept_and_penalties_read() {
        let roster = read("\u{feff}name,id,penalty\n\"Lee, Ann\",ann,10 %\nBob,bob,\n").unwrap();
        assert_eq!(roster.columns, ["name", "penalty"]);
        assert_eq!(roster.students["ann"], ["Lee, Ann", "10 %"]);
        assert_eq!(
            (roster.penalty("ann"), roster.penalty("bob"), roster.penalty("eve")),
            (Some(10.0), None, None)
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, told) in [
            ("name\nann\n", "none of them is `id`"),
            ("id\nann\nann\n", "line 3: ann is there twice"),
            ("id,penalty\nann,much\n", "line 2: the penalty of ann"),
            ("id,penalty\nann,120\n", "line 2: the penalty of ann"),
            ("id,name\nann\n", "line: 2"),
        ] {
            assert!(read(text).unwrap_err().contains(told), "{text}");
        }
    }
}
