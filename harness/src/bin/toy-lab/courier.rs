//! A toy protocol for the harness's own tests: a courier carries parcels to a door and waits for a nod. Its flaws are
//! the kinds of mistakes that the worlds must find.

use faultline::program::{LocalProgram, Role};
use faultline::{Context, Host, Machine, Never, ms, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{Hash, Hasher};

/// What is wrong with the courier or the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// The courier never tries again.
    NeverAgain,
    /// The door takes every copy.
    TakesCopies,
    /// The door panics on its second parcel.
    Panics,
    /// The door ends the process.
    Exits,
    /// The door never comes back.
    Hangs,
    /// The courier sets its timer to zero again and again.
    Polls,
    /// The door sends to a host that does not exist.
    WrongHost,
    /// The door takes the second copy, and its `Hash` and `==` do not know how many it has seen.
    CountsInSecret,
    /// The door takes copies, and prints a line for each knock.
    Chatters,
}

/// How a courier or a door is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Config {
    /// The host at the other end.
    pub(crate) peer: Host,
    /// What is wrong.
    pub(crate) flaw: Flaw,
}

/// The courier is to carry this parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carry(pub(crate) u8);

/// A parcel has arrived, or was nodded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done(pub(crate) u8);

impl fmt::Display for Carry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "carry {}", self.0)
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is done with {}", self.0)
    }
}

pub(crate) const COURIER: Role<Config, Carry, Done> = Role::new("courier", show);
pub(crate) const DOOR: Role<Config, Never, Done> = Role::new("door", show);

fn show(datagram: &[u8]) -> String {
    text::bytes(datagram, 16)
}

/// Carries one parcel at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Courier {
    config: Config,
    parcel: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Again {
    Knock,
}

impl Machine for Courier {
    type Command = Carry;
    type Notice = Done;
    type Timer = Again;

    fn on_command(&mut self, Carry(parcel): Carry, ctx: &mut Context<Self>) {
        self.parcel = Some(parcel);
        self.on_timer(Again::Knock, ctx);
    }

    fn on_datagram(&mut self, _from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        if self.parcel.is_some_and(|parcel| datagram == [parcel]) {
            self.parcel = None;
            ctx.cancel_timer(Again::Knock);
            ctx.notify(Done(datagram[0]));
        }
    }

    fn on_timer(&mut self, timer: Again, ctx: &mut Context<Self>) {
        let Some(parcel) = self.parcel else { return };
        match self.config.flaw {
            Flaw::Polls => ctx.set_timer(timer, ms(0)),
            Flaw::NeverAgain => ctx.send(self.config.peer, vec![parcel]),
            _ => {
                ctx.send(self.config.peer, vec![parcel]);
                ctx.set_timer(timer, ms(100));
            }
        }
    }
}

/// Takes parcels with rising numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Door {
    config: Config,
    last: Option<u8>,
    copies: Secret,
}

/// A number that equals every other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Secret(u8);

impl PartialEq for Secret {
    fn eq(&self, _: &Secret) -> bool {
        true
    }
}

impl Eq for Secret {}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Machine for Door {
    type Command = Never;
    type Notice = Done;
    type Timer = Never;

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        let &[parcel] = datagram else { return };
        let new = Some(parcel) > self.last;
        match self.config.flaw {
            Flaw::Panics if self.last.is_some() => panic!("no more parcels"),
            Flaw::Exits => std::process::exit(0),
            Flaw::Hangs => loop {
                std::hint::spin_loop();
            },
            Flaw::WrongHost => ctx.send(Host(77), vec![]),
            Flaw::Chatters => println!("somebody knocks"),
            _ => {}
        }
        self.copies.0 += u8::from(!new);
        let again = self.config.flaw == Flaw::CountsInSecret && self.copies.0 == 2;
        if new || again || matches!(self.config.flaw, Flaw::TakesCopies | Flaw::Chatters) {
            self.last = Some(parcel);
            ctx.notify(Done(parcel));
        }
        ctx.send(from, vec![parcel]);
    }
}

/// Both machines.
pub(crate) fn program() -> LocalProgram {
    LocalProgram::new().role(&COURIER, |config| Courier { config, parcel: None }).role(&DOOR, |config| Door {
        config,
        last: None,
        copies: Secret::default(),
    })
}
