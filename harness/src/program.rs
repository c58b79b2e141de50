//! What a student hands in, as the kit sees it: machines by role, plain functions and executables by name.
//!
//! Scenarios are written against [`Program`] alone, so the same source runs against code in this process
//! ([`LocalProgram`]) and against code behind a pipe in another one (`remote.rs`).

use crate::asynchronous::{AsyncNode, NodeHandle};
use crate::codec;
use crate::crash::{Crash, guarded};
use crate::live::LiveError;
use crate::live::network::Network;
use crate::machine::Machine;
use crate::meter::{self, Usage};
use crate::node::{LocalNode, Node};
use crate::watch;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A student's work.
pub trait Program {
    /// A new machine of the role named `role`, made with an encoded configuration.
    ///
    /// # Errors
    /// The student's constructor did not answer, or there is no such role.
    fn start(&self, role: &str, config: &[u8]) -> Result<Box<dyn Node>, Crash>;

    /// Calls a plain function with encoded arguments.
    ///
    /// # Errors
    /// The function did not answer, or there is none of this name.
    fn call(&self, function: &str, input: &[u8]) -> Result<Vec<u8>, Crash>;

    /// As [`Program::start`], and what the machine takes from memory is measured ([`Node::memory`]), where a meter is
    /// installed.
    ///
    /// # Errors
    /// As [`Program::start`].
    fn start_metered(&self, role: &str, config: &[u8]) -> Result<Box<dyn Node>, Crash> {
        meter::metered(|| self.start(role, config))
    }

    /// As [`Program::call`], with what the function took from memory, where a meter is installed.
    ///
    /// # Errors
    /// As [`Program::call`].
    fn call_metered(&self, function: &str, input: &[u8]) -> Result<(Vec<u8>, Option<Usage>), Crash>;

    /// Where an executable of the student's is.
    ///
    /// # Errors
    /// There is none of this name.
    fn executable(&self, name: &str) -> Result<&Path, Crash>;

    /// A network for executables: one apart from all others where the judge keeps them apart, the machine's otherwise.
    ///
    /// # Errors
    /// There is none to be had: the machine is to blame.
    fn network(&self) -> Result<Network, LiveError> {
        Ok(Network::default())
    }
}

/// A kind of machine, with the types of its configuration, commands and notices.
pub struct Role<Config, Command, Notice> {
    /// The name under which the program offers it.
    pub name: &'static str,
    /// Shows the datagrams that such a machine sends.
    pub describe: fn(&[u8]) -> String,
    types: PhantomData<fn(Config, Command) -> Notice>,
}

impl<Config, Command, Notice> Role<Config, Command, Notice> {
    /// The role `name`, whose datagrams are shown by `describe`.
    #[must_use]
    pub const fn new(name: &'static str, describe: fn(&[u8]) -> String) -> Self {
        Role { name, describe, types: PhantomData }
    }
}

/// A plain function of the student's, with the types of its argument and result.
pub struct Function<Input, Output> {
    /// The name under which the program offers it.
    pub name: &'static str,
    types: PhantomData<fn(Input) -> Output>,
}

impl<Input: Serialize, Output: DeserializeOwned> Function<Input, Output> {
    /// The function `name`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Function { name, types: PhantomData }
    }

    /// Calls it in `program`.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn call(&self, program: &dyn Program, input: &Input) -> Result<Output, Crash> {
        self.read(&program.call(self.name, &codec::encode(input))?)
    }

    /// Calls it in `program` and says what its body took from memory, without the argument that it is given, where a meter is
    /// installed.
    ///
    /// # Errors
    /// The student's code did not answer.
    pub fn call_metered(
        &self,
        program: &dyn Program,
        input: &Input,
    ) -> Result<(Output, Option<Usage>), Crash> {
        let (output, usage) = program.call_metered(self.name, &codec::encode(input))?;
        Ok((self.read(&output)?, usage))
    }

    fn read(&self, output: &[u8]) -> Result<Output, Crash> {
        codec::decode(output)
            .map_err(|error| Crash::Misused(format!("{} answered nonsense: {error}", self.name)))
    }
}

type Start = Box<dyn Fn(&[u8]) -> Result<Box<dyn Node>, Crash>>;
type Call = Box<dyn Fn(&[u8], Measure) -> Result<(Vec<u8>, Option<Usage>), Crash>>;

/// Whether a call's memory is measured.
#[derive(Clone, Copy)]
enum Measure {
    No,
    Yes,
}

