//! Applications of the scenario's own: a clerk tells its application each job that comes in, and sends the result when the
//! application has done it. How long that takes is the application's business.
#![expect(clippy::unwrap_used, reason = "a test: a panic is its failure")]

use faultline::disk::Unsynced;
use faultline::program::{LocalProgram, Role};
use faultline::scenario::Bench;
use faultline::search::{Limits, Search};
use faultline::simulation::{Change, Handle, Simulation};
use faultline::{Context, Host, Machine, Never, ms, text};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// A job that has come in, or is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Job(u8);

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.0)
    }
}

/// What a customer was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Result(u64);

impl fmt::Display for Result {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has {}", self.0)
    }
}

const CLERK: Role<Host, Job, Job> = Role::new("clerk", |bytes| text::bytes(bytes, 8));
const CUSTOMER: Role<Host, Job, Result> = Role::new("customer", |bytes| text::bytes(bytes, 8));

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Clerk {
    customer: Host,
    life: u64,
}

impl Machine for Clerk {
    type Command = Job;
    type Notice = Job;
    type Timer = Never;

    fn on_start(&mut self, ctx: &mut Context<Self>) {
        self.life = ctx.random();
    }

    fn on_datagram(&mut self, _: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        ctx.notify(Job(datagram[0]));
    }

    fn on_command(&mut self, Job(number): Job, ctx: &mut Context<Self>) {
        let mut answer = vec![number];
        answer.extend(self.life.to_be_bytes());
        ctx.send(self.customer, answer);
    }
}

/// Sends jobs, and tells their results: the job's number, or at the number 0 the clerk's life.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Customer(Host);

impl Machine for Customer {
    type Command = Job;
    type Notice = Result;
    type Timer = Never;

    fn on_command(&mut self, Job(number): Job, ctx: &mut Context<Self>) {
        ctx.send(self.0, vec![number]);
    }

    fn on_datagram(&mut self, _: Host, datagram: &[u8], ctx: &mut Context<Self>) {
        let life = u64::from_be_bytes(datagram[1..9].try_into().unwrap());
        ctx.notify(Result(if datagram[0] == 0 { life } else { datagram[0].into() }));
    }
}

fn program() -> LocalProgram {
    LocalProgram::new().role(&CLERK, |customer| Clerk { customer, life: 0 }).role(&CUSTOMER, Customer)
}

/// What the customer was told, in every state of a search in which the clerk's application does each of these jobs.
fn outcomes(jobs: &[Job], crashes: u8) -> BTreeSet<Vec<Result>> {
    let program = program();
    let bench = Bench::new(&program, 1);
    let limits = Limits { crashes, ..Limits::default() };
    let (mut search, [c, k]) = Search::new(&bench, limits, ["customer", "clerk"]);
    let customer = search.start(c, &CUSTOMER, &k).unwrap();
    let clerk = search.start(k, &CLERK, &c).unwrap();
    jobs.iter().for_each(|job| search.command(customer, job));
    search.application(clerk, |job: &Job| Some(*job));
    search.may_crash(k);
    let seen = Rc::new(RefCell::new(BTreeSet::new()));
    let noted = seen.clone();
    search.always(move |state| {
        noted.borrow_mut().insert(state.notices(customer));
        Ok(())
    });
    assert!(search.run().unwrap().exhausted);
    seen.take()
}

#[test]
fn a_searched_application_answers_at_any_moment_and_in_any_order() {
    let results = outcomes(&[Job(1), Job(2)], 0);
    assert!(results.contains(&vec![Result(1), Result(2)]) && results.contains(&vec![Result(2), Result(1)]));
    assert!(!results.contains(&vec![Result(1), Result(1)]), "an answer is given once");
}

#[test]
fn each_life_of_a_searched_host_has_randomness_of_its_own() {
    let lives: BTreeSet<Result> = outcomes(&[Job(0)], 2).into_iter().flatten().collect();
    assert_eq!(lives.len(), 3, "{lives:?}");
}

type Clerks = Handle<Job, Job>;

/// The results of these jobs with a clerk whose application needs as many milliseconds as the job's number says, and what
/// else happens to the clerk.
fn simulated(jobs: &[Job], happens: impl Fn(&mut Simulation<'_>, Clerks)) -> (Vec<Result>, Duration) {
    let program = program();
    let bench = Bench::new(&program, 1);
    let (mut simulation, [c, k]) = Simulation::new(&bench, ["customer", "clerk"]);
    let customer = simulation.start(c, &CUSTOMER, &k).unwrap();
    let clerk = simulation.start(k, &CLERK, &c).unwrap();
    simulation.application(clerk, |_, job: &Job| vec![(ms(job.0.into()), *job)]);
    jobs.iter().for_each(|job| simulation.command(customer, job).unwrap());
    happens(&mut simulation, clerk);
    simulation.run_until(Duration::from_secs(9), |_| Ok(false)).unwrap();
    let now = simulation.now().since(faultline::Time::ZERO);
    (simulation.notices(customer).unwrap(), now)
}

#[test]
fn a_simulated_application_takes_its_time() {
    let (results, end) = simulated(&[Job(30), Job(10)], |_, _| {});
    assert_eq!(results, [Result(10), Result(30)]);
    assert_eq!(end, ms(1 + 30 + 1));
}

#[test]
fn what_an_application_is_going_to_ask_for_is_lost_when_its_host_crashes() {
    let (results, _) = simulated(&[Job(30), Job(10)], |simulation, clerk| {
        simulation.schedule(ms(20), Change::Crash(clerk.host, Unsynced::Lost));
        simulation.schedule(ms(21), Change::Restart(clerk.host));
    });
    assert_eq!(results, [Result(10)]);
}
