//! Two connections that talk to each other: what each application was told, checked against what the other has sent.

use super::checks::{connection_config, send_on};
use crate::{CONNECTION, ConnectionCommand, ConnectionConfig, ConnectionNotice, SeqNo};
use faultline::Host;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::search::{Explored, Limits, Search};
use faultline::simulation::{Ended, Handle, Link, Simulation};
use faultline::text;
use std::time::Duration;

/// One side of a connection, as a scenario holds it.
pub type Side = Handle<ConnectionCommand, ConnectionNotice>;

/// The ISNs of the client and of the server, far apart.
pub const ISNS: [SeqNo; 2] = [SeqNo(1_000), SeqNo(500_000)];

/// The names of the two sides, in the order in which everything here speaks of them.
pub const NAMES: [&str; 2] = ["client", "server"];

/// What both applications send, and whether they finish; each direction by the side that sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The messages of client and server.
    pub sent: [Vec<Vec<u8>>; 2],
    /// Whether client and server finish.
    pub finished: [bool; 2],
    /// Whether a side may be told that the connection is lost.
    pub may_fail: bool,
}

impl Plan {
    /// These messages each way, both sides finish, and nothing fails.
    #[must_use]
    pub fn whole(client: &[&str], server: &[&str]) -> Plan {
        let bytes = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        Plan { sent: [bytes(client), bytes(server)], finished: [true, true], may_fail: false }
    }

    /// The same, but nobody finishes.
    #[must_use]
    pub fn open(client: &[&str], server: &[&str]) -> Plan {
        Plan { finished: [false, false], ..Plan::whole(client, server) }
    }

    /// Whether everything was told that may be told to either side.
    #[must_use]
    pub fn is_done(&self, told: [&[ConnectionNotice]; 2]) -> bool {
        (0..2).all(|side| {
            let delivered = told[side].iter().filter(|it| matches!(it, ConnectionNotice::Message(_))).count();
            let closed = told[side].contains(&ConnectionNotice::Closed) || self.finished != [true, true];
            let opened = told[side].contains(&ConnectionNotice::Opened);
            closed && opened && delivered == self.sent[1 - side].len()
        })
    }

    /// Checks all that both applications were told so far, in one connection.
    ///
    /// # Errors
    /// It breaks a rule; the text says which and how.
    pub fn check(&self, told: [&[ConnectionNotice]; 2]) -> Result<(), String> {
        (0..2).try_for_each(|side| self.check_side(side, told))
    }

    fn check_side(&self, side: usize, told: [&[ConnectionNotice]; 2]) -> Result<(), String> {
        let (name, peer) = (NAMES[side], NAMES[1 - side]);
        let theirs = &self.sent[1 - side];
        let (mut opened, mut delivered, mut ended, mut over) = (false, 0, false, false);
        for notice in told[side] {
            if over {
                return Err(format!(
                    "Rules E6 and E11: the connection of the {name} is over, but it {notice}."
                ));
            }
            match notice {
                ConnectionNotice::Opened if opened => {
                    return Err(format!("Rules E2 and E3: the {name} {notice} a second time."));
                }
                ConnectionNotice::Opened => opened = true,
                ConnectionNotice::Failed(_) if self.may_fail => over = true,
                ConnectionNotice::Failed(_) | ConnectionNotice::Rejected => {
                    return Err(format!("Rules E7 to E11: the {name} {notice}, and nothing was wrong."));
                }
                _ if !opened => {
                    return Err(format!("Rules E2 and E3: the {name} {notice} before it is open."));
                }
                ConnectionNotice::Message(message) => {
                    if ended || theirs.get(delivered) != Some(message) {
                        return Err(format!(
                            "Rules B1 and E12: the {name} delivered {}, where it was the turn of message \
                             {delivered} of the {peer}{}.",
                            text::bytes(message, 12),
                            if ended { ", which had finished" } else { "" }
                        ));
                    }
                    delivered += 1;
                }
                ConnectionNotice::End => {
                    if ended || !self.finished[1 - side] || delivered < theirs.len() {
                        return Err(format!(
                            "Rule E5: the {name} {notice} after {delivered} of its {} messages.",
                            theirs.len()
                        ));
                    }
                    ended = true;
                }
                ConnectionNotice::Closed => {
                    let heard = told[1 - side].contains(&ConnectionNotice::End);
                    if !ended || !heard {
                        let who = if ended { peer } else { name };
                        return Err(format!(
                            "Rule E6: the {name} {notice}, but the {who} was not told the end."
                        ));
                    }
                    over = true;
                }
            }
        }
        Ok(())
    }
}

