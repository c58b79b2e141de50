//! Servers and clients that crash and come again.

use crate::scenarios::checks::client_config;
use crate::scenarios::office::{Office, serve_config};
use crate::shells::Job;
use crate::{ClientConfig, Host};
use faultline::disk::Unsynced;
use faultline::ms;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome};
use faultline::simulation::{Change, Link};
use std::time::Duration;

/// Through crashes and cuts; then the faults stop, and each client calls once more.
pub(super) fn disasters(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4539);
    let link =
        Link { loss: 0.05, duplicate: 0.2, copy_delay: ms(20_000), latency_max: ms(30), ..Link::default() };
    let client = ClientConfig { give_up: ms(30_000), ..client_config(Host(0)) };
    let mut office = Office::start_with(bench, link, serve_config(3, 6), client)?;
    let server = office.server.host;
    for round in 0..bench.amount(8) {
        for number in 0..4 + random.below(4) {
            let client = random.below(2) as usize;
            let job = Job::new(format!("{}{round}.{number}", ["a", "b"][client]), ms(random.below(8_000)));
            office.call_within(client, job, ms(5_000 + random.below(60_000)))?;
        }
        office.pass(ms(random.below(15_000)))?;
        let other = office.clients[random.below(2) as usize].host;
        let span = ms(random.below(40_000));
        match random.below(3) {
            0 => {
                office.simulation.change(&Change::Cut(server, other))?;
                office.pass(span)?;
                office.simulation.change(&Change::Heal(server, other))?;
            }
            host => {
                let host = if host == 1 { server } else { other };
                office.simulation.change(&Change::Crash(host, Unsynced::Lost))?;
                office.pass(span / 4)?;
                office.simulation.change(&Change::Restart(host))?;
            }
        }
        office.check_truth()?;
    }
    office.simulation.stop_faults()?;
    office.pass(Duration::from_secs(120))?;
    let why = "Rules B7 and E1: all faults have stopped, and everything has been up for two minutes";
    // Who knows a server that is gone learns of it in the first round.
    for (client, name) in [(0, "first-a"), (1, "first-b"), (0, "last-a"), (1, "last-b")] {
        office.call(client, Job::new(name, ms(100)))?;
        office.pass(Duration::from_secs(60))?;
        office
            .expect(client, name, why, "something", |result| result.is_ok() || name.starts_with("first"))?;
    }
    office.check_truth()?;
    office.simulation.require_faults()
}
