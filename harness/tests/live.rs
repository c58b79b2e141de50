//! Every fault of the relay and every act on a process, observed from outside.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use faultline::live::LiveError;
use faultline::live::patience::Patience;
use faultline::live::peer::Peer;
use faultline::live::process::{OUTPUT_MAX, Process};
use faultline::live::relay::{CLIENTS_MAX, Counts, Direction, Fate, Fault, Plan, Relay};
use rustix::process::{Pid, test_kill_process};

const ENOUGH: Patience = Patience::new(100);
/// To see that nothing comes.
const SHORT: Patience = Patience::new(2);

fn shell(script: &str) -> Process {
    Process::spawn("shell", Path::new("sh"), &["-c", script]).unwrap()
}

fn exists(id: u32) -> bool {
    test_kill_process(Pid::from_raw(id.cast_signed()).unwrap()).is_ok()
}

mod process {
    use super::*;

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
        assert!(
            error.to_string().starts_with("shell ended (exit code 0) before it was signalled"),
            "{error}"
        );
    }

    #[test]
    fn too_much_output_is_dropped_with_a_note_and_blocks_nobody() {
        let finished = shell("yes | head -c 200000").finish(ENOUGH).unwrap();
        assert_eq!(finished.code, Some(0));
        let note = format!("\n[{} more bytes were dropped]\n", 200_000 - OUTPUT_MAX);
        assert_eq!(finished.stdout.strip_suffix(&note).map(str::len), Some(OUTPUT_MAX));
    }
}

/// A client, the relay under test and a server, all on loopback.
struct Net {
    client: Peer,
    relay: Relay,
    server: Peer,
}

impl Net {
    fn new(plan: Plan) -> Self {
        let server = Peer::bind().unwrap();
        let relay = Relay::start(server.addr(), plan).unwrap();
        Self { client: Peer::bind().unwrap(), relay, server }
    }

    /// Sends `1`, `2`, ... `count` to the server and gives what it got, in order.
    fn send(&self, count: u8, expected: usize) -> Vec<Vec<u8>> {
        for number in 1..=count {
            self.client.send(&[number], self.relay.addr()).unwrap();
        }
        let got: Vec<_> = (0..expected).map(|_| self.server.receive(ENOUGH).unwrap().0).collect();
        assert!(self.server.receive(SHORT).is_err(), "more than {expected} came");
        got
    }

    fn counts(&self) -> Counts {
        self.relay.counts(Direction::ToServer)
    }
}

fn to_server(number: u64, fault: Fault) -> Plan {
    Plan::new().fault(Direction::ToServer, number, fault)
}

mod relay {
    use super::*;

    #[test]
    fn without_a_plan_everything_passes_both_ways() {
        let net = Net::new(Plan::new());
        assert_eq!(net.send(2, 2), [[1], [2]]);
        net.client.send(b"ask", net.relay.addr()).unwrap();
        let (_, from) = net.server.receive(ENOUGH).unwrap();
        net.server.send(b"answer", from).unwrap();
        assert_eq!(net.client.receive(ENOUGH).unwrap(), (b"answer".to_vec(), net.relay.addr()));
        assert_eq!(net.counts(), Counts { arrived: 3, ..Counts::default() });
        assert_eq!(net.relay.counts(Direction::ToClient), Counts { arrived: 1, ..Counts::default() });
    }

    #[test]
    fn a_lost_datagram_does_not_arrive() {
        let net = Net::new(to_server(2, Fault::Lose));
        assert_eq!(net.send(3, 2), [[1], [3]]);
        assert_eq!(net.counts(), Counts { arrived: 3, lost: 1, ..Counts::default() });
    }

    #[test]
    fn a_duplicate_arrives_twice() {
        let net = Net::new(to_server(1, Fault::Duplicate));
        assert_eq!(net.send(2, 3), [[1], [1], [2]]);
        assert_eq!(net.counts(), Counts { arrived: 2, duplicated: 1, ..Counts::default() });
    }

    #[test]
    fn a_corrupt_datagram_differs_in_one_bit() {
        for (bit, expected) in [(0, 0x81), (7, 0x00), (15, 0x00)] {
            let net = Net::new(to_server(1, Fault::Corrupt { bit }));
            assert_eq!(net.send(1, 1), [[expected]]);
            assert_eq!(net.counts(), Counts { arrived: 1, corrupted: 1, ..Counts::default() });
        }
    }

    #[test]
    fn a_held_datagram_is_overtaken() {
        let net = Net::new(to_server(1, Fault::HoldUntil(3)));
        assert_eq!(net.send(4, 4), [[2], [3], [1], [4]]);
        assert_eq!(net.counts(), Counts { arrived: 4, reordered: 1, ..Counts::default() });
    }

