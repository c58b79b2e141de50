//! A worker's place in the world, from inside: its clock, its disk, its calls, and the engine that does its tasks.

use crate::engine::Engine;
use crate::message::{Bytes, Read, Reply, Request};
use crate::types::{Address, WorkerConfig};
use faultline::asynchronous::Runtime;
use faultline::folder::Folder;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// A call had no answer: the request was lost, or the reply, or it takes too long, or nobody is there. Nobody knows whether it was
/// executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there was no answer")
    }
}

impl std::error::Error for NoAnswer {}

/// What is being waited for.
pub type Answering<T> = Pin<Box<dyn Future<Output = Result<T, NoAnswer>>>>;

/// How calls are made, which differs from world to world.
pub trait Calls {
    /// Asks the coordinator, once.
    fn ask(&self, request: Request) -> Answering<Reply>;

    /// Asks the worker at this address for bytes, once.
    fn read(&self, from: Address, read: Read) -> Answering<Bytes>;
}

/// What a worker may know of its computer and do with it. A clone is the same place.
#[derive(Clone)]
pub struct Site {
    /// The clock, randomness and tasks of its host.
    pub runtime: Runtime,
    /// Where others reach it.
    pub address: Address,
    /// The files on its disk.
    pub folder: Folder,
    /// What executes map and reduce functions.
    pub engine: Engine,
    /// How it is to behave.
    pub config: WorkerConfig,
    calls: Rc<dyn Calls>,
}

impl Site {
    /// A worker's place, with this way to make calls.
    #[must_use]
    pub fn new(
        runtime: Runtime,
        address: Address,
        folder: Folder,
        engine: Engine,
        config: WorkerConfig,
        calls: Rc<dyn Calls>,
    ) -> Site {
        Site { runtime, address, folder, engine, config, calls }
    }

    /// Asks the coordinator. The request is sent once.
    ///
    /// # Errors
    /// There was no answer; nobody knows whether the coordinator has had the request.
    pub async fn ask(&self, request: Request) -> Result<Reply, NoAnswer> {
        self.calls.ask(request).await
    }

    /// Asks the worker at `from`, which may be this one, for bytes of a file. The request is sent once.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn read(&self, from: Address, read: Read) -> Result<Bytes, NoAnswer> {
        self.calls.read(from, read).await
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Site({})", self.address)
    }
}
