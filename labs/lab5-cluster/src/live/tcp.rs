//! Calls over the finished RPC of `faultline::rpc`, on one connection to each who is called.

use super::network::{Handler, Listening, Network};
use crate::site::{Answering, NoAnswer};
use faultline::asynchronous::Runtime;
use faultline::ms;
use faultline::rpc::{Client, ClientConfig, ServeConfig, serve};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

/// For how long a call waits for its answer.
const PATIENCE: Duration = ms(1_500);

/// Calls others, over one connection to each.
struct Tcp {
    runtime: Runtime,
    others: RefCell<BTreeMap<SocketAddrV4, Other>>,
}

/// Somebody who is called.
#[derive(Clone)]
struct Other {
    client: Client,
    /// Told when nobody listens there.
    is_gone: Rc<Notify>,
}

/// The network of `cluster`.
#[must_use]
pub fn network(runtime: &Runtime) -> Rc<dyn Network> {
    Rc::new(Tcp { runtime: runtime.clone(), others: RefCell::default() })
}

impl Tcp {
    fn other(&self, to: SocketAddrV4) -> Other {
        let mut others = self.others.borrow_mut();
        let start = || {
            let is_gone = Rc::new(Notify::new());
            let gone = is_gone.clone();
            let config =
                ClientConfig { retry_first: ms(20), retry_max: ms(200), ping: ms(1_000), give_up: ms(3_000) };
            let client = Client::start(&self.runtime, config, move || {
                let gone = gone.clone();
                async move {
                    let stream = TcpStream::connect(to).await.inspect_err(|_| gone.notify_waiters())?;
                    // A question is short, and its answer is waited for.
                    stream.set_nodelay(true)?;
                    Ok(stream)
                }
            });
            Other { client, is_gone }
        };
        others.entry(to).or_insert_with(start).clone()
    }
}

impl Network for Tcp {
    /// When nobody listens there, it does not wait.
    fn call(&self, to: SocketAddrV4, method: u32, argument: Vec<u8>) -> Answering<Vec<u8>> {
        let Other { client, is_gone } = self.other(to);
        Box::pin(async move {
            tokio::select! {
                biased;
                answer = client.call(method, argument, PATIENCE) => answer.map_err(|_| NoAnswer),
                () = is_gone.notified() => Err(NoAnswer),
            }
        })
    }

    fn listen(&self, at: SocketAddrV4, handler: Handler) -> io::Result<Listening> {
        let listener = std::net::TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        let SocketAddr::V4(address) = listener.local_addr()? else {
            return Err(io::Error::other("this is no address of IPv4"));
        };
        let listener = Rc::new(TcpListener::from_std(listener)?);
        let accept = move || {
            let listener = listener.clone();
            async move {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(stream)
            }
        };
        let (close, closing) = oneshot::channel::<()>();
        let inside = self.runtime.clone();
        let server = self.runtime.spawn(async move {
            let handler = move |method, argument| handler(method, argument);
            serve(&inside, ServeConfig::default(), accept, handler, async { drop(closing.await) }).await
        });
        Ok(Listening::new(address, close, async { drop(server.await) }))
    }
}
