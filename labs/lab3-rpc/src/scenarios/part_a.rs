//! Part A: marshalling and stubs. The scenarios of the stubs are in `stubs.rs`.

use super::stubs::{self, BANK, dispatch};
use crate::limits::{MAX_DEPTH, MAX_VALUES};
use crate::samples::{DECODE, ENCODE, Kind, Sample, Shape, Value};
use crate::{MAX_VALUE, Target, Unreadable};
use faultline::random::{Draw as _, Random};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World, ensure};
use std::collections::BTreeMap;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "A1",
        name: "values become exactly the bytes that were agreed on",
        part: 'A',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule A1. bincode knows many formats; bincode::config says which. Compare the bytes: order, width, lengths?",
        run: encoded,
    },
    Scenario {
        id: "A2",
        name: "whatever is encoded comes back as it was, at the extremes too",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A2. What is the smallest i64? Is an empty text the same as none?",
        run: round_trip,
    },
    Scenario {
        id: "A3",
        name: "bytes that are not the whole encoding of a value are refused",
        part: 'A',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule A2. bincode says how many bytes it has read, or leaves the rest in the reader.",
        run: refused,
    },
    Scenario {
        id: "A4",
        name: "bytes that promise too much are refused, and cost nothing",
        part: 'A',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule A3. Which types contain themselves? lab3_kit::limits goes between bincode's deserializer and the type.",
        run: limited,
    },
    Scenario {
        id: "A5",
        name: "the client's stubs ask for the right method with the right arguments",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A4. How does one write a tuple with one element, and one with none?",
        run: stubs::asked,
    },
    Scenario {
        id: "A6",
        name: "the server's dispatch calls what is asked for, once, and says what is wrong with a request",
        part: 'A',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule A6. In which order are service, version, method and arguments looked at?",
        run: stubs::dispatched,
    },
    Scenario {
        id: "A7",
        name: "a caller is given its result, or why there is none",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A5. Each way in which a call can end has an error of its own.",
        run: stubs::answered,
    },
    Scenario {
        id: "A8",
        name: "no bytes make the decoder or the dispatch panic",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 20,
        hint: "Rules A2 and A6. The reason shows the bytes; decode them in a test of your own.",
        run: garbage,
    },
];

fn sample() -> Sample {
    Sample {
        byte: 7,
        small: -2,
        number: 0x0102_0304,
        large: i64::MIN,
        real: -1.5,
        flag: true,
        letter: 'é',
        text: "zwölf".into(),
        maybe: Some(500),
        note: None,
        list: vec![1, 2],
        pair: (9, "x".into()),
        map: BTreeMap::from([(1, "a".into())]),
        kind: Kind::Two { x: -1, y: 2 },
    }
}

/// Values and their bytes, as they were agreed on.
fn golden() -> Vec<(Value, Shape, &'static str)> {
    vec![
        (Value::Number(1), Shape::Number, "00000001"),
        (Value::Flag(true), Shape::Flag, "01"),
        (Value::Maybe(None), Shape::Maybe, "00"),
        (Value::Maybe(Some(0)), Shape::Maybe, "010000"),
        (Value::Text("ab".into()), Shape::Text, "00000000000000026162"),
        (Value::Text(String::new()), Shape::Text, "0000000000000000"),
        (Value::Numbers(vec![258]), Shape::Numbers, "00000000000000010000000000000102"),
        (Value::Kind(Kind::One(5)), Shape::Kind, "0000000105"),
        (
            Value::Sample(sample()),
            Shape::Sample,
            "07fffe010203048000000000000000bff800000000000001c3a900000000000000067a77c3b66c660101f40000000000\
             00000002000100020900000000000000017800000000000000010100000000000000016100000002ffffffff00000002",
        ),
        (Value::Chain(2), Shape::Chain, "0000000101000000010000000000"),
    ]
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first of many bytes, so that a reason fits on the screen.
pub(super) fn shown(bytes: &[u8]) -> String {
    match bytes.get(..40) {
        Some(first) if bytes.len() > 40 => format!("{}… ({} bytes)", hex(first), bytes.len()),
        _ => hex(bytes),
    }
}

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| {
        hex.as_bytes().get(at).map_or(0, |digit| (*digit as char).to_digit(16).unwrap_or(0) as u8)
    };
    (0..hex.len() / 2).map(|at| digit(2 * at) << 4 | digit(2 * at + 1)).collect()
}

fn encode(bench: &Bench<'_>, value: &Value) -> Result<Vec<u8>, Failure> {
    Ok(ENCODE.call(bench.program(), value)?)
}

fn decode(bench: &Bench<'_>, shape: Shape, bytes: &[u8]) -> Result<Result<Value, Unreadable>, Failure> {
    let what = format!("decoding {} as {shape:?}", shown(bytes));
    bench.call(&DECODE, &(shape, bytes.to_vec()), &what)
}

fn encoded(bench: &Bench<'_>) -> Outcome {
    golden().into_iter().try_for_each(|(value, _, wanted)| {
        let got = hex(&encode(bench, &value)?);
        ensure(got == wanted, || {
            format!("Rule A1: {value:?} is to be {wanted}, but it was encoded as {got}.")
        })
    })
}

