//! Malformed bytes by the thousand: into the student's decoder, dispatch and answers, and into both machines while they talk.

use super::checks::{ANN, Alone, BOB, NEXT, Served, THERE, call, done, reply_to, request, working};
use super::golden::{BANK, answers, bytes, chain, golden, hex, questions, shown};
use super::malformed::Malformed;
use super::part_a::{decode, encode};
use super::stubs::dispatch;
use crate::limits::{MAX_FOR_DROPPED, memory_for};
use crate::samples::{ANSWER, BankCall, DECODE, DISPATCH, Shape, Value};
use crate::{CallError, CallId, CallOutcome, Host, MAX_VALUE, Message, ServerCommand, Target};
use faultline::program::Function;
use faultline::scenario::{Bench, Failure, Outcome, ensure};
use faultline::script::{PEER, Script};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;

/// Which bytes part A's functions are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// Those of small values, and near them.
    Small,
    /// Also those of values of up to `MAX_VALUE` bytes.
    Any,
}

/// One try: what is decoded, what is dispatched, and what is answered.
struct Try {
    shape: Shape,
    value: Vec<u8>,
    target: Target,
    arguments: Vec<u8>,
    call: BankCall,
    result: Vec<u8>,
}

/// Draws what part A's functions are given.
struct Tries {
    malformed: Malformed,
    values: Vec<(Shape, Vec<u8>)>,
    large: Vec<(Shape, Vec<u8>)>,
}

const SHAPES: [Shape; 6] =
    [Shape::Sample, Shape::Kind, Shape::Text, Shape::Numbers, Shape::Nothings, Shape::Chain];

impl Tries {
    fn new(seed: u64, size: Size) -> Tries {
        let small = golden().into_iter().map(|(_, shape, written)| (shape, bytes(written)));
        let values = small.chain([(Shape::Chain, chain(5)), (Shape::Nothings, 7_u64.to_be_bytes().to_vec())]);
        let large = if size == Size::Any { large() } else { vec![] };
        Tries { malformed: Malformed::new(seed), values: values.collect(), large }
    }

    fn next(&mut self) -> Try {
        let it = &mut self.malformed;
        let from = if it.below(40) == 0 && !self.large.is_empty() { &self.large } else { &self.values };
        let (shape, value) = it.one_of(from);
        let shape = if it.below(4) == 0 { *it.one_of(&SHAPES) } else { *shape };
        // A large value is tried as it is too: what it costs is told only by those that are right.
        let value = if value.len() > 1_000 && it.below(2) == 0 { value.clone() } else { it.change(value) };
        let (_, method, arguments) = it.one_of(&questions()).clone();
        let method = if it.below(4) == 0 { it.below(8) as u16 } else { method };
        let arguments = it.change(&bytes(arguments));
        let (call, result) = it.one_of(&answers()).clone();
        let result = it.change(&bytes(result));
        Try { shape, value, target: Target { method, ..BANK }, arguments, call, result }
    }
}

/// Values that are as large as they may be.
fn large() -> Vec<(Shape, Vec<u8>)> {
    let counted =
        |count: usize, each: &[u8]| [&(count as u64).to_be_bytes()[..], &each.repeat(count)].concat();
    vec![
        (Shape::Numbers, counted(MAX_VALUE / 8 - 1, &7_u64.to_be_bytes())),
        (Shape::Text, counted(MAX_VALUE - 8, b"a")),
        (Shape::Numbers, counted(1_000, &7_u64.to_be_bytes())),
        (Shape::Text, counted(10_000, b"a")),
        (Shape::Nothings, 60_000_u64.to_be_bytes().to_vec()),
        (Shape::Chain, chain(60)),
    ]
}

/// Nothing panics, and what is decoded is what the bytes say, so many times.
///
/// # Errors
/// It is not so.
pub(super) fn values(bench: &Bench<'_>, tries: usize) -> Outcome {
    let mut drawn = Tries::new(bench.seed() ^ 0x4138, Size::Small);
    for _ in 0..bench.amount(tries) {
        let Try { shape, value, target, arguments, call, result } = drawn.next();
        if let Ok(read) = decode(bench, shape, &value)? {
            let again = encode(bench, &read)?;
            ensure(again == value || is_another_way(&read, &value, &again), || {
                format!(
                    "Rule A2: two encodings of one value: {} was read as {read:?}, which is {}.",
                    hex(&value),
                    hex(&again)
                )
            })?;
        }
        dispatch(bench, &[(target, arguments)])?;
        let answer = (call, CallOutcome::Done(Ok(result.clone())));
        let told = bench.call(&ANSWER, &answer, &format!("answering with {}", shown(&result)))?;
        ensure(matches!(told, Ok(_) | Err(CallError::BadResult(_))), || {
            format!(
                "Rule A5: the result {} is read or is a BadResult, but the caller was given {told:?}.",
                hex(&result)
            )
        })?;
    }
    Ok(())
}

