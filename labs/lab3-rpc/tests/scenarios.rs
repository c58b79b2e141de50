//! Runs lab 3's public scenarios against the package that this file is attached to.

mod shells;

use faultline::program::LocalProgram;
use lab3_kit::samples::{self, ANSWER, ASK, BankAnswer, BankCall, Codec, DECODE, DISPATCH, ENCODE, Ledger};
use lab3_kit::shells::{CALLER, SERVICE};
use lab3_kit::{CALC, CLIENT, CallError, CallOutcome, Fault, KV, SERVER, Target, Unreadable};
use lab3_rpc::{Client, Server, codec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::process::ExitCode;

// ANCHOR: service
lab3_rpc::service! {
    /// A bank, with which the scenarios try the stubs.
    service Bank, client BankClient = 7, version 3 {
        1 => fn deposit(account: String, cents: i64) -> i64;
        2 => fn balance(account: String) -> Option<i64>;
        5 => fn accounts() -> Vec<String>;
        6 => fn transfer(from: String, to: String, cents: u32) -> Result<(), String>;
    }
}
// ANCHOR_END: service

impl Bank for Ledger {
    fn deposit(&mut self, account: String, cents: i64) -> i64 {
        Ledger::deposit(self, account, cents)
    }

    fn balance(&mut self, account: String) -> Option<i64> {
        Ledger::balance(self, &account)
    }

    fn accounts(&mut self) -> Vec<String> {
        Ledger::accounts(self)
    }

    fn transfer(&mut self, from: String, to: String, cents: u32) -> Result<(), String> {
        Ledger::transfer(self, &from, to, cents)
    }
}

struct Theirs;

impl Codec for Theirs {
    fn encode<T: Serialize>(value: &T) -> Vec<u8> {
        codec::encode(value)
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
        codec::decode(bytes)
    }
}

fn ask(call: BankCall) -> (Target, Vec<u8>) {
    match call {
        BankCall::Deposit(account, cents) => parts(BankClient::deposit(account, cents)),
        BankCall::Balance(account) => parts(BankClient::balance(account)),
        BankCall::Accounts => parts(BankClient::accounts()),
        BankCall::Transfer(from, to, cents) => parts(BankClient::transfer(from, to, cents)),
    }
}

fn parts<Answer>(question: lab3_rpc::Question<Answer>) -> (Target, Vec<u8>) {
    (question.target, question.arguments)
}

fn dispatch(requests: Vec<(Target, Vec<u8>)>) -> Vec<Result<Vec<u8>, Fault>> {
    let mut ledger = Ledger::default();
    requests.into_iter().map(|(target, arguments)| ledger.dispatch(target, &arguments)).collect()
}

fn answer((call, outcome): (BankCall, CallOutcome)) -> Result<BankAnswer, CallError> {
    Ok(match call {
        BankCall::Deposit(account, cents) => {
            BankAnswer::Deposit(BankClient::deposit(account, cents).answer(outcome)?)
        }
        BankCall::Balance(account) => BankAnswer::Balance(BankClient::balance(account).answer(outcome)?),
        BankCall::Accounts => BankAnswer::Accounts(BankClient::accounts().answer(outcome)?),
        BankCall::Transfer(from, to, cents) => {
            BankAnswer::Transfer(BankClient::transfer(from, to, cents).answer(outcome)?)
        }
    })
}

fn main() -> ExitCode {
    faultline::install_meter!();
    let program = LocalProgram::new()
        .role(&CLIENT, Client::new)
        .role(&SERVER, Server::new)
        .async_role(&CALLER, shells::call)
        .async_role(&SERVICE, shells::offer)
        .function(&ENCODE, samples::encode::<Theirs>)
        .function(&DECODE, samples::decode::<Theirs>)
        .function(&ASK, ask)
        .function(&DISPATCH, dispatch)
        .function(&ANSWER, answer)
        .executable(CALC, option_env!("CARGO_BIN_EXE_calc").unwrap_or_default())
        .executable(KV, option_env!("CARGO_BIN_EXE_kv").unwrap_or_default());
    faultline::runner::main(&lab3_kit::scenarios::suite(), &program)
}
