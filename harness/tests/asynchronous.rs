//! Asynchronous hosts in the simulation: the same story for the same seed, every fault as machines know it, a crash that
//! leaves no task behind, and a sentence for each way in which tasks can go wrong.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

#[path = "../src/bin/toy-lab/asker.rs"]
mod asker;

use asker::{ANSWERER, ASKER, Answered, Ask, Fault, Setting};
use faultline::asynchronous::{
    Elapsed, JoinError, MAX_COMMANDS, MAX_POLLS, NodeHandle, RECEIVE_BUFFER, Runtime, SocketOptions,
    UdpSocket,
};
use faultline::disk::Unsynced;
use faultline::program::{LocalProgram, Program, Role};
use faultline::remote::RemoteProgram;
use faultline::scenario::{Bench, Failure};
use faultline::script::{PEER, Script};
use faultline::search::{Limits, Search};
use faultline::simulation::{Change, Ended, Handle, HostOptions, Link, Simulation};
use faultline::{Host, Time, ms, text};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};

/// What is said to a program and by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Word(String);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "says {}", self.0)
    }
}

type Node = NodeHandle<Word, Word>;

const SUBJECT: Role<Host, Word, Word> = Role::new("subject", |datagram| text::bytes(datagram, 24));
const PARTNER: Role<Host, Word, Word> = Role::new("partner", |datagram| text::bytes(datagram, 24));

/// Says `what`, with the time on the host's clock.
fn say(node: &Node, what: impl fmt::Display) {
    node.notify(Word(format!("{} {what}", node.now())));
}

/// A world in which `subject` runs on the first host and `partner` on the second.
struct Stage<'a> {
    world: Simulation<'a>,
    subject: Handle<Word, Word>,
    partner: Handle<Word, Word>,
}

/// Ends at once: the partner of a subject that needs none.
async fn nobody(_: Host, _: Node) -> io::Result<()> {
    Ok(())
}

fn play<S, P>(
    subject: impl Fn(Host, Node) -> S + 'static,
    partner: impl Fn(Host, Node) -> P + 'static,
    direct: impl FnOnce(&mut Stage<'_>),
) -> Result<Vec<String>, Failure>
where
    S: Future<Output = io::Result<()>> + 'static,
    P: Future<Output = io::Result<()>> + 'static,
{
    let program = LocalProgram::new().async_role(&SUBJECT, subject).async_role(&PARTNER, partner);
    let bench = Bench::new(&program, 1);
    let (mut world, [s, p]) = Simulation::new(&bench, ["subject", "partner"]);
    let subject = world.start(s, &SUBJECT, &p)?;
    let partner = world.start(p, &PARTNER, &s)?;
    let mut stage = Stage { world, subject, partner };
    direct(&mut stage);
    stage.world.run_for(Duration::from_secs(10))?;
    Ok(stage.world.notices(subject)?.into_iter().map(|Word(text)| text).collect())
}

/// What a program says that is alone in the world.
fn alone<S>(subject: impl Fn(Node) -> S + 'static) -> Result<Vec<String>, Failure>
where
    S: Future<Output = io::Result<()>> + 'static,
{
    play(move |_, node| subject(node), nobody, |_| {})
}

fn reason(outcome: Result<Vec<String>, Failure>) -> String {
    outcome.unwrap_err().reason
}

/// Sends 0, 1, 2, ... to its peer, one every 10 ms.
async fn beacon(peer: Host, node: Node) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    let mut interval = node.interval(ms(10));
    for number in 0..9 {
        interval.tick().await;
        socket.send_to(&[number], peer).await?;
    }
    Ok(())
}

async fn receive(socket: &UdpSocket) -> u8 {
    let mut buffer = [0; 1];
    socket.recv_from(&mut buffer).await.unwrap();
    buffer[0]
}

/// Says each number that it hears.
async fn lamp(_: Host, node: Node) -> io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    loop {
        say(&node, receive(&socket).await);
    }
}

// One seed, one story.

