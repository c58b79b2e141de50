//! What a person reads: one failure in at most 20 lines, with the reason before the steps; and the table of a run.
//!
//! Read next: `report/story.rs`, which chooses what of a story is shown.

mod story;

use crate::picture::{self, Heading};
use crate::recipe::Recipe;
use crate::scenario::{Blame, Failure, Scenario};
use crate::text;
use crate::trace::Story;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The most lines that a failure takes.
pub const MAX_LINES: usize = 20;

/// The most lines of a reason.
const MAX_REASON_LINES: usize = 4;

/// How one scenario ended, as the kit recorded it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// What went wrong; `None` when nothing did.
    pub failure: Option<Failure>,
    /// The seed of the failing run, or of the last one.
    pub seed: u64,
    /// What the scenario noted, such as the number of states searched.
    pub notes: Vec<String>,
    /// What the run was made of.
    pub recipe: Recipe,
    /// Where the picture of a failure is, if one could be left.
    pub picture: Option<String>,
    /// The picture itself, as a page, for whoever has asked for it and keeps it.
    pub page: Option<String>,
    /// What the scenario drew, as SVG, in the process that ran it.
    #[serde(skip)]
    pub chart: Option<String>,
    /// Every step of every world, when that was asked for.
    pub stories: Vec<Story>,
}

impl Ended {
    /// A run that ended before the scenario did.
    #[must_use]
    pub fn early(failure: Failure, seed: u64) -> Ended {
        Ended {
            failure: Some(failure),
            seed,
            notes: vec![],
            recipe: Recipe::default(),
            picture: None,
            page: None,
            chart: None,
            stories: vec![],
        }
    }

    /// The points that this end earns.
    #[must_use]
    pub fn points(&self, scenario: &Scenario) -> u32 {
        if self.failure.is_none() { scenario.points } else { 0 }
    }

    /// Leaves out the records of its stories, which may be many, and of which whoever only prints has no use.
    pub fn forget_records(&mut self) {
        let failing = self.failure.as_mut().and_then(|failure| failure.story.as_deref_mut());
        self.stories.iter_mut().chain(failing).for_each(|story| story.records.clear());
    }

    /// One word for the table.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.failure.as_ref().map(|failure| failure.blame) {
            None => "passed",
            Some(Blame::Program) => "FAILED",
            Some(Blame::Kit) => "ERROR",
        }
    }
}

/// `lab2` for `lab2-reliable`.
#[must_use]
pub fn short_lab(lab: &str) -> &str {
    lab.split('-').next().unwrap_or(lab)
}

/// The report of a failure: header, reason, story, how to replay it.
#[must_use]
pub fn failure(lab: &str, scenario: &Scenario, ended: &Ended) -> String {
    let Some(failure) = &ended.failure else { return String::new() };
    let lab = short_lab(lab);
    let mut out = header(lab, scenario, failure.blame);
    reason(&failure.reason).iter().for_each(|line| push(&mut out, line));
    let mut end = String::new();
    if let Some(picture) = &ended.picture {
        push(&mut end, &format!("  Picture  {picture}"));
    }
    push(&mut end, &format!("  Replay   {}", replay_command(lab, scenario, ended)));
    push(&mut end, &format!("  Hint     cargo lab hint {lab}-{}", scenario.id));
    if let Some(story) = &failure.story {
        push(&mut out, &format!("  The story ({}):", story.title));
        let room = MAX_LINES - out.lines().count() - end.lines().count();
        story::short(story, room).iter().for_each(|line| push(&mut out, line));
    }
    out + &end
}

/// The lines of a reason; one that is too long says so.
fn reason(reason: &str) -> Vec<String> {
    let mut lines = text::wrap(&text::line(reason, 600), 96, "  ");
    if lines.len() > MAX_REASON_LINES {
        lines.truncate(MAX_REASON_LINES);
        lines[MAX_REASON_LINES - 1].push_str(" …");
    }
    lines
}

/// The command that runs a failing scenario again.
#[must_use]
pub fn replay_command(lab: &str, scenario: &Scenario, ended: &Ended) -> String {
    let seed = if scenario.seeds > 1 { format!(" --seed {}", ended.seed) } else { String::new() };
    format!("cargo lab replay {}-{}{seed}", short_lab(lab), scenario.id)
}

/// A story of a run as a page to look at, which tells more than [`failure`] has room for.
#[must_use]
pub fn page(lab: &str, scenario: &Scenario, ended: &Ended, story: &Story) -> String {
    let heading = Heading {
        lab: short_lab(lab),
        id: scenario.id,
        name: scenario.name,
        reason: ended.failure.as_ref().map(|failure| failure.reason.as_str()),
        seed: (scenario.seeds > 1).then_some(ended.seed),
        replay: &replay_command(lab, scenario, ended),
    };
    picture::page(&heading, story)
}

