//! A class as a table: `grades.csv`, the same whenever the same grades are there.

use super::roster::Roster;
use super::{Done, page, read_done};
use crate::grade::write_atomically;
use crate::grade_json::Grade;
use crate::inside::LEFT;
use crate::kit::with_path;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// What is known of a student.
pub(super) struct Student {
    pub(super) grade: Option<Grade>,
    pub(super) done: Option<Done>,
}

/// All students of whom something is known.
pub(super) struct Class {
    pub(super) students: BTreeMap<String, Student>,
    pub(super) roster: Roster,
    /// Whether there is a roster.
    has_roster: bool,
}

impl Student {
    /// How it stands, in a word or two.
    pub(super) fn status(&self) -> &'static str {
        match (&self.grade, &self.done) {
            (_, Some(Done { error: Some(_), .. })) => "not graded",
            (Some(_), _) => "graded",
            (None, _) => "not handed in",
        }
    }

    /// The grade, if it counts.
    pub(super) fn graded(&self) -> Option<&Grade> {
        self.grade.as_ref().filter(|_| self.status() == "graded")
    }
}

impl Class {
    /// What is in the folder, and who is in the roster.
    pub(super) fn read(out: &Path, roster: Option<Roster>) -> io::Result<Class> {
        let folder = out.join("students");
        let mut students = BTreeMap::new();
        for entry in fs::read_dir(&folder).map_err(|error| with_path(&folder, &error))? {
            let entry = entry?;
            // Who is not done has no result, whatever is there.
            let Some(done) = read_done(&entry.path()) else { continue };
            let grade = match &done.error {
                None => Some(Grade::read(&entry.path().join("grade.json"))?),
                Some(_) => None,
            };
            let id = entry.file_name().to_string_lossy().into_owned();
            students.insert(id, Student { grade, done: Some(done) });
        }
        let has_roster = roster.is_some();
        let roster = roster.unwrap_or_default();
        for id in roster.students.keys() {
            students.entry(id.clone()).or_insert(Student { grade: None, done: None });
        }
        Ok(Class { students, roster, has_roster })
    }

    pub(super) fn write(&self, out: &Path) -> io::Result<()> {
        write_atomically(out, "grades.csv", &self.csv()?)?;
        write_atomically(out, "class.html", &page::page(self))?;
        Ok(())
    }

    /// The grades that count, by student.
    pub(super) fn grades(&self) -> impl Iterator<Item = (&String, &Grade)> {
        self.students.iter().filter_map(|(id, student)| Some((id, student.graded()?)))
    }

    pub(super) fn summary(&self) -> String {
        let count =
            |status: &str| self.students.values().filter(|student| student.status() == status).count();
        let sum = self.grades().fold(0.0, |sum, (_, grade)| sum + percent(grade));
        let mean = sum / self.grades().count().max(1) as f64;
        format!(
            "{} graded, {mean:.1} % on average; {} not handed in; {} not graded, for which nobody has a zero",
            count("graded"),
            count("not handed in"),
            count("not graded")
        )
    }

    fn csv(&self) -> io::Result<String> {
        let labs: BTreeSet<&String> =
            self.grades().flat_map(|(_, grade)| grade.labs.iter().map(|lab| &lab.lab)).collect();
        let mut header = vec!["id".to_string()];
        header.extend(self.roster.columns.iter().cloned());
        header.extend(["status", "score", "max_score", "percent", "bonus"].map(String::from));
        if self.roster.has_penalties() {
            header.push("final".into());
        }
        header.extend(labs.iter().map(|lab| (*lab).clone()));
        header.extend(["flags", "isolation", "remark"].map(String::from));
        let mut writer = csv::Writer::from_writer(vec![]);
        writer.write_record(&header).map_err(io::Error::other)?;
        for (id, student) in &self.students {
            writer.write_record(self.row(id, student, &labs)).map_err(io::Error::other)?;
        }
        let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        String::from_utf8(bytes).map_err(io::Error::other)
    }

    fn row(&self, id: &str, student: &Student, labs: &BTreeSet<&String>) -> Vec<String> {
        let grade = student.graded();
        let cell = |of: &dyn Fn(&Grade) -> String| grade.map(of).unwrap_or_default();
        let known = self.roster.students.get(id);
        let mut row = vec![harmless(id)];
        let others = 0..self.roster.columns.len();
        row.extend(
            others.map(|column| harmless(known.and_then(|known| known.get(column)).map_or("", |it| it))),
        );
        row.extend([
            student.status().to_string(),
            cell(&|grade| grade.score.to_string()),
            cell(&|grade| grade.max_score.to_string()),
            cell(&|grade| format!("{:.1}", percent(grade))),
            cell(&|grade| grade.bonus.to_string()),
        ]);
        if self.roster.has_penalties() {
            let left = 1.0 - self.roster.penalty(id).unwrap_or(0.0) / 100.0;
            row.push(cell(&|grade| format!("{:.2}", f64::from(grade.score) * left)));
        }
        for lab in labs {
            let score = grade.and_then(|grade| grade.labs.iter().find(|it| it.lab == **lab));
            row.push(score.map(|lab| lab.score.to_string()).unwrap_or_default());
        }
        let flags = |grade: &Grade| {
            let all = grade.labs.iter().flat_map(|lab| &lab.flags);
            // Whether a process is left when one looks is a matter of luck, and a class that is graded twice has one table.
            all.filter(|flag| !flag.contains(LEFT)).count().to_string()
        };
        row.extend([cell(&flags), cell(&|grade| grade.isolation.clone())]);
        let error = student.done.as_ref().and_then(|done| done.error.clone());
        let stranger = (self.has_roster && known.is_none()).then(|| "is not in the roster".to_string());
        let unbuilt: Vec<_> =
            grade.iter().flat_map(|grade| &grade.labs).filter(|lab| !lab.gradable).collect();
        let unbuilt = unbuilt.iter().map(|lab| format!("{} does not build or is missing", lab.lab));
        let remarks: Vec<String> = error.into_iter().chain(stranger).chain(unbuilt).collect();
        row.push(harmless(&remarks.join("; ")));
        row
    }
}

/// How much of the points, from 0 to 100.
pub(super) fn percent(grade: &Grade) -> f64 {
    100.0 * f64::from(grade.score) / f64::from(grade.max_score.max(1))
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    let cell = cell.replace(char::is_control, " ");
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(harmless("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(harmless("a\nb"), "a b");
    }
}