fn ask(bench: &Bench<'_>, fault: Fault) -> Result<(Vec<Answered>, String), Failure> {
    let (mut world, [a, b]) = Simulation::new(bench, ["asker", "answerer"]);
    world.links(Link { loss: 0.3, duplicate: 0.2, latency_max: ms(30), ..Link::default() });
    let asker = world.start(a, &ASKER, &Setting { peer: b, fault })?;
    world.start(b, &ANSWERER, &Setting { peer: a, fault })?;
    for number in 1..=50 {
        world.command(asker, &Ask(number))?;
    }
    let ended = world.run_until(Duration::from_secs(100), |it| Ok(it.notice_count(asker) == 50))?;
    if ended != Ended::Reached {
        return Err(world.fail(format!("{ended:?}: not all questions were answered.")));
    }
    world.require_faults()?;
    Ok((world.notices(asker)?, format!("{:?}", world.story())))
}

fn in_process(seed: u64, fault: Fault) -> Result<(Vec<Answered>, String), Failure> {
    ask(&Bench::new(&asker::add(LocalProgram::new()), seed), fault)
}

fn toy_lab() -> RemoteProgram {
    RemoteProgram::start(Path::new(env!("CARGO_BIN_EXE_toy-lab")), BTreeMap::new()).unwrap()
}

fn behind_a_pipe(fault: Fault) -> Result<(Vec<Answered>, String), Failure> {
    ask(&Bench::new(&toy_lab() as &dyn Program, 1), fault)
}

#[test]
fn twenty_runs_of_a_seed_tell_one_story_and_each_seed_another() {
    let stories: BTreeSet<String> = (0..20).map(|_| in_process(1, Fault::None).unwrap().1).collect();
    assert_eq!(stories.len(), 1);
    let seeds: BTreeSet<String> = (1..=20).map(|seed| in_process(seed, Fault::None).unwrap().1).collect();
    assert_eq!(seeds.len(), 20);
}

#[test]
fn what_is_lost_is_asked_for_again() {
    let (answers, story) = in_process(1, Fault::None).unwrap();
    assert!(answers.iter().map(|it| it.double).eq((1..=50).map(|number| number * 2)), "{answers:?}");
    let again = answers.iter().filter(|it| it.tries > 1).count();
    assert!((15..=45).contains(&again), "{again}");
    assert!(story.contains("timer timeout 100 ms runs out: sends"), "{story}");
}

#[test]
fn a_run_behind_a_pipe_is_the_same() {
    assert_eq!(behind_a_pipe(Fault::None), in_process(1, Fault::None));
}

#[test]
fn tasks_are_polled_in_the_order_of_their_wake_ups() {
    let said = alone(|node| async move {
        let (gate, order) = (Rc::new(Notify::new()), Rc::new(RefCell::new(vec![])));
        let tasks: Vec<_> = (0..4)
            .map(|number| {
                let (gate, order, runtime) = (gate.clone(), order.clone(), node.clone());
                node.spawn(async move {
                    order.borrow_mut().push(number);
                    runtime.sleep(ms(10 - number / 2)).await;
                    order.borrow_mut().push(number);
                    gate.notified().await;
                    order.borrow_mut().push(number);
                })
            })
            .collect();
        node.sleep(ms(20)).await;
        gate.notify_waiters();
        for task in tasks {
            task.await.unwrap();
        }
        say(&node, format!("{:?}", order.borrow()));
        Ok(())
    });
    assert_eq!(said.unwrap(), ["20 ms [0, 1, 2, 3, 2, 3, 0, 1, 2, 3, 0, 1]"]);
}

#[test]
fn channels_locks_and_joins_of_tokio_work() {
    let said = alone(|node| async move {
        let (sender, mut receiver) = mpsc::channel(1);
        let total = Rc::new(Mutex::new(0));
        for number in 1..=10 {
            let (sender, total, runtime) = (sender.clone(), total.clone(), node.clone());
            node.spawn(async move {
                let mut total = total.lock().await;
                runtime.sleep(ms(1)).await;
                *total += number;
                sender.send(*total).await.unwrap();
            });
        }
        drop(sender);
        let (tell, told) = oneshot::channel();
        let all = async {
            let mut last = 0;
            while let Some(total) = receiver.recv().await {
                last = total;
            }
            tell.send(last).unwrap();
        };
        let (_, last) = tokio::join!(all, told);
        say(&node, last.unwrap());
        Ok(())
    });
    assert_eq!(said.unwrap(), ["10 ms 55"]);
}

