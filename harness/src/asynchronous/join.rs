//! The handle of a task: to wait for its end, or to abort it.

use super::executor::TaskId;
use super::shared::Shared;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A task that was begun with [`Runtime::spawn`](super::Runtime::spawn); awaiting it gives what the task returned. The
/// task goes on when the handle is dropped.
pub struct JoinHandle<T> {
    shared: Rc<Shared>,
    /// `None` when the host was over before the task began.
    task: Option<TaskId>,
    end: Rc<End<T>>,
}

/// The task was aborted. (A task that panics fails the run, so nobody waits for it in vain.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinError;

/// How a task ends, and who waits for it.
struct End<T>(RefCell<State<T>>);

enum State<T> {
    Running(Option<Waker>),
    Ended(Result<T, JoinError>),
    Told,
}

/// Kept by the task: when it is dropped before the task has returned, the task was aborted.
struct Duty<T>(Rc<End<T>>);

#[track_caller]
pub(super) fn spawn<F: Future + 'static>(shared: &Rc<Shared>, future: F) -> JoinHandle<F::Output> {
    let place = Location::caller();
    let end = Rc::new(End(RefCell::new(State::Running(None))));
    let duty = Duty(end.clone());
    // On a host that is over the future is dropped, and with it the duty.
    let task = shared.is_there().then(|| {
        let body = async move {
            let output = future.await;
            duty.0.close(Ok(output));
        };
        shared.executor.spawn(Box::pin(body), place)
    });
    JoinHandle { shared: shared.clone(), task, end }
}

impl<T> JoinHandle<T> {
    /// Has the task dropped instead of being polled again, after the tasks that are ready already.
    pub fn abort(&self) {
        if let Some(task) = self.task.filter(|_| self.shared.is_there()) {
            self.shared.executor.abort(task);
        }
    }

    /// Whether the task has returned or was aborted.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !matches!(*self.end.0.borrow(), State::Running(_))
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.end.0.borrow_mut();
        if let State::Running(waker) = &mut *state {
            *waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        match std::mem::replace(&mut *state, State::Told) {
            State::Ended(result) => Poll::Ready(result),
            State::Running(_) | State::Told => panic!("a JoinHandle was awaited again after it had ended"),
        }
    }
}

impl<T> End<T> {
    fn close(&self, result: Result<T, JoinError>) {
        if !matches!(*self.0.borrow(), State::Running(_)) {
            return;
        }
        if let State::Running(Some(waker)) = self.0.replace(State::Ended(result)) {
            waker.wake();
        }
    }
}

impl<T> Drop for Duty<T> {
    fn drop(&mut self) {
        self.0.close(Err(JoinError));
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {:?} of {:?}", self.task, self.shared)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task was cancelled")
    }
}

impl std::error::Error for JoinError {}
