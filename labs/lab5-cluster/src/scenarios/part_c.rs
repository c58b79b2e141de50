//! Part C: crashes.

use super::cluster::{Cluster, Plan};
use super::crowd::{CROWD, Crowd, Load};
use super::office::{LEASE, Office, W2, W3, job, life};
use super::searched::{Mortal, Scope, search};
use crate::message::{Body, Message, Reply, Request};
use crate::types::{Cause, CoordinatorConfig, Place, Task};
use faultline::disk::Unsynced;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::search::Limits;
use faultline::simulation::{Change, Fault, Link, Rule, Which};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "C1",
        name: "a worker that is silent for the lease is lost, with all that it had",
        part: 'C',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule C1. What did it work on, and what lay on its disk? Which of its words begin the lease anew?",
        run: lease,
    },
    Scenario {
        id: "C2",
        name: "a task may take longer than the lease",
        part: 'C',
        points: 3,
        world: World::Simulation,
        seeds: 2,
        hint: "Rule C2. Who says Alive while the engine works? And while it reads what it needs from others?",
        run: long_tasks,
    },
    Scenario {
        id: "C3",
        name: "the job is done though a worker crashes for good",
        part: 'C',
        points: 4,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules C1 and F1. Which tasks has nobody done any more, and who would ask for them?",
        run: for_good,
    },
    Scenario {
        id: "C4",
        name: "workers crash and come back, again and again",
        part: 'C',
        points: 4,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules A1, B5 and C1. The lease of the life before may still run. What of a worker's disk is known to whom?",
        run: come_back,
    },
    Scenario {
        id: "C5",
        name: "lost questions and answers cost time and nothing else",
        part: 'C',
        points: 4,
        world: World::Simulation,
        seeds: 2,
        hint: "Rules A4, A8 and B1. No answer means: nobody knows. Which of your calls is not made again?",
        run: lost_calls,
    },
    Scenario {
        id: "C6",
        name: "any network will do",
        part: 'C',
        points: 4,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules A1 to B3. A request comes twice, or long after the worker has gone on. What does it change?",
        run: any_network,
    },
    Scenario {
        id: "C7",
        name: "workers and a coordinator, in every order of events",
        part: 'C',
        points: 6,
        world: World::Search,
        seeds: 1,
        hint: "Rules A3 to B3 and C1. A lease may run out at any moment here, since a network may always be slower.",
        run: every_order,
    },
    Scenario {
        id: "C8",
        name: "a worker that crashes at any moment, in every order of events",
        part: 'C',
        points: 5,
        world: World::Search,
        seeds: 1,
        hint: "Rules A1 and B3. The new life registers, before or after the lease of the old one has run out.",
        run: every_crash,
    },
    Scenario {
        id: "C9",
        name: "fifty workers do a thousand tasks, and some of them crash",
        part: 'C',
        points: 4,
        world: World::Simulation,
        seeds: 2,
        hint: "Rules A3 and C1. How many tasks are executed more than once, and why?",
        run: crowd,
    },
];

/// What all searches have in common: they see everything within their bounds.
fn limits() -> Limits {
    Limits { states: 1_000_000, ..Limits::default() }
}

fn lease(bench: &Bench<'_>) -> Outcome {
    let mut office = Office::with(bench, &job(&[&[], &[], &[]], 1), &[W2, W3])?;
    let [w2, w3] = [W2, W3].map(|worker| life(worker, 1));
    let done = office.does(w2, Task::Map(0))?;
    let running = office.gives(w2, Task::Map(1), "rule A3")?;
    let other = office.gives(w3, Task::Map(2), "rule A3")?;
    // Each of these begins the lease anew.
    let words = [
        Request::Alive { worker: w2, attempt: running },
        Request::Ask { worker: w2 },
        Request::Done { worker: w2, attempt: done },
        Request::Failed { worker: w2, attempt: done, cause: Cause::Failed("late".into()) },
        Request::Register { worker: w2, finished: vec![] },
    ];
    for word in words {
        office.simulation.run_for(LEASE / 2)?;
        office.works(w3, other, &Reply::GoOn, "rule B2")?;
        office.simulation.run_for(LEASE / 2 - ms(500))?;
        office.tries(W2, &word)?;
        office.works(w3, other, &Reply::GoOn, "rule B2")?;
    }
    office.works(w2, running, &Reply::GoOn, "rule C1: it was heard of all the time")?;
    office.simulation.run_for(LEASE / 2)?;
    office.works(w3, other, &Reply::GoOn, "rule B2")?;
    office.simulation.run_for(LEASE / 2 + ms(100))?;
    let rule = "rule C1: nothing was heard of w2 for the lease";
    office.says(W2, &Request::Ask { worker: w2 }, &Reply::Unknown, rule)?;
    office.done(w3, other, &Reply::Kept, "rule B1")?;
    let again = office.gives(w3, Task::Map(0), rule)?;
    office.done(w3, again, &Reply::Kept, "rule B1")?;
    let second = office.gives(w3, Task::Map(1), rule)?;
    office.done(w3, second, &Reply::Kept, "rule B1")?;
    let places = [again, second, other].map(|attempt| Place { attempt, holder: w3 });
    let reduce = office.gives_with(w3, Task::Reduce(0), &places, "rule A3")?;
    office.done(w3, reduce, &Reply::Kept, "rule B1")?;
    office.simulation.run_for(LEASE + ms(100))?;
    office.register(W2, 2, &[], &[])?;
    office.gives(life(W2, 2), Task::Map(0), "rule C1: nothing was heard of w3, so nothing is done")?;
    office.simulation.run_for(LEASE + ms(100))?;
    let status = office.status()?;
    if status.workers.is_empty() && status.running.is_empty() && status.maps_done == 0 {
        return Ok(());
    }
    Err(office.simulation.fail(format!(
        "Nothing was heard of anybody for the lease, but the status has the workers {:?}, and {:?} running (rules A7 and C1).",
        status.workers, status.running
    )))
}

