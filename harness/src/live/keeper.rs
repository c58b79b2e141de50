//! One machine on a real disk and a real clock, without a network: it is asked and tells, and whoever holds it speaks with others.
//!
//! Invariant: what a handler has done to the disk is done before anybody is told anything.

use super::host::HostError;
use super::timers::Timers;
use crate::codec;
use crate::disk::{DiskImage, DiskOp};
use crate::machine::{Action, Machine, Moment};
use crate::node::{Event, LocalNode, Node as _};
use crate::random::{Draw as _, Random};
use crate::text;
use crate::time::Time;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;
use std::time::Instant;

/// A machine whose disk is a folder.
pub struct Keeper<M: Machine> {
    node: LocalNode<M>,
    folder: PathBuf,
    timers: Timers,
    started: Instant,
    random: Random,
    actions: Vec<Action>,
}

impl<M: Machine> Keeper<M> {
    /// Starts the machine on what is in the folder, which is there. Files within folders below it are not the machine's.
    ///
    /// # Errors
    /// The folder cannot be read, or the machine did not answer.
    pub fn start(machine: M, folder: impl Into<PathBuf>) -> Result<Keeper<M>, HostError> {
        let folder = folder.into();
        let image = image(&folder).map_err(HostError::Disk)?;
        let mut keeper = Keeper {
            node: LocalNode::new(machine, |datagram| text::bytes(datagram, 40)),
            timers: Timers::default(),
            started: Instant::now(),
            random: Random::new(RandomState::new().hash_one(&folder)),
            actions: vec![],
            folder,
        };
        let image = if image.is_empty() { vec![] } else { codec::encode(&image) };
        keeper.step(Event::Start(&image))?;
        Ok(keeper)
    }

    /// Asks the machine for something; what it tells because of that is returned.
    ///
    /// # Errors
    /// The machine did not answer, or the disk does not work.
    pub fn command(&mut self, command: &M::Command) -> Result<Vec<M::Notice>, HostError> {
        self.step(Event::Command(&codec::encode(command)))
    }

    /// When the first of the machine's timers runs out.
    pub fn next_timer(&mut self) -> Option<Instant> {
        self.timers.next()
    }

    /// Handles the timers whose time has come, the earliest first.
    ///
    /// # Errors
    /// As [`Keeper::command`].
    pub fn run_out(&mut self) -> Result<Vec<M::Notice>, HostError> {
        let (mut told, now) = (vec![], Instant::now());
        while let Some(timer) = self.timers.take_before(now) {
            told.extend(self.step(Event::Timer(timer))?);
        }
        Ok(told)
    }

    fn step(&mut self, event: Event<'_>) -> Result<Vec<M::Notice>, HostError> {
        let now = Time::ZERO + self.started.elapsed();
        let mut actions = std::mem::take(&mut self.actions);
        self.node.handle(Moment { now, random: self.random.bits() }, event, &mut actions)?;
        let mut told = vec![];
        for action in actions.drain(..) {
            match action {
                Action::SetTimer { timer, after } => self.timers.set(timer, Instant::now() + after),
                Action::CancelTimer { timer } => self.timers.cancel(timer),
                Action::Disk(op) => self.write(&op).map_err(HostError::Disk)?,
                Action::Notify(bytes) => told.push(
                    codec::decode(&bytes)
                        .map_err(|error| HostError::Machine(format!("a notice cannot be read: {error}")))?,
                ),
                Action::Send { .. } => {
                    return Err(HostError::Machine("this host has no network for its machine".into()));
                }
                Action::Discard(_) => {}
            }
        }
        self.actions = actions;
        Ok(told)
    }

    fn write(&self, op: &DiskOp) -> io::Result<()> {
        let path = |name: &str| self.folder.join(name);
        let done = match op {
            DiskOp::Write(name, bytes) => fs::write(path(name), bytes),
            DiskOp::Append(name, bytes) => OpenOptions::new()
                .create(true)
                .append(true)
                .open(path(name))
                .and_then(|mut file| file.write_all(bytes)),
            DiskOp::Rename(from, to) => fs::rename(path(from), path(to)),
            DiskOp::Remove(name) => fs::remove_file(path(name)),
            DiskOp::Sync(name) => File::open(path(name))
                .and_then(|file| file.sync_all())
                .and_then(|()| File::open(&self.folder)?.sync_all()),
        };
        match done {
            // As in the other worlds, what is not there is left alone.
            Err(error) if error.kind() == ErrorKind::NotFound && self.folder.is_dir() => Ok(()),
            done => done,
        }
    }
}

fn image(folder: &PathBuf) -> io::Result<DiskImage> {
    let mut image = DiskImage::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let (Ok(name), true) = (entry.file_name().into_string(), entry.file_type()?.is_file()) {
            image.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Context, Host, Never};
    use crate::time::ms;
    use serde::{Deserialize, Serialize};
    use std::fmt;

    #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    struct Words(String);

    impl fmt::Display for Words {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    /// Writes what it is asked into a file, and tells all of it when a timer runs out.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Scribe;

    impl Machine for Scribe {
        type Command = Words;
        type Notice = Words;
        type Timer = ();

        fn on_command(&mut self, Words(words): Words, ctx: &mut Context<Self>) {
            ctx.disk().append("book", words.as_bytes());
            ctx.disk().sync("book");
            ctx.disk().remove("nothing");
            ctx.disk().write("draft", b"x");
            ctx.disk().rename("draft", "last");
            ctx.set_timer((), ms(1));
            ctx.notify(Words("done".into()));
        }

        fn on_datagram(&mut self, _: Host, _: &[u8], _: &mut Context<Self>) {}

        fn on_timer(&mut self, (): (), ctx: &mut Context<Self>) {
            let book = String::from_utf8_lossy(ctx.disk().read("book").unwrap_or_default()).into_owned();
            ctx.notify(Words(book));
        }
    }

    #[test]
    fn what_it_has_written_is_there_when_it_tells_and_when_it_comes_up_again() {
        let folder = tempfile::tempdir().unwrap();
        for expected in ["one ", "one one "] {
            let mut keeper = Keeper::start(Scribe, folder.path()).unwrap();
            assert_eq!(keeper.command(&Words("one ".into())).unwrap(), [Words("done".into())]);
            assert_eq!(fs::read_to_string(folder.path().join("book")).unwrap(), expected);
            assert!(folder.path().join("last").exists() && !folder.path().join("draft").exists());
            while keeper.next_timer().unwrap() > Instant::now() {
                std::thread::sleep(ms(1));
            }
            assert_eq!(keeper.run_out().unwrap(), [Words(expected.into())]);
            assert_eq!(keeper.next_timer(), None);
        }
        let gone = Keeper::start(Scribe, folder.path().join("gone")).err().unwrap();
        assert!(gone.to_string().starts_with("the disk does not work: "), "{gone}");
    }

    #[test]
    fn a_machine_that_sends_is_told_that_it_cannot() {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        struct Sender;
        impl Machine for Sender {
            type Command = Never;
            type Notice = Never;
            type Timer = ();
            fn on_start(&mut self, ctx: &mut Context<Self>) {
                ctx.send(Host(1), vec![]);
            }
            fn on_datagram(&mut self, _: Host, _: &[u8], _: &mut Context<Self>) {}
        }
        let folder = tempfile::tempdir().unwrap();
        let error = Keeper::start(Sender, folder.path()).err().unwrap();
        assert_eq!(error.to_string(), "this host has no network for its machine");
    }
}
