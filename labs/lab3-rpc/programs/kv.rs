//! Keys and values behind the calls of the package that this file is attached to: `kv --help`.

use clap::Parser as _;
use lab3_kit::programs::kv::{Arguments, Command, Load, Operation, Store};
use lab3_kit::programs::{self, CallOptions, Client, Desk, Ending, ServeOptions};
use lab3_rpc::{Caller, serve};
use std::process::ExitCode;
use std::rc::Rc;

lab3_rpc::service! {
    /// Keys and values.
    service Kv, client KvClient = 2, version 1 {
        1 => fn get(key: String) -> Option<String>;
        2 => fn put(key: String, value: String) -> Option<String>;
        3 => fn add(key: String, amount: i64) -> Result<i64, String>;
    }
}

impl Kv for Store {
    fn get(&mut self, key: String) -> Option<String> {
        Store::get(self, &key)
    }

    fn put(&mut self, key: String, value: String) -> Option<String> {
        Store::put(self, key, value)
    }

    fn add(&mut self, key: String, amount: i64) -> Result<i64, String> {
        Store::add(self, key, amount)
    }
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(options) => run_server(&options),
        Command::Call { options, operation } => run_client(&options, operation),
        Command::Load { options, calls, at_once, key, apart } => {
            run_load(&options, Load::new(calls, key, apart), at_once.get())
        }
    }
}

fn run_server(options: &ServeOptions) -> ExitCode {
    let store = Store::new(options);
    programs::serve("kv", options, move |desk| async move {
        let Desk { runtime, socket, config, closing, dispatch } = desk;
        let handler = dispatch.handler(move |target, arguments| store.clone().dispatch(target, arguments));
        serve(&runtime, socket, config, handler, closing).await;
    })
}

fn run_client(options: &CallOptions, operation: Operation) -> ExitCode {
    programs::call("kv", options, move |Client { runtime, socket, config, deadline }| async move {
        let caller = Caller::start(&runtime, socket, config);
        match operation {
            Operation::Get { key } => match caller.call(KvClient::get(key), deadline).await? {
                Some(value) => println!("{value}"),
                None => return Err(Ending::Failed("there is no such key".into())),
            },
            Operation::Put { key, value } => {
                caller.call(KvClient::put(key, value), deadline).await?;
            }
            Operation::Add { key, amount } => {
                let sum = caller.call(KvClient::add(key, amount), deadline).await?;
                println!("{}", sum.map_err(Ending::Failed)?);
            }
        }
        Ok(())
    })
}

fn run_load(options: &CallOptions, load: Load, at_once: u64) -> ExitCode {
    programs::call("kv", options, move |Client { runtime, socket, config, deadline }| async move {
        let caller = Caller::start(&runtime, socket, config);
        let load = Rc::new(load);
        let callers = (0..at_once).map(|_| {
            let (caller, load) = (caller.clone(), load.clone());
            runtime.spawn(async move {
                while let Some(key) = load.next() {
                    let end = caller.call(KvClient::add(key.clone(), 1), deadline).await;
                    load.ended(&key, end);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.map_err(|error| Ending::Broken(error.to_string()))?;
        }
        load.end()
    })
}
