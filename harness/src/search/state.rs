//! One state of a search: hosts with their timers and notices, datagrams on the way, and what is used up of the limits.
//!
//! Hosts are shared between states until one of them is stepped. Read next: `next.rs`.

use super::Limits;
use super::host::SearchedHost;
use super::moves::{Move, Struck};
use super::next::Next;
use crate::crash::Crash;
use crate::machine::Host;
use crate::node::Node;
use crate::trace::{Carried, Trace};
use std::rc::Rc;
use std::sync::Arc;

/// What an application asks for when it is told this.
pub(super) type Reaction<'a> = Box<dyn Fn(&[u8]) -> Option<Arc<[u8]>> + 'a>;

/// What does not change from state to state.
pub(super) struct World<'a> {
    pub(super) limits: Limits,
    /// What the applications ask for, in this order.
    pub(super) commands: Vec<(Host, Arc<[u8]>)>,
    /// What an application asks for at once when its host comes up again.
    pub(super) at_restart: Vec<(Host, Arc<[u8]>)>,
    /// What an application asks for because of what it is told.
    pub(super) applications: Vec<(Host, Reaction<'a>)>,
    /// Each host's machine before it has started, of which a host gets a copy whenever it comes up.
    pub(super) fresh: Vec<Box<dyn Node>>,
    /// The hosts that may crash, each once so many commands were given.
    pub(super) mortal: Vec<(Host, usize)>,
    /// What may arrive though nobody sent it, each once.
    pub(super) injected: Vec<Carried>,
    /// Which datagrams may be lost, copied and changed; all when there are none here.
    pub(super) struck: Vec<Struck<'a>>,
}

pub(super) struct State {
    pub(super) hosts: Vec<Rc<SearchedHost>>,
    pub(super) flight: Vec<InFlight>,
    /// Numbers the datagrams for stories; no part of what tells states apart.
    pub(super) numbered: u32,
    pub(super) commands: u16,
    pub(super) spent: Spent,
}

/// How much of each limit is used up on the way to a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Spent {
    pub(super) losses: u8,
    pub(super) duplicates: u8,
    pub(super) corruptions: u8,
    pub(super) timers: u8,
    pub(super) crashes: u8,
    /// One bit for each datagram of the scenario's own that has arrived.
    pub(super) injected: u32,
}

/// A datagram on the way.
#[derive(Clone)]
pub(super) struct InFlight {
    pub(super) carried: Carried,
    /// Equal for datagrams that are equal.
    pub(super) key: u64,
}

impl State {
    /// The first state: every host's machine has started.
    pub(super) fn begin(world: &World<'_>, trace: &mut Trace) -> Result<State, Crash> {
        let down = || Rc::new(SearchedHost::down());
        let mut state = State {
            hosts: world.fresh.iter().map(|_| down()).collect(),
            flight: vec![],
            numbered: 0,
            commands: 0,
            spent: Spent::default(),
        };
        for host in state.hosts() {
            state = state.after(Move::Start(host), world, trace)?;
        }
        Ok(state)
    }

    /// The state to which a move leads.
    pub(super) fn after(&self, by: Move, world: &World<'_>, trace: &mut Trace) -> Result<State, Crash> {
        Next::new(self, by, world, trace).map(Next::state)
    }

    pub(super) fn hosts(&self) -> impl Iterator<Item = Host> + use<> {
        (0..self.hosts.len() as u16).map(Host)
    }

    pub(super) fn host(&self, host: Host) -> &SearchedHost {
        &self.hosts[usize::from(host.0)]
    }

    pub(super) fn is_up(&self, host: Host) -> bool {
        self.host(host).node.is_some()
    }

    pub(super) fn commands_given(&self) -> usize {
        usize::from(self.commands)
    }

    /// The datagrams on the way, in the order in which moves count them.
    pub(super) fn on_the_way(&self) -> impl Iterator<Item = &Carried> {
        self.flight.iter().map(|it| &it.carried)
    }

    /// How many more times a timer may run out.
    pub(super) fn timers_left(&self, limits: &Limits) -> u8 {
        limits.timers.saturating_sub(self.spent.timers)
    }

    pub(super) fn notices(&self, host: Host) -> Vec<Arc<[u8]>> {
        self.hosts.get(usize::from(host.0)).map(|host| host.notices()).unwrap_or_default()
    }

    /// How many of a host's notices are of the lives before its last crash; none when it never crashed.
    pub(super) fn told_before(&self, host: Host) -> Option<usize> {
        self.hosts.get(usize::from(host.0)).and_then(|host| host.told_before)
    }

    /// Equal for states from which the same can happen. The order of datagrams on the way does not matter.
    pub(super) fn key(&self) -> u64 {
        let flight = self.flight.iter().fold(0u64, |sum, it| sum.wrapping_add(it.key));
        key_of(self.hosts.iter().map(|host| host.key), flight, self.commands, &self.spent)
    }
}

/// The key of the state with hosts of these keys and datagrams whose keys have this sum.
pub(super) fn key_of(hosts: impl Iterator<Item = u64>, flight: u64, commands: u16, spent: &Spent) -> u64 {
    let hosts = hosts.fold(0, |key, host| crate::key_of(&(key, host)));
    crate::key_of(&(hosts, flight, commands, spent))
}
