use lab1_kit::message::{DecodeError, EncodeError, Message};

pub fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    let _ = message;
    Ok(vec![])
}

pub fn decode(datagram: &[u8]) -> Result<Message, DecodeError> {
    let _ = datagram;
    todo!("nothing")
}

#[expect(long_running_const_eval)]
pub const FOREVER: u64 = {
    let mut number = 0_u64;
    while number < u64::MAX {
        number = number.wrapping_add(1) % 1_000_000_007;
    }
    number
};