/// Says when it is dropped.
struct Loud(Node);

impl Drop for Loud {
    fn drop(&mut self) {
        say(&self.0, "dropped");
    }
}

// Time.

#[test]
fn a_thousand_sleepers_wake_in_the_order_of_their_times() {
    let said = alone(|node| async move {
        let order = Rc::new(RefCell::new(vec![]));
        for number in 0..1_000_u64 {
            let (order, runtime) = (order.clone(), node.clone());
            node.spawn(async move {
                runtime.sleep(ms(number * 7 % 1_000)).await;
                order.borrow_mut().push(runtime.now());
            });
        }
        node.sleep(ms(1_000)).await;
        let order = order.borrow();
        say(&node, order.iter().enumerate().all(|(index, at)| *at == Time::ZERO + ms(index as u64)));
        say(&node, order.len());
        Ok(())
    });
    assert_eq!(said.unwrap(), ["1000 ms true", "1000 ms 1000"]);
}

#[test]
fn a_timeout_lets_the_future_win_or_drops_it() {
    let said = alone(|node| async move {
        let in_time = node.timeout(ms(20), node.sleep(ms(10))).await;
        say(&node, format!("{in_time:?}"));
        let at_once = node.timeout(ms(0), async { 7 }).await;
        say(&node, format!("{at_once:?}"));
        let loud = Loud(node.clone());
        let late = async {
            let _loud = loud;
            node.sleep(ms(1_000)).await;
        };
        let late = node.timeout(ms(20), late).await;
        say(&node, format!("{late:?} {}", io::Error::from(Elapsed).kind()));
        Ok(())
    });
    assert_eq!(
        said.unwrap(),
        ["10 ms Ok(())", "10 ms Ok(7)", "30 ms dropped", "30 ms Err(Elapsed) timed out"]
    );
}

#[test]
fn a_wait_that_is_dropped_leaves_no_timer() {
    let program = LocalProgram::new().async_role(&SUBJECT, |_, node: Node| async move {
        let _ = node.timeout(ms(1_000), node.sleep(ms(10))).await;
        drop(node.sleep(ms(500)));
        node.next_command().await;
        Ok(())
    });
    let bench = Bench::new(&program, 1);
    let mut script = Script::start(&bench, SUBJECT, ["subject", "peer"], &PEER).unwrap();
    script.pass(ms(10)).unwrap();
    script.expect_no_timer("every wait is over").unwrap();
    assert_eq!(script.timers_fired(), 1);
}

#[test]
fn an_interval_keeps_its_distance_and_makes_up_for_missed_ticks() {
    let said = alone(|node| async move {
        let mut interval = node.interval(ms(10));
        interval.tick().await;
        node.sleep(ms(25)).await;
        for _ in 0..4 {
            let planned = interval.tick().await;
            say(&node, planned);
        }
        node.sleep_until(Time::ZERO + ms(100)).await;
        say(&node, "later");
        Ok(())
    });
    assert_eq!(said.unwrap(), ["25 ms 10 ms", "25 ms 20 ms", "30 ms 30 ms", "40 ms 40 ms", "100 ms later"]);
}

#[test]
fn a_paused_host_sleeps_too_long_and_its_timeouts_come_late() {
    let sleeper = |_, node: Node| async move {
        let quick = node.timeout(ms(30), node.sleep(ms(20))).await;
        say(&node, format!("{quick:?}"));
        node.sleep(ms(10)).await;
        say(&node, "awake");
        Ok(())
    };
    let said = play(sleeper, nobody, |stage| {
        stage.world.schedule(ms(15), Change::Pause(stage.subject.host));
        stage.world.schedule(ms(65), Change::Resume(stage.subject.host));
    });
    // Both timers ran out in the pause. The sleep is told first, stops the timeout, and the future has won.
    assert_eq!(said.unwrap(), ["65 ms Ok(())", "75 ms awake"]);
}

