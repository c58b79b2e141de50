//! Part A: marshalling and stubs.

use super::fuzz;
use super::golden::{bytes, chain, golden, hex, method, questions};
use crate::limits::{MAX_DEPTH, MAX_VALUES};
use crate::samples::{
    ANSWER, ASK, Answered, Asked, BankAnswer, DECODE, DISPATCH, ENCODE, Kind, Sample, Shape, Value,
};
use crate::{CallError, CallOutcome, Fault, MAX_VALUE, Target, Unreadable, Why};
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
        run: asked,
    },
    Scenario {
        id: "A6",
        name: "the server's dispatch calls what is asked for, once, and says what is wrong with a request",
        part: 'A',
        points: 4,
        world: World::Script,
        seeds: 1,
        hint: "Rule A6. In which order are service, version, method and arguments looked at?",
        run: dispatched,
    },
    Scenario {
        id: "A7",
        name: "a caller is given its result, or why there is none",
        part: 'A',
        points: 3,
        world: World::Script,
        seeds: 1,
        hint: "Rule A5. Each way in which a call can end has an error of its own.",
        run: answered,
    },
    Scenario {
        id: "A8",
        name: "no bytes make the decoder or the dispatch panic",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 20,
        hint: "Rules A2 and A6. The reason shows the bytes; decode them in a test of your own.",
        run: |bench| fuzz::values(bench, 2_000),
    },
    Scenario {
        id: "A9",
        name: "no bytes cost much more memory than they are worth",
        part: 'A',
        points: 2,
        world: World::Script,
        seeds: 20,
        hint: "Rule A3. What is made room for before anything is read, and what is copied for each value?",
        run: |bench| fuzz::costs(bench, 2_000),
    },
];

fn encode(bench: &Bench<'_>, value: &Value) -> Result<Vec<u8>, Failure> {
    Ok(ENCODE.call(bench.program(), value)?)
}

fn decode(bench: &Bench<'_>, shape: Shape, bytes: &[u8]) -> Result<Result<Value, Unreadable>, Failure> {
    Ok(DECODE.call(bench.program(), &(shape, bytes.to_vec()))?)
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
        let shown = if bytes.len() > 40 {
            format!("{}… ({} bytes)", hex(&bytes[..40]), bytes.len())
        } else {
            hex(bytes)
        };
        format!("{why}, so this is unreadable as {shape:?}: {shown}. But it was decoded as {got:?}.")
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
    ] {
        let got = decode(bench, shape, &written)?;
        ensure(got.as_ref() == Ok(&value), || {
            format!(
                "Rule A3: this is well within the limits, but a {shape:?} of {} bytes was refused.",
                written.len()
            )
        })?;
    }
    Ok(())
}

fn asked(bench: &Bench<'_>) -> Outcome {
    questions().into_iter().try_for_each(|(call, number, wanted)| {
        let (target, arguments) = ASK.call(bench.program(), &call)?;
        ensure(target == method(number), || {
            format!("Rule A4: {call:?} is {:?}, but {target:?} was asked for.", method(number))
        })?;
        let got = hex(&arguments);
        ensure(got == wanted, || {
            format!("Rule A4: the arguments of {call:?} are to be {wanted}, but they were encoded as {got}.")
        })
    })
}

fn dispatch(bench: &Bench<'_>, requests: &[Asked]) -> Result<Vec<Answered>, Failure> {
    Ok(DISPATCH.call(bench.program(), &requests.to_vec())?)
}

