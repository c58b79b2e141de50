//! The client: cuts files into chunks, brings them to workers, submits the job, watches it, and gets its outputs.

use super::calls::{Caller, Method, Store};
use super::network::Network;
use crate::files::File;
use crate::limits::{MAX_READ, READ_TRIES};
use crate::message::{Bytes, Phase, Read, Reply, Request, Status};
use crate::types::{Address, Chunk, Job, JobFailure, Place, Task};
use faultline::asynchronous::Runtime;
use faultline::ms;
use std::fmt;
use std::fs;
use std::io::{self, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Between two questions about the job.
const WATCH: Duration = ms(20);

/// For so long the coordinator may be silent when a job is at stake: somebody may start it again.
const SILENCE: Duration = ms(30_000);

/// And for so long when somebody only wants to know.
const SILENCE_OF_STATUS: Duration = ms(3_000);

/// Why a client could not do it.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// A file of the client's own.
    File(PathBuf, io::Error),
    /// Nobody answers there.
    Silent(String),
    /// The coordinator does not take the job.
    Refused(String),
    /// The job has failed.
    Failed(JobFailure),
    /// There is no job to wait for, or its outputs were collected before.
    NoJob(&'static str),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::File(path, error) => write!(f, "{}: {error}", path.display()),
            ClientError::Silent(who) => {
                write!(f, "{who} does not answer\n    is it running, and is this its address?")
            }
            ClientError::Refused(why) => {
                write!(
                    f,
                    "the coordinator refuses the job: {why}\n    a coordinator has one job; start another one"
                )
            }
            ClientError::Failed(failure) => {
                write!(
                    f,
                    "the job has failed: {failure}\n    mend the input or the application, and submit to a new coordinator"
                )
            }
            ClientError::NoJob(why) => f.write_str(why),
        }
    }
}

/// What is told while it goes on.
pub(crate) enum Progress<'a> {
    /// So many workers are there, of those that are waited for.
    Workers(usize, usize),
    /// So many chunks are on workers' disks.
    Stored(usize),
    /// How far the job is.
    Job(&'a Status, &'a Job),
    /// So many outputs are here.
    Collected(u32),
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) application: String,
    pub(crate) inputs: Vec<PathBuf>,
    pub(crate) chunk_size: u64,
    pub(crate) reduces: u32,
    pub(crate) skips: bool,
    pub(crate) copies: usize,
    pub(crate) workers: usize,
}

/// A client of one coordinator.
pub(crate) struct Client {
    runtime: Runtime,
    calls: Caller,
    coordinator: String,
}

impl Client {
    pub(crate) fn new(
        runtime: &Runtime,
        network: Rc<dyn Network>,
        coordinator: std::net::SocketAddrV4,
    ) -> Client {
        let calls = Caller::new(network, coordinator);
        Client { runtime: runtime.clone(), calls, coordinator: format!("the coordinator at {coordinator}") }
    }

    /// Asks the coordinator until it answers.
    async fn insist(&self, request: &Request) -> Result<Reply, ClientError> {
        self.insist_for(SILENCE, request).await
    }

    async fn insist_for(&self, silence: Duration, request: &Request) -> Result<Reply, ClientError> {
        let until = self.runtime.now() + silence;
        while self.runtime.now() < until {
            if let Ok(reply) = self.calls.request(request).await {
                return Ok(reply);
            }
            self.runtime.sleep(WATCH).await;
        }
        Err(ClientError::Silent(self.coordinator.clone()))
    }

    /// How far the job is, for who does not wait long for an answer.
    pub(crate) async fn status_now(&self) -> Result<Status, ClientError> {
        self.status_of(self.insist_for(SILENCE_OF_STATUS, &Request::Status).await?)
    }

    /// How far the job is.
    async fn status(&self) -> Result<Status, ClientError> {
        self.status_of(self.insist(&Request::Status).await?)
    }

    fn status_of(&self, reply: Reply) -> Result<Status, ClientError> {
        match reply {
            Reply::Status(status) => Ok(status),
            _ => Err(ClientError::Silent(self.coordinator.clone())),
        }
    }

