//! A coordinator, workers of the student's and a client in a simulated network, and what must be true when a job is over.

mod ending;

use super::client::{self, Client, ClientNotice};
use crate::calling::COORDINATOR;
use crate::files::File;
use crate::message::{Body, Message, Phase};
use crate::simulated::{Setting, WORKER, WorkerNotice};
use crate::timeline::Timeline;
use crate::types::{Address, Attempt, Chunk, CoordinatorConfig, Job, Task, WorkerConfig};
use crate::words;
use faultline::disk::DiskImage;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Handle, Link, Simulation};
use faultline::{Host, Never, Time, ms};
use std::time::Duration;

/// What a cluster is like, and what it is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many workers there are, at most [`WORKERS`].
    pub workers: usize,
    /// How many chunks, and so map tasks.
    pub chunks: usize,
    /// How many words a chunk has at most.
    pub words: u64,
    /// Whether nearly every word is another one.
    pub many_words: bool,
    /// How many reduce tasks.
    pub reduces: u32,
    /// How many workers have a copy of each chunk.
    pub copies: usize,
    /// Only so many of the workers, the first ones, have copies.
    pub spread: usize,
    /// What the coordinator is told.
    pub config: CoordinatorConfig,
    /// How long a map task takes.
    pub map: Duration,
    /// How long a reduce task takes.
    pub reduce: Duration,
    /// What all links are like.
    pub link: Link,
    /// These tasks fail so many times, on each worker.
    pub fails: Vec<(Task, u32)>,
    /// In each chunk there are up to so many lines that the application refuses, which the job skips.
    pub bad_lines: u64,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            workers: 3,
            chunks: 6,
            words: 40,
            many_words: false,
            reduces: 3,
            copies: 2,
            spread: WORKERS,
            config: CoordinatorConfig { lease: LEASE, backup_after: ms(3_600_000), max_failures: 3 },
            map: ms(2_000),
            reduce: ms(2_000),
            link: Link::default(),
            fails: vec![],
            bad_lines: 0,
        }
    }
}

/// A worker of which nothing was heard for so long is lost.
pub const LEASE: Duration = ms(3_000);

/// How a worker behaves.
pub const WORKER_CONFIG: WorkerConfig = WorkerConfig { beat: ms(500), pause: ms(200) };

/// For how long a call waits for its answer.
pub const PATIENCE: Duration = ms(300);

/// How many workers there can be.
pub const WORKERS: usize = 6;

type Worker = Handle<Never, WorkerNotice>;

/// A cluster, of which parts may not have been started yet.
pub struct Cluster<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    /// What was planned.
    pub plan: Plan,
    /// The coordinator's host.
    pub coordinator: Host,
    client: Host,
    hosts: Vec<Host>,
    workers: Vec<Option<Worker>>,
    watched: Option<Handle<Never, ClientNotice>>,
    job: Job,
    chunks: Vec<Vec<u8>>,
}

