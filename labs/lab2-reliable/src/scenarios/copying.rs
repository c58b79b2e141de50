//! Two processes that copy a file over the student's connection, with the relay between them.
//!
//! Nothing is judged by a clock. As long as more of the file comes, or a process ends, the copy may go on; it stands still
//! when nothing of that has happened for many of the kit's own ticks. A copy that goes on and on decides nothing.

use crate::rcp::{draft_of, transfer};
use crate::{RCP, Segment};
use faultline::live::patience::Patience;
use faultline::live::process::{Finished, Place, Process};
use faultline::live::relay::{CLIENTS, Record, Relay, SERVER, direct};
use faultline::live::unwritten;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, ensure};
use faultline::simulation::{Counts, Link};
use faultline::{Row, Story, Time, ms, text};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// For how many ticks nothing may change: several times the longest RTO of `rcp`, with all its doublings.
const STANDSTILL_TICKS: u32 = 150;
/// For how many ticks a copy is looked at: half of what a scenario may take as a whole.
const TICKS_MAX: u32 = 1_000;
/// What the file is called on its way, and the copy, each in its process's folder.
const FILE: &str = "file.bin";
const COPY: &str = "copy.bin";

/// A copy to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copy {
    /// The file's bytes.
    pub len: usize,
    /// How many messages may be in flight.
    pub window: u32,
    /// The bytes of a message.
    pub message: u32,
    /// The network between the two, in both directions.
    pub link: Link,
}

/// A network that loses 5 % of all datagrams, duplicates 2 % and holds so many back that later ones overtake them.
#[must_use]
pub fn bad_network() -> Link {
    Link { loss: 0.05, duplicate: 0.02, reorder: 0.05, reorder_delay: ms(3), ..direct() }
}

impl Copy {
    /// Makes the copy, with bytes that are drawn from the seed.
    ///
    /// # Errors
    /// A process does not end well, or the copy is not the file, or the copy stands still; or the machine is too slow,
    /// which is the kit's.
    pub fn run(&self, bench: &Bench<'_>) -> Outcome {
        let mut random = Random::new(bench.seed());
        let file: Vec<u8> = (0..self.len.div_ceil(8)).flat_map(|_| random.bits().to_le_bytes()).collect();
        let file = &file[..self.len];
        let mut run = Run::start(self, bench, file)?;
        let end = run.watch();
        let written = run.written();
        let path = run.copy();
        // The folder must stay until the copy has been read.
        let Run { folder: _folder, sender, receiver, relay, rows, started } = run;
        let (log, sender, receiver) = (relay.log(), last(sender)?, last(receiver)?);
        let told = Told { written, len: self.len, rows, started, log, sender, receiver };
        end.map_err(|why| told.explain(why)).and_then(|()| told.both_ended_well())?;
        let copy = fs::read(path).map_err(|error| unreadable(&error))?;
        told.same(file, &copy)?;
        check_relay(&relay)?;
        told.came_over_the_network(file)?;
        bench.note(format!("SHA-256 {}", sha_256(&copy)));
        bench.note(format!("to the receiver: {}", done(relay.counts(CLIENTS, SERVER))));
        bench.note(format!("to the sender: {}", done(relay.counts(SERVER, CLIENTS))));
        Ok(())
    }
}

/// Why nobody waits any longer.
enum Stopped {
    StandsStill,
    TooSlow,
    Machine(Failure),
}

/// A copy that is being made.
struct Run {
    folder: TempDir,
    sender: Process,
    receiver: Process,
    relay: Relay,
    rows: Vec<Row>,
    started: Instant,
}

