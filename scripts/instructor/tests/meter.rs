//! The meter: what a call and an event allocate, and what machines and asynchronous hosts hold; in this process, behind a
//! pipe, and beside other threads. It is a lab of its own, so that it has an allocator that counts and can be its own driver.

use faultline::asynchronous::{NodeHandle, UdpSocket};
use faultline::disk::Unsynced;
use faultline::meter::Memory;
use faultline::program::{Function, LocalProgram, Program, Role};
use faultline::remote::RemoteProgram;
use faultline::scenario::{Bench, Failure, Outcome, Scenario, Suite, World, ensure};
use faultline::script::Script;
use faultline::simulation::{Change, Simulation};
use faultline::{Context, Host, Machine, ms};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a hoarder is told to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Order {
    /// Keep so many bytes.
    Keep(usize),
    /// Ask for so many bytes and give them back.
    Waste(usize),
    /// Send so many bytes and tell so many.
    HandOut(usize),
    /// Give back all that is kept.
    Release,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

const HOARDER: Role<Host, Order, String> = Role::new("hoarder", |_| String::new());
const ASYNC_HOARDER: Role<Host, Order, String> = Role::new("async-hoarder", |_| String::new());
const RESERVE: Function<usize, usize> = Function::new("reserve");

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Hoarder {
    peer: Host,
    kept: Vec<Vec<u8>>,
}

impl Machine for Hoarder {
    type Command = Order;
    type Notice = String;
    type Timer = ();

    fn on_command(&mut self, order: Order, ctx: &mut Context<Self>) {
        match order {
            Order::Keep(bytes) => self.kept.push(vec![0; bytes]),
            Order::Waste(bytes) => drop(black_box(vec![0_u8; bytes])),
            Order::HandOut(bytes) => {
                ctx.send(self.peer, vec![0; bytes]);
                ctx.notify("x".repeat(bytes));
            }
            Order::Release => self.kept = vec![],
        }
    }

    fn on_datagram(&mut self, _: Host, _: &[u8], _: &mut Context<Self>) {}
}

async fn hoard(peer: Host, node: NodeHandle<Order, String>) -> std::io::Result<()> {
    let socket = UdpSocket::bind(&node).await?;
    let mut kept = vec![];
    loop {
        match node.next_command().await {
            Order::Keep(bytes) => kept.push(vec![0_u8; bytes]),
            Order::Waste(bytes) => drop(black_box(vec![0_u8; bytes])),
            Order::HandOut(bytes) => {
                socket.send_to(&vec![0; bytes], peer).await?;
                node.notify("x".repeat(bytes));
            }
            Order::Release => kept = vec![],
        }
    }
}

const LARGE: usize = 100_000;

/// What the kit itself may take besides.
const FEW: usize = 2_000;

fn near(figure: u64, wanted: usize) -> bool {
    (wanted as u64..=(wanted + FEW) as u64).contains(&figure)
}

/// Does `check` with this process and with one behind a pipe.
fn both(bench: &Bench<'_>, check: impl Fn(&Bench<'_>) -> Outcome) -> Outcome {
    check(bench)?;
    let driver = std::env::current_exe().expect("a program that runs has a path");
    let remote =
        RemoteProgram::start(Command::new(&driver), BTreeMap::new()).expect("this program can be started");
    check(&Bench::new(&remote as &dyn Program, bench.seed()))
}

fn calls(bench: &Bench<'_>) -> Outcome {
    both(bench, |bench| {
        for bytes in [0, LARGE] {
            let (output, usage) = bench.call_metered(&RESERVE, &bytes, "reserving")?;
            ensure(output == bytes && near(usage.allocated, bytes) && usage.kept == 0, || {
                format!("{bytes}: {usage:?}")
            })?;
        }
        Ok(())
    })
}

fn tell(hoarder: &mut Script<Host, Order, String>, orders: &[Order]) -> Result<Memory, Failure> {
    orders.iter().try_for_each(|order| hoarder.command(order))?;
    hoarder.memory()
}

