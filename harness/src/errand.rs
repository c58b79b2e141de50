//! One question to a process of the kit's own, and its answer: for what must not run in the asker's process, such as what
//! starts the programs of a submission.

use crate::channel::Channel;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Starts a process and asks it. Whatever it has started goes with it.
///
/// # Errors
/// It cannot be started, ends without an answer (`UnexpectedEof`, or as the operating system says), or has none in time
/// (`WouldBlock`).
pub fn ask<Question: Serialize, Answer: DeserializeOwned>(
    mut command: Command,
    question: &Question,
    patience: Duration,
) -> io::Result<Answer> {
    command.stdout(Stdio::null());
    let (mut channel, mut process) = Channel::spawn(&mut command)?;
    channel.patience(Some(patience))?;
    let answer = channel.send(question).and_then(|()| channel.receive());
    let status = process.kill()?;
    answer.map_err(|error| io::Error::new(error.kind(), format!("{error} ({status})")))
}

/// Answers whoever has started this process with [`ask`].
///
/// # Errors
/// Nobody has asked, or nobody waits for the answer.
pub fn answer<Question: DeserializeOwned, Answer: Serialize>(
    answer: impl FnOnce(Question) -> Answer,
) -> io::Result<()> {
    let mut channel = Channel::inherited()?;
    let question = channel.receive()?;
    channel.send(&answer(question))
}
