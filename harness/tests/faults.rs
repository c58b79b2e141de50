//! Every fault of the simulation, observed from outside: a beacon sends a number every 10 ms, a lamp tells what it hears and
//! notes it on its disk.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

use faultline::disk::Unsynced;
use faultline::program::LocalProgram;
use faultline::scenario::{Bench, Failure};
use faultline::simulation::{
    Change, Corruption, Ended, Fault, Handle, HostOptions, Link, Rule, Simulation, Which,
};
use faultline::{Context, Host, Machine, Never, Time, ms, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Sends 0, 1, 2, ... to its peer, one every `period`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Beacon {
    lamp: Host,
    next: u8,
    period: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Tick;

impl Machine for Beacon {
    type Command = Never;
    type Notice = Never;
    type Timer = Tick;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        ctx.set_timer(Tick, self.period);
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], _: &mut Context<Self>) {}

    fn on_timer(&mut self, _: Tick, ctx: &mut Context<Self>) {
        ctx.send(self.lamp, vec![self.next; 10]);
        self.next += 1;
        self.on_start(ctx);
    }
}

/// Tells what it hears, with the time on its clock, and keeps a log on its disk; syncs every second entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Lamp {
    heard: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Heard {
    Start(Vec<u8>),
    Datagram { at_ms: u64, bytes: Vec<u8> },
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tells {self:?}")
    }
}

impl Machine for Lamp {
    type Command = Never;
    type Notice = Heard;
    type Timer = Never;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        let log = ctx.disk().read("log").map(<[u8]>::to_vec);
        ctx.notify(Heard::Start(log.unwrap_or_default()));
    }

    fn on_datagram(&mut self, _: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        self.heard += 1;
        let at_ms = ctx.now().as_nanos() / 1_000_000;
        ctx.notify(Heard::Datagram { at_ms, bytes: datagram.to_vec() });
        ctx.disk().append("log", &datagram[..1]);
        if self.heard.is_multiple_of(2) {
            ctx.disk().sync("log");
        }
    }
}

struct Stage<'a> {
    world: Simulation<'a>,
    beacon: Host,
    lamp: Handle<Never, Heard>,
}

/// Runs the beacon and the lamp for 100 ms after `set_up`: nine datagrams are sent, at 10, 20, ... 90 ms.
fn watch(set_up: impl Fn(&mut Stage<'_>)) -> (Vec<Heard>, Vec<String>) {
    let program = LocalProgram::new();
    let bench = Bench::new(&program, 1);
    let (mut world, [b, l]) = Simulation::new(&bench, ["beacon", "lamp"]);
    let describe = |datagram: &[u8]| text::bytes(datagram, 24);
    world.start_given(b, Beacon { lamp: l, next: 0, period: ms(10) }, describe).unwrap();
    let lamp = world.start_given(l, Lamp::default(), describe).unwrap();
    let mut stage = Stage { world, beacon: b, lamp };
    set_up(&mut stage);
    stage.world.run_for(ms(95)).unwrap();
    stage.world.require_faults().unwrap();
    let rows = stage.world.story().rows.iter().map(|row| format!("{} {}", row.host, row.text)).collect();
    (stage.world.notices(lamp).unwrap(), rows)
}

/// The numbers that were heard, with the moment on the lamp's clock.
fn heard(told: &[Heard]) -> Vec<(u64, u8)> {
    let number = |it: &Heard| match it {
        Heard::Datagram { at_ms, bytes } => Some((*at_ms, bytes.first().copied().unwrap_or(255))),
        Heard::Start(_) => None,
    };
    told.iter().filter_map(number).collect()
}

fn all_but(missing: &[u8]) -> Vec<(u64, u8)> {
    (0..9)
        .filter(|number| !missing.contains(number))
        .map(|number| (u64::from(number) * 10 + 11, number))
        .collect()
}

impl Stage<'_> {
    fn rule(&mut self, which: Which, fault: Fault) {
        self.world.rule(Rule::new(self.beacon, self.lamp.host, which, fault));
    }

    fn at(&mut self, moment_ms: u64, change: Change) {
        self.world.schedule(ms(moment_ms), change);
    }
}

#[test]
fn without_faults_everything_is_heard_in_order() {
    let (told, _) = watch(|_| {});
    assert_eq!(heard(&told), all_but(&[]));
}

