//! Workers of the kit's own, which do nothing but say that they did: what a coordinator is tried with.
//!
//! They do all that the network and a crash can make of a worker, and they do not lie: what they say to have finished is on their
//! disk.

use crate::files::File;
use crate::message::{Body, Input, Message, Reply, Request};
use crate::types::{Address, Attempt, Cause, Place, WorkerId};
use faultline::{Context, Host, Machine};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// How such a worker behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Manner {
    /// Where the coordinator is.
    pub coordinator: Host,
    /// Where it is itself.
    pub host: Host,
    /// After so long without an answer it asks again.
    pub patience: Duration,
    /// After an answer that gives it nothing to do it waits so long.
    pub pause: Duration,
    /// While it works, it says so at this distance; zero is never.
    pub beat: Duration,
}

/// A worker that only pretends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    manner: Manner,
    worker: WorkerId,
    /// How many lives it has drawn.
    lives: u64,
    call: u64,
    doing: Doing,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Doing {
    /// It waits for the answer to this.
    Calling(Request),
    /// It has nothing to do.
    Pausing,
    /// It works, and may have asked whether it should.
    Working(Attempt),
    Over,
}

/// What its application says: how an attempt has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Well.
    Done(Attempt),
    /// In a failure.
    Failed(Attempt, Cause),
}

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// It works on this now, with this input.
    Given(Attempt, Vec<Place>),
    /// It has the files of this attempt.
    Made(WorkerId, Attempt),
    /// It has them no more, since this life was told that they are of no use.
    Removed(WorkerId, Attempt),
    /// Its attempt counts.
    Kept(Attempt),
    /// It is at an end.
    Over,
}

/// What it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alarm {
    /// To call again, or to ask.
    Again,
    /// To say that it works.
    Beat,
}

impl Model {
    /// One that has not started.
    #[must_use]
    pub fn new(manner: Manner) -> Model {
        let worker = WorkerId { address: Address::from(manner.host), life: 0 };
        Model { manner, worker, lives: 0, call: 0, doing: Doing::Pausing }
    }

    fn say(&mut self, request: Request, ctx: &mut Context<'_, Self>) {
        self.call += 1;
        ctx.send(self.manner.coordinator, Message { call: self.call, body: Body::Request(request) }.encode());
    }

    fn call(&mut self, request: Request, ctx: &mut Context<'_, Self>) {
        self.say(request.clone(), ctx);
        self.doing = Doing::Calling(request);
        ctx.set_timer(Alarm::Again, self.manner.patience);
    }

    fn register(&mut self, ctx: &mut Context<'_, Self>) {
        ctx.cancel_timer(Alarm::Beat);
        // In a search a host draws the same at each moment of a life of its own.
        self.lives += 1;
        self.worker.life = ctx.random() ^ self.lives << 56;
        let finished: BTreeSet<_> =
            ctx.disk().list().iter().filter_map(|name| File::of_name(name)?.attempt()).collect();
        let finished: Vec<_> = finished.into_iter().collect();
        for attempt in &finished {
            ctx.notify(Told::Made(self.worker, *attempt));
        }
        self.call(Request::Register { worker: self.worker, finished }, ctx);
    }

    fn ask(&mut self, ctx: &mut Context<'_, Self>) {
        self.call(Request::Ask { worker: self.worker }, ctx);
    }

    fn remove(&mut self, attempt: Attempt, ctx: &mut Context<'_, Self>) {
        ctx.disk().remove(&file(attempt));
        ctx.notify(Told::Removed(self.worker, attempt));
    }

