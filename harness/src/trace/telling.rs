//! What happened, in words: how each host is called, and how it shows its datagrams, commands and notices.

use super::Trace;
use super::what::{Carried, HostChange, What};
use crate::disk::DiskOp;
use crate::machine::Host;
use crate::program::Role;
use crate::text;
use serde::de::DeserializeOwned;
use std::fmt::Display;

/// How a machine of one role shows what it sends, is asked and tells.
#[derive(Clone, Copy)]
pub struct Words {
    pub(crate) datagram: fn(&[u8]) -> String,
    pub(crate) command: fn(&[u8]) -> String,
    pub(crate) notice: fn(&[u8]) -> String,
}

impl Words {
    /// The words of these commands and notices, and `describe` for datagrams.
    pub(crate) fn of<Command, Notice>(describe: fn(&[u8]) -> String) -> Words
    where
        Command: DeserializeOwned + Display,
        Notice: DeserializeOwned + Display,
    {
        Words { datagram: describe, command: show::<Command>, notice: show::<Notice> }
    }
}

fn show<T: DeserializeOwned + Display>(bytes: &[u8]) -> String {
    crate::codec::decode::<T>(bytes).map_or_else(|_| text::bytes(bytes, 40), |value| value.to_string())
}

/// What one host is called, and how it shows what it says.
#[derive(Clone)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(super) words: Words,
}

impl Label {
    pub(crate) fn new<Config, Command, Notice>(name: &str, role: &Role<Config, Command, Notice>) -> Label
    where
        Command: DeserializeOwned + Display,
        Notice: DeserializeOwned + Display,
    {
        Label { name: name.into(), words: Words::of::<Command, Notice>(role.describe) }
    }
}

impl Trace {
    /// To whom it happened, and what, in words.
    pub(super) fn tell<'a>(&'a self, what: &'a What) -> (&'a str, String) {
        const NETWORK: &str = "network";
        let shown = |it: &Carried| self.datagram(it.from, &it.bytes);
        // With two hosts it is clear who the other one is.
        let to_whom = |word: &str, host: Host| {
            if self.labels.len() > 2 { format!(" {word} {}", self.name(host)) } else { String::new() }
        };
        let named = |host: &Host, text: String| (self.name(*host), text);
        match what {
            What::Started(host) => named(host, STARTS.into()),
            What::Commanded(host, bytes) => {
                let command = self.label(*host).map(|it| (it.words.command)(bytes)).unwrap_or_default();
                named(host, format!("is asked to {command}"))
            }
            What::Notified(host, bytes) => {
                named(host, self.label(*host).map(|it| (it.words.notice)(bytes)).unwrap_or_default())
            }
            What::TimerFired(host, name) => named(host, format!("timer {name} runs out")),
            What::Changed(host, change) => named(host, self.tell_change(*change)),
            What::Disk(host, op) => named(host, disk_op(op)),
            What::Received(it) => {
                named(&it.to, format!("receives {}{}", shown(it), to_whom("from", it.from)))
            }
            What::Sent(it) => named(&it.from, format!("sends {}{}", shown(it), to_whom("to", it.to))),
            What::Lost(it, BY_CHANCE) => (NETWORK, format!("loses {} to {}", shown(it), self.name(it.to))),
            What::Lost(it, why) => (NETWORK, format!("loses {} to {}: {why}", shown(it), self.name(it.to))),
            What::Duplicated(it) => (NETWORK, format!("duplicates {} to {}", shown(it), self.name(it.to))),
            What::Corrupted(it) => (NETWORK, format!("corrupts {} to {}", shown(it), self.name(it.to))),
        }
    }

    fn tell_change(&self, change: HostChange) -> String {
        match change {
            HostChange::Crash => "crashes".into(),
            HostChange::Restart => "comes up again".into(),
            HostChange::Pause => "is paused".into(),
            HostChange::Resume => "goes on".into(),
            HostChange::Cut(peer) => format!("is cut off from {}", self.name(peer)),
            HostChange::Heal(peer) => format!("reaches {} again", self.name(peer)),
        }
    }
}

pub(crate) fn disk_op(op: &DiskOp) -> String {
    match op {
        DiskOp::Write(name, content) => format!("writes {} to {name}", text::bytes(content, 24)),
        DiskOp::Append(name, bytes) => format!("appends {} to {name}", text::bytes(bytes, 24)),
        DiskOp::Rename(from, to) => format!("renames {from} to {to}"),
        DiskOp::Remove(name) => format!("removes {name}"),
        DiskOp::Sync(name) => format!("syncs {name}"),
    }
}

/// Why a datagram is lost when there is nothing more to say about it.
pub(crate) const BY_CHANCE: &str = "by chance";

pub(super) const STARTS: &str = "starts";
