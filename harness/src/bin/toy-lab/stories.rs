//! Two stories for pictures: one that a search found, and one of a simulation in which everything happens that can.

use crate::courier::{self, COURIER, Carry, Config, DOOR, Done, Flaw};
use faultline::disk::Unsynced;
use faultline::program::LocalProgram;
use faultline::scenario::{Bench, Failure};
use faultline::search::{Limits, Search};
use faultline::simulation::{Change, Corruption, Fault, Link, Rule, Simulation, Which};
use faultline::{Context, Host, Machine, Never, Story, ms, text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A door that takes copies, caught by a search.
pub(crate) fn caught() -> Failure {
    let program = courier::program();
    let bench = Bench::new(&program, 1).with_states();
    let run = || {
        let limits = Limits { losses: 1, duplicates: 1, timers: 1, in_flight: 4, ..Limits::default() };
        let (mut search, [c, d]) = Search::new(&bench, limits, ["courier", "door"]);
        let config = |peer| Config { peer, flaw: Flaw::TakesCopies };
        let courier = search.start(c, &COURIER, &config(d))?;
        let door = search.start(d, &DOOR, &config(c))?;
        search.command(courier, &Carry(1));
        search.always(move |seen| {
            let taken = seen.notices(door).len();
            if taken > 1 { Err(format!("the parcel was taken {taken} times")) } else { Ok(()) }
        });
        search.goal(move |seen| seen.notices(courier) == [Done(1)]);
        search.run()
    };
    run().expect_err("the search finds the flaw")
}

/// Sends a numbered report to the archive every 10 ms and hears what the archive has kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Reporter {
    archive: Host,
    next: u32,
    confirmed: Vec<u32>,
}

/// The reporter's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Due;

/// The reporter is to begin.
#[derive(Serialize, Deserialize)]
pub(crate) struct Begin;

impl fmt::Display for Begin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("begin with its reports on everything that there is to report")
    }
}

impl Machine for Reporter {
    type Command = Begin;
    type Notice = Never;
    type Timer = Due;

    fn on_command(&mut self, _: Begin, ctx: &mut Context<Self>) {
        ctx.set_timer(Due, ms(10));
    }

    fn on_datagram(&mut self, _: Host, datagram: &[u8], _: &mut Context<Self>) {
        if let Some(number) = std::str::from_utf8(datagram).ok().and_then(|it| it.strip_prefix("kept ")) {
            self.confirmed.extend(number.parse::<u32>());
        }
    }

    fn on_timer(&mut self, _: Due, ctx: &mut Context<Self>) {
        self.next += 1;
        ctx.send(self.archive, format!("report {}", self.next).into_bytes());
        ctx.set_timer(Due, ms(10));
    }
}

/// Keeps reports on its disk and confirms them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Archive {
    kept: Vec<String>,
    refused: u32,
}

/// The archive has kept a report.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept(String);

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has kept {}", self.0)
    }
}

impl Machine for Archive {
    type Command = Never;
    type Notice = Kept;
    type Timer = Never;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        let log = ctx.disk().read("log").map(<[u8]>::to_vec).unwrap_or_default();
        self.kept = String::from_utf8_lossy(&log).lines().map(String::from).collect();
    }

    fn on_datagram(&mut self, from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        let report = String::from_utf8_lossy(datagram).into_owned();
        let Some(number) = report.strip_prefix("report ") else {
            self.refused += 1;
            return;
        };
        ctx.disk().append("log", format!("{number}\n").as_bytes());
        ctx.disk().sync("log");
        ctx.notify(Kept(report.clone()));
        ctx.send(from, format!("kept {number}").into_bytes());
        self.kept.push(number.into());
    }
}

/// Loss, a copy, a late, a changed and an injected datagram, a cut, a pause, a crash and a restart.
pub(crate) fn stormy() -> Story {
    let program = LocalProgram::new();
    let bench = Bench::new(&program, 7).with_states();
    let (mut world, [r, a, w]) = Simulation::new(&bench, ["reporter", "archive", "watcher"]);
    world.links(Link { latency_min: ms(4), latency_max: ms(4), ..Link::default() });
    let show = |datagram: &[u8]| text::bytes(datagram, 24);
    let mut run = || {
        let reporter = world.start_given(r, Reporter { archive: a, next: 0, confirmed: vec![] }, show)?;
        world.start_given(a, Archive::default(), show)?;
        world.start_given(w, Archive::default(), show)?;
        let faults = [
            (2, Fault::Lose),
            (3, Fault::Duplicate(ms(3))),
            (4, Fault::Delay(ms(12))),
            (6, Fault::Corrupt(Corruption::Truncate(3))),
            (11, Fault::Duplicate(ms(2))),
        ];
        faults.into_iter().for_each(|(nth, fault)| world.rule(Rule::new(r, a, Which::Nth(nth), fault)));
        world.schedule(ms(72), Change::Crash(a, Unsynced::Lost));
        world.schedule(ms(88), Change::Restart(a));
        world.schedule(ms(92), Change::Pause(a));
        world.schedule(ms(106), Change::Resume(a));
        world.schedule(ms(112), Change::Cut(a, r));
        world.schedule(ms(118), Change::Heal(a, r));
        world.schedule(ms(119), Change::Inject(a, w, b"report 99".to_vec()));
        world.command(reporter, &Begin)?;
        world.run_for(ms(121))
    };
    run().expect("nothing fails here");
    world.story()
}
