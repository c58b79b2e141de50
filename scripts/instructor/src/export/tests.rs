//! Every shape against its golden file and its schema. `UPDATE_GOLDEN=1 cargo nextest run -p instructor export` writes the files anew;
//! look at the changes before you commit them.

use super::*;
use crate::grade_json::ScenarioGrade;
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");

fn scenario(id: &str, status: Status, visibility: Visibility) -> ScenarioGrade {
    let passed = status == Status::Passed;
    ScenarioGrade {
        id: id.into(),
        name: "each message is delivered once".into(),
        part: 'B',
        visibility,
        points: if passed { 5 } else { 0 },
        max_points: 5,
        bonus: false,
        status,
        reason: if passed { String::new() } else { "the reason is for instructors".into() },
        hint: "What does a receiver do with a *copy*?".into(),
        report: match (status, visibility) {
            (Status::Failed, Visibility::Public) => {
                "FAIL  lab2 B3\n  Rule B1: it said <script>alert(1)</script> & ```x```.\n  \u{1b}[31mred\n"
                    .into()
            }
            _ => String::new(),
        },
        picture: (id == "B3").then(|| "pictures/lab2-B3.html".into()),
        seeds: [1, 7],
        seed: 7,
        notes: vec![],
    }
}

fn lab(name: &str, scenarios: Vec<ScenarioGrade>) -> LabGrade {
    let sum = |bonus, points: fn(&ScenarioGrade) -> u32| {
        scenarios.iter().filter(|it| it.bonus == bonus).map(points).sum::<u32>()
    };
    LabGrade {
        lab: name.into(),
        score: sum(false, |it| it.points),
        max_score: sum(false, |it| it.max_points),
        bonus: sum(true, |it| it.points),
        max_bonus: sum(true, |it| it.max_points),
        gradable: true,
        message: None,
        remarks: vec!["src/<b>.txt was left out: not a .rs file".into()],
        flags: vec!["src/lib.rs:2 ends the process (`process::exit`): no lab needs that, look at it".into()],
        scenarios,
        ends: vec![],
    }
}

fn grade() -> Grade {
    use Status::{Error, Failed, Passed};
    use Visibility::{Hidden, Public};
    let bonus = ScenarioGrade { bonus: true, part: 'F', ..scenario("F1", Passed, Public) };
    let lab2 = lab(
        "lab2-reliable",
        vec![
            scenario("B1", Passed, Public),
            scenario("B3", Failed, Public),
            bonus,
            scenario("HB2", Failed, Hidden),
        ],
    );
    let lab3 = lab("lab3-rpc", vec![scenario("A1", Error, Public)]);
    let unbuilt = LabGrade {
        gradable: false,
        message: Some("error[E0425]: cannot find value `x`\n --> src/lib.rs:1:1\n".into()),
        ..lab("lab4-mapreduce", vec![scenario("A1", Failed, Public)])
    };
    Grade::new(Some("ann".into()), "own namespaces".into(), vec![lab2, lab3, unbuilt])
}

fn settings() -> Settings {
    let pairs = [
        ("classroom", "cs-501"),
        ("assignment", "lab2"),
        ("owner", "ann"),
        ("submission", "https://example.org/ann/lab2"),
        ("commit", "4c1f"),
        ("release", "submit/1"),
        ("review", "https://example.org/ann/lab2/pull/1"),
        ("datetime", "2026-09-01T12:00:00Z"),
        ("student", "Ann <ann@example.org>"),
    ];
    Settings(pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect())
}

fn made(format: Format) -> String {
    let text = make(format, &grade(), false, &settings()).unwrap();
    let name = match format {
        Format::Gradescope => "gradescope.json",
        Format::Classroom50 => "classroom50.json",
        Format::Github => "github.txt",
        Format::Prairielearn => "prairielearn.json",
        Format::Autolab => "autolab.txt",
        Format::Junit => "junit.xml",
        Format::Markdown => "feedback.md",
        Format::Html => "feedback.html",
    };
    let path = Path::new(FOLDER).join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        write(&path, text.as_bytes(), 0o644).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{} differs; it would be:\n{text}", path.display());
    text
}

