//! Calls of the student's `encode` and `decode`, and what is said when an answer is wrong.

use crate::golden::Golden;
use crate::message::{DecodeError, EncodeError, HEADER_LEN, Message};
use crate::program::{DECODE, ENCODE};
use faultline::crash::Crash;
use faultline::scenario::{Bench, Failure, Outcome, ensure};
use faultline::text;

/// What `encode` answers.
///
/// # Errors
/// It does not answer.
pub fn encode(bench: &Bench<'_>, message: &Message) -> Result<Result<Vec<u8>, EncodeError>, Failure> {
    let answer = ENCODE.call(bench.program(), message);
    answer.map_err(|crash| no_answer(crash, &format!("Encode was given {}.", shown(message))))
}

/// What `decode` answers.
///
/// # Errors
/// It does not answer.
pub fn decode(bench: &Bench<'_>, datagram: &[u8]) -> Result<Result<Message, DecodeError>, Failure> {
    let answer = DECODE.call(bench.program(), &datagram.to_vec());
    answer.map_err(|crash| {
        let given = text::bytes(datagram, 60);
        no_answer(crash, &format!("Rule A5: decode answers whatever it is given; here it was {given}."))
    })
}

fn no_answer(crash: Crash, given: &str) -> Failure {
    let failure = Failure::from(crash);
    Failure { reason: format!("{} {given}", failure.reason), ..failure }
}

/// Expects that `encode` gives exactly these bytes; `name` says which message it is.
///
/// # Errors
/// It gives others, or an error.
pub fn expect_bytes(bench: &Bench<'_>, name: &str, message: &Message, wanted: &[u8]) -> Outcome {
    match encode(bench, message)? {
        Ok(found) if found == wanted => Ok(()),
        Ok(found) => {
            Err(Failure::new(format!("Encoding {name}, {}: {}.", shown(message), difference(wanted, &found))))
        }
        Err(error) => Err(Failure::new(format!(
            "Rule A4: {name}, {}, is legal, but encode refuses it: {error}.",
            shown(message)
        ))),
    }
}

/// Expects that `decode` gives exactly this message.
///
/// # Errors
/// It gives another, or an error.
pub fn expect_message(bench: &Bench<'_>, name: &str, datagram: &[u8], wanted: &Message) -> Outcome {
    match decode(bench, datagram)? {
        Ok(found) if found == *wanted => Ok(()),
        Ok(found) => Err(Failure::new(format!(
            "Rule A7: decoding {name} must give {}, but gives {}.",
            shown(wanted),
            shown(&found)
        ))),
        Err(error) => Err(Failure::new(format!(
            "Rule A7: {name} is the legal datagram of {}, but decode refuses it: {error}.",
            shown(wanted)
        ))),
    }
}

/// Expects that `decode` refuses these bytes with exactly this error.
///
/// # Errors
/// It accepts them, or gives another error.
pub fn expect_error(bench: &Bench<'_>, name: &str, datagram: &[u8], wanted: &DecodeError) -> Outcome {
    match decode(bench, datagram)? {
        Err(found) if found == *wanted => Ok(()),
        Err(found) => Err(Failure::new(format!(
            "Rule A6: decoding {name} ({}) must give {wanted:?}, but gives {found:?}.",
            text::bytes(datagram, 60)
        ))),
        Ok(found) => Err(Failure::new(format!(
            "Rule A6: decoding {name} ({}) must give {wanted:?}, but gives {}.",
            text::bytes(datagram, 60),
            shown(&found)
        ))),
    }
}

/// Expects that `decode` refuses these bytes; `what` says what was done to a legal datagram.
///
/// # Errors
/// It accepts them.
pub fn expect_refusal(bench: &Bench<'_>, what: &str, datagram: &[u8]) -> Outcome {
    match decode(bench, datagram)? {
        Err(_) => Ok(()),
        Ok(found) => {
            Err(Failure::new(format!("Rule A3: {what}, and decode accepts it as {}.", shown(&found))))
        }
    }
}

/// Expects that legal datagrams still decode, which ends every scenario that feeds bad ones.
///
/// # Errors
/// They do not.
pub fn expect_sanity(bench: &Bench<'_>, golden: &Golden) -> Outcome {
    ["five-bytes", "at-the-limit", "high-bits-echo"].iter().try_for_each(|name| {
        let vector = golden.message(name);
        expect_message(bench, name, &vector.datagram, &vector.message)
    })
}

/// Expects that a payload of one byte more than is legal is refused with its length.
///
/// # Errors
/// It is accepted, or another error is given.
pub fn expect_too_large(bench: &Bench<'_>, message: &Message, wanted: &EncodeError) -> Outcome {
    let answer = encode(bench, message)?;
    ensure(answer.as_ref() == Err(wanted), || {
        let found = match &answer {
            Ok(datagram) => format!("a datagram of {} bytes", datagram.len()),
            Err(error) => format!("{error:?}"),
        };
        format!("Rule A4: encoding {} must give {wanted:?}, but gives {found}.", shown(message))
    })
}

/// A message in few words.
#[must_use]
pub fn shown(message: &Message) -> String {
    let Message { kind, session, seq, payload } = message;
    format!("a {kind:?} of session {session:#x}, seq {seq:#x} and {} bytes", payload.len())
}

/// The first place where two datagrams differ, with its field and its rule.
#[must_use]
pub fn difference(wanted: &[u8], found: &[u8]) -> String {
    let place = wanted.iter().zip(found).position(|(wanted, found)| wanted != found);
    match place {
        Some(at) => {
            let (rule, field) = field_at(at);
            format!("rule {rule}: byte {at} ({field}) must be {:#04x} and is {:#04x}", wanted[at], found[at])
        }
        None => format!("rule A2: {} bytes are right, and there are {}", wanted.len(), found.len()),
    }
}

/// The rule and the name of the field at this offset, as in the table of `message.rs`.
fn field_at(offset: usize) -> (&'static str, &'static str) {
    match offset {
        0..2 => ("A1", "magic"),
        2 => ("A1", "version"),
        3 => ("A1", "kind"),
        4..8 => ("A1", "session"),
        8..12 => ("A1", "seq"),
        12..14 => ("A2", "length"),
        14..HEADER_LEN => ("A3", "checksum"),
        _ => ("A7", "payload"),
    }
}
