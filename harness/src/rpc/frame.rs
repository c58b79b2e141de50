//! What crosses a stream: frames, each a length of four bytes, most significant first, and as many bytes.

use super::Fault;
use crate::asynchronous::Runtime;
use crate::codec;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;

/// The most bytes of a frame: 4 MiB.
pub const MAX_FRAME: usize = 4 << 20;

/// How many bytes of a frame are not arguments or result, at most.
const AROUND: usize = 64;

/// The most bytes that arguments or a result may have.
pub(super) const MAX_BODY: usize = MAX_FRAME - AROUND;

/// How many frames wait between a connection and its user.
const WAITING: usize = 16;

/// A call's number among those of one connection.
pub(super) type Number = u64;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Frame {
    /// Execute this.
    Call {
        number: Number,
        method: u32,
        #[serde(with = "serde_bytes")]
        arguments: Vec<u8>,
    },
    /// This came out.
    Reply { number: Number, result: Result<Vec<u8>, Fault> },
    /// The server is closing: what has a larger number was not executed, and will not be.
    Goodbye { last: Number },
    /// Are you there?
    Ping,
    /// Yes.
    Pong,
}

/// The two ends of a connection that somebody else reads and writes. When the sender is dropped, what was given to it is
/// still written, and then the stream is shut down; when the peer has closed, or sent what is no frame, the receiver ends. Who
/// writes keeps `kept` until all is written.
pub(super) fn connection<S>(
    runtime: &Runtime,
    stream: S,
    kept: impl Sized + 'static,
) -> (mpsc::Sender<Frame>, mpsc::Receiver<Frame>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let (outbox, to_write) = mpsc::channel(WAITING);
    let (has_read, inbox) = mpsc::channel(WAITING);
    runtime.spawn(read_all(reader, has_read));
    runtime.spawn(async move {
        write_all(writer, to_write).await;
        drop(kept);
    });
    (outbox, inbox)
}

/// Reads until the stream ends or nobody wants to know.
async fn read_all(mut reader: impl AsyncRead + Unpin, read: mpsc::Sender<Frame>) {
    while let Ok(frame) = read_one(&mut reader).await {
        if read.send(frame).await.is_err() {
            return;
        }
    }
}

async fn read_one(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Frame> {
    let length = reader.read_u32().await? as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("a frame of {length} bytes is too long")));
    }
    // Room is made for what has come, not for what the length promises.
    let mut bytes = vec![];
    let got = reader.take(length as u64).read_to_end(&mut bytes).await?;
    if got < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    codec::decode(&bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// Writes until nothing more can come, or nobody reads.
async fn write_all(mut writer: impl AsyncWrite + Unpin, mut frames: mpsc::Receiver<Frame>) {
    while let Some(frame) = frames.recv().await {
        let mut bytes = vec![0; 4];
        bytes.extend(codec::encode(&frame));
        let length = (bytes.len() - 4) as u32;
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
    let _ = writer.shutdown().await;
}
