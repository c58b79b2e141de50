//! `export`: a grade.json in the shape that a grading service, a build server or a person wants.
//!
//! What a student will see is made in one place ([`items`]): of a public scenario reason and story, of a hidden one its name and written
//! hint. What student code has said is in these texts, so each format escapes them in its own way, and none is longer than
//! it may be.

mod feedback;
mod junit;
mod services;

pub(crate) use feedback::{STYLE, escaped};

use crate::grade_json::{Grade, LabGrade, Status, Visibility};
use faultline::report::short_lab;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to make of which grade.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What it is to be.
    #[arg(value_enum)]
    format: Format,
    /// The grade.json, or the folder that has it.
    grade: PathBuf,
    /// The file to write; without it, it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Only public scenarios.
    #[arg(long)]
    public: bool,
    /// Something that a format wants and a grade does not say, such as --set commit=4c1f...
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// results.json of Gradescope.
    Gradescope,
    /// result.json of Classroom 50, public scenarios only; wants classroom, assignment, owner, submission, commit, release, review and
    /// datetime.
    Classroom50,
    /// The value of RUNNER_RESULTS for the grading reporter of GitHub Actions.
    Github,
    /// results.json of PrairieLearn.
    Prairielearn,
    /// The last line of output for Autolab.
    Autolab,
    /// JUnit's XML.
    Junit,
    /// Feedback for a student, to be read as it is.
    Markdown,
    /// The same as a page.
    Html,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.into(), value.into()))
}

/// What somebody has set by hand.
struct Settings(BTreeMap<String, String>);

impl Settings {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// # Errors
    /// It is not set.
    fn need(&self, key: &str) -> io::Result<&str> {
        let missing = || {
            let text = format!("this format wants --set {key}=...");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        };
        self.get(key).ok_or_else(missing)
    }
}

pub(crate) fn run(options: &Options) -> io::Result<ExitCode> {
    let path = if options.grade.is_dir() { options.grade.join("grade.json") } else { options.grade.clone() };
    let mut grade = Grade::read(&path)?;
    let folder = |path: &Path| fs::canonicalize(folder_of(path)).ok();
    if options.out.as_deref().and_then(folder).is_none_or(|out| Some(out) != folder(&path)) {
        // From elsewhere a way to the pictures would lead nowhere.
        grade.labs.iter_mut().flat_map(|lab| &mut lab.scenarios).for_each(|it| it.picture = None);
    }
    let settings = Settings(options.set.iter().cloned().collect());
    let text = make(options.format, &grade, options.public, &settings)?;
    match &options.out {
        Some(out) => write(out, text.as_bytes(), 0o644)?,
        None => io::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn make(format: Format, grade: &Grade, public: bool, settings: &Settings) -> io::Result<String> {
    let items = items(grade, public || format == Format::Classroom50);
    let student = settings.get("student").or(grade.student.as_deref());
    Ok(match format {
        Format::Gradescope => services::gradescope(grade, &items),
        Format::Classroom50 => services::classroom50(&items, settings)?,
        Format::Github => services::github(grade, &items),
        Format::Prairielearn => services::prairielearn(grade, &items),
        Format::Autolab => services::autolab(grade, public),
        Format::Junit => junit::junit(&items)?,
        Format::Markdown => feedback::markdown(grade, &items, student),
        Format::Html => feedback::html(grade, &items, student),
    })
}

/// What a student is given to read, as Markdown and as a page.
pub(crate) fn feedback(grade: &Grade, student: &str) -> (String, String) {
    let items = items(grade, false);
    (feedback::markdown(grade, &items, Some(student)), feedback::html(grade, &items, Some(student)))
}

/// What Gradescope wants to know of a grade.
pub(crate) fn gradescope(grade: &Grade) -> String {
    services::gradescope(grade, &items(grade, false))
}

/// The folder that a file is in.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// Writes a file with this mode in one step: a reader sees all of it or nothing.
pub(crate) fn write(out: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let folder = folder_of(out);
    fs::create_dir_all(folder).map_err(|error| crate::kit::with_path(folder, &error))?;
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(content)?;
    draft.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    draft.persist(out).map(drop).map_err(|error| crate::kit::with_path(out, &error.error))
}

/// One scenario as a student may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    /// The package name of the lab.
    lab: String,
    /// `lab2 B3 each message is delivered once`.
    title: String,
    part: char,
    points: u32,
    max_points: u32,
    bonus: bool,
    status: Status,
    visibility: Visibility,
    /// What the student is told; empty when it passed.
    text: String,
    /// Where that is drawn, if it is.
    picture: Option<String>,
}

impl Item {
    fn passed(&self) -> bool {
        self.status == Status::Passed
    }
}

/// What a student may see of a grade.
fn items(grade: &Grade, public: bool) -> Vec<Item> {
    let all = grade.labs.iter().flat_map(|lab| lab.scenarios.iter().map(move |scenario| (lab, scenario)));
    let wanted = all.filter(|(_, scenario)| !public || scenario.visibility == Visibility::Public);
    wanted
        .map(|(lab, scenario)| Item {
            lab: lab.lab.clone(),
            title: format!("{} {} {}", short_lab(&lab.lab), scenario.id, scenario.name),
            part: scenario.part,
            points: scenario.points,
            max_points: scenario.max_points,
            bonus: scenario.bonus,
            status: scenario.status,
            visibility: scenario.visibility,
            text: clean(match (scenario.status, scenario.visibility) {
                (Status::Passed, _) => String::new(),
                (Status::Error, _) => {
                    "This could not be judged, which is not your fault: ask for it to be graded again.".into()
                }
                (Status::Failed, _) if !lab.gradable => "The lab could not be built, or is not there.".into(),
                (Status::Failed, Visibility::Public) => scenario.report.clone(),
                (Status::Failed, Visibility::Hidden) => {
                    format!("This scenario is not shown. Where to look: {}", scenario.hint)
                }
            }),
            picture: scenario.picture.clone().filter(|_| scenario.visibility == Visibility::Public),
        })
        .collect()
}

/// Without what would move a terminal's cursor, or is no letter to a page.
fn clean(text: String) -> String {
    let is_odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if text.contains(is_odd) { text.replace(is_odd, "\u{fffd}") } else { text }
}

/// The labs that could not be built, with the compiler's words.
fn unbuilt(grade: &Grade) -> impl Iterator<Item = (&LabGrade, String)> {
    grade.labs.iter().filter_map(|lab| lab.message.clone().map(|why| (lab, clean(why))))
}

/// At most so many bytes of a text, and a sign that there were more.
fn at_most(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.into();
    }
    let end = (0..=bytes.saturating_sub(4)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests;
