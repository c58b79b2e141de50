//! How long many seeds of lab 2's simulated scenarios take, with the reference in this process.

use crate::measure::{Clock, timed};
use faultline::program::LocalProgram;
use faultline::runner;
use faultline::scenario::{Scenario, World};
use serde::Serialize;

/// The seeds that are to take less than [`TARGET_SECONDS`].
pub(crate) const TARGET_SEEDS: u64 = 10_000;
pub(crate) const TARGET_SECONDS: f64 = 10.0;

/// The time of one scenario.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Soaked {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) seeds: u64,
    /// CPU-seconds of its seeds.
    pub(crate) seconds: f64,
}

/// Lab 2's scenarios, public and hidden, whose simulations differ from seed to seed; without the bonus, whose transfers take
/// minutes of virtual time.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let suites = [lab2_kit::scenarios::suite(), hidden_scenarios::lab2::suite()];
    let all = suites.into_iter().flat_map(|suite| suite.scenarios);
    all.filter(|scenario| scenario.world == World::Simulation && scenario.seeds > 1 && scenario.part != 'F')
        .collect()
}

/// Runs so many seeds, shared by all scenarios.
///
/// # Errors
/// The reference fails one of them.
pub(crate) fn soak(program: &LocalProgram, seeds: u64) -> Result<Vec<Soaked>, String> {
    let all = scenarios();
    let each = seeds.div_ceil(all.len() as u64);
    let soak = |scenario: Scenario| {
        let (_, seconds) = timed(Clock::Cpu, || pass(&scenario, program, each))?;
        Ok(Soaked { id: scenario.id, name: scenario.name, seeds: each, seconds })
    };
    all.into_iter().map(soak).collect()
}

fn pass(scenario: &Scenario, program: &LocalProgram, seeds: u64) -> Result<(), String> {
    let ended = runner::run(scenario, program, 1..=seeds);
    match ended.failure {
        None => Ok(()),
        Some(failure) => {
            Err(format!("{} failed for the reference, seed {}: {}", scenario.id, ended.seed, failure.reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn scenarios_with_one_seed_or_without_a_simulation_are_left_out() {
        let ids: Vec<_> = scenarios().iter().map(|scenario| scenario.id).collect();
        assert!(["A10", "B7", "HB7"].iter().all(|id| ids.contains(id)), "{ids:?}");
        assert!(["A1", "B3", "HA3", "HB4", "F5"].iter().all(|id| !ids.contains(id)), "{ids:?}");
    }

    #[test]
    fn the_reference_passes_and_a_program_without_roles_does_not() {
        assert_eq!(soak(&reference(), 1).unwrap().len(), scenarios().len());
        assert!(soak(&LocalProgram::new(), 1).unwrap_err().starts_with("A10 failed"));
    }
}