/// Whether bytes that differ may still be one value's: a chain is told by its length alone, and a map may come in any order.
fn is_another_way(read: &Value, value: &[u8], again: &[u8]) -> bool {
    match read {
        Value::Chain(_) => true,
        Value::Sample(sample) => sample.map.len() > 1 || again.len() < value.len(),
        _ => false,
    }
}

/// Nothing takes more memory than the bytes are worth, so many times.
///
/// # Errors
/// It is not so.
pub(super) fn costs(bench: &Bench<'_>, tries: usize) -> Outcome {
    let mut drawn = Tries::new(bench.seed() ^ 0x4139, Size::Any);
    for _ in 0..bench.amount(tries) {
        let Try { shape, value, target, arguments, call, result } = drawn.next();
        affordable(bench, &DECODE, &(shape, value.clone()), &value)?;
        affordable(bench, &DISPATCH, &vec![(target, arguments.clone())], &arguments)?;
        affordable(bench, &ANSWER, &(call, CallOutcome::Done(Ok(result.clone()))), &result)?;
    }
    Ok(())
}

/// A function that is given these bytes takes no more memory than they are worth.
fn affordable<Input: Serialize, Output: DeserializeOwned>(
    bench: &Bench<'_>,
    function: &Function<Input, Output>,
    input: &Input,
    bytes: &[u8],
) -> Outcome {
    let (name, most) = (function.name, memory_for(bytes.len()));
    let (_, usage) = bench.call_metered(function, input, &format!("{name} was given {}", shown(bytes)))?;
    ensure(usage.allocated <= most as u64, || {
        format!(
            "Rule A3: for these {} bytes {name} may allocate {most} bytes in all, but it allocated {}: {}.",
            bytes.len(),
            usage.allocated,
            shown(bytes)
        )
    })
}

/// How many bytes of memory the machines may hold more after all that they have dropped.
const LEFT: i64 = 16 << 10;

/// How many malformed datagrams come between two steps of a conversation.
const BETWEEN: usize = 25;

/// A machine drops a datagram: it says and sends nothing.
fn dropped<Config, Command, Notice>(
    script: &mut Script<Config, Command, Notice>,
    from: Host,
    datagram: &[u8],
) -> Outcome
where
    Config: Serialize,
    Command: Serialize + DeserializeOwned + Display,
    Notice: Serialize + DeserializeOwned + Display,
{
    let outcome = script.deliver(from, datagram);
    let outcome = outcome.and_then(|()| script.expect_nothing("rule B9: this datagram is dropped"));
    outcome.map_err(|failure| Failure {
        reason: format!("{} It is {}.", failure.reason, shown(datagram)),
        ..failure
    })
}

/// What was dropped has cost little, and has left nothing.
fn cheap<Config, Command, Notice>(
    script: &Script<Config, Command, Notice>,
    before: i64,
    count: usize,
) -> Outcome
where
    Config: Serialize,
    Command: Serialize + DeserializeOwned + Display,
    Notice: Serialize + DeserializeOwned + Display,
{
    let memory = script.memory()?;
    if memory.most > MAX_FOR_DROPPED as u64 {
        return Err(script.fail(format!(
            "Rule B9: a datagram that is dropped may cost {MAX_FOR_DROPPED} bytes of memory while it is looked at, but one \
             of them has cost {}.",
            memory.most
        )));
    }
    if memory.held > before.saturating_add(LEFT) {
        return Err(script.fail(format!(
            "Rule B9: what is dropped leaves nothing, but after {count} such datagrams {} bytes more are held.",
            memory.held.saturating_sub(before)
        )));
    }
    Ok(())
}

/// A client whose calls are asked and answered, with malformed datagrams between any two steps.
///
/// # Errors
/// One of them changes something, or costs too much.
pub(super) fn client(bench: &Bench<'_>, calls: usize) -> Outcome {
    let mut malformed = Malformed::new(bench.seed() ^ 0x4242);
    let mut client = Alone::start(bench)?;
    let stranger = client.script.peer("stranger");
    let mut before = 0;
    let calls = bench.amount(calls) as u64;
    for number in 1..=calls {
        noise_for_client(&mut client, &mut malformed, stranger, number - 1)?;
        client.script.command(&call("a"))?;
        if number == 1 {
            client.greeted()?;
            noise_for_client(&mut client, &mut malformed, stranger, 0)?;
            client.welcome(THERE)?;
        }
        client.expect_request(THERE, number, number, "a", "rule B2: the server is known")?;
        noise_for_client(&mut client, &mut malformed, stranger, number)?;
        if number % 3 == 0 {
            client.script.deliver(PEER, &working(client.me, number))?;
            noise_for_client(&mut client, &mut malformed, stranger, number)?;
        }
        client.reply(number, "A")?;
        client.script.expect_notice(&done(number, "A"), "rule B9: what was dropped changed nothing")?;
        if number == calls.div_ceil(4) {
            before = client.script.memory()?.held;
        }
    }
    cheap(&client.script, before, 2 * BETWEEN * calls as usize)
}

