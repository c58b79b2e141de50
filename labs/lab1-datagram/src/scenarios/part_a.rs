//! Part A: a message as bytes, and back without trust.

use super::codec_checks::{
    decode, encode, expect_bytes, expect_error, expect_message, expect_refusal, expect_sanity,
    expect_too_large, shown,
};
use crate::golden::Golden;
use crate::message::{DecodeError, EncodeError, HEADER_LEN, Kind, MAX_PAYLOAD, Message};
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World, ensure};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "A1",
        name: "encode gives the golden bytes of every golden message",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules A1 to A3. Draw the datagram of five-bytes from golden.txt field by field, and yours below it.",
        run: golden_bytes,
    },
    Scenario {
        id: "A2",
        name: "decode gives back the golden messages",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rules A1 and A7. The bytes come from a program that has never seen your encode.",
        run: golden_messages,
    },
    Scenario {
        id: "A3",
        name: "each bad datagram is refused with the error of the first check that fails",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A6. In which order do the variants of DecodeError stand, and in which order do you look?",
        run: exact_errors,
    },
    Scenario {
        id: "A4",
        name: "a payload of the limit fits, and one byte more is refused and not cut",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 1,
        hint: "Rule A4. Which numbers can the length field hold, and what becomes of one that it cannot?",
        run: size_limits,
    },
    Scenario {
        id: "A5",
        name: "no single flipped bit gets through",
        part: 'A',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rule A3. Which bytes does your checksum not see?",
        run: flipped_bits,
    },
    Scenario {
        id: "A6",
        name: "two 16-bit words that changed places are noticed",
        part: 'A',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rule A3. A sum does not care in which order its terms come.",
        run: swapped_words,
    },
    Scenario {
        id: "A7",
        name: "a datagram that was cut anywhere, or has bytes after its end, is refused",
        part: 'A',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rules A2 and A6. The length field and the datagram both tell a length.",
        run: cut_and_padded,
    },
    Scenario {
        id: "A8",
        name: "a length field that lies is refused, however large the number is",
        part: 'A',
        points: 1,
        world: World::Script,
        seeds: 1,
        hint: "Rule A5. Who wrote the number in the length field? What do you do with it before you check it?",
        run: lying_length,
    },
    Scenario {
        id: "A9",
        name: "whatever encode accepts, decode gives back unchanged",
        part: 'A',
        points: 1,
        world: World::Script,
        seeds: 20,
        hint: "Rule A7. Compare the message before and after, field by field.",
        run: round_trip,
    },
];

fn golden_bytes(bench: &Bench<'_>) -> Outcome {
    let golden = Golden::load();
    golden
        .good
        .iter()
        .try_for_each(|vector| expect_bytes(bench, &vector.name, &vector.message, &vector.datagram))
}

fn golden_messages(bench: &Bench<'_>) -> Outcome {
    let golden = Golden::load();
    golden
        .good
        .iter()
        .try_for_each(|vector| expect_message(bench, &vector.name, &vector.datagram, &vector.message))
}

fn exact_errors(bench: &Bench<'_>) -> Outcome {
    let golden = Golden::load();
    for vector in &golden.bad {
        expect_error(bench, &vector.name, &vector.datagram, &vector.error)?;
    }
    expect_sanity(bench, &golden)
}

fn size_limits(bench: &Bench<'_>) -> Outcome {
    for len in [0, 1, MAX_PAYLOAD - 1, MAX_PAYLOAD] {
        let message = sized(len);
        let datagram = encode(bench, &message)?;
        let datagram = datagram.map_err(|error| {
            Failure::new(format!("Rule A4: encode refuses a payload of {len} bytes: {error}."))
        })?;
        ensure(datagram.len() == HEADER_LEN + len, || {
            format!("Rule A4: a payload of {len} bytes became a datagram of {} bytes.", datagram.len())
        })?;
        expect_message(bench, "what encode gave", &datagram, &message)?;
    }
    for len in [MAX_PAYLOAD + 1, 0xFFFF, 0x1_0000, 0x1_0005] {
        expect_too_large(bench, &sized(len), &EncodeError::PayloadTooLarge { len, max: MAX_PAYLOAD })?;
    }
    Ok(())
}

/// A ping of so many bytes, each of which tells its place.
fn sized(len: usize) -> Message {
    let payload = (0..len).map(|index| (index % 251) as u8).collect();
    Message { kind: Kind::Ping, session: 1, seq: 2, payload }
}

