//! The simulated network: what becomes of each datagram, decided by the link's rates and the seed, and counted.

use super::link::{Link, carry, corrupt};
use crate::faults::{FaultKind, FaultName, FaultPlan};
use crate::machine::Host;
use crate::random::{Dice, Draw as _};
use crate::simulation::rules::{Fault, Rule};
use crate::time::Time;
use crate::trace::{BY_CHANCE, Carried};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Below this many expected faults a run without any is still believable: chance of none is under 10⁻¹³.
const EXPECTED_FAULTS: f64 = 30.0;

/// What the network did to the datagrams of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Given to the network.
    pub sent: u64,
    /// Bytes given to the network.
    pub bytes: u64,
    /// Vanished by chance or by rule.
    pub lost: u64,
    /// Vanished because the link was cut.
    pub cut: u64,
    /// Vanished because they were larger than the link's MTU.
    pub oversize: u64,
    /// Vanished because the link's queue was full.
    pub overflowed: u64,
    /// Vanished at the other host: its socket's buffer was full.
    pub socket_overflowed: u64,
    /// Vanished at the other host: it was down or had no socket.
    pub unheard: u64,
    /// Put on the link by the scenario; nobody sent them.
    pub injected: u64,
    /// Arrived (or on the way) twice.
    pub duplicated: u64,
    /// Changed on the way.
    pub corrupted: u64,
    /// Held back or delayed by rule.
    pub reordered: u64,
    /// Handed to the other host, copies and changed ones included.
    pub delivered: u64,
}

/// One datagram that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// When it arrived.
    pub at: Time,
    /// Who sent it.
    pub from: Host,
    /// Who got it.
    pub to: Host,
    /// The bytes that arrived.
    pub datagram: Arc<[u8]>,
}

pub(crate) struct Fate {
    /// Why nothing arrives.
    pub(crate) lost: Option<&'static str>,
    pub(crate) first: Option<Copy>,
    pub(crate) second: Option<Copy>,
}

impl Fate {
    fn lost(why: &'static str) -> Fate {
        Fate { lost: Some(why), first: None, second: None }
    }
}

pub(crate) struct Copy {
    pub(crate) delay: Duration,
    /// The bytes that arrive, when they are not those that were sent.
    pub(crate) changed: Option<Arc<[u8]>>,
}

/// One direction between two hosts.
struct Direction {
    link: Link,
    counts: Counts,
    expected: Expected,
    /// One part more, the number of a datagram, makes them the dice of that datagram.
    dice: Dice,
    /// When each datagram that is on the link or waits for it will have left it.
    leaving: VecDeque<Time>,
}

impl Direction {
    fn new(dice: Dice) -> Direction {
        let (link, counts, expected) = (Link::default(), Counts::default(), Expected::default());
        Direction { link, counts, expected, dice, leaving: VecDeque::new() }
    }
}

pub(crate) struct Network<'a> {
    hosts: usize,
    directions: Vec<Direction>,
    rules: Vec<Rule<'a>>,
    /// Rules strike no more.
    rules_ended: bool,
    world: u16,
    plan: FaultPlan,
    deliveries: Vec<Delivery>,
    log: bool,
}

/// What the rules say about one datagram.
#[derive(Default)]
struct Ruled {
    lost: bool,
    copy_after: Option<Duration>,
    delay: Duration,
    changed: Option<Arc<[u8]>>,
}

/// How many faults the rates promise, summed over the datagrams that were sent under them.
#[derive(Clone, core::marker::Copy, Debug, Default)]
struct Expected {
    lost: f64,
    duplicated: f64,
    corrupted: f64,
    reordered: f64,
}

