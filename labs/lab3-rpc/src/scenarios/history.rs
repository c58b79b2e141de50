//! What a history of calls must be like: which calls were asked for, which were executed, and what each client was told.
//!
//! Each call of a scenario has arguments of its own, so they name it, whatever the machines do with numbers.

use super::checks::result_of;
use crate::{CallId, CallOutcome, ClientNotice, ServerNotice};
use faultline::text;
use std::collections::BTreeMap;

/// What the server promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Part B: a call that is done was executed, perhaps more than once.
    AtLeastOnce,
    /// Parts C and D: no call is executed twice.
    AtMostOnce,
}

/// Whether a call may end without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The server lives, and can be reached in the end.
    Done,
    /// The server may crash or be cut off, or there are deadlines.
    Any,
}

/// All calls of a run.
#[derive(Clone, Debug)]
pub struct History {
    promise: Promise,
    ends: Ends,
    calls: BTreeMap<Vec<u8>, Record>,
    /// Those that are remembered no more.
    settled: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    asked: usize,
    finished: usize,
    executed: usize,
}

/// One call.
#[derive(Clone, Debug)]
struct Record {
    number: CallId,
    executed: u32,
    outcome: Option<CallOutcome>,
}

impl History {
    /// A run in which nothing was asked for yet.
    #[must_use]
    pub fn new(promise: Promise, ends: Ends) -> History {
        History { promise, ends, calls: BTreeMap::new(), settled: Counts::default() }
    }

    /// A client asks for the call of this number in its life.
    pub fn ask(&mut self, number: u64, arguments: &[u8]) {
        let record = Record { number: CallId(number), executed: 0, outcome: None };
        self.calls.insert(arguments.to_vec(), record);
    }

