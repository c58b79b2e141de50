//! Programs for the tests of the live world: a family of processes that is to leave nothing behind, and an echo server.
//!
//! Each member of the family connects to a socket of the test's and stays; the test sees the end of that connection only
//! when the member is gone.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

use faultline::live::patience::Patience;
use faultline::live::process::Process;
use std::io::Read as _;
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test", socket, end] => test(socket, end),
        ["parent", socket] => parent(socket),
        ["leaver", socket] => drop(with_child(socket)),
        ["child", socket] => child(socket),
        ["echo", addr] => echo(addr),
        ["errand", how] => errand(how),
        _ => panic!("unknown words: {words:?}"),
    }
}

/// A test that runs a parent and then ends as it is told, or waits for its own end.
fn test(socket: &str, end: &str) {
    let program = std::env::current_exe().unwrap();
    let mut process = Process::spawn("parent", &program, &["parent", socket]).unwrap();
    assert_eq!(process.read_line(Patience::default()).unwrap(), "ready");
    if end == "wait-paused" {
        process.pause().unwrap();
    }
    std::fs::write(process.folder().join("a-file"), "a line").unwrap();
    println!("{}", process.folder().display());
    match end {
        "panic" => panic!("as it was told"),
        "exit" => std::process::exit(0),
        "abort" => std::process::abort(),
        _ => sleep(),
    }
}

fn parent(socket: &str) {
    let mut child = with_child(socket);
    let _connection = UnixStream::connect(socket).unwrap();
    println!("ready");
    // It stays as long as its child, which is as long as it is left alone.
    child.wait().unwrap();
}

/// Starts a child of its own and waits until it is there.
fn with_child(socket: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut child = command.args(["child", socket]).stdout(Stdio::piped()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    child
}

fn child(socket: &str) {
    let _connection = UnixStream::connect(socket).unwrap();
    println!("ready");
    sleep();
}

fn sleep() -> ! {
    loop {
        thread::sleep(Duration::from_secs(1_000));
    }
}

/// Doubles a number, ends without an answer, or never has one; and tells what a look at its standard input has found.
fn errand(how: &str) {
    let answer = |number: u32| {
        let mut found = vec![];
        std::io::stdin().read_to_end(&mut found).unwrap();
        match how {
            "answer" => (number * 2, found.len()),
            "exit" => std::process::exit(7),
            _ => sleep(),
        }
    };
    faultline::errand::answer(answer).unwrap();
}

fn echo(addr: &str) {
    let socket = UdpSocket::bind(addr).unwrap();
    println!("listening on {}", socket.local_addr().unwrap());
    let mut buffer = [0; 2_048];
    while let Ok((len, from)) = socket.recv_from(&mut buffer) {
        socket.send_to(&buffer[..len], from).unwrap();
    }
}
