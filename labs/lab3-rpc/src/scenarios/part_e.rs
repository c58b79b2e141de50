//! Part E: many calls at once.

mod calling;
mod closing;
mod crashes;
mod serving;

use faultline::scenario::{Scenario, World};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "E1",
        name: "each of many calls at once returns its own result",
        part: 'E',
        points: 4,
        world: World::Simulation,
        seeds: 5,
        hint: "Rule E1. How does the task that drives the machine find the one that waits for this call?",
        run: calling::many_at_once,
    },
    Scenario {
        id: "E2",
        name: "calls for which nobody waits any more leave nothing behind",
        part: 'E',
        points: 3,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule E2. What is kept for a call, by whom, and who throws it away when nobody waits? When may the task end?",
        run: calling::nobody_waits,
    },
    Scenario {
        id: "E3",
        name: "a slow handler keeps nobody waiting",
        part: 'E',
        points: 4,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule E4. While a handler runs, who is waiting for the next datagram?",
        run: serving::slow_handler,
    },
    Scenario {
        id: "E4",
        name: "no more handlers run at once than was agreed, the others wait their turn or are refused",
        part: 'E',
        points: 4,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule E3. What has to happen when a handler ends? What is the state of a call that has not begun?",
        run: serving::at_most_so_many,
    },
    Scenario {
        id: "E5",
        name: "a handler that panics is a fault of its call, and of nothing else",
        part: 'E',
        points: 3,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule E5. Who can learn that a task has panicked? What does every handler that has ended leave free?",
        run: serving::panics,
    },
    Scenario {
        id: "E6",
        name: "a storm of copies begins nothing",
        part: 'E',
        points: 3,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule E4. At which moment do you begin a task, and what do you know then?",
        run: serving::storm,
    },
    Scenario {
        id: "E7",
        name: "a server that closes finishes what it has begun, and begins nothing",
        part: 'E',
        points: 4,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule E6. There are three kinds of calls at that moment, and a fourth that comes later. What becomes of each?",
        run: closing::closes,
    },
    Scenario {
        id: "E8",
        name: "who has lost a reply still gets it from a server that closes",
        part: 'E',
        points: 3,
        world: World::Simulation,
        seeds: 1,
        hint: "Rule E6. From which moment is the time counted for which a server lingers? What does it do meanwhile?",
        run: closing::lingers,
    },
    Scenario {
        id: "E9",
        name: "through crashes of servers and clients every caller is told the truth",
        part: 'E',
        points: 4,
        world: World::Simulation,
        seeds: 20,
        hint: "Rules B7, E1 and E3. Replay the seed with --full and follow the job that the reason names.",
        run: crashes::disasters,
    },
];
