//! grade.json: the one result that the judge writes. Its shape is versioned; a change of meaning is a new version.

use crate::grade::write_atomically;
use crate::inside::LEFT;
use crate::judge::Plan;
use crate::kit::with_path;
use faultline::report::{self, Ended};
use faultline::scenario::{Blame, Failure};
use faultline::search::LIMIT_CAME_FIRST;
use faultline::text;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The version of the shape.
pub(crate) const VERSION: u32 = 4;

/// The folder beside grade.json that has the pictures.
pub(crate) const PICTURES: &str = "pictures";

/// The longest reason, in characters.
const REASON_MAX: usize = 600;

/// Everything about one submission.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Grade {
    /// [`VERSION`].
    pub(crate) version: u32,
    /// For whom the seeds of hidden scenarios were drawn; null when they were everybody's.
    pub(crate) student: Option<String>,
    /// How the submission was kept apart: "own user and namespaces", "own namespaces", "own user" or
    /// "own process"; after the first two ", networks apart", if the processes of a run were kept apart from one another too.
    pub(crate) isolation: String,
    /// One entry a lab, in order.
    pub(crate) labs: Vec<LabGrade>,
    /// The sum of the labs' scores.
    pub(crate) score: u32,
    /// The sum of the labs' points.
    pub(crate) max_score: u32,
    /// What was earned beside them in parts that are a bonus.
    pub(crate) bonus: u32,
    /// What there is to be earned in such parts.
    pub(crate) max_bonus: u32,
}

/// One lab of a submission.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LabGrade {
    /// The package name.
    pub(crate) lab: String,
    /// The points earned.
    pub(crate) score: u32,
    /// The points there are.
    pub(crate) max_score: u32,
    /// The points earned in parts that are a bonus; they are in no other sum.
    pub(crate) bonus: u32,
    /// The points of such parts.
    pub(crate) max_bonus: u32,
    /// False when the lab is missing or does not build.
    pub(crate) gradable: bool,
    /// Why it is not gradable: the compiler's words.
    pub(crate) message: Option<String>,
    /// Files that were left out, and why; files that are missing.
    pub(crate) remarks: Vec<String>,
    /// What an instructor should look at, and a student is not told: it costs no points.
    pub(crate) flags: Vec<String>,
    /// One entry a scenario, public ones first.
    pub(crate) scenarios: Vec<ScenarioGrade>,
    /// What the entries were made from.
    #[serde(skip)]
    pub(crate) ends: Vec<Ended>,
}

/// One scenario of a lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ScenarioGrade {
    /// Its id.
    pub(crate) id: String,
    /// Its sentence.
    pub(crate) name: String,
    /// The part of the lab.
    pub(crate) part: char,
    /// Whether students see it.
    pub(crate) visibility: Visibility,
    /// The points earned.
    pub(crate) points: u32,
    /// The points there are.
    pub(crate) max_points: u32,
    /// Whether it is in a part that is a bonus.
    pub(crate) bonus: bool,
    /// How it ended.
    pub(crate) status: Status,
    /// Why it did not pass; empty when it did.
    pub(crate) reason: String,
    /// Where to look, without the answer.
    pub(crate) hint: String,
    /// What a student is told of a public scenario that did not pass: reason, story, how to replay it. Else empty.
    pub(crate) report: String,
    /// The first and the last of the seeds that were to be run, up to the first that fails.
    pub(crate) seeds: [u64; 2],
    /// The seed of the failing run, or of the last one.
    pub(crate) seed: u64,
    /// The file in which such a failure is drawn, from where grade.json is; null when it is not.
    pub(crate) picture: Option<String>,
    /// What the scenario noted, such as how many states were searched.
    pub(crate) notes: Vec<String>,
}

/// Whether students see a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Visibility {
    Public,
    Hidden,
}

/// How a scenario ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Passed,
    Failed,
    /// The kit or the machine could not do its part: to be graded again.
    Error,
}

impl Grade {
    pub(crate) fn new(student: Option<String>, isolation: String, labs: Vec<LabGrade>) -> Grade {
        let score = labs.iter().map(|lab| lab.score).sum();
        let max_score = labs.iter().map(|lab| lab.max_score).sum();
        let bonus = labs.iter().map(|lab| lab.bonus).sum();
        let max_bonus = labs.iter().map(|lab| lab.max_bonus).sum();
        Grade { version: VERSION, student, isolation, labs, score, max_score, bonus, max_bonus }
    }

    /// Whether the score is exactly this share of the points.
    pub(crate) fn is_percent(&self, percent: u8) -> bool {
        u64::from(self.score) * 100 == u64::from(self.max_score) * u64::from(percent) && self.max_score > 0
    }

    /// The scenarios whose search came to its limit of states before it had seen all within its bounds.
    pub(crate) fn cut_short(&self) -> Vec<String> {
        let all = self.labs.iter().flat_map(|lab| lab.scenarios.iter().map(move |it| (lab, it)));
        let cut = all.filter(|(_, it)| it.notes.iter().any(|note| note.ends_with(LIMIT_CAME_FIRST)));
        cut.map(|(lab, it)| format!("{} {}", lab.lab, it.id)).collect()
    }

