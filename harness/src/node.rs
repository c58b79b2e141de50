//! One running machine with its types erased: what every world steps, in this process or (see `remote.rs`) in another.
//!
//! Invariant: a node is a function of the events that it was given; whoever holds two forks of one node may step them
//! apart.

use crate::codec;
use crate::crash::{Crash, guarded};
use crate::disk::{Disk, DiskImage};
use crate::machine::{Action, Context, Host, Machine, Moment, TimerId, TimerTable};
use crate::meter::Memory;
use crate::trace::Words;
use crate::watch;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::cell::Cell;

/// What happens to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event<'a> {
    /// The host comes up; the bytes are the encoded image of its disk, or none at all when it is empty.
    Start(&'a [u8]),
    /// The application asks; the bytes are an encoded command.
    Command(&'a [u8]),
    /// A datagram arrives.
    Datagram {
        /// The host that sent it.
        from: Host,
        /// Its bytes.
        datagram: &'a [u8],
    },
    /// A timer has run out.
    Timer(TimerId),
}

/// A machine that can be stepped, copied and told apart from another.
pub trait Node {
    /// Gives the machine one event and appends what it asks for to `actions`.
    ///
    /// # Errors
    /// The machine did not answer; it must not be used again.
    fn handle(&mut self, moment: Moment, event: Event<'_>, actions: &mut Vec<Action>) -> Result<(), Crash>;

    /// Gives the machine several events of one moment; what it asks for after each is appended to `actions`. Behind a pipe
    /// this is one question instead of many.
    ///
    /// # Errors
    /// As [`Node::handle`].
    fn handle_all(
        &mut self,
        moment: Moment,
        events: &[Event<'_>],
        actions: &mut Vec<Vec<Action>>,
    ) -> Result<(), Crash> {
        for event in events {
            let mut asked = vec![];
            self.handle(moment, *event, &mut asked)?;
            actions.push(asked);
        }
        Ok(())
    }

    /// A copy that goes its own way.
    ///
    /// # Errors
    /// It cannot be copied, because it is asynchronous.
    fn fork(&self) -> Result<Box<dyn Node>, Crash>;

    /// Equal for nodes that will behave alike, as far as is known.
    fn key(&self) -> u64;

    /// Whether the machine has ever looked at the clock: if not, two equal machines at different times behave alike.
    fn reads_clock(&self) -> bool;

    /// The name of a timer that the machine has set.
    fn timer_name(&self, timer: TimerId) -> String;

    /// The machine's state, for people.
    fn describe(&self) -> String;

    /// How many tasks there are; a machine has none.
    ///
    /// # Errors
    /// It does not answer (only one behind a pipe can).
    fn tasks(&self) -> Result<usize, Crash>;

    /// What the guards need to look at; `None` for a node that they cannot guard, such as one behind a pipe.
    fn inspect(&self) -> Option<&dyn Inspect> {
        None
    }

    /// What the machine has taken from memory; `None` when it was not started metered, or no meter is installed.
    fn memory(&self) -> Result<Option<Memory>, Crash> {
        Ok(None)
    }
}

/// What the kit can ask of a machine only where it runs; `guard.rs` is who asks.
pub trait Inspect: Any {
    /// The name of the machine's type, without its path.
    fn type_name(&self) -> &'static str;

    /// Whether the two machines are equal (`==`); `None` when they are not of one type.
    fn equals(&self, other: &dyn Inspect) -> Option<bool>;

    /// How to show what the machine sends, is asked and tells.
    fn words(&self) -> Words;

    /// Equal for machines with the same disk and the same timers set.
    fn surroundings(&self) -> u64;
}

/// A machine in this process.
pub(crate) struct LocalNode<M: Machine> {
    machine: M,
    timers: TimerTable<M::Timer>,
    disk: Disk,
    clock_read: Cell<bool>,
    role: watch::Role,
    describe: fn(&[u8]) -> String,
}

impl<M: Machine> LocalNode<M> {
    /// `describe` shows the datagrams that it sends.
    pub(crate) fn new(machine: M, describe: fn(&[u8]) -> String) -> Self {
        let role = watch::Role::register(short_type_name::<M>());
        LocalNode {
            machine,
            timers: TimerTable::new(),
            disk: Disk::default(),
            clock_read: Cell::new(false),
            role,
            describe,
        }
    }
}

impl<M: Machine> Node for LocalNode<M> {
    fn handle(&mut self, moment: Moment, event: Event<'_>, actions: &mut Vec<Action>) -> Result<(), Crash> {
        let LocalNode { machine, timers, disk, clock_read, role, .. } = self;
        // The timer leaves the table before the handler runs, so that the handler may set it again.
        let fired = match event {
            Event::Timer(id) => Some(timers.take(id).ok_or_else(|| unknown_timer(id))?),
            _ => None,
        };
        let command = match event {
            Event::Command(bytes) => Some(codec::decode::<M::Command>(bytes).map_err(|error| {
                Crash::Misused(format!("the kit gave a command that this machine does not know: {error}"))
            })?),
            _ => None,
        };
        if let Event::Start(image) = event {
            *disk = disk_of(image)?;
        }
        let mut ctx = Context::new(moment, clock_read, timers, disk, actions);
        let _inside = role.enter(&event);
        guarded(|| match event {
            Event::Start(_) => machine.on_start(&mut ctx),
            Event::Datagram { from, datagram } => machine.on_datagram(from, datagram, &mut ctx),
            Event::Command(_) => {
                command.into_iter().for_each(|command| machine.on_command(command, &mut ctx))
            }
            Event::Timer(_) => fired.into_iter().for_each(|timer| machine.on_timer(timer, &mut ctx)),
        })
    }

    fn fork(&self) -> Result<Box<dyn Node>, Crash> {
        Ok(Box::new(LocalNode {
            machine: self.machine.clone(),
            timers: self.timers.clone(),
            disk: self.disk.clone(),
            clock_read: self.clock_read.clone(),
            role: self.role,
            describe: self.describe,
        }))
    }

    fn key(&self) -> u64 {
        crate::hash_of(&self.machine)
    }

    fn reads_clock(&self) -> bool {
        self.clock_read.get()
    }

    fn timer_name(&self, timer: TimerId) -> String {
        self.timers.find(timer).map_or_else(|| "?".into(), |timer| format!("{timer:?}"))
    }

    fn tasks(&self) -> Result<usize, Crash> {
        Ok(0)
    }

    fn describe(&self) -> String {
        guarded(|| format!("{:?}", self.machine)).unwrap_or_else(|crash| crash.to_string())
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        Some(self)
    }
}

impl<M: Machine> Inspect for LocalNode<M> {
    fn type_name(&self) -> &'static str {
        short_type_name::<M>()
    }

    fn equals(&self, other: &dyn Inspect) -> Option<bool> {
        let other = (other as &dyn Any).downcast_ref::<LocalNode<M>>()?;
        Some(self.machine == other.machine)
    }

    fn words(&self) -> Words {
        Words::of::<M::Command, M::Notice>(self.describe)
    }

    fn surroundings(&self) -> u64 {
        crate::hash_of(&(&self.disk, self.timers.set()))
    }
}

/// The disk that a host finds when it comes up, from the bytes of [`Event::Start`].
pub(crate) fn disk_of(image: &[u8]) -> Result<Disk, Crash> {
    if image.is_empty() {
        return Ok(Disk::default());
    }
    let image = codec::decode::<DiskImage>(image);
    Ok(Disk::of(&image.map_err(|error| Crash::Misused(format!("a bad disk image: {error}")))?))
}

pub(crate) fn unknown_timer(id: TimerId) -> Crash {
    Crash::Misused(format!("the kit fired timer {id:?}, which is not set"))
}

/// `Sender` for `lab2_reliable::sender::Sender`.
fn short_type_name<M>() -> &'static str {
    let name = std::any::type_name::<M>();
    name.rsplit("::").next().unwrap_or(name)
}
