//! The judge: runs the public and hidden scenarios of a lab against a submission in processes of its own. It never
//! links student code; network, clock and verdict are here.

use crate::inside::{self, INSIDE, Order};
use crate::jail::Level;
use crate::workshop::Built;
use faultline::remote::RemoteProgram;
use faultline::report::{self, Ended};
use faultline::runner;
use faultline::scenario::{Blame, Failure, Scenario, Suite, World};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io;
use std::ops::RangeInclusive;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// The first seed of hidden scenarios; public ones begin with 1.
const HIDDEN_SEED: u64 = 1_000_001;

/// How often a scenario is tried when the kit or the machine is to blame.
const TRIES: u32 = 3;

/// The largest picture of a failure, in bytes.
const PICTURE_MAX: usize = 1 << 20;

/// From what the seeds of hidden scenarios are drawn, so that nobody can prepare for them, and they are the same whenever a student is
/// graded.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    /// The assignment's, which no student knows.
    pub(crate) secret: Vec<u8>,
    /// Who has handed it in.
    pub(crate) student: String,
    /// At least so many seeds are run; one that fails is enough.
    pub(crate) runs: u64,
}

impl Draw {
    /// The first seed of a scenario: below 2^32, but above those of public scenarios.
    fn first(&self, lab: &str, id: &str) -> u64 {
        let mut hash = Sha256::new();
        for part in [&self.secret[..], self.student.as_bytes(), lab.as_bytes(), id.as_bytes()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        HIDDEN_SEED + u64::from(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }
}

/// What is judged of one lab.
#[derive(Clone)]
pub(crate) struct Plan {
    /// The package name.
    pub(crate) lab: &'static str,
    /// The scenarios in the order of the report.
    pub(crate) scenarios: Vec<Planned>,
}

/// One scenario of a plan.
#[derive(Clone, Copy)]
pub(crate) struct Planned {
    pub(crate) scenario: Scenario,
    pub(crate) hidden: bool,
    /// Its points count beside those of the others.
    pub(crate) bonus: bool,
    /// The seeds to run, up to the first that fails.
    seeds: (u64, u64),
}

impl Planned {
    fn new(scenario: Scenario, bonus: bool, hidden: bool) -> Planned {
        let first = if hidden { HIDDEN_SEED } else { 1 };
        Planned { scenario, hidden, bonus, seeds: (first, first + u64::from(scenario.seeds) - 1) }
    }

    /// The seeds that are run, up to the first that fails.
    pub(crate) fn seeds(&self) -> RangeInclusive<u64> {
        self.seeds.0..=self.seeds.1
    }
}

impl Plan {
    /// The plan, if no two of its scenarios have one name.
    fn checked(self) -> io::Result<Plan> {
        let mut ids = BTreeSet::new();
        match self.scenarios.iter().find(|planned| !ids.insert(planned.scenario.id)) {
            None => Ok(self),
            Some(Planned { scenario, .. }) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("two scenarios of {} are called {}", self.lab, scenario.id),
            )),
        }
    }

    /// Whether a scenario is live.
    pub(crate) fn has_live(&self) -> bool {
        self.scenarios.iter().any(|planned| planned.scenario.world == World::Live)
    }

    /// Only these scenarios.
    pub(crate) fn filtered(&self, is_wanted: impl Fn(&Planned) -> bool) -> Plan {
        let scenarios = self.scenarios.iter().filter(|planned| is_wanted(planned));
        Plan { lab: self.lab, scenarios: scenarios.copied().collect() }
    }

    /// With hidden seeds of a student's own.
    pub(crate) fn drawn(mut self, draw: &Draw) -> Plan {
        for planned in self.scenarios.iter_mut().filter(|it| it.hidden && it.scenario.seeds > 1) {
            let first = draw.first(self.lab, planned.scenario.id);
            let runs = draw.runs.max(u64::from(planned.scenario.seeds));
            planned.seeds = (first, first + runs - 1);
        }
        self
    }

    /// Only the scenarios with random choices, over this many seeds.
    pub(crate) fn soak(mut self, seeds: impl Fn(World) -> u64) -> Plan {
        self.scenarios.retain(|planned| planned.scenario.seeds > 1);
        for planned in &mut self.scenarios {
            planned.seeds.1 = planned.seeds.0 + seeds(planned.scenario.world) - 1;
        }
        self
    }
}

