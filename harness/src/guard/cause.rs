//! Guesses why a machine did not do the same twice, from how its answers differ when it is asked several times.

use super::again::Again;
use super::log::Step;
use crate::codec;

/// How many characters of a state are shown on either side of where two of them part.
const AROUND: usize = 24;

/// The fewest equal answers that tell something kept from something drawn by chance.
const MIN_EQUAL: usize = 5;

/// What is probably behind a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The same things in another order.
    Order,
    /// Only the first time was different, or a number grows from time to time.
    Kept,
    /// The same state with another hash.
    Hash,
    /// The clock of the computer.
    Clock,
    /// Something new each time.
    Chance,
}

impl Cause {
    pub(super) fn words(self) -> &'static str {
        match self {
            Cause::Order => {
                "They are the same things in another order: probably the iteration over a HashMap or HashSet, whose order \
                 changes; a BTreeMap has one order."
            }
            Cause::Kept => {
                "Something is remembered outside the machine: probably a static, a thread_local or a global cache; keep it \
                 in a field."
            }
            Cause::Hash => {
                "The states print alike and their hashes differ: probably the Hash iterates over a HashMap or looks at an \
                 address; derive it."
            }
            Cause::Clock => {
                "The computer's clock is in it (Instant or SystemTime): the time of a run is ctx.now()."
            }
            Cause::Chance => {
                "It is new each time: probably time or randomness that is not from ctx (Instant, SystemTime, rand; use \
                 ctx.now() and ctx.random()), or what comes first in a HashMap."
            }
        }
    }
}

/// The probable cause of the difference between what a machine did in the run and what fresh ones did `again`.
pub(super) fn of(first: &Step, again: &[Again]) -> Cause {
    let answer = |answer: &_| codec::encode(answer);
    let run = answer(&first.answer);
    let answers: Vec<Vec<u8>> = again.iter().map(|it| answer(&it.answer)).collect();
    if answers.iter().any(|other| *other != run) {
        let order = answers.iter().all(|other| sorted(other) == sorted(&run));
        return match () {
            () if order => Cause::Order,
            () if all_equal(&answers) || grows(&answers) => Cause::Kept,
            () => Cause::Chance,
        };
    }
    let keys: Vec<u64> = again.iter().map(|it| it.key).collect();
    if keys.iter().all(|key| *key == first.key) {
        // It was different only now and then.
        return Cause::Chance;
    }
    if all_equal(&keys) {
        return Cause::Kept;
    }
    let texts: Vec<&str> = again.iter().map(|it| it.text.as_str()).collect();
    let numbers: Vec<Vec<u64>> = texts.iter().map(|text| numbers(text)).collect();
    let order = texts.iter().all(|text| sorted(text.as_bytes()) == sorted(texts[0].as_bytes()));
    match () {
        () if texts.iter().all(|text| *text == texts[0]) => Cause::Hash,
        () if order => Cause::Order,
        () if ["Instant", "SystemTime"].iter().any(|word| texts[0].contains(word)) => Cause::Clock,
        () if grows(&numbers) => Cause::Kept,
        () => Cause::Chance,
    }
}

/// Two states where they part.
pub(super) fn contrast(again: &[Again]) -> Option<(String, String)> {
    let one = &again.first()?.text;
    let other = &again.iter().find(|it| it.text != *one)?.text;
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| {
        let part: String = text.chars().skip(same.saturating_sub(AROUND)).take(2 * AROUND).collect();
        format!("\"…{part}…\"")
    };
    Some((part(one), part(other)))
}

fn all_equal<T: PartialEq>(values: &[T]) -> bool {
    values.len() >= MIN_EQUAL && values.iter().all(|value| *value == values[0])
}

fn sorted(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.sort_unstable();
    bytes
}

/// Whether some place holds a number that grows by the same amount each time, as a counter does and a clock does not.
fn grows<T: Into<u64> + Copy>(times: &[Vec<T>]) -> bool {
    let Some(first) = times.first().filter(|_| times.len() >= MIN_EQUAL) else { return false };
    if times.iter().any(|values| values.len() != first.len()) {
        return false;
    }
    (0..first.len()).any(|place| {
        // A byte of a larger number wraps around.
        let steps: Vec<u8> = times
            .windows(2)
            .map(|pair| pair[1][place].into().wrapping_sub(pair[0][place].into()) as u8)
            .collect();
        steps[0] != 0 && steps.iter().all(|step| *step == steps[0])
    })
}

fn numbers(text: &str) -> Vec<u64> {
    let digits = text.split(|character: char| !character.is_ascii_digit());
    digits.filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_grows_and_a_clock_does_not() {
        assert!(grows(&[[7u8, 250], [7, 253], [7, 0], [7, 3], [7, 6]].map(Vec::from)));
        assert!(!grows(&[[7u8, 250], [7, 253], [7, 1], [7, 3], [7, 6]].map(Vec::from)));
        assert!(!grows(&[[7u8]; 6].map(Vec::from)));
        assert_eq!(numbers("Door { last: Some(12), at: 3 }"), [12, 3]);
    }

    #[test]
    fn two_states_are_shown_where_they_part() {
        let again = |text: &str| Again { answer: Ok(vec![]), key: 0, text: text.into() };
        let (one, other) = contrast(&[again("Door { last: 1 }"), again("Door { last: 2 }")]).unwrap();
        assert_eq!((one.as_str(), other.as_str()), ("\"…Door { last: 1 }…\"", "\"…Door { last: 2 }…\""));
    }
}
