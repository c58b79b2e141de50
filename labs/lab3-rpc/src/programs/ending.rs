//! How a program ends: its exit code, and a sentence for whoever has typed the command. Only who was told whether a call was
//! executed can decide whether to call again, so the exit codes tell that apart.

use crate::types::{CallError, Fault, Why};
use faultline::live::HostError;
use std::fmt;
use std::process::ExitCode;

/// At the end of each program's help.
pub const AFTER_HELP: &str = "Exit codes:
  0  done
  1  the program cannot work: no socket, or a part that is not written yet
  2  the arguments are wrong
  3  the call was not executed, and will not be
  4  nobody knows whether the call was executed
  5  the call was executed, and has failed

FAULTS are between this program and the other one, both ways, as from `cargo lab relay`: loss=5%,duplicate=2%,reorder=10%
and corrupt=1% are shares of all datagrams; delay=5ms..15ms, reorder-delay=20ms and duplicate-delay=1s are times.";

/// Why a program has not done what it was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The program cannot work.
    Broken(String),
    /// The call was not executed, and will not be.
    NotExecuted(String),
    /// Nobody knows whether the call was executed.
    Unknown(String),
    /// The call was executed, and has failed.
    Failed(String),
}

impl Ending {
    /// The exit code, as [`AFTER_HELP`] says.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Ending::Broken(_) => 1,
            Ending::NotExecuted(_) => 3,
            Ending::Unknown(_) => 4,
            Ending::Failed(_) => 5,
        }
    }

    /// Says on standard error how `program` has ended, and gives its exit code.
    pub(super) fn tell(program: &str, end: Result<(), Ending>) -> ExitCode {
        match end {
            Ok(()) => ExitCode::SUCCESS,
            Err(ending) => {
                eprintln!("{program}: {ending}");
                ExitCode::from(ending.code())
            }
        }
    }
}

impl From<CallError> for Ending {
    fn from(error: CallError) -> Ending {
        let advice = match error {
            CallError::NotExecuted(Why::Silent) => {
                "; nobody answers there: look whether the server runs, and at this address"
            }
            CallError::NotExecuted(Why::Deadline) => "; --deadline-ms gives it more",
            CallError::NotExecuted(Why::TooLarge) => "; make them shorter",
            CallError::NotExecuted(Why::Restarted) => "; call again",
            CallError::Fault(Fault::Busy) => "; call again later",
            CallError::Fault(Fault::Closing) => "; call again when it is back",
            CallError::Unknown(_) => "; before you call again, look what it has done",
            _ => "",
        };
        let is_executed = matches!(error, CallError::Fault(Fault::Failed(_) | Fault::TooLarge));
        match &error {
            CallError::Fault(fault) if !is_executed => {
                Ending::NotExecuted(format!("the call was not executed: {fault}{advice}"))
            }
            CallError::Fault(fault) => Ending::Failed(format!("the call was executed: {fault}")),
            CallError::BadResult(_) => Ending::Failed(format!("the call was executed: {error}")),
            CallError::NotExecuted(_) => Ending::NotExecuted(format!("{error}{advice}")),
            CallError::Unknown(_) => Ending::Unknown(format!("{error}{advice}")),
        }
    }
}

impl From<HostError> for Ending {
    fn from(error: HostError) -> Ending {
        Ending::Broken(error.to_string())
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Broken(why) | Ending::NotExecuted(why) | Ending::Unknown(why) | Ending::Failed(why) => {
                f.write_str(why)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_says_whether_a_call_was_executed() {
        let code = |error: CallError| Ending::from(error).code();
        for fault in
            [Fault::NoSuchMethod, Fault::WrongVersion(2), Fault::BadArguments, Fault::Busy, Fault::Closing]
        {
            assert_eq!(code(CallError::Fault(fault)), 3);
        }
        assert_eq!(code(CallError::NotExecuted(Why::Silent)), 3);
        assert_eq!(code(CallError::Unknown(Why::Silent)), 4);
        assert_eq!(code(CallError::Fault(Fault::TooLarge)), 5);
        assert_eq!(code(CallError::Fault(Fault::Failed("oh".into()))), 5);
    }
}