    #[test]
    fn a_datagram_held_for_one_that_never_comes_is_lost() {
        let net = Net::new(to_server(1, Fault::HoldUntil(9)));
        assert_eq!(net.send(2, 1), [[2]]);
        assert_eq!(net.counts(), Counts { arrived: 2, lost: 1, ..Counts::default() });
    }

    #[test]
    fn bytes_are_replaced_and_injected() {
        let plan = to_server(1, Fault::Replace(b"other".to_vec()));
        let net = Net::new(plan.fault(Direction::ToServer, 2, Fault::Inject(b"more".to_vec())));
        assert_eq!(net.send(2, 3), [b"other".to_vec(), vec![2], b"more".to_vec()]);
        let fates: Vec<_> = net.relay.log().iter().map(|record| record.fate).collect();
        assert_eq!(fates, [Fate::Replaced, Fate::Injected]);
    }

    #[test]
    fn faults_of_one_direction_spare_the_other() {
        let net = Net::new(Plan::new().fault(Direction::ToClient, 1, Fault::Lose));
        assert_eq!(net.send(1, 1), [[1]]);
    }

    #[test]
    fn a_delay_holds_every_datagram_and_keeps_the_order() {
        let delay = Duration::from_millis(20);
        let net = Net::new(Plan::new().delay(Direction::ToServer, delay));
        assert_eq!(net.send(3, 3), [[1], [2], [3]]);
        for record in net.relay.log() {
            let (moment, bytes) = &record.forwarded[0];
            assert!(*moment >= record.arrived + delay, "{record:?}");
            assert_eq!(bytes, &record.datagram);
        }
    }

    #[test]
    fn each_client_has_a_source_of_its_own_and_gets_its_own_replies() {
        let net = Net::new(Plan::new());
        let second = Peer::bind().unwrap();
        let clients = [&net.client, &second];
        let sources: Vec<SocketAddr> = clients
            .iter()
            .map(|client| {
                client.send(b"ask", net.relay.addr()).unwrap();
                net.server.receive(ENOUGH).unwrap().1
            })
            .collect();
        assert_ne!(sources[0], sources[1]);
        for (index, source) in sources.iter().enumerate().rev() {
            net.server.send(&[index as u8], *source).unwrap();
        }
        for (index, client) in clients.iter().enumerate() {
            assert_eq!(client.receive(ENOUGH).unwrap().0, [index as u8]);
            assert!(client.receive(SHORT).is_err());
        }
    }

    #[test]
    fn the_largest_datagram_passes_whole() {
        let net = Net::new(Plan::new());
        let largest = vec![0xA5; 65_507];
        net.client.send(&largest, net.relay.addr()).unwrap();
        assert_eq!(net.server.receive(ENOUGH).unwrap().0, largest);
    }

    #[test]
    fn one_client_too_many_is_not_served() {
        let net = Net::new(Plan::new());
        let clients: Vec<Peer> = (0..=CLIENTS_MAX).map(|_| Peer::bind().unwrap()).collect();
        for client in &clients {
            client.send(b"ask", net.relay.addr()).unwrap();
        }
        for _ in 0..CLIENTS_MAX {
            net.server.receive(ENOUGH).unwrap();
        }
        assert!(net.server.receive(SHORT).is_err());
        assert_eq!(net.counts().arrived, CLIENTS_MAX as u64);
    }

    #[test]
    fn a_server_that_is_not_there_yet_does_not_end_the_relay() {
        let addr = Peer::bind().unwrap().addr();
        let relay = Relay::start(addr, Plan::new()).unwrap();
        let client = Peer::bind().unwrap();
        client.send(b"early", relay.addr()).unwrap();
        let there = || (relay.counts(Direction::ToServer).arrived == 1).then_some(());
        ENOUGH.until(there).unwrap();
        let server = UdpSocket::bind(addr).unwrap();
        client.send(b"late", relay.addr()).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(server.recv(&mut buffer).unwrap(), 4);
    }

    #[test]
    fn a_dropped_relay_gives_its_address_back() {
        let net = Net::new(Plan::new());
        let addr = net.relay.addr();
        drop(net.relay);
        UdpSocket::bind(addr).unwrap();
    }

    #[test]
    fn a_wait_for_nothing_says_how_long_it_was() {
        let error = Peer::bind().unwrap().receive(SHORT).unwrap_err();
        assert_eq!(error.to_string(), "no datagram came within 2 ticks of 50 ms");
    }
}
