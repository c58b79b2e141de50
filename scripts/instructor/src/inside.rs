//! The judge inside a cell: runs one scenario, with a submission's processes under limits beside it, and says how it ended. Each seed
//! has processes of its own and an empty `/tmp`.

use crate::jail::{Inmates, Object};
use crate::judge;
use faultline::remote::RemoteProgram;
use faultline::report::Ended;
use faultline::{errand, runner, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// The subcommand.
pub(crate) const INSIDE: &str = "inside";

/// With this begins the note of what a submission has left behind.
pub(crate) const LEFT: &str = "left processes running, which were killed: ";

/// For how long a scenario may go on: three times what the longest takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// For how long a cell begins with further seeds: a small part of that.
const FURTHER: Duration = Duration::from_secs(20);

/// Where the processes in a cell may leave files.
const OPEN: [&str; 2] = ["/tmp", "/dev/shm"];

/// What is to be run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) lab: String,
    pub(crate) id: String,
    /// These seeds, up to the first that fails, or at least the first of them.
    pub(crate) seeds: RangeInclusive<u64>,
    /// The programs of the submission, by where they are in the cell.
    pub(crate) driver: PathBuf,
    pub(crate) executables: BTreeMap<String, PathBuf>,
    pub(crate) inmates: Inmates,
    /// Whether each network of the scenario is apart from the others.
    pub(crate) networks_apart: bool,
}

/// Has a cell run something.
///
/// # Errors
/// The cell did not work, or was not done in time.
pub(crate) fn ask(cell: Command, order: &Order) -> io::Result<Ended> {
    let ended: Result<Ended, String> = errand::ask(cell, order, PATIENCE)?;
    ended.map_err(io::Error::other)
}

/// Runs what somebody outside has asked for.
pub(crate) fn run() -> io::Result<ExitCode> {
    errand::answer(|order: Order| run_order(&order).map_err(|error| error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

fn run_order(order: &Order) -> io::Result<Ended> {
    // What the submission may not read: /proc shows nothing of this process to anybody else.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    let plans = judge::plans(std::slice::from_ref(&order.lab))?;
    let planned = plans.iter().flat_map(|plan| &plan.scenarios).find(|it| it.scenario.id == order.id);
    let planned = planned.ok_or_else(|| io::Error::other(format!("no scenario {}", order.id)))?;
    // The judge starts what is in it; nobody else may as much as look.
    let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir()?;
    let executables = order.inmates.wrapped(&order.executables, folder.path())?;
    let start = Instant::now();
    let mut seeds = order.seeds.clone();
    loop {
        let seed = seeds.next().ok_or_else(|| io::Error::other("no seed is left to run"))?;
        let mut program = RemoteProgram::start(order.inmates.command(&order.driver), executables.clone())?;
        if order.networks_apart {
            program = program.with_networks_apart();
        }
        let mut ended = runner::run(&planned.scenario, &program, [seed]);
        drop(program);
        let left = left_behind(order.inmates)?;
        if !left.is_empty() {
            let words: Vec<_> = left.iter().map(|words| text::line(words, 60)).take(5).collect();
            ended.notes.push(format!("{LEFT}{}", words.join(", ")));
        }
        judge::draw(&order.lab, planned, &mut ended);
        let is_over = ended.failure.is_some() || seeds.is_empty() || start.elapsed() > FURTHER;
        // What cannot be made clean is thrown away: the next seed has another cell.
        if is_over || !left.is_empty() || empty(folder.path()).is_err() {
            return Ok(ended);
        }
    }
}

/// Removes all files of this cell's but this folder, which is the judge's.
///
/// # Errors
/// Something stays.
fn empty(but: &Path) -> io::Result<()> {
    if !Object::all().is_empty() {
        return Err(io::Error::other("objects of the kernel's are left"));
    }
    for entry in OPEN.iter().filter_map(|open| fs::read_dir(open).ok()).flatten() {
        let entry = entry?;
        let path = entry.path();
        match entry.file_type()?.is_dir() {
            _ if path == but => {}
            true => fs::remove_dir_all(&path)?,
            false => fs::remove_file(&path)?,
        }
    }
    Ok(())
}

/// The command lines of processes that are still there although all that the kit has started is over.
fn left_behind(inmates: Inmates) -> io::Result<Vec<String>> {
    /// What was killed may take a moment to go.
    const LOOKS: u32 = 40;
    let mut left = vec![];
    for _ in 0..LOOKS {
        left = inmates.at_work()?;
        if left.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    Ok(left)
}
