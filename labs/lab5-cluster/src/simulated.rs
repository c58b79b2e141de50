//! A worker in the simulation: its calls are datagrams, its disk is that of the host, and its engine takes virtual time.

use crate::engine::{Engine, Execute, Working};
use crate::message::{Assignment, Body, Bytes, Input, Message, Read, Reply, Request};
use crate::site::{Answering, Calls, NoAnswer, Site};
use crate::types::{Address, Attempt, Cause, Task, WorkerConfig};
use crate::words;
use faultline::asynchronous::{NodeHandle, Runtime, UdpSocket};
use faultline::folder::Folder;
use faultline::program::Role;
use faultline::{Host, Never};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io::{self, Read as _, Write as _};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::oneshot;

/// What a worker in a scenario is like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Where the worker is.
    pub address: Address,
    /// Where the coordinator is.
    pub coordinator: Host,
    /// How the worker is to behave.
    pub config: WorkerConfig,
    /// For how long a call waits for its answer.
    pub patience: Duration,
    /// How long a map task takes.
    pub map: Duration,
    /// How long a reduce task takes.
    pub reduce: Duration,
    /// These tasks fail here so many times.
    pub fails: Vec<(Task, u32)>,
}

/// What is told of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkerNotice {
    /// The engine was told to do this.
    Began(Attempt),
    /// The engine has done it, or failed.
    Ended(Attempt),
    /// The worker has ended.
    Over,
}

impl fmt::Display for WorkerNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkerNotice::Began(attempt) => write!(f, "begins {attempt}"),
            WorkerNotice::Ended(attempt) => write!(f, "has computed {attempt}"),
            WorkerNotice::Over => f.write_str("ends"),
        }
    }
}

/// A worker of the student's.
pub const WORKER: Role<Setting, Never, WorkerNotice> = Role::new("worker", Message::describe);

type Node = NodeHandle<Never, WorkerNotice>;
type Reader = fn(&Folder, &Read) -> io::Result<Bytes>;

/// Runs a worker: `work` is what it does, and `read` how it gives bytes of its files to others.
///
/// # Errors
/// The worker has failed.
pub async fn run<Work>(setting: Setting, node: Node, work: fn(Site) -> Work, read: Reader) -> io::Result<()>
where
    Work: Future<Output = io::Result<()>> + 'static,
{
    let socket = Rc::new(UdpSocket::bind(&node).await?);
    let folder = Folder::of_host(&node);
    let waiting: Waiting = Rc::default();
    let calls = Datagrams {
        runtime: (*node).clone(),
        socket: socket.clone(),
        setting: setting.clone(),
        folder: folder.clone(),
        read,
        waiting: waiting.clone(),
    };
    node.spawn(listen(socket, folder.clone(), read, waiting));
    let engine = Engine::new(Words {
        node: node.clone(),
        map: setting.map,
        reduce: setting.reduce,
        fails: Rc::new(RefCell::new(setting.fails.clone())),
    });
    let runtime = (*node).clone();
    let site = Site::new(runtime, setting.address, folder, engine, setting.config, Rc::new(calls));
    work(site).await?;
    node.notify(WorkerNotice::Over);
    Ok(())
}

/// The calls that wait for an answer, by number.
type Waiting = Rc<RefCell<BTreeMap<u64, oneshot::Sender<Body>>>>;

/// Takes what arrives: answers to who waits for them, and questions.
async fn listen(socket: Rc<UdpSocket>, folder: Folder, read: Reader, waiting: Waiting) -> io::Result<()> {
    let mut buffer = vec![0; faultline::simulation::MTU_MAX];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        let Some(Message { call, body }) = Message::decode(&buffer[..length]) else { continue };
        match body {
            Body::Reply(_) | Body::Bytes(_) => {
                let asked = waiting.borrow_mut().remove(&call);
                // Who has asked may wait no more.
                asked.into_iter().for_each(|asked| drop(asked.send(body.clone())));
            }
            Body::Read(question) => {
                let body = Body::Bytes(read(&folder, &question)?);
                socket.send_to(&Message { call, body }.encode(), from).await?;
            }
            Body::Request(_) => {}
        }
    }
}

#[derive(Clone)]
struct Datagrams {
    runtime: Runtime,
    socket: Rc<UdpSocket>,
    setting: Setting,
    folder: Folder,
    read: Reader,
    waiting: Waiting,
}

impl Datagrams {
    async fn call(self, to: Host, body: Body) -> Result<Body, NoAnswer> {
        let call = self.runtime.random();
        let (answer, answered) = oneshot::channel();
        self.waiting.borrow_mut().insert(call, answer);
        let sent = self.socket.send_to(&Message { call, body }.encode(), to).await;
        let answer = self.runtime.timeout(self.setting.patience, answered).await;
        self.waiting.borrow_mut().remove(&call);
        sent.map_err(|_| NoAnswer)?;
        answer.map_err(|_| NoAnswer)?.map_err(|_| NoAnswer)
    }
}

