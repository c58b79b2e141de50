//! Time of this process, and rates from it: the median of several runs, with the lowest and the highest.

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::time::Duration;

/// One thing whose rate is measured.
pub(crate) struct Subject<'a> {
    /// As the table shows it.
    pub(crate) name: &'static str,
    /// Does the work once and returns how much it was.
    pub(crate) run: Box<dyn Fn() -> Result<u64, String> + 'a>,
    /// The rate that it should at least have.
    pub(crate) target: Option<f64>,
}

/// Which time a rate is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// What all threads of this process have used of the CPUs: for work that never waits.
    Cpu,
    /// What passes: for work that waits.
    Real,
}

/// The rates of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Rate {
    /// The work of one run, such as its states.
    pub(crate) work: u64,
    /// Work per second.
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

/// Something that says itself how long it took.
pub(crate) type Timed<'a> = (&'static str, Box<dyn Fn() -> Result<Duration, String> + 'a>);

/// As [`by_turns`], for what is `work` and says itself how long it took.
///
/// # Errors
/// A subject did not do its work.
pub(crate) fn timed_by_turns(
    subjects: &[Timed<'_>],
    repetitions: usize,
    work: u64,
) -> Result<Vec<(&'static str, Rate)>, String> {
    let mut rates = vec![vec![]; subjects.len()];
    for _ in 0..repetitions {
        for ((_, run), rates) in subjects.iter().zip(&mut rates) {
            rates.push(work as f64 / run()?.as_secs_f64().max(1e-6));
        }
    }
    let names = subjects.iter().map(|(name, _)| *name);
    Ok(names.zip(rates.into_iter().map(|rates| summary(work, rates))).collect())
}

/// Runs every subject once to warm up, and then all of them by turns, so that a machine that becomes slower on the way is
/// no subject's disadvantage. `repetitions` is at least 1.
///
/// # Errors
/// A subject did not do its work, or not the same amount each time.
pub(crate) fn by_turns(
    subjects: &[Subject<'_>],
    repetitions: usize,
    clock: Clock,
) -> Result<Vec<Rate>, String> {
    let works: Vec<u64> = subjects.iter().map(|subject| (subject.run)()).collect::<Result<_, _>>()?;
    let mut rates = vec![vec![]; subjects.len()];
    for _ in 0..repetitions {
        for ((subject, work), rates) in subjects.iter().zip(&works).zip(&mut rates) {
            let (done, seconds) = timed(clock, &subject.run)?;
            if done != *work {
                return Err(format!("{} did {work} of its work, and then {done}", subject.name));
            }
            rates.push(done as f64 / seconds);
        }
    }
    Ok(works.into_iter().zip(rates).map(|(work, rates)| summary(work, rates)).collect())
}

/// What `run` returns, and how many seconds it took, at least one microsecond.
///
/// # Errors
/// Those of `run`.
pub(crate) fn timed<T>(clock: Clock, run: impl Fn() -> Result<T, String>) -> Result<(T, f64), String> {
    let start = clock.now();
    let done = run()?;
    Ok((done, (clock.now() - start).as_secs_f64().max(1e-6)))
}

/// The rate of runs that were measured one by one.
pub(crate) fn summary(work: u64, mut rates: Vec<f64>) -> Rate {
    rates.sort_by(f64::total_cmp);
    let at = |index: usize| rates.get(index).copied().unwrap_or(0.0);
    Rate { work, median: at(rates.len() / 2), lowest: at(0), highest: at(rates.len().saturating_sub(1)) }
}

impl Clock {
    fn now(self) -> Duration {
        let now = clock_gettime(match self {
            Clock::Cpu => ClockId::ProcessCPUTime,
            Clock::Real => ClockId::Monotonic,
        });
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn the_median_is_in_the_middle_of_the_spread() {
        let rate = summary(7, vec![30.0, 10.0, 20.0, 50.0, 40.0]);
        assert_eq!(rate, Rate { work: 7, median: 30.0, lowest: 10.0, highest: 50.0 });
    }

    #[test]
    fn subjects_run_by_turns_after_a_warm_up() {
        let order = Cell::new(String::new());
        let subject = |name: &'static str| Subject {
            name,
            run: Box::new(|| {
                order.set(order.take() + name);
                Ok(1)
            }),
            target: None,
        };
        by_turns(&[subject("a"), subject("b")], 2, Clock::Cpu).unwrap();
        assert_eq!(order.take(), "ababab");
    }

    #[test]
    fn work_that_changes_from_run_to_run_is_an_error() {
        let runs = Cell::new(0);
        let run = || {
            runs.set(runs.get() + 1);
            Ok(runs.get())
        };
        let wrong =
            by_turns(&[Subject { name: "it", run: Box::new(run), target: None }], 1, Clock::Cpu).unwrap_err();
        assert_eq!(wrong, "it did 1 of its work, and then 2");
    }
}
