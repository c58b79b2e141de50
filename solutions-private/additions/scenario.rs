//! A scenario that is added.

use super::codec_checks::{decode, encode};
use crate::message::{Kind, Message};
use faultline::scenario::{Bench, Outcome, Scenario, World, ensure};

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    id: "A90",
    name: "a payload of one byte comes back, whichever it is",
    part: 'A',
    points: 1,
    world: World::Script,
    seeds: 1,
    hint: "Rule A7. Which values can a byte have?",
    run: any_byte,
}];

fn any_byte(bench: &Bench<'_>) -> Outcome {
    for byte in 0..=u8::MAX {
        let message = Message { kind: Kind::Ping, session: 1, seq: 1, payload: vec![byte] };
        let datagram = encode(bench, &message)?.unwrap_or_default();
        let back = decode(bench, &datagram)?;
        ensure(back == Ok(message), || {
            format!("Rule A7: the payload {byte:#04x} was encoded, and decode gives {back:?}.")
        })?;
    }
    Ok(())
}
