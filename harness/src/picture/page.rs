//! A story as one HTML file that needs nothing else: the diagram, the list of steps, and what each machine was like.
//!
//! Invariant: the page loads nothing and runs no script but its own; what students wrote is escaped in the markup and is
//! only ever a text node in the script. Read next: `diagram.rs`, `page.js`.

use super::diagram::Diagram;
use super::drawable;
use super::marks::{self, Point, escape};
use super::steps::{Step, moment, states, steps};
use crate::text;
use crate::trace::{Record, RecordKind, Story};
use serde::Serialize;
use std::fmt::Write as _;

/// The most records that a page draws; of a longer story it has the end.
const MAX_RECORDS: usize = 2_000;

/// What stands above a picture.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// The lab, as in `lab2`.
    pub lab: &'a str,
    /// The scenario's id, as in `B3`.
    pub id: &'a str,
    /// The scenario's name.
    pub name: &'a str,
    /// Why it failed; `None` when it passed.
    pub reason: Option<&'a str>,
    /// The seed of the run, when it had one.
    pub seed: Option<u64>,
    /// The command that runs it again.
    pub replay: &'a str,
}

/// The story as one self-contained HTML page: a space-time diagram to step through.
#[must_use]
pub fn page(heading: &Heading<'_>, story: &Story) -> String {
    let story = drawable(story);
    let all = steps(&story.records);
    let shown = &all[first_shown(&all)..];
    let diagram = Diagram::new(&story, shown, heading.reason.is_some());
    fill(include_str!("page.html"), |name| match name {
        "title" => escape(&format!("{} {}: {}", heading.lab, heading.id, heading.name)),
        "style" => include_str!("page.css").into(),
        "script" => include_str!("page.js").into(),
        "lab" => escape(heading.lab),
        "id" => escape(heading.id),
        "name" => escape(heading.name),
        "reason" => escape(heading.reason.unwrap_or("It passes.")),
        "end" => if heading.reason.is_some() { "failed" } else { "passed" }.into(),
        "facts" => facts(heading, &story),
        "note" => note(&story, &all, shown),
        "names" => diagram.names(),
        "diagram" => diagram.svg(),
        "steps" => list(&story, shown),
        "legend" => legend(),
        "data" => data(&story, &all, shown),
        _ => String::new(),
    })
}

/// `template` with each `{{name}}` replaced once; what is put in is not looked at again.
fn fill(template: &str, part: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("the template closes its braces");
        out.push_str(before);
        out.push_str(&part(name));
        rest = after;
    }
    out + rest
}

/// The first of the steps that together have no more than [`MAX_RECORDS`] records; at least the last is shown.
fn first_shown(steps: &[Step]) -> usize {
    let Some(last) = steps.last() else { return 0 };
    let first = last.records.end.saturating_sub(MAX_RECORDS);
    steps.partition_point(|step| step.records.start < first).min(steps.len() - 1)
}

fn facts(heading: &Heading<'_>, story: &Story) -> String {
    let mut out = String::new();
    let mut fact = |term: &str, what: &str| {
        let _ = write!(out, "<div><dt>{term}</dt><dd>{}</dd></div>", escape(what));
    };
    fact("Story", &story.title);
    if let Some(seed) = heading.seed {
        fact("Seed", &seed.to_string());
    }
    let _ = write!(out, "<div><dt>Replay</dt><dd><code>{}</code></dd></div>", escape(heading.replay));
    out
}

fn note(story: &Story, all: &[Step], shown: &[Step]) -> String {
    let mut out = String::new();
    let hidden = all.len() - shown.len();
    if hidden > 0 {
        let kept = shown.iter().map(|step| step.records.len()).sum::<usize>();
        let _ = write!(
            out,
            r#"<p class="note">The story is long: {hidden} earlier steps are left out and the last {kept} records are shown.</p>"#
        );
    }
    if story.records.is_empty() {
        out.push_str(r#"<p class="note">Nothing happened in this story.</p>"#);
    }
    if story.title.starts_with("search") {
        out.push_str(
            r#"<p class="note">In a search every host has a clock of its own: read downwards, from step to step.</p>"#,
        );
    }
    out
}

fn list(story: &Story, shown: &[Step]) -> String {
    let mut out = String::new();
    for (step, number) in shown.iter().filter_map(|step| Some((step, step.number?))) {
        let text = text::line(&step.text(&story.records), MAX_TEXT);
        let _ = write!(
            out,
            r##"<li data-step="{number}"><a href="#step={number}"><b>{number}</b><span><i>{}</i> {}</span></a></li>"##,
            escape(step.who(&story.hosts)),
            escape(&text),
        );
    }
    out
}

/// The longest text of a step in the list, in characters.
const MAX_TEXT: usize = 300;

/// What the script needs: the steps and the states between them.
#[derive(Serialize)]
struct Data<'a> {
    steps: Vec<DataStep<'a>>,
    states: Vec<&'a str>,
}

