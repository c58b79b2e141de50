//! A calculator behind the calls of the package that this file is attached to: `calc --help`.

use clap::Parser as _;
use lab3_kit::programs::calc::{Arguments, Calculator, Command, Operation};
use lab3_kit::programs::{self, CallOptions, Client, Desk, Ending, ServeOptions};
use lab3_rpc::{Caller, serve};
use std::process::ExitCode;

// ANCHOR: service
lab3_rpc::service! {
    /// A calculator.
    service Calc, client CalcClient = 1, version 1 {
        1 => fn add(a: i64, b: i64) -> Result<i64, String>;
        2 => fn div(a: i64, b: i64) -> Result<i64, String>;
        3 => fn fib(number: u32) -> Result<u64, String>;
        4 => fn wait(file: String) -> Result<(), String>;
        5 => fn fail(why: String) -> Result<(), String>;
    }
}
// ANCHOR_END: service

impl Calc for Calculator {
    fn add(&mut self, a: i64, b: i64) -> Result<i64, String> {
        Calculator::add(*self, a, b)
    }

    fn div(&mut self, a: i64, b: i64) -> Result<i64, String> {
        Calculator::div(*self, a, b)
    }

    fn fib(&mut self, number: u32) -> Result<u64, String> {
        Calculator::fib(*self, number)
    }

    fn wait(&mut self, file: String) -> Result<(), String> {
        Calculator::wait(*self, &file)
    }

    fn fail(&mut self, why: String) -> Result<(), String> {
        Calculator::fail(*self, &why);
        Ok(())
    }
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(options) => run_server(&options),
        Command::Call { options, operation } => run_client(&options, operation),
    }
}

fn run_server(options: &ServeOptions) -> ExitCode {
    let calculator = Calculator::new(options);
    programs::serve("calc", options, move |desk| async move {
        let Desk { runtime, socket, config, closing, dispatch } = desk;
        let handler = dispatch.handler(move |target, arguments| { calculator }.dispatch(target, arguments));
        serve(&runtime, socket, config, handler, closing).await;
    })
}

fn run_client(options: &CallOptions, operation: Operation) -> ExitCode {
    programs::call("calc", options, move |Client { runtime, socket, config, deadline }| async move {
        let caller = Caller::start(&runtime, socket, config);
        match operation {
            Operation::Add { a, b } => show(caller.call(CalcClient::add(a, b), deadline).await?),
            Operation::Div { a, b } => show(caller.call(CalcClient::div(a, b), deadline).await?),
            Operation::Fib { number } => show(caller.call(CalcClient::fib(number), deadline).await?),
            Operation::Wait { file } => {
                show(caller.call(CalcClient::wait(file), deadline).await?.map(|()| "it is there"))
            }
            Operation::Fail { why } => {
                show(caller.call(CalcClient::fail(why), deadline).await?.map(|()| "nothing"))
            }
        }
    })
}

/// Prints what has come out, or ends with the method's own error.
fn show(result: Result<impl std::fmt::Display, String>) -> Result<(), Ending> {
    println!("{}", result.map_err(Ending::Failed)?);
    Ok(())
}