impl<'a> Network<'a> {
    pub(crate) fn new(hosts: usize, seed: u64, plan: FaultPlan) -> Network<'a> {
        let world = plan.new_world();
        let dice = Dice::of(seed, [u64::from(world)]);
        let directions = (0..hosts * hosts).map(|index| Direction::new(dice.part(index as u64))).collect();
        Network {
            hosts,
            directions,
            rules: vec![],
            rules_ended: false,
            world,
            plan,
            deliveries: vec![],
            log: false,
        }
    }

    pub(super) fn keep_deliveries(&mut self) {
        self.log = true;
    }

    fn index(&self, from: Host, to: Host) -> usize {
        usize::from(from.0) * self.hosts + usize::from(to.0)
    }

    pub(crate) fn link(&mut self, from: Host, to: Host) -> &mut Link {
        let index = self.index(from, to);
        &mut self.directions[index].link
    }

    pub(crate) fn set_all(&mut self, link: Link) {
        self.directions.iter_mut().for_each(|it| it.link = link);
    }

    /// No chance fault happens any more and no link is cut; what links can carry stays.
    pub(crate) fn heal(&mut self) {
        for Direction { link, .. } in &mut self.directions {
            let perfect = Link::default();
            *link = Link {
                loss: perfect.loss,
                duplicate: perfect.duplicate,
                corrupt: perfect.corrupt,
                reorder: perfect.reorder,
                cut: false,
                ..*link
            };
        }
    }

    /// Faults happen without their names being kept.
    pub(super) fn forget_faults(&mut self) {
        self.plan.forget();
    }

    /// Heals, and no rule strikes any more.
    pub(crate) fn end_faults(&mut self) {
        self.heal();
        self.rules_ended = true;
    }

    pub(crate) fn rule(&mut self, rule: Rule<'a>) {
        self.rules.push(rule);
    }

    pub(crate) fn counts(&self, from: Host, to: Host) -> Counts {
        self.directions[self.index(from, to)].counts
    }

    pub(crate) fn counts_mut(&mut self, from: Host, to: Host) -> &mut Counts {
        let index = self.index(from, to);
        &mut self.directions[index].counts
    }

    pub(super) fn faults(&self) -> u64 {
        self.directions.iter().map(|it| it.counts.faults()).sum()
    }

    pub(super) fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    pub(super) fn arrived(&mut self, at: Time, Carried { from, to, bytes, .. }: &Carried) {
        self.counts_mut(*from, *to).delivered += 1;
        if self.log {
            self.deliveries.push(Delivery { at, from: *from, to: *to, datagram: bytes.clone() });
        }
    }

    pub(crate) fn send(&mut self, now: Time, from: Host, to: Host, datagram: &Arc<[u8]>) -> Fate {
        let index = self.index(from, to);
        let ruled = if self.rules.is_empty() || self.rules_ended {
            Ruled::default()
        } else {
            self.ruled(from, to, datagram)
        };
        let Direction { link, counts, expected, dice, leaving } = &mut self.directions[index];
        counts.sent += 1;
        counts.bytes += datagram.len() as u64;
        if link.cut {
            counts.cut += 1;
            return Fate::lost("the link is cut");
        }
        if datagram.len() > link.mtu {
            counts.oversize += 1;
            return Fate::lost("it is larger than the MTU");
        }
        let Some(wait) = carry(link, leaving, now, datagram.len()) else {
            counts.overflowed += 1;
            return Fate::lost("the queue is full");
        };
        let (plan, world, number) = (&self.plan, self.world, counts.sent);
        let happens = |wanted, copy, kind| {
            plan.decide(wanted, FaultName { world, from, to, datagram: number, copy, kind })
        };
        // Each datagram has dice of its own, so its fate does not depend on what became of others.
        let dice = &mut dice.part(number);
        expected.lost += link.loss;
        if happens(dice.chance(link.loss), 0, FaultKind::Lost) || ruled.lost {
            counts.lost += 1;
            return Fate::lost(BY_CHANCE);
        }
        expected.duplicated += link.duplicate;
        let duplicated = happens(dice.chance(link.duplicate), 0, FaultKind::Duplicated);
        counts.duplicated += u64::from(duplicated || ruled.copy_after.is_some());
        counts.corrupted += u64::from(ruled.changed.is_some());
        counts.reordered += u64::from(!ruled.delay.is_zero());
        let mut deliver = |copy: u8| {
            expected.corrupted += link.corrupt;
            expected.reordered += link.reorder;
            let corrupted = happens(dice.chance(link.corrupt), copy, FaultKind::Corrupted);
            let held = happens(dice.chance(link.reorder), copy, FaultKind::Held);
            counts.corrupted += u64::from(corrupted);
            counts.reordered += u64::from(held);
            let late = if copy == 0 { ruled.delay } else { dice.between(Duration::ZERO, link.copy_delay) };
            let latency = dice.between(link.latency_min, link.latency_max);
            let delay = wait + late + latency + if held { link.reorder_delay } else { Duration::ZERO };
            let changed = corrupted.then(|| corrupt(ruled.changed.as_ref().unwrap_or(datagram), dice));
            Copy { delay, changed: changed.or_else(|| ruled.changed.clone()) }
        };
        let first = deliver(0);
        let by_rule =
            ruled.copy_after.map(|after| Copy { delay: first.delay + after, changed: first.changed.clone() });
        let second = by_rule.or_else(|| duplicated.then(|| deliver(1)));
        Fate { lost: None, first: Some(first), second }
    }

    fn ruled(&mut self, from: Host, to: Host, datagram: &Arc<[u8]>) -> Ruled {
        let mut ruled = Ruled::default();
        for rule in &mut self.rules {
            if !rule.takes(from, to, datagram) {
                continue;
            }
            match &rule.fault {
                Fault::Lose => ruled.lost = true,
                Fault::Duplicate(after) => ruled.copy_after = Some(*after),
                Fault::Delay(delay) => ruled.delay += *delay,
                Fault::Corrupt(corruption) => {
                    let present = ruled.changed.as_ref().unwrap_or(datagram);
                    let changed = corruption.apply(present);
                    // A place outside the datagram changes nothing.
                    if changed[..] != present[..] {
                        ruled.changed = Some(changed.into());
                    }
                }
            }
        }
        ruled
    }

    pub(crate) fn require_faults(&self) -> Result<(), String> {
        if self.plan.is_restricted() {
            return Ok(());
        }
        let idle = self.rules.iter().position(|rule| rule.hits() == 0);
        if let Some(index) = idle {
            return Err(format!("The scenario's fault rule {} never struck.", index + 1));
        }
        let missing = |what: &str, expected: f64, seen: u64| {
            let text = format!("The network was to have about {expected:.0} {what} datagrams and had none.");
            if expected > EXPECTED_FAULTS && seen == 0 { Err(text) } else { Ok(()) }
        };
        self.directions.iter().try_for_each(|Direction { counts, expected, .. }| {
            missing("lost", expected.lost, counts.lost)?;
            missing("duplicated", expected.duplicated, counts.duplicated)?;
            missing("corrupted", expected.corrupted, counts.corrupted)?;
            missing("reordered", expected.reordered, counts.reordered)
        })
    }
}

