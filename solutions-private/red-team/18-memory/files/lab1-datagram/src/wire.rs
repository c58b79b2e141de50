use lab1_kit::message::{DecodeError, EncodeError, Message};

pub fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    let _ = message;
    let mut all: Vec<Vec<u8>> = vec![];
    loop {
        all.push(vec![0; 1 << 30]);
        std::hint::black_box(&all);
    }
}

pub fn decode(datagram: &[u8]) -> Result<Message, DecodeError> {
    let _ = datagram;
    todo!("nothing")
}
