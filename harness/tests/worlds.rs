//! Each world must catch the wrong programs of its kind and must let the right one pass; the same scenario must end the
//! same way in this process and behind a pipe.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

#[path = "../src/bin/toy-lab/courier.rs"]
mod courier;

use courier::{COURIER, Carry, Config, DOOR, Done, Flaw};
use faultline::ms;
use faultline::program::Program;
use faultline::remote::RemoteProgram;
use faultline::scenario::{Bench, Failure, Outcome, ensure};
use faultline::script::{PEER, Script};
use faultline::search::{Explored, Limits, Search};
use faultline::simulation::{Ended, Link, Simulation};
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

fn in_process<T>(run: impl Fn(&Bench<'_>) -> T) -> T {
    run(&Bench::new(&courier::program(), 1))
}

fn behind_a_pipe<T>(run: impl Fn(&Bench<'_>) -> T) -> T {
    let program = RemoteProgram::start(Command::new(env!("CARGO_BIN_EXE_toy-lab")), BTreeMap::new()).unwrap();
    run(&Bench::new(&program as &dyn Program, 1))
}

/// Runs it both ways, which must agree.
fn both<T: PartialEq + std::fmt::Debug>(run: impl Fn(&Bench<'_>) -> T) -> T {
    let here = in_process(&run);
    assert_eq!(here, behind_a_pipe(&run));
    here
}

fn search(bench: &Bench<'_>, flaw: Flaw, limits: Limits) -> Result<Explored, Failure> {
    let (mut search, [c, d]) = Search::new(bench, limits, ["courier", "door"]);
    let courier = search.start(c, &COURIER, &Config { peer: d, flaw })?;
    let door = search.start(d, &DOOR, &Config { peer: c, flaw })?;
    search.command(courier, &Carry(1));
    search.always(move |seen| {
        let taken = seen.notices(door).len();
        if taken > 1 { Err(format!("the parcel was taken {taken} times")) } else { Ok(()) }
    });
    search.goal(move |seen| seen.notices(courier) == [Done(1)]);
    search.run()
}

const LIMITS: Limits = Limits {
    losses: 1,
    duplicates: 1,
    corruptions: 0,
    timers: 1,
    crashes: 0,
    in_flight: 4,
    lifetime: Duration::MAX,
    states: 50_000,
};

fn story(failure: &Failure) -> Vec<String> {
    let story = failure.story.as_ref().expect("a failure of a world has a story");
    story.rows.iter().map(|row| format!("{}: {}", row.host, row.text)).collect()
}

#[test]
fn a_search_of_a_right_program_exhausts_its_space_and_reaches_the_goal() {
    let here = in_process(|bench| search(bench, Flaw::None, LIMITS)).unwrap();
    assert!(here.exhausted && here.goals > 0 && here.states > 20, "{here:?}");
    assert_eq!(behind_a_pipe(|bench| search(bench, Flaw::None, LIMITS)).unwrap(), here);
}

#[test]
fn a_program_that_says_more_than_the_judge_keeps_fails() {
    let program = RemoteProgram::start(Command::new(env!("CARGO_BIN_EXE_toy-lab")), BTreeMap::new()).unwrap();
    let bounded = program.with_bound(2_000);
    let failure = search(&Bench::new(&bounded as &dyn Program, 1), Flaw::None, LIMITS).unwrap_err();
    assert!(
        failure.reason.starts_with("All that your code sends, writes and tells in one run"),
        "{failure:?}"
    );
}

#[test]
fn a_machine_that_hides_a_part_of_its_state_deceives_nobody_behind_a_pipe() {
    let limits = Limits { duplicates: 2, ..LIMITS };
    // In the student's own process the search believes the machine; there the guards look at it (guard.rs).
    assert!(in_process(|bench| search(bench, Flaw::CountsInSecret, limits)).is_ok());
    let failure = behind_a_pipe(|bench| search(bench, Flaw::CountsInSecret, limits)).unwrap_err();
    assert!(failure.reason.starts_with("Two states of a machine say that they are equal"), "{failure:?}");
}

#[test]
fn a_search_finds_the_shortest_story() {
    let failure = both(|bench| search(bench, Flaw::TakesCopies, LIMITS)).unwrap_err();
    assert_eq!(failure.reason, "The parcel was taken 2 times.");
    assert_eq!(
        story(&failure),
        [
            "courier: is asked to carry 1: sends 01",
            "door: receives 01: is done with 1, sends 01",
            "courier: timer Knock runs out: sends 01",
            "door: receives 01: is done with 1, sends 01",
        ]
    );
}

#[test]
fn a_search_finds_a_standstill() {
    let failure = both(|bench| search(bench, Flaw::NeverAgain, LIMITS)).unwrap_err();
    assert!(failure.reason.contains("standstill"), "{failure:?}");
    assert_eq!(story(&failure), ["courier: is asked to carry 1: sends 01", "network: loses 01 to door"]);
}

#[test]
fn a_search_tells_when_a_limit_ended_it() {
    let limits = Limits { states: 5, ..LIMITS };
    let explored = in_process(|bench| search(bench, Flaw::None, limits)).unwrap();
    assert!(!explored.exhausted && explored.states == 5, "{explored:?}");
}

#[test]
fn a_search_without_a_way_to_the_goal_says_so() {
    let failure = in_process(|bench| {
        let (mut search, [c, d]) = Search::new(bench, LIMITS, ["courier", "door"]);
        let config = |peer| Config { peer, flaw: Flaw::None };
        let courier = search.start(c, &COURIER, &config(d))?;
        search.start(d, &DOOR, &config(c))?;
        search.command(courier, &Carry(1));
        search.goal(|_| false);
        search.missing(move |seen| format!("{} parcels were carried.", seen.notices(courier).len()));
        search.run()
    });
    let reason = failure.unwrap_err().reason;
    assert!(reason.contains("standstill") || reason.contains("In no order"), "{reason}");
    assert!(reason.ends_with("1 parcels were carried."), "{reason}");
}

fn simulate(bench: &Bench<'_>, flaw: Flaw, link: Link) -> Result<Vec<Done>, Failure> {
    let (mut simulation, [c, d]) = Simulation::new(bench, ["courier", "door"]);
    simulation.links(link);
    let courier = simulation.start(c, &COURIER, &Config { peer: d, flaw })?;
    let door = simulation.start(d, &DOOR, &Config { peer: c, flaw })?;
    for parcel in 1..=50 {
        simulation.command(courier, &Carry(parcel))?;
        let want = usize::from(parcel);
        let ended =
            simulation.run_until(Duration::from_secs(60), |it| Ok(it.notice_count(courier) == want))?;
        if ended != Ended::Reached {
            return Err(simulation.fail(format!("{ended:?}: parcel {parcel} was never nodded for.")));
        }
    }
    simulation.require_faults()?;
    simulation.notices(door)
}

fn bad() -> Link {
    Link { loss: 0.3, duplicate: 0.3, latency_max: ms(30), ..Link::default() }
}

#[test]
fn a_simulation_is_the_same_in_both_processes_and_catches_what_is_wrong() {
    let taken = both(|bench| simulate(bench, Flaw::None, bad())).unwrap();
    assert_eq!(taken, (1..=50).map(Done).collect::<Vec<_>>());
    assert!(both(|bench| simulate(bench, Flaw::TakesCopies, bad())).unwrap().len() > 50);
    let quiet = both(|bench| simulate(bench, Flaw::NeverAgain, bad())).unwrap_err();
    assert!(quiet.reason.starts_with("Quiet"), "{quiet:?}");
}

#[test]
fn time_that_stands_still_is_told() {
    let failure = in_process(|bench| simulate(bench, Flaw::Polls, Link::default())).unwrap_err();
    assert!(failure.reason.contains("without time moving on"), "{failure:?}");
}

/// Looks every nanosecond whether there is something to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Poller;

impl faultline::Machine for Poller {
    type Command = faultline::Never;
    type Notice = faultline::Never;
    type Timer = ();

    fn on_start(&mut self, ctx: &mut faultline::Context<Self>) {
        ctx.set_timer((), Duration::from_nanos(1));
    }

    fn on_datagram(&mut self, _: faultline::Host, _: &[u8], _: &mut faultline::Context<Self>) {}

    fn on_timer(&mut self, (): (), ctx: &mut faultline::Context<Self>) {
        self.on_start(ctx);
    }
}

#[test]
fn a_machine_that_polls_ends_the_run_instead_of_making_it_endless() {
    let failure = in_process(|bench| {
        let (mut world, [host]) = Simulation::new(bench, ["poller"]);
        world.start_given(host, Poller, |_| String::new())?;
        world.run_for(Duration::from_secs(1))
    })
    .unwrap_err();
    assert!(failure.reason.contains("more than 500000 events have happened in this run"), "{failure:?}");
}

#[test]
fn a_datagram_to_nobody_is_told() {
    let failure = both(|bench| simulate(bench, Flaw::WrongHost, Link::default())).unwrap_err();
    assert!(failure.reason.contains("Host(77)"), "{failure:?}");
}

#[test]
fn each_seed_has_a_run_of_its_own() {
    let program = courier::program();
    let story = |seed| {
        let bench = Bench::new(&program, seed).with_stories();
        simulate(&bench, Flaw::None, bad()).unwrap();
        bench.stories()
    };
    assert_eq!(story(1), story(1));
    assert_ne!(story(1), story(2));
}

fn script(bench: &Bench<'_>, flaw: Flaw) -> Outcome {
    let mut script = Script::start(bench, COURIER, ["courier", "door"], &Config { peer: PEER, flaw })?;
    script.command(&Carry(9))?;
    script.expect_datagram(PEER, &[9], "it carries at once")?;
    script.pass(ms(99))?;
    script.expect_nothing("it waits")?;
    script.pass(ms(1))?;
    script.expect_datagram(PEER, &[9], "it knocks again")?;
    script.deliver(PEER, &[9])?;
    script.expect_notice(&Done(9), "the door has nodded")?;
    script.expect_no_timer("there is nothing left to carry")?;
    script.expect_nothing("it is done")
}

#[test]
fn a_script_lets_the_right_machine_pass_and_tells_where_a_wrong_one_left_it() {
    both(|bench| script(bench, Flaw::None)).unwrap();
    let failure = both(|bench| script(bench, Flaw::NeverAgain)).unwrap_err();
    assert_eq!(
        failure.reason,
        "It knocks again. Expected at 100 ms: the courier sends 09. But it sent nothing."
    );
    let polls = both(|bench| script(bench, Flaw::Polls)).unwrap_err();
    assert!(polls.reason.contains("it sent nothing"), "{polls:?}");
}

#[test]
fn a_machine_that_ends_or_blocks_its_process_fails_behind_a_pipe() {
    let failure = behind_a_pipe(|bench| simulate(bench, Flaw::Exits, Link::default())).unwrap_err();
    assert_eq!(failure.reason, "Your code ended the process (exit status: 0).");
    let failure = behind_a_pipe(|bench| simulate(bench, Flaw::Panics, Link::default())).unwrap_err();
    assert!(failure.reason.contains("no more parcels"), "{failure:?}");
    let failure = behind_a_pipe(|bench| simulate(bench, Flaw::Hangs, Link::default())).unwrap_err();
    assert_eq!(failure.reason, "Door::on_datagram did not return.");
}

#[test]
fn a_check_is_a_failure_with_its_reason() {
    assert_eq!(ensure(true, String::new), Ok(()));
    assert_eq!(ensure(false, || "No.".into()), Err(Failure::new("No.")));
}

#[test]
fn a_search_that_failed_can_be_made_again_by_name_also_with_other_code() {
    let program = courier::program();
    let bench = Bench::new(&program, 1);
    let failure = search(&bench, Flaw::TakesCopies, LIMITS).unwrap_err();
    let recipe = bench.recipe();
    assert_eq!(recipe.moves.as_ref().map(|it| it.moves.len()), Some(4));
    let again = |flaw| search(&Bench::new(&program, 1).with_recipe(&recipe).with_states(), flaw, LIMITS);
    let same = again(Flaw::TakesCopies).unwrap_err();
    assert_eq!((&same.reason, story(&same)), (&failure.reason, story(&failure)));
    let records = same.story.unwrap().records;
    assert!(
        records.iter().any(|it| it.state.as_ref().is_some_and(|state| state.contains("Door"))),
        "{records:?}"
    );
    assert_eq!(again(Flaw::None).unwrap().states, 5);
}

#[test]
fn a_simulation_can_be_made_again_with_only_the_faults_of_its_recipe() {
    let program = courier::program();
    let bench = Bench::new(&program, 5);
    simulate(&bench, Flaw::None, bad()).unwrap();
    let recipe = bench.recipe();
    assert!(recipe.faults.len() > 10);
    let again = Bench::new(&program, 5).with_recipe(&recipe).with_stories();
    simulate(&again, Flaw::None, bad()).unwrap();
    assert_eq!(again.recipe(), recipe);
    let none = Bench::new(&program, 5).with_recipe(&Default::default()).with_stories();
    simulate(&none, Flaw::None, bad()).unwrap();
    assert!(none.stories()[0].rows.iter().all(|row| row.host != "network"));
}
