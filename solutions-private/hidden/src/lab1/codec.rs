//! Part A with random messages and random damage, against the judge's own bytes.

use super::{damage, wire};
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Outcome, Scenario, World};
use lab1_kit::message::{EncodeError, HEADER_LEN, MAX_PAYLOAD, Message};
use lab1_kit::scenarios::codec_checks::{expect_bytes, expect_error, expect_message, expect_too_large};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "HA1",
        name: "encode gives the one right datagram of any message",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 20,
        hint: "Rules A1 to A4. The golden vectors are examples of a rule, not the rule.",
        run: encodes,
    },
    Scenario {
        id: "HA2",
        name: "decode tells good datagrams from damaged ones, and says what is wrong",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 20,
        hint: "Rules A3, A5 and A6. Bits flip, words change places, bursts come, tails are lost: what catches each?",
        run: decodes,
    },
];

const MESSAGES: usize = 15;

fn encodes(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed());
    for _ in 0..MESSAGES {
        let message = wire::random_message(&mut random);
        expect_bytes(bench, "a message", &message, &wire::datagram(&message))?;
        // Some of these look small to who counts in 16 bits.
        let len = match random.below(3) {
            0 => MAX_PAYLOAD + 1 + random.below(10) as usize,
            1 => (1 << 16) + random.below(MAX_PAYLOAD as u64) as usize,
            _ => MAX_PAYLOAD + 1 + random.below(70_000) as usize,
        };
        let error = EncodeError::PayloadTooLarge { len, max: MAX_PAYLOAD };
        expect_too_large(bench, &Message { payload: vec![1; len], ..message }, &error)?;
    }
    Ok(())
}

fn decodes(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed());
    for _ in 0..MESSAGES {
        let message = wire::random_message(&mut random);
        let datagram = wire::datagram(&message);
        for damage in damage::ALL {
            let mut damaged = damage.apply(&mut random, &datagram);
            if damaged.len() >= HEADER_LEN && random.chance(0.2) {
                let again = damage::ALL[random.below(damage::ALL.len() as u64) as usize];
                damaged = again.apply(&mut random, &damaged);
            }
            match wire::verdict(&damaged) {
                Ok(message) => expect_message(bench, "a datagram", &damaged, &message)?,
                Err(error) => expect_error(bench, "a damaged datagram", &damaged, &error)?,
            }
        }
        expect_message(bench, "a datagram", &datagram, &message)?;
    }
    Ok(())
}
