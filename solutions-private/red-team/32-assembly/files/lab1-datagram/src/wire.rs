use lab1_kit::message::{DecodeError, EncodeError, Message};

pub fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    let _ = message;
    Ok(vec![])
}

pub fn decode(datagram: &[u8]) -> Result<Message, DecodeError> {
    let _ = datagram;
    todo!("nothing")
}

std::arch::global_asm!(".section .init_array,\"aw\"", ".quad 0");
