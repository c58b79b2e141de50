//! The client's half of part E: any number of tasks call, and one of the runtime's own drives the machine for them.

use crate::Question;
use faultline::asynchronous::{Runtime, UdpSocket};
use lab3_kit::{CallError, ClientConfig};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// What tasks call with. All clones are the same client.
#[derive(Clone, Debug)]
pub struct Caller {
    // Yours: how a task reaches the one that drives the machine.
}

impl Caller {
    /// Begins a client of the server in `config` (rules E1 and E2).
    #[must_use]
    pub fn start(runtime: &Runtime, socket: UdpSocket, config: ClientConfig) -> Caller {
        todo!("lab 3, part E: Caller::start")
    }

    /// Calls, and waits for the answer (rule E1). The whole call may take `deadline`, counted from the first poll.
    ///
    /// # Errors
    /// There is no result; the error says what is known of the call.
    pub async fn call<Answer: DeserializeOwned>(
        &self,
        question: Question<Answer>,
        deadline: Duration,
    ) -> Result<Answer, CallError> {
        todo!("lab 3, part E: Caller::call")
    }
}
