//! What a search asks of a driver: every step of every state once. What a machine claims of its states is looked into here.

use super::{Driver, Stepped, nonsense};
use crate::crash::Crash;
use crate::driver::{Answer, NodeId, OwnedEvent, Request};
use crate::machine::Moment;
use crate::random::Draw as _;

/// One event of a searched state, and what it led to.
pub(super) struct Known {
    moment: Moment,
    event: OwnedEvent,
    stepped: Stepped,
}

/// How many events are made again with a machine that claims to be in a state that is known.
const WALK: usize = 3;

impl Driver {
    /// What a searched state does at an event: it is asked only once.
    pub(super) fn search(
        &mut self,
        kind: u64,
        node: NodeId,
        moment: Moment,
        event: &OwnedEvent,
    ) -> Result<Stepped, Crash> {
        let is_this = |known: &&Known| known.moment == moment && known.event == *event;
        if let Some(known) = self.known.get(&node).and_then(|known| known.iter().find(is_this)) {
            return Ok(known.stepped.clone());
        }
        let mut stepped = self.step(node, true, moment, event)?;
        match self.first.get(&(kind, stepped.claim)).cloned() {
            None => drop(self.first.insert((kind, stepped.claim), stepped.node.clone())),
            Some(first) => {
                self.compare(*first, *stepped.node)?;
                stepped.node = first;
            }
        }
        let known = Known { moment, event: event.clone(), stepped: stepped.clone() };
        self.known.entry(node).or_default().push(known);
        if let Some(second) = self.waiting.remove(&node) {
            self.compare(node, second)?;
        }
        Ok(stepped)
    }

    /// Looks whether a second machine does what the first did, for some events on some way from there; then the second is
    /// forgotten. Nobody believes a student's `Hash` without having looked.
    fn compare(&mut self, first: NodeId, second: NodeId) -> Result<(), Crash> {
        let (mut first, mut events, mut wanted) = (first, vec![], vec![]);
        while let Some(known) = self.known.get(&first)
            && events.len() < WALK
        {
            let chosen = self.random.below(known.len() as u64) as usize;
            let Some(Known { moment, event, stepped }) = known.get(chosen) else { break };
            events.push((*moment, event.clone()));
            wanted.push((stepped.actions.clone(), stepped.claim));
            first = *stepped.node;
        }
        if !events.is_empty() {
            match self.ask(&Request::Walk { node: second, events })? {
                Answer::Walked(got) if got == wanted => {}
                Answer::Walked(_) => return Err(unequal()),
                other => return Err(nonsense(&other)),
            }
        }
        // The end of the way does not know yet what the first will do.
        match self.known.contains_key(&first) || self.waiting.contains_key(&first) {
            true => self.forgotten.push(second),
            false => drop(self.waiting.insert(first, second)),
        }
        Ok(())
    }
}

/// Two states that say that they are one, and are not.
fn unequal() -> Crash {
    Crash::Unfit(
        "Two states of a machine say that they are equal (their Hash), but after the same event they did not do the same. \
         What does its Hash leave out? Or is it no function of its events (the clock, chance, a static, the order of a \
         HashMap)? The search looks at equal states only once."
            .into(),
    )
}
