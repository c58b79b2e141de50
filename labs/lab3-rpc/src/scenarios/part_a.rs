//! Part A: marshalling and stubs. The scenarios of the stubs are in `stubs.rs`.

use super::golden::{bytes, chain, golden, hex, shown};
use super::{fuzz, stubs};
use crate::limits::{MAX_DEPTH, MAX_VALUES};
use crate::samples::{DECODE, ENCODE, Kind, Sample, Shape, Value};
use crate::{MAX_VALUE, Unreadable};
use faultline::scenario::{Bench, Failure, Outcome, Scenario, World, ensure};

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
        seeds: 4,
        hint: "Rules A2 and A6. The reason shows the bytes; decode them in a test of your own.",
        run: |bench| fuzz::values(bench, 2_000),
    },
    Scenario {
        id: "A9",
        name: "no bytes cost much more memory than they are worth",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 4,
        hint: "Rule A3. What is made room for before anything is read, and what is copied for each value?",
        run: |bench| fuzz::costs(bench, 2_000),
    },
];

pub(super) fn encode(bench: &Bench<'_>, value: &Value) -> Result<Vec<u8>, Failure> {
    Ok(ENCODE.call(bench.program(), value)?)
}

pub(super) fn decode(
    bench: &Bench<'_>,
    shape: Shape,
    bytes: &[u8],
) -> Result<Result<Value, Unreadable>, Failure> {
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
