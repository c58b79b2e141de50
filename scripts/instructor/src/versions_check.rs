//! solutions-private is a workspace of its own and cannot inherit the root's tables, so it repeats them. This check
//! keeps the two from drifting apart: each dependency that solutions-private names is the root's, and so are the
//! packages' edition, compiler and licence, and the lints.

use crate::finding::{self, Finding};
use crate::kit::{Kit, normal};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use toml::{Table, Value};

const COPY: &str = "solutions-private/Cargo.toml";
const ORIGINAL: &str = "Cargo.toml";
const EQUAL_TABLES: [&str; 2] = ["lints", "package"];

/// Compares the two manifests.
pub(crate) fn run(kit: &Kit) -> io::Result<ExitCode> {
    let (original, copy) = (kit.read(ORIGINAL)?, kit.read(COPY)?);
    let findings = compare(&original, &copy)?;
    Ok(finding::report(&findings, "versions: solutions-private and the root agree"))
}

fn compare(original: &str, copy: &str) -> io::Result<Vec<Finding>> {
    let original_workspace = workspace(ORIGINAL, original)?;
    let copy_workspace = workspace(COPY, copy)?;
    let mut findings = Vec::new();
    for (name, value) in &table(&copy_workspace, "dependencies") {
        let same = table(&original_workspace, "dependencies").get(name).map(|value| dependency(value, ""));
        if same.as_ref() != Some(&dependency(value, "solutions-private")) {
            let text = match same {
                None => format!(
                    "{name} is not in the root's [workspace.dependencies]: add it there with its reason"
                ),
                Some(same) => {
                    format!("{name} differs from the root's, which is {same}: write the same in both")
                }
            };
            findings.push(Finding::new(COPY, line_of(copy, name), text));
        }
    }
    for name in EQUAL_TABLES {
        let (ours, theirs) = (table(&original_workspace, name), table(&copy_workspace, name));
        if ours != theirs {
            let heading = format!("[workspace.{name}");
            let text = format!("{heading}] differs from the root's: write the same in both");
            findings.push(Finding::new(COPY, line_of(copy, &heading), text));
        }
    }
    Ok(findings)
}

fn workspace(file: &str, text: &str) -> io::Result<Table> {
    let manifest: Table = text.parse().map_err(|error| io::Error::other(format!("{file}: {error}")))?;
    Ok(table(&manifest, "workspace"))
}

fn table(parent: &Table, name: &str) -> Table {
    parent.get(name).and_then(Value::as_table).cloned().unwrap_or_default()
}

/// A dependency in its long form, with its path from the kit's root and its features in order.
fn dependency(value: &Value, folder: &str) -> Table {
    let mut long = match value {
        Value::Table(table) => table.clone(),
        short => Table::from_iter([("version".to_owned(), short.clone())]),
    };
    if let Some(Value::String(path)) = long.get_mut("path") {
        let from_root: PathBuf = normal(&Path::new(folder).join(&*path));
        *path = from_root.display().to_string();
    }
    if let Some(Value::Array(features)) = long.get_mut("features") {
        features.sort_by_key(|feature| feature.to_string());
    }
    long
}

/// The first line that begins with `start`; 1 when there is none.
fn line_of(text: &str, start: &str) -> usize {
    text.lines().position(|line| line.starts_with(start)).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace.package]\nedition = \"2024\"\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n\
        [workspace.dependencies]\nkit = { path = \"harness\" }\ntokio = { version = \"1\", features = [\"rt\", \"net\"] }\nserde = \"1\"\n";

    fn copy(from: &str, to: &str) -> String {
        let text = ROOT.replace("\"harness\"", "\"../harness\"");
        assert!(text.contains(from), "the test replaces nothing");
        text.replace(from, to)
    }

    fn finding_of(copy: &str) -> String {
        let findings = compare(ROOT, copy).unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings[0].to_string()
    }

    #[test]
    fn a_path_from_the_other_folder_another_order_and_the_long_form_are_equal() {
        assert_eq!(compare(ROOT, &copy("", "")).unwrap(), []);
        assert_eq!(compare(ROOT, &copy("\"rt\", \"net\"", "\"net\", \"rt\"")).unwrap(), []);
        assert_eq!(compare(ROOT, &copy("serde = \"1\"", "serde = { version = \"1\" }")).unwrap(), []);
    }

    #[test]
    fn a_dependency_that_only_the_root_has_is_fine() {
        assert_eq!(compare(ROOT, &copy("serde = \"1\"", "")).unwrap(), []);
    }

    #[test]
    fn another_version_feature_or_path_is_found_with_its_line() {
        assert!(
            finding_of(&copy("serde = \"1\"", "serde = \"2\""))
                .starts_with("solutions-private/Cargo.toml:8: serde differs")
        );
        assert!(finding_of(&copy(", \"net\"", "")).contains(":7: tokio differs"));
        assert!(finding_of(&copy("../harness", "harness")).contains(":6: kit differs"));
    }

    #[test]
    fn a_dependency_that_the_root_lacks_is_found() {
        assert!(
            finding_of(&format!("{}extra = \"1\"\n", copy("", "")))
                .contains(":9: extra is not in the root's")
        );
    }

    #[test]
    fn another_lint_or_edition_is_found() {
        assert!(finding_of(&copy("forbid", "deny")).contains(":3: [workspace.lints] differs"));
        assert!(finding_of(&copy("2024", "2021")).contains(":1: [workspace.package] differs"));
    }
}
