//! The main function of every lab's test program. To nextest and cargo it is an ordinary test program; each scenario runs
//! in a child process, and a pass is what that child reported at the scenario's end, never its exit code.
//!
//! The same program is the judge's driver (`--drive`).

mod arguments;
mod leave;
mod student;

use crate::channel::Channel;
use crate::crash::{Crash, guarded};
use crate::doing::{self, Word};
use crate::driver;
use crate::program::{LocalProgram, Program};
use crate::quiet::quietly;
use crate::report::{self, Ended, Line};
use crate::scenario::{Bench, Failure, Scenario, Suite};
use crate::trace::Story;
use crate::trace_file::{self, Header, TraceFile};
use crate::watch;
use arguments::{Arguments, Mode};
use rustix::process::{Signal, kill_process_group};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long a scenario may take as a whole, in seconds; below nextest's own limit.
const SCENARIO_PATIENCE: u64 = 100;

/// How many seeds a scenario may be asked to run.
const MAX_SEEDS: u64 = 1_000_000;

/// Runs what the command line asks for.
#[must_use]
pub fn main(suite: &Suite, program: &LocalProgram) -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(wrong) => return usage(&wrong),
    };
    match &arguments.mode {
        Mode::List => list(suite, &arguments),
        Mode::Drive => done(driver::serve(program)),
        Mode::Inside(id) => match suite.find(id) {
            Some(scenario) => done(inside(suite, scenario, program, &arguments)),
            None => usage(&format!("there is no scenario {id}")),
        },
        Mode::Replay(id) => match suite.find(id) {
            Some(scenario) => replay(suite, scenario, &arguments),
            None => usage(&unknown(suite, id)),
        },
        Mode::ReplayFile(path) => replay_file(suite, path, &arguments),
        Mode::Hint(id) => match suite.find(id) {
            Some(scenario) => hint(suite, scenario),
            None => usage(&unknown(suite, id)),
        },
        Mode::Score => score(suite, &arguments),
        Mode::Test => test(suite, &arguments),
    }
}

fn usage(wrong: &str) -> ExitCode {
    eprintln!("{wrong}");
    ExitCode::from(2)
}

fn unknown(suite: &Suite, id: &str) -> String {
    let ids: Vec<_> = suite.scenarios.iter().map(|scenario| scenario.id).collect();
    format!("{} has no scenario {id}; it has {}", suite.lab, ids.join(" "))
}

fn done(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => usage(&format!("this mode is for the kit itself: {error}")),
    }
}

fn list(suite: &Suite, arguments: &Arguments) -> ExitCode {
    // Nothing is ignored, and test runners ask for ignored tests apart.
    let listed = suite.scenarios.iter().filter(|it| !arguments.ignored && arguments.selects(&it.test_name()));
    for scenario in listed {
        if arguments.terse {
            println!("{}: test", scenario.test_name());
        } else {
            let Scenario { id, name, points, world, .. } = scenario;
            println!("{id:<4} {points:>3} points  {:<10}  {name}", world.to_string());
        }
    }
    ExitCode::SUCCESS
}

fn hint(suite: &Suite, scenario: &Scenario) -> ExitCode {
    println!("{} {} {}", report::short_lab(suite.lab), scenario.id, scenario.name);
    crate::text::wrap(scenario.hint, 96, "  ").iter().for_each(|line| println!("{line}"));
    ExitCode::SUCCESS
}