    /// Brings the input to the workers, and submits the job.
    pub(crate) async fn submit(
        &self,
        submission: &Submission,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Job, ClientError> {
        let workers = loop {
            let status = self.status().await?;
            if status.phase != Phase::Idle {
                return Err(ClientError::Refused("there is another one already".into()));
            }
            tell(Progress::Workers(status.workers.len(), submission.workers));
            if status.workers.len() >= submission.workers {
                break status.workers.iter().map(|worker| worker.address).collect::<Vec<_>>();
            }
            self.runtime.sleep(WATCH).await;
        };
        let mut chunks = vec![];
        for path in &submission.inputs {
            let file = |error| ClientError::File(path.clone(), error);
            let mut reader = BufReader::new(fs::File::open(path).map_err(file)?);
            let mut first_line = 1;
            loop {
                let (bytes, lines) = next_chunk(&mut reader, submission.chunk_size).map_err(file)?;
                if bytes.is_empty() {
                    break;
                }
                let number = chunks.len();
                let holders: Vec<Address> = (0..submission.copies.min(workers.len()))
                    .map(|copy| workers[(number + copy) % workers.len()])
                    .collect();
                for holder in &holders {
                    self.store(number as u32, &bytes, *holder).await?;
                }
                chunks.push(Chunk { file: path.to_string_lossy().into_owned(), first_line, holders });
                first_line += lines;
                tell(Progress::Stored(chunks.len()));
            }
        }
        let Submission { application, reduces, skips, .. } = submission.clone();
        let job = Job { application, chunks, reduces, skips };
        match self.insist(&Request::Submit { job: job.clone() }).await? {
            Reply::Refused(why) => Err(ClientError::Refused(why)),
            _ => Ok(job),
        }
    }

    async fn store(&self, chunk: u32, bytes: &[u8], holder: Address) -> Result<(), ClientError> {
        const PIECE: usize = 1 << 20;
        let mut pieces = bytes.chunks(PIECE).enumerate().peekable();
        while let Some((number, piece)) = pieces.next() {
            let is_last = pieces.peek().is_none();
            let store = Store { chunk, offset: (number * PIECE) as u64, bytes: piece.into(), is_last };
            let mut tries = 0;
            while self.calls.call::<_, ()>(holder.socket(), Method::Store, &store).await.is_err() {
                tries += 1;
                if tries == 10 {
                    return Err(ClientError::Silent(format!("the worker at {holder}")));
                }
                self.runtime.sleep(WATCH).await;
            }
        }
        Ok(())
    }

    /// Waits for the job's end, and brings its outputs into a folder: `out-0`, `out-1` and so on, and at last `done`.
    pub(crate) async fn collect(
        &self,
        out: &Path,
        job: Option<&Job>,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), ClientError> {
        let unknown = Job { application: String::new(), chunks: vec![], reduces: 0, skips: false };
        let job = job.unwrap_or(&unknown);
        let mut has_all = false;
        loop {
            let status = self.status().await?;
            tell(Progress::Job(&status, job));
            match status.phase {
                Phase::Finished(places) => {
                    if let Err(missing) = self.fetch_all(out, &places, tell).await? {
                        self.insist(&Request::Missing { place: missing }).await?;
                        continue;
                    }
                    let file = |error| ClientError::File(out.join("done"), error);
                    put(out, "done", format!("{}\n", places.len()).as_bytes()).map_err(file)?;
                    self.insist(&Request::Collected).await?;
                    // A coordinator that has come up in between may not know yet that the job is finished: what it has not kept is told
                    // once more. And whoever hears that it has kept it is the last whom the coordinator waits for.
                    has_all = true;
                }
                Phase::Failed(failure) => return Err(ClientError::Failed(failure)),
                Phase::Collected if has_all => return Ok(()),
                Phase::Collected => {
                    return Err(ClientError::NoJob("the outputs of this job were collected before"));
                }
                Phase::Idle => return Err(ClientError::NoJob("this coordinator has no job")),
                Phase::Working => self.runtime.sleep(WATCH).await,
            }
        }
    }

    /// Gets all outputs; or says which cannot be had.
    async fn fetch_all(
        &self,
        out: &Path,
        places: &[Place],
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Result<(), Place>, ClientError> {
        for (number, place) in (0..).zip(places) {
            let (Task::Map(reduce) | Task::Reduce(reduce)) = place.attempt.task;
            let path = out.join(format!("out-{reduce}"));
            let file = |error| ClientError::File(path.clone(), error);
            let draft = out.join(format!("tmp-out-{reduce}"));
            let mut writer = fs::File::create(&draft).map_err(file)?;
            let mut offset = 0;
            loop {
                let of = File::Output { reduce, number: place.attempt.number };
                match self.read(place.holder.address, &Read { file: of, offset, length: MAX_READ }).await {
                    Some(bytes) if bytes.is_empty() => break,
                    Some(bytes) => {
                        writer.write_all(&bytes).map_err(file)?;
                        offset += bytes.len() as u64;
                    }
                    None => {
                        fs::remove_file(&draft).map_err(file)?;
                        return Ok(Err(*place));
                    }
                }
            }
            writer.sync_all().map_err(file)?;
            fs::rename(&draft, &path).map_err(file)?;
            tell(Progress::Collected(number + 1));
        }
        Ok(Ok(()))
    }

    async fn read(&self, from: Address, read: &Read) -> Option<Vec<u8>> {
        for _ in 0..READ_TRIES {
            match self.calls.call(from.socket(), Method::Read, read).await {
                Ok(Bytes::Some(bytes)) => return Some(bytes),
                Ok(Bytes::NoFile) => return None,
                Err(_) => self.runtime.sleep(WATCH).await,
            }
        }
        None
    }
}

/// Writes a small file as a whole.
fn put(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let draft = folder.join(format!("tmp-{name}"));
    fs::write(&draft, content)?;
    fs::File::open(&draft)?.sync_all()?;
    fs::rename(draft, folder.join(name))
}

/// The next lines of a file that make at least `size` bytes, and how many they are; nothing at its end.
pub(crate) fn next_chunk(reader: &mut impl io::BufRead, size: u64) -> io::Result<(Vec<u8>, u64)> {
    let (mut bytes, mut lines) = (vec![], 0);
    while (bytes.len() as u64) < size && reader.read_until(b'\n', &mut bytes)? > 0 {
        lines += 1;
    }
    Ok((bytes, lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::calls;
    use crate::live::network::{Handler, Listening};
    use crate::site::{Answering, NoAnswer};
    use crate::types::{Attempt, WorkerId};
    use faultline::codec;
    use std::cell::Cell;
    use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

    const HERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1);

    /// A finished job's coordinator that has crashed while its outputs were collected, and a worker with one empty output.
    struct ComesUpAgain {
        collected: Rc<Cell<u32>>,
        statuses: Cell<u32>,
    }

    impl ComesUpAgain {
        fn answer(&self, method: u32, argument: &[u8]) -> Vec<u8> {
            if method == Method::Read as u32 {
                return codec::encode(&Bytes::Some(vec![]));
            }
            let place = Place {
                attempt: Attempt { task: Task::Reduce(0), number: 7 },
                holder: WorkerId { address: HERE.into(), life: 1 },
            };
            codec::encode(&match calls::argument(argument) {
                Ok(Request::Collected) => {
                    self.collected.set(self.collected.get() + 1);
                    Reply::Noted
                }
                Ok(Request::Status) => {
                    self.statuses.set(self.statuses.get() + 1);
                    let phase = match (self.statuses.get(), self.collected.get()) {
                        // It does not know yet which outputs are still there.
                        (2, _) => Phase::Working,
                        (_, 0 | 1) => Phase::Finished(vec![place]),
                        _ => Phase::Collected,
                    };
                    Reply::Status(Status {
                        phase,
                        workers: vec![],
                        running: vec![],
                        tasks: Some((0, 1)),
                        maps_done: 0,
                        reduces_done: 1,
                        skipped: 0,
                    })
                }
                other => panic!("{other:?}"),
            })
        }
    }

    impl Network for ComesUpAgain {
        fn call(&self, _to: SocketAddrV4, method: u32, argument: Vec<u8>) -> Answering<Vec<u8>> {
            let answer = self.answer(method, &argument);
            Box::pin(async move { Ok::<_, NoAnswer>(answer) })
        }

        fn listen(&self, _at: SocketAddrV4, _handler: Handler) -> io::Result<Listening> {
            Err(io::Error::other("nobody listens here"))
        }
    }

    #[test]
    fn a_client_ends_when_the_coordinator_has_kept_that_all_is_collected() {
        let (folder, collected) = (tempfile::tempdir().unwrap(), Rc::new(Cell::new(0)));
        let (out, told) = (folder.path().to_owned(), collected.clone());
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        faultline::live::run(socket, &[], move |node| async move {
            let network = Rc::new(ComesUpAgain { collected: told, statuses: Cell::new(0) });
            let client = Client::new(&node, network, HERE);
            client.collect(&out, None, &mut |_| ()).await.map_err(|error| io::Error::other(error.to_string()))
        })
        .unwrap();
        assert_eq!(collected.get(), 2);
        assert!(folder.path().join("out-0").exists());
    }

    #[test]
    fn chunks_have_whole_lines() {
        let mut text: &[u8] = b"one\ntwo\n\nthree";
        let mut chunks = vec![];
        loop {
            let (bytes, lines) = next_chunk(&mut text, 5).unwrap();
            if bytes.is_empty() {
                break;
            }
            chunks.push((String::from_utf8(bytes).unwrap(), lines));
        }
        assert_eq!(chunks, [("one\ntwo\n".to_string(), 2), ("\nthree".into(), 2)]);
    }
}