#[derive(Serialize)]
struct DataStep<'a> {
    number: usize,
    at: String,
    who: &'a str,
    host: &'a str,
    records: Vec<DataRecord<'a>>,
    /// The host's state before and after, as indices of `states`.
    before: Option<usize>,
    after: Option<usize>,
    /// Whether the host is down afterwards.
    down: bool,
}

#[derive(Serialize)]
struct DataRecord<'a> {
    kind: RecordKind,
    text: &'a str,
    datagram: Option<u64>,
}

fn data(story: &Story, all: &[Step], shown: &[Step]) -> String {
    let told = states(&story.records);
    let mut data = Data { steps: vec![], states: vec![] };
    let mut latest: Vec<Option<usize>> = vec![None; story.hosts.len()];
    let mut down = vec![false; story.hosts.len()];
    for (index, step) in all.iter().enumerate() {
        let host = usize::from(step.host.0);
        let before = latest[host];
        for index in step.records.clone() {
            let is_new = |state: &&str| latest[host].is_none_or(|known| data.states[known] != *state);
            if let Some(state) = told[index].filter(is_new) {
                data.states.push(state);
                latest[host] = Some(data.states.len() - 1);
            }
            match story.records[index].kind {
                RecordKind::Crash => down[host] = true,
                RecordKind::Restart => down[host] = false,
                _ => {}
            }
        }
        let is_shown = index >= all.len() - shown.len();
        if let Some(number) = step.number.filter(|_| is_shown) {
            data.steps.push(DataStep {
                number,
                at: moment(step.at_ns),
                who: step.who(&story.hosts),
                host: &story.hosts[host],
                records: story.records[step.records.clone()].iter().map(record).collect(),
                before,
                after: latest[host],
                down: down[host],
            });
        }
    }
    let json = serde_json::to_string(&data).expect("names, texts and numbers are JSON");
    // Inside a script element nothing but "<" could end the data.
    text::line(&json, usize::MAX).replace('<', "\\u003c")
}

fn record(record: &Record) -> DataRecord<'_> {
    DataRecord { kind: record.kind, text: &record.text, datagram: record.datagram.filter(|it| *it > 0) }
}