#[test]
fn a_rule_loses_the_nth_the_first_or_all() {
    let lose = |which| heard(&watch(|stage| stage.rule(which, Fault::Lose)).0);
    assert_eq!(lose(Which::Nth(3)), all_but(&[2]));
    assert_eq!(lose(Which::First(2)), all_but(&[0, 1]));
    assert_eq!(lose(Which::Every), []);
}

#[test]
fn a_rule_copies_delays_and_changes() {
    let (told, _) = watch(|stage| stage.rule(Which::Nth(1), Fault::Duplicate(ms(25))));
    assert_eq!(
        heard(&told).iter().filter(|(_, number)| *number == 0).collect::<Vec<_>>(),
        [&(11, 0), &(36, 0)]
    );
    let (told, _) = watch(|stage| stage.rule(Which::Nth(1), Fault::Delay(ms(25))));
    assert_eq!(heard(&told)[..3], [(21, 1), (31, 2), (36, 0)]);
    let (told, _) = watch(|stage| stage.rule(Which::Nth(1), Fault::Corrupt(Corruption::FlipBit(0))));
    assert_eq!(heard(&told)[0], (11, 0x80));
}

#[test]
fn a_rule_that_never_strikes_is_the_scenarios_mistake() {
    let program = LocalProgram::new();
    let bench = Bench::new(&program, 1);
    let (mut world, [a, b]) = Simulation::new(&bench, ["a", "b"]);
    world.rule(Rule::new(a, b, Which::Every, Fault::Lose));
    assert_eq!(
        world.require_faults().unwrap_err(),
        Failure::of_the_kit("The scenario's fault rule 1 never struck.")
    );
}

#[test]
fn a_cut_works_one_way_and_heals() {
    let (told, rows) = watch(|stage| {
        let (b, l) = (stage.beacon, stage.lamp.host);
        stage.at(15, Change::Cut(b, l));
        stage.at(16, Change::Cut(l, b));
        stage.at(45, Change::Heal(b, l));
    });
    assert_eq!(heard(&told), all_but(&[1, 2, 3]));
    assert!(rows.iter().any(|row| row.contains("loses") && row.contains("the link is cut")), "{rows:?}");
}

#[test]
fn an_injected_datagram_arrives_though_nobody_sent_it() {
    let (told, _) = watch(|stage| stage.at(5, Change::Inject(stage.beacon, stage.lamp.host, vec![77])));
    assert_eq!(heard(&told)[0], (5, 77));
}

#[test]
fn a_link_can_change_in_the_middle() {
    let (told, _) = watch(|stage| {
        let small = Link { mtu: 9, ..Link::default() };
        stage.at(25, Change::Link(stage.beacon, stage.lamp.host, small));
    });
    assert_eq!(heard(&told), all_but(&[2, 3, 4, 5, 6, 7, 8]));
}

#[test]
fn a_slow_link_delays_and_its_queue_overflows() {
    // 10 bytes at 500 bytes a second take 20 ms, twice what the beacon leaves.
    let slow = Link { bytes_per_second: Some(500), queue: 1, ..Link::default() };
    let (told, rows) = watch(|stage| stage.world.link(stage.beacon, stage.lamp.host, slow));
    assert_eq!(heard(&told)[..3], [(31, 0), (51, 1), (71, 2)]);
    assert!(rows.iter().any(|row| row.contains("the queue is full")), "{rows:?}");
}

#[test]
fn a_paused_host_hears_everything_later_as_far_as_its_socket_holds_it() {
    let pause = |socket_buffer| {
        watch(move |stage| {
            let host = stage.lamp.host;
            stage.world.host(host, HostOptions { socket_buffer, ..HostOptions::default() });
            stage.at(15, Change::Pause(host));
            stage.at(65, Change::Resume(host));
        })
    };
    assert_eq!(heard(&pause(100).0)[..6], [(11, 0), (65, 1), (65, 2), (65, 3), (65, 4), (65, 5)]);
    let (told, rows) = pause(2);
    assert_eq!(heard(&told)[..4], [(11, 0), (65, 1), (65, 2), (71, 6)]);
    assert!(rows.iter().any(|row| row.contains("the socket's buffer is full")), "{rows:?}");
}

#[test]
fn a_paused_host_has_its_timers_run_out_late() {
    let (told, _) = watch(|stage| {
        stage.at(15, Change::Pause(stage.beacon));
        stage.at(55, Change::Resume(stage.beacon));
    });
    assert_eq!(heard(&told), [(11, 0), (56, 1), (66, 2), (76, 3), (86, 4)]);
}

/// Stops its timer when it hears something, and sets it when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Stopper {
    again: bool,
}

