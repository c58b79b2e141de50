//! Lab 5's hidden scenarios: the public contract again, with other jobs, crashes, networks and orders of events.

use faultline::disk::Unsynced;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, Suite, World};
use faultline::search::Limits;
use faultline::simulation::{Change, Link};
use lab5_kit::message::Body;
use lab5_kit::scenarios::cluster::{Cluster, Plan};
use lab5_kit::scenarios::crowd::{Crowd, Load};
use lab5_kit::scenarios::searched::{Mortal, Scope, search};
use lab5_kit::{Cause, CoordinatorConfig, Phase, Reply, Task};

/// The hidden scenarios, part by part.
#[must_use]
pub fn suite() -> Suite {
    Suite { lab: "lab5-cluster", scenarios: SCENARIOS.into(), bonus: &[] }
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HA1",
        name: "jobs of every shape",
        part: 'A',
        points: 3,
        world: World::Simulation,
        seeds: 3,
        hint: "Rules A2 and A3: a job may have no chunks, empty chunks, more reduce tasks than words, fewer tasks than workers.",
        run: shapes,
    },
    Scenario {
        id: "HB1",
        name: "more workers, more tasks, and a crash with time",
        part: 'B',
        points: 5,
        world: World::Search,
        seeds: 1,
        hint: "Rules A4, B1, B3 and G3: what comes twice, and what comes late.",
        run: two_maps,
    },
    Scenario {
        id: "HC1",
        name: "everybody crashes, again and again, and the network does what it wants",
        part: 'C',
        points: 5,
        world: World::Simulation,
        seeds: 30,
        hint: "Rule C3: when the faults have stopped, the job is done after a bounded time, and its outputs are right.",
        run: chaos,
    },
    Scenario {
        id: "HD1",
        name: "some of fifty workers are slow, and some crash",
        part: 'D',
        points: 4,
        world: World::Simulation,
        seeds: 2,
        hint: "Rules C1, D1 and D2, all at once.",
        run: slow_crowd,
    },
    Scenario {
        id: "HE1",
        name: "a poison task in a bad network",
        part: 'E',
        points: 3,
        world: World::Simulation,
        seeds: 10,
        hint: "Rules E1, A5 and A8: the failure is told as it was, and every worker hears of the end.",
        run: poison,
    },
    Scenario {
        id: "HF1",
        name: "a worker dies while its outputs are being collected",
        part: 'F',
        points: 4,
        world: World::Simulation,
        seeds: 4,
        hint: "Rules F1 and F3: all was finished, and is not any more.",
        run: collecting,
    },
    Scenario {
        id: "HG1",
        name: "the coordinator of a running job crashes at each of its writes",
        part: 'G',
        points: 5,
        world: World::Simulation,
        seeds: 2,
        hint: "Rules G1 to G3: whatever was being written, the job goes on.",
        run: each_write,
    },
];

fn shapes(bench: &Bench<'_>) -> Outcome {
    let plans = [
        Plan { chunks: 0, reduces: 2, ..Plan::default() },
        Plan { chunks: 1, reduces: 9, words: 3, ..Plan::default() },
        Plan { chunks: 5, reduces: 1, words: 0, copies: 1, ..Plan::default() },
        Plan { workers: 6, chunks: 2, reduces: 1, ..Plan::default() },
        Plan { workers: 1, chunks: 4, reduces: 3, copies: 1, ..Plan::default() },
    ];
    for plan in plans {
        let mut cluster = Cluster::start(bench, plan)?;
        cluster.finish(ms(90_000))?;
        cluster.check_executions(0)?;
    }
    Ok(())
}

fn two_maps(bench: &Bench<'_>) -> Outcome {
    let limits = Limits { states: 1_000_000, ..Limits::default() };
    let scope = Scope { maps: 2, reduces: 1, workers: 2, mortal: Mortal::Nobody };
    search(bench, limits, scope, 0)?;
    let scope = Scope { maps: 1, workers: 1, mortal: Mortal::Coordinator, ..scope };
    search(bench, Limits { timers: 1, crashes: 1, ..limits }, scope, 0)?;
    Ok(())
}

fn unsynced(random: &mut Random) -> Unsynced {
    match random.below(4) {
        0 => Unsynced::Lost,
        1 => Unsynced::Kept,
        2 => Unsynced::Hollow,
        _ => Unsynced::Torn(random.bits()),
    }
}