/// The signs and what they mean.
fn legend() -> String {
    let mut out = String::new();
    let mut entry = |sign: &str, words: &str| {
        let _ = write!(
            out,
            r#"<li><svg width="54" height="22" viewBox="0 0 54 22" aria-hidden="true">{sign}</svg>{words}</li>"#
        );
    };
    let (start, tip) = (Point { x: 3.0, y: 11.0 }, Point { x: 51.0, y: 11.0 });
    let head = marks::head(start, tip);
    let way = |class: &str, path: &str, end: &str| {
        let inner =
            if class == "copy" { format!(r#"<path class="inner" d="{path}"/>"#) } else { String::new() };
        format!(r#"<g class="flight {class}"><path class="way" d="{path}"/>{inner}{end}</g>"#)
    };
    let (teeth, _) = marks::zigzag(Point { x: 8.0, y: 11.0 }, tip);
    entry(&way("", "M3 11H50", &head), "a datagram");
    entry(&way("lost", "M3 11H34", &marks::cross("mark", Point { x: 34.0, y: 11.0 }, 6.0)), "lost");
    entry(&way("copy", "M3 11H50", &head), "a copy");
    entry(&way("corrupted", &format!("M3 11H8{teeth}H50"), &head), "corrupted");
    entry(&way("late", "M3 11H50", &head), "late, overtaken");
    entry(&way("open", "M3 11H34", r#"<circle class="mark" cx="34" cy="11" r="4"/>"#), "still on the way");
    entry(&way("played", "M3 11H50", &head), "by the scenario");
    let at = Point { x: 27.0, y: 11.0 };
    let mut sign = |kind: RecordKind, words: &str| entry(&marks::at_line(kind, at), words);
    sign(RecordKind::Timer, "timer runs out");
    sign(RecordKind::Disk, "disk");
    sign(RecordKind::Crash, "crash, no line: down");
    sign(RecordKind::Restart, "up again");
    sign(RecordKind::Pause, "paused, hatched line");
    sign(RecordKind::Resume, "goes on");
    sign(RecordKind::Cut, "link cut");
    sign(RecordKind::Heal, "link whole again");
    let sign = |class: &str, corner: u8, points: &str| {
        format!(
            r#"<g class="sign {class}"><path d="{points}"/><rect x="18" y="2" width="34" height="18" rx="{corner}"/></g>"#
        )
    };
    entry(&sign("command", 2, "M4 11L14 6V16z"), "is asked");
    entry(&sign("notice", 9, "M14 11L4 6V16z"), "tells");
    out
}

#[cfg(test)]
mod tests {
    use super::super::samples::{every_kind, record, story, told};
    use super::*;

    const HEADING: Heading<'static> = Heading {
        lab: "lab2",
        id: "B3",
        name: "a copy is delivered once",
        reason: Some("The message was delivered twice."),
        seed: Some(7),
        replay: "cargo lab replay lab2-B3 --seed 7",
    };

    fn count(page: &str, what: &str) -> usize {
        page.matches(what).count()
    }

    /// The page without its style sheet, script and legend, which know every sign.
    fn drawn(story: &Story) -> String {
        let page = page(&HEADING, story);
        let (_, rest) = page.split_once("<svg class=\"diagram\"").expect("a page has a diagram");
        rest.split_once("</svg></div>").expect("the diagram ends").0.into()
    }

    #[test]
    fn a_page_tells_the_reason_and_how_to_replay_it_and_loads_nothing() {
        let page = page(&HEADING, &every_kind("hello"));
        for part in [
            "lab2",
            "B3",
            HEADING.name,
            "The message was delivered twice.",
            HEADING.replay,
            "default-src 'none'",
        ] {
            assert!(page.contains(part), "{part}");
        }
        for outside in ["http:", "https:", "//cdn", "@import", "url(h", " src="] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("{{") && !page.contains("}}"));
    }

    #[test]
    fn every_kind_of_record_and_of_flight_is_drawn() {
        let drawn = drawn(&every_kind("hello"));
        let signs = ["m start", "m send", "m timer", "m disk", "m crash", "m restart", "m copies", "m other"];
        let others = ["sign command", "sign notice", "flight lost", "flight copy corrupted", "label receive"];
        for sign in signs.into_iter().chain(others) {
            assert!(drawn.contains(&format!("class=\"{sign}\"")), "{sign} is not in {drawn}");
        }
    }

    #[test]
    fn a_host_has_no_line_while_it_is_down() {
        let change = |kind| told(kind, 1, "its words do not matter");
        let whole = drawn(&story([change(RecordKind::Other), change(RecordKind::Other)]));
        let broken = drawn(&story([change(RecordKind::Crash), change(RecordKind::Restart)]));
        assert_eq!((count(&whole, "class=\"line\""), count(&broken, "class=\"line\"")), (2, 3));
        assert!(drawn(&story([change(RecordKind::Pause)])).contains("class=\"paused\""));
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let hostile = "</script><script>alert(1)</script><img onerror=alert(2)>'\"{{script}}\u{202e}";
        let heading = Heading {
            lab: hostile,
            id: hostile,
            name: hostile,
            reason: Some(hostile),
            seed: None,
            replay: hostile,
        };
        let mut story = every_kind(hostile);
        story.hosts = vec![hostile.into(), hostile.into()];
        story.title = hostile.into();
        let page = page(&heading, &story);
        assert_eq!((count(&page, "<script"), count(&page, "</script"), count(&page, "<img")), (2, 2, 0));
        assert!(!page.contains('\u{202e}'));
        assert_eq!(count(&page, "'use strict'"), 1, "what is put in is not a template");
    }

    #[test]
    fn an_empty_story_and_one_of_rows_are_pages_too() {
        assert!(page(&HEADING, &Story::default()).contains("Nothing happened"));
        let rows = vec![crate::Row::new(crate::Time::ZERO, "server", "is killed")];
        assert_eq!(count(&page(&HEADING, &Story::new("live", rows)), "id=\"step="), 1);
    }

    #[test]
    fn of_a_long_story_the_end_is_shown_and_the_rest_is_counted() {
        let ping = |n: u64| {
            [record(RecordKind::Send, 0, 1, n, "ping"), record(RecordKind::Receive, 1, 0, n, "ping")]
        };
        let story = story((1..=2_500).flat_map(ping));
        let page = page(&HEADING, &story);
        assert!(page.contains("the last 2000 records are shown"));
        assert!(page.contains("id=\"step=5000\"") && !page.contains("id=\"step=3000\""));
        assert_eq!(count(&page, "id=\"step="), 2_000);
        assert_eq!(count(&drawn(&story), "class=\"flight "), 1_000);
    }

    #[test]
    fn only_the_last_step_fails() {
        let page = page(&HEADING, &every_kind("hello"));
        assert_eq!(count(&page, "class=\"step fails\""), 1);
        assert_eq!(count(&page, ". Here it fails\""), 1);
    }

    #[test]
    fn no_step_of_a_run_that_passes_fails() {
        let page = page(&Heading { reason: None, ..HEADING }, &every_kind("hello"));
        assert_eq!((count(&page, "class=\"step fails\""), count(&page, ". Here it fails\"")), (0, 0));
        assert!(page.contains("It passes.") && page.contains("<body class=\"passed\">"));
    }

    #[test]
    fn the_state_before_and_after_a_step_is_given() {
        let mut records =
            vec![told(RecordKind::Start, 0, "starts"), told(RecordKind::Timer, 0, "timer runs out")];
        records[0].state = Some("Idle".into());
        records[1].state = Some("Busy".into());
        let data = page(&HEADING, &story(records));
        assert!(data.contains(r#""before":0,"after":1,"down":false"#) && data.contains(r#"["Idle","Busy"]"#));
    }
}