impl Machine for Stopper {
    type Command = Never;
    type Notice = Never;
    type Timer = Tick;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        ctx.set_timer(Tick, ms(30));
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], ctx: &mut Context<Self>) {
        if self.again { ctx.set_timer(Tick, ms(30)) } else { ctx.cancel_timer(Tick) }
    }

    fn on_timer(&mut self, _: Tick, _: &mut Context<Self>) {}
}

#[test]
fn a_timer_that_ran_out_in_a_pause_can_still_be_stopped_or_moved() {
    for (again, fired) in [(false, vec![]), (true, vec![Time::ZERO + ms(80)])] {
        let program = LocalProgram::new();
        let bench = Bench::new(&program, 1);
        let (mut world, [b, s]) = Simulation::new(&bench, ["beacon", "stopper"]);
        let describe = |datagram: &[u8]| text::bytes(datagram, 24);
        world.start_given(b, Beacon { lamp: s, next: 0, period: ms(20) }, describe).unwrap();
        world.start_given(s, Stopper { again }, describe).unwrap();
        world.schedule(ms(15), Change::Pause(s));
        world.schedule(ms(35), Change::Crash(b, Unsynced::Lost));
        world.schedule(ms(50), Change::Resume(s));
        world.run_for(ms(200)).unwrap();
        let story = world.story();
        let late = story.rows.iter().filter(|row| row.host == "stopper" && row.text.contains("timer"));
        assert_eq!(late.map(|row| row.at).collect::<Vec<_>>(), fired);
    }
}

/// Puts its deadline off a hundred times a millisecond, and stops it in the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Deferrer {
    left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Due {
    Soon,
    Late,
}

impl Machine for Deferrer {
    type Command = Never;
    type Notice = Never;
    type Timer = Due;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        self.on_timer(Due::Soon, ctx);
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], _: &mut Context<Self>) {}

    fn on_timer(&mut self, _: Due, ctx: &mut Context<Self>) {
        (0..100).for_each(|_| ctx.set_timer(Due::Late, Duration::from_secs(1_000)));
        if self.left == 0 {
            return ctx.cancel_timer(Due::Late);
        }
        self.left -= 1;
        ctx.set_timer(Due::Soon, ms(1));
    }
}

#[test]
fn a_timer_that_was_moved_or_stopped_leaves_nothing_behind() {
    let program = LocalProgram::new();
    let bench = Bench::new(&program, 1);
    let (mut world, [d]) = Simulation::new(&bench, ["deferrer"]);
    world.start_given(d, Deferrer { left: 2_000 }, |_| String::new()).unwrap();
    // 200,000 timers were set, of which one at a time is left, and none in the end.
    assert_eq!(world.run_until(Duration::from_secs(2_000), |_| Ok(false)), Ok(Ended::Quiet));
    assert_eq!(world.now(), Time::ZERO + Duration::from_secs(2));
}

#[test]
fn a_slow_host_works_off_one_after_the_other() {
    let work = HostOptions { work: ms(25), ..HostOptions::default() };
    let (told, _) = watch(|stage| stage.world.host(stage.lamp.host, work));
    assert_eq!(heard(&told)[..3], [(11, 0), (36, 1), (61, 2)]);
}

#[test]
fn a_clock_can_run_fast_or_slow() {
    let (told, _) = watch(|stage| {
        stage.world.host(stage.lamp.host, HostOptions { clock_ppm: 1_000_000, ..HostOptions::default() });
    });
    assert_eq!(heard(&told)[..2], [(22, 0), (42, 1)]);
    let (told, _) = watch(|stage| {
        stage.world.host(stage.beacon, HostOptions { clock_ppm: -500_000, ..HostOptions::default() });
    });
    assert_eq!(heard(&told)[..2], [(11, 0), (31, 1)], "the first timer was set before the clock slowed down");
}

#[test]
fn a_crashed_host_hears_nothing_and_a_restart_finds_what_was_synced() {
    let crash = |unsynced| {
        watch(move |stage| {
            stage.at(35, Change::Crash(stage.lamp.host, unsynced));
            stage.at(55, Change::Restart(stage.lamp.host));
        })
    };
    let (told, rows) = crash(Unsynced::Lost);
    assert_eq!(heard(&told), all_but(&[3, 4]));
    assert!(told.contains(&Heard::Start(vec![0, 1])), "{told:?}");
    assert!(
        rows.iter().any(|row| row == "lamp crashes")
            && rows.iter().any(|row| row.contains("the host is down"))
    );
    assert!(crash(Unsynced::Kept).0.contains(&Heard::Start(vec![0, 1, 2])));
}

