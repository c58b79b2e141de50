//! The class as a page: how scores are distributed, which scenarios fail, where students stop, how long it took.

use super::duration;
use super::table::{Class, percent};
use crate::export::{STYLE, escaped};
use crate::grade_json::{Grade, ScenarioGrade, Status};
use faultline::report::short_lab;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) fn page(class: &Class) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>The class</title>\n<style>{STYLE}.bar{{fill:#3b6fb6}}text{{fill:currentColor;font:12px system-ui,sans-serif}}</style>\n\
         </head>\n<body>\n<h1>The class</h1>\n<p>{}</p>\n",
        escaped(&class.summary())
    );
    page.push_str(&histogram(class));
    not_graded(class, &mut page);
    scenarios(class, &mut page);
    first_failures(class, &mut page);
    flags(class, &mut page);
    time(class, &mut page);
    page.push_str("</body>\n</html>\n");
    page
}

/// How many students have how much of the points, in steps of ten percent.
fn histogram(class: &Class) -> String {
    const STEPS: usize = 10;
    let mut counts = [0_usize; STEPS];
    for (_, grade) in class.grades() {
        counts[((percent(grade) / 10.0) as usize).min(STEPS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let mut svg = String::from(
        "<h2>Scores</h2>\n<svg viewBox=\"0 0 620 190\" role=\"img\" aria-label=\"How many students have which share of the points\" \
         style=\"max-width:40rem;width:100%\">\n",
    );
    for (step, count) in counts.iter().enumerate() {
        let (x, height) = (10 + step * 60, 130 * count / most);
        let (top, label) = (
            150 - height,
            if step == STEPS - 1 { "90-100 %".into() } else { format!("{}-{} %", step * 10, step * 10 + 9) },
        );
        let _ = writeln!(
            svg,
            "<rect class=\"bar\" x=\"{x}\" y=\"{top}\" width=\"50\" height=\"{height}\"/><text x=\"{0}\" y=\"{1}\" \
             text-anchor=\"middle\">{count}</text><text x=\"{0}\" y=\"170\" text-anchor=\"middle\">{label}</text>",
            x + 25,
            top - 5
        );
    }
    svg + "</svg>\n"
}

fn not_graded(class: &Class, page: &mut String) {
    let errors =
        class.students.iter().filter_map(|(id, student)| Some((id, student.done.as_ref()?.error.as_ref()?)));
    for (number, (id, why)) in errors.enumerate() {
        if number == 0 {
            page.push_str(
                "<h2>Not graded</h2>\n<p>Start grade-class again: these are tried once more.</p>\n",
            );
        }
        let _ = writeln!(page, "<p class=\"failed\">{}: {}</p>", escaped(id), escaped(why));
    }
}

/// How often each scenario was lost, those that are lost most first; of labs that build.
fn scenarios(class: &Class, page: &mut String) {
    let mut lost: BTreeMap<(&str, &str), (&ScenarioGrade, usize, usize)> = BTreeMap::new();
    for (lab, scenario) in judged(class) {
        let entry = lost.entry((lab, &scenario.id)).or_insert((scenario, 0, 0));
        entry.1 += usize::from(scenario.status != Status::Passed);
        entry.2 += 1;
    }
    let mut lost: Vec<_> = lost.into_iter().filter(|(_, (_, lost, _))| *lost > 0).collect();
    lost.sort_by_key(|(name, (_, lost, of))| (std::cmp::Reverse(1000 * lost / of), *name));
    page.push_str("<h2>Scenarios that were lost</h2>\n<table>\n<tr><th>scenario</th><th class=\"n\">by</th><th class=\"n\">of</th></tr>\n");
    for ((lab, id), (scenario, lost, of)) in lost {
        let _ = writeln!(
            page,
            "<tr><td>{} {id} {}</td><td class=\"n\">{lost}</td><td class=\"n\">{of}</td></tr>",
            short_lab(lab),
            escaped(&scenario.name)
        );
    }
    page.push_str("</table>\n");
}

/// All scenarios of labs that were judged.
fn judged(class: &Class) -> impl Iterator<Item = (&str, &ScenarioGrade)> {
    let labs = class.grades().flat_map(|(_, grade)| grade.labs.iter()).filter(|lab| lab.gradable);
    labs.flat_map(|lab| lab.scenarios.iter().map(|scenario| (lab.lab.as_str(), scenario)))
}

/// The first scenario that each student has lost, in the order of the labs: where help would help.
fn first_failures(class: &Class, page: &mut String) {
    const SHOWN: usize = 15;
    let first = |grade: &Grade| {
        let all = grade.labs.iter().flat_map(|lab| lab.scenarios.iter().map(move |it| (lab, it)));
        let mut lost = all.filter(|(_, it)| it.status != Status::Passed);
        lost.next().map(|(lab, it)| match lab.gradable {
            true => format!("{} {} {}", short_lab(&lab.lab), it.id, it.name),
            false => format!("{} does not build or is missing", short_lab(&lab.lab)),
        })
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in class.grades().filter_map(|(_, grade)| first(grade)) {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
    page.push_str("<h2>What students lose first</h2>\n<table>\n<tr><th>scenario</th><th class=\"n\">students</th></tr>\n");
    for (name, count) in counts.into_iter().take(SHOWN) {
        let _ = writeln!(page, "<tr><td>{}</td><td class=\"n\">{count}</td></tr>", escaped(&name));
    }
    page.push_str("</table>\n");
}

/// What an instructor should read.
fn flags(class: &Class, page: &mut String) {
    let mut is_first = true;
    for (id, grade) in class.grades() {
        for flag in
            grade.labs.iter().flat_map(|lab| lab.flags.iter().map(move |flag| format!("{}: {flag}", lab.lab)))
        {
            if std::mem::take(&mut is_first) {
                page.push_str("<h2>To be looked at</h2>\n<table>\n<tr><th>student</th><th></th></tr>\n");
            }
            let _ = writeln!(page, "<tr><td>{}</td><td>{}</td></tr>", escaped(id), escaped(&flag));
        }
    }
    if !is_first {
        page.push_str("</table>\n");
    }
}

fn time(class: &Class, page: &mut String) {
    let seconds: Vec<f64> =
        class.students.values().filter_map(|student| Some(student.done.as_ref()?.seconds)).collect();
    let (sum, most) = (seconds.iter().sum::<f64>(), seconds.iter().copied().fold(0.0, f64::max));
    let _ = writeln!(
        page,
        "<h2>Time</h2>\n<p>{} for {} submissions, {} for the longest; several were graded at once.</p>",
        duration(sum),
        seconds.len(),
        duration(most)
    );
}
