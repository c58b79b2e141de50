//! Crashes as moves of a search: a keeper writes numbers to its disk and says when they are kept. What was said to be kept
//! must be found after every crash.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

use faultline::program::{LocalProgram, Role};
use faultline::scenario::{Bench, Failure};
use faultline::search::{Explored, Limits, Search};
use faultline::{Context, Host, Machine, Never, text};
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Flaw {
    None,
    NeverSyncs,
    /// Says that a number is kept before it is synced.
    SaysTooEarly,
    /// Writes the whole file in place instead of a new one that it renames.
    InPlace,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Keeper {
    flaw: Flaw,
    numbers: Vec<u8>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Keep(u8);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Says {
    Kept(u8),
    Found(Vec<u8>),
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keep {}", self.0)
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "says {self:?}")
    }
}

const KEEPER: Role<Flaw, Keep, Says> = Role::new("keeper", |bytes| text::bytes(bytes, 8));

impl Machine for Keeper {
    type Command = Keep;
    type Notice = Says;
    type Timer = Never;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        self.numbers = ctx.disk().read("numbers").map(<[u8]>::to_vec).unwrap_or_default();
        ctx.notify(Says::Found(self.numbers.clone()));
    }

    fn on_command(&mut self, Keep(number): Keep, ctx: &mut Context<Self>) {
        self.numbers.push(number);
        let numbers = self.numbers.clone();
        let mut disk = ctx.disk();
        match self.flaw {
            Flaw::NeverSyncs => disk.write("numbers", &numbers),
            Flaw::InPlace => {
                disk.write("numbers", &numbers);
                disk.sync("numbers");
            }
            Flaw::None | Flaw::SaysTooEarly => {
                disk.write("new", &numbers);
                disk.sync("new");
                disk.rename("new", "numbers");
                if self.flaw == Flaw::SaysTooEarly {
                    ctx.notify(Says::Kept(number));
                }
                ctx.disk().sync("numbers");
            }
        }
        if self.flaw != Flaw::SaysTooEarly {
            ctx.notify(Says::Kept(number));
        }
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], _: &mut Context<Self>) {}
}

/// After every restart everything is found that was said to be kept, and nothing that was never asked for.
fn nothing_is_forgotten(said: &[Says]) -> Result<(), String> {
    let mut kept = vec![];
    for says in said {
        match says {
            Says::Kept(number) => kept.push(*number),
            Says::Found(found) => {
                if let Some(number) = kept.iter().find(|number| !found.contains(number)) {
                    return Err(format!("{number} was kept, but only {found:?} was found"));
                }
            }
        }
    }
    Ok(())
}

fn search(bench: &Bench<'_>, flaw: Flaw) -> Result<Explored, Failure> {
    let limits = Limits { crashes: 2, ..Limits::default() };
    let (mut search, [k]) = Search::new(bench, limits, ["keeper"]);
    let keeper = search.start(k, &KEEPER, &flaw)?;
    search.may_crash(k);
    for number in [1, 2] {
        search.command(keeper, &Keep(number));
    }
    search.always(move |seen| nothing_is_forgotten(&seen.notices(keeper)));
    search.run()
}

fn program() -> LocalProgram {
    LocalProgram::new().role(&KEEPER, |flaw| Keeper { flaw, numbers: vec![] })
}

fn failing(flaw: Flaw) -> (Failure, Vec<String>) {
    let program = program();
    let bench = Bench::new(&program, 1);
    let failure = search(&bench, flaw).unwrap_err();
    let again = search(&Bench::new(&program, 1).with_recipe(&bench.recipe()), flaw).unwrap_err();
    let rows = |failure: &Failure| -> Vec<String> {
        failure.story.as_ref().unwrap().rows.iter().map(|row| row.text.clone()).collect()
    };
    assert_eq!((&again.reason, rows(&again)), (&failure.reason, rows(&failure)), "it replays by name");
    let rows = rows(&failure);
    (failure, rows)
}

#[test]
fn a_keeper_that_syncs_before_it_speaks_survives_every_crash() {
    let explored = search(&Bench::new(&program(), 1), Flaw::None).unwrap();
    assert!(explored.exhausted && explored.goals > 0 && explored.states > 50, "{explored:?}");
}

#[test]
fn a_keeper_that_never_syncs_forgets() {
    let (failure, rows) = failing(Flaw::NeverSyncs);
    assert_eq!(failure.reason, "1 was kept, but only [] was found.");
    let expected = [
        "is asked to keep 1: writes 01 to numbers, says Kept(1)",
        "crashes",
        "comes up again: says Found([])",
    ];
    assert_eq!(rows[rows.len() - 3..], expected);
}

#[test]
fn a_crash_strikes_between_saying_and_syncing() {
    let (failure, rows) = failing(Flaw::SaysTooEarly);
    assert_eq!(failure.reason, "1 was kept, but only [] was found.");
    assert!(rows.iter().any(|row| row.ends_with("says Kept(1)")), "{rows:?}");
}

#[test]
fn a_crash_strikes_between_truncating_and_syncing() {
    let (failure, rows) = failing(Flaw::InPlace);
    assert!(failure.reason.starts_with("1 was kept, but only"), "{failure:?}");
    assert!(rows.iter().any(|row| row == "crashes"), "{rows:?}");
}

#[test]
fn a_host_that_comes_up_again_is_asked_again_and_what_it_tells_is_told_apart() {
    let program = program();
    let bench = Bench::new(&program, 1);
    let limits = Limits { crashes: 1, ..Limits::default() };
    let (mut search, [k]) = Search::new(&bench, limits, ["keeper"]);
    let keeper = search.start(k, &KEEPER, &Flaw::None).unwrap();
    search.may_crash(k);
    search.at_restart(keeper, &Keep(7));
    search.always(move |seen| {
        let found = Says::Found(vec![]);
        let right = match seen.notices_since_crash(keeper) {
            None => seen.notices(keeper) == [found],
            Some(since) => since.is_empty() || since == [found, Says::Kept(7)],
        };
        if right { Ok(()) } else { Err(format!("{:?}", seen.notices(keeper))) }
    });
    search.goal(move |seen| {
        seen.notices_since_crash(keeper).is_none_or(|since| since.contains(&Says::Kept(7)))
    });
    let explored = search.run().unwrap();
    assert!(explored.exhausted && explored.states == 3, "{explored:?}");
}