#[test]
fn a_fast_clock_sleeps_shorter_and_shows_the_time_that_it_slept() {
    let sleeper = |_, node: Node| async move {
        node.next_command().await;
        let mut interval = node.interval(ms(10));
        for _ in 0..3 {
            interval.tick().await;
        }
        say(&node, "ticked");
        Ok(())
    };
    let stage = |clock_ppm| {
        let mut real = Time::ZERO;
        let said = play(sleeper, nobody, |stage| {
            let host = stage.subject.host;
            stage.world.host(host, HostOptions { clock_ppm, ..HostOptions::default() });
            stage.world.command(stage.subject, &Word("go".into())).unwrap();
            let handle = stage.subject;
            stage.world.run_until(ms(1_000), |it| Ok(it.notice_count(handle) == 1)).unwrap();
            real = stage.world.now();
        });
        (said.unwrap(), real)
    };
    assert_eq!(stage(1_000_000), (vec!["20 ms ticked".into()], Time::ZERO + ms(10)));
    assert_eq!(stage(-500_000), (vec!["20 ms ticked".into()], Time::ZERO + ms(40)));
    // Rounding never makes a timer run out again and again at one moment.
    assert!(stage(333).1 < Time::ZERO + ms(20));
}

// The socket.

#[test]
fn a_receive_that_is_cancelled_loses_nothing() {
    let impatient = |_, node: Node| async move {
        let socket = UdpSocket::bind(&node).await?;
        let mut interval = node.interval(ms(1));
        let mut ticks = 0;
        loop {
            tokio::select! {
                biased;
                _ = interval.tick() => ticks += 1,
                number = receive(&socket) => say(&node, number),
                _ = node.next_command() => break,
            }
        }
        say(&node, format!("{ticks} ticks"));
        Ok(())
    };
    let said = play(impatient, beacon, |stage| {
        stage.world.run_for(ms(95)).unwrap();
        stage.world.command(stage.subject, &Word("enough".into())).unwrap();
    });
    let mut all: Vec<String> = (0..9).map(|number| format!("{} ms {number}", number * 10 + 1)).collect();
    all.push("95 ms 96 ticks".into());
    assert_eq!(said.unwrap(), all);
}

#[test]
fn two_tasks_that_receive_take_turns() {
    let listen = |_, node: Node| async move {
        let socket = Rc::new(UdpSocket::bind(&node).await?);
        for name in ["one", "two"] {
            let (socket, node) = (socket.clone(), node.clone());
            node.clone().spawn(async move {
                loop {
                    let number = receive(&socket).await;
                    say(&node, format!("{name} {number}"));
                }
            });
        }
        node.next_command().await;
        Ok(())
    };
    let said = play(listen, beacon, |_| {}).unwrap();
    assert_eq!(said[..4], ["1 ms one 0", "11 ms two 1", "21 ms one 2", "31 ms two 3"]);
}

#[test]
fn a_full_buffer_loses_the_rest_and_a_long_datagram_is_cut() {
    let late = |_, node: Node| async move {
        let options = SocketOptions { receive_buffer: 2 };
        let socket = UdpSocket::bind_with(&node, options).await?;
        node.sleep(ms(100)).await;
        loop {
            let number = node.timeout(ms(100), receive(&socket)).await?;
            say(&node, number);
            if number == 1 {
                return Ok(());
            }
        }
    };
    let said = play(late, beacon, |stage| {
        stage.world.run_for(ms(100)).unwrap();
        let counts = stage.world.counts(stage.partner.host, stage.subject.host);
        assert_eq!((counts.delivered, counts.socket_overflowed), (9, 7));
        let story = stage.world.story();
        let told =
            |row: &faultline::Row| row.text.contains("loses 02 to subject: the socket's buffer is full");
        assert!(story.rows.iter().any(told), "{story:?}");
    });
    assert_eq!(said.unwrap(), ["100 ms 0", "100 ms 1"]);
}

