//! `grade`: builds a submission, judges its labs, prints the table and writes grade.json.

use crate::class;
use crate::grade_json::{Grade, LabGrade};
use crate::jail::Jail;
use crate::judge::{self, Draw, Pace, Plan};
use crate::kit::Kit;
use crate::submission::Submission;
use crate::workshop::{Parts, Workshop};
use faultline::report::{self, Line};
use faultline::text;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What to grade and where to write it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A folder that holds the submission's labs (lab1-datagram/, lab2-reliable/, ...), or a whole hand-out; an archive of one (.tar.gz,
    /// .tgz, .tar, .zip); or a bare git repository, of which the commit of HEAD counts.
    submission: PathBuf,
    /// Only this lab; may be given more than once.
    #[arg(long = "lab", value_name = "LAB")]
    labs: Vec<String>,
    /// Who has handed it in: the seeds of hidden scenarios are drawn for this name, with --secret.
    #[arg(long, value_name = "ID", requires = "secret")]
    student: Option<String>,
    /// A file with the assignment's secret, such as 32 random bytes; keep it, since grades can be made again only with it.
    #[arg(long, value_name = "FILE", requires = "student")]
    secret: Option<PathBuf>,
    /// Hidden scenarios with random choices are run with at least so many seeds; one that fails is enough.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000), requires = "secret")]
    runs: u64,
    /// Grade although this machine cannot keep a submission apart from it: for what you trust.
    #[arg(long)]
    allow_weak_isolation: bool,
    /// A submission that takes longer than this, in minutes, loses what was not judged by then.
    #[arg(long, value_name = "N", default_value_t = 60)]
    minutes: u64,
    /// So many scenarios at once; as many as there are cores unless told otherwise.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: Option<u8>,
    /// The workshop to build in; what is graded side by side needs different ones.
    #[arg(long, value_name = "N", default_value_t = 0)]
    workshop: u16,
    /// End when standard input does: for who starts this program and may be killed.
    #[arg(long, hide = true)]
    leashed: bool,
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

impl Options {
    /// All of a submission, or these labs, as a service grades it; the seeds are drawn for this student with this secret.
    pub(crate) fn of_a_service(
        submission: PathBuf,
        labs: Vec<String>,
        draw: Option<(String, PathBuf)>,
        minutes: u64,
    ) -> Options {
        let (student, secret) = draw.unzip();
        Options {
            submission,
            labs,
            student,
            secret,
            runs: 1,
            allow_weak_isolation: false,
            minutes,
            at_once: None,
            workshop: 0,
            leashed: false,
            out: PathBuf::new(),
            expect_percent: None,
            expect_exhausted: false,
        }
    }
}