fn test(suite: &Suite, arguments: &Arguments) -> ExitCode {
    let chosen: Vec<_> = suite.scenarios.iter().filter(|it| arguments.selects(&it.test_name())).collect();
    if arguments.ignored {
        return ExitCode::SUCCESS;
    }
    let ends = supervise_all(&chosen, arguments, &|scenario, ended| {
        if ended.failure.is_some() {
            print!("{}", report::failure(suite.lab, scenario, ended));
        } else {
            println!("PASS  {} {}", report::short_lab(suite.lab), scenario.test_name());
        }
    });
    let failed = ends.iter().filter(|ended| ended.failure.is_some()).count();
    if chosen.len() != 1 {
        println!("{} passed, {failed} failed", ends.len() - failed);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn score(suite: &Suite, arguments: &Arguments) -> ExitCode {
    let scenarios: Vec<_> = suite.scenarios.iter().collect();
    let ends = supervise_all(&scenarios, arguments, &|_, _| {});
    let lines: Vec<_> = scenarios
        .iter()
        .zip(&ends)
        .map(|(scenario, ended)| Line { scenario, ended, hidden: false, bonus: suite.is_bonus(scenario) })
        .collect();
    print!("{}", report::table(suite.lab, &lines));
    ExitCode::SUCCESS
}

fn replay(suite: &Suite, scenario: &Scenario, arguments: &Arguments) -> ExitCode {
    let ended = supervise(scenario, arguments);
    print!("{}", report::failure(suite.lab, scenario, &ended));
    ended.stories.iter().for_each(|story| print!("{}", report::full_story(story)));
    if ended.failure.is_some() {
        return ExitCode::FAILURE;
    }
    println!("{} {} passes", report::short_lab(suite.lab), scenario.id);
    ended.notes.iter().for_each(|note| println!("  {note}"));
    ExitCode::SUCCESS
}

/// Makes the run of a trace file again with the code as it is now.
fn replay_file(suite: &Suite, path: &Path, arguments: &Arguments) -> ExitCode {
    let file = match read_trace(path) {
        Ok(file) => file,
        Err(wrong) => return usage(&format!("{}: {wrong}", path.display())),
    };
    let Header { lab, scenario: id, .. } = &file.header;
    let Some(scenario) = suite.find(id).filter(|_| lab == suite.lab) else {
        return usage(&format!(
            "{}: this trace is of {lab} {id}, which {} does not have",
            path.display(),
            suite.lab
        ));
    };
    replay(suite, scenario, arguments)
}

fn read_trace(path: &Path) -> Result<TraceFile, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > trace_file::MAX_BYTES {
        return Err(format!("{size} bytes are more than a trace can have"));
    }
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    TraceFile::parse(&text).map_err(|error| error.to_string())
}

/// The stories of every world of one run; a search has one only when it fails.
fn stories(scenario: &Scenario, bench: Bench<'_>) -> Vec<Story> {
    let bench = bench.with_stories();
    let failing = run_once(scenario, &bench).failure.and_then(|failure| failure.story);
    let mut stories = bench.stories();
    let unknown = failing.filter(|story| stories.iter().all(|known| known.rows != story.rows));
    stories.extend(unknown.map(|story| *story));
    stories
}

/// The seeds of a run: the one that was asked for, or the first so many.
fn seeds(scenario: &Scenario, arguments: &Arguments) -> std::ops::RangeInclusive<u64> {
    match arguments.seed {
        Some(seed) => seed..=seed,
        // One seed means that nothing is random: more of them would say nothing more.
        None if scenario.seeds == 1 => 1..=1,
        None => 1..=arguments.seeds.unwrap_or(u64::from(scenario.seeds)).min(MAX_SEEDS),
    }
}

/// Runs a scenario over these seeds, up to the first that fails.
#[must_use]
pub fn run(scenario: &Scenario, program: &dyn Program, seeds: impl IntoIterator<Item = u64>) -> Ended {
    let mut ended = Ended::early(Failure::of_the_kit("The scenario has no seeds."), 0);
    for seed in seeds {
        ended = run_once(scenario, &Bench::new(program, seed));
        if ended.failure.is_some() {
            break;
        }
    }
    ended
}

fn run_once(scenario: &Scenario, bench: &Bench<'_>) -> Ended {
    // Student code is guarded where it is called: a panic that comes through here is the kit's.
    let outcome = guarded(|| (scenario.run)(bench));
    let broke = |crash| Err(Failure::of_the_kit(format!("The scenario broke: {crash}.")));
    Ended {
        failure: outcome.unwrap_or_else(broke).err(),
        seed: bench.seed(),
        notes: bench.notes(),
        recipe: bench.recipe(),
        picture: None,
        page: None,
        chart: bench.drawn(),
        stories: vec![],
    }
}

/// The child's half: runs the scenario with the student's code and reports the end.
fn inside(
    suite: &Suite,
    scenario: &Scenario,
    program: &LocalProgram,
    arguments: &Arguments,
) -> io::Result<()> {
    let mut channel = Channel::inherited()?;
    let alarm = channel.another()?;
    let seed = arguments.seed.unwrap_or(1);
    watch::start(driver::HANDLER_PATIENCE, move |handler| {
        let failure =
            Failure::from(Crash::Hung(format!("{handler} has run for ten seconds{} and", doing::last())));
        let Ok(mut alarm) = alarm.another() else { std::process::exit(1) };
        let _ = alarm.send(&Word::Ended(Box::new(Ended::early(failure, seed))));
        std::process::exit(1);
    });
    doing::tell(channel.another()?);
    let mut parent = channel.another()?;
    std::thread::spawn(move || {
        // The parent never sends: an answer means that it is gone, and then so are this process and its children.
        let _ = parent.receive::<()>();
        end_group();
    });
    let ended = match &arguments.trace {
        None => student::run(suite, scenario, program, seeds(scenario, arguments)),
        Some(path) => {
            let Header { seed, recipe, .. } = read_trace(path).map_err(io::Error::other)?.header;
            run_once(scenario, &Bench::new(program, seed).with_recipe(&recipe).with_states())
        }
    };
    let stories = if arguments.full {
        let bench = Bench::new(program, ended.seed);
        let same_run = ended.failure.is_some() || arguments.trace.is_some();
        quietly(|| stories(scenario, if same_run { bench.with_recipe(&ended.recipe) } else { bench }))
    } else {
        vec![]
    };
    let mut ended = Ended { stories, ..ended };
    leave::leave_passed(suite.lab, scenario, &mut ended);
    // The files have them by now, and the parent only prints.
    ended.forget_records();
    channel.send(&Word::Ended(Box::new(ended)))
}

fn end_group() {
    let _ = kill_process_group(rustix::process::getpgrp(), Signal::KILL);
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// The parent's half: runs each scenario in a child, as many at once as there are cores.
fn supervise_all(
    scenarios: &[&Scenario],
    arguments: &Arguments,
    tell: &(dyn Fn(&Scenario, &Ended) + Sync),
) -> Vec<Ended> {
    let next = AtomicUsize::new(0);
    let ends: Vec<Mutex<Option<Ended>>> = scenarios.iter().map(|_| Mutex::new(None)).collect();
    let telling = Mutex::new(());
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(scenarios.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((scenario, end)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    scenarios.get(index).zip(ends.get(index))
                } {
                    let ended = supervise(scenario, arguments);
                    let _one_at_a_time = telling.lock();
                    tell(scenario, &ended);
                    if let Ok(mut end) = end.lock() {
                        *end = Some(ended);
                    }
                }
            });
        }
    });
    let lost = || kit_failure("The scenario's thread ended early.".into());
    ends.into_iter().map(|end| end.into_inner().ok().flatten().unwrap_or_else(lost)).collect()
}

