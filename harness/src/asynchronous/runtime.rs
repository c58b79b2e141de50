//! What asynchronous code may know of its host and do to it: [`Runtime`], and [`NodeHandle`] with the application's types.

use super::clock::{Elapsed, Interval, Sleep};
use super::files::Files;
use super::join::{self, JoinHandle};
use super::mailbox::Mailbox;
use super::shared::Shared;
use crate::codec;
use crate::machine::Action;
use crate::time::Time;
use serde::Serialize;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// A host from inside: its clock, its randomness, its disk and its tasks. Clones are the same host.
///
/// It is for the tasks of its own host alone: another host's task that uses it panics. After a crash, as in the destructors
/// of the tasks that were dropped, it does nothing.
#[derive(Clone, Debug)]
pub struct Runtime(pub(super) Rc<Shared>);

impl Runtime {
    /// The present moment on this host's clock. It stands still while tasks run.
    #[must_use]
    pub fn now(&self) -> Time {
        self.0.is_there();
        self.0.present.borrow().now
    }

    /// 64 random bits, decided by the seed of the run.
    #[must_use]
    pub fn random(&self) -> u64 {
        self.0.is_there();
        self.0.present.borrow_mut().random.bits()
    }

    /// The host's disk, which survives a restart.
    #[must_use]
    pub fn disk(&self) -> Files<'_> {
        Files::new(&self.0)
    }

    /// Waits for `span`, counted from this call.
    #[must_use]
    pub fn sleep(&self, span: Duration) -> Sleep {
        Sleep::new(&self.0, "sleep", span)
    }

    /// Waits until `deadline`; one that has passed is waited for until the other events of this moment are handled.
    #[must_use]
    pub fn sleep_until(&self, deadline: Time) -> Sleep {
        self.sleep(deadline.since(self.now()))
    }

    /// Ticks at once and then every `period`. Ticks that were missed come one after the other, without delay.
    ///
    /// # Panics
    /// `period` is zero.
    #[must_use]
    pub fn interval(&self, period: Duration) -> Interval {
        Interval::new(&self.0, period)
    }

    /// Waits for `future`, but not longer than `span`, counted from this call; then `future` is dropped. When both are
    /// ready at the same moment, the future has won.
    pub fn timeout<F: IntoFuture>(
        &self,
        span: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Elapsed>> + use<F> {
        let mut limit = Sleep::new(&self.0, "timeout", span);
        async move {
            let mut future = pin!(future.into_future());
            poll_fn(move |context| match future.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(Ok(output)),
                Poll::Pending => Pin::new(&mut limit).poll(context).map(|()| Err(Elapsed)),
            })
            .await
        }
    }

    /// Begins a task, which goes on when its handle is dropped. It is polled after the tasks that are ready already, and
    /// is dropped when the host crashes or its main task ends.
    #[track_caller]
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        join::spawn(&self.0, future)
    }
}

/// A [`Runtime`] (all of whose functions it has), with the commands and notices of the host's application.
pub struct NodeHandle<Command, Notice> {
    runtime: Runtime,
    commands: Rc<Mailbox<Command>>,
    notices: PhantomData<fn(Notice)>,
}

impl<Command, Notice> NodeHandle<Command, Notice> {
    pub(super) fn new(shared: &Rc<Shared>, commands: &Rc<Mailbox<Command>>) -> Self {
        NodeHandle { runtime: Runtime(shared.clone()), commands: commands.clone(), notices: PhantomData }
    }

    /// Waits for what the application asks next. No command is lost when this is dropped while it waits.
    pub async fn next_command(&self) -> Command {
        self.commands.take().await
    }

    /// Tells the application something.
    pub fn notify(&self, notice: Notice)
    where
        Notice: Serialize,
    {
        self.runtime.0.act(Action::Notify(codec::encode(&notice)));
    }
}

impl<Command, Notice> Clone for NodeHandle<Command, Notice> {
    fn clone(&self) -> Self {
        NodeHandle { runtime: self.runtime.clone(), commands: self.commands.clone(), notices: PhantomData }
    }
}

impl<Command, Notice> fmt::Debug for NodeHandle<Command, Notice> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.runtime.fmt(f)
    }
}

impl<Command, Notice> Deref for NodeHandle<Command, Notice> {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        &self.runtime
    }
}
