//! Every fault of the relay, observed from outside. Nothing is judged by a clock: fates are by number, waits are patient, and
//! of times only lower bounds are asked.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use faultline::live::patience::Patience;
use faultline::live::peer::Peer;
use faultline::live::relay::{CLIENTS, CLIENTS_MAX, Fate, Record, Relay, SERVER, direct};
use faultline::ms;
use faultline::simulation::{Change, Corruption, Counts, Fault, Link, Rule, Which};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

const ENOUGH: Patience = Patience::new(400);
/// To see that nothing comes.
const SHORT: Patience = Patience::new(2);

/// A client, the relay under test and a server, all on loopback.
struct Net {
    client: Peer,
    relay: Relay,
    server: Peer,
}

impl Net {
    fn new() -> Self {
        let server = Peer::bind().unwrap();
        let relay = Relay::start(server.addr(), 1).unwrap();
        relay.keep_log();
        Self { client: Peer::bind().unwrap(), relay, server }
    }

    fn with(link: Link) -> Self {
        let net = Self::new();
        net.relay.link(CLIENTS, SERVER, link);
        net
    }

    fn ruled(which: Which, fault: Fault) -> Self {
        let net = Self::new();
        net.relay.rule(Rule::new(CLIENTS, SERVER, which, fault));
        net
    }

    /// Sends these to the server and waits until the relay has decided about each.
    fn give(&self, datagrams: impl IntoIterator<Item = Vec<u8>>) {
        for datagram in datagrams {
            let sent = self.counts().sent;
            self.client.send(&datagram, self.relay.addr()).unwrap();
            ENOUGH.until(|| (self.counts().sent > sent).then_some(())).expect("it reaches the relay");
        }
    }

    /// What the server gets: so many, and no more.
    fn got(&self, expected: usize) -> Vec<Vec<u8>> {
        let got: Vec<_> = (0..expected).map(|_| self.server.receive(ENOUGH).unwrap().0).collect();
        assert!(self.server.receive(SHORT).is_err(), "more than {expected} came");
        got
    }

    /// Sends `1`, `2`, ... `count` to the server and gives what it got, in order.
    fn send(&self, count: u8, expected: usize) -> Vec<Vec<u8>> {
        self.give((1..=count).map(|number| vec![number]));
        self.got(expected)
    }

    /// Asks the server, which answers.
    fn ask(&self) -> SocketAddr {
        self.client.send(b"ask", self.relay.addr()).unwrap();
        let (_, from) = self.server.receive(ENOUGH).unwrap();
        self.server.send(b"answer", from).unwrap();
        from
    }

    fn counts(&self) -> Counts {
        self.relay.counts(CLIENTS, SERVER)
    }

    /// The counts without those of bytes and deliveries, which the other checks show.
    fn faults(&self) -> Counts {
        Counts { bytes: 0, delivered: 0, ..self.counts() }
    }

    fn fates(&self) -> Vec<Fate> {
        self.relay.log().iter().map(|record| record.fate).collect()
    }
}

fn sent(sent: u64) -> Counts {
    Counts { sent, ..Counts::default() }
}

const LOST: Fate =
    Fate { lost: Some("by chance"), duplicated: false, corrupted: false, reordered: false, injected: false };

mod forwarding {
    use super::*;

    #[test]
    fn without_faults_everything_passes_both_ways() {
        let net = Net::new();
        assert_eq!(net.send(2, 2), [[1], [2]]);
        net.ask();
        assert_eq!(net.client.receive(ENOUGH).unwrap(), (b"answer".to_vec(), net.relay.addr()));
        assert_eq!(net.counts(), Counts { bytes: 5, delivered: 3, ..sent(3) });
        assert_eq!(net.relay.counts(SERVER, CLIENTS), Counts { bytes: 6, delivered: 1, ..sent(1) });
        assert_eq!(net.fates(), [Fate::default(); 4]);
    }

    #[test]
    fn each_client_has_a_source_of_its_own_and_gets_its_own_replies() {
        let net = Net::new();
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
        let net = Net::new();
        let largest = vec![0xA5; 65_507];
        net.give([largest.clone()]);
        assert_eq!(net.got(1), [largest]);
    }

    #[test]
    fn one_client_too_many_takes_the_place_of_the_one_that_was_silent_for_the_longest() {
        let net = Net::new();
        let clients: Vec<Peer> = (0..=CLIENTS_MAX).map(|_| Peer::bind().unwrap()).collect();
        let source = |client: &Peer| {
            client.send(b"ask", net.relay.addr()).unwrap();
            net.server.receive(ENOUGH).unwrap().1
        };
        let sources: Vec<SocketAddr> = clients.iter().map(source).collect();
        sources.iter().for_each(|source| net.server.send(b"answer", *source).unwrap());
        assert!(clients[1..].iter().all(|client| client.receive(ENOUGH).is_ok()));
        assert!(clients[0].receive(SHORT).is_err());
        assert_ne!(source(&clients[0]), sources[0]);
    }