pub(crate) fn run(kit: &Kit, options: &Options) -> io::Result<ExitCode> {
    if options.leashed {
        class::end_with_parent();
        class::keep_to_a_core(usize::from(options.workshop));
    }
    let grade = grade(kit, options)?;
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

/// Grades a submission, and prints a table of each lab.
pub(crate) fn grade(kit: &Kit, options: &Options) -> io::Result<Grade> {
    let draw = draw(options)?;
    let mut plans = judge::plans(&options.labs)?;
    if let Some(draw) = &draw {
        plans = plans.into_iter().map(|plan| plan.drawn(draw)).collect();
    }
    let jail = Jail::probe(kit, u32::from(options.workshop));
    let is_ours = fs::canonicalize(&options.submission).is_ok_and(|path| path.starts_with(kit.root()));
    jail.require(is_ours || options.allow_weak_isolation)?;
    if let Some(secret) = &options.secret {
        jail.require_hidden(secret)?;
    }
    eprintln!("isolation: {jail}");
    let at_once = jail.at_once(options.at_once.map_or_else(judge::cores, usize::from));
    let workshop = Workshop::open(kit, usize::from(options.workshop))?.jailed(jail);
    let begin = |plan: &Plan| eprintln!("grading {} ...", plan.lab);
    let pace = Pace { at_once, until: Some(Instant::now() + Duration::from_secs(60 * options.minutes)) };
    let labs = grade_labs(&workshop, &options.submission, &plans, pace, &begin, &print_lab)?;
    Ok(Grade::new(draw.map(|draw| draw.student), workshop.isolation(), labs))
}

/// Grades labs of the submission in this folder or archive; is told before and after each.
pub(crate) fn grade_labs(
    workshop: &Workshop<'_>,
    submission: &Path,
    plans: &[Plan],
    pace: Pace,
    begin: &dyn Fn(&Plan),
    end: &dyn Fn(&Plan, &LabGrade),
) -> io::Result<Vec<LabGrade>> {
    let submission = match Submission::open(submission) {
        // Whoever has handed it in is to blame, and has no points.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(error.to_string()),
        submission => Ok(submission?),
    };
    let mut labs = vec![];
    for plan in plans {
        begin(plan);
        let lab = match &submission {
            Ok(submission) => grade_lab(workshop, submission, plan, pace)?,
            Err(why) => LabGrade::not_gradable(plan, why, vec![]),
        };
        end(plan, &lab);
        labs.push(lab);
    }
    Ok(labs)
}

/// The student's own seeds, if there are to be any.
fn draw(options: &Options) -> io::Result<Option<Draw>> {
    let (Some(student), Some(path)) = (&options.student, &options.secret) else { return Ok(None) };
    Ok(Some(Draw { secret: read_secret(path)?, student: student.clone(), runs: options.runs }))
}

/// An assignment's secret.
///
/// # Errors
/// It cannot be read, or is none.
pub(crate) fn read_secret(path: &Path) -> io::Result<Vec<u8>> {
    /// Shorter ones can be tried out.
    const BYTES_MIN: usize = 16;
    let secret = fs::read(path).map_err(|error| crate::kit::with_path(path, &error))?;
    if secret.len() < BYTES_MIN {
        let text = format!(
            "{}: a secret has at least {BYTES_MIN} bytes; head -c 32 /dev/urandom >{} makes one",
            path.display(),
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(secret)
}

/// Builds and judges one lab of a submission.
fn grade_lab(
    workshop: &Workshop<'_>,
    submission: &Submission,
    plan: &Plan,
    pace: Pace,
) -> io::Result<LabGrade> {
    let mut sources = vec![];
    for lab in workshop.submitted(plan.lab)? {
        match submission.sources(&lab)? {
            Some(theirs) => sources.push((lab, theirs)),
            None => {
                let why = format!("The submission has no folder {lab}/src.");
                return Ok(LabGrade::not_gradable(plan, &why, vec![]));
            }
        }
    }
    workshop.install(plan.lab, &sources)?;
    // What was left out of another lab is told there.
    let (mut remarks, mut flags) = (vec![], vec![]);
    for (lab, sources) in sources.iter().filter(|(lab, _)| lab == plan.lab) {
        remarks.extend(sources.remarks.iter().cloned());
        remarks.extend(submission.remarks(workshop.kit(), lab, sources)?);
        flags = Submission::flags(sources);
    }
    let mut grade = match workshop.build(plan.lab, Parts::All)? {
        Err(words) => LabGrade::not_gradable(plan, &words, remarks),
        Ok(built) => LabGrade::judged(plan, &judge::judge_at(plan, &built, pace), remarks),
    };
    grade.flags.splice(0..0, flags);
    Ok(grade)
}

fn print_lab(plan: &Plan, lab: &LabGrade) {
    let lines: Vec<_> = plan
        .scenarios
        .iter()
        .zip(&lab.ends)
        .map(|(it, ended)| Line { scenario: &it.scenario, ended, hidden: it.hidden, bonus: it.bonus })
        .collect();
    if let Some(why) = &lab.message {
        println!("{}: not graded:", lab.lab);
        why.lines().for_each(|line| println!("  {}", text::line(line, 160)));
    } else {
        print!("{}", report::table(plan.lab, &lines));
    }
    lab.remarks.iter().for_each(|remark| println!("  note: {}", text::line(remark, 160)));
    lab.flags.iter().for_each(|flag| println!("  look: {}", text::line(flag, 160)));
}

/// Makes a folder and writes a file into it in one step: a reader sees all of it or nothing.
pub(crate) fn write_atomically(folder: &Path, name: &str, content: &str) -> io::Result<PathBuf> {
    let named = |error: io::Error| crate::kit::with_path(folder, &error);
    fs::create_dir_all(folder).map_err(named)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(named)?;
    io::Write::write_all(&mut file, content.as_bytes()).map_err(named)?;
    let place = folder.join(name);
    file.persist(&place).map_err(|error| named(error.error))?;
    Ok(place)
}
