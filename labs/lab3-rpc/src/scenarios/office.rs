//! The programs around a server and two clients in a simulated network, and what is known of the jobs that they were given.

use super::checks::{FAR, client_config, server_config};
use crate::shells::{CALLER, CallerCommand, Close, Ends, Job, Returned, SERVICE, ServiceNotice};
use crate::{CallError, ClientConfig, Fault, Host, ServeConfig, Why};
use faultline::ms;
use faultline::scenario::{Bench, Failure, Outcome};
use faultline::simulation::{Handle, Link, Simulation};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a datagram is on its way.
pub const TRIP: Duration = ms(10);

/// What most scenarios tell `serve`.
#[must_use]
pub const fn serve_config(at_once: usize, waiting: usize) -> ServeConfig {
    ServeConfig { server: server_config(), at_once, waiting, linger: ms(30_000) }
}

/// A network that loses nothing.
#[must_use]
pub fn good_network() -> Link {
    Link { latency_min: TRIP, latency_max: TRIP, ..Link::default() }
}

/// A server and two clients.
pub struct Office<'a> {
    /// The world.
    pub simulation: Simulation<'a>,
    /// The server.
    pub server: Handle<Close, ServiceNotice>,
    /// The clients, Ann and Bob.
    pub clients: [Handle<CallerCommand, Returned>; 2],
    /// A host on which nothing runs yet.
    pub stranger: Host,
    jobs: BTreeMap<String, Job>,
}

impl<'a> Office<'a> {
    /// All of them started, and nothing asked for.
    ///
    /// # Errors
    /// One of them does not come up.
    pub fn start(bench: &Bench<'a>, link: Link, config: ServeConfig) -> Result<Office<'a>, Failure> {
        Office::start_with(bench, link, config, client_config(Host(0)))
    }

    /// The same, with clients like this.
    ///
    /// # Errors
    /// As [`Office::start`].
    pub fn start_with(
        bench: &Bench<'a>,
        link: Link,
        config: ServeConfig,
        client: ClientConfig,
    ) -> Result<Office<'a>, Failure> {
        let (mut simulation, [s, a, b, stranger]) = Simulation::new(bench, ["server", "ann", "bob", "eve"]);
        simulation.links(link);
        simulation.meter();
        let server = simulation.start(s, &SERVICE, &config)?;
        let client = ClientConfig { server: s, ..client };
        let clients = [simulation.start(a, &CALLER, &client)?, simulation.start(b, &CALLER, &client)?];
        Ok(Office { simulation, server, clients, stranger, jobs: BTreeMap::new() })
    }

    /// A client calls, without a deadline that plays a part.
    ///
    /// # Errors
    /// It does not answer.
    pub fn call(&mut self, client: usize, job: Job) -> Outcome {
        self.call_within(client, job, FAR)
    }

    /// A client calls, with this deadline.
    ///
    /// # Errors
    /// It does not answer.
    pub fn call_within(&mut self, client: usize, job: Job, deadline: Duration) -> Outcome {
        self.add(&job);
        self.simulation.command(self.clients[client], &CallerCommand::Call { job, deadline })
    }

    /// Somebody is going to ask for this.
    pub fn add(&mut self, job: &Job) {
        self.jobs.insert(job.name.clone(), job.clone());
    }

    /// Lets `span` pass.
    ///
    /// # Errors
    /// Somebody does not answer.
    pub fn pass(&mut self, span: Duration) -> Outcome {
        self.simulation.run_for(span).map(|_| ())
    }

    /// The names of the jobs that were begun, in their order.
    ///
    /// # Errors
    /// The handler was called for nothing, or twice for one job.
    pub fn begun(&self) -> Result<Vec<String>, Failure> {
        let mut begun: Vec<String> = vec![];
        for notice in self.simulation.notices(self.server)? {
            match notice {
                ServiceNotice::Closed => {}
                ServiceNotice::Began(name) if self.jobs.contains_key(&name) && !begun.contains(&name) => {
                    begun.push(name);
                }
                ServiceNotice::Began(name) => {
                    return Err(self.simulation.fail(format!(
                        "Rule E3: the handler is called once for each call, but it was called again for {name}."
                    )));
                }
                ServiceNotice::BeganOther => {
                    return Err(self.simulation.fail(
                        "Rule E3: the handler was called with another target or other arguments than those of any call.",
                    ));
                }
            }
        }
        Ok(begun)
    }

