//! `grade`: builds a submission, judges its labs, prints the table and writes grade.json.

use crate::grade_json::{Grade, LabGrade};
use crate::judge::{self, Plan};
use crate::kit::Kit;
use crate::submission::Submission;
use crate::workshop::{Parts, Workshop};
use faultline::report::{self, Line};
use faultline::text;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to grade and where to write it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder that holds the submission's labs (lab1-datagram/, lab2-reliable/, ...), or a whole hand-out.
    submission: PathBuf,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
    /// The folder for grade.json.
    #[arg(long, default_value = "grade", value_name = "DIR")]
    out: PathBuf,
    /// End with exit code 1 unless the score is exactly this share of the points.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    expect_percent: Option<u8>,
    /// End with exit code 1 when a search has not seen all within its bounds: what the reference owes.
    #[arg(long)]
    expect_exhausted: bool,
}

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    let submission = Submission::open(&options.submission)?;
    let plans = judge::plans(&options.labs)?;
    let workshop = Workshop::open(kit, 0)?;
    let mut labs = vec![];
    for plan in &plans {
        eprintln!("grading {} ...", plan.lab);
        let lab = grade_lab(&workshop, &submission, plan)?;
        print_lab(plan, &lab);
        labs.push(lab);
    }
    let grade = Grade::new(labs);
    println!("{}", grade.total());
    let place = grade.write(&options.out)?;
    println!("written to {}", place.display());
    let cut_short = grade.cut_short();
    if options.expect_exhausted && !cut_short.is_empty() {
        eprintln!("the state limit came before the end of: {}", cut_short.join(", "));
        return Ok(ExitCode::FAILURE);
    }
    Ok(match options.expect_percent {
        Some(percent) if !grade.is_percent(percent) => {
            eprintln!("expected {percent} % of the points");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    })
}

/// Builds and judges one lab of a submission.
pub(crate) fn grade_lab(
    workshop: &Workshop<'_>,
    submission: &Submission,
    plan: &Plan,
) -> io::Result<LabGrade> {
    let Some(sources) = submission.sources(plan.lab)? else {
        let why = format!("The submission has no folder {}/src.", plan.lab);
        return Ok(LabGrade::not_gradable(plan, &why, vec![]));
    };
    workshop.install(plan.lab, &sources)?;
    match workshop.build(plan.lab, Parts::All)? {
        Err(words) => Ok(LabGrade::not_gradable(plan, &words, sources.remarks)),
        Ok(built) => Ok(LabGrade::judged(plan, &judge::judge(plan, &built), sources.remarks)),
    }
}

fn print_lab(plan: &Plan, lab: &LabGrade) {
    let lines: Vec<_> = plan
        .scenarios
        .iter()
        .zip(&lab.ends)
        .map(|(it, ended)| Line { scenario: &it.scenario, ended, hidden: it.hidden, bonus: it.bonus })
        .collect();
    if let Some(why) = &lab.message {
        println!("{}: not graded, because it does not build:", lab.lab);
        why.lines().for_each(|line| println!("  {}", text::line(line, 160)));
    } else {
        print!("{}", report::table(plan.lab, &lines));
    }
    lab.remarks.iter().for_each(|remark| println!("  note: {}", text::line(remark, 160)));
}

/// Makes a folder and writes a file into it in one step: a reader sees all of it or nothing.
pub(crate) fn write_atomically(folder: &std::path::Path, name: &str, content: &str) -> io::Result<PathBuf> {
    let named = |error: io::Error| crate::kit::with_path(folder, &error);
    fs::create_dir_all(folder).map_err(named)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(named)?;
    io::Write::write_all(&mut file, content.as_bytes()).map_err(named)?;
    let place = folder.join(name);
    file.persist(&place).map_err(|error| named(error.error))?;
    Ok(place)
}
