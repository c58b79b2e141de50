//! What a scenario is and how it ends. A lab has one list of them (`labs/*/src/scenarios.rs`), which is the only home of
//! points; the runner, the judge and the book all read it.

use crate::crash::Crash;
use crate::doing;
use crate::faults::{FaultName, FaultPlan};
use crate::live::network::Network;
use crate::meter::{self, Usage};
use crate::picture::Chart;
use crate::program::{Function, Program};
use crate::recipe::{NamedMove, NamedMoves, Recipe};
use crate::trace::{Story, Trace};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

/// The world in which a scenario runs the student's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum World {
    /// One machine or function, with the scenario playing everything around it.
    Script,
    /// Every order of events within bounds, breadth first.
    Search,
    /// Seeded runs in virtual time.
    Simulation,
    /// Real processes and sockets.
    Live,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            World::Script => "script",
            World::Search => "search",
            World::Simulation => "simulation",
            World::Live => "live",
        })
    }
}

/// One graded check of one behaviour.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Short and unique in its lab: the part's letter and a number, as in `B3`.
    pub id: &'static str,
    /// A sentence that says what a right program does.
    pub name: &'static str,
    /// The part of the lab that it belongs to.
    pub part: char,
    /// What it is worth.
    pub points: u32,
    /// Where it runs.
    pub world: World,
    /// How many seeds a graded run takes: 1 when nothing is random.
    pub seeds: u32,
    /// What to look at when it fails; says nothing of the solution.
    pub hint: &'static str,
    /// The check itself.
    pub run: fn(&Bench<'_>) -> Outcome,
}

impl Scenario {
    /// The name that test runners show: the id and the sentence, with underscores.
    #[must_use]
    pub fn test_name(&self) -> String {
        let words = self.name.split(|character: char| !character.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        format!("{}_{}", self.id, words.join("_"))
    }
}

/// All scenarios of one lab that are seen, or all that are hidden.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The lab's package name, as in `lab2-reliable`.
    pub lab: &'static str,
    /// The scenarios, by part.
    pub scenarios: Vec<Scenario>,
    /// The parts that are a bonus: their points count beside those of the others, not among them.
    pub bonus: &'static [char],
}

impl Suite {
    /// Whether this scenario is in a part that is a bonus.
    #[must_use]
    pub fn is_bonus(&self, scenario: &Scenario) -> bool {
        self.bonus.contains(&scenario.part)
    }

    /// The scenario with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }
}

/// What a scenario is handed: the student's program and the seed of this run.
pub struct Bench<'a> {
    program: &'a dyn Program,
    seed: u64,
    notes: RefCell<Vec<String>>,
    stories: Option<Stories>,
    states: bool,
    faults: FaultPlan,
    amounts: RefCell<Amounts>,
    replay: Option<NamedMoves>,
    moves: RefCell<Option<NamedMoves>>,
    drawn: RefCell<Option<String>>,
}

/// How much of everything a scenario asked for, by the order in which it asked, and the most that it is given.
#[derive(Clone, Debug, Default)]
struct Amounts {
    asked: Vec<usize>,
    most: Vec<usize>,
}

/// Where worlds leave their stories when they end.
pub(crate) type Stories = Rc<RefCell<Vec<Story>>>;

impl<'a> Bench<'a> {
    /// A bench for one run.
    #[must_use]
    pub fn new(program: &'a dyn Program, seed: u64) -> Self {
        Bench {
            program,
            seed,
            notes: RefCell::default(),
            stories: None,
            states: false,
            faults: FaultPlan::default(),
            amounts: RefCell::default(),
            replay: None,
            moves: RefCell::default(),
            drawn: RefCell::default(),
        }
    }

    /// The same bench, which also keeps the whole story of each simulated or scripted run, passed or not.
    #[must_use]
    pub fn with_stories(self) -> Self {
        Bench { stories: Some(Stories::default()), ..self }
    }

    /// The same bench, smaller: only these faults happen, and of each amount there is at most so much.
    pub(crate) fn shrunk(self, faults: BTreeSet<FaultName>, most: Vec<usize>) -> Self {
        Bench {
            faults: FaultPlan::only(faults),
            amounts: RefCell::new(Amounts { asked: vec![], most }),
            ..self
        }
    }

    /// How many messages, calls or records to use: `wanted`, or fewer when the kit looks for the smallest failing run. A
    /// scenario asks for its amounts in the same order each time.
    #[must_use]
    pub fn amount(&self, wanted: usize) -> usize {
        let mut amounts = self.amounts.borrow_mut();
        let most = amounts.most.get(amounts.asked.len()).copied().unwrap_or(wanted);
        let given = wanted.min(most);
        amounts.asked.push(given);
        given
    }

    /// The same bench for a run that is made again.
    #[must_use]
    pub fn with_recipe(self, recipe: &Recipe) -> Self {
        let replay = recipe.moves.clone();
        let faults = recipe.faults.iter().copied().collect();
        Bench { replay, ..self.shrunk(faults, recipe.amounts.clone()) }
    }

