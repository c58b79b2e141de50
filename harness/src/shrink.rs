//! Makes a failing run small before it is shown: fewer messages, then fewer faults (delta debugging, Zeller and
//! Hildebrandt 2002), then fewer messages again. The same code and seed always shrink to the same run.

use crate::faults::FaultName;
use crate::recipe::Recipe;
use crate::report::Ended;
use crate::scenario::{Bench, Blame, Scenario};
use std::collections::BTreeSet;

/// How many smaller runs are tried at most.
const MAX_RUNS: usize = 400;

/// One failing run and what it was made of.
struct Failing {
    ended: Ended,
    faults: Vec<FaultName>,
    amounts: Vec<usize>,
}

/// The smallest failing run that is found, beginning with the one of `seed`; `None` when that one does not fail.
pub(crate) fn shrink<'a>(
    scenario: &Scenario,
    bench: impl Fn() -> Bench<'a>,
    run: impl Fn(&Scenario, &Bench<'a>) -> Ended,
) -> Option<Ended> {
    let attempt = |bench: Bench<'a>| {
        let ended = run(scenario, &bench);
        let fails = ended.failure.as_ref().is_some_and(|failure| failure.blame == Blame::Program);
        let Recipe { faults, amounts, .. } = bench.recipe();
        fails.then_some(Failing { ended, faults, amounts })
    };
    let mut runs = 0;
    let mut smaller = |faults: &[FaultName], amounts: &[usize]| {
        runs += 1;
        let enough = runs > MAX_RUNS;
        if enough {
            None
        } else {
            attempt(bench().shrunk(faults.iter().copied().collect::<BTreeSet<_>>(), amounts.to_vec()))
        }
    };
    let mut best = attempt(bench())?;
    fewer_messages(&mut best, &mut smaller);
    fewer_faults(&mut best, &mut smaller);
    fewer_messages(&mut best, &mut smaller);
    Some(best.ended)
}

type Smaller<'a> = dyn FnMut(&[FaultName], &[usize]) -> Option<Failing> + 'a;

/// Halves each amount as long as the run still fails, then takes one at a time.
fn fewer_messages(best: &mut Failing, smaller: &mut Smaller<'_>) {
    for index in 0..best.amounts.len() {
        for step in [|amount: usize| amount / 2, |amount: usize| amount - 1] {
            while best.amounts.get(index).is_some_and(|amount| *amount > 1) {
                let mut amounts = best.amounts.clone();
                amounts[index] = step(amounts[index]);
                let Some(found) = smaller(&best.faults, &amounts) else { break };
                *best = found;
            }
        }
    }
}

/// Takes away ever smaller groups of faults as long as the run still fails.
fn fewer_faults(best: &mut Failing, smaller: &mut Smaller<'_>) {
    let mut groups = 1;
    while !best.faults.is_empty() {
        let size = best.faults.len().div_ceil(groups);
        let found = best.faults.chunks(size).enumerate().find_map(|(index, _)| {
            let rest =
                best.faults.iter().enumerate().filter(|(at, _)| at / size != index).map(|(_, fault)| *fault);
            smaller(&rest.collect::<Vec<_>>(), &best.amounts)
        });
        match found {
            // A fault that is taken away can make room for none that was there before, so the run only gets smaller.
            Some(found) if found.faults.len() < best.faults.len() => {
                *best = found;
                groups = (groups - 1).max(1);
            }
            _ if size == 1 => break,
            _ => groups = (groups * 2).min(best.faults.len()),
        }
    }
}