    /// How many calls were asked for.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.calls.len() + self.settled.asked
    }

    /// How many calls are finished.
    #[must_use]
    pub fn finished(&self) -> usize {
        self.calls.values().filter(|record| record.outcome.is_some()).count() + self.settled.finished
    }

    /// How many calls were executed at least once.
    #[must_use]
    pub fn executed(&self) -> usize {
        self.calls.values().filter(|record| record.executed > 0).count() + self.settled.executed
    }

    /// How many calls are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.calls.len()
    }

    /// Remembers no more the calls to which nothing can happen that would be right: they are finished, and were executed or are
    /// not to be. Whatever happens to one of them is then something that nobody has asked for. For runs of very many calls at
    /// most once.
    pub fn settle(&mut self) {
        let is_settled = |record: &Record| match record.outcome {
            Some(CallOutcome::NotExecuted(_)) => true,
            Some(CallOutcome::Done(_) | CallOutcome::Unknown(_)) => record.executed > 0,
            None => false,
        };
        let settled: Vec<Vec<u8>> = self
            .calls
            .iter()
            .filter(|(_, it)| is_settled(it))
            .map(|(arguments, _)| arguments.clone())
            .collect();
        settled.iter().for_each(|arguments| self.forget(arguments));
    }

    /// Remembers a call no more, of which the last datagram is gone.
    pub fn forget(&mut self, arguments: &[u8]) {
        if let Some(record) = self.calls.remove(arguments) {
            self.settled.asked += 1;
            self.settled.finished += usize::from(record.outcome.is_some());
            self.settled.executed += usize::from(record.executed > 0);
        }
    }

    /// The server has told its application this.
    ///
    /// # Errors
    /// It breaks a rule; the text says which and how.
    pub fn execute(
        &mut self,
        ServerNotice::Execute { call, arguments, .. }: &ServerNotice,
    ) -> Result<(), String> {
        let shown = text::bytes(arguments, 12);
        let Some(record) = self.calls.get_mut(arguments) else {
            return Err(format!(
                "Rule B6: the server executed a call with {shown}, for which nobody has asked."
            ));
        };
        if *call != record.number {
            return Err(format!(
                "Rule B1: the call with {shown} is number {} of its client, but it was executed as number {call}.",
                record.number
            ));
        }
        record.executed += 1;
        if record.executed > 1 && self.promise == Promise::AtMostOnce {
            return Err(format!("Rule C1: the server executed the call with {shown} a second time."));
        }
        if let Some(CallOutcome::NotExecuted(_)) = record.outcome {
            return Err(format!(
                "Rules D4 and D5: the client was told that its call with {shown} was not executed and will not be, but now \
                 it is executed."
            ));
        }
        Ok(())
    }

    /// A client has told its application this about the call that had these arguments.
    ///
    /// # Errors
    /// It breaks a rule; the text says which and how.
    pub fn finish(&mut self, arguments: &[u8], outcome: &CallOutcome) -> Result<(), String> {
        let shown = text::bytes(arguments, 12);
        let foreign = match outcome {
            CallOutcome::Done(Ok(result)) if *result != result_of(arguments) => {
                self.calls.keys().find(|it| result_of(it) == *result).cloned()
            }
            _ => None,
        };
        let must_end_well = self.ends == Ends::Done;
        let Some(record) = self.calls.get_mut(arguments) else {
            return Err(format!("Rule B4: a call with {shown} is finished, for which nobody has asked."));
        };
        if record.outcome.is_some() {
            return Err(format!(
                "Rule B4: the client says a second time that its call with {shown} {outcome}."
            ));
        }
        if let Some(foreign) = foreign {
            return Err(format!(
                "Rule B4: the client was given the result of the call with {} for its call with {shown}.",
                text::bytes(&foreign, 12)
            ));
        }
        let known = match outcome {
            CallOutcome::Done(Ok(result)) => *result == result_of(arguments),
            CallOutcome::Done(Err(_)) => false,
            CallOutcome::NotExecuted(_) | CallOutcome::Unknown(_) => !must_end_well,
        };
        if !known {
            return Err(format!(
                "Rule B4: the client says that its call with {shown} {outcome}, which is not so."
            ));
        }
        if matches!(outcome, CallOutcome::Done(_)) && record.executed == 0 {
            return Err(format!("Rule B6: the call with {shown} is done, but it was never executed."));
        }
        if matches!(outcome, CallOutcome::NotExecuted(_)) && record.executed > 0 {
            return Err(format!(
                "Rules D4 and D5: the client says that its call with {shown} {outcome}, but it was executed."
            ));
        }
        record.outcome = Some(outcome.clone());
        Ok(())
    }

    /// The same, for all that one life of a client was told about its calls, which had these arguments, in their order.
    ///
    /// # Errors
    /// It breaks a rule; the text says which and how.
    pub fn finish_all(&mut self, asked: &[Vec<u8>], told: &[ClientNotice]) -> Result<(), String> {
        told.iter().try_for_each(|ClientNotice::Finished { call, outcome }| {
            let place = usize::try_from(call.0).ok().and_then(|number| number.checked_sub(1));
            let arguments = place.and_then(|place| asked.get(place));
            let nobody =
                || format!("Rule B1: the client says that call {call} is finished, which was not asked for.");
            self.finish(arguments.ok_or_else(nobody)?, outcome)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Why;
    use crate::scenarios::checks::{ANN, TARGET};

    fn history(promise: Promise, ends: Ends) -> History {
        let mut history = History::new(promise, ends);
        history.ask(1, b"a");
        history.ask(2, b"b");
        history
    }

    fn execute(number: u64, arguments: &str) -> ServerNotice {
        let (call, arguments) = (CallId(number), arguments.into());
        ServerNotice::Execute { client: ANN, call, target: TARGET, arguments }
    }

    fn done(result: &str) -> CallOutcome {
        CallOutcome::Done(Ok(result.into()))
    }

    #[test]
    fn executed_and_done_is_right() {
        let mut right = history(Promise::AtMostOnce, Ends::Done);
        assert_eq!(right.execute(&execute(1, "a")), Ok(()));
        assert_eq!(right.finish(b"a", &done("A")), Ok(()));
        assert_eq!((right.finished(), right.executed()), (1, 1));
    }

    #[test]
    fn each_broken_rule_is_named() {
        let broken = |deeds: &dyn Fn(&mut History) -> Result<(), String>, words: &str| {
            let wrong = deeds(&mut history(Promise::AtMostOnce, Ends::Any)).unwrap_err();
            assert!(wrong.contains(words), "{wrong}");
        };
        broken(&|it| it.execute(&execute(1, "x")), "nobody has asked");
        broken(&|it| it.execute(&execute(2, "a")), "executed as number 2");
        broken(
            &|it| it.execute(&execute(1, "a")).and_then(|()| it.execute(&execute(1, "a"))),
            "a second time",
        );
        broken(&|it| it.finish(b"a", &done("B")), "the result of the call with \"b\"");
        broken(&|it| it.finish(b"a", &done("A")), "never executed");
        broken(&|it| it.finish(b"a", &done("C")), "which is not so");
        let lost = CallOutcome::NotExecuted(Why::Deadline);
        broken(
            &|it| it.execute(&execute(1, "a")).and_then(|()| it.finish(b"a", &lost)),
            "but it was executed",
        );
        broken(
            &|it| it.finish(b"a", &lost).and_then(|()| it.execute(&execute(1, "a"))),
            "but now it is executed",
        );
        let unknown = CallOutcome::Unknown(Why::Silent);
        broken(&|it| it.finish(b"a", &unknown).and_then(|()| it.finish(b"a", &unknown)), "a second time");
    }

    #[test]
    fn a_settled_call_is_forgotten_and_may_not_be_executed_again() {
        let mut long = history(Promise::AtMostOnce, Ends::Any);
        assert_eq!(long.execute(&execute(1, "a")), Ok(()));
        assert_eq!(long.finish(b"a", &done("A")), Ok(()));
        assert_eq!(long.finish(b"b", &CallOutcome::Unknown(Why::Silent)), Ok(()));
        long.settle();
        assert_eq!((long.remembered(), long.asked(), long.finished(), long.executed()), (1, 2, 2, 1));
        assert!(long.execute(&execute(1, "a")).is_err());
        assert_eq!(long.execute(&execute(2, "b")), Ok(()));
        long.settle();
        assert_eq!((long.remembered(), long.executed()), (0, 2));
    }

    #[test]
    fn at_least_once_allows_more_and_a_live_server_answers() {
        let mut twice = history(Promise::AtLeastOnce, Ends::Done);
        assert_eq!(twice.execute(&execute(1, "a")).and_then(|()| twice.execute(&execute(1, "a"))), Ok(()));
        assert!(twice.finish(b"a", &CallOutcome::Unknown(Why::Restarted)).is_err());
        let told = ClientNotice::Finished { call: CallId(3), outcome: done("A") };
        assert!(twice.finish_all(&[b"a".to_vec()], &[told]).is_err());
    }
}
