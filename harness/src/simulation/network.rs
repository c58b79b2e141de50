//! The simulated network: what becomes of each datagram, decided by the link's rates and the seed, and counted.

use crate::faults::{FaultKind, FaultName, FaultPlan};
use crate::machine::Host;
use crate::random::{Dice, Draw as _, Random};
use crate::time::{Time, ms};
use std::sync::Arc;
use std::time::Duration;

/// Below this many expected faults a run without any is still believable: chance of none is under 10⁻¹³.
const EXPECTED_FAULTS: f64 = 30.0;

/// What one direction between two hosts is like. The default is perfect: 1 ms, no faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The shortest one-way delay.
    pub latency_min: Duration,
    /// The longest one-way delay; a datagram may overtake another when it differs from the shortest.
    pub latency_max: Duration,
    /// The share of datagrams that vanish, 0.0 to 1.0.
    pub loss: f64,
    /// The share that arrives twice.
    pub duplicate: f64,
    /// How much later than its original a copy may start, at most.
    pub copy_delay: Duration,
    /// The share that arrives changed: a bit flipped, two 16-bit words swapped, cut short or padded.
    pub corrupt: f64,
    /// The share that is held back.
    pub reorder: f64,
    /// For how long it is held back.
    pub reorder_delay: Duration,
}

impl Default for Link {
    fn default() -> Self {
        Link {
            latency_min: ms(1),
            latency_max: ms(1),
            loss: 0.0,
            duplicate: 0.0,
            copy_delay: Duration::ZERO,
            corrupt: 0.0,
            reorder: 0.0,
            reorder_delay: Duration::ZERO,
        }
    }
}

impl Link {
    /// A link whose faults are drawn from the seed: some runs lose much, some only reorder, some do all at once. One fixed
    /// mix would hide the bugs that need a pure one.
    #[must_use]
    pub fn swarm(seed: u64) -> Link {
        let mut random = Random::new(seed ^ 0x5741_524D);
        let mut rate = |most: f64| {
            let on = random.chance(0.6);
            let share = random.below(1_000) as f64 / 1_000.0;
            if on { most * (0.2 + 0.8 * share) } else { 0.0 }
        };
        let (loss, duplicate, corrupt, reorder) = (rate(0.4), rate(0.4), rate(0.2), rate(0.3));
        Link {
            latency_min: ms(1),
            latency_max: ms(1 + random.below(20)),
            loss,
            duplicate,
            copy_delay: ms(random.below(2_000)),
            corrupt,
            reorder,
            reorder_delay: ms(10 + random.below(2_000)),
        }
    }
}

/// What the network did to the datagrams of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Given to the network.
    pub sent: u64,
    /// Bytes given to the network.
    pub bytes: u64,
    /// Vanished.
    pub lost: u64,
    /// Arrived (or on the way) twice.
    pub duplicated: u64,
    /// Changed on the way.
    pub corrupted: u64,
    /// Held back.
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

pub(super) struct Fate {
    pub(super) lost: bool,
    pub(super) duplicated: bool,
    pub(super) copies: [Option<Copy>; 2],
}

pub(super) struct Copy {
    pub(super) delay: Duration,
    pub(super) datagram: Arc<[u8]>,
    pub(super) corrupted: bool,
}

pub(super) struct Network {
    hosts: usize,
    links: Vec<(Link, Counts, Expected)>,
    seed: u64,
    world: u16,
    plan: FaultPlan,
    deliveries: Vec<Delivery>,
    log: bool,
}

/// How many faults the rates promise, summed over the datagrams that were sent under them.
#[derive(Clone, core::marker::Copy, Debug, Default)]
struct Expected {
    lost: f64,
    duplicated: f64,
    corrupted: f64,
    reordered: f64,
}

impl Network {
    pub(super) fn new(hosts: usize, seed: u64, plan: FaultPlan) -> Network {
        let link = (Link::default(), Counts::default(), Expected::default());
        let world = plan.new_world();
        Network { hosts, links: vec![link; hosts * hosts], seed, world, plan, deliveries: vec![], log: false }
    }

    pub(super) fn keep_deliveries(&mut self) {
        self.log = true;
    }

    fn index(&self, from: Host, to: Host) -> usize {
        usize::from(from.0) * self.hosts + usize::from(to.0)
    }

    pub(super) fn set(&mut self, from: Host, to: Host, link: Link) {
        let index = self.index(from, to);
        self.links[index].0 = link;
    }

    pub(super) fn set_all(&mut self, link: Link) {
        self.links.iter_mut().for_each(|it| it.0 = link);
    }

    pub(super) fn heal(&mut self) {
        for (link, ..) in &mut self.links {
            *link = Link { latency_min: link.latency_min, latency_max: link.latency_max, ..Link::default() };
        }
    }

    pub(super) fn counts(&self, from: Host, to: Host) -> Counts {
        self.links[self.index(from, to)].1
    }

    pub(super) fn faults(&self) -> u64 {
        self.links.iter().map(|(_, it, _)| it.lost + it.duplicated + it.corrupted + it.reordered).sum()
    }

    pub(super) fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    pub(super) fn arrived(&mut self, at: Time, from: Host, to: Host, datagram: &Arc<[u8]>) {
        let index = self.index(from, to);
        self.links[index].1.delivered += 1;
        if self.log {
            self.deliveries.push(Delivery { at, from, to, datagram: datagram.clone() });
        }
    }