/// The plans of these labs, or of all when none is named. `lab3` is short for `lab3-rpc`.
pub(crate) fn plans(labs: &[String]) -> io::Result<Vec<Plan>> {
    let public = [
        lab1_kit::scenarios::suite(),
        lab2_kit::scenarios::suite(),
        lab3_kit::scenarios::suite(),
        lab4_kit::scenarios::suite(),
        lab5_kit::scenarios::suite(),
        lab6_kit::scenarios::suite(),
    ];
    let is = |suite: &Suite, lab: &String| suite.lab == lab || report::short_lab(suite.lab) == lab;
    if let Some(unknown) = labs.iter().find(|lab| !public.iter().any(|suite| is(suite, lab))) {
        let known: Vec<_> = public.iter().map(|suite| suite.lab).collect();
        let text = format!("there is no lab {unknown}; there are {}", known.join(", "));
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let chosen = public.iter().filter(|suite| labs.is_empty() || labs.iter().any(|lab| is(suite, lab)));
    chosen.map(plan).map(|plan| plan.checked()).collect()
}

fn plan(public: &Suite) -> Plan {
    let hidden = hidden_scenarios::suites().into_iter().filter(|suite| suite.lab == public.lab);
    let hidden: Vec<_> = hidden
        .flat_map(|suite| suite.scenarios)
        .map(|it| Planned::new(it, public.is_bonus(&it), true))
        .collect();
    let public_ones = public.scenarios.iter().map(|it| Planned::new(*it, public.is_bonus(it), false));
    Plan { lab: public.lab, scenarios: public_ones.chain(hidden).collect() }
}

/// How scenarios are gone through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// So many at once.
    pub(crate) at_once: usize,
    /// What has not begun by then is lost.
    pub(crate) until: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { at_once: cores(), until: None }
    }
}

/// Judges every scenario of a plan; the ends are in the order of the plan.
pub(crate) fn judge_at(plan: &Plan, built: &Built, pace: Pace) -> Vec<Ended> {
    judge_each(plan, built, pace, &|_, _| {})
}

/// As [`judge_at`]; `tell` hears of each seed that was run, with how many there were of its scenario.
pub(crate) fn judge_and_tell(
    plan: &Plan,
    built: &Built,
    tell: &(dyn Fn(&Planned, u64) + Sync),
) -> Vec<Ended> {
    judge_each(plan, built, Pace::default(), tell)
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn judge_each(plan: &Plan, built: &Built, pace: Pace, tell: &(dyn Fn(&Planned, u64) + Sync)) -> Vec<Ended> {
    let next = AtomicUsize::new(0);
    let ends: Vec<Mutex<Option<Ended>>> = plan.scenarios.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..pace.at_once.min(plan.scenarios.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(planned) = plan.scenarios.get(index) else { break };
                    let is_over = pace.until.is_some_and(|until| Instant::now() >= until);
                    let ended =
                        if is_over { too_late(planned) } else { judge_one(plan.lab, planned, built, tell) };
                    if let Ok(mut end) = ends[index].lock() {
                        *end = Some(ended);
                    }
                }
            });
        }
    });
    let lost = || kit_failure("The judge's thread ended early.".into(), 0);
    ends.into_iter().map(|end| end.into_inner().ok().flatten().unwrap_or_else(lost)).collect()
}

fn too_late(planned: &Planned) -> Ended {
    let reason = "The time for this submission was over before this scenario began: others have taken it.";
    Ended::early(Failure::new(reason), *planned.seeds().start())
}

fn judge_one(lab: &str, planned: &Planned, built: &Built, tell: &(dyn Fn(&Planned, u64) + Sync)) -> Ended {
    let (first, end) = planned.seeds().into_inner();
    let (mut next, mut tries) = (first, 0);
    loop {
        let last = run_some(lab, planned, built, next..=end);
        tries = if last.seed == next { tries + 1 } else { 1 };
        next = last.seed;
        if last.failure.as_ref().is_some_and(|it| it.blame != Blame::Program) && tries < TRIES {
            continue;
        }
        tell(planned, last.seed - first + 1);
        if last.failure.is_some() || last.seed == end {
            return last;
        }
        (next, tries) = (last.seed + 1, 0);
    }
}

