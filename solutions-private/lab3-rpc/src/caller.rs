//! The client's half of part E: any number of tasks call, and one of the runtime's own drives the machine for them.

use crate::Question;
use faultline::asynchronous::{Runtime, UdpSocket};
use lab3_kit::{CallError, ClientConfig};
use serde::de::DeserializeOwned;
use std::time::Duration;
// SOLUTION
use crate::Client;
use faultline::asynchronous::Driver;
use lab3_kit::{CallId, CallOutcome, ClientCommand, ClientNotice, Target, Why};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, oneshot};
// END SOLUTION

/// What tasks call with. All clones are the same client.
#[derive(Clone, Debug)]
pub struct Caller {
    // SOLUTION: // Yours: how a task reaches the one that drives the machine.
    asked: mpsc::UnboundedSender<Asked>,
    // END SOLUTION
}
// SOLUTION

/// A call that a task wants to make, and where its outcome is to go.
#[derive(Debug)]
struct Asked {
    target: Target,
    arguments: Vec<u8>,
    deadline: Duration,
    outcome: oneshot::Sender<CallOutcome>,
}
// END SOLUTION

impl Caller {
    /// Begins a client of the server in `config` (rules E1 and E2).
    #[must_use]
    pub fn start(runtime: &Runtime, socket: UdpSocket, config: ClientConfig) -> Caller {
        // SOLUTION: todo!("lab 3, part E: Caller::start")
        let driver = Driver::start(runtime, socket, Client::new(config));
        let (asked, asks) = mpsc::unbounded_channel();
        runtime.spawn(drive(driver, asks));
        Caller { asked }
        // END SOLUTION
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
        // SOLUTION: todo!("lab 3, part E: Caller::call")
        let (outcome, answered) = oneshot::channel();
        let (target, arguments) = (question.target, question.arguments.clone());
        // It fails only when the host is over, and then nobody waits.
        let _ = self.asked.send(Asked { target, arguments, deadline, outcome });
        question.answer(answered.await.unwrap_or(CallOutcome::Unknown(Why::Silent)))
        // END SOLUTION
    }
}
// SOLUTION

/// Makes the calls that are asked for, until nobody can ask any more and none is unfinished.
async fn drive(mut driver: Driver<Client>, mut asks: mpsc::UnboundedReceiver<Asked>) {
    let mut unfinished = BTreeMap::new();
    let mut last = CallId(0);
    let mut is_open = true;
    while is_open || !unfinished.is_empty() {
        tokio::select! {
            biased;
            asked = asks.recv(), if is_open => {
                let Some(Asked { target, arguments, deadline, outcome }) = asked else {
                    is_open = false;
                    continue;
                };
                last = CallId(last.0 + 1);
                unfinished.insert(last, outcome);
                driver.command(ClientCommand::Call { target, arguments, deadline });
            }
            ClientNotice::Finished { call, outcome } = driver.next() => {
                // Whoever has asked may have left.
                let _ = unfinished.remove(&call).map(|asked| asked.send(outcome));
            }
        }
    }
}
// END SOLUTION
