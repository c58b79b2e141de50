//! Part C: the observer, in virtual time.

use super::simulated::{Pings, Run, clean, echo};
use crate::message::{Kind, Message};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World};
use faultline::simulation::Link;
use faultline::{codec, ms};
use std::time::Duration;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "C1",
        name: "on a good network every ping is answered once, and all round trips are equal",
        part: 'C',
        points: 1,
        world: World::Simulation,
        seeds: 1,
        hint: "Rules C1, C2 and C7. A report is asked for at any time, also before the first reply: what can it say then?",
        run: good_network,
    },
    Scenario {
        id: "C2",
        name: "where datagrams are only lost, the report counts lost pings and nothing else",
        part: 'C',
        points: 1,
        world: World::Simulation,
        seeds: 5,
        hint: "Rules C1 and C2. A ping may be lost, or its reply. Can the observer tell which? Does it need to?",
        run: only_loss,
    },
    Scenario {
        id: "C3",
        name: "where datagrams are only duplicated, copies are counted as copies",
        part: 'C',
        points: 1,
        world: World::Simulation,
        seeds: 5,
        hint: "Rules C3 and C4. A copy may come long after its original. What else could it be taken for?",
        run: only_duplicates,
    },
    Scenario {
        id: "C4",
        name: "where datagrams only overtake each other, each reply that was overtaken is counted",
        part: 'C',
        points: 1,
        world: World::Simulation,
        seeds: 5,
        hint: "Rule C4. Replies 0 3 1 2 4: two of them are late. What must be remembered when 2 comes?",
        run: only_reorder,
    },
    Scenario {
        id: "C5",
        name: "where datagrams are only corrupted, bad datagrams and lost pings are counted apart",
        part: 'C',
        points: 1,
        world: World::Simulation,
        seeds: 5,
        hint: "Rules C2 and C5. A bad datagram does not tell whose reply it was. Is every bad datagram a lost ping, and the other way round?",
        run: only_corruption,
    },
    Scenario {
        id: "C6",
        name: "the report is exact when everything goes wrong at once",
        part: 'C',
        points: 2,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules C1 to C8. The report was right until the last steps of the story: what came then, and how was it counted?",
        run: everything,
    },
    Scenario {
        id: "C7",
        name: "round-trip times are those of the first replies, to the nanosecond, in any order",
        part: 'C',
        points: 2,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule C7. Write down the ranks of p99 for 1, 50, 100 and 101 samples by hand.",
        run: round_trips,
    },
    Scenario {
        id: "C8",
        name: "messages of others are counted as foreign and change nothing else",
        part: 'C',
        points: 1,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule C6. Three things make a message a good reply. Which of them has the message at the story's end?",
        run: foreign,
    },
    Scenario {
        id: "C9",
        name: "without any reply there is no round-trip time",
        part: 'C',
        points: 1,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule C8. What is the average of no numbers?",
        run: no_reply,
    },
];

const SESSION: u32 = 7;
const PINGS: Pings = Pings { session: SESSION, count: 60, interval: INTERVAL };
const INTERVAL: Duration = ms(20);
/// The time from one report to the next.
const STEP: Duration = ms(10);

fn good_network(bench: &Bench<'_>) -> Outcome {
    Run::with_echoer(bench, clean(), PINGS)?.watch(ms(2_000), ms(3))
}

fn only_loss(bench: &Bench<'_>) -> Outcome {
    faulty(bench, Link { loss: 0.3, ..clean() })
}

fn only_duplicates(bench: &Bench<'_>) -> Outcome {
    faulty(bench, Link { duplicate: 0.4, copy_delay: ms(150), ..clean() })
}

fn only_reorder(bench: &Bench<'_>) -> Outcome {
    faulty(bench, Link { reorder: 0.3, reorder_delay: ms(110), ..clean() })
}

fn only_corruption(bench: &Bench<'_>) -> Outcome {
    faulty(bench, Link { corrupt: 0.3, ..clean() })
}

fn everything(bench: &Bench<'_>) -> Outcome {
    let mut run = Run::with_echoer(bench, Link::swarm(bench.seed()), PINGS)?;
    run.watch(INTERVAL * PINGS.count, STEP)?;
    run.watch(ms(10_000), ms(500))
}

fn faulty(bench: &Bench<'_>, link: Link) -> Outcome {
    let mut run = Run::with_echoer(bench, link, PINGS)?;
    run.watch(INTERVAL * PINGS.count + ms(1_000), STEP)?;
    run.simulation.require_faults()
}

fn round_trips(bench: &Bench<'_>) -> Outcome {
    const COUNT: u32 = 201;
    let reply = |seq: u32| {
        let time = ms(3 + u64::from(seq * 37 % 101)) + Duration::from_nanos(u64::from(seq * seq % 977));
        (INTERVAL * seq + time, echo(SESSION, seq))
    };
    let copy = |seq: u32| (INTERVAL * seq + ms(900), echo(SESSION, seq));
    let plan = (0..COUNT).map(reply).chain((0..COUNT).step_by(7).map(copy)).collect();
    let mut run = Run::with_player(bench, plan, Pings { count: COUNT, ..PINGS })?;
    run.watch(INTERVAL * COUNT + ms(1_000), STEP)?;
    let received = run.truth().received;
    if received == u64::from(COUNT) { Ok(()) } else { Err(short("replies", received)) }
}

fn foreign(bench: &Bench<'_>) -> Outcome {
    let message = |kind, session, seq| codec::seal(&Message { kind, session, seq, payload: vec![] });
    let plan = vec![
        (ms(5), message(Kind::Echo, SESSION, 9_999)),
        (ms(45), message(Kind::Echo, SESSION + 1, 1)),
        (ms(46), message(Kind::Ping, SESSION, 2)),
        (ms(47), echo(SESSION, 1)),
        (ms(48), message(Kind::Ping, SESSION, 1)),
        (ms(49), message(Kind::Echo, SESSION + 1, 1)),
        (ms(105), message(Kind::Echo, 0, 5)),
        (ms(106), echo(SESSION, 2)),
        (ms(107), message(Kind::Echo, u32::MAX, u32::MAX)),
        (ms(108), echo(SESSION, 5)),
    ];
    let mut run = Run::with_player(bench, plan, Pings { count: 10, ..PINGS })?;
    run.watch(ms(300), ms(1))?;
    let foreign = run.truth().foreign;
    if foreign == 7 { Ok(()) } else { Err(short("foreign messages", foreign)) }
}

fn no_reply(bench: &Bench<'_>) -> Outcome {
    let damaged = || echo(SESSION, 1)[..7].to_vec();
    let plan = vec![(ms(50), damaged()), (ms(60), echo(SESSION + 1, 1)), (ms(900), echo(SESSION, 3))];
    let mut run = Run::with_player(bench, plan, Pings { count: 10, ..PINGS })?;
    run.watch(ms(1_000), STEP)
}

/// The plan did not do what it was made for.
fn short(what: &str, count: u64) -> Failure {
    Failure::of_the_kit(format!("The run had {count} {what}: the plan is wrong."))
}