/// The number of a call for which nobody has asked yet.
fn unknown(malformed: &mut Malformed, asked: u64) -> CallId {
    let next = asked + 1 + malformed.below(1 << 20) as u64;
    CallId(*malformed.one_of(&[0, next, 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX]))
}

/// Datagrams that a client drops whose call `asked`, the last of all, is open or finished.
fn noise_for_client(client: &mut Alone, malformed: &mut Malformed, stranger: Host, asked: u64) -> Outcome {
    for _ in 0..BETWEEN {
        let me = client.me;
        let unknown = unknown(malformed, asked);
        let (from, datagram) = match malformed.below(10) {
            // Whatever is not for this client, from the server's host.
            0 => (PEER, malformed.message().encode()),
            // Whatever it is, it does not come from the server.
            1 => (stranger, reply_to(me, asked.max(1), "Z")),
            2 => (PEER, Message::Hello { client: me }.encode()),
            3 => (PEER, request(me, THERE, asked.max(1), 1, "a")),
            4 => (PEER, Message::Reply { client: me, call: unknown, result: Ok(b"Z".to_vec()) }.encode()),
            5 => (PEER, Message::Gone { client: me, asked: NEXT, server: THERE }.encode()),
            _ => {
                let valid =
                    Message::Reply { client: me, call: CallId(asked.max(1)), result: Ok(vec![b'Z'; 300]) };
                let valid = if malformed.below(2) == 0 { valid } else { malformed.message() };
                (PEER, malformed.datagram(&valid))
            }
        };
        dropped(&mut client.script, from, &datagram)?;
    }
    Ok(())
}

/// A server whose clients ask and are answered, with malformed datagrams between any two steps.
///
/// # Errors
/// One of them changes something, or costs too much.
pub(super) fn server(bench: &Bench<'_>, calls: usize) -> Outcome {
    let mut malformed = Malformed::new(bench.seed() ^ 0x5342);
    let mut server = Served::start(bench)?;
    let mut before = 0;
    let calls = bench.amount(calls) as u64;
    for number in 1..=calls {
        noise_for_server(&mut server, &mut malformed, number - 1)?;
        server.request(ANN, number, number, "a")?;
        server.expect_execute(ANN, number, "a", "rule B9: what was dropped changed nothing")?;
        noise_for_server(&mut server, &mut malformed, number)?;
        // Nobody has asked for this call.
        let unknown = unknown(&mut malformed, number);
        let client = *malformed.one_of(&[ANN, BOB]);
        let finish = ServerCommand::Finish { client, call: unknown, result: Ok(b"Z".to_vec()) };
        server.script.command(&finish)?;
        server.script.expect_nothing("rule B9: the server does not know of this call")?;
        server.finish(ANN, number, Ok("A"))?;
        server.expect(&reply_to(ANN, number, "A"), "rule B9: what was dropped changed nothing")?;
        if number == calls.div_ceil(4) {
            before = server.script.memory()?.held;
        }
    }
    cheap(&server.script, before, 2 * BETWEEN * calls as usize)
}

/// Datagrams that a server drops which knows of the calls up to `asked`.
fn noise_for_server(server: &mut Served, malformed: &mut Malformed, asked: u64) -> Outcome {
    for _ in 0..BETWEEN {
        let message = malformed.message();
        let datagram = match message {
            // What a server has no use for, whoever it is for.
            Message::Welcome { .. }
            | Message::Reply { .. }
            | Message::Working { .. }
            | Message::Gone { .. } => message.encode(),
            Message::Hello { .. } if malformed.below(2) == 0 => {
                let call = unknown(malformed, asked);
                Message::Probe { client: ANN, server: server.me, call }.encode()
            }
            Message::Hello { .. } | Message::Request { .. } | Message::Probe { .. } => {
                let valid = Message::decode(&request(ANN, server.me, 1, 1, "abc"));
                let valid = valid.ok().filter(|_| malformed.below(2) == 0).unwrap_or(message);
                malformed.datagram(&valid)
            }
        };
        dropped(&mut server.script, PEER, &datagram)?;
    }
    Ok(())
}
