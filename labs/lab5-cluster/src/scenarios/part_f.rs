//! Part F: files on many disks.

use super::cluster::{Cluster, Plan};
use super::office::{Office, W2, W3, W4, job, life};
use crate::calling::{READ, ReadCall};
use crate::files::File;
use crate::limits::MAX_READ;
use crate::message::{Assignment, Body, Bytes, Input, Message, Phase, Read, Reply, Request};
use crate::types::{Address, Attempt, Cause, Place, Task, WorkerId};
use faultline::disk::Unsynced;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World};
use faultline::simulation::{Change, Fault, Rule, Which};
use faultline::{Host, ms};
use std::collections::BTreeSet;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "F1",
        name: "a map task whose output is gone is done again, and its readers wait",
        part: 'F',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rules F1 and A3. A task was done, and is not any more. What did you count that is not true now?",
        run: missing,
    },
    Scenario {
        id: "F2",
        name: "a worker is given a task whose input it has",
        part: 'F',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule F2. Whose copies are they: those of a worker's life, or those of its address?",
        run: locality,
    },
    Scenario {
        id: "F3",
        name: "what is not needed is not done again, until it is needed",
        part: 'F',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule F3. When does nobody need the outputs of the map tasks any more? Can that change?",
        run: needed,
    },
    Scenario {
        id: "F4",
        name: "bytes of a file are given as often as somebody asks",
        part: 'F',
        points: 4,
        world: World::Script,
        seeds: 2,
        hint: "Rule F4. What is at the end of a file, and behind it? What if somebody asks for more than MAX_READ?",
        run: reads,
    },
    Scenario {
        id: "F5",
        name: "files of any size are read piece by piece, whatever is lost",
        part: 'F',
        points: 4,
        world: World::Simulation,
        seeds: 2,
        hint: "Rule F5. A call without an answer is made again from the same offset. How do you know that a file is at its end?",
        run: pieces,
    },
    Scenario {
        id: "F6",
        name: "the output of a map task dies with the worker that made it",
        part: 'F',
        points: 4,
        world: World::Simulation,
        seeds: 6,
        hint: "Rules F1, F5 and C1. What does a reduce task say when an input cannot be had, and who does something about it?",
        run: dies,
    },
    Scenario {
        id: "F7",
        name: "a chunk is read from who has it",
        part: 'F',
        points: 4,
        world: World::Simulation,
        seeds: 3,
        hint: "Rules F5 and E1. The first holder is gone. Who else has a copy? And when nobody has one, which cause is that?",
        run: chunks,
    },
];

fn missing(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[]], 2), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let first = office.does(w2, Task::Map(0))?;
    let second = office.does(w3, Task::Map(1))?;
    let reduce = office.gives(w3, Task::Reduce(0), "rule A3")?;
    let gone = Place { attempt: first, holder: w2 };
    let others = [
        Place { holder: w3, ..gone },
        Place { holder: life(W2, 7), ..gone },
        Place { attempt: Attempt { number: first.number ^ 1, ..first }, ..gone },
        Place { attempt: Attempt { task: Task::Map(8), ..first }, ..gone },
    ];
    for place in others {
        office.client_says(&Request::Missing { place }, &Reply::Noted, "rule F1")?;
        let done = office.status()?.maps_done;
        if done != 2 {
            return Err(office.simulation.fail(format!("{place} is said to be missing, and it is not what counts, but {done} map tasks are done now (rule F1).")));
        }
    }
    let lost = Request::Failed { worker: w3, attempt: reduce, cause: Cause::Missing(gone) };
    office.says(W3, &lost, &Reply::Noted, "rule E1")?;
    let again = office.gives(w3, Task::Map(0), "rule F1: its output is missing")?;
    office.gives_nothing(w2, "rules A3 and F1: a map task is not done, so no reduce task can be given")?;
    office.says(W3, &lost, &Reply::Noted, "rule E1")?;
    office.done(w2, first, &Reply::Useless, "rule B1: it does not count any more")?;
    office.works(w3, again, &Reply::GoOn, "rule B2")?;
    office.done(w3, again, &Reply::Kept, "rule B1")?;
    office.says(W3, &lost, &Reply::Noted, "rule E1")?;
    let places = [again, second].map(|attempt| Place { attempt, holder: w3 });
    let reduce = office.gives_with(w2, Task::Reduce(0), &places, "rule F1")?;
    office.gives_with(w3, Task::Reduce(1), &places, "rule F1")?;
    // What is missing is missing, also for who does not work on it any more.
    office.done(w2, reduce, &Reply::Kept, "rule B1")?;
    let lost = Request::Failed { worker: w2, attempt: reduce, cause: Cause::Missing(places[1]) };
    office.says(W2, &lost, &Reply::Noted, "rule E1")?;
    let done = office.status()?.maps_done;
    if done == 1 {
        return Ok(());
    }
    Err(office.simulation.fail(format!(
        "A worker whose attempt is not running has found {} missing, and {done} map tasks are said to be done, not 1 (rule F1).",
        places[1]
    )))
}

