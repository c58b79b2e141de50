//! An asynchronous host as a [`Node`]: each event wakes tasks, which run until all of them wait.

use super::executor::Place;
use super::mailbox::Mailbox;
use super::runtime::NodeHandle;
use super::shared::Shared;
use super::socket::Datagram;
use crate::codec;
use crate::crash::{Crash, guarded};
use crate::machine::{Action, Moment, TimerId, Unread};
use crate::node::{Event, Node, disk_of, unknown_timer};
use crate::watch;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::task::Waker;

/// How many commands may wait for a host's program to take them.
pub const MAX_COMMANDS: usize = 65_536;

pub(crate) struct AsyncNode<Command> {
    shared: Rc<Shared>,
    commands: Rc<Mailbox<Command>>,
    /// Begins the program; taken when the host starts.
    begin: Option<Box<dyn FnOnce()>>,
    watched: watch::Role,
    /// The events so far, as a number: two nodes with the same past are alike.
    history: u64,
}

impl<Command: DeserializeOwned + 'static> AsyncNode<Command> {
    /// A host whose program is the main task that `run` makes; `place` is where the program was registered. Only the live
    /// world has an `outside`: it is woken when something other than an event has made a task ready.
    pub(crate) fn new<Notice: 'static, Main>(
        role: &'static str,
        place: Place,
        outside: Option<Waker>,
        run: impl FnOnce(NodeHandle<Command, Notice>) -> Main + 'static,
    ) -> Self
    where
        Main: Future<Output = io::Result<()>> + 'static,
    {
        let shared = Rc::new(Shared::new(role, outside));
        let commands = Rc::new(Mailbox::new(MAX_COMMANDS));
        let (inside, handle) = (shared.clone(), NodeHandle::new(&shared, &commands));
        let begin = move || {
            let host = inside.clone();
            let main = async move {
                let end = run(handle).await;
                *host.ended.borrow_mut() = Some(end);
            };
            inside.executor.spawn(Box::pin(main), place);
        };
        let watched = watch::Role::register(role);
        AsyncNode { shared, commands, begin: Some(Box::new(begin)), watched, history: 0 }
    }

    /// Polls the tasks that something from outside has woken.
    pub(crate) fn poke(&mut self, moment: Moment, actions: &mut Vec<Action>) -> Result<(), Crash> {
        self.turn(moment, actions, |_| Ok(()))
    }

    /// Handles datagrams that have come one after the other as one event: the tasks are polled when all of them are there. Only
    /// the live world, which cannot say at which moment each has come, may do so.
    pub(crate) fn receive(
        &mut self,
        moment: Moment,
        datagrams: impl Iterator<Item = Datagram>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Crash> {
        self.turn(moment, actions, |node| {
            datagrams.for_each(|datagram| node.arrive(datagram));
            Ok(())
        })
    }

    /// Whether the program has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.shared.is_closed()
    }

    fn turn(
        &mut self,
        moment: Moment,
        actions: &mut Vec<Action>,
        begin: impl FnOnce(&mut Self) -> Result<(), Crash>,
    ) -> Result<(), Crash> {
        self.shared.enter(moment, actions);
        let inside = self.watched.enter_task();
        let answer = begin(self).and_then(|()| guarded(|| self.run()).flatten());
        drop(inside);
        self.shared.leave(actions);
        if answer.is_err() {
            self.shared.close();
        }
        answer
    }

    /// Lets the event wake whom it concerns.
    fn deliver(&mut self, event: Event<'_>) -> Result<(), Crash> {
        match event {
            Event::Start(image) => {
                self.shared.present.borrow_mut().disk = disk_of(image)?;
                if let Some(begin) = self.begin.take() {
                    begin();
                }
            }
            Event::Command(bytes) => {
                let command = codec::decode(bytes).map_err(|error| {
                    Crash::Misused(format!("the kit gave a command that this program does not know: {error}"))
                })?;
                if !self.commands.put(command) {
                    let role = self.shared.role;
                    return Err(Crash::Misused(format!(
                        "more than {MAX_COMMANDS} commands wait: the {role} takes none of them"
                    )));
                }
            }
            Event::Datagram { from, datagram } => self.arrive((from, datagram.into())),
            Event::Timer(timer) if self.shared.ring(timer) => {}
            Event::Timer(timer) => return Err(unknown_timer(timer)),
        }
        Ok(())
    }

    fn arrive(&self, datagram: Datagram) {
        let unread = match &*self.shared.socket.borrow() {
            None => Some(Unread::NoSocket),
            Some(socket) => (!socket.put(datagram)).then_some(Unread::BufferFull),
        };
        self.shared.present.borrow_mut().actions.extend(unread.map(Action::Discard));
    }

    fn run(&self) -> Result<(), Crash> {
        self.shared.executor.run(|| self.shared.is_over())?;
        self.shared.verdict()?;
        let Some(end) = self.shared.ended.take() else { return Ok(()) };
        self.shared.stop_alarms();
        self.shared.close();
        self.shared.executor.clear()?;
        let role = self.shared.role;
        end.map_err(|error| Crash::Misused(format!("the program of the {role} ended with an error: {error}")))
    }
}

impl<Command: DeserializeOwned + 'static> Node for AsyncNode<Command> {
    fn handle(&mut self, moment: Moment, event: Event<'_>, actions: &mut Vec<Action>) -> Result<(), Crash> {
        self.history = crate::hash_of(&(self.history, moment, &event));
        self.turn(moment, actions, |node| node.deliver(event))
    }

    fn fork(&self) -> Result<Box<dyn Node>, Crash> {
        let role = self.shared.role;
        Err(Crash::Misused(format!(
            "the role {role} is asynchronous: it runs in the simulation and live, not in a search"
        )))
    }

    fn key(&self) -> u64 {
        self.history
    }

    fn reads_clock(&self) -> bool {
        true
    }

    fn timer_name(&self, timer: TimerId) -> String {
        self.shared.alarm_name(timer)
    }

    fn tasks(&self) -> Result<usize, Crash> {
        Ok(self.shared.executor.count())
    }

    fn describe(&self) -> String {
        let received = self.shared.socket.borrow().as_ref().map_or(0, |socket| socket.count());
        format!(
            "tasks: {}, timers: {}, datagrams not received: {received}, commands not taken: {}",
            self.shared.executor.count(),
            self.shared.alarm_count(),
            self.commands.count()
        )
    }
}

impl<Command> Drop for AsyncNode<Command> {
    /// The host has crashed, or the run is over: every task goes, and what its destructors do has no effect.
    fn drop(&mut self) {
        self.shared.close();
        // A real crash runs no destructors, so what they do wrong here is nobody's business.
        let _ = self.shared.executor.clear();
    }
}