fn round_trip(bench: &Bench<'_>) -> Outcome {
    for (value, shape, written) in golden() {
        let got = decode(bench, shape, &bytes(written))?;
        ensure(got.as_ref() == Ok(&value), || {
            format!("Rule A2: {written} is {value:?}, but it was decoded as {got:?}.")
        })?;
    }
    let extremes = [i64::MIN, -1, 0, (1 << 53) + 1, i64::MAX].map(|large| Sample {
        byte: u8::MAX,
        small: i16::MIN,
        number: u32::MAX,
        large,
        real: f64::MIN_POSITIVE,
        letter: char::MAX,
        text: "\0\n".into(),
        note: Some(String::new()),
        kind: Kind::Two { x: i32::MIN, y: i32::MAX },
        ..Sample::default()
    });
    for sample in extremes {
        let value = Value::Sample(sample);
        let written = encode(bench, &value)?;
        let got = decode(bench, Shape::Sample, &written)?;
        ensure(got.as_ref() == Ok(&value), || {
            format!("Rule A2: {value:?} was encoded, and decoded as {got:?}.")
        })?;
    }
    Ok(())
}

fn expect_unreadable(bench: &Bench<'_>, shape: Shape, bytes: &[u8], why: &str) -> Outcome {
    let got = decode(bench, shape, bytes)?;
    ensure(got.is_err(), || {
        format!("{why}, so this is unreadable as {shape:?}: {}. But it was decoded as {got:?}.", shown(bytes))
    })
}

fn refused(bench: &Bench<'_>) -> Outcome {
    for (_, shape, written) in golden() {
        let whole = bytes(written);
        for end in 0..whole.len() {
            expect_unreadable(bench, shape, &whole[..end], "Rule A2: the end is missing")?;
        }
        let longer = [&whole[..], &[0]].concat();
        expect_unreadable(bench, shape, &longer, "Rule A2: a byte is left over")?;
    }
    for (shape, written, why) in [
        (Shape::Flag, "02", "Rule A2: a bool is 0 or 1"),
        (Shape::Maybe, "020000", "Rule A2: an Option is 0 or 1"),
        (Shape::Kind, "00000003", "Rule A2: there is no variant 3"),
        (Shape::Kind, "ffffffff", "Rule A2: there is no such variant"),
        (Shape::Text, "0000000000000002c328", "Rule A2: this is not UTF-8"),
    ] {
        expect_unreadable(bench, shape, &bytes(written), why)?;
    }
    let (value, shape, written) = golden().remove(4);
    let got = decode(bench, shape, &bytes(written))?;
    ensure(got.as_ref() == Ok(&value), || {
        format!("Rule A2: {written} is {value:?}, but it was decoded as {got:?}.")
    })
}

/// The bytes of a chain with so many links.
fn chain(links: usize) -> Vec<u8> {
    let mut chain = [0, 0, 0, 1, 7].repeat(links);
    chain.extend([0; 4]);
    chain
}

fn limited(bench: &Bench<'_>) -> Outcome {
    let deep = [MAX_DEPTH, 1_000, 13_000].map(chain);
    for chain in &deep {
        expect_unreadable(bench, Shape::Chain, chain, "Rule A3: this is nested too deeply")?;
    }
    for length in ["00000000ffffffff", "0000ffffffffffff", "7fffffffffffffff", "ffffffffffffffff"] {
        for shape in [Shape::Text, Shape::Numbers, Shape::Nothings] {
            expect_unreadable(bench, shape, &bytes(length), "Rule A3: this promises more than there is")?;
        }
    }
    let many = bytes(&format!("{:016x}", MAX_VALUES + 1));
    expect_unreadable(
        bench,
        Shape::Nothings,
        &many,
        "Rule A3: these are too many values, though they need no bytes",
    )?;
    let large = [bytes(&format!("{:016x}", MAX_VALUE - 7)), vec![b'a'; MAX_VALUE - 7]].concat();
    expect_unreadable(bench, Shape::Text, &large, "Rule A3: these are more than MAX_VALUE bytes")?;
    for (shape, written, value) in [
        (Shape::Chain, chain(20), Value::Chain(20)),
        (Shape::Nothings, bytes("0000000000000005"), Value::Nothings(5)),
        (
            Shape::Text,
            [bytes("0000000000002710"), vec![b'a'; 10_000]].concat(),
            Value::Text("a".repeat(10_000)),
        ),
        (
            Shape::Text,
            [bytes(&format!("{:016x}", MAX_VALUE - 8)), vec![b'a'; MAX_VALUE - 8]].concat(),
            Value::Text("a".repeat(MAX_VALUE - 8)),
        ),
    ] {
        let got = decode(bench, shape, &written)?;
        ensure(got.as_ref() == Ok(&value), || {
            format!(
                "Rule A3: this is within the limits, but a {shape:?} of {} bytes was refused.",
                written.len()
            )
        })?;
    }
    Ok(())
}

fn garbage(bench: &Bench<'_>) -> Outcome {
    let mut random = Random::new(bench.seed() ^ 0x4138);
    let shapes = [Shape::Sample, Shape::Kind, Shape::Text, Shape::Numbers, Shape::Nothings, Shape::Chain];
    let all = golden();
    for _ in 0..bench.amount(150) {
        let (_, shape, written) = &all[random.below(all.len() as u64) as usize];
        let mut changed = bytes(written);
        for _ in 0..=random.below(3) {
            let at = random.below(changed.len() as u64) as usize;
            changed[at] = random.bits() as u8;
        }
        let shape = if random.chance(0.5) { *shape } else { shapes[random.below(6) as usize] };
        if let Ok(value) = decode(bench, shape, &changed)? {
            let again = encode(bench, &value)?;
            // A chain is told by its length alone.
            ensure(shape == Shape::Chain || again == changed, || {
                format!(
                    "Rule A2: two encodings of one value: {} was read as {value:?}, which is {}.",
                    hex(&changed),
                    hex(&again)
                )
            })?;
        }
        let method = Target { method: random.below(8) as u16, ..BANK };
        dispatch(bench, &[(method, changed)])?;
    }
    Ok(())
}