fn locality(bench: &Bench<'_>) -> Outcome {
    let chunks: &[&[usize]] = &[&[W2], &[W3, W2], &[W4], &[W3], &[W4, W3]];
    let mut office = Office::with(bench, &job(chunks, 1), &[W2, W3])?;
    let [w2, w3, w4] = [W2, W3, W4].map(|worker| life(worker, 1));
    let rule = "rule F2";
    office.does(w3, Task::Map(1))?;
    office.does(w3, Task::Map(3))?;
    let second = office.gives(w3, Task::Map(4), "rule F2: it has one of the copies")?;
    // The disk is that of the address, not that of the life.
    office.register(W4, 1, &[], &[])?;
    office.register(W4, 2, &[], &[])?;
    let w4 = WorkerId { life: life(W4, 2).life, ..w4 };
    let third = office.gives(w4, Task::Map(2), "rule F2: it has a copy, whatever its life")?;
    let fourth = office.gives(w2, Task::Map(0), rule)?;
    // What was given up is idle again, and near to whom it was near.
    for (worker, attempt) in [(w2, fourth), (w3, second), (w4, third)] {
        let cause = Cause::Failed("no".into());
        let peer = worker.address.0 as usize;
        office.says(peer, &Request::Failed { worker, attempt, cause }, &Reply::Noted, "rule E1")?;
    }
    office.gives(w4, Task::Map(2), rule)?;
    office.gives(w3, Task::Map(4), rule)?;
    let last = office.gives(w2, Task::Map(0), rule)?;
    office.done(w2, last, &Reply::Kept, "rule B1")?;
    let cause = Cause::Failed("no".into());
    office.says(W4, &Request::Failed { worker: w4, attempt: third, cause }, &Reply::Noted, "rule E1")?;
    office.gives_nothing(w2, "rule F2: it has no copy of what is left, and that is running")
}

fn needed(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[]], 2), &[W2, W3, W4])?;
    let [w2, w3, w4] = [W2, W3, W4].map(|worker| life(worker, 1));
    let first = office.does(w2, Task::Map(0))?;
    office.does(w3, Task::Map(1))?;
    office.does(w3, Task::Reduce(0))?;
    let last = office.does(w4, Task::Reduce(1))?;
    let gone = Place { attempt: first, holder: w2 };
    office.client_says(&Request::Missing { place: gone }, &Reply::Noted, "rule F1")?;
    let rule = "rule F3: all reduce tasks are done";
    office.gives_nothing(w2, rule)?;
    office.gives_nothing(w3, rule)?;
    let status = office.status()?;
    if !matches!(status.phase, Phase::Finished(_)) {
        return Err(office
            .simulation
            .fail(format!("The status is: {}. All reduce tasks are done (rule A7).", status.phase)));
    }
    let gone = Place { attempt: last, holder: w4 };
    office.client_says(&Request::Missing { place: gone }, &Reply::Noted, "rule F1")?;
    office.is_in(&Phase::Working, "rules A7 and F1: an output is missing")?;
    let again = office.gives(
        w4,
        Task::Map(0),
        "rule F3: it is needed for the reduce task that is to be done again",
    )?;
    office.gives_nothing(w2, "rule A3")?;
    office.done(w4, again, &Reply::Kept, "rule B1")?;
    office.does(w2, Task::Reduce(1))?;
    office.gives_nothing(w4, rule)
}