fn held(bench: &Bench<'_>) -> Outcome {
    both(bench, |bench| {
        for role in [HOARDER, ASYNC_HOARDER] {
            let mut hoarder = Script::start(bench, role, ["hoarder", "peer"], &faultline::script::PEER)?;
            // The first of each makes what the kit keeps for the host.
            let first =
                tell(&mut hoarder, &[Order::HandOut(10), Order::Waste(10), Order::Keep(10), Order::Release])?;
            let after = tell(&mut hoarder, &[const { Order::HandOut(1_000) }; 500])?;
            ensure(after.held == first.held, || format!("handed out: {first:?}, then {after:?}"))?;
            ensure(after.most < 10_000, || format!("one event: {after:?}"))?;
            let after = tell(&mut hoarder, &[Order::Waste(LARGE)])?;
            ensure(after.held == first.held && near(after.most, LARGE), || format!("wasted: {after:?}"))?;
            let after = tell(&mut hoarder, &[const { Order::Keep(LARGE) }; 3])?;
            ensure(near((after.held - first.held) as u64, 3 * LARGE), || format!("kept: {after:?}"))?;
            let after = tell(&mut hoarder, &[Order::Release])?;
            ensure(after.held == first.held, || format!("released: {first:?}, then {after:?}"))?;
        }
        Ok(())
    })
}

fn restarts(bench: &Bench<'_>) -> Outcome {
    both(bench, |bench| {
        let (mut simulation, [a, b]) = Simulation::new(bench, ["hoarder", "other"]);
        simulation.meter();
        let hoarder = simulation.start(a, &HOARDER, &b)?;
        simulation.command(hoarder, &Order::Keep(LARGE))?;
        let before = simulation.held(hoarder)?;
        simulation.change(&Change::Crash(a, Unsynced::Lost))?;
        let down = simulation.held(hoarder)?;
        simulation.change(&Change::Restart(a))?;
        simulation.run_for(ms(1))?;
        let after = simulation.held(hoarder)?;
        ensure(before > LARGE && down == 0 && after < FEW, || format!("{before}, {down}, {after}"))
    })
}

fn threads(bench: &Bench<'_>) -> Outcome {
    let quiet = bench.call_metered(&RESERVE, &LARGE, "reserving")?.1;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    black_box(vec![0_u8; 300]);
                }
            });
        }
        let steady = (0..500).try_for_each(|_| {
            let loud = bench.call_metered(&RESERVE, &LARGE, "reserving")?.1;
            ensure(loud == quiet, || format!("beside other threads {loud:?}, alone {quiet:?}"))
        });
        over.store(true, Ordering::Relaxed);
        steady
    })
}

fn unmeasured(bench: &Bench<'_>) -> Outcome {
    let (mut simulation, [a, b]) = Simulation::new(bench, ["hoarder", "other"]);
    let hoarder = simulation.start(a, &HOARDER, &b)?;
    let blame = simulation.held(hoarder).map_err(|failure| failure.blame);
    ensure(blame == Err(faultline::scenario::Blame::Kit), || format!("{blame:?}"))
}

fn suite() -> Suite {
    let scenario =
        |id, name, world, run| Scenario { id, name, part: 'M', points: 1, world, seeds: 1, hint: "", run };
    let scenarios: Vec<Scenario> = vec![
        scenario(
            "M1",
            "a call is charged with what it allocates",
            World::Script,
            calls as fn(&Bench<'_>) -> Outcome,
        ),
        scenario("M2", "a node holds what it neither freed nor handed out", World::Script, held),
        scenario("M3", "a restarted machine begins with nothing", World::Simulation, restarts),
        scenario("M4", "other threads change no figure", World::Script, threads),
        scenario("M5", "who asks for what is not measured is the kit", World::Simulation, unmeasured),
    ];
    Suite { lab: "meter", scenarios, bonus: &[] }
}

fn main() -> ExitCode {
    faultline::install_meter!();
    let program = LocalProgram::new()
        .role(&HOARDER, |peer| Hoarder { peer, kept: vec![] })
        .async_role(&ASYNC_HOARDER, hoard)
        .function(&RESERVE, |bytes: usize| black_box(vec![0_u8; bytes]).len());
    faultline::runner::main(&suite(), &program)
}