impl Counts {
    fn faults(&self) -> u64 {
        let vanished =
            self.lost + self.cut + self.oversize + self.overflowed + self.socket_overflowed + self.unheard;
        vanished + self.duplicated + self.corrupted + self.reordered + self.injected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::rules::{Corruption, Which};
    use crate::time::ms;

    const N: u64 = 20_000;

    fn network<'a>(link: Link) -> Network<'a> {
        let mut network = Network::new(2, 1, FaultPlan::default());
        network.set_all(link);
        network
    }

    fn sent(link: Link) -> Counts {
        let mut network = network(link);
        for n in 0..N {
            network.send(Time::ZERO, Host(0), Host(1), &n.to_be_bytes().as_slice().into());
        }
        network.counts(Host(0), Host(1))
    }

    fn near(count: u64, rate: f64) -> bool {
        (count as f64 - rate * N as f64).abs() < 0.02 * N as f64
    }

    #[test]
    fn each_rate_is_kept_and_leaves_the_others_alone() {
        let lossy = sent(Link { loss: 0.1, ..Link::default() });
        assert!(near(lossy.lost, 0.1) && lossy.duplicated + lossy.corrupted + lossy.reordered == 0);
        let double = sent(Link { duplicate: 0.2, ..Link::default() });
        assert!(near(double.duplicated, 0.2) && double.lost + double.corrupted + double.reordered == 0);
        let noisy = sent(Link { corrupt: 0.3, ..Link::default() });
        assert!(near(noisy.corrupted, 0.3) && noisy.lost + noisy.duplicated + noisy.reordered == 0);
        let slow = sent(Link { reorder: 0.4, ..Link::default() });
        assert!(near(slow.reordered, 0.4) && slow.lost + slow.duplicated + slow.corrupted == 0);
    }

    #[test]
    fn a_corrupted_datagram_always_differs_from_the_original() {
        let mut network = network(Link { corrupt: 1.0, ..Link::default() });
        for len in 0..200 {
            let datagram: Arc<[u8]> = vec![0; len].into();
            let fate = network.send(Time::ZERO, Host(0), Host(1), &datagram);
            let copy = fate.first.expect("it is not lost");
            assert!(copy.changed.is_some_and(|changed| changed != datagram));
        }
    }

    #[test]
    fn a_held_datagram_arrives_later_than_the_latency() {
        let link = Link { reorder: 1.0, reorder_delay: ms(50), ..Link::default() };
        let fate = network(link).send(Time::ZERO, Host(0), Host(1), &b"x".as_slice().into());
        assert_eq!(fate.first.as_ref().expect("it is not lost").delay, ms(51));
    }

    #[test]
    fn a_fault_that_never_happens_is_noticed() {
        let mut network = network(Link { loss: 0.5, ..Link::default() });
        for _ in 0..100 {
            network.send(Time::ZERO, Host(0), Host(1), &b"x".as_slice().into());
        }
        assert_eq!(network.require_faults(), Ok(()));
        network.directions[1].counts.lost = 0;
        assert!(network.require_faults().is_err());
    }

    #[test]
    fn a_swarm_has_pure_profiles_and_mixed_ones() {
        let links: Vec<Link> = (0..200).map(Link::swarm).collect();
        let count = |pick: fn(&Link) -> bool| links.iter().filter(|link| pick(link)).count();
        assert!(count(|link| link.loss == 0.0) > 40);
        assert!(count(|link| link.loss > 0.0 && link.duplicate == 0.0 && link.corrupt == 0.0) > 5);
        assert!(count(|link| link.loss > 0.0 && link.duplicate > 0.0 && link.reorder > 0.0) > 20);
    }

    #[test]
    fn a_cut_link_and_a_small_mtu_let_nothing_through() {
        let mut cut = network(Link { cut: true, ..Link::default() });
        assert_eq!(
            cut.send(Time::ZERO, Host(0), Host(1), &b"x".as_slice().into()).lost,
            Some("the link is cut")
        );
        let mut small = network(Link { mtu: 4, ..Link::default() });
        assert!(small.send(Time::ZERO, Host(0), Host(1), &b"1234".as_slice().into()).lost.is_none());
        assert!(small.send(Time::ZERO, Host(0), Host(1), &b"12345".as_slice().into()).lost.is_some());
        assert_eq!((cut.faults(), small.faults()), (1, 1));
    }

    #[test]
    fn a_slow_link_carries_one_after_the_other_and_its_queue_overflows() {
        let mut slow = network(Link { bytes_per_second: Some(1_000), queue: 2, ..Link::default() });
        let mut delay = |now| {
            let fate = slow.send(Time::ZERO + now, Host(0), Host(1), &[0; 10].as_slice().into());
            fate.first.as_ref().map(|copy| copy.delay)
        };
        let start: Vec<_> = (0..4).map(|_| delay(ms(0))).collect();
        assert_eq!(start, [Some(ms(11)), Some(ms(21)), Some(ms(31)), None]);
        assert_eq!(delay(ms(15)), Some(ms(26)));
        assert_eq!(slow.counts(Host(0), Host(1)).overflowed, 1);
    }

    #[test]
    fn rules_lose_copy_delay_and_change_what_they_are_for() {
        let mut network = network(Link::default());
        let (a, b) = (Host(0), Host(1));
        network.rule(Rule::new(a, b, Which::Nth(1), Fault::Lose));
        network.rule(Rule::new(a, b, Which::Nth(2), Fault::Duplicate(ms(5))));
        network.rule(Rule::new(a, b, Which::Nth(3), Fault::Delay(ms(7))));
        network.rule(Rule::new(a, b, Which::Nth(4), Fault::Corrupt(Corruption::Pad(1))));
        assert!(network.require_faults().is_err());
        let mut send = || network.send(Time::ZERO, a, b, &b"x".as_slice().into());
        assert!(send().lost.is_some());
        let twice = send();
        assert_eq!(
            [twice.first, twice.second].map(|it| it.map(|copy| copy.delay)),
            [Some(ms(1)), Some(ms(6))]
        );
        assert_eq!(send().first.map(|copy| copy.delay), Some(ms(8)));
        assert_eq!(send().first.and_then(|copy| copy.changed).as_deref(), Some(b"x\0".as_slice()));
        assert_eq!(network.require_faults(), Ok(()));
    }
}
