//! The client of the scenarios: submits a job, watches it, and gets its outputs from the workers that have made them.

use crate::files::File;
use crate::limits::{MAX_READ, READ_TRIES};
use crate::message::{Body, Bytes, Message, Phase, Read, Reply, Request, Status};
use crate::types::{Job, JobFailure, Place, Task};
use faultline::{Context, Host, Machine, Never};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// How a client behaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Where the coordinator is.
    pub coordinator: Host,
    /// What is to be done.
    pub job: Job,
    /// After so long without an answer it asks again.
    pub patience: Duration,
    /// It asks how far the job is at this distance.
    pub watch: Duration,
    /// Whether it wants the bytes of the outputs, or only to know that they are there.
    pub reads: bool,
}

/// A client of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    plan: Plan,
    call: u64,
    doing: Doing,
    tries: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Doing {
    /// It waits for the answer of the coordinator.
    Asking(Request),
    /// It waits until it asks again.
    Watching,
    /// It reads the outputs.
    Reading {
        places: Vec<Place>,
        outputs: Vec<Vec<u8>>,
    },
    Over,
}

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientNotice {
    /// The coordinator has the job.
    Accepted,
    /// How far the job is.
    Status(Status),
    /// The outputs, all of them, and where they were.
    Outputs(Vec<Place>, Vec<Vec<u8>>),
    /// There will be none.
    Failed(JobFailure),
    /// The coordinator knows that it has the outputs.
    Over,
    /// The coordinator has answered what is no answer to what it was asked.
    Nonsense(Request, Reply),
}

impl Client {
    /// One that has not submitted anything.
    #[must_use]
    pub fn new(plan: Plan) -> Client {
        Client { plan, call: 0, doing: Doing::Watching, tries: 0 }
    }

    fn ask(&mut self, request: Request, ctx: &mut Context<'_, Self>) {
        self.call += 1;
        let body = Body::Request(request.clone());
        ctx.send(self.plan.coordinator, Message { call: self.call, body }.encode());
        self.doing = Doing::Asking(request);
        ctx.set_timer(Alarm::Again, self.plan.patience);
    }

    /// Reads on, or is at the end of its reading.
    fn read(&mut self, ctx: &mut Context<'_, Self>) {
        let Doing::Reading { places, outputs } = &self.doing else { return };
        let Some((place, output)) = places.get(outputs.len() - 1).zip(outputs.last()) else {
            let outputs = outputs[..places.len()].to_vec();
            ctx.notify(ClientNotice::Outputs(places.clone(), outputs));
            return self.ask(Request::Collected, ctx);
        };
        let (Task::Map(reduce) | Task::Reduce(reduce)) = place.attempt.task;
        let file = File::Output { reduce, number: place.attempt.number };
        let read = Read { file, offset: output.len() as u64, length: MAX_READ };
        self.call += 1;
        ctx.send(place.holder.address.host(), Message { call: self.call, body: Body::Read(read) }.encode());
        ctx.set_timer(Alarm::Again, self.plan.patience);
    }

    fn missing(&mut self, ctx: &mut Context<'_, Self>) {
        let Doing::Reading { places, outputs } = &self.doing else { return };
        let place = places[outputs.len() - 1];
        self.tries = 0;
        self.ask(Request::Missing { place }, ctx);
    }

    fn on_bytes(&mut self, bytes: Bytes, ctx: &mut Context<'_, Self>) {
        let Doing::Reading { outputs, .. } = &mut self.doing else { return };
        self.tries = 0;
        match bytes {
            Bytes::NoFile => return self.missing(ctx),
            Bytes::Some(bytes) if bytes.is_empty() => outputs.push(vec![]),
            Bytes::Some(bytes) => outputs.last_mut().into_iter().for_each(|output| output.extend(&bytes)),
        }
        self.read(ctx);
    }

    fn on_reply(&mut self, reply: Reply, ctx: &mut Context<'_, Self>) {
        let Doing::Asking(request) = self.doing.clone() else { return };
        self.doing = Doing::Watching;
        ctx.set_timer(Alarm::Again, self.plan.watch);
        match (request, reply) {
            (Request::Submit { .. }, Reply::Accepted) => ctx.notify(ClientNotice::Accepted),
            (Request::Status, Reply::Status(status)) => {
                ctx.notify(ClientNotice::Status(status.clone()));
                match status.phase {
                    Phase::Finished(places) if self.plan.reads => {
                        self.doing = Doing::Reading { places, outputs: vec![vec![]] };
                        self.read(ctx);
                    }
                    Phase::Finished(places) => {
                        ctx.notify(ClientNotice::Outputs(places, vec![]));
                        self.ask(Request::Collected, ctx);
                    }
                    Phase::Failed(failure) => {
                        ctx.notify(ClientNotice::Failed(failure));
                        self.end(ctx);
                    }
                    Phase::Collected => self.end(ctx),
                    Phase::Idle | Phase::Working => {}
                }
            }
            (Request::Missing { .. }, Reply::Noted) => {}
            (Request::Collected, Reply::Noted) => self.ask(Request::Status, ctx),
            (request, reply) => {
                ctx.notify(ClientNotice::Nonsense(request, reply));
                self.end(ctx);
            }
        }
    }

    fn end(&mut self, ctx: &mut Context<'_, Self>) {
        self.doing = Doing::Over;
        ctx.cancel_timer(Alarm::Again);
        ctx.notify(ClientNotice::Over);
    }
}

/// What it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alarm {
    /// To ask again.
    Again,
}

impl Machine for Client {
    type Command = Never;
    type Notice = ClientNotice;
    type Timer = Alarm;

    fn on_start(&mut self, ctx: &mut Context<'_, Self>) {
        let job = self.plan.job.clone();
        self.ask(Request::Submit { job }, ctx);
    }

    fn on_datagram(&mut self, _from: Host, datagram: &[u8], ctx: &mut Context<'_, Self>) {
        let Some(Message { call, body }) = Message::decode(datagram) else { return };
        if call != self.call {
            return;
        }
        // A second copy of this answer is none.
        self.call += 1;
        match body {
            Body::Reply(reply) => self.on_reply(reply, ctx),
            Body::Bytes(bytes) => self.on_bytes(bytes, ctx),
            Body::Request(_) | Body::Read(_) => {}
        }
    }

    fn on_timer(&mut self, _alarm: Alarm, ctx: &mut Context<'_, Self>) {
        match self.doing.clone() {
            Doing::Asking(request) => self.ask(request, ctx),
            Doing::Watching => self.ask(Request::Status, ctx),
            Doing::Reading { .. } if self.tries + 1 >= READ_TRIES => self.missing(ctx),
            Doing::Reading { .. } => {
                self.tries += 1;
                self.read(ctx);
            }
            Doing::Over => {}
        }
    }
}

impl fmt::Display for ClientNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientNotice::Accepted => f.write_str("has a job that is accepted"),
            ClientNotice::Status(status) => write!(f, "knows the status: {}", status.phase),
            ClientNotice::Outputs(places, _) => write!(f, "has all {} outputs", places.len()),
            ClientNotice::Failed(failure) => write!(f, "knows that the job has failed: {failure}"),
            ClientNotice::Over => f.write_str("ends"),
            ClientNotice::Nonsense(request, reply) => write!(f, "was answered {reply} to {request}"),
        }
    }
}
