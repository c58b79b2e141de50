//! Every act on a process, observed from outside: its output, its signals, its folder, its restart, and that nothing of it is
//! left, however the test that started it ends.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use faultline::live::LiveError;
use faultline::live::patience::Patience;
use faultline::live::peer::Peer;
use faultline::live::port::Port;
use faultline::live::process::{OUTPUT_MAX, Process};
use faultline::live::relay::{CLIENTS, Relay, SERVER};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

const ENOUGH: Patience = Patience::new(400);
/// To see that nothing comes.
const SHORT: Patience = Patience::new(2);
const TOY: &str = env!("CARGO_BIN_EXE_toy-process");

fn shell(script: &str) -> Process {
    Process::spawn("shell", Path::new("sh"), &["-c", script]).unwrap()
}

fn exists(id: u32) -> bool {
    test_kill_process(Pid::from_raw(id.cast_signed()).unwrap()).is_ok()
}

#[test]
fn lines_come_one_by_one_and_all_output_at_the_end() {
    let mut process = shell("echo one; echo two; printf three; echo no >&2; exit 3");
    assert_eq!(process.read_line(ENOUGH).unwrap(), "one");
    assert_eq!(process.read_line(ENOUGH).unwrap(), "two");
    assert_eq!(process.read_line(ENOUGH).unwrap(), "three");
    let finished = process.finish(ENOUGH).unwrap();
    assert_eq!(finished.code, Some(3));
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("one\ntwo\nthree", "no\n"));
}

#[test]
fn a_process_that_ends_too_early_is_quoted() {
    let error = shell("echo oops >&2; exit 101").read_line(ENOUGH).unwrap_err();
    let told = "shell ended (exit code 101) before it printed a line; its last words: \"oops\"";
    assert_eq!(error.to_string(), told);
}

#[test]
fn a_silent_process_is_told_from_one_that_ended() {
    let mut process = shell("exec sleep 1000");
    let error = process.read_line(SHORT).unwrap_err();
    let told = "shell runs, but within 2 ticks of 50 ms it has not printed a line; it wrote nothing";
    assert_eq!(error.to_string(), told);
    assert!(matches!(process.finish(SHORT), Err(LiveError::Silent { awaited: "ended", .. })));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let missing = Path::new("no-such-program");
    let error = Process::spawn::<&str>("ping", missing, &[]).unwrap_err();
    assert!(error.to_string().starts_with("cannot start ping (no-such-program): "), "{error}");
}

#[test]
fn an_interrupt_arrives_and_a_paused_process_answers_when_it_is_resumed() {
    let mut process = shell("trap 'echo hit' INT; echo ready; while :; do sleep 0.02; done");
    assert_eq!(process.read_line(ENOUGH).unwrap(), "ready");
    process.interrupt().unwrap();
    assert_eq!(process.read_line(ENOUGH).unwrap(), "hit");

    process.pause().unwrap();
    process.interrupt().unwrap();
    assert!(matches!(process.read_line(SHORT), Err(LiveError::Silent { .. })));
    process.resume().unwrap();
    assert_eq!(process.read_line(ENOUGH).unwrap(), "hit");
}

#[test]
fn a_kill_leaves_no_process() {
    let mut process = shell("exec sleep 1000");
    process.pause().unwrap();
    process.kill().unwrap();
    assert!(!exists(process.id()));
    assert_eq!(process.finish(ENOUGH).unwrap().code, None);
}

#[test]
fn a_dropped_process_leaves_no_process() {
    let process = shell("exec sleep 1000");
    let id = process.id();
    assert!(exists(id));
    drop(process);
    assert!(!exists(id));
}

#[test]
fn a_process_that_ended_is_not_signalled() {
    let mut process = shell("exit 0");
    assert!(matches!(process.read_line(ENOUGH), Err(LiveError::Ended { .. })));
    let error = process.interrupt().unwrap_err();
    assert!(error.to_string().starts_with("shell ended (exit code 0) before it was signalled"), "{error}");
}

#[test]
fn too_much_output_is_dropped_with_a_note_and_blocks_nobody() {
    let finished = shell("yes | head -c 200000").finish(ENOUGH).unwrap();
    assert_eq!(finished.code, Some(0));
    let note = format!("\n[{} more bytes were dropped]\n", 200_000 - OUTPUT_MAX);
    assert_eq!(finished.stdout.strip_suffix(&note).map(str::len), Some(OUTPUT_MAX));
}

