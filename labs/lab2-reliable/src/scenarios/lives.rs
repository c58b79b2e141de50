//! Connections one after another, in a world that crashes hosts and cuts links: each application opens the next one when the
//! last one is over. Every notice is checked as it is told.

use super::checks::{connection_config, send_on};
use super::talk::{NAMES, Side};
use crate::{CONNECTION, ConnectionCommand, ConnectionNotice, Reason, SeqNo};
use faultline::disk::Unsynced;
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Change, Ended, Link, Simulation};
use faultline::{Host, Time, ms, text};
use std::time::Duration;

/// How many messages a connection is used for, each way.
const MESSAGES: usize = 5;

/// How long a client waits after it was refused.
const PATIENCE: Duration = ms(500);

/// How long after the last fault a connection must have opened and closed on both sides.
const RECOVERY: Duration = Duration::from_secs(1_500);

/// One connection as one side has it.
#[derive(Debug, Default)]
struct Session {
    sent: Vec<Vec<u8>>,
    finished: bool,
    opened: bool,
    /// The session of the peer whose messages were delivered, and how many of them.
    peer: Option<usize>,
    delivered: usize,
    ended: bool,
    closed: bool,
    /// It is over, and the next one may begin at this moment.
    next: Option<Time>,
}

/// A client and a server, and all their connections.
pub struct Lives<'a> {
    simulation: Simulation<'a>,
    hosts: [Host; 2],
    sides: [Side; 2],
    sessions: [Vec<Session>; 2],
    /// How many notices of each side are checked.
    told: [usize; 2],
    /// From now on every connection is finished.
    ending: bool,
    random: Random,
}

