//! Asynchronous student code in the simulated world: a host's tasks, polled one at a time by an executor of the kit's own.
//!
//! To every world such a host is one [`Node`](crate::node::Node). Datagrams, commands and timers wake its tasks; what the
//! tasks do becomes the same [`Action`](crate::machine::Action)s as a machine's. So loss, pauses, crashes, clocks, disks,
//! traces and seeds are those of machines, and there is no runtime, real clock, socket or thread.
//!
//! Invariant: a host is a function of its events. Its tasks are polled in the order in which they were woken, until
//! none is ready; no time passes meanwhile. Read next: `runtime.rs`, what students use; `executor.rs`, how tasks run.
//!
//! ```
//! use faultline::asynchronous::{NodeHandle, UdpSocket};
//! use faultline::{Host, Never, ms};
//! use std::io;
//!
//! /// Asks `server` until it answers.
//! async fn client(server: Host, node: NodeHandle<Never, String>) -> io::Result<()> {
//!     let socket = UdpSocket::bind(&node).await?;
//!     let mut buffer = [0; 1_500];
//!     loop {
//!         socket.send_to(b"hello?", server).await?;
//!         if let Ok(received) = node.timeout(ms(100), socket.recv_from(&mut buffer)).await {
//!             let (length, _from) = received?;
//!             node.notify(String::from_utf8_lossy(&buffer[..length]).into());
//!             return Ok(());
//!         }
//!     }
//! }
//! # let role = faultline::program::Role::new("client", |_| String::new());
//! # faultline::program::LocalProgram::new().async_role(&role, client);
//! ```
//!
//! # What else can be used
//!
//! Whatever needs no runtime: all of `tokio::sync`, `tokio::join!`, `tokio::select!`. **Write `biased;` first in every
//! `select!`.** Without it `select!` begins with a branch that tokio draws from a generator of its own, which no seed of
//! the kit's reaches: the run is then another one each time, and the kit says so when it runs a failure twice.
//!
//! `tokio::spawn`, `tokio::time` and `tokio::net` belong to another world. Tasks are begun with [`Runtime::spawn`]; the
//! handle is not `Send`, so `tokio::spawn` of a task that uses it does not compile:
//!
//! ```
//! fn begin(runtime: faultline::asynchronous::Runtime) {
//!     runtime.clone().spawn(async move { runtime.sleep(faultline::ms(1)).await });
//! }
//! ```
//!
//! ```compile_fail
//! fn begin(runtime: faultline::asynchronous::Runtime) {
//!     tokio::spawn(async move { runtime.sleep(faultline::ms(1)).await });
//! }
//! ```

mod clock;
mod driver;
mod executor;
mod files;
mod join;
mod mailbox;
mod node;
mod runtime;
mod shared;
mod socket;

pub use clock::{Elapsed, Interval, Sleep};
pub use driver::Driver;
pub use executor::MAX_POLLS;
pub use files::Files;
pub use join::{JoinError, JoinHandle};
pub(crate) use node::AsyncNode;
pub use node::MAX_COMMANDS;
pub use runtime::{NodeHandle, Runtime};
pub(crate) use socket::Datagram;
pub use socket::{RECEIVE_BUFFER, SocketOptions, UdpSocket};
