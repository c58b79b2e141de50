//! What `cluster` shows of a job while it goes on: bars and a table on a terminal, lines elsewhere.

use crate::live::client::Progress;
use crate::message::{Phase, Status};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// A size on a command line.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.find(|character: char| !character.is_ascii_digit()) {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let unit = match unit {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return Err("a size is a number of bytes, or one with K, M or G behind it".into()),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "a size is at least 1 and below 16 EiB".into())
}

/// The progress of a client: one bar, which is there on a terminal alone.
pub(super) struct Bars {
    bar: ProgressBar,
    started: Instant,
    /// When the input was where it is needed.
    submitted: Option<Instant>,
    maps: u32,
    reduces: u32,
    /// Lines.
    skipped: u32,
}

impl Bars {
    pub(super) fn new() -> Bars {
        let style = ProgressStyle::with_template("{msg:>9} {bar:32} {pos} of {len}, {elapsed}");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bars { bar, started: Instant::now(), submitted: None, maps: 0, reduces: 0, skipped: 0 }
    }

    pub(super) fn tell(&mut self, progress: &Progress<'_>) {
        let (what, done, of) = match progress {
            Progress::Workers(there, wanted) => ("workers", *there as u64, *wanted as u64),
            Progress::Stored(chunks) => ("chunks", *chunks as u64, *chunks as u64),
            Progress::Job(status, job) => {
                self.submitted.get_or_insert_with(Instant::now);
                (self.maps, self.reduces) = (status.maps_done, status.reduces_done);
                self.skipped = status.skipped;
                if status.maps_done < job.maps() {
                    ("map", status.maps_done.into(), job.maps().into())
                } else {
                    ("reduce", status.reduces_done.into(), job.reduces.into())
                }
            }
            Progress::Collected(outputs) => ("outputs", (*outputs).into(), self.reduces.into()),
        };
        self.bar.set_message(what);
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    /// What there is to say at the end.
    pub(super) fn end(self) -> String {
        self.bar.finish_and_clear();
        let Bars { maps, reduces, started, submitted, skipped, .. } = self;
        let job = submitted.unwrap_or(started).elapsed().as_secs_f64();
        let all = started.elapsed().as_secs_f64();
        let without = lines_skipped(skipped).map_or(String::new(), |lines| format!("; {lines}"));
        format!(
            "{maps} map and {reduces} reduce tasks; {job:.3} s, and {:.3} s to bring the input{without}",
            all - job
        )
    }
}

/// What is said when the results are not those of all lines.
fn lines_skipped(lines: u32) -> Option<String> {
    match lines {
        0 => None,
        1 => Some("1 line was skipped".into()),
        lines => Some(format!("{lines} lines were skipped")),
    }
}

/// How far a job is, again and again.
pub(super) struct Watched {
    screen: Option<(MultiProgress, ProgressBar)>,
    last: Option<String>,
    /// What was done when this began, to reckon from.
    began: Option<(Instant, u32)>,
}

impl Watched {
    pub(super) fn new(watch: bool) -> Watched {
        let screen = (watch && io::stdout().is_terminal()).then(|| {
            let screen = MultiProgress::with_draw_target(indicatif::ProgressDrawTarget::stdout());
            let table = screen.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template("{msg}");
            table.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            (screen, table)
        });
        Watched { screen, last: None, began: None }
    }

    /// Shows a status; says whether the job is over.
    pub(super) fn show(&mut self, status: &Status) -> bool {
        let is_over = matches!(status.phase, Phase::Collected | Phase::Failed(_));
        let table = self.table(status);
        match &self.screen {
            Some((_, bar)) => {
                bar.set_message(table);
                if is_over {
                    bar.finish();
                }
            }
            // Elsewhere only what is new.
            None if self.last.as_ref() != Some(&table) => {
                let _ = writeln!(io::stdout().lock(), "{table}");
                self.last = Some(table);
            }
            None => {}
        }
        is_over
    }

    fn table(&mut self, status: &Status) -> String {
        let phase = match &status.phase {
            Phase::Finished(places) => format!("finished, {} outputs to be collected", places.len()),
            phase => phase.to_string(),
        };
        let done = status.maps_done + status.reduces_done;
        let left = match self.left(done, status) {
            Some(left) if self.screen.is_some() => format!(", about {} s to go", left.as_secs()),
            _ => String::new(),
        };
        let mut lines = vec![
            format!("phase    {phase}"),
            match status.tasks {
                Some((maps, reduces)) => format!(
                    "done     {} of {maps} map, {} of {reduces} reduce tasks{left}",
                    status.maps_done, status.reduces_done
                ),
                None => "done     nothing".into(),
            },
        ];
        lines.extend(lines_skipped(status.skipped).map(|skipped| format!("refused  {skipped}")));
        lines.push(format!("workers  {}", status.workers.len()));
        for worker in &status.workers {
            let attempt = status.running.iter().find(|(_, on)| on == worker);
            let doing = attempt.map_or("waits".into(), |(attempt, _)| attempt.to_string());
            lines.push(format!("  {:<22} {doing}", worker.to_string()));
        }
        lines.join("\n")
    }

    /// How long the rest takes if it goes on as since the beginning.
    fn left(&mut self, done: u32, status: &Status) -> Option<Duration> {
        let (began, before) = *self.began.get_or_insert((Instant::now(), done));
        let (maps, reduces) = status.tasks?;
        let (since, rest) = (done.checked_sub(before)?, (maps + reduces).checked_sub(done)?);
        (since > 0).then(|| began.elapsed() * rest / since)
    }
}
