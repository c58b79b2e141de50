//! A lab of the harness's own, whose student makes one mistake a scenario: `tests/runner.rs` looks at what is said of it.

mod asker;
mod courier;

use courier::{COURIER, Carry, Config, DOOR, Done, Flaw};
use faultline::program::Function;
use faultline::scenario::{Bench, Failure, Outcome, Scenario, Suite, World, ensure};
use faultline::script::{PEER, Script};
use faultline::simulation::{Link, Simulation};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let scenario = |id, name, run| Scenario {
        id,
        name,
        part: 'A',
        points: 2,
        world: World::Simulation,
        seeds: 3,
        hint: "Look at the door.",
        run,
    };
    let scenarios = vec![
        scenario("A1", "a right program passes", right),
        scenario("A2", "a panic is told", |bench| carry_two(bench, Flaw::Panics)),
        scenario("A3", "an exit is no pass", |bench| carry_two(bench, Flaw::Exits)),
        scenario("A4", "a loop without end is told", |bench| carry_two(bench, Flaw::Hangs)),
        scenario("A5", "a scenario that breaks is the kit's fault", |_| panic!("the kit is wrong")),
        scenario("A6", "a fault that never happens is the kit's fault", |_| {
            Err(Failure::of_the_kit("No fault."))
        }),
        Scenario {
            world: World::Script,
            seeds: 1,
            ..scenario("A7", "a copy that is taken is told as such", knock_twice)
        },
        scenario("A8", "what a function was asked for is told when it ends the process", |bench| {
            bench.call(&END, &3, "ending with 3").map(|_: u8| ())
        }),
    ];
    let program = asker::add(courier::program()).function(&END, |code: u8| std::process::exit(code.into()));
    faultline::runner::main(&Suite { lab: "toy-lab", scenarios, bonus: &[] }, &program)
}

/// Ends the process with this code.
const END: Function<u8, u8> = Function::new("end");

fn right(bench: &Bench<'_>) -> Outcome {
    println!("student output is let through");
    carry_two(bench, Flaw::None)
}

fn knock_twice(bench: &Bench<'_>) -> Outcome {
    let config = Config { peer: PEER, flaw: Flaw::Chatters };
    let mut door = Script::start(bench, DOOR, ["door", "courier"], &config)?;
    door.deliver(PEER, &[1])?;
    door.expect_notice(&Done(1), "Rule 1: a parcel is taken.")?;
    door.expect_datagram(PEER, &[1], "Rule 2: who knocks is nodded to.")?;
    door.deliver(PEER, &[1])?;
    door.expect_datagram(PEER, &[1], "Rule 2: who knocks is nodded to.")?;
    door.expect_nothing("Rule 3: a copy is not taken.")
}

fn carry_two(bench: &Bench<'_>, flaw: Flaw) -> Outcome {
    let (mut simulation, [c, d]) = Simulation::new(bench, ["courier", "door"]);
    simulation.links(Link { loss: 0.2, ..Link::default() });
    let courier = simulation.start(c, &COURIER, &Config { peer: d, flaw })?;
    simulation.start(d, &DOOR, &Config { peer: c, flaw })?;
    for parcel in [1, 2] {
        simulation.command(courier, &Carry(parcel))?;
        simulation.run_for(Duration::from_secs(10))?;
    }
    let done = simulation.notice_count(courier);
    ensure(done == 2, || format!("{done} of 2 parcels were carried."))
}
