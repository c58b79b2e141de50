//! The client: one task that connects when there is something to ask, and ends what a lost connection has left.

use super::frame::{Frame, MAX_BODY, Number, connection};
use super::{CallError, Fault, Why};
use crate::asynchronous::{Elapsed, Runtime};
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

/// How a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// How long it waits before it tries to connect again: so long at first, and twice as long each time.
    pub retry_first: Duration,
    /// But never longer than this.
    pub retry_max: Duration,
    /// How often it asks a server from which it hears nothing whether it is there.
    pub ping: Duration,
    /// After so much silence, or so long without a connection, it gives its calls up.
    pub give_up: Duration,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            retry_first: Duration::from_millis(50),
            retry_max: Duration::from_secs(1),
            ping: Duration::from_secs(2),
            give_up: Duration::from_secs(10),
        }
    }
}

/// Calls a server. All clones are the same client, with one connection.
#[derive(Clone, Debug)]
pub struct Client {
    runtime: Runtime,
    asked: mpsc::UnboundedSender<Asked>,
}

/// A call that a task wants to make.
#[derive(Debug)]
struct Asked {
    method: u32,
    arguments: Vec<u8>,
    ended: oneshot::Sender<Result<Vec<u8>, CallError>>,
    /// Told when the call is about to be written.
    sent: oneshot::Sender<()>,
}

type Ended = oneshot::Sender<Result<Vec<u8>, CallError>>;

impl Client {
    /// A client that gets its streams from `connect`, one at a time. Its task ends when the last clone is dropped.
    #[must_use]
    pub fn start<S, Connecting>(
        runtime: &Runtime,
        config: ClientConfig,
        connect: impl Fn() -> Connecting + 'static,
    ) -> Client
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
        Connecting: Future<Output = io::Result<S>> + 'static,
    {
        let (asked, asks) = mpsc::unbounded_channel();
        let task = Task { runtime: runtime.clone(), config, asks, first: None };
        runtime.spawn(task.run(connect));
        Client { runtime: runtime.clone(), asked }
    }

    /// Calls a method, and waits for the answer for at most `deadline`. The request is written at most once.
    ///
    /// # Errors
    /// There is no result; the error says what is known of the call.
    pub async fn call(
        &self,
        method: u32,
        arguments: Vec<u8>,
        deadline: Duration,
    ) -> Result<Vec<u8>, CallError> {
        if arguments.len() > MAX_BODY {
            return Err(CallError::NotExecuted(Why::TooLarge));
        }
        let (ended, end) = oneshot::channel();
        let (sent, mut was_sent) = oneshot::channel();
        let _ = self.asked.send(Asked { method, arguments, ended, sent });
        match self.runtime.timeout(deadline, end).await {
            Ok(end) => end.unwrap_or(Err(CallError::Unknown(Why::Lost))),
            // Whoever drops the other end of `sent` will not write this call.
            Err(Elapsed) => Err(match was_sent.try_recv() {
                Ok(()) => CallError::Unknown(Why::Deadline),
                Err(_) => CallError::NotExecuted(Why::Deadline),
            }),
        }
    }
}

struct Task {
    runtime: Runtime,
    config: ClientConfig,
    asks: mpsc::UnboundedReceiver<Asked>,
    /// The call for which a connection is wanted.
    first: Option<Asked>,
}

impl Task {
    async fn run<S, Connecting>(mut self, connect: impl Fn() -> Connecting)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
        Connecting: Future<Output = io::Result<S>>,
    {
        while let Some(asked) = self.asks.recv().await {
            self.first = Some(asked);
            let trying = self.runtime.timeout(self.config.give_up, self.connected(&connect));
            match trying.await {
                Ok(stream) => self.talk(stream).await,
                Err(Elapsed) => {
                    self.refuse();
                }
            }
        }
    }

    async fn connected<S, Connecting>(&self, connect: &impl Fn() -> Connecting) -> S
    where
        Connecting: Future<Output = io::Result<S>>,
    {
        let mut wait = self.config.retry_first;
        loop {
            if let Ok(stream) = connect().await {
                return stream;
            }
            self.runtime.sleep(wait).await;
            wait = (wait * 2).min(self.config.retry_max);
        }
    }

    /// Nobody can be reached: what was asked for so far was not executed.
    fn refuse(&mut self) {
        let first = self.first.take();
        for asked in first.into_iter().chain(std::iter::from_fn(|| self.asks.try_recv().ok())) {
            let _ = asked.ended.send(Err(CallError::NotExecuted(Why::Silent)));
        }
    }

    /// Makes calls over one connection, until it breaks, the server is closing, or nobody asks any more.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin + 'static>(&mut self, stream: S) {
        let (outbox, mut inbox) = connection(&self.runtime, stream, ());
        let mut talk = Talk { unfinished: BTreeMap::new(), last: 0, is_over: false };
        let mut next = self.first.take();
        let mut heard = self.runtime.now();
        let why = loop {
            if let Some(asked) = next.take() {
                if talk.unfinished.is_empty() {
                    heard = self.runtime.now();
                }
                if let Some(frame) = talk.begin(asked)
                    && outbox.send(frame).await.is_err()
                {
                    break Why::Lost;
                }
            }
            let is_waiting = !talk.unfinished.is_empty();
            if talk.is_over && !is_waiting {
                return;
            }
            tokio::select! {
                biased;
                frame = inbox.recv() => {
                    let Some(frame) = frame else { break Why::Lost };
                    heard = self.runtime.now();
                    talk.take(frame);
                }
                asked = self.asks.recv(), if !talk.is_over => match asked {
                    Some(asked) => next = Some(asked),
                    None => return,
                },
                () = self.runtime.sleep(self.config.ping), if is_waiting => {
                    if self.runtime.now().since(heard) >= self.config.give_up {
                        break Why::Silent;
                    }
                    // A full outbox asks by itself: nobody reads it.
                    let _ = outbox.try_send(Frame::Ping);
                }
            }
        };
        for ended in talk.unfinished.into_values() {
            let _ = ended.send(Err(CallError::Unknown(why)));
        }
    }
}

/// The calls of one connection.
struct Talk {
    unfinished: BTreeMap<Number, Ended>,
    last: Number,
    /// The server takes no more calls.
    is_over: bool,
}

impl Talk {
    /// The frame of a call; none when its task has left before anything was written.
    fn begin(&mut self, Asked { method, arguments, ended, sent }: Asked) -> Option<Frame> {
        sent.send(()).ok()?;
        self.last += 1;
        self.unfinished.insert(self.last, ended);
        Some(Frame::Call { number: self.last, method, arguments })
    }

    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Reply { number, result } => {
                let result = result.map_err(CallError::Fault);
                let _ = self.unfinished.remove(&number).map(|ended| ended.send(result));
            }
            Frame::Goodbye { last } => {
                self.is_over = true;
                for ended in self.unfinished.split_off(&(last.saturating_add(1))).into_values() {
                    let _ = ended.send(Err(CallError::Fault(Fault::Closing)));
                }
            }
            Frame::Call { .. } | Frame::Ping | Frame::Pong => {}
        }
    }
}
