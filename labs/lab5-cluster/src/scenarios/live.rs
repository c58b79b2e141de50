//! The whole as processes: real sockets, real disks, and real signals.

use super::live_stage::{LiveCluster, name};
use crate::words::POISON;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World, ensure};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "A9",
        name: "a job runs in processes",
        part: 'A',
        points: 4,
        world: World::Live,
        seeds: 1,
        hint: "Rules A5 and A8. `cluster status` says how far it is. In which order do the processes end, and who tells whom?",
        run: runs,
    },
    Scenario {
        id: "C10",
        name: "processes are killed, stopped and started again",
        part: 'C',
        points: 5,
        world: World::Live,
        seeds: 2,
        hint: "Rules A1, B5 and C1. As in C3, C4 and B6, with files and processes of the system.",
        run: killed,
    },
    Scenario {
        id: "E5",
        name: "a job that cannot be done ends in all processes",
        part: 'E',
        points: 3,
        world: World::Live,
        seeds: 1,
        hint: "Rules E1, E2 and A5. What does the client print, and with which exit code does it end?",
        run: poison,
    },
    Scenario {
        id: "G7",
        name: "the coordinator's process is killed and started again",
        part: 'G',
        points: 4,
        world: World::Live,
        seeds: 2,
        hint: "Rules G1 to G3. As in G5, with a journal in a file of the system.",
        run: coordinator_killed,
    },
];

fn runs(bench: &Bench<'_>) -> Outcome {
    let mut cluster = LiveCluster::start(bench, 2, 20)?;
    cluster.submit(b"")?;
    cluster.end(0, 0)?;
    cluster.check()
}

fn killed(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x6b69_6c6c);
    let mut cluster = LiveCluster::start(bench, 4, 150)?;
    cluster.submit(b"")?;
    cluster.until_done(1 + random.below(6) as u32)?;
    let first = random.below(4) as usize;
    let [first, second, third] = [first, (first + 1) % 4, (first + 2) % 4];
    cluster.workers[first].kill()?;
    cluster.stage.tell(name(first), "is killed (SIGKILL)".into());
    cluster.workers[second].pause()?;
    cluster.stage.tell(name(second), "is stopped (SIGSTOP)".into());
    std::thread::sleep(ms(random.below(300)));
    cluster.workers[third].kill()?;
    cluster.stage.tell(name(third), "is killed (SIGKILL)".into());
    cluster.workers[third].restart()?;
    cluster.stage.tell(name(third), "is started again, with its disk".into());
    // Longer than the lease.
    std::thread::sleep(ms(1_300));
    cluster.workers[second].resume()?;
    cluster.stage.tell(name(second), "goes on (SIGCONT)".into());
    cluster.workers[first].restart()?;
    cluster.stage.tell(name(first), "is started again, with its disk".into());
    cluster.end(0, 0)?;
    cluster.check()
}

fn poison(bench: &Bench<'_>) -> Outcome {
    let mut cluster = LiveCluster::start(bench, 2, 20)?;
    cluster.submit(format!("a {POISON} b\n").as_bytes())?;
    let said = cluster.end(1, 1)?;
    let names_it = said.contains("map ") && said.contains(POISON);
    ensure(names_it, || {
        format!("The client must say which task has failed and why (rule E1), and says {said:?}.")
    })
    .map_err(|failure| cluster.stage.wrong(failure.reason))?;
    cluster.check_disks()
}

fn coordinator_killed(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x6a6f_7572);
    let mut cluster = LiveCluster::start(bench, 3, 120)?;
    cluster.submit(b"")?;
    for _ in 0..2 {
        cluster.until_done(1 + random.below(8) as u32)?;
        std::thread::sleep(ms(random.below(100)));
        cluster.kill_coordinator(random.below(400))?;
    }
    cluster.end(0, 0)?;
    cluster.check()
}