/// Runs the first of these seeds, and perhaps more, up to one that fails; each in fresh processes, so that nothing is carried over from
/// another; in a cell, if there is a jail.
fn run_some(lab: &str, planned: &Planned, built: &Built, seeds: RangeInclusive<u64>) -> Ended {
    let first = *seeds.start();
    let ran = if built.jail.level() == Level::Process {
        RemoteProgram::start(Command::new(&built.driver), built.executables.clone()).map(|program| {
            let mut ended = runner::run(&planned.scenario, &program, [first]);
            draw(lab, planned, &mut ended);
            ended
        })
    } else {
        // A cell within walls can be made clean for the next seed. Live processes may leave anything anywhere.
        let has_one = planned.scenario.world == World::Live || built.jail.level() == Level::Account;
        run_in_cell(lab, planned, built, if has_one { first..=first } else { seeds })
    };
    match ran {
        Ok(ended) => ended,
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Ended::early(Failure::new("The scenario did not come to its end."), first)
        }
        Err(error) => kit_failure(format!("The submission's process could not be started: {error}."), first),
    }
}

/// Draws the failure of a public scenario, and leaves out the records, which may be more than a cell's answer can have.
pub(crate) fn draw(lab: &str, planned: &Planned, ended: &mut Ended) {
    let is_told = |failure: &&Failure| !planned.hidden && failure.blame == Blame::Program;
    let story = ended.failure.as_ref().filter(is_told).and_then(|failure| failure.story.as_deref());
    let story = story.filter(|story| !story.records.is_empty() || !story.rows.is_empty());
    let page = story.map(|story| report::page(lab, &planned.scenario, ended, story));
    ended.page = page.filter(|page| page.len() <= PICTURE_MAX);
    ended.forget_records();
}

fn run_in_cell(lab: &str, planned: &Planned, built: &Built, seeds: RangeInclusive<u64>) -> io::Result<Ended> {
    /// A name that no program of a lab has.
    const DRIVER: &str = "scenarios driver";
    let mut programs = built.executables.clone();
    programs.insert(DRIVER.into(), built.driver.clone());
    let mut cell = built.jail.cell(&std::env::current_exe()?, INSIDE, &programs)?;
    let driver = cell.programs.remove(DRIVER).unwrap_or_default();
    let executables = cell.programs;
    let (lab, id, inmates) = (lab.into(), planned.scenario.id.into(), built.jail.inmates());
    let networks_apart = built.jail.networks_apart();
    let order = Order { lab, id, seeds, driver, executables, inmates, networks_apart };
    let ended = inside::ask(cell.command, &order);
    built.jail.sweep()?;
    ended
}

fn kit_failure(reason: String, seed: u64) -> Ended {
    Ended::early(Failure::of_the_kit(reason), seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_seeds_are_a_students_own_and_the_same_each_time() {
        let draw =
            |secret: &str, student: &str| Draw { secret: secret.into(), student: student.into(), runs: 3 };
        let seeds = |draw: &Draw| -> Vec<_> {
            let plan = plans(&["lab2".into()]).unwrap().remove(0).drawn(draw);
            plan.scenarios.iter().map(|it| (it.scenario.id, it.hidden, it.scenario.seeds, it.seeds)).collect()
        };
        let ann = seeds(&draw("s", "ann"));
        assert_eq!(ann, seeds(&draw("s", "ann")));
        for other in [draw("s", "bob"), draw("t", "ann"), draw("", "sann")] {
            let others = seeds(&other);
            for (one, two) in ann.iter().zip(&others) {
                // Public scenarios have the same seeds for everybody.
                assert_eq!(one.3 == two.3, !one.1 || one.2 == 1, "{}", one.0);
            }
        }
        assert!(
            ann.iter().filter(|it| it.1 && it.2 > 1).all(|it| it.3.1 - it.3.0 >= 2 && it.3.0 >= HIDDEN_SEED)
        );
    }
}
