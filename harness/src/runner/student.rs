//! A student's own run of a scenario: some seeds, the first of them under the guards (`guard.rs`); a seed that fails is run
//! again under them, and made small before it is shown (`shrink.rs`).
//!
//! What student code prints is seen from the first run of each seed, which may be the last because it ends the process, and
//! from the run that is told. A script's first run is the one that is told: there each line is seen once.

use super::leave::{leave, leave_chart};
use super::run_once;
use crate::guard::{Budget, GuardedProgram};
use crate::program::Program;
use crate::quiet::quietly;
use crate::report::Ended;
use crate::scenario::{Bench, Blame, Failure, Scenario, Suite, World};
use crate::shrink::shrink;

/// As [`super::run`], with the guards; a failing run is made small, and leaves its trace and its picture.
pub(super) fn run(
    suite: &Suite,
    scenario: &Scenario,
    program: &dyn Program,
    seeds: impl IntoIterator<Item = u64>,
) -> Ended {
    // Real sockets and processes are never twice the same.
    if scenario.world == World::Live {
        return super::run(scenario, program, seeds);
    }
    let mut ended = run_and_shrink(scenario, program, seeds);
    leave_chart(suite.lab, scenario, &mut ended);
    match &ended.failure {
        Some(failure) if failure.blame == Blame::Program => {
            let mut told = with_states(scenario, program, ended);
            leave(suite.lab, scenario, &mut told);
            told
        }
        _ => ended,
    }
}

/// Makes the failing run once more, to look into the machines after each step.
fn with_states(scenario: &Scenario, program: &dyn Program, ended: Ended) -> Ended {
    let again = Bench::new(program, ended.seed).with_recipe(&ended.recipe).with_states();
    let run = || run_once(scenario, &again);
    let told = if scenario.world == World::Script { quietly(run) } else { run() };
    let reason = |ended: &Ended| ended.failure.as_ref().map(|failure| failure.reason.clone());
    if reason(&told) == reason(&ended) { told } else { ended }
}

fn run_and_shrink(scenario: &Scenario, program: &dyn Program, seeds: impl IntoIterator<Item = u64>) -> Ended {
    let mut ended = Ended::early(Failure::of_the_kit("The scenario has no seeds."), 0);
    for (index, seed) in seeds.into_iter().enumerate() {
        ended = if index == 0 {
            let guarded = GuardedProgram::new(program, Budget::SAMPLE);
            let (ended, accused) = run_guarded(scenario, &guarded, seed);
            if accused {
                return ended;
            }
            ended
        } else {
            run_once(scenario, &Bench::new(program, seed))
        };
        if ended.failure.is_some() {
            break;
        }
    }
    match &ended.failure {
        Some(failure) if failure.blame == Blame::Program => {
            quietly(|| again(scenario, program, &ended, failure))
        }
        _ => ended,
    }
}

/// Runs it under the guards; whether the failure is what they say.
fn run_guarded(scenario: &Scenario, guarded: &GuardedProgram<'_>, seed: u64) -> (Ended, bool) {
    let ended = run_once(scenario, &Bench::new(guarded, seed));
    let run = ended.failure.as_ref();
    if run.is_some_and(|failure| failure.blame == Blame::Kit) {
        return (ended, false);
    }
    match quietly(|| guarded.verdict(run)) {
        Some(failure) => (Ended { failure: Some(failure), ..ended }, true),
        None => (ended, false),
    }
}

/// A seed has failed: it is run again under the guards, and when it fails alike it is made small.
fn again(scenario: &Scenario, program: &dyn Program, ended: &Ended, failure: &Failure) -> Ended {
    let seed = ended.seed;
    let guarded = GuardedProgram::new(program, Budget::WHOLE);
    let (second, accused) = run_guarded(scenario, &guarded, seed);
    if accused {
        return second;
    }
    if second.failure.as_ref().map(|second| &second.reason) != Some(&failure.reason) {
        let third = GuardedProgram::new(program, Budget::WHOLE);
        run_once(scenario, &Bench::new(&third, seed));
        let function = guarded.unsteady_function(&third);
        return Ended { failure: Some(unsteady(failure, &second, function)), ..ended.clone() };
    }
    let small = (scenario.world == World::Simulation)
        .then(|| shrink(scenario, || Bench::new(program, seed), run_once))
        .flatten();
    small.unwrap_or_else(|| ended.clone())
}

/// The same seed did not end the same way, and no machine is found that did not do the same twice.
fn unsteady(failure: &Failure, second: &Ended, function: Option<String>) -> Failure {
    let who = function.map_or_else(
        || "A machine or function".to_string(),
        |function| format!("The function {function} does not return the same twice for the same input; it"),
    );
    let then = second.failure.as_ref().map_or("it passed.", |second| &second.reason);
    let reason = format!(
        "The same seed was run twice and did not end the same way. {who} probably uses a static, a thread_local, the \
         computer's clock, a random generator or the order of a HashMap. First: {} Then: {then}",
        failure.reason
    );
    Failure { reason, ..failure.clone() }
}