    /// What the run was made of so far.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        Recipe {
            faults: self.faults.happened(),
            amounts: self.amounts.borrow().asked.clone(),
            moves: self.moves.borrow().clone(),
        }
    }

    pub(crate) fn record_moves(&self, moves: NamedMoves) {
        *self.moves.borrow_mut() = Some(moves);
    }

    /// The moves that a search is to make instead of searching.
    pub(crate) fn moves_of(&self, world: u16) -> Option<Vec<NamedMove>> {
        self.replay.as_ref().filter(|replay| replay.world == world).map(|replay| replay.moves.clone())
    }

    pub(crate) fn faults(&self) -> FaultPlan {
        self.faults.clone()
    }

    /// The stories that were kept.
    #[must_use]
    pub fn stories(&self) -> Vec<Story> {
        self.stories.as_ref().map(|stories| stories.borrow().clone()).unwrap_or_default()
    }

    /// The same bench, whose stories also keep what each machine was like after each step.
    #[must_use]
    pub fn with_states(self) -> Self {
        Bench { states: true, ..self }
    }

    pub(crate) fn new_trace(&self) -> Trace {
        if self.states { Trace::with_states() } else { Trace::default() }
    }

    pub(crate) fn recorder(&self) -> Option<Stories> {
        self.stories.clone()
    }

    /// Says something that the report shows also when the scenario passes, such as how many states were searched.
    pub fn note(&self, text: impl Into<String>) {
        self.notes.borrow_mut().push(text.into());
    }

    /// What was noted.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }

    /// Draws something; the last picture of a student's run is left beside those of failures.
    pub fn draw(&self, chart: Chart) {
        self.draw_svg(chart.svg());
    }

    /// As [`Bench::draw`], for a picture that is drawn already.
    pub fn draw_svg(&self, svg: String) {
        *self.drawn.borrow_mut() = Some(svg);
    }

    /// What was drawn last, as SVG.
    #[must_use]
    pub fn drawn(&self) -> Option<String> {
        self.drawn.borrow().clone()
    }

    /// The student's work.
    #[must_use]
    pub fn program(&self) -> &'a dyn Program {
        self.program
    }

    /// A new network for the student's executables: where the judge keeps them apart nothing leads into it or out of it but a relay
    /// ([`Relay::between`](crate::live::relay::Relay::between)); on a student's machine it is the machine's own.
    ///
    /// # Errors
    /// There is none to be had, which is the kit's.
    pub fn network(&self) -> Result<Network, Failure> {
        Ok(self.program.network()?)
    }

    /// Has the student's program call a function. When it does not answer, the reason says what it was doing: `what`.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn call<Input: Serialize, Output: DeserializeOwned>(
        &self,
        function: &Function<Input, Output>,
        input: &Input,
        what: &str,
    ) -> Result<Output, Failure> {
        doing::now(what);
        function.call(self.program, input).map_err(|crash| crashed_while(crash, what))
    }

    /// As [`Bench::call`], with what the function took from memory.
    ///
    /// # Errors
    /// As [`Bench::call`]; or there is no meter, which is the kit's fault.
    pub fn call_metered<Input: Serialize, Output: DeserializeOwned>(
        &self,
        function: &Function<Input, Output>,
        input: &Input,
        what: &str,
    ) -> Result<(Output, Usage), Failure> {
        doing::now(what);
        let called = function.call_metered(self.program, input);
        let (output, usage) = called.map_err(|crash| crashed_while(crash, what))?;
        Ok((output, meter::required(usage)?))
    }

    /// The seed that decides every random choice of this run.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// How a scenario ended.
pub type Outcome = Result<(), Failure>;

/// Whose fault it is that a scenario did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blame {
    /// The program's: no points.
    Program,
    /// The kit's or the machine's: to be run again, never a zero.
    Kit,
}

/// Why a scenario did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whose fault it is.
    pub blame: Blame,
    /// What is wrong, in a sentence or two.
    pub reason: String,
    /// The steps that show it.
    pub story: Option<Box<Story>>,
}

impl Failure {
    /// The program is wrong.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Failure {
        Failure { blame: Blame::Program, reason: reason.into(), story: None }
    }

    /// The kit or the machine could not do its part.
    #[must_use]
    pub fn of_the_kit(reason: impl Into<String>) -> Failure {
        Failure { blame: Blame::Kit, ..Failure::new(reason) }
    }

    /// With the steps that show it.
    #[must_use]
    pub fn with(mut self, story: Story) -> Failure {
        self.story.get_or_insert_with(|| Box::new(story));
        self
    }
}

impl From<Crash> for Failure {
    fn from(crash: Crash) -> Failure {
        Failure::new(sentence(&crash.to_string()))
    }
}

/// `text` with a capital first letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let rest = characters.as_str();
    let stop = if text.ends_with(['.', '!', '?', '"']) { "" } else { "." };
    format!("{first}{rest}{stop}")
}

/// A check in a scenario: when `right` is false the program is wrong, for the reason that `reason` makes.
///
/// # Errors
/// The failure, when `right` is false.
pub fn ensure(right: bool, reason: impl FnOnce() -> String) -> Outcome {
    if right { Ok(()) } else { Err(Failure::new(reason())) }
}

/// Student code did not answer while it did this. What is not written yet does nothing.
fn crashed_while(crash: Crash, what: &str) -> Failure {
    let is_unwritten = matches!(crash, Crash::Panicked { .. }) && !crash.is_a_panic();
    let failure = Failure::from(crash);
    if is_unwritten {
        return failure;
    }
    Failure { reason: format!("{} This was while {what}.", failure.reason), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_name_is_the_id_and_the_sentence() {
        let scenario = Scenario {
            id: "B3",
            name: "a message's copy, if any, is not delivered",
            part: 'B',
            points: 5,
            world: World::Script,
            seeds: 1,
            hint: "",
            run: |_| Ok(()),
        };
        assert_eq!(scenario.test_name(), "B3_a_message_s_copy_if_any_is_not_delivered");
    }

    #[test]
    fn a_crash_becomes_a_sentence() {
        let crash = Crash::Panicked { message: "oh\nno".into(), place: "a.rs:1".into() };
        assert_eq!(Failure::from(crash).reason, "Your code panicked at a.rs:1: oh no.");
    }
}