/// Searches a client that connects and a server that listens, with these messages, and `Finish` of those that do. In no
/// state may the end of it be out of reach when `timers` more time-outs are allowed.
///
/// # Errors
/// The shortest story that breaks a rule.
pub fn search(bench: &Bench<'_>, limits: Limits, plan: Plan, timers: u8) -> Result<Explored, Failure> {
    let (mut search, [c, s]) = Search::new(bench, limits, NAMES);
    let client = search.start(c, &CONNECTION, &connection_config(s))?;
    let server = search.start(s, &CONNECTION, &connection_config(c))?;
    search.command(server, &ConnectionCommand::Listen(ISNS[1]));
    search.command(client, &ConnectionCommand::Connect(ISNS[0]));
    for (number, side) in [client, server].into_iter().enumerate() {
        plan.sent[number].iter().for_each(|message| search.command(side, &send_on(message)));
        if plan.finished[number] {
            search.command(side, &ConnectionCommand::Finish);
        }
    }
    let goal = plan.clone();
    search.always(move |seen| plan.check([&seen.notices(client), &seen.notices(server)]));
    search.goal(move |seen| goal.is_done([&seen.notices(client), &seen.notices(server)]));
    search.recovers_with(timers);
    search.run()
}

/// A client and a server in a simulated network.
pub struct Talk<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    /// Client and server.
    pub sides: [Side; 2],
    /// What is to be said, and what has been asked so far.
    pub plan: Plan,
}

impl<'a> Talk<'a> {
    /// Both sides without a connection, alone in a world where all links are like `link`.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn start(
        bench: &Bench<'a>,
        link: Link,
        config: impl Fn(ConnectionConfig) -> ConnectionConfig,
    ) -> Result<Talk<'a>, Failure> {
        let (mut simulation, hosts) = Simulation::new(bench, NAMES);
        simulation.links(link);
        Talk::join(simulation, hosts, config)
    }

    /// Both sides on these hosts of a world that is there already.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn join(
        mut simulation: Simulation<'a>,
        [c, s]: [Host; 2],
        config: impl Fn(ConnectionConfig) -> ConnectionConfig,
    ) -> Result<Talk<'a>, Failure> {
        let client = simulation.start(c, &CONNECTION, &config(connection_config(s)))?;
        let server = simulation.start(s, &CONNECTION, &config(connection_config(c)))?;
        Ok(Talk { simulation, sides: [client, server], plan: Plan::default() })
    }

    /// The server listens, the client connects, with these ISNs.
    ///
    /// # Errors
    /// A machine does not answer.
    pub fn open(&mut self, [client, server]: [SeqNo; 2]) -> Outcome {
        self.simulation.command(self.sides[1], &ConnectionCommand::Listen(server))?;
        self.simulation.command(self.sides[0], &ConnectionCommand::Connect(client))
    }

    /// A side's application sends these messages.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn send(&mut self, side: usize, messages: impl IntoIterator<Item = Vec<u8>>) -> Outcome {
        for message in messages {
            self.simulation.command(self.sides[side], &send_on(&message))?;
            self.plan.sent[side].push(message);
        }
        Ok(())
    }

    /// A side's application has nothing more to send.
    ///
    /// # Errors
    /// The machine does not answer.
    pub fn finish(&mut self, side: usize) -> Outcome {
        self.plan.finished[side] = true;
        self.simulation.command(self.sides[side], &ConnectionCommand::Finish)
    }

    /// What both sides have told so far.
    ///
    /// # Errors
    /// One of them said something that cannot be read.
    pub fn told(&self) -> Result<[Vec<ConnectionNotice>; 2], Failure> {
        told(&self.simulation, self.sides)
    }

    /// Lets `span` pass, checking what is said as it is said, or less when `reached` says so.
    ///
    /// # Errors
    /// A rule is broken.
    pub fn run_until(
        &mut self,
        span: Duration,
        reached: impl Fn([&[ConnectionNotice]; 2]) -> bool,
    ) -> Result<Ended, Failure> {
        let Talk { simulation, sides, plan } = self;
        simulation.run_until(span, |world| {
            let [client, server] = told(world, *sides)?;
            plan.check([&client, &server]).map_err(Failure::new)?;
            Ok(reached([&client, &server]))
        })
    }

    /// Lets the run go on until both sides are closed, which must be within `span`.
    ///
    /// # Errors
    /// A rule is broken, or it takes longer.
    pub fn close(&mut self, span: Duration) -> Outcome {
        let plan = self.plan.clone();
        if self.run_until(span, |told| plan.is_done(told))? == Ended::Reached {
            return self.simulation.require_faults();
        }
        let told = self.told()?;
        let open = (0..2).find(|side| !told[*side].contains(&ConnectionNotice::Closed)).unwrap_or(0);
        let delivered = |side: usize| {
            told[side].iter().filter(|notice| matches!(notice, ConnectionNotice::Message(_))).count()
        };
        Err(self.simulation.fail(format!(
            "Rules E5 and E6: both sides have finished, but after {} s the {} is not closed. The server has {} of {} \
             messages, the client {} of {}.",
            span.as_secs_f64(),
            NAMES[open],
            delivered(1),
            self.plan.sent[0].len(),
            delivered(0),
            self.plan.sent[1].len()
        )))
    }
}

fn told(world: &Simulation<'_>, sides: [Side; 2]) -> Result<[Vec<ConnectionNotice>; 2], Failure> {
    Ok([world.notices(sides[0])?, world.notices(sides[1])?])
}
