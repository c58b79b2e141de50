//! The program `mr` as its users meet it: what it takes, what it says, and with which code it ends.

#![expect(clippy::unwrap_used, reason = "the helpers of these tests are tests as well")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MR: &str = env!("CARGO_BIN_EXE_mr");

const FOX: &str = "the quick brown fox\nthe fox ate the mouse\nhow now brown cow\n";

/// A folder of this test's own, with the file `fox`.
fn place(test: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mr").join(test);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("fox"), FOX).unwrap();
    place
}

fn mr(place: &Path, arguments: &[&str]) -> Output {
    Command::new(MR).args(arguments).current_dir(place).output().unwrap()
}

fn run(place: &Path, more: &[&str]) -> Output {
    mr(place, &[&["run", "--out", "out"], more].concat())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_job_and_its_result() {
    let place = place("a_job_and_its_result");
    let done = run(&place, &["--app", "wc", "--inputs", "fox", "--reduces", "2", "--split-size", "1"]);
    assert_eq!((done.status.code(), said(&done)), (Some(0), String::new()));
    let words = String::from_utf8(done.stdout).unwrap();
    assert!(
        words.starts_with("3 records, 13 pairs, 12 of them written, 9 keys\ntasks: 3 map, 2 reduce; "),
        "{words}"
    );
    assert!(words.ends_with("; the results: mr cat out\n"), "{words}");
    assert_eq!(names(&place.join("out")), ["done", "out-0", "out-1"]);
    let cat = mr(&place, &["cat", "out"]);
    let expected = "ate\t1\nbrown\t2\ncow\t1\nfox\t2\nhow\t1\nmouse\t1\nnow\t1\nquick\t1\nthe\t3\n";
    assert_eq!((cat.status.code(), String::from_utf8(cat.stdout).unwrap()), (Some(0), expected.to_string()));
}

#[test]
fn the_summary_as_json_and_intermediate_files_to_look_at() {
    let place = place("the_summary_as_json_and_intermediate_files_to_look_at");
    let more = ["--app", "wc", "--inputs", "fox", "--no-combiner", "--keep", "--json"];
    let done = run(&place, &more);
    let json = String::from_utf8(done.stdout).unwrap();
    for part in [
        "\"maps\":1",
        "\"reduces\":1",
        "\"records\":3",
        "\"emitted\":13",
        "\"written\":13",
        "\"keys\":9",
        "\"out\":\"out\"",
    ] {
        assert!(json.contains(part), "{part} is not in {json}");
    }
    assert_eq!(json.lines().count(), 1);
    assert_eq!(names(&place.join("out")), ["done", "mr-0-0", "out-0"]);
}

#[test]
fn wrong_arguments_are_named_with_what_is_legal_and_nothing_is_made() {
    let place = place("wrong_arguments_are_named_with_what_is_legal_and_nothing_is_made");
    for (arguments, word) in [
        (&["--app", "count"][..], "wc, grep, index, sum, own"),
        (&["--app", "grep"], "--pattern"),
        (&["--app", "wc", "--reduces", "0"], "1..=10000"),
        (&["--app", "wc", "--split-size", "0"], "at least 1"),
        (&["--app", "wc", "--split-size", "ten"], "K, M or G"),
        (&["--app", "wc", "--memory", "1K"], "64K"),
        (&["--app", "wc", "--split-size", "99999999999G"], "below 16 EiB"),
    ] {
        let done = run(&place, &[arguments, &["--inputs", "fox"]].concat());
        assert_eq!(done.status.code(), Some(2), "{arguments:?}");
        assert!(said(&done).contains(word), "{arguments:?} gave {}", said(&done));
    }
    assert_eq!(names(&place), ["fox"]);
}

#[test]
fn what_cannot_be_read_is_named_with_what_to_do() {
    let place = place("what_cannot_be_read_is_named_with_what_to_do");
    fs::create_dir(place.join("folder")).unwrap();
    for (file, hint) in [("missing", "check the name"), ("folder", "the files in it"), ("fox/x", "folder")] {
        let done = run(&place, &["--app", "wc", "--inputs", "fox", file]);
        assert_eq!(done.status.code(), Some(1));
        assert!(
            said(&done).starts_with(&format!("mr: {file}: ")) && said(&done).contains(hint),
            "{}",
            said(&done)
        );
        assert!(names(&place.join("out")).is_empty());
    }
    let strange = place.join(OsStr::from_bytes(b"b\xff"));
    fs::write(&strange, "x").unwrap();
    let arguments = ["run", "--app", "wc", "--out", "out", "--inputs"];
    let done = Command::new(MR).args(arguments).arg(&strange).current_dir(&place).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).contains("its name is not UTF-8"), "{}", said(&done));
}