    #[test]
    fn a_server_that_is_not_there_yet_does_not_end_the_relay() {
        let addr = Peer::bind().unwrap().addr();
        let relay = Relay::start(addr, 1).unwrap();
        let client = Peer::bind().unwrap();
        client.send(b"early", relay.addr()).unwrap();
        ENOUGH.until(|| (relay.counts(CLIENTS, SERVER).delivered == 1).then_some(())).unwrap();
        let server = UdpSocket::bind(addr).unwrap();
        client.send(b"late", relay.addr()).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(server.recv(&mut buffer).unwrap(), 4);
    }

    #[test]
    fn a_dropped_relay_gives_its_address_back() {
        let net = Net::new();
        let addr = net.relay.addr();
        drop(net.relay);
        UdpSocket::bind(addr).unwrap();
    }

    #[test]
    fn a_wait_for_nothing_says_how_long_it_was() {
        let error = Peer::bind().unwrap().receive(SHORT).unwrap_err();
        assert_eq!(error.to_string(), "no datagram came within 2 ticks of 50 ms");
    }

    #[test]
    fn without_a_log_nothing_is_kept_and_the_counts_still_tell() {
        let server = Peer::bind().unwrap();
        let relay = Relay::start(server.addr(), 1).unwrap();
        Peer::bind().unwrap().send(b"x", relay.addr()).unwrap();
        server.receive(ENOUGH).unwrap();
        assert_eq!((relay.log(), relay.counts(CLIENTS, SERVER).delivered), (vec![], 1));
    }
}

mod by_rule {
    use super::*;

    #[test]
    fn a_lost_datagram_does_not_arrive() {
        let net = Net::ruled(Which::Nth(2), Fault::Lose);
        assert_eq!(net.send(3, 2), [[1], [3]]);
        assert_eq!(net.faults(), Counts { lost: 1, ..sent(3) });
        assert_eq!(net.fates(), [Fate::default(), LOST, Fate::default()]);
        net.relay.require_faults().unwrap();
    }

    #[test]
    fn the_first_ones_or_all_are_lost() {
        assert_eq!(Net::ruled(Which::First(2), Fault::Lose).send(3, 1), [[3]]);
        assert!(Net::ruled(Which::Every, Fault::Lose).send(3, 0).is_empty());
    }

    #[test]
    fn a_duplicate_arrives_twice() {
        let net = Net::ruled(Which::Nth(1), Fault::Duplicate(Duration::ZERO));
        assert_eq!(net.send(2, 3), [[1], [1], [2]]);
        assert_eq!(net.faults(), Counts { duplicated: 1, ..sent(2) });
        assert!(net.fates()[0].duplicated);
    }

    #[test]
    fn each_corruption_arrives_as_it_says() {
        let corruptions = [
            (Corruption::FlipBit(0), vec![0x81, 2, 3, 4]),
            (Corruption::SwapWords(0, 1), vec![3, 4, 1, 2]),
            (Corruption::Truncate(1), vec![1]),
            (Corruption::Pad(1), vec![1, 2, 3, 4, 0]),
            (Corruption::Replace(b"other".to_vec()), b"other".to_vec()),
        ];
        for (corruption, expected) in corruptions {
            let net = Net::ruled(Which::Nth(1), Fault::Corrupt(corruption));
            net.give([vec![1, 2, 3, 4]]);
            assert_eq!(net.got(1), [expected]);
            assert_eq!(net.faults(), Counts { corrupted: 1, ..sent(1) });
            assert!(net.fates()[0].corrupted);
        }
    }

    #[test]
    fn a_corruption_outside_the_datagram_is_none() {
        let net = Net::ruled(Which::Nth(1), Fault::Corrupt(Corruption::FlipBit(8)));
        assert_eq!(net.send(1, 1), [[1]]);
        assert_eq!((net.faults(), net.fates()), (sent(1), vec![Fate::default()]));
    }

    #[test]
    fn a_delayed_datagram_goes_no_sooner() {
        let net = Net::ruled(Which::Nth(2), Fault::Delay(ms(30)));
        net.send(3, 3);
        assert_eq!(net.faults(), Counts { reordered: 1, ..sent(3) });
        let record = &net.relay.log()[1];
        assert!(record.fate.reordered && record.forwarded[0].0 >= record.arrived + ms(30), "{record:?}");
    }

