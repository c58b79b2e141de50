//! Networks for processes: the machine's own, which all share, or one apart from all others, out of which only a relay leads.
//!
//! A network apart is a network namespace of Linux with a loopback of its own (network_namespaces(7)). Sockets and processes stay
//! for ever in the one in which they were made; so whatever belongs into it is made by a thread that goes there ([`Network::within`]).
//! The namespace is gone when nobody holds it any more: no handle of ours, no process, no socket.

use super::error::LiveError;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

/// A network; copies of it are the same one.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The namespace, if it is not the machine's.
    apart: Option<Arc<File>>,
}

/// Tells its number and stays until nobody asks for it any more.
const HOLDER: &str = "echo $$; read -r line || :";

impl Network {
    /// A new network that nobody else is in. It takes bubblewrap and the right to make namespaces (CAP_SYS_ADMIN), which a judge has
    /// in the jail.
    ///
    /// # Errors
    /// [`LiveError::Kit`] when there is none to be had.
    pub fn apart() -> Result<Network, LiveError> {
        let apart = hold().map_err(|source| LiveError::Kit { action: "make a network", source })?;
        Ok(Network { apart: Some(Arc::new(apart)) })
    }

    /// The command that makes a network and holds it while its standard input is open; its first line is the number of a process
    /// in it. For who wants to know whether there are networks to be had.
    #[must_use]
    pub fn maker() -> Vec<&'static str> {
        let mut words = vec![];
        let is_root = rustix::process::geteuid().is_root();
        if !is_root {
            // Bubblewrap takes the rights of whoever is not root for a mistake; it finds its own in another user namespace.
            words.extend(["setpriv", "--inh-caps=-all", "bwrap", "--unshare-user"]);
        } else {
            words.push("bwrap");
        }
        words.extend(["--unshare-net", "--dev-bind", "/", "/", "--", "/bin/sh", "-c", HOLDER]);
        words
    }

    /// Does something in this network, on a thread of its own: what is opened or started there, is there.
    pub(super) fn within<T: Send>(&self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        let Some(namespace) = &self.apart else { return work() };
        let work = || {
            enter(namespace)?;
            work()
        };
        let ended = thread::scope(|scope| scope.spawn(work).join());
        ended.unwrap_or_else(|_| Err(io::Error::other("the thread in the network has panicked")))
    }
}

/// Makes a network and takes hold of it.
fn hold() -> io::Result<File> {
    let words = Network::maker();
    let mut holder = Command::new(words[0])
        .args(&words[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut told = String::new();
    if let Some(stdout) = holder.stdout.take() {
        BufReader::new(stdout).read_line(&mut told)?;
    }
    let namespace = told.trim().parse::<u32>().ok().map(|id| File::open(format!("/proc/{id}/ns/net")));
    // The end of its input is the holder's end.
    let output = holder.wait_with_output()?;
    namespace
        .unwrap_or_else(|| Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_string())))
}

#[cfg(target_os = "linux")]
fn enter(namespace: &File) -> io::Result<()> {
    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
    use std::os::fd::AsFd as _;
    Ok(move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?)
}

#[cfg(not(target_os = "linux"))]
fn enter(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::patience::Patience;
    use crate::live::peer::Peer;
    use crate::live::process::{Place, Process};
    use crate::live::relay::Relay;
    use std::path::Path;

    const ENOUGH: Patience = Patience::new(400);
    const SHORT: Patience = Patience::new(4);

    /// Two networks, if this machine lets us have any.
    fn two() -> Option<[Network; 2]> {
        match (Network::apart(), Network::apart()) {
            (Ok(one), Ok(other)) => Some([one, other]),
            (one, _) => {
                eprintln!("SKIPPED: {:?}", one.err());
                None
            }
        }
    }

    #[test]
    fn nothing_of_one_network_is_seen_in_another_but_what_a_relay_brings() {
        let Some([inner, outer]) = two() else { return };
        let server = Peer::bind_on(&inner).unwrap();
        let client = Peer::bind_on(&outer).unwrap();
        client.send(b"past the relay", server.addr()).unwrap();
        assert!(server.receive(SHORT).is_err());
        let relay = Relay::between(&outer, &inner, server.addr(), 1).unwrap();
        client.send(b"ask", relay.addr()).unwrap();
        let (asked, from) = server.receive(ENOUGH).unwrap();
        server.send(b"answer", from).unwrap();
        assert_eq!((asked, client.receive(ENOUGH).unwrap().0), (b"ask".to_vec(), b"answer".to_vec()));
    }

    #[test]
    fn a_process_and_all_that_it_starts_is_in_its_network_again_after_a_restart() {
        let Some([one, other]) = two() else { return };
        let script = ["-c", "sh -c 'readlink /proc/self/ns/net'; exec sleep 1000"];
        let shell = |network| {
            let place = Place { network, ..Place::default() };
            Process::spawn_at(place, "shell", Path::new("sh"), &script).unwrap()
        };
        let (mut first, mut second) = (shell(one.clone()), shell(other));
        let mut outside = shell(Network::default());
        let seen = [&mut first, &mut second, &mut outside].map(|process| process.read_line(ENOUGH).unwrap());
        assert!(seen[0] != seen[1] && seen[0] != seen[2] && seen[1] != seen[2], "{seen:?}");
        first.restart().unwrap();
        assert_eq!(first.read_line(ENOUGH).unwrap(), seen[0]);
        let mut beside = shell(one);
        assert_eq!(beside.read_line(ENOUGH).unwrap(), seen[0]);
        let ours = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
        assert_eq!(ours.to_string_lossy(), seen[2]);
    }
}