fn supervise(scenario: &Scenario, arguments: &Arguments) -> Ended {
    try_supervise(scenario, arguments)
        .unwrap_or_else(|error| kit_failure(format!("The scenario could not be run: {error}.")))
}

fn try_supervise(scenario: &Scenario, arguments: &Arguments) -> io::Result<Ended> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--inside", scenario.id]);
    if let Some(seed) = arguments.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if let Some(seeds) = arguments.seeds {
        command.args(["--seeds", &seeds.to_string()]);
    }
    if arguments.full {
        command.arg("--full");
    }
    if let Mode::ReplayFile(path) = &arguments.mode {
        command.arg("--trace").arg(path);
    }
    let (mut channel, mut process) = Channel::spawn(&mut command)?;
    channel.patience(Some(Duration::from_secs(SCENARIO_PATIENCE)))?;
    let mut doing = String::new();
    let ended = loop {
        match channel.receive::<Word>() {
            Ok(Word::Doing(what)) => doing = what,
            Ok(Word::Ended(ended)) => break Ok(*ended),
            Err(error) => break Err(error),
        }
    };
    let timed_out = matches!(&ended, Err(error) if is_timeout(error));
    let status = if timed_out { process.kill()? } else { process.wait()? };
    Ok(match ended {
        Ok(ended) => ended,
        Err(_) if timed_out => {
            failed(format!("The scenario did not come to its end within {SCENARIO_PATIENCE} seconds."))
        }
        Err(_) => failed(format!(
            "Your code ended the test process ({status}){doing} before the scenario was over. A scenario counts only when it \
             comes to its end."
        )),
    })
}

fn failed(reason: String) -> Ended {
    Ended::early(Failure::new(reason), 1)
}

fn kit_failure(reason: String) -> Ended {
    Ended::early(Failure::of_the_kit(reason), 1)
}