    #[test]
    fn a_rule_strikes_what_it_matches_and_the_other_direction_is_spared() {
        let net = Net::new();
        let reply = |call: u8| move |datagram: &[u8]| datagram == [b'R', call];
        net.relay.rule(Rule::new(SERVER, CLIENTS, Which::First(2), Fault::Lose).matching(reply(7)));
        for call in [6, 7, 8, 7, 7] {
            net.give([vec![b'C', call]]);
            let (_, from) = net.server.receive(ENOUGH).unwrap();
            net.server.send(&[b'R', call], from).unwrap();
        }
        let replies: Vec<_> = (0..3).map(|_| net.client.receive(ENOUGH).unwrap().0[1]).collect();
        assert_eq!(replies, [6, 8, 7]);
        assert_eq!(net.faults(), sent(5));
        assert_eq!(net.relay.counts(SERVER, CLIENTS).lost, 2);
    }

    #[test]
    fn a_held_datagram_is_overtaken() {
        let net = Net::new();
        net.relay.hold(CLIENTS, SERVER, 1, 3);
        assert_eq!(net.send(4, 4), [[2], [3], [1], [4]]);
        assert_eq!(net.faults(), Counts { reordered: 1, ..sent(4) });
        assert!(net.fates()[0].reordered);
        net.relay.require_faults().unwrap();
    }

    #[test]
    fn a_datagram_held_for_one_that_never_comes_stays_until_the_faults_stop() {
        let net = Net::new();
        net.relay.hold(CLIENTS, SERVER, 1, 9);
        assert_eq!(net.send(2, 1), [[2]]);
        net.relay.stop_faults();
        assert_eq!(net.got(1), [[1]]);
    }
}

mod by_link {
    use super::*;

    #[test]
    fn latency_holds_every_datagram_and_keeps_the_order() {
        let net = Net::with(Link { latency_min: ms(20), latency_max: ms(20), ..Link::default() });
        assert_eq!(net.send(3, 3), [[1], [2], [3]]);
        for Record { arrived, forwarded, datagram, fate, .. } in net.relay.log() {
            assert!(forwarded[0].0 >= arrived + ms(20));
            assert_eq!((&forwarded[0].1, fate), (&datagram, Fate::default()));
        }
    }

    #[test]
    fn latency_is_drawn_from_its_bounds() {
        // Which span a datagram has is its dice's choice; that the spans differ shows in their shortest.
        let net = Net::with(Link { latency_min: ms(1), latency_max: ms(400), ..Link::default() });
        net.send(20, 20);
        let log = net.relay.log();
        let took = |record: &Record| record.forwarded[0].0 - record.arrived;
        assert!(log.iter().all(|record| took(record) >= ms(1)));
        assert!(log.iter().any(|record| took(record) >= ms(300)));
    }

    #[test]
    fn a_slow_link_carries_one_after_the_other() {
        let net = Net::with(Link { bytes_per_second: Some(10_000), ..direct() });
        net.give((0..5).map(|_| vec![0; 100]));
        net.got(5);
        let log = net.relay.log();
        for (place, record) in log.iter().enumerate() {
            let soonest = log[0].arrived + ms(10) * (place as u32 + 1);
            assert!(record.forwarded[0].0 >= soonest, "{place}");
        }
    }

    #[test]
    fn what_the_queue_of_a_slow_link_cannot_hold_is_lost() {
        // A thousand seconds each: one is on the link, two wait, the others are too many.
        let net = Net::with(Link { bytes_per_second: Some(1), queue: 2, ..direct() });
        net.give((0..5).map(|_| vec![0; 1_000]));
        assert_eq!(net.faults(), Counts { overflowed: 2, ..sent(5) });
        assert_eq!(net.fates()[4].lost, Some("the queue is full"));
    }

    #[test]
    fn what_is_larger_than_the_mtu_is_lost() {
        let net = Net::with(Link { mtu: 4, ..direct() });
        net.give([vec![1; 4], vec![1; 5]]);
        assert_eq!(net.got(1), [[1; 4]]);
        assert_eq!(net.faults(), Counts { oversize: 1, ..sent(2) });
        assert_eq!(net.fates()[1].lost, Some("it is larger than the MTU"));
    }

    #[test]
    fn a_cut_is_one_way_and_heals() {
        let net = Net::new();
        net.ask();
        assert_eq!(net.client.receive(ENOUGH).unwrap().0, b"answer");
        net.relay.change(&Change::Cut(SERVER, CLIENTS)).unwrap();
        net.ask();
        assert!(net.client.receive(SHORT).is_err());
        assert_eq!((net.relay.counts(SERVER, CLIENTS).cut, net.counts().cut), (1, 0));
        net.relay.change(&Change::Heal(SERVER, CLIENTS)).unwrap();
        net.ask();
        assert_eq!(net.client.receive(ENOUGH).unwrap().0, b"answer");
        assert_eq!(net.fates().iter().filter(|fate| fate.lost == Some("the link is cut")).count(), 1);
    }

