//! `cargo lab upgrade`: brings a new hand-out over the one that this program is in, and keeps what the student has written.
//!
//! A hand-out has a list of its files with their checksums, so it is known of each file whether anybody has changed it. The list
//! is replaced last: an upgrade that was interrupted goes on when it is called again.

use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The list of a hand-out's files.
const LIST: &str = ".handout";

/// Checksums by path.
type List = BTreeMap<PathBuf, String>;

/// What an upgrade has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Upgrade {
    /// Files that are new or others now.
    pub(crate) brought: usize,
    /// Files that are not there any more.
    pub(crate) removed: usize,
    /// What a person should know, a line each.
    pub(crate) remarks: Vec<String>,
}

/// Brings the hand-out in the folder `new` over the one in `here`.
pub(crate) fn run(new: &Path, here: &Path) -> Result<Upgrade, String> {
    let (wanted, before) = (read_list(new)?, read_list(here)?);
    // Before anything is changed.
    for (path, sum) in &wanted {
        if sum_of(&new.join(path))?.as_ref() != Some(sum) {
            return Err(format!("{}: it is not whole; unpack it once more", new.join(path).display()));
        }
    }
    let mut upgrade = Upgrade::default();
    for (path, sum) in &wanted {
        let present = sum_of(&here.join(path))?;
        let old = before.get(path);
        if present.as_ref() == Some(sum) {
            continue;
        }
        if !is_students(path) {
            if let Some(changed) = present.filter(|present| Some(present) != old) {
                keep_beside(here, path, &changed, &mut upgrade)?;
            }
            bring(new, here, path, &mut upgrade)?;
        } else if present == old.cloned() {
            bring(new, here, path, &mut upgrade)?;
        } else if old == Some(sum) {
            // Theirs, and nothing is new.
        } else if present.is_none() {
            let there = new.join(path);
            upgrade.remarks.push(format!(
                "{} is gone here, and stays so; the hand-out has another one now: {}",
                path.display(),
                there.display()
            ));
        } else {
            let beside = with_ending(path, "new");
            copy(&new.join(path), &here.join(&beside))?;
            upgrade.remarks.push(format!(
                "{} is yours and stays; the hand-out has another one now: {}",
                path.display(),
                beside.display()
            ));
        }
    }
    for (path, sum) in before.iter().filter(|(path, _)| !wanted.contains_key(*path)) {
        match sum_of(&here.join(path))? {
            None => {}
            Some(present) if present != *sum && is_students(path) => {
                upgrade
                    .remarks
                    .push(format!("{} is not in the hand-out any more; yours stays", path.display()));
            }
            Some(present) => {
                if present != *sum {
                    keep_beside(here, path, &present, &mut upgrade)?;
                }
                fs::remove_file(here.join(path)).map_err(|error| named(&here.join(path), &error))?;
                upgrade.removed += 1;
            }
        }
    }
    copy(&new.join(LIST), &here.join(LIST))?;
    Ok(upgrade)
}

/// Whether a file is the student's to change.
fn is_students(path: &Path) -> bool {
    let parts: Vec<_> = path.components().take(3).map(|part| part.as_os_str().to_string_lossy()).collect();
    matches!(&parts[..], [top, _, src] if top == "skeleton" && src == "src")
}

fn read_list(folder: &Path) -> Result<List, String> {
    let path = folder.join(LIST);
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "{} is no hand-out: it has no {LIST}; name the folder to which one was unpacked",
                folder.display()
            )
        }
        _ => named(&path, &error),
    })?;
    let mut list = List::new();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = || format!("{}:{number}: this is no line of a list of files", path.display());
        let (sum, file) = line.split_once("  ").ok_or_else(wrong)?;
        let file = PathBuf::from(file);
        // Nothing outside the folder is touched, whatever a list says.
        if file.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(wrong());
        }
        list.insert(file, sum.into());
    }
    Ok(list)
}

/// The checksum of a file; nothing when there is none.
fn sum_of(path: &Path) -> Result<Option<String>, String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(named(path, &error)),
    };
    let mut sum = String::new();
    for byte in Sha256::digest(&bytes) {
        let _ = write!(sum, "{byte:02x}");
    }
    Ok(Some(sum))
}

fn bring(new: &Path, here: &Path, path: &Path, upgrade: &mut Upgrade) -> Result<(), String> {
    copy(&new.join(path), &here.join(path))?;
    upgrade.brought += 1;
    Ok(())
}

/// A file of the kit's that somebody has changed gets another name.
fn keep_beside(here: &Path, path: &Path, sum: &str, upgrade: &mut Upgrade) -> Result<(), String> {
    let beside = with_ending(path, &format!("mine-{}", &sum[..8]));
    copy(&here.join(path), &here.join(&beside))?;
    upgrade.remarks.push(format!(
        "{} is the kit's and was changed, which counts for nothing; yours is {} now",
        path.display(),
        beside.display()
    ));
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Copies a file with its mode, in one step.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|error| named(folder, &error))?;
    }
    let draft = with_ending(to, "upgrade");
    fs::copy(from, &draft).map_err(|error| named(from, &error))?;
    fs::rename(&draft, to).map_err(|error| named(to, &error))
}

