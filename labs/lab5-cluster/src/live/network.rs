//! How calls get from process to process: what a coordinator, workers and a client need of it, whoever has written it.

use crate::site::Answering;
use faultline::rpc::Fault;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddrV4;
use std::pin::Pin;
use std::rc::Rc;
use tokio::sync::oneshot;

/// A call that is being executed.
pub type Handling = Pin<Box<dyn Future<Output = Result<Vec<u8>, Fault>>>>;

/// Executes calls: given the number of a method and its encoded argument.
pub type Handler = Rc<dyn Fn(u32, Vec<u8>) -> Handling>;

/// A way to call other processes.
pub trait Network {
    /// Calls whoever listens there, once.
    ///
    /// # Errors
    /// There was no answer; nobody knows whether the call was executed.
    fn call(&self, to: SocketAddrV4, method: u32, argument: Vec<u8>) -> Answering<Vec<u8>>;

    /// Answers calls from now on; port 0 is any that is free.
    ///
    /// # Errors
    /// Nobody can listen at this address.
    fn listen(&self, at: SocketAddrV4, handler: Handler) -> io::Result<Listening>;
}

/// Somebody who listens, until this is dropped or closed.
pub struct Listening {
    address: SocketAddrV4,
    close: oneshot::Sender<()>,
    closed: Pin<Box<dyn Future<Output = ()>>>,
}

impl Listening {
    /// Whoever listens here ends when the other half of `close` is ready; then `closed` is.
    #[must_use]
    pub fn new(
        address: SocketAddrV4,
        close: oneshot::Sender<()>,
        closed: impl Future<Output = ()> + 'static,
    ) -> Listening {
        Listening { address, close, closed: Box::pin(closed) }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddrV4 {
        self.address
    }

    /// Begins nothing any more, and waits until the last answers have gone.
    pub async fn close(self) {
        drop(self.close);
        self.closed.await;
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listening({})", self.address)
    }
}