impl Calls for Datagrams {
    fn ask(&self, request: Request) -> Answering<Reply> {
        let call = self.clone().call(self.setting.coordinator, Body::Request(request));
        Box::pin(async move { if let Body::Reply(reply) = call.await? { Ok(reply) } else { Err(NoAnswer) } })
    }

    fn read(&self, from: Address, read: Read) -> Answering<Bytes> {
        if from == self.setting.address {
            let bytes = (self.read)(&self.folder, &read).map_err(|_| NoAnswer);
            return Box::pin(async move { bytes });
        }
        let call = self.clone().call(from.host(), Body::Read(read));
        Box::pin(async move { if let Body::Bytes(bytes) = call.await? { Ok(bytes) } else { Err(NoAnswer) } })
    }
}

/// Finds words, and takes its time.
#[derive(Clone)]
struct Words {
    node: Node,
    map: Duration,
    reduce: Duration,
    fails: Rc<RefCell<Vec<(Task, u32)>>>,
}

impl Words {
    /// Writes files in two steps, with time before each.
    async fn write(&self, folder: &Folder, files: Vec<(String, Vec<u8>)>, takes: Duration) -> io::Result<()> {
        self.node.sleep(takes / 2).await;
        let mut rest = vec![];
        for (name, content) in &files {
            let (first, second) = content.split_at(content.len() / 2);
            let mut file = folder.create(name)?;
            file.write_all(first)?;
            rest.push((file, second));
        }
        self.node.sleep(takes / 2).await;
        rest.into_iter().try_for_each(|(mut file, second)| file.write_all(second))
    }

    async fn execute(
        self,
        attempt: Attempt,
        folder: Folder,
        takes: Duration,
        make: impl FnOnce(&Folder) -> Result<Vec<(String, Vec<u8>)>, Cause>,
    ) -> Result<(), Cause> {
        self.node.notify(WorkerNotice::Began(attempt));
        let fails = self.fails_at(attempt.task);
        let done = match make(&folder) {
            Ok(files) => self.write(&folder, files, takes).await.map_err(failed),
            Err(refused) => {
                self.node.sleep(takes / 2).await;
                Err(refused)
            }
        };
        self.node.notify(WorkerNotice::Ended(attempt));
        if fails { Err(failed(format!("the application cannot do {}", attempt.task))) } else { done }
    }

    fn fails_at(&self, task: Task) -> bool {
        let mut fails = self.fails.borrow_mut();
        let Some((_, left)) = fails.iter_mut().find(|(fails, left)| *fails == task && *left > 0) else {
            return false;
        };
        *left -= 1;
        true
    }
}

fn failed(why: impl fmt::Display) -> Cause {
    Cause::Failed(why.to_string())
}

fn content(folder: &Folder, name: &str) -> io::Result<Vec<u8>> {
    let mut content = vec![];
    folder.open(name)?.read_to_end(&mut content)?;
    Ok(content)
}

impl Execute for Words {
    fn map(&self, assignment: &Assignment, folder: &Folder, input: &str, outputs: &[String]) -> Working {
        let (attempt, input, outputs) = (assignment.attempt, input.to_string(), outputs.to_vec());
        let (Task::Map(number) | Task::Reduce(number)) = attempt.task;
        let (first, reduces) = match &assignment.input {
            Input::Chunk(chunk, reduces) => (chunk.first_line, *reduces),
            Input::Outputs(..) => (1, 0),
        };
        let skip = assignment.skip.clone();
        let make = move |folder: &Folder| {
            let lines = words::without(&content(folder, &input).map_err(failed)?, first, &skip);
            let parts =
                words::parts(&lines.map_err(|(line, why)| Cause::Refused(line, why))?, number, reduces);
            Ok(outputs.into_iter().zip(parts).collect())
        };
        Box::pin(self.clone().execute(attempt, folder.clone(), self.map, make))
    }

    fn reduce(&self, assignment: &Assignment, folder: &Folder, inputs: &[String], output: &str) -> Working {
        let (inputs, output) = (inputs.to_vec(), output.to_string());
        let make = move |folder: &Folder| {
            let parts = inputs.iter().map(|input| content(folder, input)).collect::<io::Result<Vec<_>>>();
            let parts = parts.map_err(failed)?;
            Ok(vec![(output, words::output(parts.iter().map(Vec::as_slice)))])
        };
        Box::pin(self.clone().execute(assignment.attempt, folder.clone(), self.reduce, make))
    }
}