fn named(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "skeleton/lab1/src/lib.rs";
    const WIRE: &str = "skeleton/lab1/src/wire.rs";

    /// A hand-out of these files.
    fn hand_out(folder: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(folder).unwrap();
        let mut list = String::new();
        for (file, content) in files {
            fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
            fs::write(folder.join(file), content).unwrap();
            list += &format!("{}  {file}\n", sum_of(&folder.join(file)).unwrap().unwrap());
        }
        fs::write(folder.join(LIST), list).unwrap();
    }

    fn read(folder: &Path, file: &str) -> Option<String> {
        fs::read_to_string(folder.join(file)).ok()
    }

    #[test]
    fn what_was_written_stays_and_what_is_new_comes() {
        let place = tempfile::tempdir().unwrap();
        let (here, new) = (place.path().join("here"), place.path().join("new"));
        hand_out(
            &here,
            &[("labs/a.rs", "1"), ("labs/old.rs", "1"), (LIB, "todo"), (WIRE, "todo"), ("x", "1")],
        );
        fs::write(here.join(WIRE), "mine").unwrap();
        fs::write(here.join("skeleton/lab1/src/more.rs"), "mine").unwrap();
        hand_out(
            &new,
            &[
                ("labs/a.rs", "2"),
                (LIB, "todo 2"),
                (WIRE, "todo"),
                ("skeleton/lab2/src/lib.rs", "n"),
                ("x", "1"),
            ],
        );
        let upgrade = run(&new, &here).unwrap();
        assert_eq!(upgrade, Upgrade { brought: 3, removed: 1, remarks: vec![] });
        assert_eq!(read(&here, "labs/a.rs").unwrap(), "2");
        assert_eq!(read(&here, LIB).unwrap(), "todo 2");
        assert_eq!(read(&here, WIRE).unwrap(), "mine");
        assert_eq!(read(&here, "skeleton/lab1/src/more.rs").unwrap(), "mine");
        assert_eq!(read(&here, "skeleton/lab2/src/lib.rs").unwrap(), "n");
        assert_eq!(read(&here, "labs/old.rs"), None);
        // Once more, and nothing is left to do.
        assert_eq!(run(&new, &here).unwrap(), Upgrade::default());
    }

    #[test]
    fn nothing_is_lost_where_both_have_changed_something() {
        let place = tempfile::tempdir().unwrap();
        let (here, new) = (place.path().join("here"), place.path().join("new"));
        hand_out(&here, &[("labs/a.rs", "1"), (LIB, "todo"), (WIRE, "todo")]);
        fs::write(here.join(LIB), "mine").unwrap();
        fs::write(here.join(WIRE), "mine").unwrap();
        fs::write(here.join("labs/a.rs"), "hacked").unwrap();
        hand_out(&new, &[("labs/a.rs", "2"), (LIB, "todo 2")]);
        let upgrade = run(&new, &here).unwrap();
        assert_eq!(upgrade.remarks.len(), 3, "{:?}", upgrade.remarks);
        assert_eq!(
            (read(&here, LIB).unwrap(), read(&here, &format!("{LIB}.new")).unwrap()),
            ("mine".into(), "todo 2".into())
        );
        assert_eq!(
            (read(&here, WIRE).unwrap(), read(&here, "labs/a.rs").unwrap()),
            ("mine".into(), "2".into())
        );
        let kept = fs::read_dir(here.join("labs")).unwrap().flatten();
        let kept: Vec<_> = kept
            .map(|entry| entry.file_name().into_string().unwrap())
            .filter(|name| name.contains("mine"))
            .collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(read(&here.join("labs"), &kept[0]).unwrap(), "hacked");
    }

    #[test]
    fn what_is_no_hand_out_or_not_a_whole_one_changes_nothing() {
        let place = tempfile::tempdir().unwrap();
        let (here, new) = (place.path().join("here"), place.path().join("new"));
        hand_out(&here, &[("a", "1")]);
        fs::create_dir_all(&new).unwrap();
        assert!(run(&new, &here).unwrap_err().contains("is no hand-out"));
        hand_out(&new, &[("a", "2"), ("b", "2")]);
        fs::write(new.join("b"), "torn").unwrap();
        assert!(run(&new, &here).unwrap_err().contains("not whole"));
        fs::write(new.join(LIST), "0  ../../etc/passwd\n").unwrap();
        assert!(run(&new, &here).unwrap_err().contains(".handout:1: this is no line"));
        assert_eq!(read(&here, "a").unwrap(), "1");
    }
}