impl Run {
    fn start(copy: &Copy, bench: &Bench<'_>, file: &[u8]) -> Result<Run, Failure> {
        let kit = |error: io::Error| Failure::of_the_kit(format!("The file cannot be made: {error}."));
        let folder = faultline::live::folder().map_err(kit)?;
        // Whoever sends has the file and whoever receives has not.
        let [sending, receiving] = ["sender", "receiver"].map(|name| folder.path().join(name));
        for place in [&sending, &receiving] {
            fs::create_dir(place).map_err(kit)?;
        }
        fs::write(sending.join(FILE), file).map_err(kit)?;
        let [outside, inside] = [bench.network()?, bench.network()?];
        let program = bench.program().executable(RCP)?;
        let [window, message] = [copy.window, copy.message].map(|number| number.to_string());
        let options = ["--window", &window, "--message", &message];
        let arguments = |first: [&str; 3]| {
            let given = first.into_iter().filter(|argument| !argument.is_empty());
            given.chain(options).map(String::from).collect::<Vec<_>>()
        };
        let started = Instant::now();
        let receive = arguments(["receive", COPY, ""]);
        let place = Place { folder: Some(&receiving), network: inside.clone() };
        let mut receiver = Process::spawn_at(place, "the receiver", program, &receive)?;
        let line = receiver.read_line(Patience::default())?;
        let addr = line.strip_prefix("listening on ").and_then(|addr| addr.parse().ok());
        let addr = addr.ok_or_else(|| {
            Failure::new(format!("rcp must say where it listens, and says {:?}.", text::line(&line, 80)))
        })?;
        let relay = Relay::between(&outside, &inside, addr, bench.seed())?;
        relay.keep_log();
        relay.links(copy.link);
        let to = relay.addr().to_string();
        let send = arguments(["send", FILE, &to]);
        let place = Place { folder: Some(&sending), network: outside };
        let sender = Process::spawn_at(place, "the sender", program, &send)?;
        let mut rows = vec![];
        for (host, words) in [("receiver", &receive), ("sender", &send)] {
            rows.push(Row::new(Time::ZERO, host, format!("is started: rcp {}", words.join(" "))));
        }
        Ok(Run { folder, sender, receiver, relay, rows, started })
    }

    /// Where the copy is to be.
    fn copy(&self) -> PathBuf {
        self.receiver.folder().join(COPY)
    }

    /// How many bytes of the file the receiver has written.
    fn written(&self) -> u64 {
        let copy = self.copy();
        let len = |path: &Path| fs::metadata(path).map(|about| about.len());
        len(&copy).or_else(|_| len(&draft_of(&copy))).unwrap_or(0)
    }

    /// Waits until both processes have ended, or one of them badly.
    fn watch(&mut self) -> Result<(), Stopped> {
        let mut last = None;
        let mut still = 0;
        for _ in 0..TICKS_MAX {
            let mut ended = [None, None];
            let over = Patience::new(1).until(|| {
                let waited = [self.sender.try_wait(), self.receiver.try_wait()];
                let [Ok(sender), Ok(receiver)] = waited else {
                    return waited
                        .into_iter()
                        .find_map(Result::err)
                        .map(|error| Err(Stopped::Machine(error.into())));
                };
                ended = [sender, receiver];
                let badly = ended.into_iter().flatten().any(|status| !status.success());
                (badly || ended.iter().all(Option::is_some)).then_some(Ok(()))
            });
            if let Some(over) = over {
                return over;
            }
            let state = Some((self.written(), ended.map(|status| status.is_some())));
            still = if state == last { still + 1 } else { 0 };
            last = state;
            if still == STANDSTILL_TICKS {
                return Err(Stopped::StandsStill);
            }
        }
        Err(Stopped::TooSlow)
    }
}

/// How a process ended; one that still runs is ended, and then it has no exit code.
fn last(mut process: Process) -> Result<Finished, Failure> {
    if process.try_wait()?.is_none() {
        process.kill()?;
    }
    Ok(process.finish(Patience::default())?)
}

/// What is known when all is over.
struct Told {
    written: u64,
    len: usize,
    rows: Vec<Row>,
    started: Instant,
    /// What the network has seen.
    log: Vec<Record>,
    sender: Finished,
    receiver: Finished,
}

impl Told {
    fn processes(&self) -> [(&'static str, &Finished); 2] {
        [("receiver", &self.receiver), ("sender", &self.sender)]
    }

    /// The rules that are at work where the copy has come to.
    fn rules(&self) -> &'static str {
        let is_open = |record: &Record| matches!(Segment::decode(&record.datagram), Ok(Segment::Data { .. }));
        match self.written {
            0 if !self.log.iter().any(is_open) => "Rules E1 to E4",
            written if written < self.len as u64 => "Rules A2, B1 and C1 to C4",
            _ => "Rules E5 and E6",
        }
    }

    fn explain(&self, why: Stopped) -> Failure {
        let Told { written, len, .. } = self;
        match why {
            Stopped::Machine(failure) => failure,
            Stopped::TooSlow => Failure::of_the_kit(format!(
                "The machine is too slow: {written} of {len} bytes have come, and still more come."
            )),
            Stopped::StandsStill => self.unwritten().unwrap_or_else(|| {
                self.wrong(format!(
                    "{}: the copy stands still. {written} of {len} bytes have come, no more come, and not both processes end.",
                    self.rules()
                ))
            }),
        }
    }

    fn unwritten(&self) -> Option<Failure> {
        self.processes().into_iter().find_map(|(_, finished)| unwritten(&finished.stderr))
    }