    /// The last line of a report.
    pub(crate) fn total(&self) -> String {
        let percent = f64::from(self.score) * 100.0 / f64::from(self.max_score.max(1));
        let errors =
            self.labs.iter().flat_map(|lab| &lab.scenarios).filter(|it| it.status == Status::Error).count();
        let errors = match errors {
            0 => String::new(),
            1 => "; 1 scenario could not be judged: grade again".into(),
            count => format!("; {count} scenarios could not be judged: grade again"),
        };
        let bonus = match self.max_bonus {
            0 => String::new(),
            most => format!(", bonus {} of {most}", self.bonus),
        };
        format!("score {} of {} points, {percent:.0} %{bonus}{errors}", self.score, self.max_score)
    }

    /// Reads a grade.json.
    ///
    /// # Errors
    /// It is not there, or none of this version.
    pub(crate) fn read(path: &Path) -> io::Result<Grade> {
        let wrong = |why: String| {
            let text = format!("{}: {why}; grade the submission again", path.display());
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        let text = fs::read_to_string(path).map_err(|error| with_path(path, &error))?;
        let any: serde_json::Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if any["version"] != VERSION {
            return Err(wrong(format!("its version is {}, and not {VERSION}", any["version"])));
        }
        serde_json::from_value(any).map_err(|error| wrong(error.to_string()))
    }

    /// Writes the pictures and then grade.json into `folder`, all of it or nothing.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        for (scenario, ended) in self.labs.iter().flat_map(|lab| lab.scenarios.iter().zip(&lab.ends)) {
            if let (Some(picture), Some(page)) = (&scenario.picture, &ended.page) {
                fs::create_dir_all(folder.join(PICTURES)).map_err(|error| with_path(folder, &error))?;
                write_atomically(folder, picture, page)?;
            }
        }
        let text = serde_json::to_string_pretty(self)?;
        write_atomically(folder, "grade.json", &(text + "\n"))
    }
}

impl LabGrade {
    /// A lab that was judged; `ends` are in the order of the plan.
    pub(crate) fn judged(plan: &Plan, ends: &[Ended], remarks: Vec<String>) -> LabGrade {
        // One for all scenarios: in how many something is left may be a matter of luck, and tables of a class are not.
        let left: Vec<(&str, &String)> = plan
            .scenarios
            .iter()
            .zip(ends)
            .filter_map(|(planned, ended)| {
                Some((planned.scenario.id, ended.notes.iter().find(|note| note.starts_with(LEFT))?))
            })
            .collect();
        let ids: Vec<_> = left.iter().map(|(id, _)| *id).collect();
        let flags = left.first().map(|(_, note)| format!("{}: {note}", ids.join(", "))).into_iter().collect();
        let scenarios: Vec<_> = plan
            .scenarios
            .iter()
            .zip(ends)
            .map(|(planned, ended)| ScenarioGrade {
                id: planned.scenario.id.into(),
                name: planned.scenario.name.into(),
                part: planned.scenario.part,
                visibility: if planned.hidden { Visibility::Hidden } else { Visibility::Public },
                points: ended.points(&planned.scenario),
                max_points: planned.scenario.points,
                bonus: planned.bonus,
                status: match ended.failure.as_ref().map(|failure| failure.blame) {
                    None => Status::Passed,
                    Some(Blame::Program) => Status::Failed,
                    Some(Blame::Kit) => Status::Error,
                },
                reason: ended
                    .failure
                    .as_ref()
                    .map(|it| text::line(&it.reason, REASON_MAX))
                    .unwrap_or_default(),
                hint: planned.scenario.hint.into(),
                report: match &ended.failure {
                    Some(_) if !planned.hidden => report::failure(plan.lab, &planned.scenario, ended),
                    _ => String::new(),
                },
                seeds: [*planned.seeds().start(), *planned.seeds().end()],
                seed: ended.seed,
                picture: ended.page.as_ref().map(|_| {
                    format!("{PICTURES}/{}-{}.html", report::short_lab(plan.lab), planned.scenario.id)
                }),
                notes: ended.notes.clone(),
            })
            .collect();
        let of = |bonus: bool| scenarios.iter().filter(move |it: &&ScenarioGrade| it.bonus == bonus);
        LabGrade {
            lab: plan.lab.into(),
            score: of(false).map(|it| it.points).sum(),
            max_score: of(false).map(|it| it.max_points).sum(),
            bonus: of(true).map(|it| it.points).sum(),
            max_bonus: of(true).map(|it| it.max_points).sum(),
            gradable: true,
            message: None,
            remarks,
            flags,
            scenarios,
            ends: ends.to_vec(),
        }
    }

    /// A lab that is missing or does not build: no points, and `why`.
    pub(crate) fn not_gradable(plan: &Plan, why: &str, remarks: Vec<String>) -> LabGrade {
        let failure = Failure::new("The lab does not build, so nothing could be run.");
        let ended = Ended::early(failure, 0);
        let ends = vec![ended; plan.scenarios.len()];
        LabGrade { gradable: false, message: Some(why.into()), ..LabGrade::judged(plan, &ends, remarks) }
    }
}
