//! Three searches of lab 2's protocol: ours, stateright under the same limits, and stateright with the network that it has
//! of its own. Each fails unless it saw every state within its limits, found nothing wrong and reached the goal.

use crate::bounded::Bounded;
use crate::stop_and_wait::{ALL_ACCEPTED, IN_ORDER, Scope, model};
use faultline::program::LocalProgram;
use faultline::scenario::Bench;
use lab2_kit::scenarios::{pair, progress::Promise};
use stateright::actor::Network;
use stateright::{Checker, Model};
use std::fmt::Debug;
use std::hash::Hash;

/// Our search of a program's lab 2; the number of states.
///
/// # Errors
/// The search is not what it should be.
pub(crate) fn ours(program: &LocalProgram, scope: &Scope) -> Result<u64, String> {
    let bench = Bench::new(program, 1);
    let texts: Vec<&str> = scope.texts.iter().map(String::as_str).collect();
    let explored = pair::search(&bench, scope.limits, Promise::ExactlyOnce, &texts)
        .map_err(|failure| format!("our search failed: {}", failure.reason))?;
    if !explored.exhausted || explored.goals == 0 {
        return Err(format!("our search did not come to its end: {explored:?}"));
    }
    Ok(explored.states as u64)
}

/// Stateright under the same limits.
///
/// # Errors
/// As [`ours`].
pub(crate) fn stateright_bounded(scope: &Scope) -> Result<u64, String> {
    check(Bounded::new(scope.clone()))
}

/// Stateright with its own network, in which every datagram may be lost and may arrive again and again.
///
/// # Errors
/// As [`ours`].
pub(crate) fn stateright_native(scope: &Scope) -> Result<u64, String> {
    check(model(scope.clone(), Network::new_unordered_duplicating([])))
}

fn check<M>(model: M) -> Result<u64, String>
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Send + Sync + Clone + PartialEq + Debug + 'static,
    M::Action: Clone + PartialEq + Debug,
{
    let checker = model.checker().threads(1).spawn_bfs().join();
    let found = checker.discoveries();
    if !checker.is_done() || found.contains_key(IN_ORDER) || !found.contains_key(ALL_ACCEPTED) {
        let found: Vec<_> = found.keys().collect();
        return Err(format!("stateright's search did not come to its end: it found {found:?}"));
    }
    Ok(checker.unique_state_count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop_and_wait as simple;
    use faultline::search::Limits;

    fn scope(messages: usize, limits: Limits) -> Scope {
        Scope { texts: (0..messages).map(|number| format!("m{number}")).collect(), limits }
    }

    #[test]
    fn both_searches_see_the_same_states_and_reach_the_goal() {
        let none = Limits { timers: 1, ..Limits::default() };
        for limits in [
            none,
            Limits { losses: 2, ..none },
            Limits { duplicates: 2, ..none },
            Limits { losses: 1, duplicates: 2, timers: 2, in_flight: 4, ..none },
            Limits { losses: 2, duplicates: 1, timers: 3, in_flight: 2, ..none },
        ] {
            let scope = scope(3, limits);
            let states = ours(&simple(), &scope).unwrap();
            assert_eq!(stateright_bounded(&scope), Ok(states), "{limits:?}");
        }
    }

    #[test]
    fn stateright_with_its_own_network_reaches_the_goal_too() {
        let limits = Limits { timers: 2, ..Limits::default() };
        assert!(stateright_native(&scope(3, limits)).unwrap() > 100);
    }

    #[test]
    fn a_search_that_ends_before_the_last_state_or_never_reaches_the_goal_is_an_error() {
        let few = scope(2, Limits { timers: 1, states: 10, ..Limits::default() });
        assert!(ours(&simple(), &few).unwrap_err().contains("exhausted: false"));
        let narrow = scope(2, Limits { in_flight: 0, ..Limits::default() });
        assert!(ours(&simple(), &narrow).is_err());
        assert!(stateright_bounded(&narrow).unwrap_err().contains("did not come to its end"));
        assert!(stateright_native(&narrow).unwrap_err().contains("did not come to its end"));
    }
}
