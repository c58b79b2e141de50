//! What was measured, as a table and as JSON.

use crate::measure::Rate;
use crate::seeds::{Soaked, TARGET_SECONDS, TARGET_SEEDS};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The lock file says which versions were really built.
const LOCK: &str = include_str!("../Cargo.lock");

/// Everything that was measured in one run.
#[derive(Serialize)]
pub(crate) struct Report {
    /// `dev` or `release`.
    pub(crate) profile: &'static str,
    /// CPUs that this process may use.
    pub(crate) cpus: usize,
    /// The peers' versions.
    pub(crate) peers: BTreeMap<&'static str, &'static str>,
    /// Timed runs of each rate.
    pub(crate) repetitions: usize,
    pub(crate) groups: Vec<Group>,
    pub(crate) seeds: u64,
    pub(crate) scenarios: Vec<Soaked>,
    /// The most memory of processes that count words, as the system says it.
    pub(crate) memory: Vec<(&'static str, String)>,
}

/// Rates that can be compared.
#[derive(Serialize)]
pub(crate) struct Group {
    pub(crate) title: String,
    /// What is counted.
    pub(crate) unit: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// One rate of a group.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) rate: Rate,
    /// How many times the rate of the group's first peer this is.
    pub(crate) ratio: f64,
    /// What it should at least be.
    pub(crate) target: Option<f64>,
}

/// The versions of these packages in the lock file.
///
/// # Panics
/// When the lock file does not name one: it is of this very build.
pub(crate) fn versions(names: &[&'static str]) -> BTreeMap<&'static str, &'static str> {
    let version = |name| {
        let after = LOCK.split_once(&format!("name = \"{name}\"\nversion = \""));
        after.and_then(|(_, rest)| rest.split('"').next()).expect("a dependency is in the lock file")
    };
    names.iter().map(|name| (*name, version(name))).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peers: Vec<_> = self.peers.iter().map(|(name, version)| format!("{name} {version}")).collect();
        writeln!(
            f,
            "Faultline beside {}; {} profile, {} CPUs",
            peers.join(" and "),
            self.profile,
            self.cpus
        )?;
        writeln!(
            f,
            "Rates per CPU-second of this process, unless told otherwise: median, lowest and highest of {} timed runs",
            self.repetitions
        )?;
        self.groups.iter().try_for_each(|group| group.fmt(f))?;
        if !self.scenarios.is_empty() {
            self.fmt_seeds(f)?;
        }
        if !self.memory.is_empty() {
            writeln!(f, "\nThe most memory of a process that counts these words, with its program")?;
        }
        self.memory.iter().try_for_each(|(name, peak)| writeln!(f, "  {name:<30} {peak:>12}"))
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.title)?;
        writeln!(f, "{}", line(["", "a run", self.unit, "from", "to", "of the peer", "target"]))?;
        for Row { name, rate, ratio, target } in &self.rows {
            let [median, lowest, highest] = [rate.median, rate.lowest, rate.highest].map(thousands);
            let (work, ratio) = (thousands(rate.work as f64), format!("{ratio:.2} x"));
            let target = target.map(|target| mark(thousands(target), rate.median >= target));
            let target = target.unwrap_or_default();
            writeln!(f, "{}", line([name, &work, &median, &lowest, &highest, &ratio, &target]))?;
        }
        Ok(())
    }
}

impl Report {
    fn fmt_seeds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, seeds) = (self.scenarios.len(), thousands(self.seeds as f64));
        writeln!(
            f,
            "\nLab 2's simulated scenarios with the reference in this process, {seeds} seeds shared by all {count}"
        )?;
        writeln!(f, "{}", line(["", "seeds", "CPU-seconds", "", "", "", "target"]))?;
        for Soaked { id, seeds, seconds, .. } in &self.scenarios {
            writeln!(
                f,
                "{}",
                line([id, &thousands(*seeds as f64), &format!("{seconds:.2}"), "", "", "", ""])
            )?;
        }
        let total: f64 = self.scenarios.iter().map(|soaked| soaked.seconds).sum();
        let target = mark(format!("{TARGET_SECONDS}"), total < TARGET_SECONDS);
        let target = if self.seeds == TARGET_SEEDS { &target } else { "" };
        writeln!(f, "{}", line(["all", &seeds, &format!("{total:.2}"), "", "", "", target]))
    }
}

fn line([name, work, rate, lowest, highest, ratio, target]: [&str; 7]) -> String {
    let text =
        format!("  {name:<30} {work:>9} {rate:>12} {lowest:>12} {highest:>12} {ratio:>12} {target:>15}");
    text.trim_end().to_string()
}

fn mark(target: String, is_reached: bool) -> String {
    format!("{target} {}", if is_reached { "yes" } else { "NO " })
}

/// Rounded, with a comma between thousands.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(thousands(0.4), "0");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(1_000.0), "1,000");
        assert_eq!(thousands(12_345_678.9), "12,345,679");
    }

    #[test]
    fn the_versions_are_those_of_the_lock_file() {
        let versions = versions(&["stateright", "tarpc", "turmoil"]);
        assert!(versions.values().all(|version| version.split('.').count() == 3), "{versions:?}");
    }

    #[test]
    fn a_table_says_the_ratio_and_whether_the_target_was_reached() {
        let rate = Rate { work: 1, median: 1_000.0, lowest: 900.0, highest: 1_100.0 };
        let row = |target| Row { name: "ours", rate, ratio: 2.5, target: Some(target) };
        let group = Group { title: "A".into(), unit: "states", rows: vec![row(1_000.0), row(1_001.0)] };
        let text = group.to_string();
        let lines: Vec<_> = text.lines().skip(3).collect();
        assert!(lines[0].contains("2.50 x") && lines[0].ends_with("1,000 yes"), "{text}");
        assert!(lines[1].contains(" 900 ") && lines[1].ends_with("1,001 NO"), "{text}");
    }
}
