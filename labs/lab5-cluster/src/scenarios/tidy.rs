//! What workers have removed when they next ask or register (rule B6).

use super::cluster::Cluster;
use crate::files::{File, UNFINISHED};
use crate::message::{Body, Message, Reply, Request};
use crate::types::Attempt;
use faultline::scenario::{Failure, Outcome};
use faultline::{Host, ms};
use std::time::Duration;

impl Cluster<'_> {
    /// Lets time pass until a reply like this has reached a worker, for `span` at most, and this worker asks or registers after it;
    /// gives the worker and the reply.
    ///
    /// # Errors
    /// A machine has failed.
    pub fn run_until_asks(
        &mut self,
        span: Duration,
        is_meant: impl Fn(Host, &Reply) -> bool,
    ) -> Result<Option<(Host, Reply)>, Failure> {
        let before = self.simulation.deliveries().len();
        let coordinator = self.coordinator;
        let is_told = |from: Host, to: Host, body: &Body| {
            from == coordinator && matches!(body, Body::Reply(reply) if is_meant(to, reply))
        };
        if !self.run_until_heard(1, span, is_told)? {
            return Ok(None);
        }
        let workers = self.hosts();
        let told = self.simulation.deliveries().iter().skip(before).find_map(|it| {
            match Message::decode(&it.datagram)?.body {
                Body::Reply(reply) if workers.contains(&it.to) && is_meant(it.to, &reply) => {
                    Some((it.to, reply))
                }
                _ => None,
            }
        });
        let Some((worker, reply)) = told else { return Ok(None) };
        Ok(self.run_until_next_question(worker, ms(10_000))?.then_some((worker, reply)))
    }

    /// Lets time pass until a worker asks or registers, for `span` at most; says whether it has.
    ///
    /// # Errors
    /// A machine has failed.
    pub fn run_until_next_question(&mut self, worker: Host, span: Duration) -> Result<bool, Failure> {
        let asks = |from, _, body: &Body| {
            from == worker && matches!(body, Body::Request(Request::Ask { .. } | Request::Register { .. }))
        };
        self.run_until_heard(1, span, asks)
    }

    /// A worker has nothing on its disk that is not finished; `rule` says why.
    ///
    /// # Errors
    /// It has.
    pub fn check_drafts(&self, worker: Host, rule: &str) -> Outcome {
        self.check_no_file(worker, rule, |name| name.starts_with(UNFINISHED))
    }

    /// A worker has nothing of these attempts on its disk, finished or not; `rule` says why.
    ///
    /// # Errors
    /// It has.
    pub fn check_removed(&self, worker: Host, attempts: &[Attempt], rule: &str) -> Outcome {
        self.check_no_file(worker, rule, |name| {
            let file = File::of_name(name.strip_prefix(UNFINISHED).unwrap_or(name));
            file.and_then(File::attempt).is_some_and(|attempt| attempts.contains(&attempt))
        })
    }

    fn check_no_file(&self, worker: Host, rule: &str, is_meant: impl Fn(&str) -> bool) -> Outcome {
        let files = self.simulation.files(worker);
        match files.keys().find(|name| is_meant(name)) {
            None => Ok(()),
            Some(name) => {
                let reason =
                    format!("{name} is still on the disk of w{} when it asks again; {rule}.", worker.0);
                Err(self.simulation.fail(reason))
            }
        }
    }
}
