//! Part C, hidden: larger searches, and a server against a model of it.

use super::model::ServerModel;
use faultline::scenario::{Bench, Outcome, Scenario, World};
use faultline::search::Limits;
use lab3_kit::scenarios::history::Promise;
use lab3_kit::scenarios::searched::{Calls, Mortal, search};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HC1",
        name: "two clients, one with two calls: no call is executed twice in any order of events",
        part: 'C',
        points: 3,
        world: World::Search,
        seeds: 1,
        hint: "Rules C1 and C2. Whose call is executed twice, and which datagram of it came when?",
        run: two_clients,
    },
    Scenario {
        id: "HC2",
        name: "a restarted client and its late datagrams: every call of either life is executed at most once",
        part: 'C',
        points: 3,
        world: World::Search,
        seeds: 1,
        hint: "Rules B1, B4 and C1. Both lives count from 1.",
        run: restarted,
    },
    Scenario {
        id: "HC3",
        name: "a server does after each of thousands of events what the rules say",
        part: 'C',
        points: 5,
        world: World::Script,
        seeds: 20,
        hint: "Rules B6 to B9, C1 to C3, D1 and D3. The last step of the story is the one that is wrong; which rule is about it?",
        run: |bench| ServerModel::compare(bench, 1_500),
    },
];

fn two_clients(bench: &Bench<'_>) -> Outcome {
    let calls = Calls { ann: &["a", "b"], bob: &["c"], mortal: Mortal::Nobody, promise: Promise::AtMostOnce };
    let limits = Limits { duplicates: 1, timers: 1, in_flight: 5, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}

fn restarted(bench: &Bench<'_>) -> Outcome {
    let mortal = Mortal::Client(&["c"]);
    let calls = Calls { ann: &["a", "b"], bob: &[], mortal, promise: Promise::AtMostOnce };
    let limits = Limits { duplicates: 1, timers: 1, crashes: 1, in_flight: 5, ..Limits::default() };
    search(bench, limits, calls, 1).map(|_| ())
}
