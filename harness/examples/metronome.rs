//! A metronome that is wound up, and a lamp that flashes with it: the smallest pair of machines that uses everything that
//! a machine has. The book's chapter on machines walks through it. `cargo run -p faultline --example metronome`

use faultline::program::LocalProgram;
use faultline::report::full_story;
use faultline::scenario::{Bench, Failure};
use faultline::simulation::{Counts, Link, Simulation};
use faultline::{Context, Host, Machine, Never, Story, ms, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

// ANCHOR: words
/// The application winds the metronome up for this many beats.
#[derive(Serialize, Deserialize)]
struct Wind(u32);

/// The metronome tells its application that it has run down.
#[derive(Serialize, Deserialize)]
struct RunDown;

/// The lamp tells its application that it has flashed, and how many times by now.
#[derive(Serialize, Deserialize)]
struct Flash(u32);
// ANCHOR_END: words

// ANCHOR: metronome
/// Sends a beat to the lamp each period, for as long as it is wound up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Metronome {
    lamp: Host,
    period: Duration,
    beats_left: u32,
}

/// The metronome's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Timer {
    /// The next beat is due.
    Beat,
}

impl Machine for Metronome {
    type Command = Wind;
    type Notice = RunDown;
    type Timer = Timer;

    fn on_command(&mut self, Wind(beats): Wind, ctx: &mut Context<Self>) {
        let was_still = self.beats_left == 0;
        self.beats_left += beats;
        if was_still && beats > 0 {
            ctx.set_timer(Timer::Beat, self.period);
        }
    }

    fn on_timer(&mut self, Timer::Beat: Timer, ctx: &mut Context<Self>) {
        self.beats_left -= 1;
        ctx.send(self.lamp, b"beat".to_vec());
        if self.beats_left > 0 {
            ctx.set_timer(Timer::Beat, self.period);
        } else {
            ctx.notify(RunDown);
        }
    }

    fn on_datagram(&mut self, _from: Host, _datagram: &[u8], _ctx: &mut Context<Self>) {
        // Nobody has anything to tell a metronome.
    }
}
// ANCHOR_END: metronome

// ANCHOR: lamp
/// Flashes at each beat that arrives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Lamp {
    flashes: u32,
}

impl Machine for Lamp {
    type Command = Never;
    type Notice = Flash;
    type Timer = Never;

    fn on_datagram(&mut self, _from: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        if datagram == b"beat" {
            self.flashes += 1;
            ctx.notify(Flash(self.flashes));
        }
    }
}
// ANCHOR_END: lamp

impl fmt::Display for Wind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wind up for {} beats", self.0)
    }
}

impl fmt::Display for RunDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("has run down")
    }
}

impl fmt::Display for Flash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flashes ({})", self.0)
    }
}

// ANCHOR: world
/// Both machines over links like `link` for two virtual seconds; every random choice comes from `seed`. What the network
/// did to the beats, and the story.
fn run(seed: u64, link: Link) -> Result<(Counts, Story), Failure> {
    // A bench holds the student's program, which has no part in this: both machines are given.
    let program = LocalProgram::new();
    let bench = Bench::new(&program, seed);
    let (mut world, [m, l]) = Simulation::new(&bench, ["metronome", "lamp"]);
    world.links(link);
    let describe = |datagram: &[u8]| text::bytes(datagram, 24);
    let metronome = Metronome { lamp: l, period: ms(500), beats_left: 0 };
    let metronome = world.start_given(m, metronome, describe)?;
    world.start_given(l, Lamp { flashes: 0 }, describe)?;
    world.command(metronome, &Wind(3))?;
    world.run_for(ms(2_000))?;
    Ok((world.counts(m, l), world.story()))
}
// ANCHOR_END: world

fn main() {
    let faulty = Link { loss: 0.3, duplicate: 0.3, ..Link::default() };
    let has_both = |counts: &Counts| counts.lost == 1 && counts.duplicated == 1;
    let good = run(1, Link::default());
    // The first seed under which one of the three beats is lost and another arrives twice.
    let bad = (1..1_000)
        .map(|seed| run(seed, faulty))
        .find(|ended| ended.as_ref().is_ok_and(|(counts, _)| has_both(counts)));
    for ended in std::iter::once(good).chain(bad) {
        match ended {
            Ok((_, story)) => println!("{}", full_story(&story)),
            Err(failure) => println!("{}", failure.reason),
        }
    }
}