/// The text is JSON as the schema says.
fn check(schema: &str, text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    let path = format!("{}/schemas/{schema}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let mut schemas = boon::Schemas::new();
    let index = boon::Compiler::new().compile(&path, &mut schemas).unwrap();
    if let Err(wrong) = schemas.validate(&value, index) {
        panic!("{schema}: {wrong:#}");
    }
}

#[test]
fn a_grade_is_as_its_own_schema_says_and_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = grade().write(folder.path()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    check("grade", &text);
    let again = Grade::read(&path).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&grade()).unwrap());
    fs::write(&path, text.replace("\"version\": 4", "\"version\": 1")).unwrap();
    let error = Grade::read(&path).unwrap_err().to_string();
    assert!(error.contains("its version is 1, and not 4; grade the submission again"), "{error}");
}

#[test]
fn gradescope() {
    let text = made(Format::Gradescope);
    check("gradescope", &text);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["tests"].as_array().unwrap().len(), 6);
    assert!(value["tests"].as_array().unwrap().iter().all(|test| test["visibility"] == "visible"));
}

#[test]
fn classroom50_has_public_scenarios_alone() {
    let text = made(Format::Classroom50);
    check("classroom50", &text);
    assert!(!text.contains("HB2"));
    let nothing = Settings(BTreeMap::new());
    let error = make(Format::Classroom50, &grade(), false, &nothing).unwrap_err().to_string();
    assert!(error.contains("--set classroom=..."), "{error}");
}

#[test]
fn github() {
    use base64::Engine as _;
    let text = made(Format::Github);
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).unwrap();
    check("github", &String::from_utf8(bytes).unwrap());
}

#[test]
fn prairielearn_is_never_longer_than_a_megabyte() {
    check("prairielearn", &made(Format::Prairielearn));
    let mut large = grade();
    let long =
        ScenarioGrade { report: "é".repeat(20_000), ..scenario("B9", Status::Failed, Visibility::Public) };
    large.labs[0].scenarios = vec![long; 400];
    let text = make(Format::Prairielearn, &large, false, &settings()).unwrap();
    check("prairielearn", &text);
    assert!(text.len() <= 1024 * 1024 && text.len() > 100_000, "{}", text.len());
}

#[test]
fn autolab_is_one_line() {
    let text = made(Format::Autolab);
    check("autolab", &text);
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn junit() {
    let text = made(Format::Junit);
    assert!(!text.contains("<script>") && !text.contains('\u{1b}'));
}

#[test]
fn feedback_shows_what_student_code_says_and_does_nothing_else() {
    let page = made(Format::Html);
    assert!(!page.contains("<script>") && !page.contains('\u{1b}') && !page.contains("<b>"));
    let text = made(Format::Markdown);
    assert!(!text.contains('\u{1b}') && text.contains("````text") && text.contains("\\<b\\>"), "{text}");
    for text in [page, text] {
        assert!(!text.contains("for instructors"), "a hidden scenario's reason is not shown");
        assert!(text.contains("HB2") && text.contains("What does a receiver do with a"));
    }
}

#[test]
fn a_public_export_names_no_hidden_scenario() {
    for format in [Format::Gradescope, Format::Prairielearn, Format::Junit, Format::Markdown, Format::Html] {
        let text = make(format, &grade(), true, &settings()).unwrap();
        assert!(!text.contains("HB2"), "{format:?}");
    }
}

#[test]
fn a_page_leads_to_pictures_only_where_they_are() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    grade().write(folder.path()).unwrap();
    for (place, is_led) in [(folder.path(), true), (other.path(), false)] {
        let out = place.join("ann.html");
        let grade = folder.path().to_path_buf();
        let options =
            Options { format: Format::Html, grade, out: Some(out.clone()), public: false, set: vec![] };
        run(&options).unwrap();
        assert_eq!(fs::read_to_string(out).unwrap().contains("href=\"pictures/lab2-B3.html\""), is_led);
    }
}

#[test]
fn a_cut_text_is_whole_letters() {
    assert_eq!(at_most("abc", 3), "abc");
    assert_eq!(at_most("ééééé", 8), "éé…");
    assert_eq!(at_most("abc", 2), "…");
}