    /// Whether `serve` has returned.
    ///
    /// # Errors
    /// The server says what cannot be read.
    pub fn is_closed(&self) -> Result<bool, Failure> {
        Ok(self.simulation.notices(self.server)?.contains(&ServiceNotice::Closed))
    }

    /// What has come of the calls of a client, by name.
    ///
    /// # Errors
    /// A call returned twice, or with a result that is not its own.
    pub fn returned(&self, client: usize) -> Result<BTreeMap<String, Result<String, CallError>>, Failure> {
        let mut all = BTreeMap::new();
        for Returned { name, result } in self.simulation.notices(self.clients[client])? {
            let own = self.jobs.get(&name).map(Job::result);
            if let (Ok(result), Some(own)) = (&result, own)
                && *result != own
            {
                return Err(self.simulation.fail(format!(
                    "Rule E1: `call` returns the result of its own call, but the one for {name} has returned {result:?}."
                )));
            }
            all.insert(name, result);
        }
        Ok(all)
    }

    /// The names of the calls of a client that have returned.
    ///
    /// # Errors
    /// As [`Office::returned`].
    pub fn done(&self, client: usize) -> Result<Vec<String>, Failure> {
        Ok(self.returned(client)?.into_keys().collect())
    }

    /// Expects that these jobs were begun so far, in this order, and no others.
    ///
    /// # Errors
    /// They were not.
    pub fn expect_begun(&self, names: &[&str], why: &str) -> Outcome {
        let begun = self.begun()?;
        if begun == names {
            return Ok(());
        }
        Err(self.simulation.fail(format!(
            "{why}. Expected at {}: the handler was called for {}. But it was called for {}.",
            self.simulation.now(),
            list(names),
            list(&begun)
        )))
    }

    /// Expects that a call has returned its result by now.
    ///
    /// # Errors
    /// It has not.
    pub fn expect_result(&self, client: usize, name: &str, why: &str) -> Outcome {
        self.expect(client, name, why, "its result", |result| result.is_ok())
    }

    /// Expects that a call has returned this fault by now.
    ///
    /// # Errors
    /// It has not.
    pub fn expect_fault(&self, client: usize, name: &str, fault: &Fault, why: &str) -> Outcome {
        let wanted = format!("the fault {fault:?}");
        self.expect(client, name, why, &wanted, |result| *result == Err(CallError::Fault(fault.clone())))
    }

    /// Expects that a call has returned, in a way that `fits`.
    ///
    /// # Errors
    /// It has not.
    pub fn expect(
        &self,
        client: usize,
        name: &str,
        why: &str,
        wanted: &str,
        fits: impl FnOnce(&Result<String, CallError>) -> bool,
    ) -> Outcome {
        let said = match self.returned(client)?.get(name) {
            Some(result) if fits(result) => return Ok(()),
            Some(Ok(result)) => format!("it has returned {result:?}"),
            Some(Err(CallError::Fault(fault))) => format!("it has returned the fault {fault:?}"),
            Some(Err(error)) => format!("it has returned: {error}"),
            None => "it has not returned".into(),
        };
        let now = self.simulation.now();
        Err(self
            .simulation
            .fail(format!("{why}. Expected at {now}: the call of {name} has returned {wanted}. But {said}.")))
    }

    /// Checks what the clients were told against what was executed.
    ///
    /// # Errors
    /// A client was told what is not so.
    pub fn check_truth(&self) -> Outcome {
        let begun = self.begun()?;
        for client in 0..self.clients.len() {
            for (name, result) in self.returned(client)? {
                let executed = begun.contains(&name);
                let is_true = match &result {
                    Ok(_) => executed,
                    Err(CallError::NotExecuted(_) | CallError::Fault(Fault::Busy | Fault::Closing)) => {
                        !executed
                    }
                    Err(CallError::Unknown(why)) => *why != Why::TooLarge,
                    Err(CallError::Fault(fault)) => {
                        executed
                            && self.jobs[&name].ends != Ends::Returns
                            && matches!(fault, Fault::Failed(_))
                    }
                    Err(CallError::BadResult(_)) => false,
                };
                if !is_true {
                    let how = result.map_or_else(|error| error.to_string(), |_| "it is done".into());
                    let fact = if executed { "was" } else { "was not" };
                    return Err(self.simulation.fail(format!(
                        "Rules A5, E1 and E5: a caller is told the truth. But {name} {fact} executed, and its call has \
                         returned: {how}."
                    )));
                }
            }
        }
        Ok(())
    }
}

/// Names for people.
fn list(names: &[impl AsRef<str>]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
