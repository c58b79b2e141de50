//! The client's half of a program, around a student's `Caller`.

use super::ending::Ending;
use super::options::CallOptions;
use crate::types::ClientConfig;
use faultline::asynchronous::{Runtime, UdpSocket};
use faultline::live::{self, relay::Relay};
use faultline::simulation::Link;
use std::cell::RefCell;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

/// What a client is made of.
#[derive(Debug)]
pub struct Client {
    /// The host that it runs on.
    pub runtime: Runtime,
    /// Its socket.
    pub socket: UdpSocket,
    /// What `Caller::start` is told.
    pub config: ClientConfig,
    /// How long a call may take.
    pub deadline: Duration,
}

/// Runs the client that `main` makes until it has ended; the whole main function of `program call`.
pub fn call<Main>(
    program: &str,
    options: &CallOptions,
    main: impl FnOnce(Client) -> Main + 'static,
) -> ExitCode
where
    Main: Future<Output = Result<(), Ending>> + 'static,
{
    Ending::tell(program, run(options, main))
}

fn run<Main>(options: &CallOptions, main: impl FnOnce(Client) -> Main + 'static) -> Result<(), Ending>
where
    Main: Future<Output = Result<(), Ending>> + 'static,
{
    let anywhere: SocketAddr = match options.to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = std::net::UdpSocket::bind(anywhere)
        .map_err(|error| Ending::Broken(format!("cannot open a socket at {anywhere}: {error}")))?;
    let relay = options.faults.map(|faults| relay(options.to, faults.link)).transpose()?;
    let to = relay.as_ref().map_or(options.to, Relay::addr);
    let (config, deadline) = (options.config(), options.deadline());
    let end = Rc::new(RefCell::new(Ok(())));
    let told = end.clone();
    live::run(socket, &[to], move |node| async move {
        let runtime = (*node).clone();
        let socket = UdpSocket::bind(&runtime).await?;
        *told.borrow_mut() = main(Client { runtime, socket, config, deadline }).await;
        Ok(())
    })?;
    if let Some(relay) = relay {
        eprintln!("{}", relay.done());
    }
    end.replace(Ok(())).map_err(|ending| at(ending, options.to))
}

/// With the address of the server that was called, before its sentence.
fn at(ending: Ending, to: SocketAddr) -> Ending {
    match ending {
        Ending::Broken(why) => Ending::Broken(why),
        Ending::NotExecuted(why) => Ending::NotExecuted(format!("{to}: {why}")),
        Ending::Unknown(why) => Ending::Unknown(format!("{to}: {why}")),
        Ending::Failed(why) => Ending::Failed(format!("{to}: {why}")),
    }
}

/// A bad network before the server, for this program alone.
fn relay(server: SocketAddr, link: Link) -> Result<Relay, Ending> {
    let broken = |error: live::LiveError| Ending::Broken(error.to_string());
    let relay = Relay::start(server, RandomState::new().hash_one(std::process::id())).map_err(broken)?;
    relay.links(link);
    Ok(relay)
}
