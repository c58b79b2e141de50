//! `instructor skeleton` from outside, on a small kit of its own: what it writes, refuses and removes.

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use std::process;
use tempfile::TempDir;

const MANIFEST: &str = "# kept as it is\n[package]\nname = \"lab1-a\"\n";
const SOLUTION: &str = "//! A lab.\n\n// SOLUTION\nuse std::fmt;\n// END SOLUTION\n\n/// Adds.\npub fn add(a: u8, b: u8) -> u8 {\n    \
    // SOLUTION: todo!(\"lab 1, part A: add\")\n    a + b\n    // END SOLUTION\n}\n";
const SKELETON: &str =
    "//! A lab.\n\n/// Adds.\npub fn add(a: u8, b: u8) -> u8 {\n    todo!(\"lab 1, part A: add\")\n}\n";

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the test's folder is writable");
    fs::write(path, text).expect("the test's folder is writable");
}

fn small_kit() -> TempDir {
    let kit = tempfile::tempdir().expect("the system has a folder for temporary files");
    write(kit.path(), "rustfmt.toml", "use_small_heuristics = \"Max\"\n");
    write(kit.path(), "solutions-private/lab1-a/Cargo.toml", MANIFEST);
    write(kit.path(), "solutions-private/lab1-a/src/lib.rs", SOLUTION);
    write(kit.path(), "solutions-private/lab1-a/src/deep/mod.rs", "//! Deep.\n");
    write(kit.path(), "solutions-private/lab1-a/notes.md", "never handed out");
    write(kit.path(), "solutions-private/hidden/src/lib.rs", "//! Never handed out.\n");
    write(kit.path(), "skeleton/README.md", "written by hand");
    kit
}

/// The command's exit code and what it printed to either output.
fn skeleton(root: &Path, options: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::cargo_bin("instructor").expect("this package has the program");
    let output = command.arg("skeleton").args(options).arg("--root").arg(root).output().expect("it starts");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).expect("it prints text"))
}

fn git(root: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    let status = process::Command::new("git").args(identity).args(arguments).current_dir(root).status();
    assert!(status.expect("git is installed").success(), "git {arguments:?}");
}

#[test]
fn it_writes_manifests_and_sources_and_nothing_else() {
    let kit = small_kit();
    let (code, printed) = skeleton(kit.path(), &[]);
    assert_eq!((code, printed.as_str()), (Some(0), "skeleton: 3 files, 3 of them changed\n"));
    let read = |file: &str| fs::read_to_string(kit.path().join("skeleton").join(file)).unwrap();
    assert_eq!(read("lab1-a/Cargo.toml"), MANIFEST);
    assert_eq!(read("lab1-a/src/lib.rs"), SKELETON);
    assert_eq!(read("lab1-a/src/deep/mod.rs"), "//! Deep.\n");
    assert_eq!(read("README.md"), "written by hand");
    assert!(!kit.path().join("skeleton/lab1-a/notes.md").exists());
    assert!(!kit.path().join("skeleton/hidden").exists());
    assert_eq!(skeleton(kit.path(), &["--check"]).0, Some(0));
}

#[test]
fn what_is_left_is_formatted() {
    let kit = small_kit();
    let source = "pub fn a(\n    // SOLUTION\n    b: u8,\n    // END SOLUTION\n    c: u8,\n) {\n}\n";
    write(kit.path(), "solutions-private/lab1-a/src/lib.rs", source);
    skeleton(kit.path(), &[]);
    let text = fs::read_to_string(kit.path().join("skeleton/lab1-a/src/lib.rs")).unwrap();
    assert_eq!(text, "pub fn a(c: u8) {}\n");
}