#[test]
fn a_datagram_without_a_socket_is_lost_and_a_host_has_one_socket() {
    let binder = |peer, node: Node| async move {
        node.sleep(ms(25)).await;
        let socket = UdpSocket::bind(&node).await?;
        say(&node, UdpSocket::bind(&node).await.unwrap_err().kind());
        say(&node, socket.send_to(&[0; 65_508], peer).await.unwrap_err().kind());
        say(&node, socket.send_to(&[0; 65_507], peer).await?);
        say(&node, receive(&socket).await);
        drop(socket);
        UdpSocket::bind(&node).await?;
        Ok(())
    };
    let said = play(binder, beacon, |stage| {
        stage.world.run_for(ms(60)).unwrap();
        let unheard = stage.world.counts(stage.partner.host, stage.subject.host).unheard;
        assert_eq!(unheard, 5, "three before there was a socket, and two after");
    });
    assert_eq!(
        said.unwrap(),
        ["25 ms address in use", "25 ms invalid input parameter", "25 ms 65507", "31 ms 3"]
    );
    const { assert!(RECEIVE_BUFFER >= 2) }
}

// Tasks that end, and hosts that crash.

#[test]
fn an_aborted_task_is_dropped_in_its_turn() {
    let said = alone(|node| async move {
        let inner = node.clone();
        let task = node.spawn(async move {
            loop {
                inner.sleep(ms(10)).await;
                say(&inner, "still there");
            }
        });
        node.sleep(ms(15)).await;
        task.abort();
        say(&node, task.is_finished());
        say(&node, format!("{:?}", task.await == Err(JoinError)));
        let done = node.spawn(async { 5 });
        node.sleep(ms(1)).await;
        done.abort();
        say(&node, format!("{:?} {:?}", done.is_finished(), done.await));
        Ok(())
    });
    assert_eq!(said.unwrap(), ["10 ms still there", "15 ms false", "15 ms true", "16 ms true Ok(5)"]);
}

#[test]
fn a_program_that_returns_takes_its_tasks_along() {
    let brief = |_, node: Node| async move {
        let inner = node.clone();
        node.spawn(async move {
            let _socket = UdpSocket::bind(&inner).await.unwrap();
            let _loud = Loud(inner.clone());
            inner.sleep(ms(50)).await;
            say(&inner, "an orphan");
        });
        node.sleep(ms(15)).await;
        Ok(())
    };
    let said = play(brief, beacon, |stage| {
        stage.world.run_for(ms(60)).unwrap();
        let counts = stage.world.counts(stage.partner.host, stage.subject.host);
        assert_eq!((counts.delivered, counts.unheard), (6, 4), "the first two came while there was a socket");
    });
    assert_eq!(said.unwrap(), [] as [&str; 0]);
}

/// Tries to leave the host in every way when it is dropped.
struct LastWords(Node, Rc<UdpSocket>, Host);

impl Drop for LastWords {
    fn drop(&mut self) {
        let LastWords(node, socket, peer) = self;
        say(node, "last words");
        node.disk().write("testament", b"mine");
        node.disk().sync("testament");
        let mut send = pin!(socket.send_to(b"farewell", *peer));
        let Poll::Ready(sent) = send.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { return };
        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::NetworkDown);
        node.clone().spawn(async { panic!("a task after the end") });
        drop(node.sleep(ms(1)));
        panic!("a destructor that panics disturbs nobody");
    }
}

