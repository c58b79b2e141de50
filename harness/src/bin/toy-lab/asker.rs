//! A toy protocol in asynchronous code: an asker asks until it is answered, an answerer begins a task for each question.

use faultline::asynchronous::{NodeHandle, UdpSocket};
use faultline::program::{LocalProgram, Role};
use faultline::{Host, Never, ms, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;

/// What is wrong with the answerer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// A task of its panics.
    Panics,
    /// A task of its wakes itself without end.
    WakesItself,
    /// A task of its never lets go of the host.
    NeverYields,
}

/// How an asker or an answerer is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setting {
    /// The host at the other end.
    pub(crate) peer: Host,
    /// What is wrong.
    pub(crate) fault: Fault,
}

/// The asker is to ask for the double of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask(pub(crate) u8);

/// An answer, and how often it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) double: u8,
    pub(crate) tries: u32,
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ask for {}", self.0)
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is answered {} at try {}", self.double, self.tries)
    }
}

pub(crate) const ASKER: Role<Setting, Ask, Answered> = Role::new("asker", show);
pub(crate) const ANSWERER: Role<Setting, Never, Never> = Role::new("answerer", show);

fn show(datagram: &[u8]) -> String {
    text::bytes(datagram, 16)
}

async fn ask(Setting { peer, .. }: Setting, node: NodeHandle<Ask, Answered>) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    loop {
        let Ask(number) = node.next_command().await;
        let mut tries = 0;
        let double = loop {
            tries += 1;
            socket.send_to(&[number], peer).await?;
            if let Ok(answer) = node.timeout(ms(100), answer_to(number, &socket)).await {
                break answer?;
            }
        };
        node.notify(Answered { double, tries });
    }
}

async fn answer_to(number: u8, socket: &UdpSocket) -> io::Result<u8> {
    loop {
        let mut answer = [0; 2];
        if socket.recv_from(&mut answer).await?.0 == 2 && answer[0] == number {
            return Ok(answer[1]);
        }
    }
}

async fn answer(Setting { fault, .. }: Setting, node: NodeHandle<Never, Never>) -> io::Result<()> {
    let socket = Rc::new(UdpSocket::bind(&node).await?);
    loop {
        let mut question = [0; 1];
        let (_, from) = socket.recv_from(&mut question).await?;
        let (socket, runtime) = (socket.clone(), node.clone());
        node.spawn(async move {
            runtime.sleep(ms(runtime.random() % 20)).await;
            match fault {
                Fault::None => {}
                Fault::Panics => panic!("no more answers"),
                Fault::WakesItself => wake_without_end().await,
                Fault::NeverYields => loop {
                    std::hint::spin_loop();
                },
            }
            socket.send_to(&[question[0], question[0] * 2], from).await
        });
    }
}

async fn wake_without_end() {
    poll_fn(|context| {
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// `program` with both roles.
pub(crate) fn add(program: LocalProgram) -> LocalProgram {
    program.async_role(&ASKER, ask).async_role(&ANSWERER, answer)
}