#[test]
fn a_check_lists_each_difference_with_its_line_and_writes_nothing() {
    let kit = small_kit();
    skeleton(kit.path(), &[]);
    let edited = SKELETON.replace("todo!(\"lab 1, part A: add\")", "a + b");
    write(kit.path(), "skeleton/lab1-a/src/lib.rs", &edited);
    write(kit.path(), "skeleton/lab9-old/src/lib.rs", "");
    fs::remove_file(kit.path().join("skeleton/lab1-a/Cargo.toml")).unwrap();
    let (code, printed) = skeleton(kit.path(), &["--check"]);
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!((code, lines.len()), (Some(1), 3), "{printed}");
    assert!(lines[0].starts_with("skeleton/lab1-a/Cargo.toml:1: is missing"), "{printed}");
    assert!(lines[1].starts_with("skeleton/lab1-a/src/lib.rs:5: differs"), "{printed}");
    assert!(lines[2].starts_with("skeleton/lab9-old/src/lib.rs:1: has no source"), "{printed}");
    assert_eq!(fs::read_to_string(kit.path().join("skeleton/lab1-a/src/lib.rs")).unwrap(), edited);
}

#[test]
fn files_without_a_source_go_with_their_folders() {
    let kit = small_kit();
    write(kit.path(), "skeleton/lab9-old/src/deep/mod.rs", "");
    assert_eq!(skeleton(kit.path(), &[]).0, Some(0));
    assert!(!kit.path().join("skeleton/lab9-old").exists());
}

#[test]
fn a_misused_marker_is_told_with_its_place_and_nothing_is_written() {
    let kit = small_kit();
    write(
        kit.path(),
        "solutions-private/lab1-a/src/lib.rs",
        "//! A lab.\n//SOLUTION\nfn a() {}\n// END SOLUTION\n",
    );
    let (code, printed) = skeleton(kit.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(printed.starts_with("solutions-private/lab1-a/src/lib.rs:2: looks like a marker"), "{printed}");
    assert!(
        printed.contains("solutions-private/lab1-a/src/lib.rs:4: `// END SOLUTION` without a block"),
        "{printed}"
    );
    assert!(!kit.path().join("skeleton/lab1-a").exists());
}

#[test]
fn a_lab_without_sources_is_told_and_nothing_is_written() {
    let kit = small_kit();
    write(kit.path(), "solutions-private/lab2-b/Cargo.toml", MANIFEST);
    let (code, printed) = skeleton(kit.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(printed.starts_with("solutions-private/lab2-b/Cargo.toml:1: this lab has no src"), "{printed}");
    assert!(!kit.path().join("skeleton/lab1-a").exists());
}

#[test]
fn what_is_no_longer_rust_without_the_solution_is_told() {
    let kit = small_kit();
    write(kit.path(), "solutions-private/lab1-a/src/lib.rs", "fn a() {\n// SOLUTION\n}\n// END SOLUTION\n");
    let (code, printed) = skeleton(kit.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(printed.starts_with("solutions-private/lab1-a/src/lib.rs:1: rustfmt cannot read"), "{printed}");
}

#[test]
fn work_that_git_has_not_got_is_overwritten_only_by_force() {
    let repository = tempfile::tempdir().unwrap();
    let kit = small_kit();
    // The kit may be a folder of a larger repository.
    let root = repository.path().join("course");
    fs::rename(kit.path(), &root).unwrap();
    skeleton(&root, &[]);
    git(repository.path(), &["init", "--quiet"]);
    git(repository.path(), &["add", "."]);
    git(repository.path(), &["commit", "--quiet", "--message", "a"]);

    let work = SKELETON.replace("todo!(\"lab 1, part A: add\")", "a + b");
    write(&root, "skeleton/lab1-a/src/lib.rs", &work);
    let (code, printed) = skeleton(&root, &[]);
    assert_eq!(code, Some(1));
    assert!(
        printed.starts_with("skeleton/lab1-a/src/lib.rs:1: git shows this file as modified"),
        "{printed}"
    );
    assert_eq!(fs::read_to_string(root.join("skeleton/lab1-a/src/lib.rs")).unwrap(), work);

    assert_eq!(skeleton(&root, &["--force"]).0, Some(0));
    assert_eq!(fs::read_to_string(root.join("skeleton/lab1-a/src/lib.rs")).unwrap(), SKELETON);
}
