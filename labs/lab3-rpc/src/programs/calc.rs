//! `calc`: a service that forgets everything at once. Its methods fail, wait and panic, as methods do.

use super::ending::AFTER_HELP;
use super::options::{CallOptions, ServeOptions};
use clap::{Parser, Subcommand};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often [`Calculator::wait`] looks.
const POLL: Duration = Duration::from_millis(5);
/// How long it waits at most.
const WAIT_MAX: Duration = Duration::from_secs(3_600);
/// The largest argument of [`Calculator::fib`]: some minutes.
const FIB_MAX: u32 = 50;

/// What was typed.
#[derive(Parser, Debug)]
#[command(name = "calc", about = "A calculator that is called over your RPC", after_help = AFTER_HELP)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program does.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serves until Ctrl-C or SIGTERM, and then ends what was begun.
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
}

/// A method and its arguments.
#[derive(Subcommand, Clone, Debug)]
#[command(disable_help_subcommand = true)]
pub enum Operation {
    /// The sum of two numbers.
    #[command(allow_negative_numbers = true)]
    Add {
        /// One number.
        a: i64,
        /// The other.
        b: i64,
    },
    /// The quotient of two numbers.
    #[command(allow_negative_numbers = true)]
    Div {
        /// What is divided.
        a: i64,
        /// By what.
        b: i64,
    },
    /// A Fibonacci number, computed in the slow way: 45 takes seconds.
    Fib {
        /// Which one.
        number: u32,
    },
    /// Waits until there is a file of this name in the folder in which the server runs.
    Wait {
        /// The file's name.
        file: String,
    },
    /// Panics on the server.
    Fail {
        /// What the panic says.
        why: String,
    },
}

/// What executes the methods.
#[derive(Clone, Copy, Debug)]
pub struct Calculator {
    tell: bool,
}

impl Calculator {
    /// One that prints what it executes if the options say so.
    #[must_use]
    pub fn new(options: &ServeOptions) -> Calculator {
        Calculator { tell: options.tell }
    }

    /// The sum.
    ///
    /// # Errors
    /// It is too large.
    pub fn add(self, a: i64, b: i64) -> Result<i64, String> {
        self.tell(format_args!("add {a} {b}"));
        a.checked_add(b).ok_or_else(|| "the sum is too large".into())
    }

    /// The quotient.
    ///
    /// # Errors
    /// There is none.
    pub fn div(self, a: i64, b: i64) -> Result<i64, String> {
        self.tell(format_args!("div {a} {b}"));
        if b == 0 {
            return Err("division by zero".into());
        }
        a.checked_div(b).ok_or_else(|| "the quotient is too large".into())
    }

    /// A Fibonacci number, in a time that grows as it does.
    ///
    /// # Errors
    /// It would take too long.
    pub fn fib(self, number: u32) -> Result<u64, String> {
        self.tell(format_args!("fib {number}"));
        if number > FIB_MAX { Err(format!("the largest is fib {FIB_MAX}")) } else { Ok(fib(number)) }
    }

    /// Waits for a file.
    ///
    /// # Errors
    /// It is not in this folder, or does not come.
    pub fn wait(self, file: &str) -> Result<(), String> {
        self.tell(format_args!("wait {file}"));
        let path = Path::new(file);
        if path.file_name() != Some(path.as_os_str()) {
            return Err("it takes the name of a file, without a folder".into());
        }
        let polls = WAIT_MAX.as_millis() / POLL.as_millis();
        let is_there = (0..polls).any(|_| {
            let is_there = path.exists();
            if !is_there {
                thread::sleep(POLL);
            }
            is_there
        });
        if is_there { Ok(()) } else { Err("no such file has come".into()) }
    }

    /// Panics.
    ///
    /// # Panics
    /// Always.
    pub fn fail(self, why: &str) {
        self.tell(format_args!("fail {why}"));
        panic!("{why}");
    }

    fn tell(self, what: std::fmt::Arguments<'_>) {
        if self.tell {
            println!("executes {what}");
        }
    }
}

fn fib(number: u32) -> u64 {
    if number < 2 { u64::from(number) } else { fib(number - 1) + fib(number - 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALCULATOR: Calculator = Calculator { tell: false };

    #[test]
    fn what_cannot_be_computed_is_an_error_and_no_panic() {
        assert_eq!(CALCULATOR.add(2, 3), Ok(5));
        assert!(CALCULATOR.add(i64::MAX, 1).is_err());
        assert_eq!(CALCULATOR.div(7, 0), Err("division by zero".into()));
        assert!(CALCULATOR.div(i64::MIN, -1).is_err());
        assert_eq!(CALCULATOR.fib(10), Ok(55));
        assert!(CALCULATOR.fib(51).is_err());
        assert!(CALCULATOR.wait("../x").is_err());
        assert!(CALCULATOR.wait("..").is_err());
    }
}
