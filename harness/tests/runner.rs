//! What students and test runners see of a lab's test program, from outside.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

use std::process::{Command, Output};

fn toy_lab(options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_toy-lab")).args(options).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_list_is_what_nextest_reads() {
    let all = toy_lab(&["--list", "--format", "terse"]);
    assert!(all.status.success());
    assert_eq!(stdout(&all).lines().next(), Some("A1_a_right_program_passes: test"));
    assert_eq!(stdout(&all).lines().count(), 8);
    assert_eq!(stdout(&toy_lab(&["--list", "--format", "terse", "--ignored"])), "");
}

#[test]
fn a_right_program_passes_and_its_own_output_is_let_through() {
    let output = toy_lab(&["--exact", "A1_a_right_program_passes", "--nocapture"]);
    assert!(output.status.success());
    assert!(stdout(&output).contains("student output is let through"));
}

fn failing(name: &str) -> String {
    let output = toy_lab(&["--exact", name, "--nocapture"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = stdout(&output);
    assert!(text.lines().count() <= faultline::report::MAX_LINES, "{text}");
    assert!(text.contains("Replay   cargo lab replay toy-A"), "{text}");
    text
}

#[test]
fn a_panic_is_told_with_its_place_and_its_story() {
    let text = failing("A2_a_panic_is_told");
    assert!(text.contains("Your code panicked at harness/src/bin/toy-lab/courier.rs:"), "{text}");
    assert!(text.contains("no more parcels"), "{text}");
    assert!(text.contains("door     receives"), "{text}");
}

#[test]
fn an_exit_with_code_zero_is_no_pass() {
    let text = failing("A3_an_exit_is_no_pass");
    assert!(text.contains("Your code ended the test process (exit status: 0)"), "{text}");
}

#[test]
fn what_a_function_was_asked_for_is_told_when_it_ends_the_process() {
    let text = failing("A8_what_a_function_was_asked_for_is_told_when_it_ends_the_process");
    assert!(text.contains("(exit status: 3) while ending with 3"), "{text}");
}

#[test]
fn a_handler_that_never_returns_is_named() {
    let text = failing("A4_a_loop_without_end_is_told");
    assert!(text.contains("Door::on_datagram has run for ten seconds and did not return"), "{text}");
}

#[test]
fn a_scenario_that_breaks_is_never_the_students_fault() {
    assert!(failing("A5_a_scenario_that_breaks_is_the_kit_s_fault").starts_with("ERROR"));
    assert!(failing("A6_a_fault_that_never_happens_is_the_kit_s_fault").contains("not judged"));
}

#[test]
fn replay_shows_the_whole_story_also_of_a_run_that_passes() {
    let output = toy_lab(&["--replay", "A1", "--seed", "2", "--full"]);
    assert!(output.status.success());
    let text = stdout(&output);
    assert!(text.contains("The whole story (simulation, seed 2"), "{text}");
    assert!(text.contains("courier  is asked to carry 1"), "{text}");
    let again = stdout(&toy_lab(&["--replay", "A1", "--seed", "2", "--full"]));
    assert_eq!(text, again);
}

#[test]
fn the_table_has_every_scenario_and_the_sum() {
    let text = stdout(&toy_lab(&["--score"]));
    assert!(text.contains("2/16"), "{text}");
    assert!(text.contains("ERROR") && text.contains("FAILED") && text.contains("passed"), "{text}");
}

#[test]
fn mistakes_on_the_command_line_are_said() {
    let output = toy_lab(&["--replay", "Z9"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("toy-lab has no scenario Z9; it has A1 A2"), "{text}");
    assert_eq!(toy_lab(&["--drive"]).status.code(), Some(2));
}

#[test]
fn a_failure_leaves_a_trace_that_replays() {
    assert!(failing("A2_a_panic_is_told").contains("lab/toy-A2.html"));
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_toy-lab"));
    let target = program.parent().and_then(std::path::Path::parent).unwrap();
    let trace = target.join("lab/toy-A2.jsonl");
    let file = faultline::trace_file::TraceFile::parse(&std::fs::read_to_string(&trace).unwrap()).unwrap();
    assert_eq!(file.header.scenario, "A2");
    let page = std::fs::read_to_string(target.join("lab/toy-A2.html")).unwrap();
    assert!(page.contains("no more parcels") && page.contains("<svg"), "{page}");
    assert!(file.records.iter().any(|record| record.state.is_some()));
    let again = toy_lab(&["--replay-file", trace.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stdout(&again).contains("no more parcels"));
    let nothing = toy_lab(&["--replay-file", "nowhere.jsonl"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8(nothing.stderr).unwrap().starts_with("nowhere.jsonl: "));
}

#[test]
fn a_failing_simulation_is_shown_with_only_the_faults_that_it_needs() {
    let text = failing("A2_a_panic_is_told");
    assert!(text.contains("0 faults"), "a panic on the second parcel needs no fault: {text}");
}

#[test]
fn a_replay_of_code_that_exits_says_so() {
    let output = toy_lab(&["--replay", "A3"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("Your code ended the test process (exit status: 0)"), "{output:?}");
}

#[test]
fn a_notice_that_was_told_before_is_told_again() {
    let text = failing("A7_a_copy_that_is_taken_is_told_as_such");
    assert!(text.contains("Expected: the door says nothing to the application. But again it is"), "{text}");
}

#[test]
fn a_line_that_is_printed_once_in_a_script_is_read_once() {
    for options in
        [&["--exact", "A7_a_copy_that_is_taken_is_told_as_such"][..], &["--replay", "A7", "--full"]]
    {
        let text = stdout(&toy_lab(options));
        assert_eq!(text.matches("somebody knocks\n").count(), 2, "two knocks: {text}");
    }
}

#[test]
fn the_path_of_a_picture_opens_from_where_the_student_is() {
    let course = tempfile::tempdir().unwrap();
    let folder = course.path().canonicalize().unwrap();
    let program = folder.join("target/debug/toy-lab");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_toy-lab"), &program).unwrap();
    std::fs::write(folder.join("Cargo.toml"), "").unwrap();
    let picture = |shell: &std::path::Path| {
        let mut command = Command::new(&program);
        let output = command.args(["--replay", "A7"]).current_dir(course.path()).env("PWD", shell).output();
        let text = stdout(&output.unwrap());
        let line = text.lines().find_map(|line| line.strip_prefix("  Picture  ")).map(String::from);
        line.unwrap_or_else(|| panic!("no picture: {text}"))
    };
    assert_eq!(picture(&folder), "target/lab/toy-A7.html");
    let whole = folder.join("target/lab/toy-A7.html");
    assert!(whole.is_file());
    for elsewhere in [folder.join("target"), folder.join("nowhere"), std::path::PathBuf::from("/")] {
        assert_eq!(picture(&elsewhere), whole.to_str().unwrap());
    }
}
