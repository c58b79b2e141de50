//! What grading services read. The shapes are those of their documentation; `schemas/` has them as JSON Schemas.

use super::{Item, Settings, at_most, unbuilt};
use crate::grade_json::{Grade, Status, Visibility};
use base64::Engine as _;
use faultline::report::short_lab;
use serde_json::{Map, Value, json};
use std::io;

/// The longest text of one scenario, in bytes.
const TEXT_MAX: usize = 8 * 1024;

/// The longest results of PrairieLearn, in bytes: a megabyte, less what is around the texts.
const PRAIRIELEARN_MAX: usize = 1024 * 1024 - 4 * 1024;

fn pretty(value: &Value) -> String {
    // A value always has an encoding.
    format!("{value:#}\n")
}

/// What there is to say before the scenarios.
fn heading(grade: &Grade) -> String {
    let mut text = grade.total();
    for (lab, why) in unbuilt(grade) {
        text.push_str(&format!("\n\n{} was not graded:\n{}", lab.lab, at_most(&why, TEXT_MAX)));
    }
    text
}

/// Gradescope's `results.json`. Hidden scenarios are shown with name and hint: if a test had the visibility `hidden`, the student would not
/// see a total.
pub(super) fn gradescope(grade: &Grade, items: &[Item]) -> String {
    let tests = items.iter().map(|item| {
        let mut test = Map::new();
        test.insert("score".into(), item.points.into());
        // Points of a bonus come on top.
        if !item.bonus {
            test.insert("max_score".into(), item.max_points.into());
        }
        test.insert("status".into(), if item.passed() { "passed" } else { "failed" }.into());
        test.insert("name".into(), item.title.clone().into());
        test.insert("output".into(), at_most(&item.text, TEXT_MAX).into());
        test.insert("output_format".into(), "text".into());
        test.insert("tags".into(), json!([item.lab, format!("part {}", item.part)]));
        test.insert("visibility".into(), "visible".into());
        Value::Object(test)
    });
    pretty(&json!({
        "output": heading(grade),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests.collect::<Vec<_>>(),
    }))
}

/// Classroom 50's `result.json`. It is made in the student's own repository, so it has public scenarios only.
pub(super) fn classroom50(items: &[Item], settings: &Settings) -> io::Result<String> {
    let tests = items.iter().map(|item| {
        json!({
            "test-name": item.title,
            "passed": item.passed(),
            "score": item.points,
            "max-score": if item.bonus { 0 } else { item.max_points },
        })
    });
    let sum = |points: fn(&Item) -> u32| items.iter().map(points).sum::<u32>();
    let kind = settings.get("assignment_type").unwrap_or("individual");
    if !["individual", "group", "team"].contains(&kind) {
        let text = format!("assignment_type is individual, group or team, and not {kind:?}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(pretty(&json!({
        "schema": "classroom50/result/v1",
        "classroom": settings.need("classroom")?,
        "assignment": settings.need("assignment")?,
        "assignment_type": kind,
        "owner": settings.need("owner")?,
        "submission": settings.need("submission")?,
        "commit": settings.need("commit")?,
        "release": settings.need("release")?,
        "review": settings.need("review")?,
        "datetime": settings.need("datetime")?,
        "score": sum(|item| item.points),
        "max-score": sum(|item| if item.bonus { 0 } else { item.max_points }),
        "tests": tests.collect::<Vec<_>>(),
    })))
}

/// The base64 text that the reporter of GitHub Actions reads from its environment.
pub(super) fn github(grade: &Grade, items: &[Item]) -> String {
    base64::engine::general_purpose::STANDARD.encode(github_json(grade, items).to_string()) + "\n"
}

pub(super) fn github_json(grade: &Grade, items: &[Item]) -> Value {
    let tests = items.iter().map(|item| {
        json!({
            "name": item.title,
            "status": match item.status {
                Status::Passed => "pass",
                Status::Failed => "fail",
                Status::Error => "error",
            },
            "score": item.points,
            "message": at_most(&item.text, TEXT_MAX),
            "test_code": format!("cargo lab replay {}", item.title.split(' ').take(2).collect::<Vec<_>>().join("-")),
            "filename": "",
            "line_no": 0,
            "duration": 0,
        })
    });
    let has = |status: Status| items.iter().any(|item| item.status == status);
    let status = match (has(Status::Error), has(Status::Failed)) {
        (true, _) => "error",
        (false, true) => "fail",
        (false, false) => "pass",
    };
    json!({ "version": 1, "status": status, "max_score": grade.max_score, "tests": tests.collect::<Vec<_>>() })
}

/// PrairieLearn's `results.json`: a score from 0 to 1, and at most a megabyte.
pub(super) fn prairielearn(grade: &Grade, items: &[Item]) -> String {
    let is_gradable = grade.labs.iter().any(|lab| lab.gradable);
    let score = f64::from(grade.score) / f64::from(grade.max_score.max(1));
    let errors: Vec<String> =
        unbuilt(grade).map(|(lab, why)| format!("{}: {}", lab.lab, at_most(&why, TEXT_MAX))).collect();
    // Each has its share of what may be.
    let mut longest = TEXT_MAX;
    loop {
        let tests = items.iter().map(|item| {
            json!({
                "name": item.title,
                "description": match item.visibility {
                    Visibility::Public => "public",
                    Visibility::Hidden => "hidden",
                },
                "points": item.points,
                "max_points": if item.bonus { 0 } else { item.max_points },
                "message": if item.passed() { "passed" } else { "failed" },
                "output": at_most(&item.text, longest),
                "images": [],
            })
        });
        let text = pretty(&json!({
            "gradable": is_gradable,
            "score": if is_gradable { score } else { 0.0 },
            "message": grade.total(),
            "output": "",
            "format_errors": errors,
            "tests": tests.collect::<Vec<_>>(),
        }));
        if text.len() <= PRAIRIELEARN_MAX || longest == 0 {
            return text;
        }
        longest /= 2;
    }
}

/// Autolab's last line: the points of each lab.
pub(super) fn autolab(grade: &Grade, public: bool) -> String {
    let mut scores = Map::new();
    for lab in &grade.labs {
        let counted = lab.scenarios.iter().filter(|it| !public || it.visibility == Visibility::Public);
        scores.insert(short_lab(&lab.lab).into(), counted.map(|it| it.points).sum::<u32>().into());
    }
    format!("{}\n", json!({ "scores": scores }))
}
