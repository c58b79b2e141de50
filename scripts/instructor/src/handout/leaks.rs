//! What must not be in a hand-out: text of solutions, names of hidden scenarios, markers, and where it was made.

use super::Tree;
use crate::finding::Finding;
use crate::judge;
use crate::kit::Kit;
use crate::markers;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;

/// So many lines in a row that say something are no accident,
const LINES: usize = 3;
/// when they have so many characters.
const CHARACTERS: usize = 90;

/// Everything that must not be there.
pub(super) fn find(kit: &Kit, tree: &Tree) -> io::Result<Vec<Finding>> {
    let solutions = solutions(kit)?;
    let secrets = secrets(kit)?;
    let mut findings = vec![];
    for (path, content) in tree {
        let text = String::from_utf8_lossy(&content.bytes);
        findings.extend(in_text(path, &text, &solutions, &secrets));
    }
    Ok(findings)
}

/// Words that no file may have, and why.
fn secrets(kit: &Kit) -> io::Result<Vec<(String, &'static str)>> {
    let mut secrets = vec![
        ("SOLUTION".to_string(), "a marker of the reference solutions"),
        (kit.root().display().to_string(), "the folder in which the hand-out was made"),
    ];
    let plans = judge::plans(&[])?;
    let public: BTreeSet<&str> = plans
        .iter()
        .flat_map(|plan| &plan.scenarios)
        .filter(|planned| !planned.hidden)
        .map(|planned| planned.scenario.hint)
        .collect();
    for scenario in hidden_scenarios::suites().into_iter().flat_map(|suite| suite.scenarios) {
        secrets.push((scenario.id.into(), "the id of a hidden scenario"));
        secrets.push((scenario.name.into(), "the name of a hidden scenario"));
        // Some have the words of a public one.
        if !public.iter().any(|hint| hint.contains(scenario.hint)) {
            secrets.push((scenario.hint.into(), "the hint of a hidden scenario"));
        }
    }
    Ok(secrets)
}

/// The lines of the solutions' own parts, some in a row, and where they are.
fn solutions(kit: &Kit) -> io::Result<HashMap<String, String>> {
    let mut windows = HashMap::new();
    for lab in kit.labs("solutions-private")? {
        for path in kit.files(lab.join("src"))? {
            let text = kit.read(&path)?;
            for block in markers::solutions(&text) {
                for (line, window) in windows_of(&block) {
                    windows.entry(window).or_insert_with(|| format!("{}, {line:?}", path.display()));
                }
            }
        }
    }
    Ok(windows)
}

/// Some lines in a row, each without its blanks at both ends, with the first of them as it is. Lines that say nothing do not count.
fn windows_of(text: &str) -> Vec<(String, String)> {
    let says_something = |line: &&str| line.chars().filter(|letter| letter.is_alphanumeric()).count() > 3;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(says_something).collect();
    let windows = lines.windows(LINES).map(|window| (window[0].to_string(), window.join("\n")));
    windows.filter(|(_, window)| window.len() >= CHARACTERS).collect()
}

fn in_text(
    path: &Path,
    text: &str,
    solutions: &HashMap<String, String>,
    secrets: &[(String, &'static str)],
) -> Vec<Finding> {
    let mut findings = vec![];
    for (number, line) in (1..).zip(text.lines()) {
        for (secret, what) in secrets.iter().filter(|(secret, _)| has_word(line, secret)) {
            findings.push(Finding::new(path.display(), number, format!("{what} is here: {secret}")));
        }
    }
    for (first, window) in windows_of(text) {
        if let Some(place) = solutions.get(&window) {
            let number = text.lines().position(|line| line.trim() == first).map_or(1, |index| index + 1);
            findings.push(Finding::new(
                path.display(),
                number,
                format!("lines of a solution are here: {place}"),
            ));
        }
    }
    findings
}

/// Whether a text is in a line and no part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let is_letter =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    !word.is_empty()
        && line.match_indices(word).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + word.len()..]);
            !is_letter(before.chars().next_back()) && !is_letter(after.chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "let window = self.window.min(self.congestion);\n\nself.in_flight.retain(|segment| segment.number >= \
                         acknowledged);\n}\nself.next = self.next.max(acknowledged);\n";

    fn found(text: &str) -> Vec<String> {
        let solutions = windows_of(BLOCK).into_iter().map(|(_, window)| (window, "x.rs".into())).collect();
        let secrets = [("HA1".to_string(), "an id"), ("SOLUTION".into(), "a marker")];
        let findings = in_text(Path::new("a.rs"), text, &solutions, &secrets);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_of_a_solution_are_found_however_they_are_indented() {
        let indented: String = BLOCK.lines().map(|line| format!("        {line}\n")).collect();
        assert_eq!(found(&format!("fn x() {{\n{indented}")).len(), 1);
        let without_one: String = BLOCK.lines().skip(2).map(|line| format!("{line}\n")).collect();
        assert!(found(&without_one).is_empty());
    }

    #[test]
    fn secrets_are_found_as_words() {
        assert_eq!(found("a\nsee HA1, or (HA1)"), ["a.rs:2: an id is here: HA1"]);
        assert_eq!(found("// SOLUTION").len(), 1);
        assert!(found("HA11 SHA1 RESOLUTION").is_empty());
    }
}
