//! An asker and a desk that answers. Each flaw of the desk breaks one rule on which the kit stands; the unusual desk breaks
//! none, though it looks as if it did.

use faultline::program::{Function, LocalProgram, Role};
use faultline::{Context, Host, Machine, Never, ms, text};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasher as _, Hash, Hasher, RandomState};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What is wrong with the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// Nothing: a HashMap that is never iterated unsorted, shared data that is copied on write, an unimportant count that
    /// `Hash` and `==` leave out.
    Unusual,
    /// It answers in the order of a HashMap.
    MapOrder,
    /// It answers with what comes first in a HashMap.
    MapFirst,
    /// It answers with the time of day.
    Clock,
    /// It remembers when it was asked.
    ClockInState,
    /// It counts in a static.
    Static,
    /// The asker counts in a static.
    StaticAsker,
    /// It remembers in a thread_local.
    ThreadLocal,
    /// It counts in a cell that its clones share.
    SharedCell,
    /// Its Hash is constant.
    ConstantHash,
    /// Its Hash leaves out the count.
    HashLeavesOut,
    /// Its PartialEq is always true.
    AlwaysEqual,
    /// Its Hash and PartialEq leave out the count.
    BothLeaveOut,
    /// Its Hash iterates over a HashMap.
    HashOfMap,
    /// It answers without end.
    SendsWithoutEnd,
    /// It sends large datagrams without end.
    SendsMuch,
    /// It and the asker answer each other with ever more.
    EverMore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) peer: Host,
    pub(crate) flaw: Flaw,
}

/// The asker is to ask about this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask(pub(crate) u8);

/// The asker was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answered(pub(crate) Vec<u8>);

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ask about {}", self.0)
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is answered {}", text::bytes(&self.0, 16))
    }
}

pub(crate) const ASKER: Role<Config, Ask, Answered> = Role::new("asker", show);
pub(crate) const DESK: Role<Config, Never, Never> = Role::new("desk", show);
pub(crate) const DRAW: Function<(), u64> = Function::new("draw");

fn show(datagram: &[u8]) -> String {
    format!("note {}", text::bytes(datagram, 16))
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asker(Config);

/// The asker waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Waiting;

impl Machine for Asker {
    type Command = Ask;
    type Notice = Answered;
    type Timer = Waiting;

    fn on_command(&mut self, Ask(number): Ask, ctx: &mut Context<Self>) {
        ctx.send(self.0.peer, vec![number]);
        if self.0.flaw == Flaw::StaticAsker {
            ctx.set_timer(Waiting, ms(200));
            ctx.notify(Answered(ASKED.fetch_add(1, Ordering::Relaxed).to_be_bytes().into()));
        }
    }

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        if self.0.flaw == Flaw::EverMore {
            ctx.send(from, datagram.to_vec());
        }
        ctx.notify(Answered(datagram.to_vec()));
    }
}

#[derive(Clone, Debug)]
struct Desk {
    config: Config,
    count: u8,
    asked: HashMap<u8, u8>,
    cell: Rc<Cell<u32>>,
    copied_on_write: Rc<Vec<u8>>,
    at: Option<Instant>,
}

static ASKED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static SEEN: RefCell<BTreeSet<u8>> = const { RefCell::new(BTreeSet::new()) };
}

impl Desk {
    fn new(config: Config) -> Desk {
        Desk {
            config,
            count: 0,
            asked: HashMap::new(),
            cell: Rc::default(),
            copied_on_write: Rc::default(),
            at: None,
        }
    }

    fn sorted(&self) -> Vec<(u8, u8)> {
        let mut asked: Vec<_> = self.asked.iter().map(|(number, times)| (*number, *times)).collect();
        asked.sort_unstable();
        asked
    }

    fn is_counted(&self) -> bool {
        !matches!(self.config.flaw, Flaw::BothLeaveOut | Flaw::Unusual)
    }
}

impl PartialEq for Desk {
    fn eq(&self, other: &Desk) -> bool {
        self.config.flaw == Flaw::AlwaysEqual
            || ((self.count == other.count || !self.is_counted())
                && self.at == other.at
                && self.cell == other.cell
                && (self.copied_on_write == other.copied_on_write && self.asked == other.asked
                    || self.config.flaw == Flaw::BothLeaveOut))
    }
}

impl Eq for Desk {}

impl Hash for Desk {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.config.flaw {
            Flaw::ConstantHash => return,
            Flaw::HashLeavesOut | Flaw::BothLeaveOut => return self.config.hash(state),
            Flaw::HashOfMap => self.asked.iter().for_each(|entry| entry.hash(state)),
            _ => self.sorted().hash(state),
        }
        if self.is_counted() {
            self.count.hash(state);
        }
        (self.at, self.cell.get(), &self.copied_on_write).hash(state);
    }
}

impl Machine for Desk {
    type Command = Never;
    type Notice = Never;
    type Timer = Never;

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        let &[number, ..] = datagram else { return };
        self.count = self.count.wrapping_add(1);
        let mut answer = vec![number];
        match self.config.flaw {
            Flaw::Unusual | Flaw::MapOrder | Flaw::MapFirst | Flaw::HashOfMap => {
                (0..number + 8).for_each(|it| *self.asked.entry(it).or_default() += 1);
                Rc::make_mut(&mut self.copied_on_write).push(number);
            }
            Flaw::Clock => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_nanos());
                answer.extend(now.to_be_bytes());
            }
            Flaw::ClockInState => self.at = Some(Instant::now()),
            Flaw::Static => answer.extend(ASKED.fetch_add(1, Ordering::Relaxed).to_be_bytes()),
            Flaw::ThreadLocal if !SEEN.with(|seen| seen.borrow_mut().insert(number)) => return,
            Flaw::SharedCell => self.cell.set(self.cell.get() + 1),
            Flaw::ConstantHash | Flaw::HashLeavesOut | Flaw::AlwaysEqual | Flaw::BothLeaveOut => {
                answer.push(self.count);
            }
            Flaw::SendsWithoutEnd => loop {
                ctx.send(from, answer.clone());
            },
            Flaw::SendsMuch => loop {
                ctx.send(from, vec![0; 1 << 20]);
            },
            Flaw::EverMore => ctx.send(from, answer.clone()),
            Flaw::None | Flaw::ThreadLocal | Flaw::StaticAsker => {}
        }
        match self.config.flaw {
            Flaw::MapOrder => self.asked.keys().for_each(|it| ctx.send(from, vec![*it])),
            Flaw::MapFirst => answer.extend(self.asked.keys().next()),
            Flaw::Unusual => self.sorted().iter().for_each(|(it, _)| answer.push(*it)),
            _ => {}
        }
        ctx.send(from, answer);
    }
}

/// Both machines, and a function that draws a number by chance.
pub(crate) fn program() -> LocalProgram {
    LocalProgram::new()
        .role(&ASKER, Asker)
        .role(&DESK, Desk::new)
        .function(&DRAW, |()| RandomState::new().hash_one(0))
}