#[test]
fn a_crash_ends_every_task_and_a_restart_begins_anew() {
    let mortal = |peer, node: Node| async move {
        let disk = node.disk();
        say(&node, format!("begins with {:?}", disk.list()));
        disk.write("kept", b"x");
        disk.sync("kept");
        disk.write("lost", b"y");
        let socket = Rc::new(UdpSocket::bind(&node).await?);
        for _ in 0..2 {
            let words = LastWords(node.clone(), socket.clone(), peer);
            node.spawn(async move {
                let LastWords(node, ..) = &words;
                loop {
                    node.sleep(ms(10)).await;
                    say(node, "alive");
                }
            });
        }
        std::future::pending().await
    };
    let said = play(mortal, lamp, |stage| {
        let host = stage.subject.host;
        stage.world.schedule(ms(15), Change::Crash(host, Unsynced::Lost));
        stage.world.schedule(ms(40), Change::Restart(host));
        stage.world.schedule(ms(55), Change::Crash(host, Unsynced::Lost));
        stage.world.run_for(ms(200)).unwrap();
        assert_eq!(stage.world.counts(host, stage.partner.host).sent, 0);
        assert_eq!(stage.world.files(host).into_keys().collect::<Vec<_>>(), ["kept"]);
    });
    let life = |begin: &str, alive: &str| [begin.to_string(), alive.into(), alive.into()];
    let lives =
        [life("0 ms begins with []", "10 ms alive"), life("40 ms begins with [\"kept\"]", "50 ms alive")];
    assert_eq!(said.unwrap(), lives.concat());
}

#[test]
fn a_crash_at_a_disk_operation_swallows_what_follows() {
    let writer = |peer, node: Node| async move {
        let socket = UdpSocket::bind(&node).await?;
        for number in 0.. {
            node.sleep(ms(10)).await;
            node.disk().append("log", &[number]);
            socket.send_to(&[number], peer).await?;
        }
        Ok(())
    };
    play(writer, lamp, |stage| {
        let host = stage.subject.host;
        stage.world.change(&Change::CrashAtDiskOp(host, 3, Unsynced::Lost)).unwrap();
        stage.world.run_for(ms(200)).unwrap();
        assert_eq!((stage.world.disk_ops(host), stage.world.is_up(host)), (3, false));
        assert_eq!(stage.world.counts(host, stage.partner.host).sent, 2);
    })
    .unwrap();
}

// What can go wrong.

#[test]
fn a_handle_cannot_leave_its_thread() {
    trait Whether<Answer> {
        fn compiles() {}
    }
    impl<T> Whether<()> for T {}
    impl<T: Send> Whether<bool> for T {}
    // Were one of these types `Send`, both implementations would fit and this would not compile.
    <Runtime as Whether<_>>::compiles();
    <Node as Whether<_>>::compiles();
    <UdpSocket as Whether<_>>::compiles();
    <faultline::asynchronous::Sleep as Whether<_>>::compiles();
    <faultline::asynchronous::JoinHandle<()> as Whether<_>>::compiles();
}

#[test]
fn a_panic_in_any_task_is_told_with_its_place() {
    let failure = in_process(1, Fault::Panics).unwrap_err();
    assert!(failure.reason.starts_with("Your code panicked at "), "{failure:?}");
    assert!(
        failure.reason.contains("asker.rs:") && failure.reason.ends_with(": no more answers."),
        "{failure:?}"
    );
    // The file's path differs, since this test and the toy lab each compile it from where they are.
    let end = |reason: &str| reason.split_once("asker.rs:").map(|(_, end)| end.to_string());
    assert_eq!(end(&behind_a_pipe(Fault::Panics).unwrap_err().reason), end(&failure.reason));
}

#[test]
fn an_error_of_the_main_task_is_told() {
    let told = reason(alone(|_| async { Err(io::Error::other("no such luck")) }));
    assert_eq!(told, "The program of the subject ended with an error: no such luck.");
}

#[test]
fn a_task_that_wakes_itself_without_end_is_told_with_its_place() {
    let failure = in_process(1, Fault::WakesItself).unwrap_err();
    assert!(
        failure.reason.starts_with(&format!("One event led to more than {MAX_POLLS} polls")),
        "{failure:?}"
    );
    assert!(failure.reason.contains("asker.rs:"), "{failure:?}");
}

