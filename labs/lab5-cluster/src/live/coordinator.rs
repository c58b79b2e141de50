//! A coordinator's process: requests from the network go to the student's machine, one after the other.

use super::calls::{Method, argument, handler};
use super::network::{Handler, Listening};
use crate::coordinating::{Answered, Asked, Coordinate, Coordinator};
use crate::message::{Phase, Reply, Request};
use crate::timeline::Timeline;
use crate::types::Address;
use faultline::asynchronous::Runtime;
use faultline::codec;
use faultline::live::{HostError, Keeper};
use faultline::rpc::Fault;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How a coordinator's process has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client has all outputs, and the workers know.
    Collected,
    /// The job has failed, and the client and the workers know.
    Failed(String),
    /// Somebody wanted it to end.
    Interrupted,
}

/// Who has heard of the end.
struct Audience {
    /// When each worker was heard of last, and whether it was told that all is over. One that was not known comes again in another life.
    workers: BTreeMap<Address, (Instant, bool)>,
    end: Option<Ended>,
    lease: Duration,
    /// Who is there may not have been heard of before.
    not_before: Instant,
}

impl Audience {
    fn see(&mut self, request: &Request, reply: &Reply) {
        if let Some(worker) = request.worker() {
            self.workers.insert(worker.address, (Instant::now(), *reply == Reply::Over));
        }
        if let Reply::Status(status) = reply {
            match &status.phase {
                Phase::Collected => self.end = Some(Ended::Collected),
                Phase::Failed(failure) => self.end = Some(Ended::Failed(failure.to_string())),
                Phase::Idle | Phase::Working | Phase::Finished(_) => {}
            }
        }
    }

    /// Whether everybody knows who is there.
    fn end(&self) -> Option<Ended> {
        let knows = |(heard, told): &(Instant, bool)| *told || heard.elapsed() > self.lease;
        self.end.clone().filter(|_| Instant::now() >= self.not_before && self.workers.values().all(knows))
    }
}

/// How often it looks whether everybody has heard of the end.
const LOOK: Duration = Duration::from_millis(100);

/// A request, and where its reply goes.
pub(crate) type Ask = (Request, oneshot::Sender<Reply>);

/// What others may ask of a coordinator, and who answers that.
pub(crate) fn desk() -> (Handler, mpsc::UnboundedReceiver<Ask>) {
    let (asked, asks) = mpsc::unbounded_channel();
    let handler = handler(move |method, arguments| {
        let asked = asked.clone();
        async move {
            if method != Method::Request as u32 {
                return Err(Fault::NoSuchMethod);
            }
            let (reply, replied) = oneshot::channel();
            let _ = asked.send((argument(&arguments)?, reply));
            replied.await.map(|reply| codec::encode(&reply)).map_err(|_| Fault::Closing)
        }
    });
    (handler, asks)
}

/// Answers requests until the job is over, or `interrupted` is ready.
pub(crate) async fn coordinate<C: Coordinate>(
    runtime: Runtime,
    listening: Listening,
    mut asks: mpsc::UnboundedReceiver<Ask>,
    mut keeper: Keeper<Coordinator<C>>,
    lease: Duration,
    timeline: &mut Timeline,
    interrupted: impl Future<Output = ()>,
) -> io::Result<Ended> {
    let mut audience = Audience { workers: BTreeMap::new(), end: None, lease, not_before: Instant::now() };
    // When there is a job in the journal there may be workers of which this coordinator has not heard yet: before it ends it waits
    // for them, for as long as they would be known.
    let status = Asked { call: 0, request: Request::Status };
    for Answered { reply, .. } in keeper.command(&status).map_err(failed)? {
        audience.see(&Request::Status, &reply);
        if matches!(&reply, Reply::Status(status) if status.phase != Phase::Idle) {
            audience.not_before = Instant::now() + lease;
        }
    }
    let mut interrupted = pin!(interrupted);
    let mut call = 0;
    let ended = loop {
        if let Some(ended) = audience.end() {
            break ended;
        }
        let look = Instant::now() + LOOK;
        let wake = keeper.next_timer().map_or(look, |next| next.min(look));
        tokio::select! {
            biased;
            () = &mut interrupted => break Ended::Interrupted,
            Some((request, answer)) = asks.recv() => {
                call += 1;
                let told = keeper.command(&Asked { call, request: request.clone() }).map_err(failed)?;
                if let Some(Answered { reply, .. }) = told.into_iter().next() {
                    audience.see(&request, &reply);
                    timeline.see(&request, &reply);
                    // Who has asked may not wait any more.
                    drop(answer.send(reply));
                }
            }
            () = tokio::time::sleep_until(wake.into()) => {}
        }
        keeper.run_out().map_err(failed)?;
    };
    // The last answers are on their way; who does not read them is not waited for.
    let _ = runtime.timeout(Duration::from_secs(1), listening.close()).await;
    Ok(ended)
}

fn failed(error: HostError) -> io::Error {
    io::Error::other(error.to_string())
}
