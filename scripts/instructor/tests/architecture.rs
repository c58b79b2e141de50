//! ARCHITECTURE.md names the test that observes each fault in each world; every one of them must be there.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the harness is there").flatten().map(|entry| entry.path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn every_test_that_the_table_of_faults_names_exists() {
    let text = fs::read_to_string(Path::new(ROOT).join("ARCHITECTURE.md")).expect("the file is there");
    let (_, section) = text.split_once("## Every fault in every world").expect("the table is there");
    let table: Vec<&str> = section.lines().filter(|line| line.starts_with('|')).collect();
    let is_test = |name: &&str| name.matches('_').count() > 2 && !name.contains(['.', '/', ' ']);
    let named: Vec<&str> =
        table.iter().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(is_test).collect();
    assert!(table.len() > 15 && named.len() > 40, "{} rows, {} tests", table.len(), named.len());
    let harness = Path::new(ROOT).join("harness");
    let code: String =
        sources(&harness).iter().map(|path| fs::read_to_string(path).expect("it is text")).collect();
    let missing: Vec<_> = named.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
