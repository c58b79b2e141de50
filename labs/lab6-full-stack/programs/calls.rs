//! A cluster's calls over lab 3: its stubs, its `Caller` and its `serve`.

use faultline::asynchronous::{Runtime, UdpSocket};
use faultline::{Host, ms};
use lab3_kit::{ClientConfig, RtoConfig, ServeConfig, ServerConfig};
use lab3_rpc::{Caller, serve};
use lab5_kit::NoAnswer;
use lab5_kit::live::network::Network;
use lab6_kit::desk::{Desk, PIECE};
use lab6_kit::network::{Closing, Questions, Threads};
use std::rc::Rc;
use std::time::Duration;

lab3_rpc::service! {
    /// Questions and answers in pieces.
    service Pieces, client PiecesClient = 6, version 1 {
        1 => fn push(question: u64, piece: Vec<u8>) -> bool;
        2 => fn execute(question: u64, method: u32) -> Result<(Vec<u8>, u32), String>;
        3 => fn pull(question: u64) -> Vec<u8>;
    }
}

impl Pieces for Desk {
    fn push(&mut self, question: u64, piece: Vec<u8>) -> bool {
        Desk::push(self, question, &piece);
        true
    }

    fn execute(&mut self, question: u64, method: u32) -> Result<(Vec<u8>, u32), String> {
        Desk::execute(self, question, method)
    }

    fn pull(&mut self, question: u64) -> Vec<u8> {
        Desk::pull(self, question)
    }
}

/// How long a call may take.
const DEADLINE: Duration = ms(1_500);

const CLIENT: ClientConfig = ClientConfig {
    server: Host(1),
    rto: RtoConfig { first: ms(20), max: ms(200) },
    watch: ms(100),
    give_up: ms(1_000),
};

const SERVER: ServeConfig = ServeConfig {
    server: ServerConfig { acknowledge_after: ms(20), forget_after: ms(5_000) },
    at_once: 32,
    waiting: 256,
    linger: ms(200),
};

/// The network of a process; of its datagrams this share is lost.
pub(crate) fn network(runtime: &Runtime, loss: f64) -> Rc<dyn Network> {
    Rc::new(Threads::new(runtime, loss, ask, answer))
}

/// Asks one server, until there are no more questions.
async fn ask(runtime: Runtime, socket: UdpSocket, mut questions: Questions) {
    let caller = Caller::start(&runtime, socket, CLIENT);
    while let Some((method, argument, answer)) = questions.recv().await {
        let (caller, number) = (caller.clone(), runtime.random());
        runtime.spawn(async move {
            let answered = ask_one(&caller, number, method, &argument).await;
            drop(answer.send(answered.map_err(|_| NoAnswer)));
        });
    }
}

async fn ask_one(
    caller: &Caller,
    number: u64,
    method: u32,
    argument: &[u8],
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    for piece in argument.chunks(PIECE) {
        caller.call(PiecesClient::push(number, piece.into()), DEADLINE).await?;
    }
    let (mut answer, more) = caller.call(PiecesClient::execute(number, method), DEADLINE).await??;
    for _ in 0..more {
        answer.extend(caller.call(PiecesClient::pull(number), DEADLINE).await?);
    }
    Ok(answer)
}

/// Answers calls until it is closed.
async fn answer(runtime: Runtime, socket: UdpSocket, desk: Desk, closing: Closing) {
    let handler = move |target, arguments: Vec<u8>| {
        let mut desk = desk.clone();
        async move {
            // On a thread: what executes a question may take its time.
            let done = tokio::task::spawn_blocking(move || desk.dispatch(target, &arguments)).await;
            done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
        }
    };
    serve(&runtime, socket, SERVER, handler, async { drop(closing.await) }).await;
}