    fn both_ended_well(&self) -> Outcome {
        let bad = |finished: &Finished| finished.code.is_some_and(|code| code != 0);
        let Some((name, finished)) = self.processes().into_iter().find(|(_, finished)| bad(finished)) else {
            let killed = self.processes().into_iter().find(|(_, finished)| finished.code.is_none());
            return ensure(killed.is_none(), || "A process was ended by a signal.".into());
        };
        if let Some(failure) = self.unwritten() {
            return Err(failure);
        }
        Err(self.wrong(format!(
            "{}: when {} of {} bytes had come, the {name} ended with exit code {} instead of 0: {}.",
            self.rules(),
            self.written,
            self.len,
            finished.code.unwrap_or_default(),
            text::line(finished.stderr.trim().trim_end_matches('.'), 160)
        )))
    }

    fn same(&self, file: &[u8], copy: &[u8]) -> Outcome {
        if file == copy {
            return Ok(());
        }
        let place =
            file.iter().zip(copy).position(|(one, other)| one != other).unwrap_or(file.len().min(copy.len()));
        Err(self.wrong(format!(
            "Rule B1: both processes say that all is well, but the copy is not the file. The file has {} bytes, SHA-256 {}; \
             the copy has {}, SHA-256 {}. They differ from byte {place} on.",
            file.len(),
            sha_256(file),
            copy.len(),
            sha_256(copy)
        )))
    }

    /// Holds the copy against what the network has handed to the receiver: two processes of one machine have other ways.
    fn came_over_the_network(&self, file: &[u8]) -> Outcome {
        let mut first = None;
        let mut messages = BTreeMap::new();
        for record in self.log.iter().filter(|it| it.from == CLIENTS && !it.forwarded.is_empty()) {
            if let Ok(Segment::Data { seq, payload }) = Segment::decode(&record.datagram) {
                let first = *first.get_or_insert(seq.0);
                // Numbers go around, and the first to arrive need not be the first.
                messages.insert(seq.0.wrapping_sub(first).cast_signed(), payload);
            }
        }
        let handed: Vec<u8> = messages.values().flat_map(|message| transfer::bytes_of(message)).collect();
        if handed == file {
            return Ok(());
        }
        Err(self.wrong(format!(
            "Rule B1: the copy is the file, but not all of it came over the connection. The network has handed {} of {} bytes to \
             the receiver, in DATA segments, and the copy has all.",
            handed.len(),
            file.len(),
        )))
    }

    /// The last datagrams that came to the network, and what it did with them.
    fn last_datagrams(&self) -> impl Iterator<Item = Row> {
        const DATAGRAMS: usize = 4;
        self.log[self.log.len().saturating_sub(DATAGRAMS)..].iter().map(|record| {
            let from = if record.from == CLIENTS { "sender" } else { "receiver" };
            let what = Segment::describe(&record.datagram);
            let at = Time::ZERO + Duration::from_millis(record.arrived.as_millis() as u64);
            Row::new(at, "network", format!("{} {what}, from the {from}", record.fate))
        })
    }

    /// A failure with the last datagrams, what the processes said and how they ended.
    fn wrong(&self, reason: String) -> Failure {
        /// Lines of a process's own words.
        const LINES: usize = 2;
        let mut rows = self.rows.clone();
        rows.extend(self.last_datagrams());
        let now = Time::ZERO + Duration::from_millis(self.started.elapsed().as_millis() as u64);
        for (name, finished) in self.processes() {
            for line in finished.stderr.lines().filter(|line| !line.trim().is_empty()).take(LINES) {
                rows.push(Row::new(now, name, format!("says on standard error: {}", text::line(line, 100))));
            }
            let end = match finished.code {
                Some(code) => format!("ends with exit code {code}"),
                None => "runs, and is ended by the kit".into(),
            };
            rows.push(Row::new(now, name, end));
        }
        Failure::new(reason).with(Story::new(format!("live, {} steps, real time", rows.len()), rows))
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(format!("Both processes say that all is well, but the copy cannot be read: {error}."))
}

/// The kit's own check that the faults have happened.
fn check_relay(relay: &Relay) -> Outcome {
    relay.require_faults()?;
    let both = [relay.counts(CLIENTS, SERVER), relay.counts(SERVER, CLIENTS)];
    let none = |count: fn(&Counts) -> u64| both.iter().map(count).sum::<u64>() == 0;
    if none(|it| it.lost) || none(|it| it.duplicated) || none(|it| it.reordered) || relay.turned_away() > 0 {
        return Err(Failure::of_the_kit("The network did not do what it was to do."));
    }
    Ok(())
}

fn done(Counts { sent, lost, duplicated, reordered, .. }: Counts) -> String {
    format!("{sent} datagrams, {lost} lost, {duplicated} duplicated, {reordered} held back")
}

fn sha_256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