/// A student's work in this process.
#[derive(Default)]
pub struct LocalProgram {
    roles: BTreeMap<&'static str, Start>,
    functions: BTreeMap<&'static str, Call>,
    executables: BTreeMap<&'static str, PathBuf>,
}

impl LocalProgram {
    /// A program that offers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers machines of `role`, made by `make`.
    #[must_use]
    pub fn role<Config, M>(
        mut self,
        role: &Role<Config, M::Command, M::Notice>,
        make: impl Fn(Config) -> M + 'static,
    ) -> Self
    where
        Config: DeserializeOwned + 'static,
        M: Machine,
    {
        let describe = role.describe;
        let start = move |config: &[u8]| {
            let config = configuration(config)?;
            let machine = guarded(|| make(config))?;
            Ok(Box::new(LocalNode::new(machine, describe)) as Box<dyn Node>)
        };
        self.roles.insert(role.name, Box::new(start));
        self
    }

    /// Offers an asynchronous program of `role`, whose main task is what `run` makes. When it returns, the program has ended
    /// on that host, and with it all tasks; an error that it returns fails the run.
    #[must_use]
    #[track_caller]
    pub fn async_role<Config, Command, Notice, Main>(
        mut self,
        role: &Role<Config, Command, Notice>,
        run: impl Fn(Config, NodeHandle<Command, Notice>) -> Main + 'static,
    ) -> Self
    where
        Config: DeserializeOwned + 'static,
        Command: DeserializeOwned + 'static,
        Notice: Serialize + 'static,
        Main: Future<Output = io::Result<()>> + 'static,
    {
        let (name, place, run) = (role.name, Location::caller(), Rc::new(run));
        let start = move |config: &[u8]| {
            let (config, run) = (configuration(config)?, run.clone());
            let node = AsyncNode::new(name, place, None, move |handle| run(config, handle));
            Ok(Box::new(node) as Box<dyn Node>)
        };
        self.roles.insert(role.name, Box::new(start));
        self
    }

    /// Offers a plain function.
    #[must_use]
    pub fn function<Input, Output>(
        mut self,
        function: &Function<Input, Output>,
        body: impl Fn(Input) -> Output + 'static,
    ) -> Self
    where
        Input: DeserializeOwned + 'static,
        Output: Serialize + 'static,
    {
        let watched = watch::Role::register(function.name);
        let call = move |input: &[u8], measure: Measure| {
            let input = codec::decode(input)
                .map_err(|error| Crash::Misused(format!("the kit gave a bad argument: {error}")))?;
            let _inside = watched.enter_call();
            let run = || guarded(|| body(input));
            let (output, usage) = match measure {
                Measure::No => (run(), None),
                Measure::Yes => meter::measured(run),
            };
            Ok((codec::encode(&output?), usage))
        };
        self.functions.insert(function.name, Box::new(call));
        self
    }

    /// Offers an executable.
    #[must_use]
    pub fn executable(mut self, name: &'static str, path: impl Into<PathBuf>) -> Self {
        self.executables.insert(name, path.into());
        self
    }

    fn call_function(
        &self,
        function: &str,
        input: &[u8],
        measure: Measure,
    ) -> Result<(Vec<u8>, Option<Usage>), Crash> {
        self.functions.get(function).ok_or_else(|| not_offered("function", function))?(input, measure)
    }
}

impl Program for LocalProgram {
    fn start(&self, role: &str, config: &[u8]) -> Result<Box<dyn Node>, Crash> {
        self.roles.get(role).ok_or_else(|| not_offered("role", role))?(config)
    }

    fn call(&self, function: &str, input: &[u8]) -> Result<Vec<u8>, Crash> {
        self.call_function(function, input, Measure::No).map(|(output, _)| output)
    }

    fn call_metered(&self, function: &str, input: &[u8]) -> Result<(Vec<u8>, Option<Usage>), Crash> {
        self.call_function(function, input, Measure::Yes)
    }

    fn executable(&self, name: &str) -> Result<&Path, Crash> {
        self.executables.get(name).map(PathBuf::as_path).ok_or_else(|| not_offered("executable", name))
    }
}

fn configuration<Config: DeserializeOwned>(bytes: &[u8]) -> Result<Config, Crash> {
    codec::decode(bytes).map_err(|error| Crash::Misused(format!("the kit gave a bad configuration: {error}")))
}

fn not_offered(kind: &str, name: &str) -> Crash {
    Crash::Misused(format!("the program offers no {kind} named {name}"))
}
