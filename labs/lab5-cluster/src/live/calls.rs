//! What processes ask of each other, over any network.

use super::network::{Handler, Network};
use crate::message::{Bytes, Read, Reply, Request};
use crate::site::{Answering, Calls, NoAnswer};
use crate::types::Address;
use faultline::codec;
use faultline::rpc::Fault;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::net::SocketAddrV4;
use std::rc::Rc;

/// What can be asked, by the numbers of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Of a coordinator.
    Request = 1,
    /// Of a worker: bytes of a file.
    Read = 2,
    /// Of a worker: to keep bytes of a chunk.
    Store = 3,
}

/// Bytes of a chunk that a worker is to keep. They come in order; a chunk whose last bytes have come is a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Store {
    /// Which chunk.
    pub(crate) chunk: u32,
    /// Where in the chunk they belong.
    pub(crate) offset: u64,
    /// The bytes.
    #[serde(with = "serde_bytes")]
    pub(crate) bytes: Vec<u8>,
    /// Whether they are the last.
    pub(crate) is_last: bool,
}

/// Calls the coordinator and others.
#[derive(Clone)]
pub(crate) struct Caller {
    network: Rc<dyn Network>,
    coordinator: SocketAddrV4,
}

impl Caller {
    pub(crate) fn new(network: Rc<dyn Network>, coordinator: SocketAddrV4) -> Caller {
        Caller { network, coordinator }
    }

    /// Asks once.
    pub(crate) async fn call<T: Serialize, Answer: DeserializeOwned>(
        &self,
        to: SocketAddrV4,
        method: Method,
        question: &T,
    ) -> Result<Answer, NoAnswer> {
        let answer = self.network.call(to, method as u32, codec::encode(question)).await?;
        codec::decode(&answer).map_err(|_| NoAnswer)
    }

    /// Asks the coordinator, once.
    pub(crate) async fn request(&self, request: &Request) -> Result<Reply, NoAnswer> {
        self.call(self.coordinator, Method::Request, request).await
    }
}

impl Calls for Caller {
    fn ask(&self, request: Request) -> Answering<Reply> {
        let caller = self.clone();
        Box::pin(async move { caller.request(&request).await })
    }

    fn read(&self, from: Address, read: Read) -> Answering<Bytes> {
        let caller = self.clone();
        Box::pin(async move { caller.call(from.socket(), Method::Read, &read).await })
    }
}

/// What executes calls.
pub(crate) fn handler<Work>(handle: impl Fn(u32, Vec<u8>) -> Work + 'static) -> Handler
where
    Work: Future<Output = Result<Vec<u8>, Fault>> + 'static,
{
    Rc::new(move |method, argument| Box::pin(handle(method, argument)))
}

/// The argument of a call.
pub(crate) fn argument<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    codec::decode(bytes).map_err(|_| Fault::BadArguments)
}