fn flipped_bits(bench: &Bench<'_>) -> Outcome {
    let golden = Golden::load();
    for name in ["empty", "five-bytes-echo", "all-ones", "zero-payload", "at-the-limit"] {
        let datagram = &golden.message(name).datagram;
        for bit in 0..datagram.len() * 8 {
            let mut damaged = datagram.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let what = format!("bit {} of byte {} of {name} was flipped", bit % 8, bit / 8);
            expect_refusal(bench, &what, &damaged)?;
        }
    }
    expect_sanity(bench, &golden)
}

fn swapped_words(bench: &Bench<'_>) -> Outcome {
    let golden = Golden::load();
    for name in ["five-bytes", "a-datagram-inside", "length-256"] {
        let datagram = &golden.message(name).datagram;
        let words = datagram.len() / 2;
        for (a, b) in (0..words).flat_map(|a| (a + 1..words).map(move |b| (a, b))) {
            let mut damaged = datagram.clone();
            damaged.swap(2 * a, 2 * b);
            damaged.swap(2 * a + 1, 2 * b + 1);
            if damaged != *datagram {
                let what = format!("the words at bytes {} and {} of {name} changed places", 2 * a, 2 * b);
                expect_refusal(bench, &what, &damaged)?;
            }
        }
    }
    expect_sanity(bench, &golden)
}

fn cut_and_padded(bench: &Bench<'_>) -> Outcome {
    let golden = Golden::load();
    for name in ["empty", "five-bytes", "a-datagram-inside", "at-the-limit"] {
        let datagram = &golden.message(name).datagram;
        for len in 0..datagram.len() {
            let what = format!("the first {len} bytes of {name}");
            expect_error(bench, &what, &datagram[..len], &length_error(datagram.len(), len))?;
        }
        for (extra, byte) in (1..=9).flat_map(|extra| [(extra, 0), (extra, 0xFF)]) {
            let mut padded = datagram.clone();
            padded.resize(datagram.len() + extra, byte);
            let what = format!("{name} and {extra} more bytes");
            expect_error(bench, &what, &padded, &length_error(datagram.len(), padded.len()))?;
        }
    }
    expect_sanity(bench, &golden)
}

/// What is wrong with a datagram of `right` bytes that now has `len`.
fn length_error(right: usize, len: usize) -> DecodeError {
    match len.checked_sub(HEADER_LEN) {
        None => DecodeError::TooShort { len },
        Some(actual) => DecodeError::BadLength { declared: right - HEADER_LEN, actual },
    }
}

fn lying_length(bench: &Bench<'_>) -> Outcome {
    let golden = Golden::load();
    for name in ["empty", "five-bytes", "at-the-limit"] {
        let datagram = &golden.message(name).datagram;
        let actual = datagram.len() - HEADER_LEN;
        let powers = (0..16).flat_map(|power| [(1 << power) - 1, 1 << power]);
        for declared in powers.chain([1_199, 1_201, 1_218, 0xFFFE, 0xFFFF]).filter(|it| *it != actual as u16)
        {
            let mut lying = datagram.clone();
            lying[12..14].copy_from_slice(&declared.to_be_bytes());
            let error = DecodeError::BadLength { declared: declared.into(), actual };
            expect_error(bench, &format!("{name} that declares {declared} bytes"), &lying, &error)?;
        }
    }
    expect_sanity(bench, &golden)
}

fn round_trip(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed());
    for _ in 0..20 {
        let message = random_message(&mut random);
        let datagram = encode(bench, &message)?;
        let datagram = datagram.map_err(|error| {
            Failure::new(format!("Rule A4: encode refuses {}: {error}.", shown(&message)))
        })?;
        let back = decode(bench, &datagram)?;
        ensure(back.as_ref() == Ok(&message), || {
            format!("Rule A7: {} was encoded, and decode gives {back:?}.", shown(&message))
        })?;
    }
    expect_sanity(bench, &Golden::load())
}

fn random_message(random: &mut Random) -> Message {
    let kind = if random.chance(0.5) { Kind::Ping } else { Kind::Echo };
    let len = random.below(MAX_PAYLOAD as u64 + 1);
    let payload = (0..len).map(|_| random.bits() as u8).collect();
    Message { kind, session: random.bits() as u32, seq: random.bits() as u32, payload }
}
