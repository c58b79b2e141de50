//! `kv`: a service that remembers, so that it shows how often something was executed.

use super::ending::{AFTER_HELP, Ending};
use super::options::{CallOptions, ServeOptions};
use crate::types::{CallError, Why};
use clap::{Parser, Subcommand};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What was typed.
#[derive(Parser, Debug)]
#[command(name = "kv", about = "Keys and values that are kept behind your RPC", after_help = AFTER_HELP)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program does.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serves until Ctrl-C or SIGTERM, and then ends what was begun. What is kept is gone then.
    Serve(ServeOptions),
    /// Calls a method and prints what comes out.
    Call {
        /// How.
        #[command(flatten)]
        options: CallOptions,
        /// Which method, with its arguments.
        #[command(subcommand)]
        operation: Operation,
    },
    /// Adds 1 to a number again and again, and says at the end what is known of the calls.
    Load {
        /// How.
        #[command(flatten)]
        options: CallOptions,
        /// How often.
        #[arg(long, default_value_t = 1_000)]
        calls: u64,
        /// How many calls are made at once.
        #[arg(long, value_name = "CALLS", default_value = "16")]
        at_once: NonZeroU64,
        /// What the number is called.
        #[arg(long, default_value = "counter")]
        key: String,
        /// Call 7 adds to KEY.7, so that it can be seen of each call whether it was executed.
        #[arg(long)]
        apart: bool,
    },
}

/// A method and its arguments.
#[derive(Subcommand, Clone, Debug)]
#[command(disable_help_subcommand = true)]
pub enum Operation {
    /// The value of a key.
    Get {
        /// The key.
        key: String,
    },
    /// Gives a key a value.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// Adds to a number, which is 0 at first, and gives the sum.
    #[command(allow_negative_numbers = true)]
    Add {
        /// The key.
        key: String,
        /// How much.
        #[arg(default_value_t = 1)]
        amount: i64,
    },
}

/// What executes the methods. Clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    values: Arc<Mutex<BTreeMap<String, String>>>,
    tell: bool,
}

impl Store {
    /// An empty one, which prints what it executes if the options say so.
    #[must_use]
    pub fn new(options: &ServeOptions) -> Store {
        Store { values: Arc::default(), tell: options.tell }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        self.tell(format_args!("get {key}"));
        self.with(|values| values.get(key).cloned())
    }

    /// Gives a key a value; the one that it had before.
    pub fn put(&self, key: String, value: String) -> Option<String> {
        self.tell(format_args!("put {key} {value}"));
        self.with(|values| values.insert(key, value))
    }