    #[test]
    fn a_link_changes_at_once() {
        let net = Net::new();
        assert_eq!(net.send(1, 1), [[1]]);
        net.relay.change(&Change::Link(CLIENTS, SERVER, Link { loss: 1.0, ..direct() })).unwrap();
        assert!(net.send(3, 0).is_empty());
        net.relay.heal();
        assert_eq!(net.send(1, 1), [[1]]);
    }
}

mod by_schedule {
    use super::*;

    #[test]
    fn a_change_comes_after_the_datagram_that_it_was_promised_for() {
        let net = Net::new();
        net.relay.after_datagram(CLIENTS, SERVER, 2, Change::Cut(CLIENTS, SERVER));
        net.relay.after_datagram(CLIENTS, SERVER, 4, Change::Heal(CLIENTS, SERVER));
        assert_eq!(net.send(5, 3), [[1], [2], [5]]);
        assert_eq!(net.faults(), Counts { cut: 2, ..sent(5) });
        net.relay.require_faults().unwrap();
    }

    #[test]
    fn a_change_comes_when_its_time_has_come() {
        let net = Net::new();
        net.relay.schedule(ms(30), Change::Cut(CLIENTS, SERVER));
        let cut = ENOUGH.until(|| {
            net.give([vec![1]]);
            net.relay.log().into_iter().find(|record| record.fate.lost.is_some())
        });
        assert!(cut.unwrap().arrived >= ms(30));
    }

    #[test]
    fn an_injection_that_comes_too_soon_waits_for_a_client() {
        let net = Net::new();
        net.relay.schedule(Duration::ZERO, Change::Inject(CLIENTS, SERVER, vec![9]));
        SHORT.pass();
        assert!(net.relay.require_faults().is_err());
        assert_eq!(net.send(1, 2), [[1], [9]]);
        net.relay.require_faults().unwrap();
    }

    #[test]
    fn injected_datagrams_reach_the_client_and_the_server() {
        let net = Net::new();
        let to_server = Change::Inject(CLIENTS, SERVER, b"to server".to_vec());
        let refused = net.relay.change(&to_server).unwrap_err().reason;
        assert_eq!(refused, "A datagram cannot be injected before any client has sent one.");
        let source = net.ask();
        net.client.receive(ENOUGH).unwrap();
        net.relay.change(&to_server).unwrap();
        net.relay.change(&Change::Inject(SERVER, CLIENTS, b"to client".to_vec())).unwrap();
        assert_eq!(net.server.receive(ENOUGH).unwrap(), (b"to server".to_vec(), source));
        assert_eq!(net.client.receive(ENOUGH).unwrap(), (b"to client".to_vec(), net.relay.addr()));
        assert_eq!((net.counts().injected, net.counts().sent), (1, 1));
        let log = net.relay.log();
        assert!(log[2..].iter().all(|record| record.fate.injected && record.number == 0));
    }

    #[test]
    fn after_the_faults_have_stopped_there_are_none() {
        let net = Net::with(Link { loss: 1.0, cut: true, ..direct() });
        net.relay.rule(Rule::new(CLIENTS, SERVER, Which::Every, Fault::Lose));
        net.relay.hold(CLIENTS, SERVER, 2, 3);
        net.relay.after_datagram(CLIENTS, SERVER, 2, Change::Cut(CLIENTS, SERVER));
        net.relay.schedule(ms(1), Change::Cut(CLIENTS, SERVER));
        net.give([vec![0]]);
        net.relay.stop_faults();
        assert_eq!(net.send(5, 5), [[1], [2], [3], [4], [5]]);
        assert_eq!(net.counts().delivered, 5);
    }

    #[test]
    fn a_fault_that_was_promised_and_did_not_happen_is_the_kits_failure() {
        let reason = |promise: fn(&Relay)| {
            let net = Net::new();
            promise(&net.relay);
            net.send(1, 1);
            net.relay.require_faults().unwrap_err().reason
        };
        let rule = reason(|relay| relay.rule(Rule::new(CLIENTS, SERVER, Which::Nth(2), Fault::Lose)));
        assert_eq!(rule, "The scenario's fault rule 1 never struck.");
        let hold = reason(|relay| relay.hold(CLIENTS, SERVER, 2, 3));
        assert_eq!(hold, "Datagram 2 was to be held back and never came.");
        let change = Change::Cut(CLIENTS, SERVER);
        assert!(reason(|relay| relay.schedule(ms(1_000_000), Change::Cut(CLIENTS, SERVER))).contains("Cut"));
        let net = Net::new();
        net.relay.after_datagram(SERVER, CLIENTS, 1, change);
        assert!(net.relay.require_faults().is_err());
    }

    #[test]
    #[should_panic(expected = "a relay changes links")]
    fn a_change_of_a_host_is_refused() {
        let _ = Net::new().relay.change(&Change::Pause(SERVER));
    }
}