fn long_tasks(bench: &Bench<'_>) -> Outcome {
    let plan = Plan { chunks: 3, reduces: 2, map: ms(10_000), reduce: ms(8_000), ..Plan::default() };
    let mut cluster = Cluster::start(bench, plan)?;
    cluster.finish(ms(120_000))?;
    cluster.check_executions(0)?;
    // Reading takes long too: the other side does not answer at once.
    let plan = Plan { workers: 2, chunks: 2, reduces: 1, copies: 1, ..Plan::default() };
    let mut cluster = Cluster::start(bench, plan)?;
    let [first, second] = [0, 1].map(|index| cluster.hosts()[index]);
    for (from, to) in [(first, second), (second, first)] {
        let rule = Rule::new(from, to, Which::First(1), Fault::Lose);
        cluster.simulation.rule(rule);
    }
    cluster.finish(ms(120_000))?;
    cluster.check_executions(0)
}

fn for_good(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan { copies: 3, ..Plan::default() })?;
    let mut random = Random::new(bench.seed() ^ 0x6761_6c65);
    let dead = cluster.hosts()[random.below(3) as usize];
    let at = ms(100 + random.below(9_500));
    cluster.simulation.schedule(at, Change::Crash(dead, Unsynced::Lost));
    cluster.finish(ms(90_000))?;
    // At most everything that it had done, and what it worked on.
    cluster.check_executions(7)
}

fn come_back(bench: &Bench<'_>) -> Outcome {
    let mut cluster = Cluster::start(bench, Plan::default())?;
    let mut random = Random::new(bench.seed() ^ 0x6261_636b);
    let mut crashes = 0;
    for host in cluster.hosts() {
        let mut at = random.below(6_000);
        for _ in 0..2 {
            let unsynced = match random.below(3) {
                0 => Unsynced::Lost,
                1 => Unsynced::Kept,
                _ => Unsynced::Torn(random.bits()),
            };
            cluster.simulation.schedule(ms(at), Change::Crash(host, unsynced));
            at += 10 + random.below(5_000);
            cluster.simulation.schedule(ms(at), Change::Restart(host));
            at += 1_000 + random.below(5_000);
            crashes += 1;
        }
    }
    cluster.finish(ms(120_000))?;
    bench.draw_svg(cluster.timeline());
    cluster.check_executions(3 * crashes)
}

/// Whether a message is a reply like this.
fn reply(datagram: &[u8], is_meant: fn(&Reply) -> bool) -> bool {
    Message::decode(datagram)
        .is_some_and(|it| if let Body::Reply(reply) = it.body { is_meant(&reply) } else { false })
}

impl Cluster<'_> {
    /// Nobody has asked for a task before he was welcomed.
    fn check_welcomed(&self) -> Outcome {
        for host in self.hosts() {
            let bodies = self.simulation.deliveries().iter().filter_map(|it| {
                let body = Message::decode(&it.datagram)?.body;
                (it.from == host || it.to == host).then_some(body)
            });
            let first = bodies.into_iter().find(|body| {
                matches!(body, Body::Request(Request::Ask { .. }) | Body::Reply(Reply::Welcome { .. }))
            });
            if matches!(first, Some(Body::Request(_))) {
                return Err(self.simulation.fail(format!(
                    "w{} asks for a task before it has heard Welcome; until then it registers again (rule A8).",
                    host.0
                )));
            }
        }
        Ok(())
    }
}

/// Whether a message is a request like this.
fn request(datagram: &[u8], is_meant: fn(&Request) -> bool) -> bool {
    Message::decode(datagram)
        .is_some_and(|it| if let Body::Request(request) = it.body { is_meant(&request) } else { false })
}

