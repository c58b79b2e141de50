//! What a server counts without asking the student's code: it looks at the datagrams that pass the socket, and at the calls that
//! are begun.

use crate::message::{CallId, Incarnation, Message};
use crate::types::Fault;
use faultline::live::Tapped;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many clients are told apart; of one that comes later all requests count as copies of one call.
const CLIENTS_MAX: usize = 4_096;

/// What has come to a server and what it has done.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Who the server is: it says so in each `WELCOME`.
    server: Option<Incarnation>,
    clients: BTreeMap<Incarnation, Seen>,
    requests: u64,
    calls: u64,
    refused: u64,
    /// Calls that were given to the handler.
    begun: u64,
    /// Those of them that are over.
    ended: u64,
}

/// The calls of one client of which something was seen.
#[derive(Debug, Default)]
struct Seen {
    /// What is before this, it does not want any more.
    oldest: Option<CallId>,
    requested: BTreeSet<CallId>,
    refused: BTreeSet<CallId>,
}

impl Counts {
    pub(super) fn look(&mut self, tapped: Tapped<'_>) {
        let (Tapped::Received(datagram) | Tapped::Sent(datagram)) = tapped;
        let Ok(message) = Message::decode(datagram) else { return };
        match (tapped, message) {
            (Tapped::Sent(_), Message::Welcome { server, .. }) => self.server = Some(server),
            (Tapped::Received(_), Message::Request { client, server, call, oldest, .. })
                if self.server == Some(server) =>
            {
                self.requests += 1;
                self.calls += u64::from(self.is_new(client, call, oldest));
            }
            (Tapped::Sent(_), Message::Reply { client, call, result: Err(Fault::Busy | Fault::Closing) }) => {
                let seen = self.clients.get_mut(&client);
                self.refused += u64::from(seen.is_some_and(|seen| seen.refused.insert(call)));
            }
            _ => {}
        }
    }

    /// Whether this is the first request of a call.
    fn is_new(&mut self, client: Incarnation, call: CallId, oldest: CallId) -> bool {
        if self.clients.len() >= CLIENTS_MAX && !self.clients.contains_key(&client) {
            return false;
        }
        let seen = self.clients.entry(client).or_default();
        seen.oldest = seen.oldest.max(Some(oldest));
        let kept = seen.requested.split_off(&oldest);
        seen.requested = kept;
        seen.refused = seen.refused.split_off(&oldest);
        Some(call) >= seen.oldest && seen.requested.insert(call)
    }

    pub(super) fn begin(&mut self) {
        self.begun += 1;
    }

    pub(super) fn end(&mut self) {
        self.ended += 1;
    }

    /// How many calls are being executed.
    pub(super) fn running(&self) -> u64 {
        self.begun - self.ended
    }

    /// Requests after which nothing was executed, because their call was known.
    fn suppressed(&self) -> u64 {
        self.requests.saturating_sub(self.calls.max(self.begun + self.refused))
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { requests, begun, refused, .. } = self;
        write!(
            f,
            "{requests} requests, {begun} calls executed, {} duplicates suppressed",
            self.suppressed()
        )?;
        match refused {
            0 => Ok(()),
            refused => write!(f, ", {refused} calls refused"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Target;

    const CLIENT: Incarnation = Incarnation(1);
    const SERVER: Incarnation = Incarnation(2);

    fn request(counts: &mut Counts, server: Incarnation, call: u64, oldest: u64) {
        let (call, oldest) = (CallId(call), CallId(oldest));
        let target = Target { service: 1, version: 1, method: 1 };
        let message = Message::Request { client: CLIENT, server, call, oldest, target, arguments: vec![] };
        counts.look(Tapped::Received(&message.encode()));
    }

    fn refuse(counts: &mut Counts, call: u64) {
        let message = Message::Reply { client: CLIENT, call: CallId(call), result: Err(Fault::Busy) };
        counts.look(Tapped::Sent(&message.encode()));
    }

    #[test]
    fn copies_are_told_from_calls_and_refused_ones_from_executed_ones() {
        let mut counts = Counts::default();
        counts.look(Tapped::Sent(&Message::Welcome { client: CLIENT, server: SERVER }.encode()));
        for (call, oldest) in [(1, 1), (1, 1), (2, 1), (3, 3), (2, 1), (4, 3), (4, 3)] {
            request(&mut counts, SERVER, call, oldest);
        }
        request(&mut counts, Incarnation(9), 5, 3);
        (0..3).for_each(|_| counts.begin());
        counts.end();
        [4, 4].into_iter().for_each(|call| refuse(&mut counts, call));
        assert_eq!(
            counts.to_string(),
            "7 requests, 3 calls executed, 3 duplicates suppressed, 1 calls refused"
        );
        assert_eq!(counts.running(), 2);
    }

    #[test]
    fn a_call_that_waits_is_no_duplicate_and_one_that_is_executed_twice_is_none_either() {
        let mut counts = Counts::default();
        counts.look(Tapped::Sent(&Message::Welcome { client: CLIENT, server: SERVER }.encode()));
        (0..2).for_each(|_| request(&mut counts, SERVER, 1, 1));
        assert_eq!(counts.suppressed(), 1);
        (0..2).for_each(|_| counts.begin());
        assert_eq!(counts.suppressed(), 0);
    }
}