fn reads(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x7265_6164);
    let length = MAX_READ as usize + 1_000;
    let content: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
    let part = File::Part { map: 1, number: 7, reduce: 0, of: 2 };
    let files =
        [(part.name(), content.clone()), (File::Chunk(3).name(), vec![]), (File::Chunk(4).draft(), vec![1])];
    let end = length as u64;
    let mut reads: Vec<(Read, Bytes)> = vec![];
    let mut wanted = |file: File, offset: u64, length: u32, bytes: Option<&[u8]>| {
        let bytes = bytes.map_or(Bytes::NoFile, |bytes| Bytes::Some(bytes.into()));
        reads.push((Read { file, offset, length }, bytes));
    };
    let most = MAX_READ as usize;
    wanted(part, 0, 10, Some(&content[..10]));
    wanted(part, 0, 10, Some(&content[..10]));
    wanted(part, 5, 7, Some(&content[5..12]));
    wanted(part, 0, MAX_READ, Some(&content[..most]));
    wanted(part, 1, u32::MAX, Some(&content[1..=most]));
    wanted(part, MAX_READ.into(), MAX_READ, Some(&content[most..]));
    wanted(part, end - 1, MAX_READ, Some(&content[length - 1..]));
    wanted(part, end, MAX_READ, Some(&[]));
    wanted(part, end + 1, MAX_READ, Some(&[]));
    wanted(part, 1 << 40, MAX_READ, Some(&[]));
    wanted(part, 3, 0, Some(&[]));
    wanted(File::Chunk(3), 0, 100, Some(&[]));
    wanted(File::Chunk(4), 0, 100, None);
    wanted(File::Part { map: 1, number: 8, reduce: 0, of: 2 }, 0, 100, None);
    wanted(File::Output { reduce: 0, number: 7 }, 0, 100, None);
    let (questions, answers): (Vec<Read>, Vec<Bytes>) = reads.into_iter().unzip();
    let call = ReadCall { files: files.into(), reads: questions.clone() };
    let got = bench.call(&READ, &call, "reading from files")?;
    if got.files_after != call.files {
        return Err(Failure::new("After reading, the folder is not what it was before (rule F4)."));
    }
    for ((read, expected), got) in questions.iter().zip(&answers).zip(&got.answers) {
        if got.as_ref() != Ok(expected) {
            let shown = |bytes: &Bytes| Body::Bytes(bytes.clone()).to_string();
            let got = got.as_ref().map_or_else(|error| format!("the error {error:?}"), shown);
            return Err(Failure::new(format!(
                "{} of a file of {length} bytes gives {got}, and should give {} (rule F4); or these are other bytes.",
                Body::Read(read.clone()),
                shown(expected)
            )));
        }
    }
    Ok(())
}

fn pieces(bench: &Bench<'_>) -> Outcome {
    // Words that make parts of several pieces, read over links that lose.
    let plan = Plan {
        workers: 2,
        chunks: 3,
        words: 60_000,
        reduces: 1,
        copies: 1,
        many_words: true,
        ..Plan::default()
    };
    let mut cluster = Cluster::start(bench, plan)?;
    let [first, second] = [0, 1].map(|index| cluster.hosts()[index]);
    for (from, to) in [(first, second), (second, first)] {
        for number in [2, 5] {
            cluster.simulation.rule(Rule::new(from, to, Which::Nth(number), Fault::Lose));
        }
        // An answer that comes when nobody waits for it any more.
        cluster.simulation.rule(Rule::new(from, to, Which::Nth(7), Fault::Delay(ms(400))));
    }
    // Who has made the one output has nothing left of what was read for it.
    let reduced = |_, to, body: &Body| match body {
        Body::Request(Request::Done { attempt, .. }) => to == Host(0) && !attempt.task.is_map(),
        _ => false,
    };
    if cluster.run_until_heard(1, ms(120_000), reduced)?
        && let Some((worker, _)) = cluster.run_until_asks(ms(1_000), |_, reply| *reply == Reply::Kept)?
    {
        cluster.check_drafts(worker, "its reduce task is done (rule B6)")?;
    }
    cluster.finish(ms(120_000))?;
    let pieces = cluster.heard(
        |_, _, body| matches!(body, Body::Bytes(Bytes::Some(bytes)) if bytes.len() == MAX_READ as usize),
    );
    if pieces == 0 {
        return Err(Failure::of_the_kit("No file had two pieces."));
    }
    cluster.check_executions(0)
}