#[test]
fn a_restart_without_disk_finds_nothing() {
    let (told, _) = watch(|stage| stage.at(35, Change::RestartWithoutDisk(stage.lamp.host)));
    assert_eq!(told.iter().filter(|it| **it == Heard::Start(vec![])).count(), 2);
    assert_eq!(heard(&told), all_but(&[]));
}

#[test]
fn a_crash_can_strike_at_any_disk_operation() {
    // The lamp's operations: append, append, sync, append, append, sync, ...
    let log_after = |op| {
        let (told, _) = watch(move |stage| {
            stage.at(1, Change::CrashAtDiskOp(stage.lamp.host, op, Unsynced::Lost));
            stage.at(93, Change::Restart(stage.lamp.host));
        });
        told.into_iter()
            .rev()
            .find_map(|it| if let Heard::Start(log) = it { Some(log) } else { None })
            .unwrap()
    };
    assert_eq!(log_after(3), [] as [u8; 0], "the sync itself was interrupted");
    assert_eq!(log_after(4), [0, 1]);
}

#[test]
fn healing_ends_chance_faults_and_cuts_but_not_what_links_can_carry() {
    let (told, _) = watch(|stage| {
        let (b, l) = (stage.beacon, stage.lamp.host);
        stage.world.link(
            b,
            l,
            Link { loss: 1.0, cut: true, latency_min: ms(3), latency_max: ms(3), ..Link::default() },
        );
        stage.world.heal();
    });
    assert_eq!(heard(&told)[0], (13, 0));
}

#[test]
fn once_the_faults_stop_nothing_harms_and_everyone_is_up() {
    let (told, rows) = watch(|stage| {
        let (b, l) = (stage.beacon, stage.lamp.host);
        stage.world.link(b, l, Link { loss: 1.0, cut: true, ..Link::default() });
        stage.world.rule(Rule::new(b, l, Which::Every, Fault::Lose));
        for change in [
            Change::Cut(b, l),
            Change::Link(b, l, Link { loss: 1.0, ..Link::default() }),
            Change::Crash(l, Unsynced::Lost),
            Change::Pause(l),
        ] {
            stage.at(45, change);
        }
        stage.world.change(&Change::Pause(b)).unwrap();
        stage.world.change(&Change::Crash(l, Unsynced::Lost)).unwrap();
        // A rule that has struck, so that the kit does not complain of it.
        stage.world.change(&Change::Resume(b)).unwrap();
        stage.world.link(b, l, Link::default());
        stage.world.run_for(ms(15)).unwrap();
        stage.world.change(&Change::CrashAtDiskOp(l, 1, Unsynced::Lost)).unwrap();
        stage.world.change(&Change::Pause(b)).unwrap();
        stage.world.stop_faults().unwrap();
    });
    // The first was lost by the rule; the lamp came up at 15 ms, and all others were heard.
    let numbers: Vec<u8> = heard(&told).into_iter().map(|(_, number)| number).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<u8>>(), "{rows:#?}");
}

/// Whether the lamp hears number 3 within `span` of the moment when the faults stop.
fn recovers(span: Duration, beacon_is_there: bool) -> Result<(), Failure> {
    let program = LocalProgram::new();
    let bench = Bench::new(&program, 1);
    let (mut world, [b, l]) = Simulation::new(&bench, ["beacon", "lamp"]);
    let describe = |datagram: &[u8]| text::bytes(datagram, 24);
    if beacon_is_there {
        world.start_given(b, Beacon { lamp: l, next: 0, period: ms(10) }, describe)?;
    }
    let lamp = world.start_given(l, Lamp::default(), describe)?;
    world.links(Link { loss: 1.0, ..Link::default() });
    world.run_for(ms(15))?;
    let third =
        |world: &Simulation<'_>| Ok(heard(&world.notices(lamp)?).iter().any(|(_, number)| *number == 3));
    world.recovers_within(span, "the lamp has not heard number 3", third)
}

#[test]
fn work_must_be_done_once_the_faults_have_stopped() {
    assert!(recovers(ms(30), true).is_ok());
    let late = recovers(ms(20), true).unwrap_err().reason;
    assert_eq!(
        late,
        "All faults stopped at 15 ms, and 20 ms of virtual time were given from there, but the lamp has not heard \
         number 3."
    );
    let idle = recovers(ms(30), false).unwrap_err().reason;
    assert!(idle.contains("no datagram is on the way and no timer is set"), "{idle}");
}