    pub(super) fn send(&mut self, from: Host, to: Host, datagram: &Arc<[u8]>) -> Fate {
        let index = self.index(from, to);
        let (link, counts, expected) = &mut self.links[index];
        counts.sent += 1;
        counts.bytes += datagram.len() as u64;
        let (plan, world, number) = (&self.plan, self.world, counts.sent);
        let happens = |wanted, copy, kind| {
            plan.decide(wanted, FaultName { world, from, to, datagram: number, copy, kind })
        };
        // Each datagram has dice of its own, so its fate does not depend on what became of others.
        let dice = &mut Dice::of(self.seed, [u64::from(world), index as u64, number]);
        expected.lost += link.loss;
        if happens(dice.chance(link.loss), 0, FaultKind::Lost) {
            counts.lost += 1;
            return Fate { lost: true, duplicated: false, copies: [None, None] };
        }
        expected.duplicated += link.duplicate;
        let duplicated = happens(dice.chance(link.duplicate), 0, FaultKind::Duplicated);
        counts.duplicated += u64::from(duplicated);
        let mut deliver = |copy: u8| {
            expected.corrupted += link.corrupt;
            expected.reordered += link.reorder;
            let corrupted = happens(dice.chance(link.corrupt), copy, FaultKind::Corrupted);
            let held = happens(dice.chance(link.reorder), copy, FaultKind::Held);
            counts.corrupted += u64::from(corrupted);
            counts.reordered += u64::from(held);
            let late = if copy == 0 { Duration::ZERO } else { dice.between(Duration::ZERO, link.copy_delay) };
            let latency = dice.between(link.latency_min, link.latency_max);
            let delay = late + latency + if held { link.reorder_delay } else { Duration::ZERO };
            let datagram = if corrupted { corrupt(datagram, dice) } else { datagram.clone() };
            Copy { delay, datagram, corrupted }
        };
        let first = deliver(0);
        let second = duplicated.then(|| deliver(1));
        Fate { lost: false, duplicated, copies: [Some(first), second] }
    }

    pub(super) fn require_faults(&self) -> Result<(), String> {
        if self.plan.is_restricted() {
            return Ok(());
        }
        let missing = |what: &str, expected: f64, seen: u64| {
            let text = format!("The network was to have about {expected:.0} {what} datagrams and had none.");
            if expected > EXPECTED_FAULTS && seen == 0 { Err(text) } else { Ok(()) }
        };
        self.links.iter().try_for_each(|(_, counts, expected)| {
            missing("lost", expected.lost, counts.lost)?;
            missing("duplicated", expected.duplicated, counts.duplicated)?;
            missing("corrupted", expected.corrupted, counts.corrupted)?;
            missing("reordered", expected.reordered, counts.reordered)
        })
    }
}

/// The datagram changed in one of the ways in which networks and their hardware do it; never equal to the original.
fn corrupt(datagram: &[u8], dice: &mut Dice) -> Arc<[u8]> {
    let mut bytes = datagram.to_vec();
    match dice.below(4) {
        0 if bytes.len() >= 4 => swap_words(&mut bytes, dice),
        1 if !bytes.is_empty() => bytes.truncate(dice.below(bytes.len() as u64) as usize),
        2 => bytes.extend((0..=dice.below(8)).map(|_| 0u8)),
        _ => {}
    }
    if bytes == datagram {
        flip_bit(&mut bytes, dice);
    }
    bytes.into()
}

fn swap_words(bytes: &mut [u8], dice: &mut Dice) {
    let words = (bytes.len() / 2) as u64;
    let (a, b) = (dice.below(words) as usize * 2, dice.below(words) as usize * 2);
    bytes.swap(a, b);
    bytes.swap(a + 1, b + 1);
}

fn flip_bit(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if bytes.is_empty() {
        bytes.push(0);
        return;
    }
    let bit = dice.below(bytes.len() as u64 * 8) as usize;
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: u64 = 20_000;

    fn network(link: Link) -> Network {
        let mut network = Network::new(2, 1, FaultPlan::default());
        network.set_all(link);
        network
    }

    fn sent(link: Link) -> Counts {
        let mut network = network(link);
        for n in 0..N {
            network.send(Host(0), Host(1), &n.to_be_bytes().as_slice().into());
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
            let fate = network.send(Host(0), Host(1), &datagram);
            let copy = fate.copies[0].as_ref().expect("it is not lost");
            assert!(copy.corrupted && copy.datagram != datagram);
        }
    }

    #[test]
    fn a_held_datagram_arrives_later_than_the_latency() {
        let link = Link { reorder: 1.0, reorder_delay: ms(50), ..Link::default() };
        let fate = network(link).send(Host(0), Host(1), &b"x".as_slice().into());
        assert_eq!(fate.copies[0].as_ref().expect("it is not lost").delay, ms(51));
    }

    #[test]
    fn a_fault_that_never_happens_is_noticed() {
        let mut network = network(Link { loss: 0.5, ..Link::default() });
        for _ in 0..100 {
            network.send(Host(0), Host(1), &b"x".as_slice().into());
        }
        assert_eq!(network.require_faults(), Ok(()));
        network.links[1].1.lost = 0;
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
}