fn dies(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan { copies: 3, ..Plan::default() })?;
    let mut random = Random::new(bench.seed() ^ 0x6469_6573);
    let dead = cluster.hosts()[random.below(3) as usize];
    // It dies when somebody has begun to read its parts.
    let read =
        |_, to, body: &Body| to == dead && matches!(body, Body::Read(Read { file: File::Part { .. }, .. }));
    cluster.run_until_heard(1 + random.below(3) as usize, ms(60_000), read)?;
    match bench.seed() % 2 {
        0 => cluster.simulation.change(&Change::Crash(dead, Unsynced::Lost))?,
        // It comes back at once, with nothing.
        _ => {
            let chunks = cluster.chunks_of(dead);
            cluster.simulation.change(&Change::Crash(dead, Unsynced::Lost))?;
            cluster.simulation.put_files(dead, &chunks);
            cluster.simulation.change(&Change::Restart(dead))?;
        }
    }
    cluster.finish(ms(90_000))?;
    cluster.check_missing()?;
    cluster.check_executions(8)
}

impl Cluster<'_> {
    /// What workers have found missing they had been told to read.
    fn check_missing(&self) -> Outcome {
        let mut told = BTreeSet::new();
        for delivery in self.simulation.deliveries() {
            match Message::decode(&delivery.datagram).map(|message| message.body) {
                Some(Body::Reply(Reply::Assign(Assignment { input: Input::Outputs(places, _), .. }))) => {
                    told.extend(places.into_iter().map(|place| (delivery.to, place)));
                }
                Some(Body::Request(Request::Failed { cause: Cause::Missing(place), .. }))
                    if !told.contains(&(delivery.from, place)) =>
                {
                    return Err(self.simulation.fail(format!(
                        "w{} says that {place} is missing, and was never told to read from there (rule F5).",
                        delivery.from.0
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn chunks(bench: &Bench<'_>) -> Outcome {
    // Nobody reads from others what is on its own disk, and the second holder has what the first has not any more.
    let mut cluster = Cluster::new(bench, Plan { workers: 4, chunks: 8, copies: 2, ..Plan::default() })?;
    let gone = cluster.hosts()[0];
    cluster.start_coordinator()?;
    cluster.start_client()?;
    (1..4).try_for_each(|index| cluster.start_worker(index))?;
    cluster.finish(ms(90_000))?;
    let holds = |host, file: &File| cluster.chunks_of(host).contains_key(&file.name());
    let needless = cluster.heard(|from, _, body| match body {
        Body::Read(Read { file: File::Chunk(number), .. }) => holds(from, &File::Chunk(*number)),
        _ => false,
    });
    if needless > 0 {
        return Err(cluster.simulation.fail(format!("{needless} times somebody has asked another worker for a chunk that is on its own disk (rule F5).")));
    }
    cluster.check_executions(0)?;
    // Two workers have all copies, one of them has never been there, and the third has none.
    let mut cluster = Cluster::new(bench, Plan { chunks: 4, copies: 2, spread: 2, ..Plan::default() })?;
    cluster.start_coordinator()?;
    cluster.start_client()?;
    cluster.start_worker_with(1, |setting| setting.map = ms(7_000))?;
    cluster.start_worker(2)?;
    cluster.finish(ms(90_000))?;
    let without = cluster
        .heard(|_, _, body| matches!(body, Body::Request(Request::Failed { cause: Cause::NoChunk(_), .. })));
    if without > 0 {
        return Err(cluster.simulation.fail(format!(
            "{without} times a worker has said that nobody has a chunk, and w3 has all of them (rule F5)."
        )));
    }
    // One copy each, and one worker has never been there.
    let mut cluster = Cluster::new(bench, Plan { workers: 4, chunks: 5, copies: 1, ..Plan::default() })?;
    cluster.start_coordinator()?;
    cluster.start_client()?;
    (1..4).try_for_each(|index| cluster.start_worker(index))?;
    let failure = cluster.fails_within(ms(120_000))?;
    let (Task::Map(number) | Task::Reduce(number)) = failure.task;
    let was_there = cluster.chunk_holders(number) != [Address::from(gone)];
    if was_there || failure.cause != Cause::NoChunk(number) {
        return Err(cluster.simulation.fail(format!("The job has failed with this: {failure}. Chunks 0 and 4 have no copy, and this is the cause (rule F5).")));
    }
    Ok(())
}
