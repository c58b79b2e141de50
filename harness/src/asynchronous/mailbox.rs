//! What has come for a host's tasks and was not taken yet: datagrams at a socket, commands of the application.
//!
//! Invariant: an item leaves in the poll that hands it out, so a receiver that is dropped while it waits loses nothing.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

pub(super) struct Mailbox<T> {
    room: usize,
    inside: RefCell<Inside<T>>,
}

struct Inside<T> {
    items: VecDeque<T>,
    /// Who waits, in the order of coming, each with a number.
    waiting: VecDeque<(u64, Waker)>,
    numbered: u64,
}

impl<T> Mailbox<T> {
    pub(super) fn new(room: usize) -> Mailbox<T> {
        let inside = Inside { items: VecDeque::new(), waiting: VecDeque::new(), numbered: 0 };
        Mailbox { room, inside: RefCell::new(inside) }
    }

    /// Puts an item in and wakes all who wait, since the first of them may be gone before its turn; they keep their places.
    /// False when there is no room.
    pub(super) fn put(&self, item: T) -> bool {
        let mut inside = self.inside.borrow_mut();
        if inside.items.len() >= self.room {
            return false;
        }
        inside.items.push_back(item);
        for (_, waker) in &inside.waiting {
            waker.wake_by_ref();
        }
        true
    }

    /// Waits for the next item.
    pub(super) fn take(&self) -> Take<'_, T> {
        Take { mailbox: self, number: None }
    }

    pub(super) fn count(&self) -> usize {
        self.inside.borrow().items.len()
    }
}

/// One who waits.
pub(super) struct Take<'a, T> {
    mailbox: &'a Mailbox<T>,
    number: Option<u64>,
}

impl<T> Future for Take<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut inside = self.mailbox.inside.borrow_mut();
        if let Some(item) = inside.items.pop_front() {
            drop(inside);
            self.leave();
            return Poll::Ready(item);
        }
        let number = self.number.unwrap_or_else(|| {
            inside.numbered += 1;
            inside.numbered
        });
        match inside.waiting.iter_mut().find(|(other, _)| *other == number) {
            Some((_, waker)) => waker.clone_from(context.waker()),
            None => inside.waiting.push_back((number, context.waker().clone())),
        }
        drop(inside);
        self.number = Some(number);
        Poll::Pending
    }
}

impl<T> Take<'_, T> {
    fn leave(&mut self) {
        if let Some(number) = self.number.take() {
            self.mailbox.inside.borrow_mut().waiting.retain(|(other, _)| *other != number);
        }
    }
}

impl<T> Drop for Take<'_, T> {
    fn drop(&mut self) {
        self.leave();
    }
}
