//! Large questions and answers over calls that are small: they go in pieces, each of which is a call.
//!
//! A piece that is carried twice, or not at all, makes a question that cannot be read: this is built on calls that are executed at most once.

use faultline::rpc::Fault;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Bytes of a piece: it and what is around it fit into the arguments of a call.
pub const PIECE: usize = 900;

/// So many questions are kept; of one more the oldest is forgotten, whose asker has given up.
const QUESTIONS: usize = 1_000;

/// Something to execute: method, argument, and where the result goes.
pub type Order = (u32, Vec<u8>, oneshot::Sender<Result<Vec<u8>, Fault>>);

/// Where a process takes questions piece by piece, and gives its answers in the same way. A clone is the same desk.
#[derive(Clone, Debug)]
pub struct Desk {
    held: Arc<Mutex<Held>>,
    orders: mpsc::UnboundedSender<Order>,
}

#[derive(Debug, Default)]
struct Held {
    questions: BTreeMap<u64, Vec<u8>>,
    answers: BTreeMap<u64, VecDeque<Vec<u8>>>,
    /// All of them, in the order in which they came.
    order: VecDeque<u64>,
}

impl Held {
    fn admit(&mut self, question: u64) {
        if self.order.contains(&question) {
            return;
        }
        self.order.push_back(question);
        if self.order.len() > QUESTIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.questions.remove(&oldest);
            self.answers.remove(&oldest);
        }
    }

    fn forget(&mut self, question: u64) {
        self.order.retain(|kept| *kept != question);
        self.questions.remove(&question);
        self.answers.remove(&question);
    }
}

impl Desk {
    /// A desk whose questions are executed by whoever receives the orders.
    #[must_use]
    pub fn new() -> (Desk, mpsc::UnboundedReceiver<Order>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        (Desk { held: Arc::default(), orders }, receiver)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next piece of a question.
    pub fn push(&self, question: u64, piece: &[u8]) {
        let mut held = self.held();
        held.admit(question);
        held.questions.entry(question).or_default().extend(piece);
    }

    /// Has a question executed, and waits for that; gives the first piece of the answer, and how many more there are. So whoever has a
    /// short answer has all of it, and the desk may close.
    ///
    /// # Errors
    /// It was not executed, or has failed.
    pub fn execute(&self, question: u64, method: u32) -> Result<(Vec<u8>, u32), String> {
        let argument = {
            let mut held = self.held();
            held.admit(question);
            held.questions.remove(&question).unwrap_or_default()
        };
        let (result, wanted) = oneshot::channel();
        let closing = || Fault::Closing.to_string();
        self.orders.send((method, argument, result)).map_err(|_| closing())?;
        let answered = wanted.blocking_recv().map_err(|_| closing())?;
        let mut held = self.held();
        let answer = answered.inspect_err(|_| held.forget(question)).map_err(|fault| fault.to_string())?;
        let mut pieces: VecDeque<Vec<u8>> = answer.chunks(PIECE).map(<[u8]>::to_vec).collect();
        let first = pieces.pop_front().unwrap_or_default();
        let more = pieces.len();
        if more == 0 {
            held.forget(question);
        } else {
            held.answers.insert(question, pieces);
        }
        Ok((first, more as u32))
    }

    /// Gives the next piece of an answer; with the last one it is forgotten. No bytes when there is none.
    #[must_use]
    pub fn pull(&self, question: u64) -> Vec<u8> {
        let mut held = self.held();
        let Some(pieces) = held.answers.get_mut(&question) else { return vec![] };
        let piece = pieces.pop_front().unwrap_or_default();
        if pieces.is_empty() {
            held.forget(question);
        }
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_and_its_answer_go_in_pieces_and_are_forgotten_then() {
        let (desk, mut orders) = Desk::new();
        let twice = std::thread::spawn(move || {
            while let Some((method, argument, result)) = orders.blocking_recv() {
                assert_eq!(method, 7);
                drop(result.send(Ok(argument.repeat(2))));
            }
        });
        let question: Vec<u8> = (0..1_000).map(|byte| (byte % 251) as u8).collect();
        question.chunks(PIECE).for_each(|piece| desk.push(1, piece));
        let (mut answer, more) = desk.execute(1, 7).unwrap();
        answer.extend((0..more).flat_map(|_| desk.pull(1)));
        assert_eq!((answer, more), (question.repeat(2), 2));
        assert_eq!(desk.execute(2, 7), Ok((vec![], 0)));
        assert!(desk.held().order.is_empty() && desk.held().answers.is_empty());
        drop(desk);
        twice.join().unwrap();
    }

    #[test]
    fn the_oldest_question_is_forgotten_when_there_are_too_many_and_nobody_waits_for_a_process_that_ends() {
        let (desk, orders) = Desk::new();
        (0..=QUESTIONS as u64).for_each(|question| desk.push(question, b"x"));
        assert_eq!(desk.held().questions.len(), QUESTIONS);
        assert!(!desk.held().questions.contains_key(&0));
        drop(orders);
        assert!(desk.execute(5, 7).is_err());
    }
}
