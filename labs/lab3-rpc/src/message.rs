//! Messages: what clients and servers say to each other, one in a datagram.
//!
//! Their bytes are the kit's business, behind a checksum; the bytes of arguments and results inside are the student's
//! (part A).

use crate::types::Fault;
use faultline::{codec, text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many bytes of arguments and results stories show.
pub(crate) const SHOWN: usize = 12;

// ANCHOR: names
/// One life of a client or of a server: whoever is started again is somebody else, also at the same address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Incarnation(pub u64);

/// The number of a call among those of one client's life; the first is 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId(pub u64);

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The number of the service.
    pub service: u16,
    /// The version of the service that the client knows.
    pub version: u16,
    /// The number of the method.
    pub method: u16,
}
// ANCHOR_END: names

// ANCHOR: message
/// What one datagram says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Message {
    /// Client to server: who are you?
    Hello {
        /// Who asks.
        client: Incarnation,
    },
    /// Answers `Hello`.
    Welcome {
        /// Who asked.
        client: Incarnation,
        /// Who answers.
        server: Incarnation,
    },
    /// Client to server: do this.
    Request {
        /// Who asks.
        client: Incarnation,
        /// Whom: no other server may execute it.
        server: Incarnation,
        /// Which of its calls this is.
        call: CallId,
        /// The smallest number of a call that the client has not finished.
        oldest: CallId,
        /// What is to be done.
        target: Target,
        /// With which arguments.
        #[serde(with = "serde_bytes")]
        arguments: Vec<u8>,
    },
    /// Server to client: it is done, and this has come out.
    Reply {
        /// Whose call it was.
        client: Incarnation,
        /// Which one.
        call: CallId,
        /// The encoded result, or why there is none.
        #[serde(with = "result")]
        result: Result<Vec<u8>, Fault>,
    },
    /// Server to client: I have your request, and am at it.
    Working {
        /// Whose call it is.
        client: Incarnation,
        /// Which one.
        call: CallId,
    },
    /// Client to server: are you still at it? (part D)
    Probe {
        /// Who asks.
        client: Incarnation,
        /// Whom.
        server: Incarnation,
        /// About which call.
        call: CallId,
    },
    /// Server to client: the server that you mean is gone; I am another one, and know nothing of its calls.
    Gone {
        /// Who asked.
        client: Incarnation,
        /// Whom.
        asked: Incarnation,
        /// Who answers.
        server: Incarnation,
    },
}
// ANCHOR_END: message

/// A result as bytes at once: serde alone makes room for what a list's length promises.
mod result {
    use crate::types::Fault;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_bytes::{ByteBuf, Bytes};

    pub(super) fn serialize<S: Serializer>(
        result: &Result<Vec<u8>, Fault>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        result.as_ref().map(|bytes| Bytes::new(bytes)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Result<Vec<u8>, Fault>, D::Error> {
        let result = Result::<ByteBuf, Fault>::deserialize(deserializer)?;
        Ok(result.map(ByteBuf::into_vec))
    }
}

/// The bytes of a datagram are no message: the network has changed them, or somebody else has sent them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageError;

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these bytes are no message")
    }
}

impl std::error::Error for MessageError {}

impl Message {
    /// The bytes to send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::seal(self)
    }

    /// The message that a datagram carries.
    ///
    /// # Errors
    /// [`MessageError`] when the bytes are not exactly what [`Message::encode`] makes.
    pub fn decode(datagram: &[u8]) -> Result<Message, MessageError> {
        codec::open(datagram).map_err(|_| MessageError)
    }

    /// A datagram as stories show it.
    #[must_use]
    pub fn describe(datagram: &[u8]) -> String {
        match Message::decode(datagram) {
            Ok(message) => message.to_string(),
            Err(MessageError) => format!("{} undecodable bytes", datagram.len()),
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Hello { client } => write!(f, "HELLO {client}"),
            Message::Welcome { client, server } => write!(f, "WELCOME {client} server={server}"),
            Message::Request { client, server, call, oldest, arguments, .. } => {
                let arguments = text::bytes(arguments, SHOWN);
                write!(f, "REQUEST {client}.{call} {arguments} oldest={oldest} server={server}")
            }
            Message::Reply { client, call, result: Ok(result) } => {
                write!(f, "REPLY {client}.{call} {}", text::bytes(result, SHOWN))
            }
            Message::Reply { client, call, result: Err(fault) } => {
                write!(f, "REPLY {client}.{call} ({fault})")
            }
            Message::Working { client, call } => write!(f, "WORKING {client}.{call}"),
            Message::Probe { client, server, call } => write!(f, "PROBE {client}.{call} server={server}"),
            Message::Gone { client, asked, server } => {
                write!(f, "GONE {client} asked={asked} server={server}")
            }
        }
    }
}

impl fmt::Display for Incarnation {
    /// The first four hexadecimal digits, which tell a story's few incarnations apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0 >> 48)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As in stories, so that timers have short names there.
impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As in stories.
impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Incarnation = Incarnation(0xABCD << 48 | 7);

    #[test]
    fn a_message_survives_its_bytes_and_no_changed_bit_does() {
        let message = Message::Reply { client: CLIENT, call: CallId(3), result: Ok(b"hello".to_vec()) };
        let datagram = message.encode();
        assert_eq!(Message::decode(&datagram), Ok(message));
        for bit in 0..datagram.len() * 8 {
            let mut changed = datagram.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Message::decode(&changed), Err(MessageError));
        }
    }

    #[test]
    fn stories_show_a_message_in_a_few_words() {
        let target = Target { service: 1, version: 1, method: 2 };
        let (server, call, oldest) = (Incarnation(1 << 48), CallId(2), CallId(1));
        let request =
            Message::Request { client: CLIENT, server, call, oldest, target, arguments: b"x".to_vec() };
        assert_eq!(Message::describe(&request.encode()), "REQUEST abcd.2 \"x\" oldest=1 server=0001");
        assert_eq!(Message::describe(&Message::Working { client: CLIENT, call }.encode()), "WORKING abcd.2");
        assert_eq!(Message::describe(b"xyz"), "3 undecodable bytes");
    }
}
