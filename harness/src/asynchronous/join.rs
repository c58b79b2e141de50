//! The handle of a task: to wait for its end, or to abort it.

use super::executor::TaskId;
use super::shared::Shared;
use crate::crash::{Crash, guarded};
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

/// A task has not returned: it was aborted, or it has panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinError(Option<Crash>);

impl JoinError {
    /// Whether the task was aborted.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the task has panicked. It is for who awaits the task to say what follows. When nobody can, because the handle
    /// was dropped, the run has failed.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        self.0.is_some()
    }
}

/// How a task ends, and who waits for it.
struct End<T>(RefCell<State<T>>);

enum State<T> {
    Running(Option<Waker>),
    Ended(Result<T, JoinError>),
    Told,
}

/// A future whose panic is an error.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Crash>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match guarded(|| self.0.as_mut().poll(context)) {
            Ok(poll) => poll.map(Ok),
            Err(crash) => Poll::Ready(Err(crash)),
        }
    }
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
        let host = shared.clone();
        let body = async move {
            match Caught(Box::pin(future)).await {
                Ok(output) => duty.0.close(Ok(output)),
                // One that nobody can await any more, and one that is not for students to handle, fail the run.
                Err(crash) if Rc::strong_count(&duty.0) == 1 || !crash.is_a_panic() => host.fail(crash),
                Err(crash) => duty.0.close(Err(JoinError(Some(crash)))),
            }
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

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let State::Ended(Err(JoinError(Some(crash)))) = &*self.end.0.borrow() {
            self.shared.fail(crash.clone());
        }
    }
}

impl<T> Drop for Duty<T> {
    fn drop(&mut self) {
        self.0.close(Err(JoinError(None)));
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {:?} of {:?}", self.task, self.shared)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(Crash::Panicked { message, .. }) => write!(f, "task panicked: {message}"),
            Some(other) => other.fmt(f),
            None => f.write_str("task was cancelled"),
        }
    }
}

impl std::error::Error for JoinError {}