impl<'a> Lives<'a> {
    /// Both sides without a connection, in a world where all links are like `link`.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn start(bench: &Bench<'a>, link: Link) -> Result<Lives<'a>, Failure> {
        let (mut simulation, hosts) = Simulation::new(bench, NAMES);
        simulation.links(link);
        let [c, s] = hosts;
        let client = simulation.start(c, &CONNECTION, &connection_config(s))?;
        let server = simulation.start(s, &CONNECTION, &connection_config(c))?;
        Ok(Lives {
            simulation,
            hosts,
            sides: [client, server],
            sessions: [vec![], vec![]],
            told: [0, 0],
            ending: false,
            random: Random::new(bench.seed() ^ 0x4C49_5645),
        })
    }

    /// So many crashes and cuts, one after another; then all faults stop, and a connection must open and close.
    ///
    /// # Errors
    /// Something wrong is told, or nothing comes of the last connections.
    pub fn run(mut self, disasters: usize) -> Outcome {
        for side in [1, 0] {
            self.begin(side)?;
        }
        for _ in 0..disasters {
            let calm = ms(self.random.below(90_000));
            self.pass(calm)?;
            self.disaster()?;
        }
        self.end()?;
        let stopped = self.simulation.now();
        while !self.is_done() {
            if self.simulation.now() > stopped + RECOVERY {
                return Err(self.simulation.fail(format!(
                    "Rules E1 to E10: all faults stopped at {stopped}, and since then both applications have opened and \
                     finished connection after connection, but after {} s none has closed on both sides.",
                    RECOVERY.as_secs()
                )));
            }
            self.pass(Duration::from_secs(1))?;
        }
        Ok(())
    }

    /// A host crashes and comes up again later, or the two are cut off from each other for a while, perhaps in one direction.
    fn disaster(&mut self) -> Outcome {
        let side = self.random.below(2) as usize;
        let (host, other) = (self.hosts[side], self.hosts[1 - side]);
        let span = ms(self.random.below(200_000));
        if self.random.chance(0.6) {
            self.simulation.change(&Change::Crash(host, Unsynced::Lost))?;
            self.pass(span / 10)?;
            self.simulation.change(&Change::Restart(host))?;
            return self.begin(side);
        }
        let mut links = vec![(host, other)];
        if self.random.chance(0.7) {
            links.push((other, host));
        }
        for (from, to) in &links {
            self.simulation.change(&Change::Cut(*from, *to))?;
        }
        self.pass(span)?;
        links.iter().try_for_each(|(from, to)| self.simulation.change(&Change::Heal(*from, *to)))
    }

    /// The application of a side opens its next connection.
    fn begin(&mut self, side: usize) -> Outcome {
        let number = self.sessions[side].len();
        let isn = SeqNo(1_000_000 * (2 * number + side) as u32);
        let open = if side == 0 { ConnectionCommand::Connect(isn) } else { ConnectionCommand::Listen(isn) };
        let letter = ["c", "s"][side];
        let sent: Vec<Vec<u8>> =
            (0..MESSAGES).map(|index| format!("{letter}{number}.{index}").into_bytes()).collect();
        // Some connections stay open until something happens to them.
        let finished = self.random.chance(0.7) || self.ending;
        self.simulation.command(self.sides[side], &open)?;
        sent.iter().try_for_each(|message| self.simulation.command(self.sides[side], &send_on(message)))?;
        if finished {
            self.simulation.command(self.sides[side], &ConnectionCommand::Finish)?;
        }
        self.sessions[side].push(Session { sent, finished, ..Session::default() });
        Ok(())
    }

    /// The faults stop, and applications that have left a connection open finish it.
    fn end(&mut self) -> Outcome {
        self.simulation.stop_faults()?;
        self.ending = true;
        for side in 0..2 {
            let Some(session) = self.sessions[side].last_mut() else { continue };
            if !session.finished && session.next.is_none() {
                session.finished = true;
                self.simulation.command(self.sides[side], &ConnectionCommand::Finish)?;
            }
        }
        Ok(())
    }

    /// Lets `span` pass; connections that are due begin.
    fn pass(&mut self, span: Duration) -> Outcome {
        let end = self.simulation.now() + span;
        loop {
            for side in 0..2 {
                if self.due(side).is_some_and(|due| due <= self.simulation.now()) {
                    self.begin(side)?;
                }
            }
            let until = (0..2).filter_map(|side| self.due(side)).min().map_or(end, |due| due.min(end));
            let left = until.since(self.simulation.now());
            let (sides, told) = (self.sides, self.told);
            let ended = self.simulation.run_until(left, |world| {
                Ok((0..2).any(|side| world.notice_count(sides[side]) > told[side]))
            })?;
            match ended {
                Ended::Reached => self.hear()?,
                Ended::Quiet => drop(self.simulation.run_for(left)?),
                Ended::Deadline => {}
            }
            if ended != Ended::Reached && until == end {
                return Ok(());
            }
        }
    }

    /// When the next connection of a side is to begin.
    fn due(&self, side: usize) -> Option<Time> {
        self.sessions[side]
            .last()
            .and_then(|session| session.next)
            .filter(|_| self.simulation.is_up(self.hosts[side]))
    }

    /// Checks what was told since the last time.
    fn hear(&mut self) -> Outcome {
        for side in 0..2 {
            for notice in self.simulation.notices_after(self.sides[side], self.told[side])? {
                self.told[side] += 1;
                self.check(side, &notice).map_err(|wrong| self.simulation.fail(wrong))?;
            }
        }
        Ok(())
    }

    fn check(&mut self, side: usize, notice: &ConnectionNotice) -> Result<(), String> {
        let number = self.sessions[side].len() - 1;
        let who = format!("connection {number} of the {}", NAMES[side]);
        let now = self.simulation.now();
        let [ours, theirs] = [side, 1 - side].map(|side| &self.sessions[side]);
        let session = &ours[number];
        let peer = session.peer.and_then(|peer| theirs.get(peer));
        let wrong = match notice {
            ConnectionNotice::Rejected => Some("Rule E11: nothing was asked that cannot be done"),
            _ if session.next.is_some() => Some("Rules E6 and E11: it was over before"),
            ConnectionNotice::Opened if session.opened => Some("Rules E2 and E3: it was open already"),
            ConnectionNotice::Opened | ConnectionNotice::Failed(_) => None,
            _ if !session.opened => Some("Rules E2 and E3: it was not open yet"),
            ConnectionNotice::Message(message) => return self.take(side, message),
            ConnectionNotice::End if session.ended => Some("Rule E5: it has said so before"),
            ConnectionNotice::End => {
                let whole = peer.is_some_and(|peer| peer.finished && session.delivered == peer.sent.len());
                (!whole).then_some(
                    "Rule E5: the other side has not finished, or not all of its messages were delivered",
                )
            }
            ConnectionNotice::Closed => {
                let mutual = peer.is_some_and(|peer| peer.peer == Some(number) && peer.ended);
                (!mutual || !session.ended)
                    .then_some("Rule E6: both sides must have been told the end before")
            }
        };
        if let Some(wrong) = wrong {
            return Err(format!("{wrong}, but at {now} {who} {notice}."));
        }
        let session = &mut self.sessions[side][number];
        match notice {
            ConnectionNotice::Opened => session.opened = true,
            ConnectionNotice::End => session.ended = true,
            ConnectionNotice::Closed => {
                session.closed = true;
                session.next = Some(now + connection_config(self.hosts[1 - side]).linger + ms(1));
            }
            ConnectionNotice::Failed(reason) => {
                let wait = if *reason == Reason::Refused { PATIENCE } else { Duration::ZERO };
                session.next = Some(now + wait);
            }
            ConnectionNotice::Message(_) | ConnectionNotice::Rejected => {}
        }
        Ok(())
    }

    /// A message was delivered: it must be the next one of one session of the peer, and no session serves two.
    fn take(&mut self, side: usize, message: &[u8]) -> Result<(), String> {
        let number = self.sessions[side].len() - 1;
        let [client, server] = &mut self.sessions;
        let (ours, sent) = if side == 0 { (client, &*server) } else { (server, &*client) };
        let earlier = ours[..number].iter().filter_map(|session| session.peer).max();
        let from = sent.iter().position(|session| session.sent.iter().any(|it| it == message));
        let session = &mut ours[number];
        let is_next =
            from.is_some_and(|from| sent[from].sent.get(session.delivered).is_some_and(|it| it == message));
        let is_new = from.is_some() && (session.peer == from || (session.peer.is_none() && from > earlier));
        if is_next && is_new {
            session.peer = from;
            session.delivered += 1;
            return Ok(());
        }
        Err(format!(
            "Rules B1 and E12: at {} connection {number} of the {} delivered {}, which was not the next message of the \
             connection that it belongs to.",
            self.simulation.now(),
            NAMES[side],
            text::bytes(message, 12)
        ))
    }

    /// Whether the last connections of both sides are one, and closed.
    fn is_done(&self) -> bool {
        let [Some(client), Some(server)] = [0, 1].map(|side| self.sessions[side].last()) else {
            return false;
        };
        client.closed && server.closed && client.peer == Some(self.sessions[1].len() - 1)
    }
}
