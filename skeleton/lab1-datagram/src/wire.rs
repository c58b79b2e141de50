//! Part A: messages to bytes and back. The layout and the rules A1 to A7 are in `lab1_kit::message`.
#![expect(unused_variables, reason = "delete this line when no todo! is left in this file")]

use lab1_kit::message::{DecodeError, EncodeError, Message};

/// The datagram that carries this message; fails if the payload is above `MAX_PAYLOAD` (A1 to A4).
pub fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    todo!("lab 1, part A: encode")
}

/// The message that these bytes are, or the first thing that is wrong with them (A5 to A7).
pub fn decode(datagram: &[u8]) -> Result<Message, DecodeError> {
    todo!("lab 1, part A: decode")
}