#[test]
fn each_process_has_an_empty_folder_of_its_own_that_goes_with_it() {
    let script = "ls -A | wc -l; echo x > file; exec sleep 1000";
    let (mut one, mut two) = (shell(script), shell(script));
    let folders = [one.folder().to_owned(), two.folder().to_owned()];
    assert_ne!(folders[0], folders[1]);
    for process in [&mut one, &mut two] {
        assert_eq!(process.read_line(ENOUGH).unwrap().trim(), "0");
        ENOUGH.until(|| process.folder().join("file").exists().then_some(())).unwrap();
    }
    drop(one);
    two.finish(SHORT).unwrap_err();
    assert!(folders.iter().all(|folder| !folder.exists()));
}

#[test]
fn a_given_folder_stays_and_a_relative_program_is_found_from_the_tests_own() {
    let folder = tempfile::tempdir().unwrap();
    // This test's own folder is the package's.
    let program = Path::new("../harness/tests/processes.rs");
    let error = Process::spawn_in::<&str>(folder.path(), "text", program, &[]).unwrap_err();
    assert!(error.to_string().contains("ermission denied"), "{error}");
    let script = "pwd; echo x > file";
    let process = Process::spawn_in(folder.path(), "shell", Path::new("sh"), &["-c", script]).unwrap();
    assert_eq!(process.finish(ENOUGH).unwrap().code, Some(0));
    assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "x\n");
}

#[test]
fn a_restart_is_the_same_program_in_the_same_folder_with_new_output() {
    let mut process = shell("echo $0 $1 >> runs; cat runs; exec sleep 1000");
    assert_eq!(process.read_line(ENOUGH).unwrap(), "sh");
    let (folder, id) = (process.folder().to_owned(), process.id());
    process.restart().unwrap();
    assert_eq!((process.folder(), exists(id)), (folder.as_path(), false));
    for _ in 0..2 {
        assert_eq!(process.read_line(ENOUGH).unwrap(), "sh");
    }
    process.kill().unwrap();
    process.restart().unwrap();
    for _ in 0..3 {
        assert_eq!(process.read_line(ENOUGH).unwrap(), "sh");
    }
    assert!(matches!(process.read_line(SHORT), Err(LiveError::Silent { .. })));
}

#[test]
fn a_server_that_is_killed_comes_up_again_at_its_port_behind_the_relay() {
    let port = Port::reserve().unwrap();
    let relay = Relay::start(port.addr(), 1).unwrap();
    let client = Peer::bind().unwrap();
    let mut server = Process::spawn("echo", Path::new(TOY), &["echo", &port.addr().to_string()]).unwrap();
    let listening = format!("listening on {}", port.addr());
    let ask = |what: &[u8]| client.send(what, relay.addr()).unwrap();

    assert_eq!(server.read_line(ENOUGH).unwrap(), listening);
    ask(b"one");
    assert_eq!(client.receive(ENOUGH).unwrap().0, b"one");

    server.kill().unwrap();
    ask(b"two");
    ENOUGH.until(|| (relay.counts(CLIENTS, SERVER).delivered == 2).then_some(())).unwrap();

    server.restart().unwrap();
    assert_eq!(server.read_line(ENOUGH).unwrap(), listening);
    ask(b"three");
    assert_eq!(client.receive(ENOUGH).unwrap().0, b"three");
}

#[test]
fn reserved_ports_differ_and_are_given_back() {
    let ports: Vec<_> = (0..20).map(|_| Port::reserve().unwrap()).collect();
    let mut addrs: Vec<_> = ports.iter().map(Port::addr).collect();
    addrs.sort_unstable();
    addrs.dedup();
    assert_eq!(addrs.len(), 20);
}

/// Where the members of a family of processes report.
struct Family {
    folder: tempfile::TempDir,
    listener: UnixListener,
}

impl Family {
    fn new() -> Family {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        listener.set_nonblocking(true).unwrap();
        Family { folder, listener }
    }

    fn socket(&self) -> String {
        self.folder.path().join("socket").to_str().unwrap().to_owned()
    }

