//! Each broken rule is found and said in its sentence; who breaks none is not accused.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

use std::process::{Command, Output};

fn toy_guards(id: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_toy-guards")).args(["--replay", id, "--seed", "1"]).output().unwrap()
}

fn passes(id: &str) {
    let output = toy_guards(id);
    assert!(output.status.success(), "{output:?}");
}

/// The report as one line, which must have all of `parts`.
fn says(id: &str, parts: &[&str]) {
    let output = toy_guards(id);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with("FAIL"), "{text}");
    assert!(text.lines().count() <= faultline::report::MAX_LINES, "{text}");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    parts.iter().for_each(|part| assert!(line.contains(part), "{part:?} is not in:\n{text}"));
}

#[test]
fn who_breaks_no_rule_is_not_accused() {
    ["None", "NoneSearched", "Unusual", "UnusualSearched"].into_iter().for_each(passes);
}

const TWICE: &str = "Desk::on_datagram does not do the same twice for the same events: first it sends";

#[test]
fn the_order_of_a_hash_map_is_told() {
    const ORDER: &str = "the same things in another order: probably the iteration over a HashMap";
    ["MapOrder", "MapOrderSearched"].into_iter().for_each(|id| says(id, &[TWICE, ORDER]));
    says("MapOrderFails", &[TWICE, ORDER, "The run itself ended so: The answers are not sorted."]);
    says("MapFirst", &[TWICE, "what comes first in a HashMap"]);
}

#[test]
fn the_computer_s_clock_is_told() {
    says("Clock", &[TWICE, "time or randomness that is not from ctx"]);
    says(
        "ClockInState",
        &["Desk::on_datagram leaves different states for the same events", "computer's clock"],
    );
}

#[test]
fn state_outside_the_machine_is_told() {
    const KEPT: &str = "remembered outside the machine: probably a static, a thread_local";
    ["Static", "StaticSearched", "ThreadLocal"].into_iter().for_each(|id| says(id, &[TWICE, KEPT]));
}

#[test]
fn a_clone_that_shares_state_is_told() {
    const SHARES: &str = "A clone of Desk shares state with its original";
    ["SharedCell", "SharedCellSearched"].into_iter().for_each(|id| says(id, &[SHARES, "Look for Rc"]));
}

#[test]
fn a_hash_that_disagrees_with_equality_is_told() {
    const LEAVES_OUT: &str = "Two states of Desk are not equal (!=) and have the same hash";
    ["ConstantHash", "HashLeavesOut"].into_iter().for_each(|id| says(id, &[LEAVES_OUT, "Derive it."]));
    says("AlwaysEqual", &["Two states of Desk are equal (==) and have different hashes"]);
    says("HashOfMap", &["Desk::on_datagram leaves different states", "the iteration over a HashMap"]);
}

#[test]
fn equality_that_leaves_out_what_matters_is_told() {
    const SENTENCE: &str = "Two states of Desk are equal (==), but do different things with the same event";
    ["BothLeaveOut", "BothLeaveOutSearched"].into_iter().for_each(|id| says(id, &[SENTENCE]));
}

#[test]
fn sending_without_end_is_told() {
    const END: &str = "it sends, sets timers, writes or notifies without end";
    const PLACE: &str = "at harness/src/bin/toy-guards/desk.rs:";
    ["SendsWithoutEnd", "SendsMuch"].into_iter().for_each(|id| says(id, &[END, PLACE]));
    says("EverMore", &["machines answer each other with ever more"]);
}

#[test]
fn a_function_that_differs_from_call_to_call_is_named() {
    says(
        "Draw",
        &["did not end the same way", "The function draw does not return the same twice", "First: It drew"],
    );
}

#[test]
fn the_story_of_a_difference_is_told_in_the_words_of_the_role() {
    says(
        "StaticAsker",
        &[
            "Asker::on_command does not do the same twice for the same events: first it is answered",
            "Asker is asked to ask about 1: sends note 01, sets timer Waiting to 200ms, is answered 0000",
            "Asker a fresh machine, same events: sends note 01, sets timer Waiting to 200ms, is answered 0000",
        ],
    );
}
