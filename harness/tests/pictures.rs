//! Pictures of real runs: they have the steps of the report, and every sign of what happened.

#[path = "../src/bin/toy-lab/courier.rs"]
mod courier;
#[path = "../src/bin/toy-lab/stories.rs"]
mod stories;

use faultline::Story;
use faultline::picture::{Heading, mermaid, page};

fn drawn(story: &Story) -> String {
    let heading = Heading { lab: "toy", id: "A1", name: "", reason: Some(""), seed: None, replay: "" };
    let page = page(&heading, story);
    let (_, rest) = page.split_once("<svg class=\"diagram\"").expect("a page has a diagram");
    rest.split_once("</svg></div>").expect("the diagram ends").0.into()
}

#[test]
fn a_picture_has_the_steps_of_the_report() {
    let failure = stories::caught();
    for story in [stories::stormy(), *failure.story.expect("a search tells a story")] {
        let drawn = drawn(&story);
        assert_eq!(drawn.matches("id=\"step=").count(), story.rows.len());
        for (index, row) in story.rows.iter().enumerate().filter(|(_, row)| !row.text.contains(['"', '\''])) {
            let label = format!("aria-label=\"Step {}, {}, {}: {}", index + 1, row.at, row.host, row.text);
            assert!(drawn.contains(&label), "{label}");
        }
    }
}

#[test]
fn a_picture_of_a_storm_has_every_sign() {
    let drawn = drawn(&stories::stormy());
    let marks = ["crash", "restart", "pause", "resume", "cut", "heal", "timer", "disk", "send", "copies"];
    let marks = marks.map(|mark| format!("class=\"m {mark}\""));
    let flights =
        ["lost", "copy", "late", "corrupted", "played", "open"].map(|it| format!("class=\"flight {it}"));
    for sign in marks.into_iter().chain(flights) {
        assert!(drawn.contains(&sign), "{sign}");
    }
    assert!(!drawn.contains("class=\"m other\""), "a change has no sign of its own");
    assert!(drawn.contains("class=\"paused\""));
}

#[test]
fn a_sequence_diagram_of_a_storm_has_every_fate() {
    let diagram = mermaid(&stories::stormy());
    let fates = [
        "h0->>h1: 14 ms, datagram 1, #34;report 1#34;\n",
        "h0--xh1:",
        "late#93;",
        "copy#93;",
        "corrupted#93;",
    ];
    for fate in fates {
        assert!(diagram.contains(fate), "{fate} is not in {diagram}");
    }
}
