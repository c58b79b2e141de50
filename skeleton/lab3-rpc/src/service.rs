//! Stubs: what makes a call to another machine look like a call of a function (rules A4 to A6).
//!
//! `service!` takes the signatures of a service's methods, each with its number, and makes a trait for whoever offers the
//! service, and a type with one function for each method for whoever calls it.

use lab3_kit::{CallError, CallOutcome, Fault, Target};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// What is asked of a server, and of which type the answer is.
pub struct Question<Answer> {
    /// What is called.
    pub target: Target,
    /// The encoded arguments.
    pub arguments: Vec<u8>,
    answer: PhantomData<fn() -> Answer>,
}

impl<Answer: DeserializeOwned> Question<Answer> {
    /// The question for `target` with these arguments, a tuple (rule A4).
    #[must_use]
    pub fn new<Arguments: Serialize>(target: Target, arguments: &Arguments) -> Self {
        todo!("lab 3, part A: Question::new")
    }

    /// What the caller is given when the call has ended in this way (rule A5).
    ///
    /// # Errors
    /// There is no result.
    pub fn answer(&self, outcome: CallOutcome) -> Result<Answer, CallError> {
        todo!("lab 3, part A: Question::answer")
    }
}

/// Calls `method` with the arguments, a tuple, that are encoded in these bytes, and encodes what it returns (rule A6).
///
/// # Errors
/// The arguments cannot be decoded; then nothing is called.
pub fn execute<Arguments: DeserializeOwned, Answer: Serialize>(
    arguments: &[u8],
    method: impl FnOnce(Arguments) -> Answer,
) -> Result<Vec<u8>, Fault> {
    todo!("lab 3, part A: execute")
}

/// Makes a service out of the signatures of its methods:
///
/// ```ignore
/// lab3_rpc::service! {
///     /// A clock.
///     pub service Clock, client ClockClient = 12, version 1 {
///         1 => fn now() -> u64;
///         2 => fn set(hour: u8, minute: u8) -> bool;
///     }
/// }
/// ```
///
/// Whoever has the clock implements the trait `Clock`, and gives each request to [`dispatch`](Self). Whoever wants to know
/// the time asks the `Question` that `ClockClient::now()` makes.
#[macro_export]
macro_rules! service {
    (
        $(#[$meta:meta])*
        $visibility:vis service $Service:ident, client $Client:ident = $service:literal, version $version:literal {
            $($number:literal => fn $method:ident($($argument:ident: $type:ty),* $(,)?) -> $answer:ty;)*
        }
    ) => {
        $(#[$meta])*
        $visibility trait $Service {
            $(
                /// One of the service's methods.
                fn $method(&mut self, $($argument: $type),*) -> $answer;
            )*

            /// Has the method executed that is asked for (rule A6).
            ///
            /// # Errors
            /// There is no such method, or its arguments cannot be decoded.
            fn dispatch(
                &mut self,
                target: ::lab3_kit::Target,
                arguments: &[u8],
            ) -> Result<Vec<u8>, ::lab3_kit::Fault> {
                todo!("lab 3, part A: dispatch")
            }
        }

        /// Makes the questions for the service.
        $visibility struct $Client;

        impl $Client {
            $(
                /// The question for one of the methods (rule A4).
                $visibility fn $method($($argument: $type),*) -> $crate::service::Question<$answer> {
                    todo!("lab 3, part A: the client's half of service!")
                }
            )*
        }
    };
}