    fn answered(&mut self, request: Option<Request>, reply: Reply, ctx: &mut Context<'_, Self>) {
        match (request, reply) {
            (_, Reply::Unknown) => self.register(ctx),
            (_, Reply::Over) => {
                self.doing = Doing::Over;
                ctx.cancel_timer(Alarm::Beat);
                ctx.notify(Told::Over);
            }
            (Some(Request::Register { .. }), Reply::Welcome { useless }) => {
                useless.into_iter().for_each(|attempt| self.remove(attempt, ctx));
                self.ask(ctx);
            }
            (Some(Request::Ask { .. }), Reply::Assign(assignment)) => {
                self.doing = Doing::Working(assignment.attempt);
                if !self.manner.beat.is_zero() {
                    ctx.set_timer(Alarm::Beat, self.manner.beat);
                }
                let input = if let Input::Outputs(places, _) = assignment.input { places } else { vec![] };
                ctx.notify(Told::Given(assignment.attempt, input));
            }
            (Some(Request::Done { attempt, .. }), reply) => {
                match reply {
                    Reply::Useless => self.remove(attempt, ctx),
                    Reply::Kept => ctx.notify(Told::Kept(attempt)),
                    _ => {}
                }
                self.ask(ctx);
            }
            (Some(Request::Failed { .. }), _) => self.ask(ctx),
            (Some(_), _) => {
                self.doing = Doing::Pausing;
                ctx.set_timer(Alarm::Again, self.manner.pause);
            }
            (None, Reply::Stop) => {
                ctx.cancel_timer(Alarm::Beat);
                self.ask(ctx);
            }
            (None, _) => {}
        }
    }
}

/// One file stands for all of an attempt.
fn file(attempt: Attempt) -> String {
    File::all_of(attempt, 1)[0].name()
}

impl Machine for Model {
    type Command = End;
    type Notice = Told;
    type Timer = Alarm;

    fn on_start(&mut self, ctx: &mut Context<'_, Self>) {
        self.register(ctx);
    }

    fn on_command(&mut self, end: End, ctx: &mut Context<'_, Self>) {
        let (End::Done(attempt) | End::Failed(attempt, _)) = end;
        if self.doing != Doing::Working(attempt) {
            return;
        }
        ctx.cancel_timer(Alarm::Beat);
        let worker = self.worker;
        match end {
            End::Done(attempt) => {
                ctx.disk().write(&file(attempt), b"");
                ctx.disk().sync(&file(attempt));
                ctx.notify(Told::Made(worker, attempt));
                self.call(Request::Done { worker, attempt }, ctx);
            }
            End::Failed(attempt, cause) => self.call(Request::Failed { worker, attempt, cause }, ctx),
        }
    }

    fn on_datagram(&mut self, _from: Host, datagram: &[u8], ctx: &mut Context<'_, Self>) {
        let Some(Message { call, body: Body::Reply(reply) }) = Message::decode(datagram) else { return };
        if call != self.call || self.doing == Doing::Over || self.doing == Doing::Pausing {
            return;
        }
        // A second copy of this answer is none.
        self.call += 1;
        ctx.cancel_timer(Alarm::Again);
        let request = if let Doing::Calling(request) = &self.doing { Some(request.clone()) } else { None };
        self.answered(request, reply, ctx);
    }

    fn on_timer(&mut self, alarm: Alarm, ctx: &mut Context<'_, Self>) {
        match (alarm, self.doing.clone()) {
            (Alarm::Again, Doing::Calling(request)) => self.call(request, ctx),
            (Alarm::Again, Doing::Pausing) => self.ask(ctx),
            (Alarm::Beat, Doing::Working(attempt)) => {
                self.say(Request::Alive { worker: self.worker, attempt }, ctx);
                ctx.set_timer(Alarm::Beat, self.manner.beat);
            }
            _ => {}
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Done(attempt) => write!(f, "{attempt} is done"),
            End::Failed(attempt, cause) => write!(f, "{attempt} has failed: {cause}"),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Told::Given(attempt, _) => write!(f, "works on {attempt}"),
            Told::Made(worker, attempt) => write!(f, "has, as {worker}, the files of {attempt}"),
            Told::Removed(worker, attempt) => write!(f, "has, as {worker}, the files of {attempt} no more"),
            Told::Kept(attempt) => write!(f, "has heard that {attempt} counts"),
            Told::Over => f.write_str("ends"),
        }
    }
}