#[test]
fn where_nothing_can_be_written_the_job_says_so() {
    let place = place("where_nothing_can_be_written_the_job_says_so");
    for out in ["fox", "fox/out", "/proc/nothing"] {
        let done = mr(&place, &["run", "--app", "wc", "--inputs", "fox", "--out", out]);
        assert_eq!(done.status.code(), Some(1), "{out}");
        assert!(said(&done).contains(out), "{}", said(&done));
    }
}

#[test]
fn only_a_folder_has_a_result() {
    let place = place("only_a_folder_has_a_result");
    for (dir, hint) in [("nowhere", "check the name"), ("fox", "must be a folder")] {
        let cat = mr(&place, &["cat", dir]);
        assert_eq!(cat.status.code(), Some(1));
        assert!(
            said(&cat).starts_with(&format!("mr: {dir}: ")) && said(&cat).contains(hint),
            "{}",
            said(&cat)
        );
    }
}

#[test]
fn a_file_that_may_not_grow_ends_the_job_and_nothing_is_left() {
    let place = place("a_file_that_may_not_grow_ends_the_job_and_nothing_is_left");
    let text: String = (0..20_000).map(|number| format!("word{number}\n")).collect();
    fs::write(place.join("long"), text).unwrap();
    // Of 512 or 1,024 bytes each, as the shell has it; the signal that comes with it is ignored.
    let limited = "trap '' XFSZ; ulimit -f 20; exec \"$0\" \"$@\"";
    let done = Command::new("sh")
        .args(["-c", limited, MR, "run", "--app", "wc", "--out", "out", "--inputs", "long"])
        .current_dir(&place)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(said(&done).starts_with("mr: tmp-"), "{}", said(&done));
    assert!(names(&place.join("out")).is_empty());
}

#[test]
fn wrong_input_is_named_by_file_and_line() {
    let place = place("wrong_input_is_named_by_file_and_line");
    fs::write(place.join("numbers"), "a\t1\nb two\n").unwrap();
    let done = run(&place, &["--app", "sum", "--inputs", "numbers"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        said(&done).starts_with("mr: numbers, line 2: ") && said(&done).contains("mend the input"),
        "{}",
        said(&done)
    );
    let cat = mr(&place, &["cat", "out"]);
    assert_eq!(cat.status.code(), Some(1));
    assert!(
        said(&cat).contains("there is no file done") && said(&cat).contains("run it again"),
        "{}",
        said(&cat)
    );
}

#[test]
fn no_files_are_no_mistake_and_who_reads_only_the_beginning_gets_it() {
    let place = place("no_files_are_no_mistake_and_who_reads_only_the_beginning_gets_it");
    let done = run(&place, &["--app", "wc", "--inputs"]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(mr(&place, &["cat", "out"]).stdout.is_empty());
    let text: String = (0..50_000).map(|number| format!("word{number}\n")).collect();
    fs::write(place.join("long"), text).unwrap();
    run(&place, &["--app", "wc", "--inputs", "long"]);
    let head = Command::new("sh")
        .args(["-c", "{ \"$0\" cat out; echo $? >&2; } | head -n 1", MR])
        .current_dir(&place)
        .output()
        .unwrap();
    assert_eq!((head.stdout.as_slice(), said(&head).as_str()), (b"word0\t1\n".as_slice(), "0\n"));
}