fn dispatched(bench: &Bench<'_>) -> Outcome {
    let [deposit, balance, accounts, transfer] =
        questions().map(|(_, number, arguments)| (method(number), bytes(arguments)));
    let of = |(target, arguments): &Asked, change: fn(Target) -> Target| (change(*target), arguments.clone());
    let short = (deposit.0, deposit.1[..5].to_vec());
    let long = (accounts.0, vec![0]);
    let steps: Vec<(Asked, Result<&str, Fault>, &str)> = vec![
        (balance.clone(), Ok("00"), "there is no account yet"),
        (deposit.clone(), Ok("fffffffffffffffb"), "-5 is deposited"),
        (short, Err(Fault::BadArguments), "the arguments end too early"),
        (long, Err(Fault::BadArguments), "a byte is left over"),
        (of(&deposit, |it| Target { service: 8, ..it }), Err(Fault::NoSuchMethod), "this is another service"),
        (of(&deposit, |it| Target { method: 3, ..it }), Err(Fault::NoSuchMethod), "there is no method 3"),
        (
            of(&deposit, |it| Target { version: 2, ..it }),
            Err(Fault::WrongVersion(3)),
            "this is another version",
        ),
        (
            of(&deposit, |it| Target { version: 4, method: 99, ..it }),
            Err(Fault::WrongVersion(3)),
            "another version may have methods that this one has not",
        ),
        (
            of(&deposit, |it| Target { service: 8, version: 9, ..it }),
            Err(Fault::NoSuchMethod),
            "this is another service",
        ),
        (balance.clone(), Ok("01fffffffffffffffb"), "-5 was deposited once, and nothing else was called"),
        (transfer, Ok("00000001000000000000000a616e6e20686173202d35"), "a method's own error is a result"),
        (accounts, Ok("00000000000000010000000000000003616e6e"), "there is one account"),
    ];
    let requests: Vec<_> = steps.iter().map(|(request, ..)| request.clone()).collect();
    let answers = dispatch(bench, &requests)?;
    let words = |answer: &Answered| match answer {
        Ok(result) => format!("the result {}", hex(result)),
        Err(fault) => format!("{fault:?}"),
    };
    ensure(answers.len() == steps.len(), || "Rule A6: each request has one answer.".into())?;
    steps.iter().zip(answers).try_for_each(|(((target, arguments), wanted, why), got)| {
        let wanted = wanted.clone().map(bytes);
        let given = if arguments.is_empty() { String::new() } else { format!(" with {}", hex(arguments)) };
        ensure(got == wanted, || {
            format!(
                "Rule A6: {why}. To {target:?}{given} belongs {}, but {} came.",
                words(&wanted),
                words(&got)
            )
        })
    })
}

fn answered(bench: &Bench<'_>) -> Outcome {
    let [(deposit, ..), (balance, ..), (accounts, ..), (transfer, ..)] = questions();
    let done = |hex: &str| CallOutcome::Done(Ok(bytes(hex)));
    let cases = [
        (&deposit, done("000000000000000a"), Ok(BankAnswer::Deposit(10))),
        (&balance, done("00"), Ok(BankAnswer::Balance(None))),
        (&accounts, done("0000000000000000"), Ok(BankAnswer::Accounts(vec![]))),
        (&transfer, done("00000000"), Ok(BankAnswer::Transfer(Ok(())))),
        (&transfer, done("0000000100000000000000026e6f"), Ok(BankAnswer::Transfer(Err("no".into())))),
        (&deposit, CallOutcome::Done(Err(Fault::NoSuchMethod)), Err(CallError::Fault(Fault::NoSuchMethod))),
        (&deposit, CallOutcome::NotExecuted(Why::TooLarge), Err(CallError::NotExecuted(Why::TooLarge))),
        (&deposit, CallOutcome::Unknown(Why::Deadline), Err(CallError::Unknown(Why::Deadline))),
        (&deposit, CallOutcome::Unknown(Why::Restarted), Err(CallError::Unknown(Why::Restarted))),
    ];
    for (call, outcome, wanted) in cases {
        let got = ANSWER.call(bench.program(), &(call.clone(), outcome.clone()))?;
        ensure(got == wanted, || {
            format!("Rule A5: a call that {outcome} gives its caller {wanted:?}, but it gave {got:?}.")
        })?;
    }
    for written in ["0000000a", "000000000000000a00"] {
        let got = ANSWER.call(bench.program(), &(deposit.clone(), done(written)))?;
        ensure(matches!(got, Err(CallError::BadResult(_))), || {
            format!(
                "Rule A5: {written} is no i64, so the caller is told BadResult, but it was given {got:?}."
            )
        })?;
    }
    Ok(())
}