fn lost_calls(bench: &Bench<'_>) -> Outcome {
    const LOST: [fn(&Reply) -> bool; 5] = [
        |reply| matches!(reply, Reply::Welcome { .. }),
        |reply| matches!(reply, Reply::Assign(_)),
        |reply| matches!(reply, Reply::Wait),
        |reply| matches!(reply, Reply::Kept),
        |reply| matches!(reply, Reply::GoOn),
    ];
    for is_lost in LOST {
        let mut cluster = Cluster::start(bench, Plan { workers: 2, ..Plan::default() })?;
        let rules = cluster.hosts();
        for host in rules {
            let rule = Rule::new(cluster.coordinator, host, Which::First(3), Fault::Lose);
            cluster.simulation.rule(rule.matching(move |datagram| reply(datagram, is_lost)));
        }
        cluster.finish(ms(90_000))?;
        cluster.check_welcomed()?;
        cluster.check_executions(0)?;
    }
    const NEVER_HEARD: [fn(&Request) -> bool; 2] = [
        |request| matches!(request, Request::Done { .. }),
        |request| matches!(request, Request::Alive { .. }),
    ];
    for is_lost in NEVER_HEARD {
        let mut cluster = Cluster::start(bench, Plan { workers: 2, ..Plan::default() })?;
        for host in cluster.hosts() {
            let rule = Rule::new(host, cluster.coordinator, Which::First(2), Fault::Lose);
            cluster.simulation.rule(rule.matching(move |datagram| request(datagram, is_lost)));
        }
        cluster.finish(ms(90_000))?;
        cluster.check_executions(0)?;
    }
    // Questions of every kind, and the answers of workers.
    let mut cluster = Cluster::start(bench, Plan { workers: 2, ..Plan::default() })?;
    let [first, second] = [0, 1].map(|index| cluster.hosts()[index]);
    let ways =
        [(first, cluster.coordinator), (second, cluster.coordinator), (first, second), (second, first)];
    for (from, to) in ways {
        for number in [1, 4, 8] {
            cluster.simulation.rule(Rule::new(from, to, Which::Nth(number), Fault::Lose));
        }
    }
    cluster.finish(ms(90_000))?;
    cluster.check_executions(0)
}

fn any_network(bench: &Bench<'_>) -> Outcome {
    // A checksum is somebody else's business.
    let link = Link { corrupt: 0.0, ..Link::swarm(bench.seed()) };
    let mut cluster = Cluster::start(bench, Plan { link, chunks: 4, reduces: 2, ..Plan::default() })?;
    cluster.simulation.run_for(ms(30_000))?;
    cluster.simulation.stop_faults()?;
    cluster.finish(ms(120_000))
}

fn every_order(bench: &Bench<'_>) -> Outcome {
    let one = Scope { maps: 1, reduces: 1, workers: 1, mortal: Mortal::Nobody };
    search(bench, Limits { timers: 1, losses: 1, ..limits() }, one, 1)?;
    search(bench, Limits { duplicates: 1, ..limits() }, Scope { maps: 2, ..one }, 0)?;
    search(bench, Limits { timers: 1, ..limits() }, Scope { maps: 2, ..one }, 1)?;
    search(bench, Limits { losses: 1, ..limits() }, Scope { workers: 2, ..one }, 0)?;
    Ok(())
}

fn every_crash(bench: &Bench<'_>) -> Outcome {
    let scope = Scope { maps: 1, reduces: 1, workers: 1, mortal: Mortal::Worker };
    search(bench, Limits { crashes: 1, ..limits() }, scope, 0)?;
    Ok(())
}

fn crowd(bench: &Bench<'_>) -> Outcome {
    let load = Load {
        maps: 900,
        reduces: 100,
        takes: ms(4_000),
        straggler: 1,
        config: CoordinatorConfig { lease: ms(5_000), backup_after: ms(3_600_000), max_failures: 4 },
        link: Link::default(),
        failures: 5,
    };
    let mut crowd = Crowd::start(bench, load)?;
    let mut random = Random::new(bench.seed() ^ 0x6469_6573);
    const DEAD: usize = 5;
    for index in 0..DEAD {
        let host = crowd.workers[index * CROWD / DEAD + random.below(5) as usize];
        let at = ms(1_000 + random.below(100_000));
        crowd.simulation.schedule(at, Change::Crash(host, Unsynced::Kept));
    }
    crowd.finish(ms(600_000))?;
    let (executions, tasks) = (crowd.executions(), crowd.tasks());
    // Each dead worker had a fiftieth of what was done, and of what fails there are five in a thousand.
    let enough = tasks + DEAD * (1 + 2 * tasks / CROWD) + 30;
    if executions <= enough {
        return Ok(());
    }
    Err(crowd.simulation.fail(format!(
        "The {tasks} tasks were executed {executions} times. {DEAD} of {CROWD} workers have crashed, so {enough} are enough."
    )))
}
