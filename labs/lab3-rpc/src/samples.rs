//! Values of many kinds, with which the scenarios of part A try the student's codec; and a service, with which they try the
//! student's stubs.

use crate::{CallError, CallOutcome, Fault, Target, Unreadable};
use faultline::program::Function;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the student's `codec.rs` offers.
pub trait Codec {
    /// The bytes of `value` (rule A1).
    fn encode<T: Serialize>(value: &T) -> Vec<u8>;

    /// The value of which `bytes` are the whole encoding (rules A2 and A3).
    ///
    /// # Errors
    /// They are no such encoding.
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable>;
}

/// A structure with many kinds of fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// One byte.
    pub byte: u8,
    /// A signed number.
    pub small: i16,
    /// A number.
    pub number: u32,
    /// The widest signed number.
    pub large: i64,
    /// A number with a point.
    pub real: f64,
    /// Yes or no.
    pub flag: bool,
    /// One letter.
    pub letter: char,
    /// Text.
    pub text: String,
    /// A number, or none.
    pub maybe: Option<u16>,
    /// Text, or none.
    pub note: Option<String>,
    /// A list.
    pub list: Vec<u16>,
    /// A pair.
    pub pair: (u8, String),
    /// A map.
    pub map: BTreeMap<u8, String>,
    /// One of several.
    pub kind: Kind,
}

/// One of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// With nothing.
    #[default]
    Nothing,
    /// With a number.
    One(u8),
    /// With two.
    Two {
        /// The first.
        x: i32,
        /// The second.
        y: i32,
    },
}

/// A list that contains a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chain {
    /// Nothing follows.
    End,
    /// A number, and what follows.
    Link(u8, Box<Chain>),
}

impl Chain {
    /// A chain with so many links.
    #[must_use]
    pub fn of(links: u8) -> Chain {
        (0..links).fold(Chain::End, |rest, number| Chain::Link(number, Box::new(rest)))
    }

    fn links(&self) -> usize {
        let (mut links, mut at) = (0, self);
        while let Chain::Link(_, rest) = at {
            links += 1;
            at = rest;
        }
        links
    }
}

/// A value of one of the types that are tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// A structure.
    Sample(Sample),
    /// One of several.
    Kind(Kind),
    /// A number.
    Number(u32),
    /// Yes or no.
    Flag(bool),
    /// A number, or none.
    Maybe(Option<u16>),
    /// Text.
    Text(String),
    /// Numbers.
    Numbers(Vec<u64>),
    /// So many times nothing.
    Nothings(usize),
    /// A chain with so many links.
    Chain(usize),
}

/// A type that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// [`Sample`].
    Sample,
    /// [`Kind`].
    Kind,
    /// `u32`.
    Number,
    /// `bool`.
    Flag,
    /// `Option<u16>`.
    Maybe,
    /// `String`.
    Text,
    /// `Vec<u64>`.
    Numbers,
    /// `Vec<()>`.
    Nothings,
    /// [`Chain`].
    Chain,
}

/// The student's encoding of a value.
pub const ENCODE: Function<Value, Vec<u8>> = Function::new("encode");

/// What the student's code makes of bytes.
pub const DECODE: Function<(Shape, Vec<u8>), Result<Value, Unreadable>> = Function::new("decode");

/// Encodes with the student's codec.
#[must_use]
pub fn encode<C: Codec>(value: Value) -> Vec<u8> {
    match value {
        Value::Sample(value) => C::encode(&value),
        Value::Kind(value) => C::encode(&value),
        Value::Number(value) => C::encode(&value),
        Value::Flag(value) => C::encode(&value),
        Value::Maybe(value) => C::encode(&value),
        Value::Text(value) => C::encode(&value),
        Value::Numbers(value) => C::encode(&value),
        Value::Nothings(count) => C::encode(&vec![(); count]),
        Value::Chain(links) => C::encode(&Chain::of(u8::try_from(links).unwrap_or(u8::MAX))),
    }
}

/// Decodes with the student's codec.
///
/// # Errors
/// The student's code says that the bytes are no value of this type.
pub fn decode<C: Codec>((shape, bytes): (Shape, Vec<u8>)) -> Result<Value, Unreadable> {
    Ok(match shape {
        Shape::Sample => Value::Sample(C::decode(&bytes)?),
        Shape::Kind => Value::Kind(C::decode(&bytes)?),
        Shape::Number => Value::Number(C::decode(&bytes)?),
        Shape::Flag => Value::Flag(C::decode(&bytes)?),
        Shape::Maybe => Value::Maybe(C::decode(&bytes)?),
        Shape::Text => Value::Text(C::decode(&bytes)?),
        Shape::Numbers => Value::Numbers(C::decode(&bytes)?),
        Shape::Nothings => Value::Nothings(C::decode::<Vec<()>>(&bytes)?.len()),
        Shape::Chain => Value::Chain(C::decode::<Chain>(&bytes)?.links()),
    })
}

/// The accounts behind the scenarios' service.
#[derive(Clone, Debug, Default)]
pub struct Ledger(BTreeMap<String, i64>);

impl Ledger {
    /// Adds to an account, and says what is on it then.
    pub fn deposit(&mut self, account: String, cents: i64) -> i64 {
        let balance = self.0.entry(account).or_default();
        *balance = balance.saturating_add(cents);
        *balance
    }

    /// What is on an account, if there is one.
    #[must_use]
    pub fn balance(&self, account: &str) -> Option<i64> {
        self.0.get(account).copied()
    }

    /// The names of all accounts.
    #[must_use]
    pub fn accounts(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Moves from one account to another.
    ///
    /// # Errors
    /// There is not enough on the first.
    pub fn transfer(&mut self, from: &str, to: String, cents: u32) -> Result<(), String> {
        let balance = self.balance(from).unwrap_or(0);
        if balance < i64::from(cents) {
            return Err(format!("{from} has {balance}"));
        }
        self.deposit(from.into(), -i64::from(cents));
        self.deposit(to, i64::from(cents));
        Ok(())
    }
}

/// A call of one of the service's methods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BankCall {
    /// Method 1.
    Deposit(String, i64),
    /// Method 2.
    Balance(String),
    /// Method 5.
    Accounts,
    /// Method 6.
    Transfer(String, String, u32),
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BankAnswer {
    /// Of method 1.
    Deposit(i64),
    /// Of method 2.
    Balance(Option<i64>),
    /// Of method 5.
    Accounts(Vec<String>),
    /// Of method 6.
    Transfer(Result<(), String>),
}

/// What is called, and the encoded arguments.
pub type Asked = (Target, Vec<u8>);

/// The encoded result, or why there is none.
pub type Answered = Result<Vec<u8>, Fault>;

/// What the student's client asks for a call.
pub const ASK: Function<BankCall, Asked> = Function::new("ask");

/// What the student's server answers to requests, one after the other, beginning with no accounts.
pub const DISPATCH: Function<Vec<Asked>, Vec<Answered>> = Function::new("dispatch");

/// What the student's client makes of the outcome of a call.
pub const ANSWER: Function<(BankCall, CallOutcome), Result<BankAnswer, CallError>> = Function::new("answer");
