//! The server: a task for each connection and for each call that is executed.

use super::Fault;
use super::frame::{Frame, MAX_BODY, connection};
use crate::asynchronous::Runtime;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};

/// What a server does at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeConfig {
    /// How many handlers run at once, over all connections; at least 1. When so many run, nothing more is read.
    pub at_once: usize,
}

impl Default for ServeConfig {
    fn default() -> ServeConfig {
        ServeConfig { at_once: 64 }
    }
}

/// How many characters of a panic's text a fault keeps.
const FAILURE_SHOWN: usize = 200;

/// Serves the streams that `accept` gives, until `closing` is ready and everything that was begun is answered; a client that does
/// not read its replies can put that off. `handler` is given
/// a method's number and the encoded arguments, and gives the encoded result; its panic is a fault of that call.
///
/// # Errors
/// `accept` failed: no more streams will come.
pub async fn serve<S, Accepting, Handler, Work>(
    runtime: &Runtime,
    config: ServeConfig,
    mut accept: impl FnMut() -> Accepting,
    handler: Handler,
    closing: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    Accepting: Future<Output = io::Result<S>>,
    Handler: Fn(u32, Vec<u8>) -> Work + 'static,
    Work: Future<Output = Result<Vec<u8>, Fault>> + 'static,
{
    let service = Rc::new(Service {
        runtime: runtime.clone(),
        places: Arc::new(Semaphore::new(config.at_once.clamp(1, Semaphore::MAX_PERMITS))),
        handler,
    });
    let (close, closed) = watch::channel(false);
    let mut closing = pin!(closing);
    let end = loop {
        tokio::select! {
            biased;
            () = &mut closing => break Ok(()),
            stream = accept() => match stream {
                Ok(stream) => drop(runtime.spawn(service.clone().attend(stream, closed.clone()))),
                Err(error) => break Err(error),
            },
        }
    };
    drop(closed);
    // Each connection holds a receiver until its last reply is written.
    let _ = close.send(true);
    close.closed().await;
    end
}

struct Service<Handler> {
    runtime: Runtime,
    places: Arc<Semaphore>,
    handler: Handler,
}

impl<Handler, Work> Service<Handler>
where
    Handler: Fn(u32, Vec<u8>) -> Work + 'static,
    Work: Future<Output = Result<Vec<u8>, Fault>> + 'static,
{
    /// Executes the calls of one connection.
    async fn attend<S>(self: Rc<Self>, stream: S, mut closed: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let (outbox, mut inbox) = connection(&self.runtime, stream, closed.clone());
        let mut last = 0;
        loop {
            let frame = tokio::select! {
                biased;
                frame = inbox.recv() => frame,
                _ = closed.wait_for(|closed| *closed) => break,
            };
            match frame {
                None => return,
                Some(Frame::Ping) => drop(outbox.send(Frame::Pong).await),
                Some(Frame::Call { number, method, arguments }) => {
                    let place = tokio::select! {
                        biased;
                        _ = closed.wait_for(|closed| *closed) => break,
                        place = self.places.clone().acquire_owned() => place,
                    };
                    last = number;
                    let (service, outbox) = (self.clone(), outbox.clone());
                    self.runtime.spawn(async move {
                        let result = service.execute(method, arguments).await;
                        drop(place);
                        let _ = outbox.send(Frame::Reply { number, result }).await;
                    });
                }
                Some(Frame::Reply { .. } | Frame::Goodbye { .. } | Frame::Pong) => {}
            }
        }
        let _ = outbox.send(Frame::Goodbye { last }).await;
    }

    async fn execute(self: Rc<Self>, method: u32, arguments: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let service = self.clone();
        let work = self.runtime.spawn(async move { (service.handler)(method, arguments).await });
        let result = work.await.unwrap_or_else(|panic| {
            Err(Fault::Failed(panic.to_string().chars().take(FAILURE_SHOWN).collect()))
        });
        match result {
            Ok(result) if result.len() > MAX_BODY => Err(Fault::TooLarge),
            other => other,
        }
    }
}