fn chaos(bench: &Bench<'_>) -> Outcome {
    let link = Link { corrupt: 0.0, ..Link::swarm(bench.seed()) };
    let mut plan = Plan { link, chunks: 5, reduces: 2, ..Plan::default() };
    plan.config.backup_after = ms(5_000);
    let mut cluster = Cluster::start(bench, plan)?;
    let mut random = Random::new(bench.seed() ^ 0x6368_616f);
    let mut hosts = cluster.hosts();
    hosts.push(cluster.coordinator);
    for host in hosts {
        let mut at = random.below(8_000);
        for _ in 0..random.below(4) {
            let crash = match random.below(3) {
                0 => Change::Pause(host),
                _ => Change::Crash(host, unsynced(&mut random)),
            };
            let back =
                if matches!(crash, Change::Pause(_)) { Change::Resume(host) } else { Change::Restart(host) };
            cluster.simulation.schedule(ms(at), crash);
            at += 10 + random.below(6_000);
            cluster.simulation.schedule(ms(at), back);
            at += 200 + random.below(6_000);
        }
    }
    cluster.simulation.run_for(ms(40_000))?;
    cluster.simulation.stop_faults()?;
    cluster.finish(ms(180_000))
}

fn slow_crowd(bench: &Bench<'_>) -> Outcome {
    let load = Load {
        maps: 360,
        reduces: 40,
        takes: ms(3_000),
        straggler: 30,
        config: CoordinatorConfig { lease: ms(5_000), backup_after: ms(8_000), max_failures: 4 },
        link: Link { latency_max: ms(40), loss: 0.02, ..Link::default() },
        failures: 10,
    };
    let mut crowd = Crowd::start(bench, load)?;
    let mut random = Random::new(bench.seed() ^ 0x736c_6f77);
    for _ in 0..4 {
        let host = crowd.workers[random.below(50) as usize];
        let at = random.below(40_000);
        crowd.simulation.schedule(ms(at), Change::Crash(host, Unsynced::Kept));
        crowd.simulation.schedule(ms(at + random.below(20_000)), Change::Restart(host));
    }
    crowd.finish(ms(120_000))?;
    let (executions, tasks) = (crowd.executions(), crowd.tasks());
    if executions <= tasks + tasks / 4 {
        return Ok(());
    }
    Err(crowd.simulation.fail(format!("The {tasks} tasks were executed {executions} times.")))
}

fn poison(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x706f_6973);
    let task = if random.chance(0.5) {
        Task::Map(random.below(4) as u32)
    } else {
        Task::Reduce(random.below(2) as u32)
    };
    let link = Link { corrupt: 0.0, ..Link::swarm(bench.seed()) };
    let plan =
        Plan { chunks: 4, reduces: 2, copies: 3, link, fails: vec![(task, u32::MAX)], ..Plan::default() };
    let mut cluster = Cluster::start(bench, plan)?;
    cluster.simulation.run_for(ms(20_000))?;
    cluster.simulation.stop_faults()?;
    let failure = cluster.fails_within(ms(120_000))?;
    if failure.task == task && failure.cause == Cause::Failed(format!("the application cannot do {task}")) {
        return Ok(());
    }
    Err(cluster
        .simulation
        .fail(format!("The job has failed with this: {failure}. It is {task} that cannot be done.")))
}

fn collecting(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan { copies: 3, ..Plan::default() })?;
    let finished = |_, _, body: &Body| matches!(body, Body::Reply(Reply::Status(status)) if matches!(status.phase, Phase::Finished(_)));
    if cluster.run_until_heard(1, ms(60_000), finished)? {
        let dead = cluster.hosts()[bench.seed() as usize % 3];
        cluster.simulation.change(&Change::Crash(dead, Unsynced::Lost))?;
        if Random::new(bench.seed()).chance(0.5) {
            let chunks = cluster.chunks_of(dead);
            cluster.simulation.put_files(dead, &chunks);
            cluster.simulation.schedule(ms(4_000), Change::Restart(dead));
        }
    }
    cluster.finish(ms(120_000))
}

fn each_write(bench: &Bench<'_>) -> Outcome {
    let plan = Plan { chunks: 3, reduces: 2, ..Plan::default() };
    let mut cluster = Cluster::start(bench, plan.clone())?;
    cluster.finish(ms(60_000))?;
    let all = cluster.simulation.disk_ops(cluster.coordinator);
    let mut random = Random::new(bench.seed() ^ 0x7772_6974);
    for number in 1..=all {
        let mut cluster = Cluster::new(bench, plan.clone())?;
        let coordinator = cluster.coordinator;
        cluster.simulation.change(&Change::CrashAtDiskOp(coordinator, number, unsynced(&mut random)))?;
        cluster.start_coordinator()?;
        cluster.start_client()?;
        (0..3).try_for_each(|index| cluster.start_worker(index))?;
        for _ in 0..800 {
            cluster.simulation.run_for(ms(25))?;
            if !cluster.simulation.is_up(coordinator) {
                cluster.simulation.change(&Change::Restart(coordinator))?;
                break;
            }
        }
        cluster.finish(ms(90_000))?;
        cluster.check_executions(3)?;
    }
    Ok(())
}