#[test]
fn commands_that_nobody_takes_are_told() {
    let idle = |_, _: Node| std::future::pending();
    let told = play(idle, nobody, |stage| {
        stage.world.without_trace();
        let mut ask = || stage.world.command(stage.subject, &Word(String::new()));
        assert!((0..MAX_COMMANDS).all(|_| ask().is_ok()));
        let told = ask().unwrap_err().reason;
        assert_eq!(told, "More than 65536 commands wait: the subject takes none of them.");
    });
    assert_eq!(told.unwrap(), [] as [&str; 0]);
}

#[test]
fn a_task_that_never_yields_is_told() {
    assert_eq!(behind_a_pipe(Fault::NeverYields).unwrap_err().reason, "Answerer::task did not return.");
}

#[test]
fn a_sleep_of_nothing_without_end_is_told() {
    let told = reason(alone(|node| async move {
        loop {
            node.sleep(ms(0)).await;
        }
    }));
    assert!(told.contains("without time moving on"), "{told}");
}

#[test]
fn a_search_says_that_it_cannot_run_tasks() {
    let search = |program: &dyn Program| {
        let bench = Bench::new(program, 1);
        let (mut search, [a, b]) = Search::new(&bench, Limits::default(), ["asker", "answerer"]);
        search.start(a, &ASKER, &Setting { peer: b, fault: Fault::None })?;
        search.start(b, &ANSWERER, &Setting { peer: a, fault: Fault::None })?;
        search.run()
    };
    let why = "The role asker is asynchronous: it runs in the simulation and live, not in a search.";
    assert_eq!(search(&asker::add(LocalProgram::new())).unwrap_err().reason, why);
    assert_eq!(search(&toy_lab()).unwrap_err().reason, why);
}

#[test]
fn the_clock_of_tokio_is_not_there() {
    let told = reason(alone(|_| async {
        tokio::time::sleep(ms(1)).await;
        Ok(())
    }));
    assert!(told.contains("tests/asynchronous.rs:") && told.contains("no reactor running"), "{told}");
}

#[test]
fn a_task_that_a_thread_has_woken_is_told() {
    let told = reason(alone(|_| async {
        let (tell, told) = oneshot::channel();
        let mut told = pin!(told);
        let mut thread = Some(std::thread::spawn);
        let mut tell = Some(tell);
        std::future::poll_fn(|context| {
            let answer = told.as_mut().poll(context);
            if let (Some(spawn), Some(tell)) = (thread.take(), tell.take()) {
                spawn(move || tell.send(())).join().unwrap().unwrap();
            }
            answer
        })
        .await
        .unwrap();
        Ok(())
    }));
    assert!(told.starts_with("A task was woken by another thread"), "{told}");
}

#[test]
fn a_handle_of_another_host_is_told() {
    thread_local! {
        static LEAK: RefCell<Option<Runtime>> = const { RefCell::new(None) };
    }
    let giver = |_, node: Node| async move {
        LEAK.set(Some((*node).clone()));
        std::future::pending().await
    };
    let taker = |_, node: Node| async move {
        node.sleep(ms(1)).await;
        let stranger = LEAK.take().unwrap();
        stranger.disk().write("file", b"");
        Ok(())
    };
    let told = reason(play(giver, taker, |_| {}));
    assert!(told.contains("a handle of the subject was used by another host"), "{told}");
}

#[test]
fn a_handle_of_a_life_before_a_crash_does_nothing() {
    thread_local! {
        static LEAK: RefCell<Option<Node>> = const { RefCell::new(None) };
    }
    let haunted = |_, node: Node| async move {
        if let Some(ghost) = LEAK.take() {
            say(&ghost, "a ghost");
            let mut sleep = ghost.sleep(ms(1));
            let polled = Pin::new(&mut sleep).poll(&mut Context::from_waker(Waker::noop()));
            say(&node, polled.is_pending());
        }
        LEAK.set(Some(node.clone()));
        std::future::pending().await
    };
    let said = play(haunted, nobody, |stage| {
        stage.world.schedule(ms(10), Change::Crash(stage.subject.host, Unsynced::Lost));
        stage.world.schedule(ms(20), Change::Restart(stage.subject.host));
    });
    assert_eq!(said.unwrap(), ["20 ms true"]);
}