impl<'a> Cluster<'a> {
    /// A cluster of which nothing was started yet; the chunks are on their disks.
    ///
    /// # Errors
    /// Never.
    pub fn new(bench: &Bench<'a>, plan: Plan) -> Result<Cluster<'a>, Failure> {
        let plan = Plan { chunks: bench.amount(plan.chunks), ..plan };
        let names = ["coordinator", "client", "w2", "w3", "w4", "w5", "w6", "w7"];
        let (mut simulation, all) = Simulation::new(bench, names);
        simulation.links(plan.link);
        simulation.keep_deliveries();
        let hosts = all[2..][..plan.workers].to_vec();
        let mut random = Random::new(bench.seed() ^ 0x6d61_7072);
        let chunks: Vec<_> = (0..plan.chunks).map(|_| text(&mut random, &plan)).collect();
        let holders = |number: usize| -> Vec<Address> {
            (0..plan.copies)
                .map(|copy| hosts[(number + copy) % hosts.len().min(plan.spread)].into())
                .collect()
        };
        let chunk = |number| Chunk { file: "book.txt".into(), first_line: 1, holders: holders(number) };
        let job = Job {
            application: "words".into(),
            chunks: (0..plan.chunks).map(chunk).collect(),
            reduces: plan.reduces,
            skips: plan.bad_lines > 0,
        };
        let mut cluster = Cluster {
            simulation,
            coordinator: all[0],
            client: all[1],
            workers: vec![None; hosts.len()],
            hosts,
            watched: None,
            job,
            chunks,
            plan,
        };
        for host in cluster.hosts.clone() {
            let files = cluster.chunks_of(host);
            cluster.simulation.put_files(host, &files);
        }
        Ok(cluster)
    }

    /// A cluster in which everybody is up, and the client has submitted the job.
    ///
    /// # Errors
    /// The student's code does not come up.
    pub fn start(bench: &Bench<'a>, plan: Plan) -> Result<Cluster<'a>, Failure> {
        let mut cluster = Cluster::new(bench, plan)?;
        cluster.start_coordinator()?;
        cluster.start_client()?;
        (0..cluster.hosts.len()).try_for_each(|index| cluster.start_worker(index))?;
        Ok(cluster)
    }

    /// The coordinator comes up.
    ///
    /// # Errors
    /// It does not.
    pub fn start_coordinator(&mut self) -> Outcome {
        self.simulation.start(self.coordinator, &COORDINATOR, &self.plan.config).map(drop)
    }

    /// The client comes up and submits the job.
    ///
    /// # Errors
    /// Never.
    pub fn start_client(&mut self) -> Outcome {
        let plan = client::Plan {
            coordinator: self.coordinator,
            job: self.job.clone(),
            patience: PATIENCE,
            watch: ms(250),
            reads: true,
        };
        let handle = self.simulation.start_given(self.client, Client::new(plan), Message::describe)?;
        self.watched = Some(handle);
        Ok(())
    }

    /// The worker of this number, from 0, comes up.
    ///
    /// # Errors
    /// It does not.
    pub fn start_worker(&mut self, index: usize) -> Outcome {
        self.start_worker_with(index, |_| ())
    }

    /// As [`Cluster::start_worker`], and it is like `change` makes it.
    ///
    /// # Errors
    /// It does not come up.
    pub fn start_worker_with(&mut self, index: usize, change: impl FnOnce(&mut Setting)) -> Outcome {
        let host = self.hosts[index];
        let mut setting = Setting {
            address: host.into(),
            coordinator: self.coordinator,
            config: WORKER_CONFIG,
            patience: PATIENCE,
            map: self.plan.map,
            reduce: self.plan.reduce,
            fails: self.plan.fails.clone(),
        };
        change(&mut setting);
        self.workers[index] = Some(self.simulation.start(host, &WORKER, &setting)?);
        Ok(())
    }

    /// The workers' hosts.
    #[must_use]
    pub fn hosts(&self) -> Vec<Host> {
        self.hosts.clone()
    }

    /// The chunks that are on a worker's disk from the beginning.
    #[must_use]
    pub fn chunks_of(&self, host: Host) -> DiskImage {
        let address = Address::from(host);
        let has = |number: &usize| self.job.chunks[*number].holders.contains(&address);
        let numbers = (0..self.chunks.len()).filter(has);
        numbers.map(|number| (File::Chunk(number as u32).name(), self.chunks[number].clone())).collect()
    }

    /// Who has a chunk.
    #[must_use]
    pub fn chunk_holders(&self, number: u32) -> &[Address] {
        self.job.chunks.get(number as usize).map_or(&[], |chunk| &chunk.holders)
    }

    fn told(&self) -> Result<Vec<ClientNotice>, Failure> {
        self.watched.map_or(Ok(vec![]), |client| self.simulation.notices(client))
    }

    /// The attempts that a worker's engine was told to execute, in order.
    ///
    /// # Errors
    /// A notice cannot be read.
    pub fn began(&self, index: usize) -> Result<Vec<Attempt>, Failure> {
        let notices = self.workers[index].map_or(Ok(vec![]), |worker| self.simulation.notices(worker))?;
        let began = |notice| if let WorkerNotice::Began(attempt) = notice { Some(attempt) } else { None };
        Ok(notices.into_iter().filter_map(began).collect())
    }

    /// Which tasks the engines were told to execute, on which worker.
    ///
    /// # Errors
    /// A notice cannot be read.
    pub fn executions(&self) -> Result<Vec<(Host, Task)>, Failure> {
        let mut executions = vec![];
        for (index, host) in self.hosts.iter().enumerate() {
            executions.extend(self.began(index)?.into_iter().map(|attempt| (*host, attempt.task)));
        }
        Ok(executions)
    }

    /// The job as a picture.
    #[must_use]
    pub fn timeline(&self) -> String {
        Timeline::of(self.plan.config.lease, self.simulation.deliveries()).svg()
    }

    /// What is in a finished file, whatever the attempt.
    #[must_use]
    pub fn expected(&self, file: File) -> Option<Vec<u8>> {
        match file {
            File::Chunk(number) => self.chunks.get(number as usize).cloned(),
            File::Part { map, reduce, .. } => {
                let parts = words::parts(self.read().get(map as usize)?, map, self.job.reduces);
                parts.into_iter().nth(reduce as usize)
            }
            File::Output { reduce, .. } => {
                words::expected(&self.read(), self.job.reduces).into_iter().nth(reduce as usize)
            }
        }
    }

    /// The chunks without lines that the application refuses.
    fn read(&self) -> Vec<Vec<u8>> {
        let read = |chunk: &Vec<u8>| {
            let lines = chunk.split_inclusive(|byte| *byte == b'\n').filter(|line| *line != BAD_LINE);
            lines.flatten().copied().collect()
        };
        self.chunks.iter().map(read).collect()
    }

    /// How many lines the application refuses.
    #[must_use]
    pub fn bad_lines(&self) -> usize {
        let lines = self.chunks.iter().flat_map(|chunk| chunk.split_inclusive(|byte| *byte == b'\n'));
        lines.filter(|line| *line == BAD_LINE).count()
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Time {
        self.simulation.now()
    }

    /// Whether the job is finished or has failed, as far as the client knows.
    ///
    /// # Errors
    /// A notice cannot be read.
    pub fn phase(&self) -> Result<Option<Phase>, Failure> {
        Ok(self.told()?.into_iter().rev().find_map(|notice| match notice {
            ClientNotice::Status(status) => Some(status.phase),
            _ => None,
        }))
    }

    /// How many messages like this have arrived so far.
    #[must_use]
    pub fn heard(&self, is_meant: impl Fn(Host, Host, &Body) -> bool) -> usize {
        self.heard_after(0, &is_meant)
    }

    fn heard_after(&self, seen: usize, is_meant: &impl Fn(Host, Host, &Body) -> bool) -> usize {
        let deliveries = self.simulation.deliveries().iter().skip(seen);
        let meant = deliveries.filter(|it| {
            Message::decode(&it.datagram).is_some_and(|message| is_meant(it.from, it.to, &message.body))
        });
        meant.count()
    }

    /// Lets time pass until so many more messages like this have arrived, or `span` has passed; says whether they have.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn run_until_heard(
        &mut self,
        count: usize,
        span: Duration,
        is_meant: impl Fn(Host, Host, &Body) -> bool,
    ) -> Result<bool, Failure> {
        let end = self.simulation.now() + span;
        let (mut seen, mut heard) = (self.simulation.deliveries().len(), 0);
        while heard < count && self.simulation.now() < end {
            self.simulation.run_for(ms(1))?;
            heard += self.heard_after(seen, &is_meant);
            seen = self.simulation.deliveries().len();
        }
        Ok(heard >= count)
    }
}

/// A line that the application refuses.
const BAD_LINE: &[u8] = b"this is POISON to it\n";

/// A text of at most so many words as planned.
fn text(random: &mut Random, plan: &Plan) -> Vec<u8> {
    let mut text = vec![];
    let words = if plan.many_words { plan.words } else { random.below(plan.words + 1) };
    for _ in 0..words {
        // Some words are in every chunk, some are seldom.
        let word = if plan.many_words { random.below(plan.words) } else { random.below(6) * random.below(6) };
        text.extend(format!("word{word}").as_bytes());
        text.push(if random.chance(0.2) { b'\n' } else { b' ' });
    }
    if plan.bad_lines > 0 {
        text.push(b'\n');
        // Among the others.
        let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        for _ in 0..random.below(plan.bad_lines + 1) {
            lines.insert(random.below(lines.len() as u64 + 1) as usize, BAD_LINE);
        }
        text = lines.concat();
    }
    text
}
