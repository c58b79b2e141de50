//! The server's half of part E: a task for each call that is executed, and one that drives the machine.

use faultline::asynchronous::{Runtime, UdpSocket};
use lab3_kit::{Fault, ServeConfig, Target};
use std::future::Future;
// SOLUTION
use crate::Server;
use faultline::asynchronous::Driver;
use lab3_kit::{CallId, Incarnation, ServerCommand, ServerNotice};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::Rc;
use tokio::sync::mpsc;
// END SOLUTION

/// Serves until `closing` is ready and everything that was begun is finished (rules E3 to E6). `handler` executes a call: it is
/// given what is called and the encoded arguments, and gives the encoded result, or why there is none.
pub async fn serve<Handler, Work>(
    runtime: &Runtime,
    socket: UdpSocket,
    config: ServeConfig,
    handler: Handler,
    closing: impl Future<Output = ()>,
) where
    Handler: Fn(Target, Vec<u8>) -> Work + 'static,
    Work: Future<Output = Result<Vec<u8>, Fault>> + 'static,
{
    // SOLUTION: todo!("lab 3, part E: serve")
    let (ended, mut ends) = mpsc::unbounded_channel();
    let mut service = Service {
        runtime,
        config,
        driver: Driver::start(runtime, socket, Server::new(config.server)),
        handler: Rc::new(handler),
        ended,
        running: 0,
        waiting: VecDeque::new(),
        is_closing: false,
    };
    let mut closing = pin!(closing);
    while !service.is_closing || service.running > 0 {
        tokio::select! {
            biased;
            Some(end) = ends.recv() => service.end(end),
            () = &mut closing, if !service.is_closing => service.close(),
            notice = service.driver.next() => service.take(Call::of(notice)),
        }
    }
    // Who has lost a reply asks again.
    let _ = runtime.timeout(config.linger, service.refuse()).await;
    // END SOLUTION
}
// SOLUTION

/// A call that is to be executed.
struct Call {
    client: Incarnation,
    call: CallId,
    target: Target,
    arguments: Vec<u8>,
}

impl Call {
    fn of(ServerNotice::Execute { client, call, target, arguments }: ServerNotice) -> Call {
        Call { client, call, target, arguments }
    }
}

struct Service<'r, Handler> {
    runtime: &'r Runtime,
    config: ServeConfig,
    driver: Driver<Server>,
    handler: Rc<Handler>,
    /// Where handlers that have ended say so.
    ended: mpsc::UnboundedSender<ServerCommand>,
    running: usize,
    waiting: VecDeque<Call>,
    is_closing: bool,
}

impl<Handler, Work> Service<'_, Handler>
where
    Handler: Fn(Target, Vec<u8>) -> Work + 'static,
    Work: Future<Output = Result<Vec<u8>, Fault>> + 'static,
{
    fn take(&mut self, call: Call) {
        if self.is_closing {
            self.finish(&call, Fault::Closing);
        } else if self.running < self.config.at_once {
            self.begin(call);
        } else if self.waiting.len() < self.config.waiting {
            self.waiting.push_back(call);
        } else {
            self.finish(&call, Fault::Busy);
        }
    }

    fn begin(&mut self, Call { client, call, target, arguments }: Call) {
        self.running += 1;
        let (handler, ended) = (self.handler.clone(), self.ended.clone());
        // A task of its own, so that its panic is known to whoever awaits it.
        let work = self.runtime.spawn(async move { handler(target, arguments).await });
        self.runtime.spawn(async move {
            let result = work.await.unwrap_or_else(|panic| Err(Fault::failed(panic)));
            let _ = ended.send(ServerCommand::Finish { client, call, result });
        });
    }

    fn end(&mut self, end: ServerCommand) {
        self.driver.command(end);
        self.running -= 1;
        if let Some(next) = self.waiting.pop_front() {
            self.begin(next);
        }
    }

    fn close(&mut self) {
        self.is_closing = true;
        for call in std::mem::take(&mut self.waiting) {
            self.finish(&call, Fault::Closing);
        }
    }

    /// Answers, and executes nothing.
    async fn refuse(&mut self) {
        loop {
            let call = Call::of(self.driver.next().await);
            self.finish(&call, Fault::Closing);
        }
    }

    fn finish(&mut self, &Call { client, call, .. }: &Call, fault: Fault) {
        self.driver.command(ServerCommand::Finish { client, call, result: Err(fault) });
    }
}
// END SOLUTION