fn header(lab: &str, scenario: &Scenario, blame: Blame) -> String {
    let left = format!("{lab} {} {}", scenario.id, scenario.name);
    match blame {
        Blame::Program => format!("FAIL  {left:<78}  0 of {} points\n", scenario.points),
        Blame::Kit => format!("ERROR {left:<78}  not judged: the kit could not run it\n"),
    }
}

/// A whole story, as long as it is.
#[must_use]
pub fn full_story(story: &Story) -> String {
    let mut out = format!("The whole story ({}):\n", story.title);
    story::whole(story).iter().for_each(|line| push(&mut out, line));
    out
}

fn push(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

/// One line of the table of a graded lab.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// How it ended.
    pub ended: &'a Ended,
    /// True for a scenario that students do not see.
    pub hidden: bool,
    /// True for a scenario whose points count beside those of the others.
    pub bonus: bool,
}

/// The points of some scenarios: earned and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    score: u32,
    most: u32,
}

impl Sum {
    fn add(&mut self, scenario: &Scenario, ended: &Ended) {
        self.score += ended.points(scenario);
        self.most += scenario.points;
    }
}

/// The table of one lab: part, scenario, points, and the first words of the reason; then the sum.
#[must_use]
pub fn table(lab: &str, lines: &[Line<'_>]) -> String {
    let mut out = format!("{lab}\n");
    let (mut sum, mut extra) = (Sum::default(), Sum::default());
    for Line { scenario, ended, hidden, bonus } in lines {
        let points = ended.points(scenario);
        if *bonus { &mut extra } else { &mut sum }.add(scenario, ended);
        let hidden = if *hidden { "hidden" } else { "" };
        let name = text::line(scenario.name, 70);
        let _ = writeln!(
            out,
            "  {}  {:<4} {name:<71} {hidden:<6} {points:>3}/{:<3} {}",
            scenario.part,
            scenario.id,
            scenario.points,
            ended.word()
        );
        if let Some(failure) = &ended.failure {
            let reason = text::wrap(&text::line(&failure.reason, 300), 96, "          ");
            reason.iter().take(3).for_each(|line| push(&mut out, line));
        }
    }
    for (Sum { score, most }, what) in [(sum, "points"), (extra, "bonus points")] {
        if most > 0 {
            let _ = writeln!(out, "  {:<84} {score:>3}/{most:<3} {what}", "");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Host;
    use crate::time::{Time, ms};

    fn scenario() -> Scenario {
        Scenario {
            id: "B3",
            name: "a copy is delivered once",
            part: 'B',
            points: 5,
            world: crate::scenario::World::Search,
            seeds: 20,
            hint: "",
            run: |_| Ok(()),
        }
    }

    fn long_failure() -> Ended {
        let role = crate::program::Role::<(), String, String>::new("r", |_| String::new());
        let mut trace = crate::trace::Trace::default();
        trace.add_host(crate::trace::Label::new("h", &role));
        for n in 0..40 {
            trace.push(Time::ZERO + ms(n), || crate::trace::What::TimerFired(Host(0), (n * n).to_string()));
        }
        let story = Story::new("search", trace.rows());
        let failure = Failure::new("wrong ".repeat(300)).with(story);
        Ended::early(failure, 7)
    }

    #[test]
    fn no_failure_is_longer_than_its_limit_and_each_says_how_to_replay_it() {
        let text = failure("lab2-reliable", &scenario(), &long_failure());
        assert!(text.lines().count() <= MAX_LINES, "{text}");
        assert!(text.contains("cargo lab replay lab2-B3 --seed 7"), "{text}");
        assert!(text.contains("… 29 steps; replay with --full shows them …"), "{text}");
        assert!(text.contains("wrong …\n"), "a reason that is cut says so: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    }

    #[test]
    fn a_bonus_counts_beside_the_other_points() {
        let (scenario, passed) = (scenario(), Ended { failure: None, ..long_failure() });
        let line = |ended, bonus| Line { scenario: &scenario, ended, hidden: false, bonus };
        let failed = long_failure();
        let text = table("lab", &[line(&passed, false), line(&failed, false), line(&passed, true)]);
        let sums: Vec<_> = text.lines().rev().take(2).map(str::trim).collect();
        assert_eq!(sums, ["5/5   bonus points", "5/10  points"]);
    }

    #[test]
    fn the_whole_story_has_every_step() {
        let ended = long_failure();
        let story = ended.failure.and_then(|failure| failure.story).expect("it has one");
        assert_eq!(full_story(&story).lines().count(), 41);
    }
}
