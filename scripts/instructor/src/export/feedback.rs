//! What a student is given to read: Markdown, and a page that needs nothing else.

use super::{Item, unbuilt};
use crate::grade_json::{Grade, LabGrade, Status};
use std::fmt::Write as _;

fn word(item: &Item) -> &'static str {
    match item.status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::Error => "not judged",
    }
}

/// `2/3`, and whether that is a bonus.
fn points_of(item: &Item) -> String {
    format!("{}/{}{}", item.points, item.max_points, if item.bonus { " bonus" } else { "" })
}

fn of_lab<'a>(items: &'a [Item], lab: &'a LabGrade) -> impl Iterator<Item = &'a Item> {
    items.iter().filter(move |item| item.lab == lab.lab)
}

fn points(lab: &LabGrade) -> String {
    match lab.max_bonus {
        0 => format!("{} of {} points", lab.score, lab.max_score),
        bonus => format!("{} of {} points, bonus {} of {bonus}", lab.score, lab.max_score, lab.bonus),
    }
}

fn title(student: Option<&str>) -> String {
    student.map_or("Feedback".into(), |student| format!("Feedback for {student}"))
}

/// A text that is shown as it is, whatever it has in it: a fence is longer than the longest row of backticks within.
fn fenced(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// A text between others in Markdown: what has a meaning there is escaped.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        if "\\`*_{}[]<>()#+-!|~&".contains(letter) {
            plain.push('\\');
        }
        plain.push(if letter.is_control() { ' ' } else { letter });
    }
    plain
}

pub(super) fn markdown(grade: &Grade, items: &[Item], student: Option<&str>) -> String {
    let mut text = format!("# {}\n\n{}\n", plain(&title(student)), plain(&grade.total()));
    for lab in &grade.labs {
        let _ = write!(text, "\n## {}: {}\n", plain(&lab.lab), points(lab));
        for (_, why) in unbuilt(grade).filter(|(unbuilt, _)| unbuilt.lab == lab.lab) {
            let _ = write!(text, "\nIt was not graded:\n\n{}", fenced(&why));
        }
        for remark in &lab.remarks {
            let _ = write!(text, "\nNote: {}\n", plain(remark));
        }
        text.push_str("\n| scenario | points | |\n|---|---|---|\n");
        for item in of_lab(items, lab) {
            let _ = writeln!(text, "| {} | {} | {} |", plain(&item.title), points_of(item), word(item));
        }
        for item in of_lab(items, lab).filter(|item| lab.gradable && !item.passed()) {
            let _ = write!(text, "\n### {}\n\n{}", plain(&item.title), fenced(&item.text));
            if let Some(picture) = &item.picture {
                let _ = write!(text, "\n[Picture]({picture})\n");
            }
        }
    }
    text
}

/// A text within a page.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Colours that can be told apart by brightness too; no script, and nothing from elsewhere.
pub(crate) const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}\
td.n,th.n{text-align:right;white-space:nowrap}.scenarios{table-layout:fixed}.scenarios th+th{width:6rem}\
.passed{color:#1b6e3c}.failed{color:#a3201d;font-weight:600}.other{color:#7a5a00}\
pre{background:#f4f4f4;padding:.7rem;overflow:auto;font-size:13px;line-height:1.4}details{margin:.6rem 0}summary{cursor:pointer}\
@media(prefers-color-scheme:dark){body{background:#16181b;color:#e4e4e4}pre{background:#22262b}td,th{border-color:#444}\
.passed{color:#7ccf96}.failed{color:#ff8f87}.other{color:#e0bd5e}}";

pub(super) fn html(grade: &Grade, items: &[Item], student: Option<&str>) -> String {
    let title = escaped(&title(student));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{}</p>\n",
        escaped(&grade.total())
    );
    for lab in &grade.labs {
        let _ = writeln!(page, "<h2>{}: {}</h2>", escaped(&lab.lab), points(lab));
        for (_, why) in unbuilt(grade).filter(|(unbuilt, _)| unbuilt.lab == lab.lab) {
            let _ =
                writeln!(page, "<p class=\"failed\">It was not graded:</p>\n<pre>{}</pre>", escaped(&why));
        }
        for remark in &lab.remarks {
            let _ = writeln!(page, "<p>Note: {}</p>", escaped(remark));
        }
        page.push_str(
            "<table class=\"scenarios\">\n<tr><th>scenario</th><th class=\"n\">points</th><th></th></tr>\n",
        );
        for item in of_lab(items, lab) {
            let class = match item.status {
                Status::Passed => "passed",
                Status::Failed => "failed",
                Status::Error => "other",
            };
            let told = match (lab.gradable, item.text.as_str()) {
                (false, _) | (_, "") => String::new(),
                (_, text) => {
                    let picture =
                        item.picture.as_deref().map(escaped).map_or(String::new(), |picture| {
                            format!("<p><a href=\"{picture}\">Picture</a></p>")
                        });
                    format!("<details><summary>why</summary><pre>{}</pre>{picture}</details>", escaped(text))
                }
            };
            let _ = writeln!(
                page,
                "<tr><td>{}{told}</td><td class=\"n\">{}</td><td class=\"{class}\">{}</td></tr>",
                escaped(&item.title),
                points_of(item),
                word(item)
            );
        }
        page.push_str("</table>\n");
    }
    page.push_str("</body>\n</html>\n");
    page
}
