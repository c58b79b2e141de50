//! Part A: stubs. The list is in `part_a.rs`.

use super::golden::{bytes, hex, method, questions, shown};
use crate::samples::{ANSWER, ASK, Answered, Asked, BankAnswer, DISPATCH};
use crate::{CallError, CallOutcome, Fault, MAX_RESULT, Target, Why};
use faultline::scenario::{Bench, Failure, Outcome, ensure};

pub(super) fn asked(bench: &Bench<'_>) -> Outcome {
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

pub(super) fn dispatch(bench: &Bench<'_>, requests: &[Asked]) -> Result<Vec<Answered>, Failure> {
    let what = match requests {
        [(target, arguments)] => format!("dispatching {target:?} with {}", shown(arguments)),
        _ => format!("dispatching {} requests", requests.len()),
    };
    bench.call(&DISPATCH, &requests.to_vec(), &what)
}

pub(super) fn dispatched(bench: &Bench<'_>) -> Outcome {
    let [deposit, balance, accounts, transfer] =
        questions().map(|(_, number, arguments)| (method(number), bytes(arguments)));
    let of = |(target, arguments): &Asked, change: fn(Target) -> Target| (change(*target), arguments.clone());
    let name = "61".repeat(MAX_RESULT);
    let rich = (deposit.0, bytes(&format!("{MAX_RESULT:016x}{name}0000000000000001")));
    let all = format!("0000000000000002{MAX_RESULT:016x}{name}0000000000000003616e6e");
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
        (accounts.clone(), Ok("00000000000000010000000000000003616e6e"), "there is one account"),
        (rich, Ok("0000000000000001"), "a name may have a thousand letters"),
        (
            accounts,
            Ok(&all),
            "a result may have any length here; that it is too large, the server says (rule B8)",
        ),
    ];
    let requests: Vec<_> = steps.iter().map(|(request, ..)| request.clone()).collect();
    let answers = dispatch(bench, &requests)?;
    let words = |answer: &Answered| match answer {
        Ok(result) => format!("the result {}", shown(result)),
        Err(fault) => format!("{fault:?}"),
    };
    ensure(answers.len() == steps.len(), || "Rule A6: each request has one answer.".into())?;
    steps.iter().zip(answers).try_for_each(|(((target, arguments), wanted, why), got)| {
        let wanted = wanted.clone().map(bytes);
        let given = if arguments.is_empty() { String::new() } else { format!(" with {}", shown(arguments)) };
        ensure(got == wanted, || {
            format!(
                "Rule A6: {why}. To {target:?}{given} belongs {}, but {} came.",
                words(&wanted),
                words(&got)
            )
        })
    })
}

pub(super) fn answered(bench: &Bench<'_>) -> Outcome {
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
