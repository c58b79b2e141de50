//! `cargo lab relay` from outside: what it forwards, what it says, and what it says to wrong arguments.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use faultline::live::patience::Patience;
use faultline::live::peer::Peer;
use faultline::live::process::Process;
use std::net::SocketAddr;

/// As long as it takes on a machine that is busy.
const ENOUGH: Patience = Patience::new(600);

/// A relay before this server, and where it listens.
fn relay(server: SocketAddr, options: &str) -> (Process, SocketAddr) {
    let arguments = format!("relay --to {server} {options}");
    let arguments: Vec<_> = arguments.split_whitespace().collect();
    let mut process = Process::spawn("relay", &cargo_bin("lab"), &arguments).unwrap();
    let line = process.read_line(ENOUGH).unwrap();
    let addr = line.strip_prefix("listening on ").expect(&line).parse().unwrap();
    (process, addr)
}

/// What it says when it was interrupted.
fn ended(mut process: Process) -> String {
    process.interrupt().unwrap();
    let finished = process.finish(ENOUGH).unwrap();
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{}", finished.stdout);
    finished.stdout
}

/// Sends datagrams 0, 1, 2 … 199, and then ends that come through together. Gives the first byte of all that came before.
fn sent_through(options: &str) -> (Vec<u8>, String) {
    let (client, server) = (Peer::bind().unwrap(), Peer::bind().unwrap());
    let (process, addr) = relay(server.addr(), options);
    (0..200).for_each(|number| client.send(&[number], addr).unwrap());
    let mut came = vec![];
    loop {
        client.send(b"the end", addr).unwrap();
        while let Ok((datagram, _)) = server.receive(Patience::new(2)) {
            came.push(datagram);
        }
        if came.iter().any(|datagram| datagram == b"the end") {
            break;
        }
    }
    let ends = came.iter().filter(|datagram| datagram.len() > 1).count();
    assert!(ends < 20, "{ends}");
    came.retain(|datagram| datagram.len() == 1);
    (came.concat(), ended(process))
}

#[test]
fn without_faults_everything_passes_both_ways() {
    let (client, server) = (Peer::bind().unwrap(), Peer::bind().unwrap());
    let (process, addr) = relay(server.addr(), "--seed 7");
    client.send(b"ask", addr).unwrap();
    let (asked, from) = server.receive(ENOUGH).unwrap();
    server.send(b"answer", from).unwrap();
    assert_eq!((asked, client.receive(ENOUGH).unwrap()), (b"ask".to_vec(), (b"answer".to_vec(), addr)));
    let said = ended(process);
    let lines: Vec<_> = said.lines().skip(1).collect();
    let usual = "1 came, 0 lost, 0 duplicated, 0 held back, 0 corrupted; 1 carried";
    assert!(lines[0].starts_with(&format!("before {}, seed 7: loss 0%", server.addr())), "{said}");
    assert_eq!(lines[1..], [format!("to the server:  {usual}"), format!("to the clients: {usual}")]);
}

#[test]
fn faults_happen_as_the_seed_says_and_are_told() {
    let options = "--loss 20% --duplicate 0.1 --seed 5";
    let (came, said) = sent_through(options);
    let unique = came.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert!((130..180).contains(&unique) && came.len() > unique, "{unique} of {}", came.len());
    assert!(said.contains("loss 20%, duplicate 10%"), "{said}");
    assert!(!said.contains(" 0 lost, 0 duplicated, 0 held back, 0 corrupted; 2"), "{said}");
    assert_eq!(sent_through(options).0, came, "the same seed did something else");
}

#[test]
fn the_other_direction_is_spared() {
    let (client, server) = (Peer::bind().unwrap(), Peer::bind().unwrap());
    let (process, addr) = relay(server.addr(), "--loss 100% --direction to-clients");
    client.send(b"ask", addr).unwrap();
    let (_, from) = server.receive(ENOUGH).unwrap();
    server.send(b"answer", from).unwrap();
    assert!(client.receive(Patience::new(4)).is_err());
    let said = ended(process);
    assert!(
        said.contains("to the server:  1 came, 0 lost") && said.contains("to the clients: 1 came, 1 lost"),
        "{said}"
    );
}

#[test]
fn wrong_arguments_are_named_with_what_is_legal() {
    for (arguments, told) in [
        ("", "--to <ADDRESS>"),
        ("--to localhost:4000", "127.0.0.1:4000"),
        ("--to 127.0.0.1:0", "port 0 is no server"),
        ("--to 127.0.0.1:9 --loss 5", "such as 5%"),
        ("--to 127.0.0.1:9 --reorder 120%", "from 0% to 100%"),
        ("--to 127.0.0.1:9 --latency 20", "a time has a unit"),
        ("--to 127.0.0.1:9 --latency 3ms..1ms", "the shorter time comes first"),
        ("--to 127.0.0.1:9 --queue 3", "--bandwidth"),
        ("--to 127.0.0.1:9 --listen 127.0.0.1:9", "cannot listen at 127.0.0.1:9 and send there too"),
        ("--to 127.0.0.1:9 --listen 192.0.2.1:9", "cannot listen at 192.0.2.1:9"),
    ] {
        let mut command = Command::new(cargo_bin("lab"));
        let output =
            command.arg("relay").args(arguments.split_whitespace()).assert().code(2).get_output().clone();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(words.contains(told), "{arguments:?} gave {words}");
    }
}
