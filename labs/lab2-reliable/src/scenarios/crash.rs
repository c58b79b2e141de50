//! A client and a server, one of which crashes: searched in every order of events.

use super::checks::{connection_config, send_on};
use super::talk::{ISNS, NAMES, Side};
use crate::{CONNECTION, ConnectionCommand, ConnectionNotice, SeqNo};
use faultline::scenario::{Bench, Failure};
use faultline::search::{Explored, Limits, Search, Seen};

/// The ISNs of client and server after a crash.
const NEXT_ISNS: [SeqNo; 2] = [SeqNo(2_000_000), SeqNo(3_000_000)];

/// Which side may crash. When it comes up again it connects or listens again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mortal {
    /// The client, which sends "a" in its first life and "b" in its second. The server listens again when it can.
    Client,
    /// The server.
    Server,
}

/// Searches a client that connects and sends, and a server that listens. In no state may there be no way on: either what the
/// client has sent last is delivered, or the client is told that its connection is lost, `timers` time-outs later at most.
///
/// # Errors
/// The shortest story in which something of an earlier life is delivered, or the client waits for ever.
pub fn search(bench: &Bench<'_>, limits: Limits, mortal: Mortal, timers: u8) -> Result<Explored, Failure> {
    let (mut search, [c, s]) = Search::new(bench, limits, NAMES);
    let client = search.start(c, &CONNECTION, &connection_config(s))?;
    let server = search.start(s, &CONNECTION, &connection_config(c))?;
    search.command(server, &ConnectionCommand::Listen(ISNS[1]));
    search.command(client, &ConnectionCommand::Connect(ISNS[0]));
    search.command(client, &send_on(b"a"));
    match mortal {
        Mortal::Client => {
            search.may_crash(c);
            search.at_restart(client, &ConnectionCommand::Connect(NEXT_ISNS[0]));
            search.at_restart(client, &send_on(b"b"));
            search.command(server, &ConnectionCommand::Listen(NEXT_ISNS[1]));
        }
        Mortal::Server => {
            search.may_crash(s);
            search.at_restart(server, &ConnectionCommand::Listen(NEXT_ISNS[1]));
        }
    }
    search.always(move |seen| once_each(&heard(seen, server)));
    search.goal(move |seen| is_over(seen, client, server));
    search.recovers_with(timers);
    search.run()
}

/// The messages that the server has delivered in all its lives.
fn heard(seen: &Seen<'_>, server: Side) -> Vec<String> {
    let messages = seen.notices(server).into_iter().filter_map(|notice| match notice {
        ConnectionNotice::Message(message) => Some(String::from_utf8_lossy(&message).into_owned()),
        _ => None,
    });
    messages.collect()
}

/// The client's last message is delivered, or the client knows that its last connection is lost.
fn is_over(seen: &Seen<'_>, client: Side, server: Side) -> bool {
    let since = seen.notices_since_crash(client);
    let last = if since.is_some() { "b" } else { "a" };
    since
        .unwrap_or_else(|| seen.notices(client))
        .iter()
        .any(|notice| matches!(notice, ConnectionNotice::Failed(_)))
        || heard(seen, server).iter().any(|text| text == last)
}

fn once_each(heard: &[String]) -> Result<(), String> {
    let again = heard.iter().enumerate().find(|(index, text)| heard[..*index].contains(text));
    again.map_or(Ok(()), |(_, text)| {
        Err(format!(
            "Rules B1 and E12: the client has sent \"{text}\" once, but the server has delivered it twice"
        ))
    })
}
