//! The faults of a search, observed from outside: an asker asks an oracle about a number, and the answer is that number
//! doubled. Each flaw is found by the move that it cannot stand; the right program stands them all.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

use faultline::program::{LocalProgram, Role};
use faultline::recipe::{Damage, NamedMove, Recipe};
use faultline::scenario::{Bench, Failure};
use faultline::search::{Explored, Limits, Search};
use faultline::{Context, Host, Machine, Never, ms, text};
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Flaw {
    None,
    /// It takes a datagram for whole that is not.
    Unchecked,
    /// It takes the answer to another question for its own.
    AnyAnswer,
    /// It asks only once.
    AsksOnce,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Config {
    peer: Host,
    flaw: Flaw,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Ask(u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answer(u8);

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ask about {}", self.0)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is answered {}", self.0)
    }
}

const ASKER: Role<Config, Ask, Answer> = Role::new("asker", |bytes| text::bytes(bytes, 8));
const ORACLE: Role<Config, Never, Never> = Role::new("oracle", |bytes| text::bytes(bytes, 8));

/// The two bytes and what shows that they are whole.
fn sealed(number: u8, value: u8) -> Vec<u8> {
    vec![number, value, number ^ value ^ 0x5A]
}

fn open(datagram: &[u8], flaw: Flaw) -> Option<(u8, u8)> {
    match *datagram {
        [number, value, ..] if flaw == Flaw::Unchecked => Some((number, value)),
        [number, value, _] if *datagram == *sealed(number, value) => Some((number, value)),
        _ => None,
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asker {
    config: Config,
    asked: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Again;

impl Machine for Asker {
    type Command = Ask;
    type Notice = Answer;
    type Timer = Again;

    fn on_command(&mut self, Ask(number): Ask, ctx: &mut Context<Self>) {
        self.asked = Some(number);
        self.on_timer(Again, ctx);
    }

    fn on_datagram(&mut self, _: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        let Config { flaw, .. } = self.config;
        let Some((number, value)) = open(datagram, flaw) else { return };
        if self.asked == Some(number) || (self.asked.is_some() && flaw == Flaw::AnyAnswer) {
            self.asked = None;
            ctx.cancel_timer(Again);
            ctx.notify(Answer(value));
        }
    }

    fn on_timer(&mut self, _: Again, ctx: &mut Context<Self>) {
        let Some(number) = self.asked else { return };
        ctx.send(self.config.peer, sealed(number, 0));
        if self.config.flaw != Flaw::AsksOnce {
            ctx.set_timer(Again, ms(100));
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Oracle(Config);

impl Machine for Oracle {
    type Command = Never;
    type Notice = Never;
    type Timer = Never;

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        if let Some((number, _)) = open(datagram, self.0.flaw) {
            ctx.send(from, sealed(number, number.wrapping_mul(2)));
        }
    }
}

fn program() -> LocalProgram {
    LocalProgram::new().role(&ASKER, |config| Asker { config, asked: None }).role(&ORACLE, Oracle)
}

const QUESTION: u8 = 7;

type SetUp = fn(&mut Search<'_>, [Host; 2]);

fn search(bench: &Bench<'_>, flaw: Flaw, limits: Limits, set_up: SetUp) -> Result<Explored, Failure> {
    let (mut search, [a, o]) = Search::new(bench, Limits { timers: 2, ..limits }, ["asker", "oracle"]);
    let asker = search.start(a, &ASKER, &Config { peer: o, flaw })?;
    search.start(o, &ORACLE, &Config { peer: a, flaw })?;
    search.command(asker, &Ask(QUESTION));
    search.always(move |seen| match seen.notices(asker)[..] {
        [] | [Answer(14)] => Ok(()),
        ref others => Err(format!("the answer was {others:?}")),
    });
    search.goal(move |seen| !seen.notices(asker).is_empty());
    search.recovers_with(1);
    set_up(&mut search, [a, o]);
    search.run()
}

/// The reason, the story and the moves of a failure; it must come out the same when it is made again from its recipe, read
/// from text.
fn failing(flaw: Flaw, limits: Limits, set_up: SetUp) -> (String, Vec<String>, Vec<NamedMove>) {
    let program = program();
    let told = |failure: Failure| {
        let story = failure.story.unwrap();
        let rows: Vec<_> = story.rows.iter().map(|row| format!("{}: {}", row.host, row.text)).collect();
        (failure.reason, story.title, rows)
    };
    let bench = Bench::new(&program, 1);
    let (reason, title, rows) = told(search(&bench, flaw, limits, set_up).unwrap_err());
    assert!(title.starts_with("search, 1 fault,"), "{title}");
    let text = serde_json::to_string(&bench.recipe()).unwrap();
    let recipe: Recipe = serde_json::from_str(&text).unwrap();
    let again = Bench::new(&program, 1).with_recipe(&recipe);
    let again = told(search(&again, flaw, limits, set_up).unwrap_err());
    assert_eq!(again, (reason.clone(), title, rows.clone()), "it replays by name");
    let right = Bench::new(&program, 1).with_recipe(&recipe);
    search(&right, Flaw::None, limits, set_up).unwrap();
    (reason, rows, recipe.moves.unwrap().moves)
}

fn passing(limits: Limits, set_up: SetUp) -> Explored {
    let explored = search(&Bench::new(&program(), 1), Flaw::None, limits, set_up).unwrap();
    assert!(explored.exhausted && explored.goals > 0, "{explored:?}");
    explored
}

const NONE: Limits = Limits {
    losses: 0,
    duplicates: 0,
    corruptions: 0,
    timers: 0,
    crashes: 0,
    in_flight: 4,
    lifetime: std::time::Duration::MAX,
    states: 50_000,
};

fn nothing(_: &mut Search<'_>, _: [Host; 2]) {}

#[test]
fn a_changed_datagram_is_found_out_by_who_checks_it_and_by_nobody_else() {
    let limits = Limits { corruptions: 1, ..NONE };
    let (reason, rows, moves) = failing(Flaw::Unchecked, limits, nothing);
    assert_eq!(reason, "The answer was [Answer(142)].");
    assert_eq!(
        rows[rows.len() - 2..],
        ["network: corrupts 070e53 to asker", "asker: receives 078e53: is answered 142"]
    );
    assert!(matches!(moves[..], [.., NamedMove::Corrupt(_, Damage::Middle)]), "{moves:?}");
    let with = passing(limits, nothing);
    let without = passing(NONE, nothing);
    assert!(with.states > without.states, "{with:?} {without:?}");
    // Two changes are more than one.
    assert!(passing(Limits { corruptions: 2, ..NONE }, nothing).states > with.states);
}

#[test]
fn a_datagram_that_nobody_sent_is_believed_only_by_who_believes_all() {
    let set_up: SetUp = |search, [a, o]| search.may_inject(o, a, &sealed(6, 12));
    let (reason, rows, moves) = failing(Flaw::AnyAnswer, NONE, set_up);
    assert_eq!(reason, "The answer was [Answer(12)].");
    assert_eq!(
        rows,
        ["asker: is asked to ask about 7: sends 07005d", "asker: receives 060c50: is answered 12"]
    );
    assert_eq!(moves, [NamedMove::Command, NamedMove::Inject(0)]);
    passing(NONE, set_up);
}

#[test]
fn an_injected_datagram_arrives_once() {
    // It is an answer that the oracle itself could have given, so it only brings the end nearer.
    let set_up: SetUp = |search, [a, o]| {
        search.may_inject(o, a, &sealed(QUESTION, 14));
        search.always(move |_| Ok(()));
    };
    let once = passing(NONE, set_up);
    assert!(once.states > passing(NONE, nothing).states && once.states < 1_000, "{once:?}");
}

#[test]
fn faults_can_be_kept_to_certain_datagrams() {
    let limits = Limits { losses: 1, ..NONE };
    let answers: SetUp = |search, [a, o]| search.faults_only(o, a, |datagram| datagram[0] == QUESTION);
    let (reason, rows, _) = failing(Flaw::AsksOnce, limits, answers);
    assert!(reason.contains("standstill"), "{reason}");
    assert_eq!(rows.last().unwrap(), "network: loses 070e53 to asker");
    let (_, rows, _) = failing(Flaw::AsksOnce, limits, nothing);
    assert_eq!(rows.last().unwrap(), "network: loses 07005d to oracle", "without it the first one is lost");
    passing(limits, answers);
    // What is not like these is spared.
    let others: SetUp = |search, [a, o]| search.faults_only(o, a, |datagram| datagram[0] != QUESTION);
    let spared = search(&Bench::new(&program(), 1), Flaw::AsksOnce, limits, others);
    assert!(spared.unwrap().exhausted);
}
