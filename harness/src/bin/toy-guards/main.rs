//! A lab of the harness's own, whose student breaks one rule of the kit a scenario: `tests/guards.rs` looks at what is said
//! of it. But for those that say so, the scenarios are content with whatever is answered: only the guards object.

mod desk;

use desk::{ASKER, Answered, Ask, Config, DESK, DRAW, Flaw};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome, Scenario, Suite, World, ensure};
use faultline::search::{Limits, Search};
use faultline::simulation::Simulation;
use std::process::ExitCode;

fn main() -> ExitCode {
    let (simulation, search, script) = (World::Simulation, World::Search, World::Script);
    let scenarios = vec![
        scenario("None", simulation, |bench| simulate(bench, Flaw::None).map(drop)),
        scenario("NoneSearched", search, |bench| explore(bench, Flaw::None)),
        scenario("Unusual", simulation, |bench| simulate(bench, Flaw::Unusual).map(drop)),
        scenario("UnusualSearched", search, |bench| explore(bench, Flaw::Unusual)),
        scenario("MapOrder", simulation, |bench| simulate(bench, Flaw::MapOrder).map(drop)),
        scenario("MapOrderFails", simulation, fails_with_map_order),
        scenario("MapOrderSearched", search, |bench| explore(bench, Flaw::MapOrder)),
        scenario("MapFirst", simulation, |bench| simulate(bench, Flaw::MapFirst).map(drop)),
        scenario("Clock", simulation, |bench| simulate(bench, Flaw::Clock).map(drop)),
        scenario("ClockInState", simulation, |bench| simulate(bench, Flaw::ClockInState).map(drop)),
        scenario("Static", simulation, |bench| simulate(bench, Flaw::Static).map(drop)),
        scenario("StaticAsker", simulation, |bench| simulate(bench, Flaw::StaticAsker).map(drop)),
        scenario("StaticSearched", search, |bench| explore(bench, Flaw::Static)),
        scenario("ThreadLocal", simulation, |bench| simulate(bench, Flaw::ThreadLocal).map(drop)),
        scenario("SharedCell", simulation, |bench| simulate(bench, Flaw::SharedCell).map(drop)),
        scenario("SharedCellSearched", search, |bench| explore(bench, Flaw::SharedCell)),
        scenario("ConstantHash", simulation, |bench| simulate(bench, Flaw::ConstantHash).map(drop)),
        scenario("HashLeavesOut", search, |bench| explore(bench, Flaw::HashLeavesOut)),
        scenario("AlwaysEqual", simulation, |bench| simulate(bench, Flaw::AlwaysEqual).map(drop)),
        scenario("BothLeaveOut", simulation, |bench| simulate(bench, Flaw::BothLeaveOut).map(drop)),
        scenario("BothLeaveOutSearched", search, |bench| explore(bench, Flaw::BothLeaveOut)),
        scenario("HashOfMap", simulation, |bench| simulate(bench, Flaw::HashOfMap).map(drop)),
        scenario("SendsWithoutEnd", simulation, |bench| simulate(bench, Flaw::SendsWithoutEnd).map(drop)),
        scenario("SendsMuch", simulation, |bench| simulate(bench, Flaw::SendsMuch).map(drop)),
        scenario("EverMore", simulation, |bench| simulate(bench, Flaw::EverMore).map(drop)),
        scenario("Draw", script, |bench| {
            let number = DRAW.call(bench.program(), &())?;
            ensure(number == 0, || format!("It drew {number}."))
        }),
    ];
    faultline::runner::main(&Suite { lab: "toy-guards", scenarios, bonus: &[] }, &desk::program())
}

fn scenario(id: &'static str, world: World, run: fn(&Bench<'_>) -> Outcome) -> Scenario {
    Scenario { id, name: id, part: 'A', points: 1, world, seeds: 3, hint: "Look at the desk.", run }
}

fn simulate(bench: &Bench<'_>, flaw: Flaw) -> Result<Vec<Answered>, Failure> {
    let (mut simulation, [a, d]) = Simulation::new(bench, ["asker", "desk"]);
    let asker = simulation.start(a, &ASKER, &Config { peer: d, flaw })?;
    simulation.start(d, &DESK, &Config { peer: a, flaw })?;
    for number in 1..=12 {
        simulation.command(asker, &Ask(number))?;
        simulation.run_for(ms(100))?;
    }
    simulation.notices(asker)
}

fn fails_with_map_order(bench: &Bench<'_>) -> Outcome {
    let answers = simulate(bench, Flaw::MapOrder)?;
    ensure(answers.is_sorted_by_key(|Answered(bytes)| bytes.clone()), || "The answers are not sorted.".into())
}

fn explore(bench: &Bench<'_>, flaw: Flaw) -> Outcome {
    let limits = Limits { losses: 1, duplicates: 1, in_flight: 8, states: 3_000, ..Limits::default() };
    let (mut search, [a, d]) = Search::new(bench, limits, ["asker", "desk"]);
    let asker = search.start(a, &ASKER, &Config { peer: d, flaw })?;
    search.start(d, &DESK, &Config { peer: a, flaw })?;
    [3, 5, 4].into_iter().for_each(|number| search.command(asker, &Ask(number)));
    search.run().map(drop)
}