    /// Adds to a number; the sum.
    ///
    /// # Errors
    /// The value is no number, or the sum is too large.
    pub fn add(&self, key: String, amount: i64) -> Result<i64, String> {
        self.tell(format_args!("add {key} {amount}"));
        self.with(|values| {
            let value = values.entry(key).or_insert_with(|| "0".into());
            let number: i64 = value.parse().map_err(|_| format!("{value} is no number"))?;
            let sum = number.checked_add(amount).ok_or("the sum is too large")?;
            *value = sum.to_string();
            Ok(sum)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        work(&mut self.values.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self, what: std::fmt::Arguments<'_>) {
        if self.tell {
            println!("executes {what}");
        }
    }
}

/// The calls of a load: which is next, and how they have ended.
#[derive(Debug)]
pub struct Load {
    calls: u64,
    key: String,
    apart: bool,
    begun: Cell<u64>,
    done: Cell<u64>,
    not_executed: Cell<u64>,
    unknown: Cell<u64>,
    failed: Cell<u64>,
    is_given_up: Cell<bool>,
    started: Instant,
}

impl Load {
    /// A load of so many calls.
    #[must_use]
    pub fn new(calls: u64, key: String, apart: bool) -> Load {
        let [begun, done, not_executed, unknown, failed] = Default::default();
        let (is_given_up, started) = (Cell::new(false), Instant::now());
        Load { calls, key, apart, begun, done, not_executed, unknown, failed, is_given_up, started }
    }

    /// The key of the next call; `None` when all are made, or the server was given up.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        if self.begun.get() == self.calls || self.is_given_up.get() {
            return None;
        }
        add_one(&self.begun);
        let number = self.begun.get();
        Some(if self.apart { format!("{}.{number}", self.key) } else { self.key.clone() })
    }

    /// A call has ended. What was not done is told at once.
    pub fn ended(&self, key: &str, end: Result<Result<i64, String>, CallError>) {
        let error = match end {
            Ok(Ok(_)) => return add_one(&self.done),
            Ok(Err(why)) => Ending::Failed(why),
            Err(error) => {
                if let CallError::NotExecuted(Why::Silent) | CallError::Unknown(Why::Silent) = error {
                    self.is_given_up.set(true);
                }
                Ending::from(error)
            }
        };
        let (count, what) = match error {
            Ending::NotExecuted(_) | Ending::Broken(_) => (&self.not_executed, "not executed"),
            Ending::Unknown(_) => (&self.unknown, "unknown"),
            Ending::Failed(_) => (&self.failed, "failed"),
        };
        add_one(count);
        println!("{what}: add {key} 1: {error}");
    }

    /// Says how all of them have ended.
    ///
    /// # Errors
    /// Not all are done.
    pub fn end(&self) -> Result<(), Ending> {
        let [done, not_executed, unknown, failed] =
            [&self.done, &self.not_executed, &self.unknown, &self.failed].map(Cell::get);
        let seconds = self.started.elapsed().as_secs_f64();
        let calls = self.begun.get();
        println!(
            "{calls} calls in {seconds:.3} s: {done} done, {unknown} unknown, {not_executed} not executed, {failed} failed"
        );
        let told = |what| format!("not all calls are done: {what}");
        match () {
            () if self.begun.get() < self.calls => {
                let left = self.calls - self.begun.get();
                let text = format!("the server was given up, and {left} calls were not begun");
                Err(if unknown > 0 { Ending::Unknown(text) } else { Ending::NotExecuted(text) })
            }
            () if unknown > 0 => Err(Ending::Unknown(told(format!("of {unknown} nobody knows")))),
            () if not_executed > 0 => {
                Err(Ending::NotExecuted(told(format!("{not_executed} were not executed"))))
            }
            () if failed > 0 => Err(Ending::Failed(told(format!("{failed} have failed")))),
            () => Ok(()),
        }
    }
}

fn add_one(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_adds_to_numbers_only() {
        let store = Store { values: Arc::default(), tell: false };
        assert_eq!((store.add("a".into(), 2), store.add("a".into(), 3)), (Ok(2), Ok(5)));
        assert_eq!(store.put("a".into(), "x".into()), Some("5".into()));
        assert_eq!(store.add("a".into(), 1), Err("x is no number".into()));
        assert_eq!((store.get("a"), store.get("b")), (Some("x".into()), None));
    }

    #[test]
    fn a_load_ends_as_its_worst_call_and_stops_at_a_server_that_is_silent() {
        let load = Load::new(3, "k".into(), true);
        assert_eq!((load.next(), load.next()), (Some("k.1".into()), Some("k.2".into())));
        load.ended("k.1", Ok(Ok(1)));
        load.ended("k.2", Err(CallError::NotExecuted(Why::Silent)));
        assert_eq!(load.next(), None);
        assert!(
            matches!(load.end(), Err(Ending::NotExecuted(why)) if why.contains("1 calls were not begun"))
        );
        let load = Load::new(1, "k".into(), false);
        load.ended(&load.next().unwrap(), Err(CallError::Unknown(Why::Restarted)));
        assert!(matches!(load.end(), Err(Ending::Unknown(_))));
    }
}