    /// Waits until a member is there.
    fn member(&self) -> UnixStream {
        let member = ENOUGH.until(|| self.listener.accept().ok()).expect("a member comes").0;
        member.set_nonblocking(false).unwrap();
        // Far longer than it takes; a member that stays fails the test instead of hanging it.
        member.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        member
    }

    /// Waits until nobody holds the connection any more: the member is gone.
    fn is_gone(mut member: UnixStream) -> bool {
        member.read_to_end(&mut vec![]).is_ok()
    }
}

#[test]
fn a_kill_takes_the_children_of_the_process_too() {
    let family = Family::new();
    let mut process = Process::spawn("parent", Path::new(TOY), &["parent", &family.socket()]).unwrap();
    let members = [family.member(), family.member()];
    process.kill().unwrap();
    assert!(members.into_iter().all(Family::is_gone));
}

#[test]
fn a_process_that_ends_takes_its_children_with_it() {
    let family = Family::new();
    let process = Process::spawn("leaver", Path::new(TOY), &["leaver", &family.socket()]).unwrap();
    let child = family.member();
    assert_eq!(process.finish(ENOUGH).unwrap().code, Some(0));
    assert!(Family::is_gone(child));
}

/// A test in a process of its own that has started a parent, which has started a child.
struct Test {
    process: Child,
    members: [UnixStream; 2],
    /// The parent's folder.
    folder: PathBuf,
    _family: Family,
}

impl Test {
    fn start(end: &str) -> Test {
        let family = Family::new();
        let mut command = Command::new(TOY);
        command.args(["test", &family.socket(), end]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let members = [family.member(), family.member()];
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Test { process, members, folder: PathBuf::from(line.trim_end()), _family: family }
    }

    /// Waits for its end; nothing of it must be left then.
    fn ends(mut self) -> ExitStatus {
        let status = self.process.wait().unwrap();
        assert!(self.members.into_iter().all(Family::is_gone), "a process is left");
        let is_clean = || (!self.folder.exists() && guards_of(&self.folder) == 0).then_some(());
        assert_eq!(ENOUGH.until(is_clean), Some(()), "{:?} or its guard is left", self.folder);
        status
    }

    fn ends_by(self, signal: Signal) {
        assert!(self.folder.is_dir());
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        assert_eq!(self.ends().signal(), Some(signal.as_raw()));
    }
}

/// How many running processes have this folder on their command line, where the system tells.
fn guards_of(folder: &Path) -> usize {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let lines = processes.flatten().filter_map(|it| fs::read(it.path().join("cmdline")).ok());
    let name = folder.to_str().unwrap().as_bytes();
    lines.filter(|line| line.windows(name.len()).any(|part| part == name)).count()
}

#[test]
fn nothing_is_left_when_the_test_is_killed() {
    Test::start("wait").ends_by(Signal::KILL);
}

#[test]
fn nothing_is_left_when_the_test_is_interrupted() {
    Test::start("wait").ends_by(Signal::INT);
}

#[test]
fn nothing_is_left_when_the_test_is_terminated() {
    Test::start("wait").ends_by(Signal::TERM);
}

#[test]
fn nothing_is_left_of_a_paused_process_when_the_test_is_killed() {
    Test::start("wait-paused").ends_by(Signal::KILL);
}

#[test]
fn nothing_is_left_when_the_test_panics() {
    assert_eq!(Test::start("panic").ends().code(), Some(101));
}

#[test]
fn nothing_is_left_when_the_test_exits_or_aborts() {
    assert_eq!(Test::start("exit").ends().code(), Some(0));
    assert_eq!(Test::start("abort").ends().signal(), Some(Signal::ABORT.as_raw()));
}

#[test]
fn an_errand_has_one_answer_and_what_answers_is_gone() {
    let ask = |how: &str, patience| {
        let mut command = Command::new(TOY);
        command.args(["errand", how]).stderr(Stdio::null());
        faultline::errand::ask::<u32, (u32, usize)>(command, &21, patience)
    };
    let (long, short) = (Duration::from_secs(60), Duration::from_millis(50));
    // Whoever reads the standard input of a process that answers finds nothing there.
    assert_eq!(ask("answer", long).unwrap(), (42, 0));
    let error = ask("exit", long).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(error.to_string().contains("exit status: 7"), "{error}");
    assert_eq!(ask("sleep", short).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}
