//! What the two applications were told so far, checked against what was sent, one notice after another.

use crate::{Accepted, Deliver, SeqNo};
use faultline::text;

/// How much of part B a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Part A: every message arrives, in order; a message may arrive again right after itself.
    AtLeastOnce,
    /// Part B: exactly once, in order.
    ExactlyOnce,
}

/// How far a run has come. Invariant: `accepted <= delivered + waiting`, and all count messages, not notices.
#[derive(Clone, Debug)]
pub struct Progress {
    promise: Promise,
    first: SeqNo,
    waiting: usize,
    delivered: usize,
    accepted: usize,
}

impl Progress {
    /// Nothing is delivered yet, and numbers begin with 0.
    #[must_use]
    pub fn new(promise: Promise) -> Progress {
        Progress::starting(promise, SeqNo(0))
    }

    /// Nothing is delivered yet, and numbers begin with `first`.
    #[must_use]
    pub fn starting(promise: Promise, first: SeqNo) -> Progress {
        Progress { promise, first, waiting: 0, delivered: 0, accepted: 0 }
    }

    /// From now on so many messages may wait in the receiver for its application, accepted and not yet delivered (rule C6).
    pub fn may_wait(&mut self, messages: usize) {
        self.waiting = messages;
    }

    /// How many messages are delivered.
    #[must_use]
    pub fn delivered(&self) -> usize {
        self.delivered
    }

    /// How many messages are accepted.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// The receiver has told its application this, while the application on the other side has sent `sent`.
    ///
    /// # Errors
    /// It breaks the promise; the text says how.
    pub fn deliver(&mut self, sent: &[Vec<u8>], notice: &Deliver) -> Result<(), String> {
        let Deliver::Message(got) = notice else {
            return Err("Rule E5: the receiver said that this is the end, but nobody has finished.".into());
        };
        let next = self.delivered;
        if sent.get(next) == Some(got) {
            self.delivered += 1;
            return Ok(());
        }
        let again = sent[..next].iter().rposition(|message| message == got);
        if self.promise == Promise::AtLeastOnce && again.is_some_and(|number| number + 1 == next) {
            return Ok(());
        }
        let shown = text::bytes(got, 12);
        let early = sent.iter().skip(next).position(|message| message == got).map(|after| next + after);
        Err(match (again, early) {
            (Some(number), _) => {
                format!(
                    "Rule B1: the receiver delivered message {number} ({shown}) to its application again."
                )
            }
            (None, Some(number)) => {
                format!(
                    "Rule B1: the receiver delivered message {number} ({shown}) while message {next} was missing."
                )
            }
            (None, None) => format!("Rule A5: the receiver delivered {shown}, which nobody has sent."),
        })
    }

    /// The sender has told its application this.
    ///
    /// # Errors
    /// It is not true; the text says why.
    pub fn accept(&mut self, Accepted(seq): Accepted) -> Result<(), String> {
        let due = self.first.plus(self.accepted as u32);
        if seq != due {
            return Err(format!(
                "Rule A3: the sender said that message {seq} is accepted, where it was the turn of message {due}."
            ));
        }
        if self.accepted >= self.delivered + self.waiting {
            return Err(format!(
                "Rule A3: the sender said that message {seq} is accepted, but the receiver has not delivered it."
            ));
        }
        self.accepted += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(promise: Promise, sent: &[&str], delivered: &[&str]) -> Result<(), String> {
        let sent: Vec<Vec<u8>> = sent.iter().map(|text| text.as_bytes().to_vec()).collect();
        let mut progress = Progress::new(promise);
        delivered
            .iter()
            .try_for_each(|text| progress.deliver(&sent, &Deliver::Message(text.as_bytes().to_vec())))
    }

    #[test]
    fn equal_messages_in_a_row_are_two_messages() {
        assert_eq!(run(Promise::ExactlyOnce, &["a", "a", "b"], &["a", "a", "b"]), Ok(()));
        let wrong = run(Promise::ExactlyOnce, &["a", "a", "b"], &["a", "b"]).unwrap_err();
        assert!(wrong.contains("message 2 (\"b\") while message 1 was missing"), "{wrong}");
    }

    #[test]
    fn part_a_allows_a_repetition_and_nothing_else() {
        assert_eq!(run(Promise::AtLeastOnce, &["a", "b"], &["a", "a", "b", "b"]), Ok(()));
        assert!(run(Promise::AtLeastOnce, &["a", "b"], &["a", "b", "a"]).is_err());
        let wrong = run(Promise::ExactlyOnce, &["a", "b"], &["a", "a"]).unwrap_err();
        assert!(wrong.contains("message 0 (\"a\") to its application again"), "{wrong}");
        let wrong = run(Promise::AtLeastOnce, &["a"], &["x"]).unwrap_err();
        assert!(wrong.contains("\"x\", which nobody has sent"), "{wrong}");
    }

    #[test]
    fn accepted_means_delivered_and_comes_in_order() {
        let mut progress = Progress::new(Promise::ExactlyOnce);
        assert!(progress.accept(Accepted(SeqNo(0))).unwrap_err().contains("has not delivered it"));
        assert_eq!(progress.deliver(&[b"a".to_vec()], &Deliver::Message(b"a".to_vec())), Ok(()));
        assert!(progress.accept(Accepted(SeqNo(1))).unwrap_err().contains("the turn of message 0"));
        assert_eq!(progress.accept(Accepted(SeqNo(0))), Ok(()));
    }
}
