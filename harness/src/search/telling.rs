//! A search's failures: the way to a state, made again and told, and what is wrong there.

use super::naming::Naming;
use super::state::State;
use super::{Explored, Reached, Search, Seen};
use crate::recipe::{NamedMove, NamedMoves};
use crate::scenario::{Failure, sentence};
use crate::trace::Trace;

pub(super) const STANDSTILL: &str = "The program has come to a standstill: no datagram is on the way and no timer is set, so nothing \
     can happen any more, and the work is not done.";

pub(super) const NO_WAY_ON: &str = "After these steps the work is never done: not in any order of events, not even when nothing more is \
     lost and a timer runs out again.";

pub(super) const NO_WAY: &str =
    "In no order of events within the bounds is the work done. The story is one of the longest.";

impl Search<'_> {
    /// Makes these moves, leaving out those that cannot be made any more, and judges every state on the way.
    pub(super) fn replay(&self, moves: &[NamedMove]) -> Result<Explored, Failure> {
        let mut trace = self.labels.same_hosts();
        let source = title(moves.iter().filter(|it| it.is_fault()).count());
        let fail = |trace: &Trace, reason: String| {
            self.bench.record_moves(NamedMoves { world: self.world, moves: moves.to_vec() });
            Failure::new(reason).with(trace.story(&source))
        };
        let mut state = State::begin(&self.setting, &mut trace)?;
        let mut naming = Naming::default();
        let mut possible = vec![];
        let mut goals = 0;
        for name in moves {
            naming.update(&state);
            possible.clear();
            state.moves(&self.setting, &mut possible);
            let Some(by) = naming.find(&state, &possible, *name) else { continue };
            state = state
                .after(by, &self.setting, &mut trace)
                .map_err(|crash| fail(&trace, Failure::from(crash).reason))?;
            (self.check)(&Seen(&state)).map_err(|wrong| fail(&trace, sentence(&wrong)))?;
            goals += usize::from((self.goal)(&Seen(&state)));
        }
        possible.clear();
        let bounded = state.moves(&self.setting, &mut possible);
        if possible.is_empty() && !bounded && goals == 0 {
            return Err(fail(&trace, self.with_missing(STANDSTILL, Some(&state))));
        }
        self.bench.note("the replayed steps go well now; run the scenario itself to be sure");
        Ok(Explored { states: moves.len() + 1, exhausted: false, goals })
    }

    /// What is wrong in the state at the end of this path.
    pub(super) fn failure(&self, path: &[Reached], end: usize, reason: String) -> Failure {
        self.retold(path, end, |_| reason)
    }

    /// The work is not done in the state at the end of this path, and will not be.
    pub(super) fn undone(&self, path: &[Reached], end: usize, reason: &str) -> Failure {
        self.retold(path, end, |state| self.with_missing(reason, state))
    }

    fn with_missing(&self, reason: &str, state: Option<&State>) -> String {
        let missing = state.map_or_else(String::new, |state| (self.missing)(&Seen(state)));
        format!("{reason} {missing}").trim_end().into()
    }

    fn retold(&self, path: &[Reached], end: usize, reason: impl FnOnce(Option<&State>) -> String) -> Failure {
        let mut moves = vec![];
        let mut at = end;
        while at != 0 {
            moves.push(path[at].by);
            at = path[at].from;
        }
        let mut trace = self.labels.same_hosts();
        let mut state = State::begin(&self.setting, &mut trace).ok();
        let mut naming = Naming::default();
        let mut names = vec![];
        for &by in moves.iter().rev() {
            // Only the last move can be one that a machine does not answer.
            let Some(before) = state else { break };
            naming.update(&before);
            names.extend(naming.name(&before, by));
            state = before.after(by, &self.setting, &mut trace).ok();
        }
        self.bench.record_moves(NamedMoves { world: self.world, moves: names });
        let faults = moves.iter().filter(|by| by.is_fault()).count();
        Failure::new(reason(state.as_ref())).with(trace.story(&title(faults)))
    }
}

fn title(faults: usize) -> String {
    let plural = if faults == 1 { "" } else { "s" };
    format!("search, {faults} fault{plural}")
}
